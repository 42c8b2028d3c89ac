//! What can be wrong with YAML text, and where.

use crate::Mark;

/// Text that is refused, and the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{}:{}{}: {problem}", mark.line, mark.column, DocumentNumber(*document))]
pub struct ParseError {
    /// Name of the source.
    pub file: String,
    /// Index of the document, from 0.
    pub document: usize,
    /// Line and column, from 1.
    pub mark: Mark,
    /// What is wrong.
    pub problem: ParseProblem,
}

struct DocumentNumber(usize);

impl std::fmt::Display for DocumentNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 == 0 { Ok(()) } else { write!(f, " (document {})", self.0 + 1) }
    }
}

impl ParseError {
    pub(crate) fn new(file: &str, document: usize, mark: Mark, problem: ParseProblem) -> Self {
        Self { file: file.to_owned(), document, mark, problem }
    }
}

/// What is wrong with the text. Shows keys and places, but no values, which may be secret: an unquoted password that begins
/// with `*` or `!` is an unknown anchor or tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseProblem {
    /// The text is no YAML.
    #[error("{problem}")]
    Syntax {
        /// What the scanner or the parser expected or found.
        problem: &'static str,
    },
    /// A control character or another that no YAML stream may hold.
    #[error("control characters are not allowed (U+{code:04X})")]
    ForbiddenCharacter {
        /// Its code point.
        code: u32,
    },
    /// More text stands behind `---` than a comment.
    #[error("text stands behind the separator `---`")]
    InvalidSeparator,
    /// `*name` without an earlier `&name` in the document.
    #[error("this refers to an anchor, and there is none of that name before it")]
    UnknownAnchor,
    /// `*name` inside the node that `&name` marks.
    #[error("anchor `{name}` value contains itself")]
    RecursiveAnchor {
        /// Its name.
        name: String,
    },
    /// `&name` in a text that must be written again as it was.
    #[error("anchor `{name}` cannot be kept where the text is changed")]
    AnchorNotKept {
        /// Its name.
        name: String,
    },
    /// A tag handle that no `%TAG` declares.
    #[error("this is a tag whose handle no %TAG declares")]
    UndefinedTagHandle,
    /// `!!binary` with a text that is no base64.
    #[error("this is no base64")]
    InvalidBase64,
    /// A key twice in one map.
    #[error("mapping key `{key}` already defined at line {first_line}")]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it stands first.
        first_line: u32,
    },
    /// A list or a map as a key: no JSON has them.
    #[error("a map key must be a scalar, not {found}")]
    CollectionAsKey {
        /// What it is.
        found: &'static str,
    },
    /// `<<` with something that cannot be merged.
    #[error("map merge requires map or sequence of maps as the value, found {found}")]
    InvalidMerge {
        /// What it is.
        found: &'static str,
    },
    /// The text is larger than [`super::Limits::bytes_max`].
    #[error("the input has {bytes} bytes, more than the limit of {max}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// Collections lie deeper in each other than [`super::Limits::depth_max`].
    #[error("collections are nested deeper than {max} levels")]
    TooDeep {
        /// The limit.
        max: usize,
    },
    /// The document holds, or its aliases expand to, too many nodes.
    #[error("the document expands to more than {max} nodes{}", if *by_aliases { " through aliases" } else { "" })]
    TooManyNodes {
        /// The limit.
        max: usize,
        /// Did aliases make them?
        by_aliases: bool,
    },
}

impl ParseProblem {
    /// What to do about it, where something can be said.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Syntax { problem } => syntax_hint(problem),
            Self::ForbiddenCharacter { .. } => Some("write it as an escape within double quotes: \"\\x00\""),
            Self::InvalidSeparator => Some("put what follows `---` on a line of its own"),
            Self::UnknownAnchor => Some("quote the text if it is no alias; anchors hold within one document only"),
            Self::RecursiveAnchor { .. } | Self::AnchorNotKept { .. } => Some("write out what the alias stands for"),
            Self::UndefinedTagHandle => Some("quote the text if it is no tag"),
            Self::InvalidBase64 => Some("remove `!!binary` if the text is meant as it is"),
            Self::DuplicateKey { .. } => Some("remove one of them, or check the indentation"),
            Self::CollectionAsKey { .. } => Some("a text with braces, like a template, needs quotes"),
            Self::InvalidMerge { .. } => Some("quote `<<` if it is meant as a key"),
            Self::TooLarge { .. } => Some("split the file"),
            Self::TooDeep { .. } | Self::TooManyNodes { .. } => None,
        }
    }
}

/// What people nearly always did where the scanner or the parser says so.
fn syntax_hint(problem: &str) -> Option<&'static str> {
    Some(match problem {
        "found character that cannot start any token" => {
            "indent with blanks, not with tabs, and quote a text that begins with `@`, `` ` `` or `%`"
        }
        "found a tab character that violates indentation"
        | "found a tab character where an indentation space is expected" => "indent with blanks, not with tabs",
        "did not find expected key" | "did not find expected '-' indicator" => {
            "this line, or the one above, is indented otherwise than its neighbours, or a quote is closed too early"
        }
        "could not find expected ':'" => "a key lacks its `:`, or a text of several lines lacks its `|` or its quotes",
        "mapping values are not allowed in this context" => {
            "quote a text that holds `: `; else check the indentation of this line and the one above"
        }
        "block sequence entries are not allowed in this context" => "put `- ` on a line of its own below the key",
        "did not find expected ',' or ']'" | "did not find expected ',' or '}'" => {
            "a bracket or brace is not closed; quote a text that begins with one"
        }
        "found unexpected end of stream" | "found unexpected document indicator" => "a quote is not closed",
        "found unknown escape character" => "use single quotes, within which a backslash is only a backslash",
        "did not find expected alphabetic or numeric character" => "quote a text that begins with `*` or `&`",
        "did not find expected <document start>" => "separate documents with `---`",
        "did not find expected node content" => "quote the text",
        "did not find expected comment or line break" => "what follows `|` or `>` belongs on the next line",
        _ => return None,
    })
}

/// A tree that a profile cannot write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmitError {
    /// A key that is no string; JSON, which build output goes through, has no others below the top.
    #[error("{}key `{key}` is {found}, only strings can be map keys", At(path))]
    KeyNotString {
        /// Path of the map.
        path: String,
        /// The key.
        key: String,
        /// What it is.
        found: &'static str,
    },
    /// A key twice in one map.
    #[error("{}the key `{key}` stands in line {line} again, it is in line {first_line} already", At(path))]
    TwinKey {
        /// Path of the map.
        path: String,
        /// The key.
        key: String,
        /// Where it stands again.
        line: u32,
        /// Where it stands first.
        first_line: u32,
    },
    /// An infinity or not-a-number.
    #[error("{}`{text}` cannot be written as JSON", At(path))]
    NotFinite {
        /// Path of the scalar.
        path: String,
        /// Its text.
        text: String,
    },
    /// A text that is not what its tag says.
    #[error("{}the text cannot be decoded as {tag}", At(path))]
    TagMismatch {
        /// Path of the scalar.
        path: String,
        /// Its tag.
        tag: &'static str,
    },
    /// A character that kustomize's way through JSON refuses.
    #[error("{}control characters are not allowed (U+{code:04X})", At(path))]
    ForbiddenCharacter {
        /// Path of the scalar.
        path: String,
        /// Its code point.
        code: u32,
    },
    /// A key of more than 1022 characters, which kustomize cannot read back from its JSON.
    #[error("{}a key is longer than 1022 characters", At(path))]
    KeyTooLong {
        /// Path of the map.
        path: String,
    },
    /// What kustomize would print on its way is no YAML again.
    #[error("the text cannot be written and read back: {problem}")]
    NotReadable {
        /// Why not.
        problem: String,
    },
    /// The tree is nested too deeply to be written.
    #[error("collections are nested deeper than {max} levels")]
    TooDeep {
        /// The limit.
        max: usize,
    },
}

/// `path: `, or nothing at the top.
struct At<'a>(&'a str);

impl std::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "{}: ", self.0) }
    }
}

impl EmitError {
    /// What to do about it, where something can be said.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::KeyNotString { .. } => Some("quote the key"),
            Self::TwinKey { .. } => Some("remove one of them, or check the indentation"),
            Self::NotFinite { .. } => Some("quote it if it is meant as a text"),
            Self::TagMismatch { .. } => Some("remove the tag, or write what it says"),
            Self::ForbiddenCharacter { .. } => {
                Some("in a ConfigMap or Secret, binary content belongs in a generator's `files`")
            }
            Self::KeyTooLong { .. } | Self::NotReadable { .. } | Self::TooDeep { .. } => None,
        }
    }

    /// Makes it the error of the collection that holds the place under `step`.
    pub(super) fn within(&mut self, step: Step<'_>) {
        let path = match self {
            Self::KeyNotString { path, .. }
            | Self::TwinKey { path, .. }
            | Self::NotFinite { path, .. }
            | Self::TagMismatch { path, .. }
            | Self::ForbiddenCharacter { path, .. }
            | Self::KeyTooLong { path } => path,
            Self::NotReadable { .. } | Self::TooDeep { .. } => return,
        };
        let inner = std::mem::take(path);
        let dot = if inner.is_empty() || inner.starts_with('[') { "" } else { "." };
        *path = match step {
            Step::Key(key) => format!("{key}{dot}{inner}"),
            Step::Index(index) => format!("[{index}]{dot}{inner}"),
        };
    }
}

/// A step of the path that an error names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    Key(&'a str),
    Index(usize),
}
