//! URLs of repositories: http, https, ssh (also `user@host:path`), file and plain paths. Owns taking them apart and showing
//! them without credentials.

use std::path::PathBuf;

use http::Uri;
use krm::Masked;

use super::GitError;

/// Longest URL that is looked at.
const URL_MAX: usize = 4096;

/// Where a repository is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// http or https; without user and password, without a slash at the end.
    Http(Uri),
    /// ssh
    Ssh {
        /// Empty: `git`.
        user: String,
        /// Name or address.
        host: String,
        /// 22 by default.
        port: u16,
        /// As the server's program gets it.
        path: String,
    },
    /// On this disk.
    File(PathBuf),
}

/// An address and the credentials that were written into it.
pub(crate) struct Parsed {
    /// Where.
    pub(crate) address: Address,
    /// `user:password@`
    pub(crate) login: Option<(String, Masked<String>)>,
}

impl Address {
    /// Takes a URL apart.
    pub(crate) fn parse(url: &str) -> Result<Parsed, GitError> {
        let bad = |reason| GitError::Address { shown: shown(url), reason };
        if url.is_empty() || url.len() > URL_MAX {
            return Err(bad("it is empty or too long"));
        }
        if url.starts_with('-') {
            return Err(bad("it begins with `-`, as options do"));
        }
        if url.chars().any(|c| c.is_control() || c == ' ') {
            return Err(bad("it holds spaces or control characters"));
        }
        let address = match url.split_once("://") {
            Some(("http" | "https", _)) => return http(url),
            Some(("ssh" | "git+ssh" | "ssh+git", rest)) => {
                ssh(rest).ok_or_else(|| bad("host, port or path are malformed"))?
            }
            Some(("file", path)) => {
                let path = path.strip_prefix("localhost").unwrap_or(path);
                let path = decoded(path).filter(|path| path.starts_with('/'));
                Self::File(path.ok_or_else(|| bad("a file URL has three slashes and an absolute path"))?.into())
            }
            Some(_) => return Err(bad("its protocol is none of https, http, ssh and file")),
            None if url.starts_with(['/', '.']) => Self::File(url.into()),
            None => scp(url).ok_or_else(|| bad("it has no protocol"))?,
        };
        Ok(Parsed { address, login: None })
    }

    /// The host as it is shown and compared: with the port where it is not the usual one.
    pub(crate) fn authority(&self) -> Option<String> {
        match self {
            Self::Http(uri) => {
                let default = if uri.scheme_str() == Some("http") { 80 } else { 443 };
                let host = uri.host()?.to_ascii_lowercase();
                Some(match uri.port_u16() {
                    Some(port) if port != default => format!("{host}:{port}"),
                    _ => host,
                })
            }
            Self::Ssh { host, port: 22, .. } => Some(host.to_ascii_lowercase()),
            Self::Ssh { host, port, .. } => Some(format!("{}:{port}", host.to_ascii_lowercase())),
            Self::File(_) => None,
        }
    }
}

impl Address {
    /// Would the same server see the same credentials, at least as well protected?
    pub(crate) fn is_same_server(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Http(own), Self::Http(uri)) => own.scheme() == uri.scheme() && self.authority() == other.authority(),
            (Self::Ssh { .. }, Self::Ssh { .. }) => self.authority() == other.authority(),
            _ => false,
        }
    }

    /// The address of a submodule, as `.gitmodules` of a repository at this one has it.
    pub(crate) fn submodule(&self, url: &str) -> Result<Self, String> {
        let told = |error: GitError| error.to_string();
        if url.starts_with("./") || url.starts_with("../") {
            return self.relative(url).ok_or_else(|| format!("`{}` leads out of the server", shown(url)));
        }
        let address = Self::parse(url).map_err(told)?.address;
        match (&address, self) {
            // What comes from elsewhere must not name what lies on this disk.
            (Self::File(_), Self::Http(_) | Self::Ssh { .. }) => {
                Err("it is on this disk, and the repository is not".to_owned())
            }
            _ => Ok(address),
        }
    }

    /// `../other.git`, from here.
    fn relative(&self, url: &str) -> Option<Self> {
        let own = match self {
            Self::Http(uri) => uri.path().to_owned(),
            Self::Ssh { path, .. } => path.clone(),
            Self::File(path) => path.to_str()?.to_owned(),
        };
        let rooted = own.starts_with('/');
        let mut parts: Vec<&str> = own.split('/').filter(|part| !part.is_empty()).collect();
        for part in url.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                part => parts.push(part),
            }
        }
        let path = format!("{}{}", if rooted { "/" } else { "" }, parts.join("/"));
        if path.starts_with('-') || path.chars().any(char::is_control) {
            return None;
        }
        match self {
            Self::Http(uri) => {
                let authority = uri.authority()?;
                let text = format!("{}://{authority}{path}", uri.scheme_str()?);
                Self::parse(&text).ok().map(|parsed| parsed.address)
            }
            Self::Ssh { user, host, port, .. } => {
                Some(Self::Ssh { user: user.clone(), host: host.clone(), port: *port, path })
            }
            Self::File(_) => Some(Self::File(path.into())),
        }
    }
}

/// Without credentials.
impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Http(uri) => f.write_str(&shown(&uri.to_string())),
            Self::Ssh { user, host, port, path } => {
                let user = if user.is_empty() { String::new() } else { format!("{user}@") };
                let port = if *port == 22 { String::new() } else { format!(":{port}") };
                let slash = if path.starts_with('/') { "" } else { "/" };
                write!(f, "ssh://{user}{host}{port}{slash}{path}")
            }
            Self::File(path) => write!(f, "file://{}", path.display()),
        }
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// A URL without user, password and query, whatever else is wrong with it.
pub(crate) fn shown(url: &str) -> String {
    let url: String = url.chars().filter(|c| !c.is_control()).take(200).collect();
    let Some((scheme, rest)) = url.split_once("://") else {
        return match url.split_once('@') {
            // `user:password@host:path` is no form that is understood, but somebody may have typed it.
            Some((user, rest)) if user.contains(':') => rest.to_owned(),
            _ => url,
        };
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit_once('@').map_or(authority, |(user, host)| {
        // The user of ssh is part of the address, a password never is.
        if scheme.ends_with("ssh") && !user.contains(':') { authority } else { host }
    });
    format!("{scheme}://{host}{path}")
}

fn http(url: &str) -> Result<Parsed, GitError> {
    let bad = |reason| GitError::Address { shown: shown(url), reason };
    let uri: Uri = url.parse().map_err(|_| bad("it is malformed"))?;
    if uri.query().is_some() || url.contains('#') {
        return Err(bad("it has a query or a fragment"));
    }
    let authority = uri.authority().ok_or_else(|| bad("it has no host"))?.as_str();
    let (login, host) = match authority.rsplit_once('@') {
        Some((login, host)) => (Some(login), host),
        None => (None, authority),
    };
    if host.is_empty() || host.starts_with(['-', ':']) {
        return Err(bad("it has no host"));
    }
    let login = match login.map(|login| login.split_once(':').unwrap_or((login, ""))) {
        Some((user, password)) => {
            let user = decoded(user).ok_or_else(|| bad("its user name is malformed"))?;
            let password = decoded(password).ok_or_else(|| bad("its password is malformed"))?;
            Some((user, Masked::new(password)))
        }
        None => None,
    };
    let path = uri.path().trim_end_matches('/');
    let scheme = uri.scheme_str().unwrap_or("https");
    let clean = format!("{scheme}://{host}{path}").parse().map_err(|_| bad("it is malformed"))?;
    Ok(Parsed { address: Address::Http(clean), login })
}

/// `[user@]host[:port]/path`
fn ssh(rest: &str) -> Option<Address> {
    let at = rest.find('/')?;
    let (authority, path) = rest.split_at(at);
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    // A password does not belong into the URL of ssh.
    let user = decoded(user).filter(|user| !user.contains(':') && !user.starts_with('-'))?;
    let (host, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (host, after.strip_prefix(':'))
        }
        None => host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port))),
    };
    let port = port.filter(|port| !port.is_empty()).map_or(Some(22), |port| port.parse().ok())?;
    let path = decoded(path)?;
    // `/~user/path` is relative to a home directory.
    let path = if path.starts_with("/~") { path[1..].to_owned() } else { path };
    valid_host(host).then(|| Address::Ssh { user, host: host.to_owned(), port, path })
}

/// `[user@]host:path`
fn scp(text: &str) -> Option<Address> {
    let (authority, path) = text.split_once(':')?;
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    // `ext::program` would be a program of git's.
    if path.starts_with(':')
        || authority.contains('/')
        || path.is_empty()
        || user.contains(':')
        || user.starts_with('-')
        || path.starts_with('-')
    {
        return None;
    }
    let (user, host, path) = (user.to_owned(), host.to_owned(), path.to_owned());
    valid_host(&host).then_some(Address::Ssh { user, host, port: 22, path })
}

fn valid_host(host: &str) -> bool {
    !host.is_empty()
        && !host.starts_with('-')
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'%'))
}

/// With `%41` as `A`; nothing if that is malformed or gives no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok().filter(|byte| *byte >= 0x20)?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_taken_apart_and_shown_without_secrets() {
        for (url, expected) in [
            ("https://git.example.com/home/fleet.git/", "https://git.example.com/home/fleet.git"),
            ("https://ann:hunter2@git.example.com:8443/fleet", "https://git.example.com:8443/fleet"),
            ("http://gitea.gitea:3000/ann/fleet.git", "http://gitea.gitea:3000/ann/fleet.git"),
            ("ssh://git@example.com/home.git", "ssh://git@example.com/home.git"),
            ("ssh://git@example.com:22/home.git", "ssh://git@example.com/home.git"),
            ("ssh://[fd00::1]:2222/home.git", "ssh://fd00::1:2222/home.git"),
            ("git@example.com:home.git", "ssh://git@example.com/home.git"),
            ("example.com:/srv/home.git", "ssh://example.com/srv/home.git"),
            ("file:///srv/a%20b", "file:///srv/a b"),
            ("/srv/home", "file:///srv/home"),
            ("../home", "file://../home"),
        ] {
            let parsed = Address::parse(url).unwrap();
            assert_eq!(parsed.address.to_string(), expected);
            assert_eq!(parsed.login.is_some(), url.contains("hunter2"));
        }
    }

    #[test]
    fn what_could_be_an_option_or_nonsense_is_refused() {
        for url in [
            "",
            "-oProxyCommand=x",
            "--upload-pack=x",
            "ssh://-oProxyCommand=x/home",
            "ssh://ann:hunter2@example.com/home",
            "git@-host:home",
            "-u@host:home",
            "host:-path",
            "ext::sh -c x",
            "git://example.com/home",
            "ftp://example.com/home",
            "https://",
            "https:///home",
            "https://ann:hunter2@/home",
            "https://example.com/home?token=hunter2",
            "https://example.com/a b",
            "https://a%zzb:hunter2@example.com/a",
            "file://host/home",
            "plain",
            "ssh://host",
            "ssh://host:99999/x",
        ] {
            let error = Address::parse(url).err().expect(url);
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn submodules_stay_where_they_may() {
        let submodule =
            |own: &str, url: &str| Address::parse(own).unwrap().address.submodule(url).map(|a| a.to_string());
        for (own, url, expected) in [
            ("https://h.example/a/b.git", "../c.git", "https://h.example/a/c.git"),
            ("https://h.example/a/b.git", "./c", "https://h.example/a/b.git/c"),
            ("ssh://git@h.example:2222/a/b", "../../x/c", "ssh://git@h.example:2222/x/c"),
            ("git@h.example:a/b.git", "../c.git", "ssh://git@h.example/a/c.git"),
            ("/srv/a", "../b", "file:///srv/b"),
            ("https://h.example/a", "https://ann:hunter2@i.example/b", "https://i.example/b"),
        ] {
            assert_eq!(submodule(own, url).unwrap(), expected);
        }
        for url in [
            "/etc",
            "file:///etc",
            "../../../x",
            "-x",
            "--upload-pack=x",
            "ext::sh",
            "../-x/../../-oy",
            "ssh://-x/y",
            "../a\nb",
        ] {
            assert!(submodule("https://h.example/a", url).is_err(), "{url}");
        }
        let same =
            |a: &str, b: &str| Address::parse(a).unwrap().address.is_same_server(&Address::parse(b).unwrap().address);
        assert!(same("https://h.example/a", "https://H.example:443/b") && same("git@h:a", "ssh://x@h/b"));
        assert!(!same("https://h.example/a", "http://h.example/b") && !same("https://h/a", "https://h:444/b"));
        assert!(!same("https://h/a", "https://i/a") && !same("https://h/a", "ssh://h/a"));
    }

    #[test]
    fn logins_are_decoded() {
        let (user, password) = Address::parse("https://a%40b:p%3Aw@example.com/x").unwrap().login.unwrap();
        assert_eq!((user.as_str(), password.expose().as_str()), ("a@b", "p:w"));
    }
}
