//! Which leaves of a file are encrypted: by suffix or pattern of a key on the way to them, or by pattern of a comment before them.
//! Must not know how.

use krm::go_pattern;
use regex::Regex;

/// Keys that end so stay readable where a file says nothing else.
pub(super) const DEFAULT_SUFFIX: &str = "_unencrypted";

/// The rule of a file; exactly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// All but what lies under a key with this ending.
    UnencryptedSuffix(String),
    /// Only what lies under a key with this ending.
    EncryptedSuffix(String),
    /// All but what lies under a key that matches.
    UnencryptedRegex(String),
    /// Only what lies under a key that matches.
    EncryptedRegex(String),
    /// All but what follows a comment that matches.
    UnencryptedCommentRegex(String),
    /// Only what follows a comment that matches.
    EncryptedCommentRegex(String),
}

impl Default for Rule {
    fn default() -> Self {
        Self::UnencryptedSuffix(DEFAULT_SUFFIX.to_owned())
    }
}

impl Rule {
    /// The rule of that name in metadata and creation rules.
    pub fn named(field: &str, value: String) -> Option<Self> {
        Some(match field {
            "unencrypted_suffix" => Self::UnencryptedSuffix(value),
            "encrypted_suffix" => Self::EncryptedSuffix(value),
            "unencrypted_regex" => Self::UnencryptedRegex(value),
            "encrypted_regex" => Self::EncryptedRegex(value),
            "unencrypted_comment_regex" => Self::UnencryptedCommentRegex(value),
            "encrypted_comment_regex" => Self::EncryptedCommentRegex(value),
            _ => return None,
        })
    }

    /// Name and value, as in metadata.
    pub fn field(&self) -> (&'static str, &str) {
        match self {
            Self::UnencryptedSuffix(value) => ("unencrypted_suffix", value),
            Self::EncryptedSuffix(value) => ("encrypted_suffix", value),
            Self::UnencryptedRegex(value) => ("unencrypted_regex", value),
            Self::EncryptedRegex(value) => ("encrypted_regex", value),
            Self::UnencryptedCommentRegex(value) => ("unencrypted_comment_regex", value),
            Self::EncryptedCommentRegex(value) => ("encrypted_comment_regex", value),
        }
    }
}

/// Names of all rules, in the order of the metadata.
pub(super) const RULES: [&str; 6] = [
    "unencrypted_suffix",
    "encrypted_suffix",
    "unencrypted_regex",
    "encrypted_regex",
    "unencrypted_comment_regex",
    "encrypted_comment_regex",
];

/// A rule ready for use.
#[derive(Debug)]
pub(super) enum Selector {
    Suffix { suffix: String, encrypts: bool },
    Key { regex: Regex, encrypts: bool },
    Comment { regex: Regex, encrypts: bool },
}

/// Comments before the leaf, one list per collection around it, outermost first.
pub(super) type Comments = Vec<Vec<String>>;

impl Selector {
    /// On failure: what is wrong with the pattern.
    pub(super) fn new(rule: &Rule) -> Result<Self, String> {
        let compile = |pattern: &str| {
            Regex::new(&go_pattern(pattern))
                .map_err(|error| error.to_string().lines().last().unwrap_or_default().trim().to_owned())
        };
        Ok(match rule {
            Rule::UnencryptedSuffix(suffix) => Self::Suffix { suffix: suffix.clone(), encrypts: false },
            Rule::EncryptedSuffix(suffix) => Self::Suffix { suffix: suffix.clone(), encrypts: true },
            Rule::UnencryptedRegex(pattern) => Self::Key { regex: compile(pattern)?, encrypts: false },
            Rule::EncryptedRegex(pattern) => Self::Key { regex: compile(pattern)?, encrypts: true },
            Rule::UnencryptedCommentRegex(pattern) => Self::Comment { regex: compile(pattern)?, encrypts: false },
            Rule::EncryptedCommentRegex(pattern) => Self::Comment { regex: compile(pattern)?, encrypts: true },
        })
    }

    /// Is a leaf encrypted because of a comment before it?
    pub(super) const fn needs_comments(&self) -> bool {
        matches!(self, Self::Comment { encrypts: true, .. })
    }

    /// Is the leaf under `path` encrypted? `is_comment`: it is the last of `comments` itself, which a rule that encrypts by comments
    /// leaves readable if it is the one that matches.
    pub(super) fn encrypts(&self, path: &[String], comments: &Comments, is_comment: bool) -> bool {
        match self {
            Self::Suffix { suffix, encrypts } => path.iter().any(|key| key.ends_with(suffix.as_str())) == *encrypts,
            Self::Key { regex, encrypts } => path.iter().any(|key| regex.is_match(key)) == *encrypts,
            Self::Comment { regex, encrypts: false } => !comments.iter().flatten().any(|line| regex.is_match(line)),
            Self::Comment { regex, encrypts: true } => {
                let mut lines: Vec<&String> = comments.iter().flatten().collect();
                let own = is_comment && comments.last().is_some_and(|last| !last.is_empty());
                if own {
                    lines.pop();
                }
                lines.into_iter().any(|line| regex.is_match(line))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encrypts(rule: &Rule, path: &[&str], comments: &[&[&str]], is_comment: bool) -> bool {
        let path: Vec<String> = path.iter().map(|&key| key.to_owned()).collect();
        let comments: Comments =
            comments.iter().map(|list| list.iter().map(|&line| line.to_owned()).collect()).collect();
        Selector::new(rule).unwrap().encrypts(&path, &comments, is_comment)
    }

    #[test]
    fn keys_on_the_way_decide() {
        let rule = Rule::default;
        assert!(encrypts(&rule(), &["a", "b"], &[], false));
        assert!(!encrypts(&rule(), &["a_unencrypted", "b"], &[], false));
        let rule = || Rule::EncryptedRegex("^(data|stringData)$".into());
        assert!(encrypts(&rule(), &["data", "x"], &[], false));
        assert!(!encrypts(&rule(), &["metadata", "name"], &[], false));
        assert!(!encrypts(&Rule::UnencryptedRegex("^meta".into()), &["metadata", "name"], &[], false));
        assert!(encrypts(&Rule::EncryptedSuffix("_secret".into()), &["a_secret"], &[], false));
        assert!(!encrypts(&Rule::EncryptedSuffix("_secret".into()), &["a"], &[], false));
    }

    #[test]
    fn comments_before_decide() {
        let rule = || Rule::EncryptedCommentRegex("sops:enc".into());
        assert!(encrypts(&rule(), &["a"], &[&["sops:enc"]], false));
        assert!(!encrypts(&rule(), &["a"], &[&["other"]], false));
        assert!(!encrypts(&rule(), &["a"], &[&["sops:enc"]], true), "the comment that says so stays readable");
        assert!(encrypts(&rule(), &["a"], &[&["sops:enc", "next"]], true));
        let rule = || Rule::UnencryptedCommentRegex("public".into());
        assert!(!encrypts(&rule(), &["a", "b"], &[&["public"], &[]], false));
        assert!(encrypts(&rule(), &["a"], &[&[]], false));
    }

    #[test]
    fn a_pattern_that_is_none_is_refused() {
        assert!(Selector::new(&Rule::EncryptedRegex("(".into())).is_err());
    }
}
