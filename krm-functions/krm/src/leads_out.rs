//! Whether a path leaves where it starts, told from its text alone. Must not know files: what links do is for those who open them.

use std::path::{Component, Path};

/// Is the path absolute, or does it lead up and out on its way? `a/../../a` does, though it may come back.
pub fn leads_out(path: &Path) -> bool {
    let mut depth = 0_usize;
    for component in path.components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stays_below_does_not_lead_out() {
        for (path, expected) in [
            ("", false),
            (".", false),
            ("a", false),
            ("./a/../b", false),
            ("a/..", false),
            ("..a/..b", false),
            ("..", true),
            ("../a", true),
            ("a/../../a", true),
            ("/", true),
            ("/a", true),
        ] {
            assert_eq!(leads_out(Path::new(path)), expected, "{path}");
        }
    }
}
