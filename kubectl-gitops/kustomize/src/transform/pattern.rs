//! Go's regular expressions in Rust: both are linear, and their syntax differs little. Owns the translation, and matching
//! without a regular expression where the pattern is only a text.

use std::fmt::Write as _;

use regex::Regex;

/// Is the pattern only a text, in which a dot is any character?
pub(crate) fn is_text(pattern: &str) -> bool {
    pattern.bytes().all(|b| b.is_ascii_alphanumeric() || b"./_:@-".contains(&b))
}

/// What follows in `text` after a pattern that is only a text; `None` if it does not begin with it.
pub(crate) fn rest_after_text<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
    let mut rest = text.chars();
    for expected in pattern.chars() {
        let found = rest.next()?;
        let fits = if expected == '.' { found != '\n' } else { found == expected };
        if !fits {
            return None;
        }
    }
    Some(rest.as_str())
}

/// Compiles a pattern that is written for Go.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    Regex::new(&translate(pattern)).map_err(|error| error.to_string().lines().last().unwrap_or_default().to_owned())
}

/// Go takes braces that are no repetition, and brackets and operators within a class, for what they are; its `\d`, `\s` and
/// `\w` are ASCII; it has `\Q…\E`.
fn translate(pattern: &str) -> String {
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
        _ => None,
    };
    match (sign, ascii) {
        ('Q', _) if !in_class => {
            let quoted = &rest[2..];
            let end = quoted.find("\\E").unwrap_or(quoted.len());
            out.push_str(&regex::escape(&quoted[..end]));
            return (2 + end + 2).min(rest.len());
        }
        (_, Some(class)) if in_class => out.push_str(class),
        // Writing to a String cannot fail.
        (_, Some(class)) => drop(write!(out, "[{class}]")),
        _ => {
            out.push('\\');
            out.push(sign);
        }
    }
    1 + sign.len_utf8()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_go_mean_the_same() {
        for (pattern, text, expected) in [
            ("^a{2}$", "aa", true),
            ("^a{b}$", "a{b}", true),
            ("^{{ .x }}$", "{{ yx }}", true),
            ("^[a[b]+$", "[b", true),
            ("^[]a]$", "]", true),
            ("^[^]]$", "a", true),
            ("^[a&&b]+$", "a&", true),
            ("^[[:alpha:]_]+$", "a_b", true),
            (r"^\d+$", "12", true),
            (r"^\d$", "٣", false),
            (r"^[\w.]+$", "a.b", true),
            (r"^\Qa.b\E+$", "a.bb", true),
            (r"^a\.b$", "axb", false),
            ("(?i)^ABC$", "abc", true),
        ] {
            let regex = compile(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
            assert_eq!(regex.is_match(text), expected, "{pattern} {text}");
        }
        assert!(compile("a(").is_err());
        assert!(compile("*a").is_err());
    }

    #[test]
    fn a_text_needs_no_regular_expression() {
        assert_eq!(rest_after_text("a.c", "abcd"), Some("d"));
        assert_eq!(rest_after_text("a.c", "ab"), None);
        assert!(is_text("gcr.io/a-b_c:5000"));
        assert!(!is_text("a*"));
    }
}
