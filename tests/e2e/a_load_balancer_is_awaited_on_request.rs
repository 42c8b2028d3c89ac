//! A Service of type LoadBalancer is ready without an address, unless one is asked for; rules of health by kind reach waits and `status`.

use testkit::cluster::Sandbox;

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}\n";
const RULES: &str = "apiVersion: kubectl-gitops.dev/v1alpha1\nkind: HealthChecks\nmetadata: {name: rules}\nspec:\n  healthCheckExprs:\n  \
    - {apiVersion: v1, kind: ConfigMap, current: has(data.ready), failed: has(data.broken)}\n  \
    - {apiVersion: v1, kind: Service, current: has(status.loadBalancer.ingress)}\n";

pub(crate) fn check(sandbox: &Sandbox) {
    let wait = ["apply", "app", "--wait", "--timeout", "3s"];
    let wait_for_addresses = ["apply", "app", "--wait-for-load-balancers", "--timeout", "3s"];
    sandbox.write("app/kustomization.yaml", "resources: [web.yaml]\n").write("app/web.yaml", SERVICE);
    sandbox.gitops(&wait).exit(0).says("healthy");
    sandbox.gitops(&wait_for_addresses).exit(4).says("Service").says("no load balancer has answered yet");
    sandbox.gitops(&["status", "app"]).exit(0).says("1 of 1 ready");

    sandbox
        .write("app/kustomization.yaml", "resources: [web.yaml, settings.yaml, rules.yaml]\n")
        .write("app/settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: '1'}\n")
        .write("app/rules.yaml", RULES);
    let ran = sandbox.gitops(&wait).exit(4);
    ran.says("Service").says("ConfigMap").says("healthy-when does not hold yet");
    sandbox.gitops(&["status", "app"]).exit(0).says("0 of 2 ready");
    let address = r#"{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.7"}]}}}"#;
    sandbox.kubectl(&["patch", "service", "web", "--subresource=status", "--type=merge", "-p", address]).ok();
    sandbox.kubectl(&["patch", "configmap", "settings", "--type=merge", "-p", r#"{"data":{"ready":"yes"}}"#]).ok();
    sandbox.gitops(&["status", "app"]).exit(0).says("2 of 2 ready");
    sandbox.gitops(&wait_for_addresses).exit(0).says("2 unchanged").says("healthy");
    sandbox.kubectl(&["patch", "configmap", "settings", "--type=merge", "-p", r#"{"data":{"broken":"yes"}}"#]).ok();
    sandbox.gitops(&wait).exit(1).says("has(data.broken)");
}
