//! `namePrefix` and `nameSuffix`. Owns who is never renamed by them, and notes the prefix or suffix in the draft, by which
//! references later tell apart what two overlays made of one base.

use krm::{Node, Scalar, Tag, Text};

use super::{TransformError, selects};
use crate::draft::{Draft, DraftSet};
use crate::fieldspec::{Create, FieldProblem, Spec, apply, set_scalar};

/// Puts a prefix before every name.
///
/// # Errors
/// A field that should hold a name is a list or a map.
pub fn prefix(drafts: &mut DraftSet, prefix: &str, specs: &[Spec]) -> Result<(), TransformError> {
    rename(drafts, specs, prefix, |draft| &mut draft.prefixes, &|name| format!("{prefix}{name}").into())
}

/// Puts a suffix behind every name.
///
/// # Errors
/// A field that should hold a name is a list or a map.
pub fn suffix(drafts: &mut DraftSet, suffix: &str, specs: &[Spec]) -> Result<(), TransformError> {
    rename(drafts, specs, suffix, |draft| &mut draft.suffixes, &|name| format!("{name}{suffix}").into())
}

fn rename(
    drafts: &mut DraftSet,
    specs: &[Spec],
    affix: &str,
    noted: impl Fn(&mut Draft) -> &mut Vec<Text>,
    renamed: &dyn Fn(&str) -> Text,
) -> Result<(), TransformError> {
    for draft in drafts.iter_mut().filter(|draft| !draft.is_empty()) {
        let original = draft.original_id().gvk;
        if keeps_its_name(&original) {
            continue;
        }
        for spec in specs.iter().filter(|spec| spec.selects(&original.group, &original.version, &original.kind)) {
            if spec.path() == "metadata/name" && !affix.is_empty() {
                noted(draft).push(affix.into());
                draft.remember_id();
            }
            if selects(spec, draft) {
                apply(spec, Create::Scalar(Tag::Str), &mut draft.node, &mut |at| rewrite(at, renamed))
                    .map_err(|source| TransformError::Field { id: draft.id().to_string(), source })?;
            }
        }
    }
    Ok(())
}

fn rewrite(node: &mut Node, renamed: &dyn Fn(&str) -> Text) -> Result<(), FieldProblem> {
    let text = match node {
        Node::Scalar(scalar) => scalar.text.as_str(),
        _ => "",
    };
    let scalar = Scalar::new(renamed(text), Tag::Unset);
    set_scalar(node, scalar).map(drop)
}

/// Their names mean something to the API server.
fn keeps_its_name(original: &krm::Gvk) -> bool {
    matches!(original.kind.as_str(), "CustomResourceDefinition" | "Namespace")
        || (original.kind == "APIService" && original.group == "apiregistration.k8s.io")
}
