//! Field specifications against small objects.

use krm::{Node, Scalar, Tag};

use super::*;

fn map(entries: Vec<(&str, Node)>) -> Node {
    Node::Map(entries.into_iter().collect())
}

fn labelled(spec: &Spec, mut node: Node) -> Node {
    apply(spec, Create::Map, &mut node, &mut |at| set_entry(at, "k", &mut Scalar::string("v")).map(|_| ())).unwrap();
    node
}

#[test]
fn a_path_is_split_at_slashes_that_are_not_escaped() {
    for (path, expected) in [
        ("a/b", &["a", "b"][..]),
        ("/a/b", &["a", "b"]),
        (r"metadata/annotations/a.b\/c/d", &["metadata", "annotations", "a.b/c", "d"]),
        ("a", &["a"]),
        ("/", &[""]),
        ("", &[""]),
    ] {
        assert_eq!(split(path), expected, "{path}");
    }
}

#[test]
fn the_defaults_are_read_by_section() {
    let count = |section| defaults(section).len();
    assert_eq!(defaults(Section::NamePrefix), [Spec::new("", "", "", "metadata/name", false)]);
    assert_eq!(count(Section::Namespace), 3);
    assert_eq!(count(Section::Replicas), 4);
    assert!(count(Section::CommonLabels) > count(Section::TemplateLabels));
    assert_eq!(defaults(Section::CommonLabels).last(), Some(&Spec::new("", "", "", "metadata/labels", true)));
}

#[test]
fn missing_maps_are_made_on_the_way_but_not_through_lists() {
    let create = Spec::new("", "", "", "a/b", true);
    assert_eq!(labelled(&create, map(vec![])).str_at(&["a", "b", "k"]), Some("v"));
    assert_eq!(labelled(&create, map(vec![("a", Node::null())])).str_at(&["a", "b", "k"]), Some("v"));
    let through_list = Spec::new("", "", "", "a[]/b", true);
    assert_eq!(labelled(&through_list, map(vec![])), map(vec![]));
    let items = labelled(&through_list, map(vec![("a", Node::seq(vec![map(vec![]), map(vec![])]))]));
    let items = items.get("a").and_then(Node::as_seq).unwrap();
    assert!(items.iter().all(|item| item.str_at(&["b", "k"]) == Some("v")));
}

#[test]
fn without_create_nothing_is_made() {
    let spec = Spec::new("", "", "", "a/b", false);
    for node in [map(vec![]), map(vec![("a", map(vec![]))]), map(vec![("a", Node::null())])] {
        assert_eq!(labelled(&spec, node.clone()), node);
    }
}

#[test]
fn a_step_below_a_scalar_is_refused() {
    let spec = Spec::new("", "", "", "a/b", true);
    let mut node = map(vec![("a", Node::string("x"))]);
    let error = apply(&spec, Create::Map, &mut node, &mut |_| Ok(())).unwrap_err();
    assert_eq!(error.problem, FieldProblem::NotACollection { step: "b".into(), found: "a string" });
}

#[test]
fn a_number_put_into_quotes_is_a_text() {
    let old = || Scalar { style: krm::Style::DoubleQuoted, ..Scalar::string("a") };
    let mut node = Node::Scalar(old());
    set_scalar(&mut node, Scalar::new("3", Tag::Int)).unwrap();
    assert_eq!(node, Node::string("3"));
}

#[test]
fn specifications_of_one_field_must_agree() {
    let mut specs = vec![Spec::new("apps", "v1", "Deployment", "a", true)];
    merge_one(&mut specs, Spec::new("", "", "Deployment", "a", true)).unwrap();
    assert_eq!(specs.len(), 1, "the one that is there is selected by the new one");
    assert!(merge_one(&mut specs, Spec::new("", "", "", "a", false)).is_err());
    merge_one(&mut specs, Spec::new("", "", "Job", "a", false)).unwrap();
    assert_eq!(specs.len(), 2);
}
