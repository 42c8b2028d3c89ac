//! Numbers on their way through JSON: each becomes a double, and is spelled as go-yaml spells it. Owns that spelling.

use krm::{Scalar, Tag};

/// A number as it stands in an object after JSON.
pub(super) fn scalar(value: f64) -> Scalar {
    let text = shortest(value);
    let whole = text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    Scalar::new(text, if whole { Tag::Int } else { Tag::Float })
}

/// Go's shortest `%g`: scientific below 1e-4 and from a million on.
fn shortest(value: f64) -> String {
    if value == 0.0 {
        return if value.is_sign_negative() { "-0".to_owned() } else { "0".to_owned() };
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("Rust prints an exponent");
    let exponent: i32 = exponent.parse().expect("Rust prints it in digits");
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}
