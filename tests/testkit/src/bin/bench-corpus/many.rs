//! Many objects in one kustomization: what shows whether a step looks at everything for everything.

use std::fmt::Write as _;

use super::apps;
use super::tree::{Dice, Tree};

/// Files of a megabyte, text and bytes, and hundreds of small ones, in ConfigMaps and Secrets.
pub(crate) fn large_files(tree: &mut Tree) -> String {
    let mut dice = Dice::new(1);
    let mut text = String::from("configMapGenerator:\n");
    for number in 0..3 {
        let lines: Vec<String> = (0..12_000).map(|_| dice.prose(13)).collect();
        tree.file(format!("all/text-{number}.txt"), lines.join("\n"));
        let bytes = dice.bytes(900_000);
        tree.file(format!("all/bytes-{number}.bin"), bytes);
        writeln!(
            text,
            "- name: text-{number}\n  files: [text-{number}.txt]\n- name: bytes-{number}\n  files: [bytes-{number}.bin]"
        )
        .expect("a string");
    }
    text.push_str("- name: dashboards\n  files:\n");
    for number in 0..200 {
        let panels: Vec<String> = (0..40)
            .map(|panel| {
                format!("    {{\"id\": {panel}, \"title\": \"{}\", \"span\": {}}}", dice.prose(4), dice.below(12))
            })
            .collect();
        tree.file(
            format!("all/dashboard-{number}.json"),
            format!("{{\n  \"panels\": [\n{}\n  ]\n}}\n", panels.join(",\n")),
        );
        writeln!(text, "  - dashboard-{number}.json").expect("a string");
    }
    text.push_str("secretGenerator:\n- name: keys\n  files: [bytes-0.bin, text-0.txt]\n");
    tree.kustomization("all", &text);
    "all".to_owned()
}

/// 300 generated ConfigMaps, 700 Deployments that refer to three of them each.
pub(crate) fn references(tree: &mut Tree) -> String {
    let mut text = String::from("namePrefix: prod-\nresources: [all.yaml]\nconfigMapGenerator:\n");
    for number in 0..300 {
        writeln!(text, "- name: settings-{number}\n  literals: [number={number}, other=value-{number}]")
            .expect("a string");
    }
    let mut objects = String::new();
    for number in 0..700 {
        let at = |step: usize| (number * 7 + step) % 300;
        write!(
            objects,
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web-{number}}}\nspec:\n  selector: {{matchLabels: {{app: web-{number}}}}}\n  template:\n    metadata: {{labels: {{app: web-{number}}}}}\n    spec:\n      containers:\n      - name: main\n        image: example.com/web:1\n        envFrom: [{{configMapRef: {{name: settings-{}}}}}]\n        env:\n        - name: A\n          valueFrom: {{configMapKeyRef: {{name: settings-{}, key: number}}}}\n      volumes:\n      - name: v\n        configMap: {{name: settings-{}}}\n",
            at(0),
            at(1),
            at(2),
        )
        .expect("a string");
    }
    tree.file("all/all.yaml", objects);
    tree.kustomization("all", &text);
    "all".to_owned()
}

/// 4 000 small objects through a base and an overlay that rename, label and place all of them.
pub(crate) fn transformed(tree: &mut Tree) -> String {
    objects(tree, 4000);
    tree.kustomization(
        "overlay",
        "namePrefix: prod-\nnamespace: production\ncommonLabels: {env: production}\ncommonAnnotations: {owner: platform}\nresources: [../all]\n",
    );
    "overlay".to_owned()
}

/// 5 000 Services, a strategic merge patch for every hundredth and JSON patches that select by labels.
pub(crate) fn services(tree: &mut Tree) -> String {
    let mut list = String::from("resources:\n");
    for file in 0..50 {
        let texts: Vec<String> =
            (0..100).map(|number| apps::service(&format!("svc-{}", file * 100 + number))).collect();
        tree.file(format!("base/services-{file}.yaml"), texts.join("---\n"));
        writeln!(list, "- services-{file}.yaml").expect("a string");
    }
    tree.kustomization("base", &list);
    let mut text = String::from("resources: [../base]\npatches:\n");
    for number in 0..50 {
        writeln!(
            text,
            "- patch: |-\n    apiVersion: v1\n    kind: Service\n    metadata: {{name: svc-{}, annotations: {{patched: \"{number}\"}}}}\n    spec: {{ports: [{{name: metrics, port: 9100}}, {{name: http, port: 80, nodePort: {}}}]}}",
            number * 100 + 7,
            30_000 + number,
        )
        .expect("a string");
    }
    for number in 0..10 {
        writeln!(
            text,
            "- target: {{kind: Service, labelSelector: \"app in (svc-{number}, svc-{number}00)\"}}\n  patch: |-\n    - {{op: add, path: /spec/type, value: NodePort}}\n    - {{op: replace, path: /spec/ports/0/targetPort, value: {number}}}"
        )
        .expect("a string");
    }
    tree.kustomization("overlay", &text);
    "overlay".to_owned()
}

/// 60 patches whose targets are regular expressions over 1 000 objects.
pub(crate) fn patterns(tree: &mut Tree) -> String {
    objects(tree, 1000);
    let mut text = String::from("resources: [../all]\npatches:\n");
    for number in 0..60 {
        let (kind, target) = match number % 3 {
            0 => ("Deployment", format!("web-.*{}0", number % 10)),
            1 => ("Service", format!("(web|api)-[0-9]*{}", 1 + number % 3)),
            _ => ("Config.*", format!("web-{}.*", number % 10)),
        };
        writeln!(
            text,
            "- target: {{kind: '{kind}', name: '{target}'}}\n  patch: |-\n    - op: add\n      path: /metadata/labels\n      value: {{number: \"{number}\"}}"
        )
        .expect("a string");
    }
    tree.kustomization("overlay", &text);
    "overlay".to_owned()
}

/// `count` objects in one file.
pub(crate) fn objects(tree: &mut Tree, count: usize) -> String {
    tree.file("all/all.yaml", (0..count).map(testkit::objects::manifest).collect::<String>());
    tree.kustomization("all", "resources: [all.yaml]\n");
    "all".to_owned()
}
