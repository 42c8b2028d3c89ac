//! Classes of characters, as libyaml sees them. Works on bytes of valid UTF-8; must not know tokens or trees.

/// Byte at `at`; 0 behind the end (a stream holds no 0 byte, the reader refuses it).
#[inline]
pub(super) fn byte_at(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// Space or tab.
#[inline]
pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Length in bytes of the line break at `at`, 0 if there is none. CR LF is one break.
#[inline]
pub(super) fn break_len(bytes: &[u8], at: usize) -> usize {
    match byte_at(bytes, at) {
        b'\n' => 1,
        b'\r' => 1 + usize::from(byte_at(bytes, at + 1) == b'\n'),
        byte => wide_break_len(bytes, at, byte),
    }
}

/// Length of a break that is not ASCII (NEL, LS, PS) and starts with `byte`.
#[inline]
fn wide_break_len(bytes: &[u8], at: usize, byte: u8) -> usize {
    match byte {
        0xC2 if byte_at(bytes, at + 1) == 0x85 => 2,
        0xE2 if byte_at(bytes, at + 1) == 0x80 && matches!(byte_at(bytes, at + 2), 0xA8 | 0xA9) => 3,
        _ => 0,
    }
}

#[inline]
pub(super) fn is_break(bytes: &[u8], at: usize) -> bool {
    break_len(bytes, at) > 0
}

/// A break or the end.
#[inline]
pub(super) fn is_breakz(bytes: &[u8], at: usize) -> bool {
    byte_at(bytes, at) == 0 || is_break(bytes, at)
}

/// A blank, a break or the end.
#[inline]
pub(super) fn is_blankz(bytes: &[u8], at: usize) -> bool {
    is_blank(byte_at(bytes, at)) || is_breakz(bytes, at)
}

/// What an anchor, a tag handle or a directive name is made of.
#[inline]
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Length of the character that starts with `byte`.
#[inline]
pub(super) fn char_len(byte: u8) -> usize {
    match byte {
        0..=0xBF => 1,
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        _ => 4,
    }
}

/// May a double-quoted scalar be avoided for this character? Tabs, C1 controls, BOM and all beyond the BMP need escapes.
#[inline]
pub(super) fn is_printable(bytes: &[u8], at: usize) -> bool {
    let next = |n| byte_at(bytes, at + n);
    match bytes[at] {
        b'\n' | 0x20..=0x7E | 0xC3..=0xEC | 0xEE => true,
        0xC2 => next(1) >= 0xA0,
        0xED => next(1) < 0xA0,
        0xEF => !(next(1) == 0xBB && next(2) == 0xBF || next(1) == 0xBF && matches!(next(2), 0xBE | 0xBF)),
        _ => false,
    }
}

/// Position of the first character that no YAML stream may hold (controls but tab, LF, CR and NEL; U+FFFE and U+FFFF).
pub(super) fn find_forbidden(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    for chunk in bytes.chunks(64) {
        // One pass without branches over what is nearly always plain printable ASCII.
        let odd = chunk.iter().fold(0, |odd, &b| odd | u8::from(b < 0x20 && b != b'\n') | u8::from(b >= 0x7F));
        if odd > 0
            && let Some(found) = (at..at + chunk.len()).find(|&i| is_forbidden(bytes, i))
        {
            return Some(found);
        }
        at += chunk.len();
    }
    None
}

fn is_forbidden(bytes: &[u8], at: usize) -> bool {
    let next = |n| byte_at(bytes, at + n);
    match bytes[at] {
        b'\t' | b'\n' | b'\r' => false,
        0..0x20 | 0x7F => true,
        0xC2 => next(1) < 0xA0 && next(1) != 0x85,
        0xEF => next(1) == 0xBF && next(2) >= 0xBE,
        _ => false,
    }
}
