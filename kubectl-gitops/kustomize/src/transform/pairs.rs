//! Key and value pairs put into maps at the places that specifications name: what labels and annotations have in common.

use std::collections::BTreeMap;

use krm::{Node, Scalar};

use super::{TransformError, selects};
use crate::draft::{Draft, DraftSet};
use crate::fieldspec::{Create, FieldError, Spec, apply, set_entry, shared};

pub(super) fn put(
    drafts: &mut DraftSet,
    pairs: &BTreeMap<String, String>,
    specs: &[Spec],
) -> Result<(), TransformError> {
    if pairs.is_empty() {
        return Ok(());
    }
    drafts.iter_mut().filter(|draft| !draft.is_empty()).try_for_each(|draft| put_on(draft, pairs, specs))
}

pub(super) fn put_on(
    draft: &mut Draft,
    pairs: &BTreeMap<String, String>,
    specs: &[Spec],
) -> Result<(), TransformError> {
    let specs: Vec<&Spec> = specs.iter().filter(|spec| selects(spec, draft)).collect();
    // Only what is put into several places has twins.
    let mut twins = if specs.len() > 1 { shared::fresh(&draft.node) } else { 0 };
    for (key, value) in pairs {
        let mut scalar = Scalar::string(value);
        if twins > 0 {
            shared::mark(&mut scalar, twins);
        }
        for spec in &specs {
            put_one(&mut draft.node, spec, key, &mut scalar)
                .map_err(|source| TransformError::Field { id: draft.id().to_string(), source })?;
        }
        twins += u32::from(twins > 0);
    }
    Ok(())
}

fn put_one(node: &mut Node, spec: &Spec, key: &str, scalar: &mut Scalar) -> Result<(), FieldError> {
    let mut changes = Vec::new();
    let style = scalar.style;
    apply(spec, Create::Map, node, &mut |at| {
        changes.extend(set_entry(at, key, scalar)?);
        Ok(())
    })?;
    for (twins, scalar) in changes {
        shared::write(node, twins, &scalar);
    }
    let twins = shared::number(scalar);
    if twins > 0 && scalar.style != style {
        // It took on another style somewhere: it is one node with those that were put in before.
        shared::write(node, twins, scalar);
    }
    Ok(())
}
