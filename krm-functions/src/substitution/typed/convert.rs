//! Texts that become numbers, booleans, lists or maps because the manifest asks for it. Owns what counts as one; must not know
//! templates.

use krm::{Node, Scalar, Tag};

use super::template::Kind;

/// The value that `text` spells; `None` if it is none of that kind.
pub(super) fn convert(kind: Kind, text: &str) -> Option<Node> {
    let text = text.trim();
    match kind {
        Kind::Int => is_int(text).then(|| Node::Scalar(Scalar::new(text, Tag::Int))),
        Kind::Number if is_int(text) => Some(Node::Scalar(Scalar::new(text, Tag::Int))),
        Kind::Number => match json(text)? {
            serde_json::Value::Number(_) => Some(Node::Scalar(Scalar::new(text, Tag::Float))),
            _ => None,
        },
        Kind::Bool => match text {
            "true" => Some(Node::bool(true)),
            "false" => Some(Node::bool(false)),
            _ => None,
        },
        Kind::Json => Some(krm::yaml::from_json(&json(text)?)),
    }
}

/// What the kind is called.
pub(super) const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "a whole number",
        Kind::Number => "a number",
        Kind::Bool => "`true` or `false`",
        Kind::Json => "JSON",
    }
}

fn json(text: &str) -> Option<serde_json::Value> {
    serde_json::from_str(text).ok()
}

/// Decimal, without a leading zero, within 64 bits: nothing that another reader takes for something else.
fn is_int(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits == "0" && text == "0" || !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    plain && text.parse::<i64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_surely_meant_is_converted() {
        let shown = |kind, text| convert(kind, text).map(|node| krm::yaml::to_json(&node).unwrap().to_string());
        for (kind, text, expected) in [
            (Kind::Int, " 8080\n", Some("8080")),
            (Kind::Int, "-1", Some("-1")),
            (Kind::Int, "0", Some("0")),
            (Kind::Int, "-0", None),
            (Kind::Int, "010", None),
            (Kind::Int, "1.0", None),
            (Kind::Int, "", None),
            (Kind::Int, "99999999999999999999", None),
            (Kind::Number, "0.5", Some("0.5")),
            (Kind::Number, "1e3", Some("1000")),
            (Kind::Number, ".5", None),
            (Kind::Number, "true", None),
            (Kind::Bool, "true", Some("true")),
            (Kind::Bool, "yes", None),
            (Kind::Json, "[1, {\"a\": null}]", Some("[1,{\"a\":null}]")),
            (Kind::Json, "[1", None),
        ] {
            assert_eq!(shown(kind, text).as_deref(), expected, "{text}");
        }
    }
}
