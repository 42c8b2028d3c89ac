//! Where a field of a kustomization is written: from the path that an error names to a line. Owns that lookup; must not know
//! what a field means.

use krm::node::Entry;
use krm::{Mark, Node};

/// Old lists whose items go on behind those of today's.
const FOLDED: [(&str, &str); 2] = [("resources", "bases"), ("images", "imageTags")];

/// The field as the file has it, and where it is: an item or a scalar where it starts, a list or a map at its name. `None` if
/// the path, as `patches[0].target.name`, leads nowhere.
pub(crate) fn locate(root: &Node, field: &str) -> Option<(String, Mark)> {
    if let Some(mark) = mark_of(root, field) {
        return Some((field.to_owned(), mark));
    }
    // An item behind those of the list itself was folded in.
    FOLDED.iter().find_map(|(name, old)| {
        let (index, rest) = field.strip_prefix(name)?.strip_prefix('[')?.split_once(']')?;
        let own = get(root, name).and_then(|entry| entry.value.as_seq()).map_or(0, <[Node]>::len);
        let field = format!("{old}[{}]{rest}", index.parse::<usize>().ok()?.checked_sub(own)?);
        mark_of(root, &field).map(|mark| (field, mark))
    })
}

fn mark_of(root: &Node, field: &str) -> Option<Mark> {
    let mut at = root;
    let mut mark = None;
    let mut rest = field;
    while !rest.is_empty() {
        if let Some(item) = rest.strip_prefix('[') {
            let (index, after) = item.split_once(']')?;
            at = at.as_seq()?.get(index.parse::<usize>().ok()?)?;
            mark = Some(at.mark());
            rest = after;
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let (entry, length) = longest(at, rest)?;
            mark = Some(if entry.value.as_str().is_some() { entry.value.mark() } else { entry.key.mark });
            at = &entry.value;
            rest = &rest[length..];
        }
    }
    mark.filter(|mark| mark.line > 0)
}

/// The entry whose name the path begins with: names may hold dots and brackets themselves, so the longest counts.
fn longest<'n>(node: &'n Node, path: &str) -> Option<(&'n Entry, usize)> {
    let entries = node.as_map()?.entries.iter();
    let fits = |entry: &&Entry| {
        let length = entry.key.text.len();
        let begins = path.get(..length).is_some_and(|head| head.eq_ignore_ascii_case(&entry.key.text));
        begins && (path.len() == length || path[length..].starts_with(['.', '[']))
    };
    entries.filter(fits).max_by_key(|entry| entry.key.text.len()).map(|entry| (entry, entry.key.text.len()))
}

fn get<'n>(node: &'n Node, name: &str) -> Option<&'n Entry> {
    node.as_map()?.entries.iter().find(|entry| entry.key.text.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use krm::yaml::{Limits, parse_first_document};

    use super::*;

    #[test]
    fn fields_are_found_as_errors_name_them() {
        let text = "namespace: x\nresources:\n- a\n- b\nbases: [c]\nlabels:\n- pairs:\n    app.k8s.io/name: w\n    app: v\nSortOptions:\n  order: fifo\n";
        let root = parse_first_document(text, "k", &Limits::default()).unwrap();
        for (field, expected) in [
            ("namespace", Some(("namespace", 1, 12))),
            ("resources[1]", Some(("resources[1]", 4, 3))),
            ("resources[2]", Some(("bases[0]", 5, 9))),
            ("resources[3]", None),
            ("labels[0].pairs.app.k8s.io/name", Some(("labels[0].pairs.app.k8s.io/name", 8, 22))),
            ("labels[0].pairs", Some(("labels[0].pairs", 7, 3))),
            ("sortOptions", Some(("sortOptions", 10, 1))),
            ("absent", None),
            ("", None),
        ] {
            let found = locate(&root, field);
            let found = found.as_ref().map(|(field, mark)| (field.as_str(), mark.line, mark.column));
            assert_eq!(found, expected, "{field}");
        }
    }
}
