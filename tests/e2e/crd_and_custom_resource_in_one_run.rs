//! A CRD and its custom resource come and go together, whatever order the files have.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    let group = format!("{}.example.com", sandbox.namespace);
    sandbox
        .write("app/kustomization.yaml", "resources: [a-widget.yaml, crd.yaml]\nsortOptions: {order: fifo}\n")
        .write("app/a-widget.yaml", "apiVersion: NAMESPACE.example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {size: 3}\n")
        .write(
            "app/crd.yaml",
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.NAMESPACE.example.com}\n\
             spec:\n  group: NAMESPACE.example.com\n  scope: Namespaced\n  names: {kind: Widget, plural: widgets}\n  versions:\n  \
             - name: v1\n    served: true\n    storage: true\n    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: \
             object, properties: {size: {type: integer}}}}}}\n",
        );
    // What the server cannot be asked about yet is said, with the reason.
    sandbox.gitops(&["diff", "app"]).exit(1).says("its kind comes with CustomResourceDefinition/widgets.");
    sandbox.gitops(&["apply", "app", "--dry-run=server"]).exit(0).says("2 created");
    assert!(sandbox.get("crd", &format!("widgets.{group}")).is_none());
    sandbox.gitops(&["apply", "app"]).exit(0).says("2 created");
    assert_eq!(sandbox.field(&format!("widgets.{group}"), "w", "/spec/size"), 3);
    sandbox.gitops(&["apply", "app"]).exit(0).says("2 unchanged");
    sandbox.gitops(&["delete", "app"]).exit(0);
    assert!(sandbox.get("crd", &format!("widgets.{group}")).is_none());
}
