//! A decrypted branch back into the object it was made from: what was not encrypted stays as it was written, comments and styles too.
//! Owns the walk along both; must not know encryption.

use krm::node::Extra;
use krm::{Mapping, Masked, Node};

use super::METADATA;
use super::yaml::{Blocks, read_scalar, value_to_node};
use crate::sops::value::{Branch, Entry, Item, Value};

/// Puts the leaves and comments of `branch`, which was made from `node` and decrypted since, in the place of those of `node`. The
/// metadata goes.
pub(crate) fn write_back(node: &mut Node, branch: &Branch) {
    let mut comments = Vec::new();
    comments_of_map(branch, &mut comments);
    let mut count = 0;
    visit(node, true, &mut |_| count += 1);
    // Comments within the metadata are none of the branch: then none can be told from another, and all stay as they are.
    if count == comments.len() {
        let mut comments = comments.into_iter();
        visit(node, true, &mut |line| {
            if let Some(comment) = comments.next()
                && line.strip_prefix('#') != Some(comment.expose().as_str())
            {
                *line = format!("#{}", comment.expose());
            }
        });
    }
    if let Node::Map(map) = node {
        map.remove(METADATA);
        back_to_map(map, branch);
    }
}

/// Lines of comment in the order in which they were read, without items that turned out to be some.
fn comments_of_map(branch: &Branch, out: &mut Vec<Masked<String>>) {
    for entry in branch {
        match entry {
            Entry::Comment(comment) => out.push(comment.text.clone()),
            Entry::Pair(_, value) => comments_of(value, out),
        }
    }
}

fn comments_of(value: &Value, out: &mut Vec<Masked<String>>) {
    match value {
        Value::Map(branch) => comments_of_map(branch, out),
        Value::List(items) => {
            for item in items {
                match item {
                    Item::Comment(comment) if !comment.was_item => out.push(comment.text.clone()),
                    Item::Comment(_) => {}
                    Item::Value(value) => comments_of(value, out),
                }
            }
        }
        _ => {}
    }
}

/// Calls `f` for each line of comment, in the order in which a branch is made.
fn visit(node: &mut Node, own_comments: bool, f: &mut dyn FnMut(&mut String)) {
    match node {
        Node::Scalar(_) => {}
        Node::Map(map) => {
            if own_comments {
                head_and_line(&mut map.extra, f);
            }
            for entry in &mut map.entries {
                head_and_line(&mut entry.key.extra, f);
                if let Node::Scalar(scalar) = &mut entry.value {
                    head_and_line(&mut scalar.extra, f);
                }
                visit(&mut entry.value, true, f);
                if let Node::Scalar(scalar) = &mut entry.value {
                    foot(&mut scalar.extra, f);
                }
                foot(&mut entry.key.extra, f);
            }
            if own_comments {
                foot(&mut map.extra, f);
            }
        }
        Node::Seq(seq) => {
            if own_comments {
                head_and_line(&mut seq.extra, f);
            }
            for item in &mut seq.items {
                head_and_line(extra_mut(item), f);
                visit(item, false, f);
                foot(extra_mut(item), f);
            }
            if own_comments {
                foot(&mut seq.extra, f);
            }
        }
    }
}

fn extra_mut(node: &mut Node) -> &mut Option<Box<Extra>> {
    match node {
        Node::Scalar(scalar) => &mut scalar.extra,
        Node::Seq(seq) => &mut seq.extra,
        Node::Map(map) => &mut map.extra,
    }
}

fn head_and_line(extra: &mut Option<Box<Extra>>, f: &mut dyn FnMut(&mut String)) {
    if let Some(extra) = extra {
        visit_text(&mut extra.head_comment, f);
        visit_text(&mut extra.line_comment, f);
    }
}

fn foot(extra: &mut Option<Box<Extra>>, f: &mut dyn FnMut(&mut String)) {
    if let Some(extra) = extra {
        visit_text(&mut extra.foot_comment, f);
    }
}

fn visit_text(text: &mut Box<str>, f: &mut dyn FnMut(&mut String)) {
    if text.is_empty() {
        return;
    }
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    for line in lines.iter_mut().filter(|line| !line.is_empty()) {
        f(line);
    }
    *text = lines.join("\n").into();
}

fn back_to_map(map: &mut Mapping, branch: &Branch) {
    let mut values = branch.iter().filter_map(|entry| match entry {
        Entry::Pair(_, value) => Some(value),
        Entry::Comment(_) => None,
    });
    for entry in &mut map.entries {
        let Some(value) = values.next() else { return };
        back_to_node(&mut entry.value, value);
    }
}

fn back_to_node(node: &mut Node, value: &Value) {
    match (node, value) {
        (Node::Map(map), Value::Map(branch)) => back_to_map(map, branch),
        (Node::Seq(seq), Value::List(items)) => {
            let mut kept = Vec::with_capacity(seq.items.len());
            for (mut item, value) in std::mem::take(&mut seq.items).into_iter().zip(values_of(items)) {
                // An item that turned out to be a comment is one no more.
                if let Some(value) = value {
                    back_to_node(&mut item, value);
                    kept.push(item);
                }
            }
            seq.items = kept;
        }
        (Node::Scalar(scalar), value) => {
            let was = read_scalar(scalar, "").ok();
            if was.as_ref() != Some(value)
                && let Node::Scalar(new) = value_to_node(value, Blocks::Safe)
            {
                scalar.text = new.text;
                scalar.tag = new.tag;
                scalar.style = new.style;
            }
        }
        _ => {}
    }
}

/// What became of each item of a list: `None` for one that turned out to be a comment.
fn values_of(items: &[Item]) -> impl Iterator<Item = Option<&Value>> {
    items.iter().filter_map(|item| match item {
        Item::Value(value) => Some(Some(value)),
        Item::Comment(comment) => comment.was_item.then_some(None),
    })
}
