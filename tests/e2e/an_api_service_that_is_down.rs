//! An API server behind an APIService that does not answer: other sets do not notice, and what it should serve is refused by name,
//! never taken for absent.

use testkit::cluster::Sandbox;

const SERVICE: &str = "apiVersion: apiregistration.k8s.io/v1\nkind: APIService\nmetadata: {name: v1.NAMESPACE.example.com}\nspec:\n  \
    group: NAMESPACE.example.com\n  version: v1\n  groupPriorityMinimum: 100\n  versionPriority: 100\n  insecureSkipTLSVerify: true\n  \
    service: {name: nobody, namespace: NAMESPACE}\n";

pub(crate) fn check(sandbox: &Sandbox) {
    let set = |names: &[&str], more: &str| {
        let maps: Vec<String> = names.iter().map(|name| format!("- {{name: {name}, literals: [k=v]}}\n")).collect();
        let options = "generatorOptions: {disableNameSuffixHash: true}\n";
        sandbox.write("app/kustomization.yaml", &format!("{more}configMapGenerator:\n{}{options}", maps.concat()));
    };
    set(&["a", "b"], "resources: [service.yaml]\n");
    sandbox.write("app/service.yaml", SERVICE);
    sandbox.gitops(&["apply", "app"]).exit(0).says("3 created");
    let name = format!("v1.{}.example.com", sandbox.namespace);
    let is_down = || {
        let conditions = sandbox.field("apiservice", &name, "/status/conditions");
        conditions.as_array().is_some_and(|all| all.iter().any(|c| c["type"] == "Available" && c["status"] == "False"))
    };
    sandbox.until("it is known to be down", 60, is_down);
    sandbox.gitops(&["apply", "app"]).exit(0).says("3 unchanged");
    set(&["a"], "resources: [service.yaml]\n");
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 pruned");

    set(&["a", "c"], "resources: [service.yaml, thing.yaml]\n");
    sandbox.write("app/thing.yaml", "apiVersion: NAMESPACE.example.com/v1\nkind: Thing\nmetadata: {name: t}\n");
    let ran = sandbox.gitops(&["apply", "app"]);
    assert!(ran.code != 0, "{ran}");
    assert!(sandbox.get("configmap", "c").is_none(), "refused means nothing was written\n{ran}");

    set(&["a"], "");
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 pruned");
    assert!(sandbox.get("apiservice", &name).is_none());
}
