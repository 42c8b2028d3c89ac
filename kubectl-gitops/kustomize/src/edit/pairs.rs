//! `commonLabels`, `commonAnnotations`, and `labels` without selectors.

use krm::{Mapping, Node};

use super::fields::{Fields, key_in, put};
use super::{EditError, PairField};

/// What happens to the pairs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairChange {
    /// Adds them; one that is there is refused unless `force`.
    Add {
        /// Names and values.
        pairs: Vec<(String, String)>,
        /// Replace what is there.
        force: bool,
    },
    /// Adds labels to `labels`, which leaves selectors alone.
    AddWithoutSelector {
        /// Names and values.
        pairs: Vec<(String, String)>,
        /// Replace what is there.
        force: bool,
        /// Label pod templates, too.
        include_templates: bool,
    },
    /// Sets them, whether they are there or not.
    Set(Vec<(String, String)>),
    /// Removes them by name; one that is not there is refused unless `lenient`.
    Remove {
        /// Names.
        names: Vec<String>,
        /// Pass over what is not there.
        lenient: bool,
    },
}

/// Arguments of the form `name:value`; without a colon the value is empty. Of a name given twice the last value counts.
///
/// # Errors
/// A name is empty.
pub fn parse_pairs(arguments: &[String]) -> Result<Vec<(String, String)>, EditError> {
    let mut pairs: Vec<(String, String)> = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let (name, value) = argument.split_once(':').unwrap_or((argument, ""));
        if name.is_empty() && argument.starts_with(':') {
            let expected = "a pair `name:value`";
            return Err(EditError::Argument { text: argument.clone(), expected });
        }
        let unquoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        match pairs.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => unquoted.clone_into(known),
            None => pairs.push((name.to_owned(), unquoted.to_owned())),
        }
    }
    Ok(pairs)
}

/// Names separated by commas.
///
/// # Errors
/// One is empty.
pub fn parse_names(argument: &str) -> Result<Vec<String>, EditError> {
    let names: Vec<String> = argument.split(',').map(str::to_owned).collect();
    if names.iter().any(String::is_empty) {
        return Err(EditError::Argument { text: argument.to_owned(), expected: "a list `name,name,…`" });
    }
    Ok(names)
}

pub(super) fn change(fields: &mut Fields<'_>, field: PairField, change: &PairChange) -> Result<(), EditError> {
    let (name, what) = match field {
        PairField::Labels => ("commonLabels", "label"),
        PairField::Annotations => ("commonAnnotations", "annotation"),
    };
    let present = match fields.get(name) {
        Some(Node::Map(map)) => Some(map.clone()),
        _ => None,
    };
    let mut map = present.clone().unwrap_or_default();
    match change {
        PairChange::Add { pairs, force } => add(&mut map, pairs, *force, what)?,
        PairChange::Set(pairs) => add(&mut map, pairs, true, what)?,
        PairChange::AddWithoutSelector { pairs, force, include_templates } => {
            return add_to_labels(fields, pairs, *force, *include_templates);
        }
        PairChange::Remove { names, lenient } => {
            if present.is_none() && !lenient {
                return Err(EditError::NoField { field: name });
            }
            for key in names {
                if map.remove(key).is_none() && !lenient {
                    return Err(EditError::Absent { what, name: key.clone() });
                }
            }
        }
    }
    fields.set(name, Node::Map(map));
    Ok(())
}

fn add(map: &mut Mapping, pairs: &[(String, String)], force: bool, what: &'static str) -> Result<(), EditError> {
    for (name, value) in pairs {
        match map.get(name) {
            Some(_) if !force => {
                let hint = Some("`--force` replaces it");
                return Err(EditError::Present { what, name: name.clone(), hint });
            }
            Some(old) if old.as_str() == Some(value) => {}
            _ => put(map, name, Node::string(value.as_str())),
        }
    }
    Ok(())
}

/// The first item of `labels` that has these settings takes them.
fn add_to_labels(
    fields: &mut Fields<'_>,
    pairs: &[(String, String)],
    force: bool,
    include_templates: bool,
) -> Result<(), EditError> {
    let mut items = fields.items("labels");
    let fits = |item: &Node| !flag(item, "includeSelectors") && flag(item, "includeTemplates") == include_templates;
    let index = if let Some(index) = items.iter().position(fits) {
        index
    } else {
        let mut item = Mapping::default();
        item.set("pairs", Node::map());
        if include_templates {
            item.set("includeTemplates", Node::bool(true));
        }
        items.push(Node::Map(item));
        items.len() - 1
    };
    let Some(item) = items[index].as_map_mut() else { unreachable!("what is no map was refused when it was read") };
    let key = key_in(item, "pairs").unwrap_or_else(|| "pairs".to_owned());
    let mut map = item.get(&key).and_then(Node::as_map).cloned().unwrap_or_default();
    add(&mut map, pairs, force, "label")?;
    item.set(key.as_str(), Node::Map(map));
    fields.set_items("labels", items);
    Ok(())
}

fn flag(item: &Node, name: &str) -> bool {
    let value = item.as_map().and_then(|map| map.get(&key_in(map, name)?));
    let word = |text: &str| ["true", "yes", "on", "y"].iter().any(|word| text.eq_ignore_ascii_case(word));
    matches!(value, Some(Node::Scalar(scalar)) if scalar.tag == krm::Tag::Bool && word(&scalar.text))
}
