//! Replacements over small sets.

use std::path::Path as FilePath;

use super::*;
use crate::kustomization::decode::{Decode as _, Place};
use crate::load::{MemoryFiles, Restriction, Session};
use crate::resources::read_drafts;

fn drafts(text: &str) -> DraftSet {
    let mut set = DraftSet::new();
    read_drafts(text, "r.yaml").unwrap().into_iter().for_each(|draft| set.append(draft).unwrap());
    set
}

fn config_map(name: &str, value: &str) -> String {
    format!("---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}, data: {{k: {value}}}}}\n")
}

fn replacements(text: &str) -> Vec<Replacement> {
    let node = krm::yaml::parse_first_document(text, "k.yaml", &krm::yaml::Limits::default()).unwrap();
    let mut records: Vec<crate::kustomization::Replacement> = Vec::new();
    records.decode(&node, &Place::Top).unwrap();
    let mut files = MemoryFiles::new();
    files.insert("/d/k.yaml", "");
    let session = Session::new(&files, &crate::outside::Nowhere, FilePath::new("/d"), Restriction::RootOnly).unwrap();
    read(&records, Written::InKustomization, &session.loader()).unwrap()
}

fn value_of<'a>(set: &'a DraftSet, name: &str) -> &'a str {
    set.iter().find(|draft| draft.name() == name).and_then(|draft| draft.node.str_at(&["data", "k"])).unwrap()
}

#[test]
fn a_value_reaches_every_target() {
    let mut set = drafts(&["a", "b1", "b2", "c"].map(|name| config_map(name, name)).concat());
    let list =
        replacements("- {source: {name: a, fieldPath: data.k}, targets: [{select: {name: b.}, fieldPaths: [data.k]}]}");
    run(&mut set, &list).unwrap();
    let values: Vec<&str> = ["a", "b1", "b2", "c"].iter().map(|name| value_of(&set, name)).collect();
    assert_eq!(values, ["a", "a", "a", "c"]);
}

#[test]
fn a_long_chain_hands_the_value_on() {
    const LENGTH: usize = 300;
    let name = |index: usize| format!("link-{index}");
    let mut set = drafts(&(0..=LENGTH).map(|index| config_map(&name(index), &name(index))).collect::<String>());
    let link = |index: usize| {
        let (from, to) = (name(index), name(index + 1));
        format!(
            "- {{source: {{name: {from}, fieldPath: data.k}}, targets: [{{select: {{name: {to}}}, fieldPaths: [data.k]}}]}}\n"
        )
    };
    run(&mut set, &replacements(&(0..LENGTH).map(link).collect::<String>())).unwrap();
    assert!((0..=LENGTH).all(|index| value_of(&set, &name(index)) == "link-0"));
}

#[test]
fn the_value_is_the_node_that_was_read_until_what_holds_it_is_replaced() {
    let mut set = drafts(&["a", "b", "c"].map(|name| config_map(name, "x-y")).concat());
    let list = replacements(
        "- source: {name: a, fieldPath: data.k}\n  targets:\n  - {select: {name: a}, fieldPaths: [data.k], options: {delimiter: '-', index: 5}}\n  - {select: {name: b}, fieldPaths: [data.k]}\n  - {select: {name: a}, fieldPaths: [data]}\n  - {select: {name: c}, fieldPaths: [data.k]}\n",
    );
    run(&mut set, &list).unwrap();
    assert_eq!((value_of(&set, "b"), value_of(&set, "c")), ("x-y-x-y", "x-y-x-y"));
}

#[test]
fn a_missing_source_names_what_is_near() {
    let mut set = drafts(&config_map("settings", "x"));
    let list = replacements("- {source: {kind: ConfigMap, name: setting}, targets: [{select: {}}]}");
    let error = run(&mut set, &list).unwrap_err();
    assert_eq!(error.field, "replacements[0].source");
    assert_eq!(error.error.hint().as_deref(), Some("there is `ConfigMap/settings`"));
}
