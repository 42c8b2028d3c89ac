//! Vars over small sets.

use super::*;
use crate::kustomization::{FieldReference, ObjectReference};
use crate::resources::read_drafts;

fn drafts(text: &str) -> DraftSet {
    let mut set = DraftSet::new();
    read_drafts(text, "r.yaml").unwrap().into_iter().for_each(|draft| set.append(draft).unwrap());
    set
}

fn var(name: &str, api_version: &str, object: &str, path: &str) -> kustomization::Var {
    kustomization::Var {
        name: name.to_owned(),
        objref: ObjectReference {
            api_version: api_version.to_owned(),
            kind: "ConfigMap".to_owned(),
            name: object.to_owned(),
            ..ObjectReference::default()
        },
        fieldref: FieldReference { field_path: path.to_owned(), ..FieldReference::default() },
        ..kustomization::Var::default()
    }
}

const MAPS: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v, n: 7}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {text: 'x $(V) $(N)', number: $(N), other: 5}}
";

fn resolved(vars: &[kustomization::Var]) -> Result<(DraftSet, Vec<String>), Failed> {
    let mut set = drafts(MAPS);
    let mut all = Vars::default();
    all.declare(vars, "kustomization.yaml", &mut set)?;
    let warnings = all.resolve(&mut set, &[Spec::new("", "", "ConfigMap", "data", false)])?;
    Ok((set, warnings))
}

#[test]
fn values_are_put_into_texts_and_unused_vars_are_told() {
    let vars = [var("V", "v1", "a", "data.k"), var("N", "v1", "a", "data.n"), var("U", "v1", "a", "")];
    let (set, warnings) = resolved(&vars).unwrap();
    let data = set.get(1).and_then(|draft| draft.node.get("data")).unwrap();
    let shown =
        ["text", "number", "other"].map(|key| (data.str_at(&[key]).unwrap(), data.get(key).unwrap().kind_name()));
    assert_eq!(shown, [("x v 7", "a string"), ("7", "a number"), ("5", "a number")]);
    assert_eq!(warnings, ["kustomization.yaml: var `U` is never used where vars are replaced"]);
}

#[test]
fn an_object_must_be_of_exactly_that_type() {
    for api_version in ["", "v2", "x/v1", "a/b/v1"] {
        let failed = resolved(&[var("V", api_version, "a", "data.k")]).unwrap_err();
        assert!(matches!(failed.error, VarsError::NoObject { .. }), "{api_version}: {failed:?}");
        assert_eq!(failed.place.field, "vars[0]");
    }
}

#[test]
fn a_renamed_object_is_still_the_one_that_was_meant() {
    let mut set = drafts(MAPS);
    set.change(0, |draft| {
        draft.remember_id();
        draft.set_name("renamed");
    });
    let mut vars = Vars::default();
    vars.declare(&[var("V", "v1", "a", "")], "k.yaml", &mut set).unwrap();
    vars.resolve(&mut set, &[Spec::new("", "", "", "data", false)]).unwrap();
    assert_eq!(set.get(1).and_then(|draft| draft.node.str_at(&["data", "text"])), Some("x renamed $(N)"));
}

#[test]
fn a_name_is_declared_once() {
    let failed = resolved(&[var("V", "v1", "a", ""), var("V", "v1", "a", "")]).unwrap_err();
    assert!(matches!(failed.error, VarsError::Twice { .. }));
}
