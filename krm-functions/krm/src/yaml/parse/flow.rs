//! Flow collections in the grammar. Must not know what tags and anchors mean.

use super::{Context, Parser, State, behind, fail};
use crate::Style;
use crate::yaml::parse::Comments;
use crate::yaml::scan::{Scan, TokenKind};

impl Parser<'_, '_> {
    pub(super) fn flow_sequence_entry(&mut self, first: bool) -> Scan<()> {
        if first {
            self.scanner.take();
        }
        let (mut kind, mut place) = self.peek()?;
        if kind != TokenKind::FlowSequenceEnd {
            if !first {
                if kind != TokenKind::FlowEntry {
                    return fail(place, "did not find expected ',' or ']'");
                }
                self.scanner.take();
                (kind, place) = self.peek()?;
            }
            if kind == TokenKind::Key {
                self.state = State::FlowPairKey;
                let start = self.start(place, Style::Flow);
                self.builder.begin(start, true).map_err(|problem| (place, problem))?;
                self.scanner.take();
                return Ok(());
            }
            if kind != TokenKind::FlowSequenceEnd {
                self.states.push(State::FlowSequenceEntry);
                return self.node(Context::Flow);
            }
        }
        self.scanner.take();
        self.end(place, true)
    }

    pub(super) fn flow_pair_key(&mut self) -> Scan<()> {
        let (kind, place) = self.peek()?;
        if !matches!(kind, TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
            self.states.push(State::FlowPairValue);
            return self.node(Context::Flow);
        }
        // As in go-yaml, the token is lost here: `[? , a]` is an error there, too.
        self.scanner.take();
        self.state = State::FlowPairValue;
        self.empty_scalar(behind(place))
    }

    pub(super) fn flow_pair_value(&mut self) -> Scan<()> {
        let (kind, place) = self.peek()?;
        if kind == TokenKind::Value {
            self.scanner.take();
            let next = self.peek()?.0;
            if !matches!(next, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                self.states.push(State::FlowPairEnd);
                return self.node(Context::Flow);
            }
        }
        self.state = State::FlowPairEnd;
        self.empty_scalar(place)
    }

    pub(super) fn flow_pair_end(&mut self) -> Scan<()> {
        let (_, place) = self.peek()?;
        self.state = State::FlowSequenceEntry;
        self.builder.end(Comments::default()).map_err(|problem| (place, problem))
    }

    pub(super) fn flow_mapping_key(&mut self, first: bool) -> Scan<()> {
        if first {
            self.scanner.take();
        }
        let (mut kind, mut place) = self.peek()?;
        if kind != TokenKind::FlowMappingEnd {
            if !first {
                if kind != TokenKind::FlowEntry {
                    return fail(place, "did not find expected ',' or '}'");
                }
                self.scanner.take();
                (kind, place) = self.peek()?;
            }
            if kind == TokenKind::Key {
                self.scanner.take();
                let (next, next_place) = self.peek()?;
                if matches!(next, TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                    self.state = State::FlowMappingValue;
                    return self.empty_scalar(next_place);
                }
                self.states.push(State::FlowMappingValue);
                return self.node(Context::Flow);
            }
            if kind != TokenKind::FlowMappingEnd {
                self.states.push(State::FlowMappingEmptyValue);
                return self.node(Context::Flow);
            }
        }
        self.scanner.take();
        self.end(place, true)
    }

    pub(super) fn flow_mapping_value(&mut self) -> Scan<()> {
        let (mut kind, mut place) = self.peek()?;
        if kind == TokenKind::Value {
            self.scanner.take();
            (kind, place) = self.peek()?;
            if !matches!(kind, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                self.states.push(State::FlowMappingKey);
                return self.node(Context::Flow);
            }
        }
        self.state = State::FlowMappingKey;
        self.empty_scalar(place)
    }
}
