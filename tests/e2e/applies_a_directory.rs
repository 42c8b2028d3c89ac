//! A kustomization becomes objects that carry our marks, and an inventory that lists them.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("app/kustomization.yaml", "resources: [service.yaml]\nconfigMapGenerator:\n- name: settings\n  literals: [a=b]\n")
        .write(
            "app/service.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n",
        );
    sandbox.gitops(&["apply", "app"]).exit(0).says("2 created").says("app");
    let marks = sandbox.field("service", "web", "/metadata");
    assert!(marks["labels"]["kubectl-gitops.dev/inventory"].is_string(), "{marks}");
    assert!(marks["annotations"]["kubectl-gitops.dev/owner"].is_string(), "{marks}");
    let root = sandbox.get("configmap", "gitops-app").expect("the inventory");
    assert_eq!(root["metadata"]["labels"]["kubectl-gitops.dev/root"], "true");
    let data = root["data"].to_string();
    assert!(data.contains("Service") && data.contains("web") && data.contains("settings-"), "{data}");
}
