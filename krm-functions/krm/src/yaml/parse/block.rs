//! Block collections in the grammar. Must not know what tags and anchors mean.

use super::{Context, Parser, State, behind, fail};
use crate::yaml::scan::{Scan, TokenKind};

impl Parser<'_, '_> {
    /// Takes the `-`. A head comment that waited before it belongs to the collection that starts behind it.
    pub(super) fn take_entry(&mut self) -> Scan<()> {
        let stem = self.comments.head.len();
        self.scanner.take();
        if stem == 0 {
            return Ok(());
        }
        let (kind, _) = self.peek()?;
        if matches!(kind, TokenKind::BlockSequenceStart | TokenKind::BlockMappingStart) {
            let rest = self.comments.head.get(stem + 1..).unwrap_or_default().to_owned();
            self.comments.head.truncate(stem);
            self.stem_comment = std::mem::replace(&mut self.comments.head, rest);
        }
        Ok(())
    }

    pub(super) fn block_sequence_entry(&mut self) -> Scan<()> {
        let (kind, place) = self.peek()?;
        match kind {
            TokenKind::BlockEntry => {
                self.take_entry()?;
                self.state = State::BlockSequenceEntry;
                if matches!(self.peek()?.0, TokenKind::BlockEntry | TokenKind::BlockEnd) {
                    return self.empty_scalar(behind(place));
                }
                self.states.push(State::BlockSequenceEntry);
                self.node(Context::Block)
            }
            TokenKind::BlockEnd => {
                self.scanner.take();
                self.end(place, false)
            }
            _ => fail(place, "did not find expected '-' indicator"),
        }
    }

    pub(super) fn indentless_sequence_entry(&mut self) -> Scan<()> {
        let (kind, place) = self.peek()?;
        if kind != TokenKind::BlockEntry {
            return self.end(place, false);
        }
        self.take_entry()?;
        self.state = State::IndentlessSequenceEntry;
        let next = self.peek()?.0;
        if matches!(next, TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd) {
            return self.empty_scalar(behind(place));
        }
        self.states.push(State::IndentlessSequenceEntry);
        self.node(Context::Block)
    }

    pub(super) fn block_mapping_key(&mut self) -> Scan<()> {
        let (kind, place) = self.peek()?;
        match kind {
            TokenKind::Key => {
                self.scanner.take();
                self.state = State::BlockMappingValue;
                let next = self.peek()?.0;
                if matches!(next, TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd) {
                    return self.empty_scalar(behind(place));
                }
                self.states.push(State::BlockMappingValue);
                self.node(Context::BlockOrIndentless)
            }
            TokenKind::BlockEnd => {
                self.scanner.take();
                self.end(place, true)
            }
            _ => fail(place, "did not find expected key"),
        }
    }

    pub(super) fn block_mapping_value(&mut self) -> Scan<()> {
        let (kind, place) = self.peek()?;
        self.state = State::BlockMappingKey;
        if kind != TokenKind::Value {
            return self.empty_scalar(place);
        }
        self.scanner.take();
        let next = self.peek()?.0;
        if matches!(next, TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd) {
            return self.empty_scalar(behind(place));
        }
        self.states.push(State::BlockMappingKey);
        self.node(Context::BlockOrIndentless)
    }
}
