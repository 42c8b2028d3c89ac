//! Patterns as kustomize matches them. Owns matching without a regular expression where the pattern is only a text.

use krm::go_pattern;
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
    Regex::new(&go_pattern(pattern)).map_err(|error| error.to_string().lines().last().unwrap_or_default().to_owned())
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
            (r"^[\D]$", "٣", true),
            (r"^\Qa<b\E$", "a<b", true),
            (r"é\bx", "éx", true),
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
