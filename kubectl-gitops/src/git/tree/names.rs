//! Which names may reach a disk. What git itself refuses is refused here, in the spellings of every file system, because a tree
//! that is checked out here may be copied to another machine.

/// Longest name, as file systems have it.
const NAME_MAX: usize = 255;

/// Why this name may not be written, if it may not.
pub(in crate::git) fn refusal(name: &[u8]) -> Option<&'static str> {
    if name.is_empty() || name.contains(&0) {
        return Some("a name is empty");
    }
    if name == b"." || name == b".." {
        return Some("it would be written elsewhere");
    }
    if name.contains(&b'/') || name.contains(&b'\\') {
        return Some("a name holds a slash");
    }
    if name.len() > NAME_MAX {
        return Some("a name is too long for a file system");
    }
    if is_git_directory(name) {
        return Some("it would be Git's own directory");
    }
    None
}

/// Is it `.git`, as any file system reads names?
pub(super) fn is_git_directory(name: &[u8]) -> bool {
    let plain = without_ignored(name);
    // NTFS: a stream (`:`), spaces and dots at the end do not count, and `git~1` is its short name.
    let stem = plain.split(|byte| *byte == b':').next().unwrap_or_default();
    let end = stem.iter().rposition(|byte| !matches!(byte, b' ' | b'.')).map_or(0, |at| at + 1);
    let stem = &stem[..end];
    stem.eq_ignore_ascii_case(b".git") || stem.eq_ignore_ascii_case(b"git~1")
}

/// Is it `.gitmodules`, as any file system reads names?
pub(super) fn is_modules_file(name: &[u8]) -> bool {
    let plain = without_ignored(name);
    let stem = plain.split(|byte| *byte == b':').next().unwrap_or_default();
    let end = stem.iter().rposition(|byte| !matches!(byte, b' ' | b'.')).map_or(0, |at| at + 1);
    let stem = stem[..end].to_ascii_lowercase();
    // Short names of NTFS: the first four, and those made from a hash.
    stem == b".gitmodules"
        || (stem.len() == 8 && stem.starts_with(b"gitmod~") && (b'1'..=b'4').contains(&stem[7]))
        || (stem.len() <= 8 && stem.starts_with(b"gi7eb") && stem.contains(&b'~'))
}

/// Without the characters that HFS+ ignores in names.
fn without_ignored(name: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(name) else { return name.to_vec() };
    let ignored =
        |c: char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    text.chars().filter(|c| !ignored(*c)).collect::<String>().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_git_s_directory_is_refused() {
        for name in [
            ".git",
            ".GIT",
            ".Git",
            ".git ",
            ".git.",
            ".git. . ",
            ".git::$INDEX_ALLOCATION",
            "git~1",
            "GIT~1",
            "git~1.",
            ".g\u{200c}it",
            "\u{feff}.git",
            ".gi\u{206b}T",
            ".git:x",
        ] {
            assert!(refusal(name.as_bytes()).is_some(), "{name:?}");
        }
        for name in
            [".gitignore", ".github", "git", "git~2", ".git2", "..git", "a.git", ".gitmodules", " .git", "\u{200c}git"]
        {
            assert_eq!(refusal(name.as_bytes()), None, "{name:?}");
        }
    }

    #[test]
    fn names_stay_in_their_directory() {
        for name in ["", ".", "..", "a/b", "a\\b", "/", "a\0b"] {
            assert!(refusal(name.as_bytes()).is_some(), "{name:?}");
        }
        assert!(refusal(&[b'a'; 256]).is_some());
        assert_eq!(refusal(&[0xff, 0xfe]), None);
        assert_eq!(refusal(b"..."), None);
    }

    #[test]
    fn the_file_of_submodules_is_known_in_every_spelling() {
        for name in
            [".gitmodules", ".GITMODULES", "gitmod~1", "GITMOD~4", "gi7eba~1", ".gitmodules ", ".git\u{200d}modules"]
        {
            assert!(is_modules_file(name.as_bytes()), "{name:?}");
        }
        for name in [".gitmodule", "gitmod~5", "gitmodules"] {
            assert!(!is_modules_file(name.as_bytes()), "{name:?}");
        }
    }
}
