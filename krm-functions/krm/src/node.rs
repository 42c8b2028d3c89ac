//! The value tree. Owns the shape of a YAML or JSON document in memory; must not know any syntax (see [`crate::yaml`]).
//!
//! A scalar keeps its *text* and its resolved tag instead of a parsed number: `0644`, `1.10` and `1e3` stay what the author
//! wrote until an emitter decides how to print them, as in kustomize, whose transformers compare and copy node texts.

use compact_str::CompactString;
use zeroize::Zeroize;

/// Text of a scalar; short ones live inline, without an allocation.
pub type Text = CompactString;

/// Where a node starts in its source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// Line, from 1; 0 for a node that no file holds.
    pub line: u32,
    /// Column in characters, from 1; 0 for a node that no file holds.
    pub column: u32,
}

/// What a scalar (or a tagged collection) is, in go-yaml's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tag {
    /// Not resolved yet: emitters resolve the text as if it were read plain. Nodes made by transformers that kustomize makes
    /// without a tag carry it, so that `"3"` copied into `spec.replicas` is printed as a number.
    #[default]
    Unset,
    /// `!!null`
    Null,
    /// `!!bool`
    Bool,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!str`
    Str,
    /// `!!timestamp`
    Timestamp,
    /// `!!binary`; the text is the base64 form as written.
    Binary,
    /// `!!merge`, the key `<<`
    Merge,
    /// `!!map`, on mappings only
    Map,
    /// `!!seq`, on sequences only
    Seq,
    /// Any other tag; its spelling is kept in [`Extra::tag`].
    Custom,
}

/// How a node was written, and how the function profile writes it again. The build profile ignores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Style {
    /// Plain scalar or block collection.
    #[default]
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// `{…}` or `[…]`
    Flow,
}

/// What few nodes have: an explicit foreign tag, comments, a twin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extra {
    /// Not 0: scalars of one resource with this number are one node to kustomize, which puts the same label node into
    /// several places; a change in place of one is a change of all. Parsers leave it 0.
    pub shared: u32,
    /// The tag as written (`!foo`), for [`Tag::Custom`].
    pub tag: Option<Box<str>>,
    /// Comment lines above the node, each with its `#`.
    pub head_comment: Box<str>,
    /// Comment behind the node on its line, with its `#`.
    pub line_comment: Box<str>,
    /// Comment lines below the node, before an empty line or the end.
    pub foot_comment: Box<str>,
}

/// A scalar: text, tag and style. Equality compares text and tag only.
#[derive(Debug, Clone, Default)]
pub struct Scalar {
    /// The value's text after unquoting and folding, before any conversion.
    pub text: Text,
    /// What the text is.
    pub tag: Tag,
    /// How it was written.
    pub style: Style,
    /// Where it was written.
    pub mark: Mark,
    /// Tag spelling and comments.
    pub extra: Option<Box<Extra>>,
}

/// A list. Equality compares items only.
#[derive(Debug, Clone, Default)]
pub struct Sequence {
    /// The items in order.
    pub items: Vec<Node>,
    /// [`Style::Plain`] (block) or [`Style::Flow`].
    pub style: Style,
    /// Where it starts.
    pub mark: Mark,
    /// Tag spelling and comments.
    pub extra: Option<Box<Extra>>,
}

/// One `key: value` of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key; its tag matters (an integer key cannot be printed by the build profile).
    pub key: Scalar,
    /// The value.
    pub value: Node,
}

/// A map in the author's order. Keys are unique by text: the parser refuses duplicates, [`Mapping::set`] replaces.
/// Equality compares entries in order.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    /// The entries in order.
    pub entries: Vec<Entry>,
    /// [`Style::Plain`] (block) or [`Style::Flow`].
    pub style: Style,
    /// Where it starts.
    pub mark: Mark,
    /// Tag spelling and comments.
    pub extra: Option<Box<Extra>>,
}

/// A node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A leaf.
    Scalar(Scalar),
    /// A list.
    Seq(Sequence),
    /// A map.
    Map(Mapping),
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.tag == other.tag
    }
}

impl PartialEq for Sequence {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl PartialEq for Mapping {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl Scalar {
    /// A scalar of `tag`.
    pub fn new(text: impl Into<Text>, tag: Tag) -> Self {
        Self { text: text.into(), tag, ..Self::default() }
    }

    /// A string.
    pub fn string(text: impl Into<Text>) -> Self {
        Self::new(text, Tag::Str)
    }

    /// Is it a null, written or implied?
    pub fn is_null(&self) -> bool {
        self.tag == Tag::Null
    }
}

impl Node {
    /// A string scalar.
    pub fn string(text: impl Into<Text>) -> Self {
        Self::Scalar(Scalar::string(text))
    }

    /// A scalar that an emitter resolves as if it were read plain.
    pub fn unset(text: impl Into<Text>) -> Self {
        Self::Scalar(Scalar::new(text, Tag::Unset))
    }

    /// An integer.
    pub fn int(value: i64) -> Self {
        Self::Scalar(Scalar::new(value.to_string(), Tag::Int))
    }

    /// A boolean.
    pub fn bool(value: bool) -> Self {
        Self::Scalar(Scalar::new(if value { "true" } else { "false" }, Tag::Bool))
    }

    /// A null.
    pub fn null() -> Self {
        Self::Scalar(Scalar::new("null", Tag::Null))
    }

    /// An empty map.
    pub fn map() -> Self {
        Self::Map(Mapping::default())
    }

    /// A list of `items`.
    pub fn seq(items: Vec<Node>) -> Self {
        Self::Seq(Sequence { items, ..Sequence::default() })
    }

    /// The scalar's text, whatever its tag; `None` for collections and nulls.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Scalar(s) if !s.is_null() => Some(&s.text),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Mapping> {
        match self {
            Self::Map(m) => Some(m),
            _ => None,
        }
    }

    /// The map for changing, if it is one.
    pub fn as_map_mut(&mut self) -> Option<&mut Mapping> {
        match self {
            Self::Map(m) => Some(m),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn as_seq(&self) -> Option<&[Node]> {
        match self {
            Self::Seq(s) => Some(&s.items),
            _ => None,
        }
    }

    /// The items for changing, if it is a list.
    pub fn as_seq_mut(&mut self) -> Option<&mut Vec<Node>> {
        match self {
            Self::Seq(s) => Some(&mut s.items),
            _ => None,
        }
    }

    /// Is it a null scalar?
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(s) if s.is_null())
    }

    /// The value under `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }

    /// The value at a path of map keys.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The value at a path of map keys, for changing.
    pub fn at_mut(&mut self, path: &[&str]) -> Option<&mut Node> {
        path.iter().try_fold(self, |node, key| node.as_map_mut()?.get_mut(key))
    }

    /// The text at a path of map keys.
    pub fn str_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// Where the node starts in its source.
    pub fn mark(&self) -> Mark {
        match self {
            Self::Scalar(s) => s.mark,
            Self::Seq(s) => s.mark,
            Self::Map(m) => m.mark,
        }
    }

    /// What the node is, for error messages: `a map`, `a list`, `a string`, …
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Map(_) => "a map",
            Self::Seq(_) => "a list",
            Self::Scalar(s) => match s.tag {
                Tag::Null => "null",
                Tag::Bool => "a boolean",
                Tag::Int | Tag::Float => "a number",
                _ => "a string",
            },
        }
    }
}

/// Texts and comments are overwritten; the shape stays, so that this needs no recursion into a tree that is deep.
impl Zeroize for Node {
    fn zeroize(&mut self) {
        let mut open = vec![self];
        while let Some(node) = open.pop() {
            let extra = match node {
                Self::Scalar(scalar) => {
                    scalar.text.zeroize();
                    &mut scalar.extra
                }
                Self::Seq(seq) => {
                    open.extend(seq.items.iter_mut());
                    &mut seq.extra
                }
                Self::Map(map) => {
                    for entry in &mut map.entries {
                        entry.key.text.zeroize();
                        wipe_comments(&mut entry.key.extra);
                        open.push(&mut entry.value);
                    }
                    &mut map.extra
                }
            };
            wipe_comments(extra);
        }
    }
}

fn wipe_comments(extra: &mut Option<Box<Extra>>) {
    if let Some(extra) = extra {
        extra.head_comment.zeroize();
        extra.line_comment.zeroize();
        extra.foot_comment.zeroize();
    }
}

impl From<Mapping> for Node {
    fn from(map: Mapping) -> Self {
        Self::Map(map)
    }
}

impl Mapping {
    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Has it no entry?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Position of `key`.
    pub fn position(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|e| e.key.text == key)
    }

    /// The value under `key`.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|e| e.key.text == key).map(|e| &e.value)
    }

    /// Key and value of `key`.
    pub fn get_entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.key.text == key)
    }

    /// The value under `key`, for changing.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|e| e.key.text == key).map(|e| &mut e.value)
    }

    /// Has it `key`?
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Sets `key`, in place if it is there, else at the end. Returns the value that was there.
    pub fn set(&mut self, key: impl Into<Text>, value: Node) -> Option<Node> {
        let key = key.into();
        if let Some(slot) = self.get_mut(&key) {
            return Some(std::mem::replace(slot, value));
        }
        self.entries.push(Entry { key: Scalar::string(key), value });
        None
    }

    /// Takes `key` out, keeping the order of the rest.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        let at = self.position(key)?;
        Some(self.entries.remove(at).value)
    }

    /// The value under `key`, put there first (at the end) if it was missing.
    pub fn entry_or_insert_with(&mut self, key: &str, make: impl FnOnce() -> Node) -> &mut Node {
        let at = self.position(key).unwrap_or_else(|| {
            self.entries.push(Entry { key: Scalar::string(key), value: make() });
            self.entries.len() - 1
        });
        &mut self.entries[at].value
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.entries.iter().map(|e| (e.key.text.as_str(), &e.value))
    }

    /// Keys and values in order, for changing the values.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Node)> {
        self.entries.iter_mut().map(|e| (e.key.text.as_str(), &mut e.value))
    }
}

impl<K: Into<Text>> FromIterator<(K, Node)> for Mapping {
    fn from_iter<I: IntoIterator<Item = (K, Node)>>(iter: I) -> Self {
        let mut map = Self::default();
        for (key, value) in iter {
            map.set(key, value);
        }
        map
    }
}
