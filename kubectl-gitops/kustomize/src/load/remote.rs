//! Which resources live elsewhere. Owns the forms in which kustomize lets people write them; must not fetch anything.

/// Is it a file on a web server (which may also turn out to be a repository)?
pub fn is_remote_file(path: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| strip_prefix_ignoring_case(path, scheme).is_some())
}

/// Does it name a directory of a Git repository?
///
/// A scheme, `user@host:`, or GitHub's host in front; then a path of which `_git/`, `//`, `.git` or, failing those, two
/// segments are the repository; the rest must stay in it.
pub fn is_repository(path: &str) -> bool {
    if path.starts_with('/') {
        return false;
    }
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let path = strip_prefix_ignoring_case(path, "git::").unwrap_or(path);
    let schemes = ["ssh://", "https://", "http://", "file://"];
    let with_scheme = schemes.iter().find_map(|scheme| Some((*scheme, strip_prefix_ignoring_case(path, scheme)?)));
    let (scheme, path) = with_scheme.unwrap_or(("", path));
    let (has_user, path) = strip_user(path);
    let github = is_github(path);
    let colon_separates = scheme.is_empty() && (has_user || github);
    if scheme.is_empty() && !colon_separates {
        return false;
    }
    if scheme == "file://" {
        return splits_into_repository(path, true);
    }
    separator(path, colon_separates).is_some_and(|at| splits_into_repository(&path[at + 1..], false))
}

fn separator(path: &str, colon_separates: bool) -> Option<usize> {
    let slash = path.find('/');
    if !colon_separates {
        return slash;
    }
    match (path.find(':'), slash) {
        (Some(colon), Some(slash)) if colon > 0 && colon < slash => Some(colon),
        (colon, None) => colon,
        (_, slash) => slash,
    }
}

fn splits_into_repository(path: &str, takes_all: bool) -> bool {
    let (repository, inside) = if let Some(at) = path.find("_git/") {
        let end = path[at + 5..].find('/').map_or(path.len(), |slash| at + 5 + slash);
        (&path[..end], path[end..].trim_start_matches('/'))
    } else if let Some((repository, inside)) = path.split_once("//") {
        (repository, inside)
    } else if let Some(at) = path.find(".git") {
        path.split_at(at + 4)
    } else if takes_all {
        (path, "")
    } else {
        let Some(first) = path.find('/') else { return false };
        path[first + 1..].find('/').map_or((path, ""), |second| (&path[..=first + second], &path[first + second + 2..]))
    };
    !repository.is_empty() && stays_inside(inside)
}

fn stays_inside(path: &str) -> bool {
    let mut depth = 0_i64;
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return false;
        }
    }
    true
}

fn strip_user(path: &str) -> (bool, &str) {
    let Some((user, rest)) = path.split_once('@') else { return (false, path) };
    let named = user.starts_with(|c: char| c.is_ascii_alphabetic());
    let plain = user.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if named && plain { (true, rest) } else { (false, path) }
}

fn is_github(path: &str) -> bool {
    ["github.com/", "github.com:"].iter().any(|host| strip_prefix_ignoring_case(path, host).is_some())
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_told_from_directories() {
        for (path, expected) in [
            ("../base", false),
            ("base", false),
            ("/abs/base", false),
            ("github.com/org", false),
            ("github.com/org/repo", true),
            ("github.com/org/repo/deploy?ref=v1", true),
            ("https://github.com/org/repo//deploy?ref=v1", true),
            ("https://example.com/a.yaml", false),
            ("https://example.com/org/a.yaml", true),
            ("git@example.com:org/repo.git", true),
            ("git@example.com:repo.git/deploy", true),
            ("ssh://git@example.com/org/repo", true),
            ("file:///srv/repo", true),
            ("git::https://example.com/org/repo", true),
            ("example.com/org/repo", false),
            ("https://github.com/org/repo//../../x", false),
            ("https://dev.example.com/org/project/_git/repo/path", true),
        ] {
            assert_eq!(is_repository(path), expected, "{path}");
        }
    }
}
