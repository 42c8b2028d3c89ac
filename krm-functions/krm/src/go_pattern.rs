//! Go's regular expressions for Rust: both are linear, and their syntax differs little. Owns the translation; compiling and
//! matching are the caller's.

use std::fmt::Write as _;

/// `pattern`, written for Go's `regexp`, in the syntax of the crate `regex`. Go takes braces that are no repetition, and brackets
/// and operators within a class, for what they are; its `\d`, `\s`, `\w` and `\b` are ASCII; it has `\Q…\E`.
pub fn go_pattern(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(sign) = rest.chars().next() {
        let length = sign.len_utf8();
        match sign {
            '\\' => {
                let taken = translate_escape(rest, in_class, &mut out);
                rest = &rest[taken..];
                continue;
            }
            '[' if in_class && !rest.starts_with("[:") => out.push_str("\\["),
            '[' if in_class => {
                let end = rest.find(":]").map_or(length, |at| at + 2);
                out.push_str(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            '[' => {
                in_class = true;
                out.push('[');
                // A bracket that comes first closes nothing.
                let after = rest[1..].strip_prefix('^').map_or(1, |_| 2);
                out.push_str(&rest[1..after]);
                if rest[after..].starts_with(']') {
                    out.push_str("\\]");
                    rest = &rest[after + 1..];
                } else {
                    rest = &rest[after..];
                }
                continue;
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(sign);
            }
            '{' if !in_class && !is_repetition(rest) => out.push_str("\\{"),
            '}' if !in_class && !out_is_in_repetition(&out) => out.push_str("\\}"),
            _ => out.push(sign),
        }
        rest = &rest[length..];
    }
    out
}

/// Translates the escape at the start of `rest`; answers how much of it was read.
fn translate_escape(rest: &str, in_class: bool, out: &mut String) -> usize {
    let Some(sign) = rest[1..].chars().next() else {
        out.push('\\');
        return 1;
    };
    let ascii = match sign {
        'd' => Some("0-9"),
        'w' => Some("0-9A-Za-z_"),
        's' => Some("\\t\\n\\f\\r "),
        'D' => Some("^0-9"),
        'W' => Some("^0-9A-Za-z_"),
        'S' => Some("^\\t\\n\\f\\r "),
        _ => None,
    };
    match (sign, ascii) {
        ('Q', _) if !in_class => {
            let quoted = &rest[2..];
            let end = quoted.find("\\E").unwrap_or(quoted.len());
            push_escaped(&quoted[..end], out);
            return (2 + end + 2).min(rest.len());
        }
        ('b', _) if !in_class => out.push_str("(?-u:\\b)"),
        (_, Some(class)) if in_class && !class.starts_with('^') => out.push_str(class),
        // Writing to a String cannot fail.
        (_, Some(class)) => drop(write!(out, "[{class}]")),
        _ => {
            out.push('\\');
            out.push(sign);
        }
    }
    1 + sign.len_utf8()
}

/// Signs that mean something get a backslash; others must not, with some it would mean something.
fn push_escaped(text: &str, out: &mut String) {
    for sign in text.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(sign) {
            out.push('\\');
        }
        out.push(sign);
    }
}

fn is_repetition(rest: &str) -> bool {
    let Some((inside, _)) = rest[1..].split_once('}') else { return false };
    let (low, high) = inside.split_once(',').unwrap_or((inside, ""));
    !low.is_empty() && low.bytes().chain(high.bytes()).all(|b| b.is_ascii_digit())
}

/// Was the last brace that was written the start of a repetition?
fn out_is_in_repetition(out: &str) -> bool {
    out.rfind('{').is_some_and(|at| {
        let escaped = out[..at].ends_with('\\');
        !escaped && out[at + 1..].bytes().all(|b| b.is_ascii_digit() || b == b',')
    })
}
