//! The six operations. Owns what each does to the tree and when it is refused.

use krm::Node;

use super::operation::{JsonPatch, Operation};
use super::pointer::{Pointer, index};
use super::through_json::NotJson;

/// An operation that does not apply.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ApplyError {
    /// The way to a place is not there.
    #[error("operation {index} ({verb}): `{path}` leads through something that is not there{}", Deepest(deepest))]
    MissingPath {
        /// Its position, from 0.
        index: usize,
        /// What it does.
        verb: String,
        /// The path.
        path: String,
        /// The part of the path that is there.
        deepest: String,
    },
    /// The place itself is not there.
    #[error("operation {index} ({verb}): `{path}` is not there")]
    MissingPlace {
        /// Its position, from 0.
        index: usize,
        /// What it does.
        verb: String,
        /// The path.
        path: String,
    },
    /// The step into a list is no index of it.
    #[error(
        "operation {index} ({verb}): the last step of `{path}` must be an index of the list, which has {length} items"
    )]
    BadIndex {
        /// Its position, from 0.
        index: usize,
        /// What it does.
        verb: String,
        /// The path.
        path: String,
        /// How many items the list has.
        length: usize,
    },
    /// A test failed.
    #[error("operation {index} (test): `{path}` has another value")]
    TestFailed {
        /// Its position, from 0.
        index: usize,
        /// The path.
        path: String,
    },
    /// A field of the operation is missing or no text.
    #[error("operation {index} ({verb}): `{field}` must be a string")]
    MissingField {
        /// Its position, from 0.
        index: usize,
        /// What it does.
        verb: String,
        /// The field.
        field: &'static str,
    },
    /// A word that names no operation.
    #[error("operation {index}: unknown `op` `{verb}`, known are add, remove, replace, move, copy and test")]
    UnknownVerb {
        /// Its position, from 0.
        index: usize,
        /// The word.
        verb: String,
    },
    /// The whole object is replaced by something that is none.
    #[error("the patch leaves {found} instead of an object")]
    NoObjectLeft {
        /// What it leaves.
        found: &'static str,
    },
    /// The object has no JSON form.
    #[error(transparent)]
    NotJson(#[from] NotJson),
}

struct Deepest<'a>(&'a str);

impl std::fmt::Display for Deepest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ", `{}` is", self.0) }
    }
}

pub(super) fn operations(patch: &JsonPatch, root: &mut Node) -> Result<(), ApplyError> {
    patch.operations.iter().enumerate().try_for_each(|(index, operation)| Step { index, operation }.apply(root))
}

struct Step<'p> {
    index: usize,
    operation: &'p Operation,
}

impl Step<'_> {
    fn apply(&self, root: &mut Node) -> Result<(), ApplyError> {
        match self.verb().as_str() {
            "add" => self.add(root, self.path()?, self.operation.value.clone()),
            "remove" => self.remove(root, self.path()?).map(drop),
            "replace" => self.replace(root),
            "move" => {
                let moved = self.remove(root, self.from()?)?;
                self.add(root, self.path()?, moved)
            }
            "copy" => {
                let copied = self.read(root, self.from()?)?.cloned();
                self.add(root, self.path()?, copied.unwrap_or_else(Node::null))
            }
            "test" => self.test(root),
            _ => Err(ApplyError::UnknownVerb { index: self.index, verb: self.verb() }),
        }
    }

    fn add(&self, root: &mut Node, path: &str, value: Node) -> Result<(), ApplyError> {
        let (holder, last) = self.holder(root, path)?;
        match holder {
            Node::Map(map) => {
                map.set(last, value);
                Ok(())
            }
            Node::Seq(seq) if last == "-" => {
                seq.items.push(value);
                Ok(())
            }
            Node::Seq(seq) => {
                let length = seq.items.len();
                // One more than there are: an item may be added behind the last.
                let at = index(&last, length + 1).ok_or_else(|| self.bad_index(path, length))?;
                seq.items.insert(at, value);
                Ok(())
            }
            Node::Scalar(_) => Err(self.missing_place(path)),
        }
    }

    fn remove(&self, root: &mut Node, path: &str) -> Result<Node, ApplyError> {
        let (holder, last) = self.holder(root, path)?;
        match holder {
            Node::Map(map) => map.remove(&last).ok_or_else(|| self.missing_place(path)),
            Node::Seq(seq) => {
                let length = seq.items.len();
                let at = index(&last, length).ok_or_else(|| self.bad_index(path, length))?;
                Ok(seq.items.remove(at))
            }
            Node::Scalar(_) => Err(self.missing_place(path)),
        }
    }

    fn replace(&self, root: &mut Node) -> Result<(), ApplyError> {
        let path = self.path()?;
        let value = self.operation.value.clone();
        if path.is_empty() {
            *root = value;
            return match root {
                Node::Scalar(_) => Err(ApplyError::NoObjectLeft { found: root.kind_name() }),
                _ => Ok(()),
            };
        }
        let (holder, last) = self.holder(root, path)?;
        match holder {
            Node::Map(map) => {
                map.set(last, value);
                Ok(())
            }
            Node::Seq(seq) => {
                let length = seq.items.len();
                let at = index(&last, length).ok_or_else(|| self.bad_index(path, length))?;
                seq.items[at] = value;
                Ok(())
            }
            Node::Scalar(_) => Err(self.missing_place(path)),
        }
    }

    fn test(&self, root: &mut Node) -> Result<(), ApplyError> {
        let path = self.path()?;
        let found = if path.is_empty() { Some(&*root) } else { self.read(root, path)? };
        let wanted = &self.operation.value;
        let equal = found.map_or_else(|| wanted.is_null(), |found| same(found, wanted));
        if equal { Ok(()) } else { Err(ApplyError::TestFailed { index: self.index, path: path.to_owned() }) }
    }

    /// What is at a path; `None` for a field that a map does not have.
    fn read<'n>(&self, root: &'n mut Node, path: &str) -> Result<Option<&'n Node>, ApplyError> {
        let (holder, last) = self.holder(root, path)?;
        match holder {
            Node::Map(map) => Ok(map.get(&last)),
            Node::Seq(seq) => {
                let length = seq.items.len();
                let at = index(&last, length).ok_or_else(|| self.bad_index(path, length))?;
                Ok(seq.items.get(at))
            }
            Node::Scalar(_) => Err(self.missing_place(path)),
        }
    }

    fn holder<'n>(&self, root: &'n mut Node, path: &str) -> Result<(&'n mut Node, String), ApplyError> {
        let pointer = Pointer::parse(path).ok_or_else(|| self.missing_path(path, String::new()))?;
        // Asked first: the holder borrows the tree for as long as the answer lives.
        if pointer.holder(root).is_none() {
            return Err(self.missing_path(path, pointer.deepest(root)));
        }
        let holder = pointer.holder(root).expect("found just above");
        Ok((holder, pointer.last))
    }

    fn verb(&self) -> String {
        self.operation.verb.clone().unwrap_or_else(|| "unknown".to_owned())
    }

    fn path(&self) -> Result<&str, ApplyError> {
        self.field("path", self.operation.path.as_deref())
    }

    fn from(&self) -> Result<&str, ApplyError> {
        self.field("from", self.operation.from.as_deref())
    }

    fn field<'f>(&self, field: &'static str, text: Option<&'f str>) -> Result<&'f str, ApplyError> {
        text.ok_or_else(|| ApplyError::MissingField { index: self.index, verb: self.verb(), field })
    }

    fn missing_path(&self, path: &str, deepest: String) -> ApplyError {
        ApplyError::MissingPath { index: self.index, verb: self.verb(), path: path.to_owned(), deepest }
    }

    fn missing_place(&self, path: &str) -> ApplyError {
        ApplyError::MissingPlace { index: self.index, verb: self.verb(), path: path.to_owned() }
    }

    fn bad_index(&self, path: &str, length: usize) -> ApplyError {
        ApplyError::BadIndex { index: self.index, verb: self.verb(), path: path.to_owned(), length }
    }
}

/// Equal as JSON: the order of fields does not count. Both sides have been through JSON, so numbers are spelled alike.
fn same(a: &Node, b: &Node) -> bool {
    match (a, b) {
        (Node::Map(a), Node::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        (Node::Seq(a), Node::Seq(b)) => {
            // A null in a list crashes the real tool, so it equals nothing.
            let items_same = |(a, b): (&Node, &Node)| !a.is_null() && !b.is_null() && same(a, b);
            a.items.len() == b.items.len() && a.items.iter().zip(&b.items).all(items_same)
        }
        (Node::Scalar(a), Node::Scalar(b)) => {
            let text = |tag| matches!(tag, krm::Tag::Str | krm::Tag::Timestamp | krm::Tag::Custom | krm::Tag::Binary);
            a.text == b.text && (a.tag == b.tag || text(a.tag) && text(b.tag))
        }
        _ => false,
    }
}
