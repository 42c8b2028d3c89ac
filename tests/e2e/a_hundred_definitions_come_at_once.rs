//! A hundred definitions and an object of each in one set, and all of them gone again.

use std::fmt::Write as _;

use testkit::cluster::Sandbox;

const KINDS: usize = 100;

pub(crate) fn check(sandbox: &Sandbox) {
    let mut all = String::new();
    for number in 0..KINDS {
        write!(
            all,
            "---\napiVersion: NAMESPACE.example.com/v1\nkind: Kind{number}\nmetadata: {{name: one}}\nspec: {{size: {number}}}\n---\n\
             apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: \
             kind{number}s.NAMESPACE.example.com}}\nspec:\n  group: NAMESPACE.example.com\n  scope: Namespaced\n  names: {{kind: \
             Kind{number}, plural: kind{number}s}}\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema: \
             {{openAPIV3Schema: {{type: object, properties: {{spec: {{type: object, properties: {{size: {{type: integer}}}}}}}}}}}}\n"
        )
        .expect("a string");
    }
    sandbox.write("app/kustomization.yaml", "resources: [all.yaml]\nsortOptions: {order: fifo}\n").write("app/all.yaml", &all);
    sandbox.gitops(&["apply", "app"]).exit(0).says("200 created");
    let group = format!("{}.example.com", sandbox.namespace);
    for number in [0, KINDS / 2, KINDS - 1] {
        assert_eq!(sandbox.field(&format!("kind{number}s.{group}"), "one", "/spec/size"), number);
    }
    sandbox.gitops(&["apply", "app"]).exit(0).says("200 unchanged");
    sandbox.gitops(&["delete", "app", "--yes"]).exit(0).says("200 pruned");
    let left = sandbox.kubectl(&["get", "crds", "-o", "name"]).ok();
    assert!(!left.contains(&group), "{left}");
}
