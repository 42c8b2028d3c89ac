//! The part of a repository's address before its path: forced protocol, scheme, user and host. GitHub's is brought into one
//! form, as kustomize does.

use super::repository::NotARepository;

pub(super) const FILE_SCHEME: &str = "file://";
const SSH_SCHEME: &str = "ssh://";
/// In the order in which they are tried.
const SCHEMES: [&str; 4] = [SSH_SCHEME, "https://", "http://", FILE_SCHEME];

/// Scheme, user and host as one text that ends in their separator, and the path after it.
pub(super) fn extract(text: &str) -> Result<(String, &str), NotARepository> {
    // go-getter's way to ask for Git; kustomize drops it.
    let text = strip_prefix_ignoring_case(text, "git::").unwrap_or(text);
    let with_scheme = SCHEMES.iter().find_map(|s| Some((*s, strip_prefix_ignoring_case(text, s)?)));
    let (scheme, after_scheme) = with_scheme.unwrap_or(("", text));
    let (user, rest) = split_user(after_scheme);
    let github = is_github(rest);
    let colon_separates = scheme.is_empty() && (!user.is_empty() || github);
    if scheme.is_empty() && !colon_separates {
        return Err(NotARepository::NoScheme);
    }
    if scheme == FILE_SCHEME {
        return Ok((scheme.to_owned(), after_scheme));
    }
    let (host, path) = match separator(rest, colon_separates) {
        Some(at) => rest.split_at(at + 1),
        None => (rest, ""),
    };
    if github {
        let by_ssh = scheme == SSH_SCHEME || !user.is_empty();
        let host = if by_ssh { format!("{user}github.com:") } else { "https://github.com/".to_owned() };
        return Ok((host, path));
    }
    if host.is_empty() {
        return Err(NotARepository::NoHost);
    }
    Ok((format!("{scheme}{user}{host}"), path))
}

/// Where the host ends: at the first slash, or in `user@host:path` at a colon before it.
fn separator(text: &str, colon_separates: bool) -> Option<usize> {
    let slash = text.find('/');
    if !colon_separates {
        return slash;
    }
    match (text.find(':'), slash) {
        (Some(colon), Some(slash)) if colon > 0 && colon < slash => Some(colon),
        (colon, None) => colon,
        (_, slash) => slash,
    }
}

/// `user@` and the rest.
fn split_user(text: &str) -> (&str, &str) {
    let Some(at) = text.find('@') else { return ("", text) };
    let user = &text[..at];
    let named = user.starts_with(|c: char| c.is_ascii_alphabetic());
    let plain = user.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if named && plain { text.split_at(at + 1) } else { ("", text) }
}

fn is_github(text: &str) -> bool {
    // Go also lowers the dotted capital I of Turkish to a plain one.
    let lower = |c: char| if c == '\u{130}' { 'i' } else { c.to_ascii_lowercase() };
    let head: String = text.chars().take("github.com/".len()).map(lower).collect();
    head == "github.com/" || head == "github.com:"
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}
