//! Values that travel from field to field: long chains of replacements, and vars in many objects.

use std::fmt::Write as _;

use super::tree::Tree;

/// Forty replacements, each of which reads what the one before it wrote and writes it into many objects.
pub(crate) fn replacements(tree: &mut Tree) -> String {
    let mut objects = String::new();
    for number in 0..=40 {
        writeln!(
            objects,
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: link-{number}, labels: {{chain: link}}}}\ndata: {{value: \"{}\", url: \"https://host-{number}.example.com/path/{number}\"}}",
            if number == 0 { "start" } else { "unset" }
        )
        .expect("a string");
    }
    for number in 0..100 {
        writeln!(
            objects,
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: user-{number}}}\nspec:\n  selector: {{matchLabels: {{app: u}}}}\n  template:\n    metadata: {{labels: {{app: u}}}}\n    spec: {{containers: [{{name: main, image: x:1, env: [{{name: HOST, value: none}}, {{name: VALUE, value: none}}]}}]}}"
        )
        .expect("a string");
    }
    tree.file("chain/objects.yaml", objects);
    let mut text = String::from("resources: [objects.yaml]\nreplacements:\n");
    for number in 0..40 {
        writeln!(
            text,
            "- source: {{kind: ConfigMap, name: link-{number}, fieldPath: data.value}}\n  targets:\n  - select: {{kind: ConfigMap, name: link-{}}}\n    fieldPaths: [data.value]\n  - select: {{kind: Deployment}}\n    reject: [{{name: user-{number}}}]\n    fieldPaths: [\"spec.template.spec.containers.[name=main].env.[name=VALUE].value\"]\n- source: {{kind: ConfigMap, name: link-{number}, fieldPath: data.url, options: {{delimiter: /, index: 2}}}}\n  targets:\n  - select: {{kind: Deployment, name: user-{}}}\n    fieldPaths: [\"spec.template.spec.containers.*.env.[name=HOST].value\"]",
            number + 1,
            number * 2,
        )
        .expect("a string");
    }
    tree.kustomization("chain", &text);
    "chain".to_owned()
}

/// Two hundred containers whose arguments and environment mention vars.
pub(crate) fn vars(tree: &mut Tree) -> String {
    let mut objects =
        String::from("apiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {ports: [{port: 5432}]}\n");
    for number in 0..200 {
        writeln!(
            objects,
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: user-{number}}}\nspec:\n  selector: {{matchLabels: {{app: u}}}}\n  template:\n    metadata: {{labels: {{app: u}}}}\n    spec: {{containers: [{{name: main, image: x:1, args: [--db=$(DB):$(PORT), --n={number}], env: [{{name: URL, value: \"postgres://$(DB)/$(OTHER)\"}}]}}]}}"
        )
        .expect("a string");
    }
    tree.file("base/objects.yaml", objects);
    tree.kustomization("base", "resources: [objects.yaml]\nvars:\n- name: DB\n  objref: {kind: Service, name: db, apiVersion: v1}\n- name: PORT\n  objref: {kind: Service, name: db, apiVersion: v1}\n  fieldref: {fieldPath: \"spec.ports[0].port\"}\n");
    tree.kustomization("overlay", "namePrefix: prod-\nresources: [../base]\n");
    "overlay".to_owned()
}
