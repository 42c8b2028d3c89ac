//! Lists of names: `resources`, `components`, `generators`, `transformers`, `buildMetadata`.

use krm::Node;

use super::fields::Fields;
use super::{EditError, ListField, glob};

pub(super) fn name(field: ListField) -> &'static str {
    match field {
        ListField::Resources => "resources",
        ListField::Components => "components",
        ListField::Generators => "generators",
        ListField::Transformers => "transformers",
        ListField::BuildMetadata => "buildMetadata",
    }
}

/// What one item of it is called.
fn noun(field: ListField) -> &'static str {
    match field {
        ListField::Resources => "resource",
        ListField::Components => "component",
        ListField::Generators => "generator",
        ListField::Transformers => "transformer",
        ListField::BuildMetadata => "option",
    }
}

pub(super) fn texts(items: &[String]) -> Node {
    Node::seq(items.iter().map(|item| Node::string(item.as_str())).collect())
}

pub(super) fn add(fields: &mut Fields<'_>, field: ListField, new: &[String], strict: bool) -> Result<(), EditError> {
    let mut known = all(fields, field);
    let before = known.len();
    for text in new {
        if known.iter().any(|item| item.as_str() == Some(text)) {
            if strict {
                return Err(EditError::Present { what: noun(field), name: text.clone(), hint: None });
            }
            fields.note(format!("{} `{text}` is already in the kustomization", noun(field)));
            continue;
        }
        known.push(Node::string(text.as_str()));
    }
    if known.len() > before {
        fold(fields, field);
        fields.set_items(name(field), known);
    }
    Ok(())
}

/// Options of `buildMetadata` are named; everything else is matched by patterns.
pub(super) fn remove(fields: &mut Fields<'_>, field: ListField, patterns: &[String]) -> Result<(), EditError> {
    let items = all(fields, field);
    let before = items.len();
    let mut kept = Vec::with_capacity(items.len());
    let mut used = vec![false; patterns.len()];
    for item in items {
        let text = item.as_str().unwrap_or_default();
        let mut matched = false;
        for (index, pattern) in patterns.iter().enumerate() {
            let matches = match field {
                ListField::BuildMetadata => pattern == text,
                _ => glob::matches(pattern, text)
                    .map_err(|_| EditError::Argument { text: pattern.clone(), expected: "a valid pattern" })?,
            };
            used[index] |= matches;
            matched |= matches;
        }
        if !matched {
            kept.push(item);
        }
    }
    for (pattern, _) in patterns.iter().zip(used).filter(|(_, used)| !used) {
        fields.note(format!("no {} matches `{pattern}`", noun(field)));
    }
    if kept.len() < before {
        fold(fields, field);
        fields.set_items(name(field), kept);
    }
    Ok(())
}

/// The items, those under an old name last, as kustomize reads them.
fn all(fields: &Fields<'_>, field: ListField) -> Vec<Node> {
    let mut items = fields.items(name(field));
    if field == ListField::Resources {
        items.extend(fields.items("bases"));
    }
    items
}

fn fold(fields: &mut Fields<'_>, field: ListField) {
    if field == ListField::Resources {
        fields.fold_list("bases", "resources");
    }
}
