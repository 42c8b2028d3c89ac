//! Operations of JSON patches against small objects, as the real library answers them.

use krm::Node;
use krm::yaml::{Limits, emit_build, parse_documents};

use super::{ApplyError, JsonPatch, ReadError, apply};

fn parse(text: &str) -> Node {
    parse_documents(text, "test", &Limits::default()).unwrap_or_else(|e| panic!("{e}\n{text}")).remove(0).root
}

fn emitted(node: &Node) -> String {
    let mut text = String::new();
    emit_build(node, &mut text).unwrap();
    text
}

fn patched(target: &str, patch: &str) -> Result<String, ApplyError> {
    let mut node = parse(target);
    apply(&JsonPatch::read(patch, "test").unwrap_or_else(|e| panic!("{e}\n{patch}")), &mut node)?;
    Ok(emitted(&node))
}

#[test]
fn operations_apply_as_in_the_library() {
    for (target, patch, expected) in [
        ("{a: 1}", "- {op: add, path: /b, value: x}", "{a: 1, b: x}"),
        ("{a: 1}", "- {op: add, path: /a, value: 2}", "{a: 2}"),
        ("{a: 1}", "- {op: replace, path: /absent, value: 2}", "{a: 1, absent: 2}"),
        ("{a: 1}", "- {op: add, path: /b}", "{a: 1, b: null}"),
        ("{a: 1}", "- {op: copy, from: /absent, path: /b}", "{a: 1, b: null}"),
        ("{a: [1, 2]}", "- {op: add, path: /a/-, value: 3}", "{a: [1, 2, 3]}"),
        ("{a: [1, 2]}", "- {op: add, path: /a/0, value: 3}", "{a: [3, 1, 2]}"),
        ("{a: [1, 2]}", "- {op: add, path: /a/2, value: 3}", "{a: [1, 2, 3]}"),
        ("{a: [1, 2]}", "- {op: add, path: /a/-1, value: 3}", "{a: [1, 2, 3]}"),
        ("{a: [1, 2]}", "- {op: remove, path: /a/-1}", "{a: [1]}"),
        ("{a: [1, 2]}", "- {op: replace, path: /a/-2, value: 3}", "{a: [3, 2]}"),
        ("{a: {b~/c: 1}}", "- {op: remove, path: /a/b~0~1c}", "{a: {}}"),
        ("{a: 1}", "- {op: add, path: nonsense/b, value: 2}", "{a: 1, b: 2}"),
        ("{a: {b: 1}}", "- {op: move, from: /a/b, path: /c}", "{a: {}, c: 1}"),
        ("{a: {b: 1, c: [x]}}", "- {op: test, path: /a, value: {c: [x], b: 1}}", "{a: {b: 1, c: [x]}}"),
        ("{a: 1}", "- {op: test, path: /absent, value: null}", "{a: 1}"),
        ("{a: 1}", "- {op: replace, path: '', value: {b: 2}}", "{b: 2}"),
        ("{a: 1}", r#"[{"op": "add", "path": "/b", "value": "yes"}]"#, "{a: 1, b: 'yes'}"),
        ("{a: 1}", "- {op: add, path: /b, value: yes}", "{a: 1, b: true}"),
        ("{a: 1}", "- {op: add, path: /b, value: 2024-01-02}", "{a: 1, b: '2024-01-02'}"),
        ("{a: 9007199254740993}", "- {op: add, path: /b, value: 0644}", "{a: 9007199254740992, b: 420}"),
    ] {
        let text = patched(target, patch).unwrap_or_else(|e| panic!("{patch}: {e}"));
        assert_eq!(text, emitted(&parse(expected)), "{patch}");
    }
}

#[test]
fn numbers_are_spelled_as_go_spells_doubles() {
    let mut node = parse("{a: 1000000, b: 0x10, c: 1.50, d: 0.00001, e: 1_000, f: 123456}");
    apply(&JsonPatch::read("[]", "test").unwrap(), &mut node).unwrap();
    let texts: Vec<&str> = ["a", "b", "c", "d", "e", "f"].iter().map(|key| node.str_at(&[key]).unwrap()).collect();
    assert_eq!(texts, ["1e+06", "16", "1.5", "1e-05", "1000", "123456"]);
}

#[test]
fn what_does_not_apply_says_why() {
    let fails = |target: &str, patch: &str| patched(target, patch).unwrap_err();
    assert!(matches!(
        fails("{a: {b: 1}}", "- {op: add, path: /a/c/d, value: 1}"),
        ApplyError::MissingPath { missing, .. } if missing == "/a/c"
    ));
    assert!(matches!(fails("{a: 1}", "- {op: add, path: /a/b, value: 1}"), ApplyError::MissingPath { .. }));
    assert!(matches!(fails("{a: 1}", "- {op: add, path: '', value: {}}"), ApplyError::MissingPath { .. }));
    assert!(matches!(fails("{a: 1}", "- {op: remove, path: /b}"), ApplyError::MissingPlace { .. }));
    assert!(matches!(fails("{a: [1]}", "- {op: add, path: /a/2, value: 1}"), ApplyError::BadIndex { length: 1, .. }));
    assert!(matches!(fails("{a: [1]}", "- {op: replace, path: /a/-, value: 1}"), ApplyError::BadIndex { .. }));
    assert!(matches!(fails("{a: 1}", "- {op: test, path: /a, value: '1'}"), ApplyError::TestFailed { .. }));
    assert!(matches!(fails("{a: 1}", "- {op: test, path: /a, value: null}"), ApplyError::TestFailed { .. }));
    assert!(matches!(fails("{a: 1}", "- {op: frobnicate, path: /a}"), ApplyError::UnknownVerb { .. }));
    assert!(matches!(fails("{a: 1}", "- {path: /a}"), ApplyError::UnknownVerb { .. }));
    assert!(matches!(fails("{a: 1}", "- {op: add, path: 1}"), ApplyError::MissingField { field: "path", .. }));
    assert!(matches!(fails("{a: 1}", "- {op: replace, path: '', value: x}"), ApplyError::NoObjectLeft { .. }));
}

#[test]
fn what_is_no_list_of_operations_is_refused() {
    let refused = |text| JsonPatch::read(text, "test").unwrap_err();
    assert!(matches!(refused(""), ReadError::Empty));
    assert!(matches!(refused("a: b"), ReadError::NotAList { found: "a map" }));
    assert!(matches!(refused("- text"), ReadError::NotAnOperation { index: 0, found: "a string" }));
    assert!(
        matches!(refused("[{op: add}]"), ReadError::NotJson { .. }),
        "a text that starts with a bracket must be JSON"
    );
    assert!(JsonPatch::read("# nothing\n", "test").unwrap().is_empty());
}
