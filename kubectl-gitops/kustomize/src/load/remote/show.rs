//! An address as it may be printed.

/// The address without a password (or a token in its place), and without the parts of a query that may hold one.
pub fn without_credentials(address: &str) -> String {
    let (location, query) = address.split_once('?').map_or((address, ""), |(location, query)| (location, query));
    let (scheme, rest) = location.split_once("://").map_or(("", location), |(scheme, rest)| (scheme, rest));
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = match authority.rsplit_once('@') {
        // A user alone is part of an address of ssh; elsewhere it may be a token.
        Some((user, host)) if user.contains(':') || !(scheme.is_empty() || scheme.eq_ignore_ascii_case("ssh")) => host,
        _ => authority,
    };
    let separator = if scheme.is_empty() { "" } else { "://" };
    let plain = |pair: &&str| ["ref=", "version="].iter().any(|name| pair.starts_with(name));
    let kept: Vec<&str> = query.split('&').filter(plain).collect();
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    format!("{scheme}{separator}{host}{path}{query}")
}
