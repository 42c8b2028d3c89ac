//! Which styles a text can be written in, by libyaml's rules. Must not know trees.

use super::chars::{char_len, is_blank, is_blankz, is_break, is_printable};
use super::resolve::Dialect;

/// What the emitters need to know of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Analysis {
    /// It holds a line break.
    pub(super) multiline: bool,
    /// Plain outside of flow collections.
    pub(super) block_plain: bool,
    /// Plain inside of flow collections.
    pub(super) flow_plain: bool,
    pub(super) single_quoted: bool,
    /// Literal or folded.
    pub(super) block: bool,
}

const EMPTY: Analysis =
    Analysis { multiline: false, block_plain: true, flow_plain: false, single_quoted: true, block: false };

#[derive(Default)]
struct Findings {
    block_indicators: bool,
    flow_indicators: bool,
    breaks: bool,
    special: bool,
    tab: bool,
    outer_space: bool,
    trailing_space: bool,
    break_space: bool,
    space_break: bool,
}

/// Looks at every character of `text` once.
pub(super) fn analyze(text: &str, dialect: Dialect) -> Analysis {
    if text.is_empty() {
        return EMPTY;
    }
    let bytes = text.as_bytes();
    let mut found = Findings::default();
    if text.starts_with("---") || text.starts_with("...") {
        found.block_indicators = true;
        found.flow_indicators = true;
    }
    let (mut previous_space, mut previous_break, mut preceded) = (false, false, true);
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let next = at + char_len(byte);
        if byte.is_ascii_alphanumeric() {
            (previous_space, previous_break, preceded) = (false, false, false);
            at = next + bytes[next..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            continue;
        }
        let followed = next >= bytes.len() || is_blank(bytes[next]);
        note_indicator(&mut found, byte, at == 0, preceded, followed);
        found.tab |= byte == b'\t';
        found.special |= byte != b'\t' && !is_printable(bytes, at);
        let ends = at == 0 || next == bytes.len();
        if byte == b' ' {
            found.outer_space |= ends;
            found.trailing_space |= next == bytes.len();
            found.break_space |= previous_break;
            (previous_space, previous_break) = (true, false);
        } else if is_break(bytes, at) {
            found.breaks = true;
            found.outer_space |= ends;
            found.space_break |= previous_space;
            (previous_space, previous_break) = (false, true);
        } else {
            (previous_space, previous_break) = (false, false);
        }
        preceded = is_blankz(bytes, at);
        at = next;
    }
    conclude(&found, dialect)
}

fn note_indicator(found: &mut Findings, byte: u8, first: bool, preceded: bool, followed: bool) {
    match byte {
        b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@'
        | b'`'
            if first =>
        {
            found.flow_indicators = true;
            found.block_indicators = true;
        }
        b'-' if first && followed => {
            found.flow_indicators = true;
            found.block_indicators = true;
        }
        b':' => {
            found.flow_indicators = true;
            found.block_indicators |= followed;
        }
        b'?' => {
            found.flow_indicators = true;
            found.block_indicators |= first && followed;
        }
        b',' | b'[' | b']' | b'{' | b'}' => found.flow_indicators = true,
        b'#' if preceded => {
            found.flow_indicators = true;
            found.block_indicators = true;
        }
        _ => {}
    }
}

fn conclude(found: &Findings, dialect: Dialect) -> Analysis {
    // A block scalar can hold a tab; v2 does not trust its readers with one.
    let block_trouble = found.space_break || found.special || found.tab && dialect == Dialect::V2;
    let inner_trouble = block_trouble || found.tab;
    let plain = !found.outer_space && !found.break_space && !inner_trouble && !found.breaks;
    Analysis {
        multiline: found.breaks,
        block_plain: plain && !found.block_indicators,
        flow_plain: plain && !found.flow_indicators,
        single_quoted: !found.break_space && !inner_trouble,
        block: !found.trailing_space && !block_trouble,
    }
}
