//! A resource while it is being built, and the ordered set of them.
//!
//! Everything that kustomize keeps about a resource in annotations of the object itself (its former names, the prefixes it
//! was given, how a generator wants it merged) lives here, beside the object. Must not know transformers or files.

mod absorb;
mod bookkeeping;
mod index;
mod set;

use krm::node::Entry;
use krm::{Gvk, Mapping, Node, Origin, ResId, Scalar, Style, Tag, Text};

pub use crate::schema::NOT_NAMESPACED;
pub use absorb::AbsorbError;
pub use bookkeeping::{INTERNAL_ANNOTATIONS, take_bookkeeping, with_bookkeeping};
pub use set::{Conflict, DraftSet, LookupError};

use crate::fieldspec::set::quote_if_ambiguous;
use crate::schema::Schema;

/// What a generated resource does when its id is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behavior {
    /// Nothing was said: as `Create`.
    #[default]
    Unspecified,
    /// It must be new.
    Create,
    /// It takes the place of the one that is there.
    Replace,
    /// Its data goes over that of the one that is there.
    Merge,
}

impl Behavior {
    /// From the word in a kustomization; other words mean nothing was said.
    pub fn from_word(word: &str) -> Self {
        match word {
            "create" => Self::Create,
            "replace" => Self::Replace,
            "merge" => Self::Merge,
            _ => Self::Unspecified,
        }
    }

    /// The word, as kustomize prints it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Merge => "merge",
        }
    }
}

/// What a resource was called before. Group and version are always those it has now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerId {
    /// Kind at that time.
    pub kind: Text,
    /// Effective namespace at that time.
    pub namespace: Text,
    /// Name at that time.
    pub name: Text,
}

/// A resource being built. Its history is append-only; the first entry is what it was called in its file.
#[derive(Clone, PartialEq)]
pub struct Draft {
    /// The object: a mapping, or null once a patch deleted it.
    pub node: Node,
    /// Where it came from.
    pub origin: Origin,
    /// What is known about its kind: that of the set it is in.
    schema: Schema,
    history: Vec<FormerId>,
    /// Name prefixes it was given, innermost first.
    pub prefixes: Vec<Text>,
    /// Name suffixes it was given, innermost first.
    pub suffixes: Vec<Text>,
    /// How its generator wants it merged.
    pub behavior: Behavior,
    /// Will its name get a hash of its content?
    pub wants_hash: bool,
    /// Did a generator make it? Then kustomize keeps its behavior, even one that says nothing.
    pub generated: bool,
    /// As a patch: may it rename its target?
    pub allows_name_change: bool,
    /// As a patch: may it change its target's kind?
    pub allows_kind_change: bool,
    /// Did helm make it? Then `namespace` leaves it alone.
    pub from_helm: bool,
    /// May a key come twice in one of its maps? Then the first is the one that is found.
    pub has_twins: bool,
    /// Names of the vars that read from it.
    pub read_by_vars: Vec<String>,
}

/// What it is called and where it came from; its content may be secret.
impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut draft = f.debug_struct("Draft");
        draft.field("id", &self.id()).field("origin", &self.origin).field("history", &self.history);
        draft.field("behavior", &self.behavior).field("wants_hash", &self.wants_hash).finish_non_exhaustive()
    }
}

impl Draft {
    /// A resource as it was read.
    pub fn new(node: Node, origin: Origin) -> Self {
        Self {
            node,
            origin,
            schema: Schema::builtin(),
            history: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            behavior: Behavior::Unspecified,
            wants_hash: false,
            generated: false,
            allows_name_change: false,
            allows_kind_change: false,
            from_helm: false,
            has_twins: false,
            read_by_vars: Vec::new(),
        }
    }

    /// Was it deleted, or is there nothing in it?
    pub fn is_empty(&self) -> bool {
        match &self.node {
            Node::Map(map) => map.is_empty(),
            Node::Seq(seq) => seq.items.is_empty(),
            Node::Scalar(scalar) => scalar.is_null() || scalar.text.is_empty(),
        }
    }

    /// `apiVersion`; empty if there is none.
    pub fn api_version(&self) -> &str {
        self.node.api_version()
    }

    /// `kind`; empty if there is none.
    pub fn kind(&self) -> &str {
        self.node.kind()
    }

    /// `metadata.name`; empty if there is none.
    pub fn name(&self) -> &str {
        self.node.name()
    }

    /// `metadata.namespace`; empty if there is none.
    pub fn namespace(&self) -> &str {
        self.node.namespace()
    }

    /// Group, version and kind.
    pub fn gvk(&self) -> Gvk {
        self.node.gvk()
    }

    /// What it is called now.
    pub fn id(&self) -> ResId {
        self.node.id()
    }

    /// What it was called in its file.
    pub fn original_id(&self) -> ResId {
        self.history.first().map_or_else(|| self.id(), |former| self.with_former(former))
    }

    /// Everything it was called before, oldest first; not what it is called now unless it was noted.
    pub fn former_ids(&self) -> impl Iterator<Item = ResId> + '_ {
        self.history.iter().map(|former| self.with_former(former))
    }

    /// The same without building ids.
    pub fn history(&self) -> &[FormerId] {
        &self.history
    }

    fn with_former(&self, former: &FormerId) -> ResId {
        let mut gvk = self.gvk();
        gvk.kind.clone_from(&former.kind);
        ResId { gvk, namespace: former.namespace.clone(), name: former.name.clone() }
    }

    /// Notes what it is called now; to be done before its name, namespace or kind changes.
    pub fn remember_id(&mut self) {
        let id = self.id();
        let namespace = self.schema.effective_namespace(&id).into();
        self.history.push(FormerId { kind: id.gvk.kind, namespace, name: id.name });
        self.keep_annotations();
    }

    /// Does kustomize keep books about it, which it does in annotations of the object?
    pub fn has_books(&self) -> bool {
        !self.history.is_empty()
            || !self.prefixes.is_empty()
            || !self.suffixes.is_empty()
            || self.behavior != Behavior::Unspecified
            || self.wants_hash
            || self.generated
            || self.from_helm
    }

    /// Sees to it that there is a map of annotations, as there is where books are kept in them: patches and field
    /// specifications find it. It is gone again from the output if nothing else came into it.
    pub fn keep_annotations(&mut self) {
        let annotations = self.metadata_mut().entry_or_insert_with("annotations", Node::map);
        if annotations.is_null() {
            *annotations = Node::map();
        }
    }

    /// Forgets everything that kustomize keeps in annotations: somebody took the annotations away.
    pub fn forget_books(&mut self) {
        self.history.clear();
        self.prefixes.clear();
        self.suffixes.clear();
        self.behavior = Behavior::Unspecified;
        self.wants_hash = false;
        self.generated = false;
        self.from_helm = false;
    }

    /// The namespace in which it lives for comparisons (see [`Schema::effective_namespace`]).
    pub fn effective_namespace(&self) -> Text {
        self.schema.effective_namespace(&self.id()).into()
    }

    /// Is `id` what it is called now, or was called before?
    pub fn was_ever(&self, id: &ResId) -> bool {
        let name_matches = |name: &str| name == id.name;
        if !name_matches(self.name()) && !self.history.iter().any(|former| name_matches(&former.name)) {
            return false;
        }
        self.schema.same_id(&self.id(), id) || self.former_ids().any(|former| self.schema.same_id(&former, id))
    }

    /// Sets `metadata.name`.
    pub fn set_name(&mut self, name: &str) {
        put_text(self.metadata_mut(), "name", name);
    }

    /// Sets `metadata.namespace`; takes it out if `namespace` is empty.
    pub fn set_namespace(&mut self, namespace: &str) {
        if !namespace.is_empty() {
            put_text(self.metadata_mut(), "namespace", namespace);
        } else if let Some(metadata) = self.node.at_mut(&["metadata"]).and_then(Node::as_map_mut) {
            metadata.remove("namespace");
        }
    }

    /// Sets `kind`.
    pub fn set_kind(&mut self, kind: &str) {
        put_text(map_mut(&mut self.node), "kind", kind);
    }

    /// Sets `apiVersion` and `kind`.
    pub fn set_gvk(&mut self, gvk: &Gvk) {
        let map = map_mut(&mut self.node);
        put_text(map, "apiVersion", &gvk.api_version());
        put_text(map, "kind", &gvk.kind);
    }

    /// Value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.node.annotation(key)
    }

    /// `metadata`, made if it is missing.
    pub fn metadata_mut(&mut self) -> &mut Mapping {
        map_mut(map_mut(&mut self.node).entry_or_insert_with("metadata", Node::map))
    }
}

/// Adds a text under a key, as kustomize adds generated ones. The key is written bare: one that reads as a number or a boolean
/// becomes one, and cannot be printed then. The text is styled by what it holds, and keeps that style when it is patched: `7`
/// over a generated `"5"` stays a text.
pub fn push_bare(map: &mut Mapping, key: impl Into<Text>, text: impl Into<Text>) {
    let mut value = Scalar::string(text);
    if value.text.contains('\n') {
        value.style = Style::Literal;
    } else {
        quote_if_ambiguous(&mut value);
    }
    map.entries.push(Entry { key: Scalar::new(key, Tag::Unset), value: Node::Scalar(value) });
}

/// Writes a text over a field in the style that the field has: over a quoted one it is a string whatever it looks like, over a
/// plain one it is what it looks like (`"123"` stays a string, `123` stays a number). A new field is a string.
pub fn put_text(map: &mut Mapping, key: &str, text: &str) {
    if let Some(node) = map.get_mut(key) {
        write_text(node, text);
        return;
    }
    // Without a tag, nothing at all is printed of an empty text, and that reads as null.
    let mut scalar = if text.is_empty() { Scalar::new("", Tag::Unset) } else { Scalar::string(text) };
    if !text.is_empty() {
        quote_if_ambiguous(&mut scalar);
    }
    map.set(key, Node::Scalar(scalar));
}

/// The same over a node.
pub fn write_text(node: &mut Node, text: &str) {
    let style = if let Node::Scalar(scalar) = &*node { scalar.style } else { Style::Plain };
    let tag = if style == Style::Plain { Tag::Unset } else { Tag::Str };
    *node = Node::Scalar(Scalar { style, mark: node.mark(), ..Scalar::new(text, tag) });
}

fn map_mut(node: &mut Node) -> &mut Mapping {
    if node.as_map().is_none() {
        *node = Node::map();
    }
    node.as_map_mut().expect("made a map just above")
}
