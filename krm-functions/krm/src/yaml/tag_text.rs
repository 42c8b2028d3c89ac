//! Tags as text: `!!int`, `!name`, `!<uri>`. Must not know what tags mean.

use super::build::YAML_PREFIX;
use super::chars::is_word;
use super::write::Writer;

/// A tag cut into handle and suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TagText<'a> {
    handle: &'static str,
    suffix: &'a str,
}

/// `tag` in its short or long form; `None` for no tag.
pub(super) fn tag_text(tag: &str) -> Option<TagText<'_>> {
    let (handle, suffix) = if let Some(suffix) = tag.strip_prefix("!!").or_else(|| tag.strip_prefix(YAML_PREFIX)) {
        ("!!", suffix)
    } else if let Some(suffix) = tag.strip_prefix('!') {
        ("!", suffix)
    } else {
        ("", tag)
    };
    (!handle.is_empty() || !suffix.is_empty()).then_some(TagText { handle, suffix })
}

impl TagText<'_> {
    pub(super) fn len(self) -> usize {
        self.handle.len() + self.suffix.len()
    }

    pub(super) fn write(self, writer: &mut Writer<'_>) {
        if self.handle.is_empty() {
            writer.write_indicator("!<", true, false, false);
            writer.write_indicator(&escape(self.suffix), false, false, false);
            writer.write_indicator(">", false, false, false);
        } else {
            writer.write_indicator(self.handle, true, false, false);
            writer.write_indicator(&escape(self.suffix), false, false, false);
        }
        writer.indention = false;
    }
}

fn escape(suffix: &str) -> String {
    let mut out = String::with_capacity(suffix.len());
    for byte in suffix.bytes() {
        if is_word(byte) || b";/?:@&=+$,.~*'()[]".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
        }
    }
    out
}
