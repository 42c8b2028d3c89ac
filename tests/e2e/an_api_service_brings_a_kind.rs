//! An APIService whose backend runs, and an object of the group that it brings, in one set: the object is sent once the backend
//! answers, is kept on record while it does not, and goes before the APIService.

use testkit::aggregated::Aggregated;
use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    let group = format!("{}.example.com", sandbox.namespace);
    let backend = Aggregated::start(&group, sandbox.cluster.reachable_address().expect("checked before"));
    let address = backend.address();
    sandbox
        .write("app/kustomization.yaml", "resources: [a-thing.yaml, service.yaml]\nsortOptions: {order: fifo}\n")
        .write(
            "app/service.yaml",
            &format!(
                "apiVersion: apiregistration.k8s.io/v1\nkind: APIService\nmetadata: {{name: v1.{group}}}\nspec:\n  group: {group}\n  \
                 version: v1\n  groupPriorityMinimum: 100\n  versionPriority: 100\n  insecureSkipTLSVerify: true\n  service: {{name: \
                 backend, namespace: NAMESPACE, port: {port}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: backend, \
                 namespace: NAMESPACE}}\nspec: {{type: ExternalName, externalName: {host}, ports: [{{port: {port}}}]}}\n",
                host = address.ip(),
                port = address.port(),
            ),
        );
    let thing = |size: u32| {
        let text = format!(
            "apiVersion: {group}/v1\nkind: Thing\nmetadata: {{name: t, namespace: NAMESPACE}}\nspec: {{size: {size}}}\n"
        );
        sandbox.write("app/a-thing.yaml", &text);
    };
    let size = || backend.get(&sandbox.namespace, "t").map(|thing| thing["spec"]["size"].clone());
    thing(1);
    sandbox.gitops(&["apply", "app"]).exit(0).says("3 created");
    assert_eq!(size(), Some(1.into()));
    sandbox.gitops(&["apply", "app"]).exit(0).says("3 unchanged");
    thing(2);
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 updated");
    assert_eq!(size(), Some(2.into()));

    // While it does not answer nothing is known of the thing, so it is neither forgotten nor made again.
    backend.set_down(true);
    sandbox.write("app/kustomization.yaml", "resources: [service.yaml]\n");
    let is = |wanted: &'static str| {
        let name = format!("v1.{group}");
        move || {
            let conditions = sandbox.field("apiservice", &name, "/status/conditions");
            let found = |all: &Vec<serde_json::Value>| all.iter().any(|c| c["type"] == "Available" && c["status"] == wanted);
            conditions.as_array().is_some_and(found)
        }
    };
    sandbox.until("it is known to be down", 90, is("False"));
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 kept");
    assert_eq!(size(), Some(2.into()));
    backend.set_down(false);
    sandbox.until("it is up again", 90, is("True"));
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 pruned");
    assert_eq!(size(), None);

    sandbox.write("app/kustomization.yaml", "resources: [a-thing.yaml, service.yaml]\n");
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 created");
    sandbox.gitops(&["delete", "app"]).exit(0).says("3 pruned");
    assert_eq!(size(), None, "it went while it could be reached");
    assert!(sandbox.get("apiservice", &format!("v1.{group}")).is_none());
}
