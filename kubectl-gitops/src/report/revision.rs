//! Revisions for people: the commit in as many digits as anybody reads.

/// Digits of a commit that are shown.
const DIGITS: usize = 7;

/// `main@4f2c9a1` for `main@sha1:4f2c9a1d0b3e…`; anything else as it is.
pub fn short_revision(revision: &str) -> String {
    let (name, hash) = revision.rsplit_once('@').map_or(("", revision), |(name, hash)| (name, hash));
    let digits = hash.strip_prefix("sha1:").or_else(|| hash.strip_prefix("sha256:")).unwrap_or(hash);
    let is_commit = digits.len() > DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_commit {
        return revision.to_owned();
    }
    let name = name.strip_prefix("refs/heads/").unwrap_or(name);
    let at = if name.is_empty() { "" } else { "@" };
    format!("{name}{at}{}", &digits[..DIGITS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_cut_and_names_are_not() {
        let commit = "4f2c9a1d0b3e5f60718293a4b5c6d7e8f9012345";
        for (revision, short) in [
            (format!("main@sha1:{commit}"), "main@4f2c9a1"),
            (format!("refs/heads/main@sha1:{commit}"), "main@4f2c9a1"),
            (format!("sha1:{commit}"), "4f2c9a1"),
            (format!("user@host@sha1:{commit}"), "user@host@4f2c9a1"),
            ("main@4f2c9a1d0b3e".to_owned(), "main@4f2c9a1"),
            ("v1.2.3@beta".to_owned(), "v1.2.3@beta"),
            (String::new(), ""),
        ] {
            assert_eq!(short_revision(&revision), short);
        }
    }
}
