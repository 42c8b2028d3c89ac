//! What orchestrators (kustomize, kpt) write into the annotations of items on their way through a function, and want back as it
//! was. Owns which annotations these are; must not know what they are for.
//!
//! Each has an old and a new name, and a tool that finds the two apart refuses the list. They are no part of what the author
//! wrote: they are not substituted, not hashed, and not covered by the checksum of an encrypted object.

use krm::{Entry, Mapping, Node};

/// Old and new name of what is kept under two.
const TWINS: [(&str, &str); 3] = [
    ("config.kubernetes.io/path", "internal.config.kubernetes.io/path"),
    ("config.kubernetes.io/index", "internal.config.kubernetes.io/index"),
    ("config.k8s.io/id", "internal.config.kubernetes.io/id"),
];
/// What begins so is an orchestrator's own.
const PREFIXES: [&str; 2] = ["internal.config.kubernetes.io/", "internal.kpt.dev/"];
/// kustomize's marks on what it sends.
const OTHERS: [&str; 3] =
    ["kustomize.config.k8s.io/id", "kustomize.config.k8s.io/behavior", "kustomize.config.k8s.io/needs-hash"];

/// Does the annotation belong to the orchestrator?
pub fn is_orchestrators(annotation: &str) -> bool {
    PREFIXES.iter().any(|prefix| annotation.starts_with(prefix))
        || TWINS.iter().any(|(old, _)| *old == annotation)
        || OTHERS.contains(&annotation)
}

/// The orchestrator's annotations of one item, taken out of it.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// With their positions, so that they come back where they were.
    entries: Vec<(usize, Entry)>,
    /// The map that held nothing else, with its position.
    map: Option<(usize, Entry)>,
}

impl Taken {
    /// Takes them out; a map of annotations that then is empty goes too.
    pub fn out_of(item: &mut Node) -> Self {
        let mut taken = Self::default();
        let Some(metadata) = item.at_mut(&["metadata"]).and_then(Node::as_map_mut) else { return taken };
        let Some(at) = metadata.position("annotations") else { return taken };
        let Some(annotations) = metadata.entries[at].value.as_map_mut() else { return taken };
        let mut kept = Vec::with_capacity(annotations.len());
        for (index, entry) in std::mem::take(&mut annotations.entries).into_iter().enumerate() {
            if is_orchestrators(&entry.key.text) {
                taken.entries.push((index, entry));
            } else {
                kept.push(entry);
            }
        }
        annotations.entries = kept;
        if annotations.is_empty() && !taken.entries.is_empty() {
            taken.map = Some((at, metadata.entries.remove(at)));
        }
        taken
    }

    /// Puts them back, each as near to its place as what was done to the item allows.
    pub fn put_back(self, item: &mut Node) {
        if self.entries.is_empty() {
            return;
        }
        let Some(root) = item.as_map_mut() else { return };
        let metadata = root.entry_or_insert_with("metadata", Node::map);
        if metadata.as_map().is_none() {
            *metadata = Node::map();
        }
        let Some(metadata) = metadata.as_map_mut() else { return };
        if !metadata.contains_key("annotations")
            && let Some((at, entry)) = self.map
        {
            metadata.entries.insert(at.min(metadata.len()), entry);
        }
        let annotations = metadata.entry_or_insert_with("annotations", Node::map);
        if annotations.as_map().is_none() {
            *annotations = Node::map();
        }
        let Some(annotations) = annotations.as_map_mut() else { return };
        annotations.entries.retain(|entry| !is_orchestrators(&entry.key.text));
        for (at, entry) in self.entries {
            annotations.entries.insert(at.min(annotations.len()), entry);
        }
    }
}

/// The file of an item and its place in it, as the orchestrator tells.
pub fn file_of(item: &Node) -> Option<(&str, u32)> {
    let text = |(old, new): (&str, &str)| {
        item.annotation(new).or_else(|| item.annotation(old)).filter(|text| !text.is_empty())
    };
    let path = text(TWINS[0])?;
    Some((path, text(TWINS[1]).and_then(|index| index.parse().ok()).unwrap_or(0)))
}

/// Keeps the two names of one thing in step on every item: where a function changed one, the other follows; where it changed
/// both to different things, or one only came in, they are as they were. `before` holds the items as they came.
pub fn keep_in_step(before: &[Node], items: &mut [Node]) {
    for (index, item) in items.iter_mut().enumerate() {
        let apart = |(old, new): &(&str, &str)| match (item.annotation(old), item.annotation(new)) {
            (Some(a), Some(b)) => a != b,
            _ => false,
        };
        let apart: Vec<(&str, &str)> = TWINS.iter().copied().filter(apart).collect();
        if apart.is_empty() {
            continue;
        }
        let same_key = |was: &&Node| was.key() == item.key();
        let Some(was) = before.iter().find(same_key).or_else(|| before.get(index)) else { continue };
        for (old, new) in apart {
            let (was_old, was_new) = (was.annotation(old), was.annotation(new));
            if was_old.is_some() && was_new.is_some() && was_old != was_new {
                // They came apart: whoever sent them knows.
                continue;
            }
            let text = if item.annotation(new) == was_new { item.annotation(old) } else { item.annotation(new) };
            let text = text.unwrap_or_default().to_owned();
            set(item, old, &text);
            set(item, new, &text);
        }
    }
}

fn set(item: &mut Node, annotation: &str, text: &str) {
    let annotations = item.at_mut(&["metadata", "annotations"]).and_then(Node::as_map_mut);
    if let Some(Node::Scalar(scalar)) = annotations.and_then(|map: &mut Mapping| map.get_mut(annotation)) {
        scalar.text = text.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use krm::yaml::{Limits, emit_function, parse_documents};

    fn node(text: &str) -> Node {
        parse_documents(text, "", &Limits::default()).unwrap().remove(0).root
    }

    fn text(node: &Node) -> String {
        let mut text = String::new();
        emit_function(node, &mut text).unwrap();
        text
    }

    #[test]
    fn what_is_taken_out_comes_back_to_the_byte() {
        for (with, without) in [
            (
                "metadata:\n  annotations:\n    config.kubernetes.io/path: 'a.yaml' # here\n    mine: x\n    internal.config.kubernetes.io/index: '0'\n  name: a\n",
                "metadata:\n  annotations:\n    mine: x\n  name: a\n",
            ),
            (
                "metadata:\n  annotations: # all\n    config.k8s.io/id: '1'\n    kustomize.config.k8s.io/id: |\n      kind: A\n  name: a\n",
                "metadata:\n  name: a\n",
            ),
            ("metadata:\n  annotations: {}\n  name: a\n", "metadata:\n  annotations: {}\n  name: a\n"),
            ("metadata:\n  annotations:\n", "metadata:\n  annotations:\n"),
            ("kind: A\n", "kind: A\n"),
        ] {
            let mut item = node(with);
            let taken = Taken::out_of(&mut item);
            assert_eq!(text(&item), without);
            taken.put_back(&mut item);
            assert_eq!(text(&item), with);
        }
    }

    #[test]
    fn what_a_function_made_of_the_rest_stays() {
        let mut item = node("metadata:\n  annotations:\n    a: '1'\n    config.kubernetes.io/path: p\n    b: '2'\n");
        let taken = Taken::out_of(&mut item);
        item = node("metadata:\n  annotations:\n    b: changed\n");
        taken.put_back(&mut item);
        assert_eq!(text(&item), "metadata:\n  annotations:\n    b: changed\n    config.kubernetes.io/path: p\n");
    }

    #[test]
    fn the_file_is_told_by_either_name() {
        let item = |annotations: &str| node(&format!("metadata: {{annotations: {{{annotations}}}}}\n"));
        assert_eq!(file_of(&item("config.kubernetes.io/path: a, config.kubernetes.io/index: '2'")), Some(("a", 2)));
        assert_eq!(file_of(&item("internal.config.kubernetes.io/path: a")), Some(("a", 0)));
        assert_eq!(file_of(&item("other: a")), None);
    }

    #[test]
    fn twins_are_kept_in_step() {
        let item = |old: &str, new: &str| {
            node(&format!(
                "kind: A\nmetadata:\n  annotations: {{config.kubernetes.io/path: {old}, internal.config.kubernetes.io/path: {new}}}\n"
            ))
        };
        for (before, after, expected) in [
            (("a", "a"), ("a", "a"), ("a", "a")),
            (("a", "a"), ("b", "a"), ("b", "b")),
            (("a", "a"), ("a", "b"), ("b", "b")),
            (("a", "a"), ("b", "c"), ("c", "c")),
            (("a", "b"), ("a", "b"), ("a", "b")),
        ] {
            let mut items = [item(after.0, after.1)];
            keep_in_step(&[item(before.0, before.1)], &mut items);
            assert_eq!(text(&items[0]), text(&item(expected.0, expected.1)));
        }
    }
}
