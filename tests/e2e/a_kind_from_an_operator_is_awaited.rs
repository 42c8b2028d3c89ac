//! An object of a kind that an operator of the same set brings: it is applied when the kind arrives, in the same run.

use std::time::Duration;

use testkit::cluster::Sandbox;
use testkit::started::Started;

const OPERATOR: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: operator}\nspec:\n  replicas: 0\n  \
    selector: {matchLabels: {app: operator}}\n  template:\n    metadata: {labels: {app: operator}}\n    \
    spec: {containers: [{name: o, image: example.com/none}]}\n";
const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: gadgets.NAMESPACE.example.com}\n\
    spec:\n  group: NAMESPACE.example.com\n  scope: Namespaced\n  names: {kind: Gadget, plural: gadgets}\n  versions:\n  \
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}\n";

pub(crate) fn check(sandbox: &Sandbox) {
    let namespace = &sandbox.namespace;
    sandbox
        .write("app/kustomization.yaml", "resources: [gadget.yaml, operator.yaml]\n")
        .write("app/gadget.yaml", &format!("apiVersion: NAMESPACE.example.com/v1\nkind: Gadget\nmetadata: {{name: g, namespace: {namespace}}}\nspec: {{size: 3}}\n"))
        .write("app/operator.yaml", OPERATOR)
        .write("definition.yaml", DEFINITION);
    sandbox.gitops(&["diff", "app"]).exit(1).says("is expected from what this run starts");
    let run = Started::piped(sandbox.gitops_command(&["apply", "app"]));
    sandbox.until("the operator is applied", 30, || sandbox.get("deployment", "operator").is_some());
    // What the operator would do.
    drop(sandbox.kubectl(&["create", "-f", "definition.yaml"]).ok());
    run.ends_within(Duration::from_mins(1)).exit(0);
    assert_eq!(sandbox.field(&format!("gadgets.{namespace}.example.com"), "g", "/spec/size"), 3);
    sandbox.gitops(&["apply", "app"]).exit(0).says("2 unchanged");
    sandbox.gitops(&["delete", "app", "--yes"]).exit(0);
    drop(sandbox.kubectl(&["delete", "-f", "definition.yaml"]).ok());
}
