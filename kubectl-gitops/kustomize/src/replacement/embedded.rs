//! Texts that hold YAML or JSON, and replacements that go on within them. Owns how such a text is read and written again: JSON
//! compact with sorted keys, or indented if it was; YAML as go-yaml v3 prints it, comments kept, without outer blanks.

use krm::yaml::{Limits, emit_as_go, parse_embedded, to_json};
use krm::{Node, Text};

use super::value::Value;
use crate::fieldpath::{Kind, Location, Lookup, Match, Path, Stepped, node_at_mut};
use crate::fieldspec::shared;
use crate::go_json;

/// Where on its way the path enters a text, and that text with the value written into it. `None` if it enters none, or if
/// anything in there fails: what then counts is the way without looking into texts, which says why.
///
/// `delimiter` does not count within such texts.
pub(super) fn write(root: &Node, path: &Path, create: Option<Kind>, value: &Value) -> Option<(Location, Text)> {
    if !path.is_long() {
        return None;
    }
    let mut lookup = Lookup::new(path, root);
    while !lookup.is_done() {
        let Ok(Stepped::On) = lookup.step() else { return None };
        if let Node::Scalar(scalar) = lookup.node()
            && !lookup.is_done()
        {
            let steps = lookup.steps();
            let text = changed(&scalar.text, path, steps, create, value)?;
            return Some((lookup.into_location(), text));
        }
    }
    None
}

fn changed(text: &str, path: &Path, steps: usize, create: Option<Kind>, value: &Value) -> Option<Text> {
    let mut tree = parse_embedded(text, &Limits::default()).ok()??;
    let found = path.matches(steps, &mut tree, create).ok()?;
    if found.is_empty() {
        return None;
    }
    for found in &found {
        let Match::At(location) = found else { continue };
        match node_at_mut(&mut tree, location)? {
            Node::Scalar(scalar) => scalar.text = value.text().into(),
            node => {
                *node = value.node.clone();
                shared::part(node);
            }
        }
    }
    let trimmed = text.trim();
    if trimmed.starts_with(['{', '[']) { as_json(&tree, text) } else { as_yaml(&tree) }
}

fn as_json(tree: &Node, before: &str) -> Option<Text> {
    if has_double_key(tree) {
        return None;
    }
    let json = to_json(tree).ok()?;
    let mut text = String::new();
    if before.contains('\n') && before.contains("  ") {
        go_json::write_indented(&mut text, &json);
    } else {
        go_json::write(&mut text, &json, go_json::Numbers::Exact);
    }
    Some(text.into())
}

fn as_yaml(tree: &Node) -> Option<Text> {
    let mut text = String::new();
    emit_as_go(tree, &mut text).ok()?;
    Some(text.trim().into())
}

/// A key that comes twice is not noticed until the text is read as JSON.
fn has_double_key(node: &Node) -> bool {
    match node {
        Node::Scalar(_) => false,
        Node::Seq(seq) => seq.items.iter().any(has_double_key),
        Node::Map(map) => {
            let mut keys: Vec<&str> = map.iter().map(|(key, _)| key).collect();
            keys.sort_unstable();
            keys.windows(2).any(|pair| pair[0] == pair[1]) || map.iter().any(|(_, value)| has_double_key(value))
        }
    }
}
