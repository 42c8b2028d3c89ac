//! The name of an applied set. Owns what a name may be and how one follows from a directory.

use std::path::Path;

/// Longest name: with `gitops-` in front it is still a DNS label, and a label value.
pub const NAME_MAX: usize = 56;

/// A name that no inventory can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` cannot name a set: {why}")]
pub struct InvalidName {
    /// The name.
    pub name: String,
    /// What is wrong.
    pub why: &'static str,
}

/// Checks a name that the user gave.
///
/// # Errors
/// It is no lower-case DNS label, or too long.
pub fn validate_name(name: &str) -> Result<(), InvalidName> {
    let refused = |why| Err(InvalidName { name: name.to_owned(), why });
    if name.is_empty() {
        return refused("it is empty");
    }
    if name.len() > NAME_MAX {
        return refused("it has more than 56 characters");
    }
    if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return refused("only lower-case letters, digits and `-` are allowed");
    }
    if name.starts_with('-') || name.ends_with('-') {
        return refused("it begins or ends with `-`");
    }
    Ok(())
}

/// A name from the last part of a directory's path: in lower case, with `-` for what a name cannot hold. `None` if nothing
/// usable remains.
pub fn derive_name(directory: &Path) -> Option<String> {
    let last = directory.file_name()?.to_str()?.to_lowercase();
    let replaced: String = last
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' })
        .take(NAME_MAX)
        .collect();
    let name = replaced.trim_matches('-').to_owned();
    validate_name(&name).is_ok().then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_gives_a_name() {
        for (path, name) in [
            ("/srv/prod", Some("prod")),
            ("/srv/Prod_EU.1", Some("prod-eu-1")),
            ("/srv/...", None),
            ("/", None),
            ("/srv/größe", Some("gr--e")),
        ] {
            assert_eq!(derive_name(Path::new(path)).as_deref(), name, "{path}");
        }
        assert_eq!(derive_name(Path::new(&"a".repeat(100))).unwrap().len(), NAME_MAX);
    }

    #[test]
    fn names_that_no_inventory_can_have_are_refused() {
        for name in ["", "-a", "a-", "A", "a.b", &"a".repeat(57), "a/b", "ä"] {
            assert!(validate_name(name).is_err(), "{name}");
        }
        assert_eq!(validate_name("prod-2"), Ok(()));
    }
}
