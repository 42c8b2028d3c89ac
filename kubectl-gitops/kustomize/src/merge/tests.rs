//! Each case: what it shows, an object, a patch, and the object after kustomize's own merge. The same pairs run against the
//! real tool as golden builds (`fixtures/build/merge`); here they name the rule.

use krm::Node;
use krm::yaml::{Limits, emit_build, parse_documents};

use super::{MergeProblem, Merged, strategic};
use crate::schema::Schema;

fn parse(text: &str) -> Node {
    let mut documents = parse_documents(text, "test", &Limits::default()).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(documents.len(), 1, "{text}");
    documents.remove(0).root
}

fn emitted(node: &Node) -> String {
    let mut text = String::new();
    emit_build(node, &mut text).unwrap();
    text
}

fn merged(target: &str, patch: &str) -> Result<(Merged, String), super::MergeError> {
    let mut node = parse(target);
    let merged = strategic(&Schema::builtin(), &mut node, &parse(patch), false)?;
    Ok((merged, emitted(&node)))
}

fn pod(spec: &str) -> String {
    format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {spec}}}")
}

fn widget(spec: &str) -> String {
    format!("{{apiVersion: example.com/v1, kind: Widget, metadata: {{name: p}}, spec: {spec}}}")
}

fn check(shows: &str, wrap: fn(&str) -> String, target: &str, patch: &str, expected: &str) {
    let (merged, text) = merged(&wrap(target), &wrap(patch)).unwrap_or_else(|e| panic!("{shows}: {e}"));
    assert_eq!(merged, Merged::Kept, "{shows}");
    assert_eq!(text, emitted(&parse(&wrap(expected))), "{shows}");
}

#[test]
fn keyed_lists_merge_as_kustomize_merges_them() {
    for (shows, target, patch, expected) in [
        (
            "items of the patch come first, in its order",
            "{containers: [{name: a, image: a}, {name: b, image: b}]}",
            "{containers: [{name: c}, {name: b, image: new}]}",
            "{containers: [{name: c}, {name: b, image: new}, {name: a, image: a}]}",
        ),
        (
            "an item of the patch without its key displaces the others",
            "{containers: [{name: a}]}",
            "{containers: [{image: b}]}",
            "{containers: []}",
        ),
        (
            "of two items with one key the first is merged, the second is gone",
            "{containers: [{name: a, image: x}, {name: a, image: y}]}",
            "{containers: [{name: a, tty: true}]}",
            "{containers: [{name: a, image: y}]}",
        ),
        (
            "an item is deleted",
            "{containers: [{name: a}, {name: b}]}",
            "{containers: [{name: a, $patch: delete}]}",
            "{containers: [{name: b}]}",
        ),
        (
            "replacing an item has no effect",
            "{containers: [{name: a, image: x}]}",
            "{containers: [{name: a, tty: true, $patch: replace}]}",
            "{containers: [{name: a, image: x}]}",
        ),
        (
            "a list is replaced by an item that says so",
            "{containers: [{name: a}]}",
            "{containers: [{name: b}, {$patch: replace}]}",
            "{containers: [{name: b}]}",
        ),
        (
            "a list is deleted by an item that says so",
            "{containers: [{name: a}], nodeName: x}",
            "{containers: [{$patch: delete}]}",
            "{nodeName: x}",
        ),
        (
            "a directive in a list that the object lacks is an item without key, which displaces the others",
            "{nodeName: x}",
            "{containers: [{name: a}, {$patch: replace}]}",
            "{nodeName: x, containers: [{$patch: replace}]}",
        ),
        (
            "what a patch says of a port without protocol is lost where the object's has one",
            "{containers: [{name: a, ports: [{containerPort: 80, protocol: TCP}]}]}",
            "{containers: [{name: a, ports: [{containerPort: 80, name: web}]}]}",
            "{containers: [{name: a, ports: [{containerPort: 80, protocol: TCP}]}]}",
        ),
        (
            "two protocols are two ports",
            "{containers: [{name: a, ports: [{containerPort: 80, protocol: TCP}]}]}",
            "{containers: [{name: a, ports: [{containerPort: 80, protocol: UDP}]}]}",
            "{containers: [{name: a, ports: [{containerPort: 80, protocol: UDP}, {containerPort: 80, protocol: TCP}]}]}",
        ),
    ] {
        check(shows, pod, target, patch, expected);
    }
}

#[test]
fn maps_and_scalars_merge_as_kustomize_merges_them() {
    for (shows, target, patch, expected) in [
        ("a list without schema is replaced", "{l: [{name: a}]}", "{l: [{name: b}]}", "{l: [{name: b}]}"),
        ("a null takes a field out", "{a: 1, b: 2}", "{a: null}", "{b: 2}"),
        ("a null within an added map is not added", "{}", "{m: {a: null, b: 1}}", "{m: {b: 1}}"),
        (
            "an empty null of the object is dropped, a written one stays",
            "{a: , b: null, c: ~}",
            "{}",
            "{b: null, c: null}",
        ),
        ("a map is replaced", "{m: {a: 1}}", "{m: {$patch: replace, b: 2}}", "{m: {b: 2}}"),
        ("a map is deleted", "{m: {a: 1}, n: 1}", "{m: {$patch: delete}}", "{n: 1}"),
        ("a map takes a null's place", "{m: null}", "{m: {a: 1}}", "{m: {a: 1}}"),
        ("an empty map stays", "{m: {}}", "{n: {}}", "{m: {}, n: {}}"),
        ("a number within quotes is a text", "{a: \"1\", b: 1}", "{a: 2, b: \"2\"}", "{a: \"2\", b: \"2\"}"),
        ("directives of other kinds are fields", "{}", "{$retainKeys: [a]}", "{$retainKeys: [a]}"),
        (
            "an unknown directive in an added map is a field",
            "{}",
            "{m: {$patch: bogus, a: 1}}",
            "{m: {$patch: bogus, a: 1}}",
        ),
        (
            "a known kind within merges by its own rules",
            "{o: {apiVersion: v1, kind: Pod, spec: {containers: [{name: a}]}}}",
            "{o: {spec: {containers: [{name: b}]}}}",
            "{o: {apiVersion: v1, kind: Pod, spec: {containers: [{name: b}, {name: a}]}}}",
        ),
    ] {
        check(shows, widget, target, patch, expected);
    }
}

#[test]
fn what_cannot_be_merged_names_its_place() {
    for (target, patch, path, expected) in [
        (
            "{containers: [{name: a, env: {x: y}}]}",
            "{containers: [{name: a, env: [{name: b}]}]}",
            "spec.containers[name=a].env",
            MergeProblem::KindsDiffer { target: "a map", patch: "a list", line: 1 },
        ),
        (
            "{nodeSelector: {a: b}}",
            "{nodeSelector: {$patch: bogus}}",
            "spec.nodeSelector",
            MergeProblem::UnknownDirective { word: "bogus".into() },
        ),
        (
            "{containers: [text]}",
            "{containers: [{name: a}]}",
            "spec.containers",
            MergeProblem::ItemWithoutKeys { key: "name".into(), found: "a string" },
        ),
        ("{nodeSelector: {\"\": b}}", "{}", "spec.nodeSelector.", MergeProblem::EmptyKey),
    ] {
        let error = merged(&pod(target), &pod(patch)).unwrap_err();
        assert_eq!((error.path().as_str(), &error.problem), (path, &expected));
    }
}

#[test]
fn an_object_is_deleted_but_never_replaced() {
    let (what, _) = merged(&pod("{a: 1}"), "{apiVersion: v1, kind: Pod, $patch: delete}").unwrap();
    assert_eq!(what, Merged::Deleted);
    let (what, text) = merged(&pod("{nodeName: x}"), "{apiVersion: v1, kind: Pod, $patch: replace, spec: {}}").unwrap();
    assert_eq!((what, text), (Merged::Kept, emitted(&parse(&pod("{nodeName: x}")))));
}

#[test]
fn merging_twice_is_merging_once() {
    let patch = pod("{containers: [{name: b, image: x, env: [{name: E, value: v}]}], nodeSelector: {a: null, b: c}}");
    let (_, once) = merged(&pod("{containers: [{name: a}, {name: b}], nodeSelector: {a: b}}"), &patch).unwrap();
    let (_, twice) = merged(&once, &patch).unwrap();
    assert_eq!(once, twice);
}
