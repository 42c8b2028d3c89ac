//! Paths against small trees.

use krm::yaml::{Limits, parse_documents};

use super::*;

fn tree(text: &str) -> Node {
    parse_documents(text, "t.yaml", &Limits::default()).unwrap().remove(0).root
}

fn path(text: &str) -> Path {
    Path::new(text).unwrap()
}

#[test]
fn a_path_is_split_at_dots_that_nothing_protects() {
    for (text, expected) in [
        ("a.b", &["a", "b"][..]),
        (".a.b", &["a", "b"]),
        ("", &[""]),
        (".", &[""]),
        ("a..b", &["a", "", "b"]),
        (r"a\.b.c", &["a.b", "c"]),
        (r"a\\.b", &[r"a\.b"]),
        ("m.[a.b/c].d", &["m", "a.b/c", "d"]),
        ("m.[a=b.c].d", &["m", "[a=b.c]", "d"]),
        ("m.[a]", &["m", "[a]"]),
        ("m.[a.b", &["m", "a.b"]),
    ] {
        assert_eq!(split(text, '.'), expected, "{text}");
    }
}

#[test]
fn an_index_in_a_var_is_a_step() {
    for (text, expected) in [
        ("ports[0]", &["ports", "0"][..]),
        ("[0]", &["0"]),
        ("a[0][1]", &["a[0]", "1"]),
        ("a[x]", &["a[x]"]),
        ("a[]", &["a[]"]),
        ("[a=1]", &["[a=1]"]),
    ] {
        assert_eq!(split_index(text.to_owned()), expected, "{text}");
    }
}

#[test]
fn a_lookup_finds_one_node_or_none() {
    let root = tree("a: {b: [x, {n: y, v: 1}, {n: yy, v: 2}]}\nz: null\n");
    for (text, expected) in [
        ("a.b.0", Some("x")),
        ("a.b.[n=yy].v", Some("2")),
        ("a.b.[n=y].v", Some("1")),
        ("a.b.-.v", Some("2")),
        ("a.b.[=x]", Some("x")),
        (" a . b .0", Some("x")),
        ("a..b.0", Some("x")),
        ("a.b.[n=z].v", None),
        ("a.b.7", None),
        ("a.c", None),
        ("z.a", None),
    ] {
        let found = path(text).lookup(&root).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(found.and_then(|(node, _)| node.as_str()), expected, "{text}");
    }
    for text in ["a.*", "a.b.-1", "a.b.[n]", "a.b.n", "a.0", "z.-"] {
        assert!(path(text).lookup(&root).is_err(), "{text}");
    }
}

#[test]
fn a_location_leads_to_what_was_found() {
    let root = tree("a: {b: [x, {n: y}]}\n");
    let (node, location) = path("a.b.1.n").lookup(&root).unwrap().unwrap();
    assert_eq!(node_at(&root, &location), Some(node));
}

#[test]
fn many_nodes_match_and_missing_ones_are_made() {
    for (text, create, expected) in [
        ("a.*.v", false, "a: [{n: p, v: 1}, {n: pp, v: 2}, {n: q}] 2"),
        ("a.*.v", true, "a: [{n: p, v: 1}, {n: pp, v: 2}, {n: q, v: }] 3"),
        ("a.[n=p].v", false, "a: [{n: p, v: 1}, {n: pp, v: 2}, {n: q}] 2"),
        ("a.[n=^p$].v", false, "a: [{n: p, v: 1}, {n: pp, v: 2}, {n: q}] 1"),
        ("a.[n=r].v", true, "a: [{n: p, v: 1}, {n: pp, v: 2}, {n: q}, {n: r, v: }] 1"),
        ("a.3.v", true, "a: [{n: p, v: 1}, {n: pp, v: 2}, {n: q}, {v: }] 1"),
        ("b.0", true, "a: [{n: p, v: 1}, {n: pp, v: 2}, {n: q}], b: [] 1"),
        ("c", false, "a: [{n: p, v: 1}, {n: pp, v: 2}, {n: q}] 0"),
    ] {
        let mut root = tree("a: [{n: p, v: 1}, {n: pp, v: 2}, {n: q}]\n");
        let found = path(text).matches(0, &mut root, create.then_some(Kind::Scalar)).unwrap();
        assert_eq!(format!("{} {}", shown(&root), found.len()), expected, "{text}");
    }
}

#[test]
fn a_pattern_that_does_not_find_itself_ends() {
    let mut root = tree("a: []\n");
    let error = path("a.[n=x+y]").matches(0, &mut root, Some(Kind::Scalar)).unwrap_err();
    assert_eq!(error.problem, PathProblem::NeverMatches { pattern: "x+y".into() });
}

#[test]
fn nodes_in_texts_and_below_null_lie_nowhere() {
    let mut root = tree("a: '{\"b\": 1}'\nn: null\n");
    let before = root.clone();
    for (text, scalar) in [("a.b", true), ("a.new", true), ("n.x", true), ("n.0", true), ("n.[k=v]", false)] {
        let found = path(text).matches(0, &mut root, Some(Kind::Scalar)).unwrap();
        assert_eq!(found, [Match::Nowhere { scalar }], "{text}");
    }
    assert_eq!(root, before);
}

#[test]
fn endless_paths_are_refused() {
    assert!(Path::new(&"a.".repeat(STEPS_MAX + 1)).is_err());
}

fn shown(node: &Node) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match node {
        Node::Scalar(scalar) => scalar.text.to_string(),
        Node::Seq(seq) => format!("[{}]", list(seq.items.iter().map(shown).collect())),
        Node::Map(map) => {
            let entries = list(map.iter().map(|(key, value)| format!("{key}: {}", shown(value))).collect());
            if node.get("a").is_some() { entries } else { format!("{{{entries}}}") }
        }
    }
}
