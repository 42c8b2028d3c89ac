//! The six operations. Owns what each does to the tree and when it is refused.

use std::cell::Cell;

use krm::Node;

use super::operation::{JsonPatch, Operation};
use super::pointer::{Pointer, index};
use super::through_json::NotJson;
use crate::weight;

/// An operation that does not apply.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ApplyError {
    /// The way to a place is not there.
    #[error("operation {index} ({verb}): `{missing}` is not there, on the way to `{path}`; {there}")]
    MissingPath {
        /// Its position, from 0.
        index: usize,
        /// What it does.
        verb: String,
        /// The path.
        path: String,
        /// The first step that is not there, with the way to it.
        missing: String,
        /// How far the way goes, and what is there.
        there: There,
    },
    /// The place itself is not there.
    #[error("operation {index} ({verb}): `{path}` is not there; {there}")]
    MissingPlace {
        /// Its position, from 0.
        index: usize,
        /// What it does.
        verb: String,
        /// The path.
        path: String,
        /// What is there instead.
        there: There,
    },
    /// The step into a list is no index of it.
    #[error(
        "operation {index} ({verb}): the last step of `{path}` must be an index of the list, which has {}", items(*length)
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
    #[error("operation {index} (test): `{path}` is {found}, and the test wants {}{wanted}", if found == wanted { "another value, " } else { "" })]
    TestFailed {
        /// Its position, from 0.
        index: usize,
        /// The path.
        path: String,
        /// What is there. The value itself may be secret.
        found: &'static str,
        /// What is wanted.
        wanted: &'static str,
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
    /// It would make the object deeper than anything that can be written.
    #[error("operation {index}: the object would be nested deeper than {max} levels")]
    TooDeep {
        /// Its position, from 0.
        index: usize,
        /// The limit.
        max: usize,
    },
    /// Copies of copies.
    #[error("operation {index} (copy): the patch copies more than a build has room for")]
    TooMuchCopied {
        /// Its position, from 0.
        index: usize,
    },
    /// The object has no JSON form.
    #[error(transparent)]
    NotJson(#[from] NotJson),
}

impl ApplyError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::MissingPath { verb, .. } if verb == "add" || verb == "copy" || verb == "move" => {
                "a JSON patch does not make missing parents: add the parent first, or use a strategic merge"
            }
            Self::MissingPath { .. } => {
                "a slash within a name is written `~1`, an item of a list is named by its index"
            }
            Self::MissingPlace { verb, .. } if verb == "remove" => {
                "only what is there can be removed: check for which resources the patch is"
            }
            Self::MissingPlace { .. } => "only maps and lists have something in them: check the path",
            Self::BadIndex { .. } => "indices start at 0, and `-` adds at the end",
            Self::TestFailed { .. } => "what was tested has changed below: look whether the patch still fits",
            Self::MissingField { .. } => "`path` and `from` begin with a slash: `/spec/replicas`",
            Self::UnknownVerb { .. } => "write `op: replace`, for example",
            Self::NoObjectLeft { .. } => "to remove the object, use a strategic merge with `$patch: delete`",
            Self::TooDeep { .. } | Self::TooMuchCopied { .. } | Self::NotJson(_) => return None,
        })
    }
}

/// How far a path leads, and what stands there: names of fields, no values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct There {
    /// The path; empty for the object itself.
    path: String,
    what: String,
}

/// So many names of fields are told.
const NAMES_MAX: usize = 12;

impl There {
    pub(super) fn of(path: &str, node: &Node) -> Self {
        let what = match node {
            Node::Map(map) if map.is_empty() => "is an empty map".to_owned(),
            Node::Map(map) => {
                let names: Vec<&str> = map.iter().map(|(key, _)| key).take(NAMES_MAX).collect();
                format!("has {}{}", names.join(", "), if map.len() > NAMES_MAX { ", …" } else { "" })
            }
            Node::Seq(seq) => format!("is a list of {}", items(seq.items.len())),
            Node::Scalar(_) => format!("is {}", node.kind_name()),
        };
        Self { path: path.to_owned(), what }
    }
}

impl std::fmt::Display for There {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_empty() {
            write!(f, "the object {}", self.what)
        } else {
            write!(f, "`{}` {}", self.path, self.what)
        }
    }
}

fn items(count: usize) -> String {
    if count == 1 { "1 item".to_owned() } else { format!("{count} items") }
}

pub(super) fn operations(patch: &JsonPatch, root: &mut Node) -> Result<(), ApplyError> {
    let copied = Cell::new(0);
    let step = |(index, operation)| Step { index, operation, copied: &copied }.apply(root);
    patch.operations.iter().enumerate().try_for_each(step)
}

/// As deep as the YAML reader goes; what is deeper cannot be written.
const DEPTH_MAX: usize = 1000;

/// How many collections lie in each other.
fn depth(node: &Node) -> usize {
    match node {
        Node::Scalar(_) => 0,
        Node::Seq(seq) => 1 + seq.items.iter().map(depth).max().unwrap_or_default(),
        Node::Map(map) => 1 + map.iter().map(|(_, value)| depth(value)).max().unwrap_or_default(),
    }
}

struct Step<'p> {
    index: usize,
    operation: &'p Operation,
    /// What was copied so far, by all operations.
    copied: &'p Cell<usize>,
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
                let copied = match self.read(root, self.from()?)? {
                    Some(node) => {
                        self.copied.set(self.copied.get() + weight::of(node));
                        if self.copied.get() > weight::COPIES_MAX {
                            return Err(ApplyError::TooMuchCopied { index: self.index });
                        }
                        node.clone()
                    }
                    None => Node::null(),
                };
                self.add(root, self.path()?, copied)
            }
            "test" => self.test(root),
            _ => Err(ApplyError::UnknownVerb { index: self.index, verb: self.verb() }),
        }
    }

    fn add(&self, root: &mut Node, path: &str, value: Node) -> Result<(), ApplyError> {
        self.check_depth(path, &value)?;
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
            Node::Scalar(_) => Err(self.missing_place(path, holder)),
        }
    }

    fn remove(&self, root: &mut Node, path: &str) -> Result<Node, ApplyError> {
        let (holder, last) = self.holder(root, path)?;
        match holder {
            Node::Map(map) => match map.remove(&last) {
                Some(value) => Ok(value),
                None => Err(self.missing_place(path, holder)),
            },
            Node::Seq(seq) => {
                let length = seq.items.len();
                let at = index(&last, length).ok_or_else(|| self.bad_index(path, length))?;
                Ok(seq.items.remove(at))
            }
            Node::Scalar(_) => Err(self.missing_place(path, holder)),
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
        self.check_depth(path, &value)?;
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
            Node::Scalar(_) => Err(self.missing_place(path, holder)),
        }
    }

    fn check_depth(&self, path: &str, value: &Node) -> Result<(), ApplyError> {
        let depth = path.matches('/').count() + depth(value);
        if depth > DEPTH_MAX {
            return Err(ApplyError::TooDeep { index: self.index, max: DEPTH_MAX });
        }
        Ok(())
    }

    fn test(&self, root: &mut Node) -> Result<(), ApplyError> {
        let path = self.path()?;
        let found = if path.is_empty() { Some(&*root) } else { self.read(root, path)? };
        let wanted = &self.operation.value;
        let equal = found.map_or_else(|| wanted.is_null(), |found| same(found, wanted));
        if equal {
            return Ok(());
        }
        let found = found.map_or("missing", Node::kind_name);
        Err(ApplyError::TestFailed { index: self.index, path: path.to_owned(), found, wanted: wanted.kind_name() })
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
            Node::Scalar(_) => Err(self.missing_place(path, holder)),
        }
    }

    fn holder<'n>(&self, root: &'n mut Node, path: &str) -> Result<(&'n mut Node, String), ApplyError> {
        let Some(pointer) = Pointer::parse(path) else {
            return Err(self.missing_path(path, path.to_owned(), There::of("", root)));
        };
        // Asked first: the holder borrows the tree for as long as the answer lives.
        if pointer.holder(root).is_none() {
            let (deepest, node, missing) = pointer.deepest(root);
            return Err(self.missing_path(path, missing, There::of(&deepest, node)));
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

    fn missing_path(&self, path: &str, missing: String, there: There) -> ApplyError {
        ApplyError::MissingPath { index: self.index, verb: self.verb(), path: path.to_owned(), missing, there }
    }

    fn missing_place(&self, path: &str, holder: &Node) -> ApplyError {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        ApplyError::MissingPlace {
            index: self.index,
            verb: self.verb(),
            path: path.to_owned(),
            there: There::of(parent, holder),
        }
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
