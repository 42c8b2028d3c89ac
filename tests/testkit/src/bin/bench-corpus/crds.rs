//! Bundles of CustomResourceDefinitions as operators ship them: deep schemas with long descriptions, 7 MB in 60 definitions.

use std::fmt::Write as _;

use super::tree::{Dice, Tree};

const DEFINITIONS: usize = 60;

/// About what one definition weighs, so that all of them are 7 MB.
const BYTES_EACH: usize = 7_000_000 / DEFINITIONS;

/// Labels, annotations and nothing else: what every bundle gets at least.
pub(crate) fn labelled(tree: &mut Tree) -> String {
    let text: Vec<String> = (0..DEFINITIONS).map(definition).collect();
    tree.file("base/crds.yaml", text.join("---\n"));
    tree.kustomization("base", "resources: [crds.yaml]\n");
    tree.kustomization(
        "overlay",
        "resources: [../base]\nlabels:\n- pairs: {app.kubernetes.io/part-of: operators}\ncommonAnnotations: {owner: platform}\n",
    );
    "overlay".to_owned()
}

/// A conversion webhook into each of them by a strategic merge patch, and JSON patches on a few, as controller-gen's
/// scaffolding has it.
pub(crate) fn patched(tree: &mut Tree) -> String {
    let mut list = String::from("resources:\n");
    for number in 0..DEFINITIONS {
        let file = format!("crd-{number:02}.yaml");
        tree.file(format!("base/{file}"), definition(number));
        writeln!(list, "- {file}").expect("a string");
    }
    tree.kustomization("base", &list);
    let mut overlay = String::from("resources: [../base]\nnamePrefix: \"\"\npatches:\n");
    for number in (0..DEFINITIONS).step_by(3) {
        let file = format!("webhook-{number:02}.yaml");
        let patch = format!(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: {}\n  annotations:\n    cert-manager.io/inject-ca-from: system/serving\nspec:\n  conversion:\n    strategy: Webhook\n    webhook:\n      clientConfig:\n        service:\n          namespace: system\n          name: webhook-service\n          path: /convert\n      conversionReviewVersions: [v1]\n",
            crd_name(number)
        );
        tree.file(format!("overlay/{file}"), patch);
        writeln!(overlay, "- path: {file}").expect("a string");
    }
    for number in (1..DEFINITIONS).step_by(7) {
        writeln!(
            overlay,
            "- target: {{kind: CustomResourceDefinition, name: {}}}\n  patch: |-\n    - op: replace\n      path: /spec/scope\n      value: Cluster\n    - op: add\n      path: /metadata/annotations/patched\n      value: \"true\"",
            crd_name(number).replace('.', r"\.")
        )
        .expect("a string");
    }
    tree.kustomization("overlay", &overlay);
    "overlay".to_owned()
}

fn crd_name(number: usize) -> String {
    format!("widget{number}s.group{}.example.com", number % 7)
}

fn definition(number: usize) -> String {
    let mut dice = Dice::new(number as u64 + 1);
    let group = number % 7;
    let mut text = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  annotations:\n    controller-gen.kubebuilder.io/version: v0.16.5\n  name: {}\nspec:\n  group: group{group}.example.com\n  names:\n    categories:\n    - all\n    kind: Widget{number}\n    listKind: Widget{number}List\n    plural: widget{number}s\n    shortNames:\n    - w{number}\n    singular: widget{number}\n  scope: Namespaced\n  versions:\n",
        crd_name(number)
    );
    let versions = 1 + number % 3;
    for version in 0..versions {
        let stored = version + 1 == versions;
        write!(
            text,
            "  - additionalPrinterColumns:\n    - description: {}\n      jsonPath: .status.conditions[?(@.type==\"Ready\")].status\n      name: Ready\n      type: string\n    - jsonPath: .metadata.creationTimestamp\n      name: Age\n      type: date\n    name: v1{}\n    schema:\n      openAPIV3Schema:\n        description: Widget{number} is the Schema for the widgets API.\n        properties:\n          apiVersion:\n            description: |-\n              APIVersion defines the versioned schema of this representation of an object.\n              More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources\n            type: string\n          kind:\n            type: string\n          metadata:\n            type: object\n          spec:\n            description: {}\n            properties:\n",
            dice.prose(6),
            ["alpha1", "beta1", ""].get(version + 3 - versions).unwrap_or(&""),
            dice.prose(9),
        )
        .expect("a string");
        let end = text.len() + BYTES_EACH / versions;
        let mut field = 0;
        while text.len() < end {
            property(&mut text, &mut dice, 14, field, 4);
            field += 1;
        }
        write!(
            text,
            "            type: object\n          status:\n            properties:\n              observedGeneration:\n                format: int64\n                type: integer\n            type: object\n        type: object\n    served: true\n    storage: {stored}\n    subresources:\n      status: {{}}\n"
        )
        .expect("a string");
    }
    text
}

/// One property of a schema, `indent` deep in the text, with properties of its own while `depth` lasts.
fn property(text: &mut String, dice: &mut Dice, indent: usize, number: usize, depth: usize) {
    let pad = " ".repeat(indent);
    writeln!(text, "{pad}{}{number}:", dice.word()).expect("a string");
    describe(text, dice, &format!("{pad}  "));
    match dice.below(8) {
        0 | 1 if depth > 0 => object(text, dice, indent, depth),
        2 if depth > 0 => {
            writeln!(text, "{pad}  items:").expect("a string");
            object(text, dice, indent + 2, depth);
            writeln!(text, "{pad}  type: array\n{pad}  x-kubernetes-list-type: atomic").expect("a string");
        }
        3 => writeln!(text, "{pad}  enum:\n{pad}  - Always\n{pad}  - \"\"\n{pad}  - 'Never'\n{pad}  type: string")
            .expect("a string"),
        4 => writeln!(text, "{pad}  default: {}\n{pad}  format: int32\n{pad}  minimum: 0\n{pad}  type: integer", number * 3)
            .expect("a string"),
        5 => writeln!(
            text,
            "{pad}  anyOf:\n{pad}  - type: integer\n{pad}  - type: string\n{pad}  pattern: ^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))$\n{pad}  x-kubernetes-int-or-string: true"
        )
        .expect("a string"),
        6 => writeln!(text, "{pad}  type: boolean").expect("a string"),
        _ => writeln!(text, "{pad}  additionalProperties:\n{pad}    type: string\n{pad}  type: object").expect("a string"),
    }
}

fn object(text: &mut String, dice: &mut Dice, indent: usize, depth: usize) {
    let pad = " ".repeat(indent);
    writeln!(text, "{pad}  properties:").expect("a string");
    let count = 2 + dice.pick(6);
    for number in 0..count {
        property(text, dice, indent + 4, number, depth - 1);
    }
    writeln!(text, "{pad}  required:\n{pad}  - name\n{pad}  type: object").expect("a string");
}

fn describe(text: &mut String, dice: &mut Dice, pad: &str) {
    match dice.below(5) {
        0 => {}
        1 => writeln!(text, "{pad}description: {}", dice.prose(5)).expect("a string"),
        // As older generators fold it.
        2 => {
            let lines: Vec<String> = (0..3).map(|_| dice.prose(8)).collect();
            writeln!(text, "{pad}description: '{}: it''s {}'", dice.prose(3), lines.join(&format!("\n{pad}  ")))
                .expect("a string");
        }
        lines => {
            writeln!(text, "{pad}description: |-").expect("a string");
            for _ in 0..lines {
                writeln!(text, "{pad}  {}.", dice.prose(12)).expect("a string");
            }
        }
    }
}
