//! Which key a host must show: the format of OpenSSH's `known_hosts`. Pure; what is not named is not known.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// What the file says about the keys of one host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct HostKeys {
    /// Type and key, as `ssh-ed25519` and base64.
    pub(super) accepted: Vec<(String, String)>,
    /// Keys that must never be accepted.
    pub(super) revoked: Vec<(String, String)>,
}

/// Looks a host up. Lines that are not understood count for nothing, as in OpenSSH; certificates of hosts are not supported.
pub(super) fn look_up(file: &str, host: &str, port: u16) -> HostKeys {
    let name = if port == 22 { host.to_ascii_lowercase() } else { format!("[{}]:{port}", host.to_ascii_lowercase()) };
    let mut found = HostKeys::default();
    for line in file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut words = line.split_ascii_whitespace();
        let mut first = words.next().unwrap_or_default();
        let marker = first.starts_with('@').then_some(first);
        if marker.is_some() {
            first = words.next().unwrap_or_default();
        }
        let (Some(kind), Some(key)) = (words.next(), words.next()) else { continue };
        if !names(first, &name) {
            continue;
        }
        let key = (kind.to_owned(), key.trim_end_matches('=').to_owned());
        match marker {
            None => found.accepted.push(key),
            Some("@revoked") => found.revoked.push(key),
            Some(_) => {}
        }
    }
    found
}

/// Do these patterns, or this hash, stand for the host?
fn names(patterns: &str, name: &str) -> bool {
    if let Some(hashed) = patterns.strip_prefix("|1|") {
        return hashed_name(hashed, name).unwrap_or(false);
    }
    let mut found = false;
    for pattern in patterns.split(',') {
        if let Some(pattern) = pattern.strip_prefix('!') {
            if matches(pattern, name) {
                return false;
            }
        } else {
            found |= matches(pattern, name);
        }
    }
    found
}

fn hashed_name(hashed: &str, name: &str) -> Option<bool> {
    let (salt, hash) = hashed.split_once('|')?;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &STANDARD.decode(salt).ok()?);
    Some(hmac::verify(&key, name.as_bytes(), &STANDARD.decode(hash).ok()?).is_ok())
}

/// With `*` and `?`, without regard to case.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.to_ascii_lowercase().chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where to go on when a star has to take one more.
    let mut retry = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            retry = Some((p, n));
            p += 1;
        } else if pattern.get(p).is_some_and(|c| *c == '?' || *c == name[n]) {
            (p, n) = (p + 1, n + 1);
        } else if let Some((star, at)) = retry {
            (p, n) = (star + 1, at + 1);
            retry = Some((star, n));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ssh-keygen -H` made the hashed line for `git.example.com` and the one for `[git.example.com]:2222`.
    const FILE: &str = "# comment\n\
        git.example.com,10.0.0.7 ssh-ed25519 AAAAplain== comment\n\
        *.lab,!bad.lab ssh-ed25519 AAAAlab\n\
        [git.example.com]:2222 ecdsa-sha2-nistp256 AAAAport\n\
        @revoked git.example.com ssh-rsa AAAArevoked\n\
        @cert-authority *.example.com ssh-rsa AAAAauthority\n\
        malformed\n";

    fn accepted(host: &str, port: u16) -> Vec<String> {
        look_up(FILE, host, port).accepted.into_iter().map(|(_, key)| key).collect()
    }

    #[test]
    fn hosts_are_found_by_name_pattern_and_port() {
        assert_eq!(accepted("git.example.com", 22), ["AAAAplain"]);
        assert_eq!(accepted("GIT.example.com", 22), ["AAAAplain"]);
        assert_eq!(accepted("10.0.0.7", 22), ["AAAAplain"]);
        assert_eq!(accepted("git.example.com", 2222), ["AAAAport"]);
        assert_eq!(accepted("a.lab", 22), ["AAAAlab"]);
        for (host, port) in
            [("bad.lab", 22), ("lab", 22), ("example.com", 22), ("git.example.com", 23), ("a.lab", 2222)]
        {
            assert!(accepted(host, port).is_empty(), "{host}:{port}");
        }
        assert_eq!(look_up(FILE, "git.example.com", 22).revoked.len(), 1);
    }

    #[test]
    fn hashed_hosts_are_found() {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"salt of twenty bytes");
        for (host, port, name) in [("git.example.com", 22, "git.example.com"), ("h", 2222, "[h]:2222")] {
            let hash = STANDARD.encode(hmac::sign(&key, name.as_bytes()));
            let line = format!("|1|{}|{hash} ssh-ed25519 AAAA", STANDARD.encode(b"salt of twenty bytes"));
            assert_eq!(look_up(&line, host, port).accepted.len(), 1);
            assert_eq!(look_up(&line, "other", port).accepted.len(), 0);
        }
        assert!(!names("|1|x", "x") && !names("|1|!|!", "x"));
    }
}
