//! Would a YAML 1.1 reader take a plain text for something else than a text? Owns that question only; the resolver that
//! decides about output is in `krm::yaml`.

/// kustomize asks this before it puts a text into a field, and quotes it if the answer is yes. Timestamps are texts here.
pub(super) fn is_ambiguous(text: &str) -> bool {
    let Some(first) = text.bytes().next() else { return false };
    if text.contains('\n') {
        return false;
    }
    match first {
        b'[' | b'{' => closes(text),
        b'#' | b'~' if text.len() == 1 || first == b'#' => true,
        b'-' | b'?' if text.len() == 1 || text.as_bytes()[1] == b' ' => true,
        b'"' | b'\'' | b'&' | b'*' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`' => false,
        _ => is_word(text) || is_number(text) || text.ends_with(':') || text.contains(": "),
    }
}

fn closes(text: &str) -> bool {
    text.ends_with(']') || text.ends_with('}')
}

fn is_word(text: &str) -> bool {
    matches!(
        text,
        "y" | "Y"
            | "yes"
            | "Yes"
            | "YES"
            | "on"
            | "On"
            | "ON"
            | "true"
            | "True"
            | "TRUE"
            | "n"
            | "N"
            | "no"
            | "No"
            | "NO"
            | "off"
            | "Off"
            | "OFF"
            | "false"
            | "False"
            | "FALSE"
            | "null"
            | "Null"
            | "NULL"
            | ".nan"
            | ".NaN"
            | ".NAN"
            | ".inf"
            | ".Inf"
            | ".INF"
            | "+.inf"
            | "+.Inf"
            | "+.INF"
            | "-.inf"
            | "-.Inf"
            | "-.INF"
    )
}

fn is_number(text: &str) -> bool {
    if !matches!(text.as_bytes()[0], b'0'..=b'9' | b'+' | b'-' | b'.') {
        return false;
    }
    let plain = text.replace('_', "");
    is_integer(&plain) || is_float(&plain)
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = digits.to_ascii_lowercase();
    let radix = |prefix: &str, radix| {
        lower
            .strip_prefix(prefix)
            .is_some_and(|d| !d.is_empty() && d.chars().all(|c| c.is_digit(radix)) && d.len() <= 64)
    };
    radix("0x", 16)
        || radix("0b", 2)
        || radix("0o", 8)
        || (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let whole = match mantissa.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    whole && exponent
}

#[cfg(test)]
mod tests {
    use super::is_ambiguous;

    #[test]
    fn what_yaml_11_takes_for_something_else() {
        for text in
            ["1", "0x1F", "0o17", "1_000", "1.5", ".5", "1e3", "yes", "off", "Null", "~", "a: b", "# c", "- x", "[]"]
        {
            assert!(is_ambiguous(text), "{text}");
        }
        for text in
            ["", "a", "1a", "v1", "12:30:45", "2024-01-02", "yesterday", "a\nb", "-x", ":x", "<<", "=", "1.2.3", "."]
        {
            assert!(!is_ambiguous(text), "{text}");
        }
    }
}
