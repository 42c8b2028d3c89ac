//! Tokens. Owns their shape; must not know how they are found.

use crate::{Style, Text};

/// A place in the scanned text. Columns count bytes: block structure only ever compares columns behind ASCII blanks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    /// Byte offset.
    pub(crate) index: usize,
    /// Line, from 0.
    pub(crate) line: u32,
    /// Byte column, from 0.
    pub(crate) column: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TokenKind {
    #[default]
    StreamEnd,
    VersionDirective,
    TagDirective,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Anchor,
    Tag,
    Scalar,
}

/// What a token carries.
#[derive(Debug, Clone, Default)]
pub(crate) enum Payload {
    #[default]
    None,
    /// A scalar whose text stands in the input as it is.
    Span(usize, usize),
    /// Text that had to be put together; an anchor's or alias's name.
    Text(Text),
    /// Handle and suffix of a tag; handle and prefix of a directive.
    Pair(Box<(String, String)>),
    /// Major and minor version.
    Version(u8, u8),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    /// Of a scalar.
    pub(crate) style: Style,
    pub(crate) start: Place,
    pub(crate) payload: Payload,
}

impl Token {
    pub(crate) fn new(kind: TokenKind, start: Place) -> Self {
        Self { kind, start, ..Self::default() }
    }
}
