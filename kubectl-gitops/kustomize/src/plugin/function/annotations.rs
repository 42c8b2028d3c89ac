//! The annotations in which kyaml tells items of a ResourceList apart on their way through a function. Owns which there are and
//! what is done to them before and after; must not know drafts or processes.
//!
//! Each has two names, an old one and a new one, and much of the work is to keep both alike.

use krm::{Mapping, Node, Scalar, Style};

/// What kyaml keeps of an item, under an old and a new name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Path,
    Index,
    Id,
}

const ALL: [Kept; 3] = [Kept::Path, Kept::Index, Kept::Id];

/// The number of an item while it is on its way.
const MIGRATION_ID: &str = "internal.config.kubernetes.io/annotations-migration-resource-id";
/// How the lists of an item's file are indented.
const SEQUENCE_INDENT: &str = "internal.config.kubernetes.io/seqindent";

impl Kept {
    const fn old_name(self) -> &'static str {
        match self {
            Self::Path => "config.kubernetes.io/path",
            Self::Index => "config.kubernetes.io/index",
            Self::Id => "config.k8s.io/id",
        }
    }

    const fn new_name(self) -> &'static str {
        match self {
            Self::Path => "internal.config.kubernetes.io/path",
            Self::Index => "internal.config.kubernetes.io/index",
            Self::Id => "internal.config.kubernetes.io/id",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Index => "index",
            Self::Id => "id",
        }
    }
}

/// What an item says under the new names, and under the old ones, before a function gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Before {
    path: String,
    index: String,
}

/// The two names of one annotation say different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mismatch {
    /// `path`, `index` or `id`.
    pub(super) what: &'static str,
}

/// An annotation's text; empty if there is none.
pub(super) fn get<'n>(item: &'n Node, key: &str) -> &'n str {
    let value = item.at(&["metadata", "annotations", key]);
    value.and_then(Node::as_str).unwrap_or_default()
}

/// Sets an annotation as kyaml does: in single quotes, at the end if it is new.
pub(super) fn set(item: &mut Node, key: &str, text: &str) {
    let Some(root) = item.as_map_mut() else { return };
    let metadata = root.entry_or_insert_with("metadata", Node::map);
    if metadata.is_null() {
        *metadata = Node::map();
    }
    let Some(metadata) = metadata.as_map_mut() else { return };
    let annotations = metadata.entry_or_insert_with("annotations", Node::map);
    if annotations.is_null() {
        *annotations = Node::map();
    }
    if let Some(annotations) = annotations.as_map_mut() {
        annotations.set(key, Node::Scalar(Scalar { style: Style::SingleQuoted, ..Scalar::string(text) }));
    }
}

/// Takes an annotation out.
pub(super) fn clear(item: &mut Node, key: &str) {
    if let Some(annotations) = annotations_mut(item) {
        annotations.remove(key);
    }
}

fn annotations_mut(item: &mut Node) -> Option<&mut Mapping> {
    item.at_mut(&["metadata", "annotations"]).and_then(Node::as_map_mut)
}

/// Where one of two names has a value, the other gets it.
fn copy_over(item: &mut Node) {
    for kept in ALL {
        let (new, old) = (get(item, kept.new_name()).to_owned(), get(item, kept.old_name()).to_owned());
        match (new.is_empty(), old.is_empty()) {
            (false, true) => set(item, kept.old_name(), &new),
            (true, false) => set(item, kept.new_name(), &old),
            _ => {}
        }
    }
}

fn check(item: &Node) -> Result<(), Mismatch> {
    for kept in ALL {
        let (new, old) = (get(item, kept.new_name()), get(item, kept.old_name()));
        if !new.is_empty() && !old.is_empty() && new != old {
            return Err(Mismatch { what: kept.word() });
        }
    }
    Ok(())
}

/// An item was read from a stream, as its document number `index`.
pub(super) fn on_reading(item: &mut Node, index: usize) {
    copy_over(item);
    set(item, Kept::Index.old_name(), &index.to_string());
    set(item, Kept::Index.new_name(), &index.to_string());
}

/// An item sets out for a function, at a position among its like.
///
/// # Errors
/// Two names of one annotation disagree.
pub(super) fn on_sending(item: &mut Node, position: usize) -> Result<Before, Mismatch> {
    set(item, MIGRATION_ID, &position.to_string());
    let either = |kept: Kept| {
        let new = get(item, kept.new_name());
        if new.is_empty() { get(item, kept.old_name()).to_owned() } else { new.to_owned() }
    };
    let before = Before { path: either(Kept::Path), index: either(Kept::Index) };
    copy_over(item);
    check(item)?;
    let id = (position + 1).to_string();
    set(item, Kept::Id.new_name(), &id);
    set(item, Kept::Id.old_name(), &id);
    Ok(before)
}

/// The position at which an item set out that came back, if it still says so.
pub(super) fn sent_at(item: &Node) -> Option<usize> {
    let annotations = item.at(&["metadata", "annotations"])?;
    let id = annotations.get(Kept::Id.new_name()).or_else(|| annotations.get(Kept::Id.old_name()))?;
    id.as_str()?.parse::<usize>().ok()?.checked_sub(1)
}

/// An item that set out came back.
pub(super) fn forget_id(item: &mut Node) {
    clear(item, Kept::Id.new_name());
    clear(item, Kept::Id.old_name());
}

/// An item came back from a function: it gets a path if it has none.
pub(super) fn default_path(item: &mut Node) {
    copy_over(item);
    if item.at(&["metadata", "annotations", Kept::Path.new_name()]).is_some() {
        return;
    }
    let text = |path: &[&str]| item.str_at(path).unwrap_or_default().to_owned();
    let name = format!("{}_{}.yaml", text(&["kind"]).to_lowercase(), text(&["metadata", "name"]));
    let namespace = text(&["metadata", "namespace"]);
    let path = if namespace.is_empty() { name } else { format!("{namespace}/{name}") };
    set(item, Kept::Path.new_name(), &path);
    set(item, Kept::Path.old_name(), &path);
}

/// A function may have changed either of two names; `before` holds what items said before they set out, by number.
///
/// # Errors
/// It changed both, to different things.
pub(super) fn reconcile(item: &mut Node, before: &[Before]) -> Result<(), Mismatch> {
    copy_over(item);
    let number = get(item, MIGRATION_ID).parse::<usize>().ok();
    if let Some(before) = number.and_then(|number| before.get(number)) {
        reconcile_one(item, Kept::Path, &before.path)?;
        reconcile_one(item, Kept::Index, &before.index)?;
    }
    check(item)?;
    clear(item, MIGRATION_ID);
    Ok(())
}

fn reconcile_one(item: &mut Node, kept: Kept, before: &str) -> Result<(), Mismatch> {
    if before.is_empty() {
        return Ok(());
    }
    let (new, old) = (get(item, kept.new_name()).to_owned(), get(item, kept.old_name()).to_owned());
    if before != new && before != old && new != old {
        return Err(Mismatch { what: kept.word() });
    }
    if before != new {
        set(item, kept.old_name(), &new);
    } else if before != old {
        set(item, kept.new_name(), &old);
    }
    Ok(())
}

/// An item leaves the functions' world.
pub(super) fn on_writing(item: &mut Node) {
    for key in [Kept::Index.new_name(), Kept::Index.old_name(), SEQUENCE_INDENT] {
        clear(item, key);
    }
    let Some(metadata) = item.at_mut(&["metadata"]).and_then(Node::as_map_mut) else { return };
    let empty = |node: &Node| node.is_null() || node.as_map().is_some_and(Mapping::is_empty);
    if metadata.get("annotations").is_some_and(empty) {
        metadata.remove("annotations");
    }
}

/// The path of the file that an item belongs to; empty if it has none.
pub(super) fn path(item: &Node) -> &str {
    let new = get(item, Kept::Path.new_name());
    if new.is_empty() { get(item, Kept::Path.old_name()) } else { new }
}
