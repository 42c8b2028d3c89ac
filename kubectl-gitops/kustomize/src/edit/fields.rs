//! The top-level fields of a kustomization's tree, found whatever their case, as kustomize finds them.

use krm::{Mapping, Node};

/// The tree that is being changed, and what is told about it.
pub(super) struct Fields<'a> {
    pub(super) root: &'a mut Mapping,
    notes: &'a mut Vec<String>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(root: &'a mut Node, notes: &'a mut Vec<String>) -> Self {
        let Node::Map(root) = root else { unreachable!("what is no map was refused when it was read") };
        Self { root, notes }
    }

    pub(super) fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    /// The name under which a field is there.
    pub(super) fn key(&self, name: &str) -> Option<String> {
        key_in(self.root, name)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.root.get(&self.key(name)?).filter(|value| !value.is_null())
    }

    pub(super) fn set(&mut self, name: &str, value: Node) {
        let key = self.key(name).unwrap_or_else(|| name.to_owned());
        let empty = match &value {
            Node::Map(map) => map.is_empty(),
            Node::Seq(seq) => seq.items.is_empty(),
            Node::Scalar(scalar) => scalar.text.is_empty(),
        };
        if empty {
            self.root.remove(&key);
        } else if self.root.get(&key) != Some(&value) {
            put(self.root, &key, value);
        }
    }

    pub(super) fn set_text(&mut self, name: &str, text: &str) {
        self.set(name, Node::string(text));
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<Node> {
        let key = self.key(name)?;
        self.root.remove(&key)
    }

    /// The items of a list; none if it is absent.
    pub(super) fn items(&self, name: &str) -> Vec<Node> {
        self.get(name).and_then(Node::as_seq).map(<[Node]>::to_vec).unwrap_or_default()
    }

    /// Puts items into a list, which keeps its style and comments.
    pub(super) fn set_items(&mut self, name: &str, items: Vec<Node>) {
        let list = match self.get(name) {
            Some(Node::Seq(old)) => Node::Seq(krm::Sequence { items, ..old.clone() }),
            _ => Node::seq(items),
        };
        self.set(name, list);
    }

    /// Changes the items of a list whose name each change has; where there is none, one with that name comes to the end. Of items
    /// of one name the first stays, of changes of one name the last counts.
    pub(super) fn change_named<C>(
        &mut self,
        list: &str,
        changes: &[C],
        name: impl Fn(&C) -> &str,
        write: impl Fn(&mut Mapping, &C),
    ) {
        let mut items = self.items(list);
        for (index, change) in changes.iter().enumerate() {
            let name_is = name(change);
            if changes[index + 1..].iter().any(|later| name(later) == name_is) {
                continue;
            }
            let is_it = |item: &Node| text_in(item, "name") == name_is;
            if let Some(first) = items.iter().position(is_it) {
                let mut position = 0..;
                items.retain(|item| position.next() == Some(first) || !is_it(item));
                if let Some(item) = items[first].as_map_mut() {
                    write(item, change);
                }
            } else {
                let mut item = Mapping::default();
                item.set("name", Node::string(name_is));
                write(&mut item, change);
                items.push(Node::Map(item));
            }
        }
        self.set_items(list, items);
    }

    /// The old spelling of a list becomes part of the new one, at its end, as kustomize reads it. Where the new name is free,
    /// the list keeps its place and comments.
    pub(super) fn fold_list(&mut self, old: &str, new: &str) {
        let Some(key) = self.key(old) else { return };
        let moved = self.items(old);
        if self.key(new).is_some() || moved.is_empty() {
            self.root.remove(&key);
            let mut items = self.items(new);
            items.extend(moved);
            self.set_items(new, items);
        } else if let Some(entry) = self.root.entries.iter_mut().find(|entry| entry.key.text == key) {
            entry.key.text = new.into();
        }
    }

    /// What kustomize gives a file that has nothing yet: its kind, first.
    pub(super) fn complete(&mut self) {
        self.root.remove("apiVersion");
        self.root.remove("kind");
        let fields = std::mem::take(&mut self.root.entries);
        self.root.set("apiVersion", Node::string("kustomize.config.k8s.io/v1beta1"));
        self.root.set("kind", Node::string("Kustomization"));
        self.root.entries.extend(fields);
    }
}

/// The name under which a map has a field: the exact one, or one that differs in case.
pub(super) fn key_in(map: &Mapping, name: &str) -> Option<String> {
    let exact = map.contains_key(name).then_some(name);
    exact.or_else(|| map.iter().map(|(key, _)| key).find(|key| key.eq_ignore_ascii_case(name))).map(str::to_owned)
}

/// A text field of an item.
pub(super) fn text_in<'a>(node: &'a Node, name: &str) -> &'a str {
    let Some(map) = node.as_map() else { return "" };
    key_in(map, name).and_then(|key| map.get(&key)).and_then(Node::as_str).unwrap_or_default()
}

/// Gives an item's field a text; an empty one removes it.
pub(super) fn set_text_in(map: &mut Mapping, name: &str, text: &str) {
    let key = key_in(map, name).unwrap_or_else(|| name.to_owned());
    if text.is_empty() {
        map.remove(&key);
    } else if map.get(&key).and_then(Node::as_str) != Some(text) {
        put(map, &key, Node::string(text));
    }
}

/// A new value keeps the comment on the line of the old one.
pub(super) fn put(map: &mut Mapping, key: &str, mut value: Node) {
    if let (Some(Node::Scalar(old)), Node::Scalar(new)) = (map.get(key), &mut value) {
        new.extra.clone_from(&old.extra);
        if old.style != krm::Style::Literal && old.style != krm::Style::Folded {
            new.style = old.style;
        }
    }
    map.set(key, value);
}
