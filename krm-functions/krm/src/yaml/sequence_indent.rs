//! How lists in maps are indented, and which way a text does it. Must not know trees.

/// How lists in maps are indented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SequenceIndent {
    /// At their key's column.
    #[default]
    Compact,
    /// Two columns deeper.
    Wide,
}

impl SequenceIndent {
    /// The way of the first list in `text` that lies one way or the other, as kyaml looks for it.
    pub fn of(text: &str) -> Self {
        let lines: Vec<&str> = text.split('\n').collect();
        for (number, line) in lines.iter().enumerate() {
            let Some((before, _)) = line.split_once("- ") else { continue };
            if before.bytes().any(|b| b != b' ') {
                continue;
            }
            let key_line = key_line_before(&lines[..number]);
            let key = key_line.trim_matches(' ');
            // A line with more than one colon is text that looks like a list's key.
            if key.bytes().filter(|&b| b == b':').count() != 1 || !key.ends_with(':') {
                continue;
            }
            let key_column = key_line.len() - key_line.trim_start_matches(' ').len();
            match before.len().checked_sub(key_column) {
                Some(0) => return Self::Compact,
                Some(2) => return Self::Wide,
                _ => {}
            }
        }
        Self::Compact
    }
}

/// The last line that is no comment, without a comment behind it.
fn key_line_before<'a>(lines: &[&'a str]) -> &'a str {
    let line = lines.iter().rev().find(|line| !line.trim_matches(' ').starts_with('#'));
    line.map_or("", |line| line.split('#').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_list_decides() {
        assert_eq!(SequenceIndent::of("a:\n- b\nc:\n  - d\n"), SequenceIndent::Compact);
        assert_eq!(SequenceIndent::of("a: # x\n  # y\n  - b\nc:\n- d\n"), SequenceIndent::Wide);
        assert_eq!(SequenceIndent::of("a: |\n  x: y:\n  - b\nc:\n  - d\n"), SequenceIndent::Wide);
        assert_eq!(SequenceIndent::of("- a\n- b\n"), SequenceIndent::Compact);
        assert_eq!(SequenceIndent::of("a: b\n"), SequenceIndent::Compact);
    }
}
