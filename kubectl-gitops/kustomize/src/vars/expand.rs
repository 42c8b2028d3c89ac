//! `$(NAME)` within a text. Owns the syntax: `$$` is a `$`, an unknown name and an open bracket stay as they are.

use krm::pairs::base64_lines;
use krm::{Tag, Text};

use super::value::Value;

/// The text with values in the place of names, and its tag: a name that stands alone takes over the value's type.
pub(super) fn expand<'v>(text: &str, mut value_of: impl FnMut(&str) -> Option<&'v Value>) -> (Text, Tag) {
    let bytes = text.as_bytes();
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let last_close = text.rfind(')');
    let mut at = 0;
    while let Some(dollar) = bytes[at..].iter().position(|b| *b == b'$').map(|offset| at + offset) {
        let Some(next) = bytes.get(dollar + 1) else { break };
        out.extend_from_slice(&bytes[at..dollar]);
        let name =
            if *next == b'(' && last_close > Some(dollar + 1) { text[dollar + 2..].split_once(')') } else { None };
        match (*next, name) {
            (b'$', _) => {
                out.push(b'$');
                at = dollar + 2;
            }
            (b'(', Some((name, _))) => {
                let value = value_of(name);
                let whole = &text[dollar..=dollar + 2 + name.len()];
                if whole == text {
                    return value.and_then(Value::alone).unwrap_or_else(|| (text.into(), Tag::Str));
                }
                match value.and_then(Value::shown) {
                    Some(shown) => out.extend_from_slice(shown.as_bytes()),
                    None => out.extend_from_slice(whole.as_bytes()),
                }
                at = dollar + whole.len();
            }
            (other, _) => {
                out.push(b'$');
                // Go makes a character of the byte, which tears one of several bytes apart.
                out.extend_from_slice(char::from(other).encode_utf8(&mut [0; 4]).as_bytes());
                at = dollar + 2;
            }
        }
    }
    out.extend_from_slice(&bytes[at..]);
    (as_text(out), Tag::Str)
}

/// The bytes as text. What is none any more kustomize writes as base64.
fn as_text(bytes: Vec<u8>) -> Text {
    String::from_utf8(bytes).map_or_else(|error| base64_lines(error.as_bytes()).into(), Text::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_values() {
        let (text, number, map) = (Value::Text("web".into()), Value::Int(8080), Value::Collection("a map"));
        let value_of = |name: &str| match name {
            "NAME" => Some(&text),
            "PORT" => Some(&number),
            "MAP" => Some(&map),
            _ => None,
        };
        for (input, expected, tag) in [
            ("$(NAME)", "web", Tag::Str),
            ("$(PORT)", "8080", Tag::Int),
            ("$(NAME):$(PORT)", "web:8080", Tag::Str),
            ("$(PORT)$(PORT)", "80808080", Tag::Str),
            ("$(MAP)", "$(MAP)", Tag::Str),
            ("a $(MAP) $(NONE) $(NAME)", "a $(MAP) $(NONE) web", Tag::Str),
            ("$$(NAME)", "$(NAME)", Tag::Str),
            ("$$$(NAME)", "$web", Tag::Str),
            ("$(NAME", "$(NAME", Tag::Str),
            ("$(NAME$(PORT)", "$(NAME$(PORT)", Tag::Str),
            ("cost: 5$", "cost: 5$", Tag::Str),
            ("$", "$", Tag::Str),
            ("$a$(NAME)", "$aweb", Tag::Str),
            ("$()", "$()", Tag::Str),
            ("é$(NAME)é", "éwebé", Tag::Str),
            ("", "", Tag::Str),
            // The bytes 24 c3 83 a9.
            ("$é", "JMODqQ==", Tag::Str),
        ] {
            assert_eq!(expand(input, value_of), (expected.into(), tag), "{input}");
        }
    }
}
