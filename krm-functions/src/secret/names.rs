//! Kubernetes' rules for the names that a Secret has: its own, its namespace's, those of its keys.

/// What an object's name must be.
pub(super) const OBJECT_NAME: &str =
    "must be a DNS name: small letters, digits, `-` and `.`, at most 253 characters, a letter or digit at either end";
/// What a namespace must be.
pub(super) const LABEL: &str =
    "must be a DNS label: small letters, digits and `-`, at most 63 characters, a letter or digit at either end";
/// What a key of a Secret must be.
pub(super) const KEY: &str =
    "a key must be letters, digits, `-`, `_` and `.`, at most 253 of them, and not `.` or `..`";

/// Longest DNS name.
const NAME_MAX: usize = 253;
/// Longest part of a DNS name.
const LABEL_MAX: usize = 63;

/// A DNS subdomain (RFC 1123), in small letters.
pub(super) fn is_object_name(name: &str) -> bool {
    name.len() <= NAME_MAX && name.split('.').all(is_dns_part)
}

/// A DNS label.
pub(super) fn is_label(name: &str) -> bool {
    name.len() <= LABEL_MAX && is_dns_part(name)
}

fn is_dns_part(part: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    edge(part.chars().next())
        && edge(part.chars().next_back())
        && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// A key of a Secret's data.
pub(super) fn is_key(key: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !key.is_empty() && key.len() <= NAME_MAX && key != "." && !key.starts_with("..") && key.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, object, label) in [
            ("db", true, true),
            ("db.example-1", true, false),
            ("", false, false),
            ("-db", false, false),
            ("db-", false, false),
            ("db..x", false, false),
            ("Db", false, false),
            ("d_b", false, false),
        ] {
            assert_eq!((is_object_name(name), is_label(name)), (object, label), "{name}");
        }
        assert!(!is_label(&"a".repeat(64)) && is_object_name(&"a".repeat(64)) && !is_object_name(&"a".repeat(254)));
    }

    #[test]
    fn keys() {
        for (key, fits) in [
            ("tls.crt", true),
            (".dockerconfigjson", true),
            ("A_b-1", true),
            (".", false),
            ("..", false),
            ("..a", false),
        ] {
            assert_eq!(is_key(key), fits, "{key}");
        }
        assert!(!is_key("a b") && !is_key("") && !is_key("ä") && !is_key(&"a".repeat(254)));
    }
}
