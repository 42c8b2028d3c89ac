//! The user's Git configuration, as far as it says how repositories are reached: other addresses (`url.*.insteadOf`), helpers
//! for credentials, certificates, proxies. Owns the file format; must not know what a setting is for, nor fail on what it cannot
//! read: Git's own program is the judge of these files.

use std::path::{Path, PathBuf};

use super::super::repository::small_text;

/// Files that include each other.
const DEPTH_MAX: usize = 10;
/// Settings that are remembered.
const SETTINGS_MAX: usize = 10_000;

/// Settings in the order in which they were read; a later one counts more.
#[derive(Clone, Default)]
pub(super) struct GitConfig {
    settings: Vec<Setting>,
}

#[derive(Clone, PartialEq, Eq)]
struct Setting {
    /// In small letters.
    section: String,
    subsection: String,
    /// In small letters.
    name: String,
    value: String,
}

/// Values may hold tokens.
impl std::fmt::Debug for GitConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitConfig").field("settings", &self.settings.len()).finish_non_exhaustive()
    }
}

impl GitConfig {
    /// What Git would read outside of any repository, by the variables of the environment.
    pub(super) fn of_user(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut config = Self::default();
        let home = variable("HOME").map(PathBuf::from);
        let truth =
            |name: &str| variable(name).is_some_and(|value| !matches!(value.as_str(), "" | "0" | "false" | "no"));
        if !truth("GIT_CONFIG_NOSYSTEM") {
            let system = variable("GIT_CONFIG_SYSTEM").unwrap_or_else(|| "/etc/gitconfig".to_owned());
            config.read(Path::new(&system), home.as_deref(), 0);
        }
        if let Some(global) = variable("GIT_CONFIG_GLOBAL") {
            config.read(Path::new(&global), home.as_deref(), 0);
        } else {
            if let Some(directory) = super::configuration_directory(variable) {
                config.read(&directory.join("git/config"), home.as_deref(), 0);
            }
            if let Some(home) = &home {
                config.read(&home.join(".gitconfig"), Some(home), 0);
            }
        }
        let count = variable("GIT_CONFIG_COUNT").and_then(|count| count.parse::<usize>().ok()).unwrap_or(0);
        for index in 0..count.min(SETTINGS_MAX) {
            let pair = (variable(&format!("GIT_CONFIG_KEY_{index}")), variable(&format!("GIT_CONFIG_VALUE_{index}")));
            if let (Some(key), Some(value)) = pair {
                config.set(&key, value);
            }
        }
        config
    }

    /// `section.subsection.name`
    fn set(&mut self, key: &str, value: String) {
        let Some((section, rest)) = key.split_once('.') else { return };
        let (subsection, name) = rest.rsplit_once('.').unwrap_or(("", rest));
        self.push(section, subsection, name, value);
    }

    fn push(&mut self, section: &str, subsection: &str, name: &str, value: String) {
        if self.settings.len() < SETTINGS_MAX {
            self.settings.push(Setting {
                section: section.to_ascii_lowercase(),
                subsection: subsection.to_owned(),
                name: name.to_ascii_lowercase(),
                value,
            });
        }
    }

    fn read(&mut self, path: &Path, home: Option<&Path>, depth: usize) {
        let Some(text) = small_text(path).filter(|_| depth < DEPTH_MAX) else { return };
        let mut included = Self::default();
        parse(&text, &mut included);
        for setting in included.settings {
            if setting.section == "include" && setting.name == "path" {
                let named = expanded(&setting.value, home);
                let directory = path.parent().unwrap_or(Path::new(""));
                self.read(&directory.join(named), home, depth + 1);
            } else if self.settings.len() < SETTINGS_MAX {
                self.settings.push(setting);
            }
        }
    }

    /// All values of a setting without a subsection.
    pub(super) fn all<'a, 'b>(
        &'a self,
        section: &'b str,
        name: &'b str,
    ) -> impl Iterator<Item = &'a str> + use<'a, 'b> {
        self.of(section, name).filter(|(subsection, _)| subsection.is_empty()).map(|(_, value)| value)
    }

    /// All subsections with a value of a setting, in order.
    pub(super) fn of<'a, 'b>(
        &'a self,
        section: &'b str,
        name: &'b str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a, 'b> {
        let wanted = move |setting: &&Setting| setting.section == section && setting.name.eq_ignore_ascii_case(name);
        self.settings.iter().filter(wanted).map(|setting| (setting.subsection.as_str(), setting.value.as_str()))
    }

    /// The address that counts: the longest beginning that is to be replaced is.
    pub(super) fn rewritten(&self, url: &str) -> String {
        let mut best: Option<(&str, &str)> = None;
        for (base, beginning) in self.of("url", "insteadOf") {
            if url.starts_with(beginning) && best.is_none_or(|(_, known)| beginning.len() > known.len()) {
                best = Some((base, beginning));
            }
        }
        best.map_or_else(|| url.to_owned(), |(base, beginning)| format!("{base}{}", &url[beginning.len()..]))
    }

    /// The value of `http.name` or `credential.name` that is made most precisely for a URL.
    pub(super) fn for_url(&self, section: &str, name: &str, url: &str) -> Option<&str> {
        let mut best: Option<(usize, &str)> = None;
        for (subsection, value) in self.of(section, name) {
            let Some(precision) = matches(subsection, url) else { continue };
            if best.is_none_or(|(known, _)| precision >= known) {
                best = Some((precision, value));
            }
        }
        best.map(|(_, value)| value)
    }

    /// All values of a setting that are made for a URL, in the order in which they were read.
    pub(super) fn all_for_url<'a, 'b>(
        &'a self,
        section: &'b str,
        name: &'b str,
        url: &'b str,
    ) -> impl Iterator<Item = &'a str> + use<'a, 'b> {
        self.of(section, name).filter(|(subsection, _)| matches(subsection, url).is_some()).map(|(_, value)| value)
    }
}

/// `~/file` of the user.
pub(super) fn expanded(path: &str, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// How precisely a subsection (a URL, perhaps with `*` for a part of the host) names this URL; nothing if it does not.
fn matches(subsection: &str, url: &str) -> Option<usize> {
    if subsection.is_empty() {
        return Some(0);
    }
    let (pattern_scheme, pattern) = subsection.split_once("://")?;
    let (scheme, rest) = url.split_once("://")?;
    if !pattern_scheme.eq_ignore_ascii_case(scheme) {
        return None;
    }
    let parts = |text: &str| {
        let (authority, path) = text.split_at(text.find('/').unwrap_or(text.len()));
        let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
        let user = user.split(':').next().unwrap_or_default().to_owned();
        (user, with_port(&host.to_ascii_lowercase(), scheme), path.trim_matches('/').to_owned())
    };
    let ((wanted_user, wanted_host, wanted_path), (user, host, path)) = (parts(pattern), parts(rest));
    let same_host = wanted_host.split('.').count() == host.split('.').count()
        && wanted_host.split('.').zip(host.split('.')).all(|(wanted, part)| wanted == "*" || wanted == part);
    let below = wanted_path.is_empty() || path == wanted_path || path.starts_with(&format!("{wanted_path}/"));
    let user_fits = wanted_user.is_empty() || wanted_user == user;
    // Host, then path, then user, as Git weighs them.
    let exact = usize::from(!wanted_host.contains('*'));
    (same_host && below && user_fits)
        .then(|| 1 + exact * 1_000_000 + wanted_path.len() * 2 + usize::from(!wanted_user.is_empty()))
}

fn with_port(host: &str, scheme: &str) -> String {
    let has_port = host.rsplit(']').next().is_some_and(|rest| rest.contains(':'));
    let port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    if has_port { host.to_owned() } else { format!("{host}{port}") }
}

/// Reads a file's text. A line that makes no sense ends it: what stood before counts.
fn parse(text: &str, into: &mut GitConfig) {
    let mut section = (String::new(), String::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let mut rest = line.trim_start();
        if rest.starts_with('[') {
            let Some((name, after)) = header(rest) else { return };
            section = name;
            rest = after.trim_start();
        }
        if rest.is_empty() || rest.starts_with(['#', ';']) {
            continue;
        }
        let (name, value) = rest.split_once('=').map_or((rest, None), |(name, value)| (name, Some(value)));
        let name = name.trim();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return;
        }
        let value = match value {
            // A name alone is a truth.
            None => Some("true".to_owned()),
            Some(value) => unquoted(value, &mut lines),
        };
        let Some(value) = value else { return };
        into.push(&section.0, &section.1, name, value);
    }
}

/// `[section]`, `[section "subsection"]`, `[section.subsection]`, and what follows.
fn header(line: &str) -> Option<((String, String), &str)> {
    let inside = line.strip_prefix('[')?;
    let mut subsection = String::new();
    let end = inside.find(['"', ']'])?;
    if inside[end..].starts_with(']') {
        let name = inside[..end].trim();
        let (name, dotted) = name.split_once('.').unwrap_or((name, ""));
        return Some(((name.to_ascii_lowercase(), dotted.to_ascii_lowercase()), &inside[end + 1..]));
    }
    let name = inside[..end].trim().to_ascii_lowercase();
    let mut chars = inside[end + 1..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => subsection.push(chars.next()?.1),
            '"' => {
                let after = inside[end + 1 + at + 1..].trim_start().strip_prefix(']')?;
                return Some(((name, subsection), after));
            }
            c => subsection.push(c),
        }
    }
    None
}

/// A value without quotes, escapes and comments; it may go on in the next line.
fn unquoted<'a>(value: &'a str, lines: &mut impl Iterator<Item = &'a str>) -> Option<String> {
    let mut result = String::new();
    let mut kept = 0;
    let mut quoted = false;
    let mut line = value.trim_start();
    loop {
        let mut chars = line.chars();
        let mut goes_on = false;
        while let Some(c) = chars.next() {
            match c {
                '"' => quoted = !quoted,
                '\\' => match chars.next() {
                    None => goes_on = true,
                    Some('n') => result.push('\n'),
                    Some('t') => result.push('\t'),
                    Some('b') => result.push('\u{8}'),
                    Some(c @ ('"' | '\\')) => result.push(c),
                    Some(_) => return None,
                },
                '#' | ';' if !quoted => break,
                c => result.push(c),
            }
            // Blanks at the end do not count, unless they are quoted.
            if quoted || !c.is_whitespace() {
                kept = result.len();
            }
        }
        if !goes_on {
            break;
        }
        line = lines.next()?;
    }
    result.truncate(kept);
    (!quoted).then_some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> GitConfig {
        let mut config = GitConfig::default();
        parse(text, &mut config);
        config
    }

    #[test]
    fn the_file_format_is_git_s() {
        let text = "# c\n[user]\n\tname = Ann \"B; C\" # x\n[Core] ; x\n bare\n[credential \"https://a\\\"b\"]\n\thelper=\n\
                    helper = !f() { \\\n echo; }; f\n[http.Proxy]\n\tx = 1 2  \n[a] b = \"  c  \" \n";
        let config = config(text);
        let all: Vec<_> = config
            .settings
            .iter()
            .map(|s| (s.section.as_str(), s.subsection.as_str(), s.name.as_str(), s.value.as_str()))
            .collect();
        assert_eq!(
            all,
            [
                ("user", "", "name", "Ann B; C"),
                ("core", "", "bare", "true"),
                ("credential", "https://a\"b", "helper", ""),
                ("credential", "https://a\"b", "helper", "!f() {  echo"),
                ("http", "proxy", "x", "1 2"),
                ("a", "", "b", "  c  "),
            ]
        );
        // What stands after nonsense does not count.
        assert_eq!(self::config("[a]\nb = 1\n= 2\nc = 3\n").settings.len(), 1);
        assert_eq!(self::config("[a \"b\nc = 3\n").settings.len(), 0);
        assert_eq!(self::config("[a]\nb = \"open\nc = 3\n").settings.len(), 0);
    }

    #[test]
    fn the_longest_beginning_is_replaced() {
        let config = config(
            "[url \"https://mirror/\"]\ninsteadOf = https://github.com/\n[url \"ssh://git@home/org/\"]\n\
             insteadOf = https://github.com/org/\ninsteadOf = gh:\n",
        );
        for (url, expected) in [
            ("https://github.com/a/b", "https://mirror/a/b"),
            ("https://github.com/org/b", "ssh://git@home/org/b"),
            ("gh:b.git", "ssh://git@home/org/b.git"),
            ("https://gitlab.com/a/b", "https://gitlab.com/a/b"),
        ] {
            assert_eq!(config.rewritten(url), expected);
        }
    }

    #[test]
    fn the_most_precise_setting_of_a_url_counts() {
        let config = config(
            "[http]\nsslCAInfo = all\n[http \"https://git.example.com\"]\nsslcainfo = host\n\
             [http \"https://git.example.com/team\"]\nsslCAInfo = team\n[http \"https://*.example.org\"]\nsslCAInfo = star\n\
             [http \"https://git.example.com:8443/\"]\nsslCAInfo = port\n",
        );
        for (url, expected) in [
            ("https://github.com/a/b", "all"),
            ("https://git.example.com/a/b", "host"),
            ("https://GIT.example.com:443/a/b", "host"),
            ("https://git.example.com:8443/a/b", "port"),
            ("https://git.example.com/team/b", "team"),
            ("https://git.example.com/teams/b", "host"),
            ("https://a.example.org/b", "star"),
            ("http://git.example.com/team/b", "all"),
        ] {
            assert_eq!(config.for_url("http", "sslCAInfo", url), Some(expected), "{url}");
        }
    }

    #[test]
    fn files_include_others_and_the_environment_counts_most() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(".gitconfig"), "[include]\npath = more\npath = ~/more\n[a]\nb = 2\n").unwrap();
        std::fs::write(home.path().join("more"), "[a]\nb = 1\n[include]\npath = more\n").unwrap();
        let here = home.path().display().to_string();
        let variable = |name: &str| match name {
            "HOME" => Some(here.clone()),
            "GIT_CONFIG_NOSYSTEM" | "GIT_CONFIG_COUNT" => Some("1".to_owned()),
            "GIT_CONFIG_KEY_0" => Some("A.x.y.B".to_owned()),
            "GIT_CONFIG_VALUE_0" => Some("3".to_owned()),
            _ => None,
        };
        let config = GitConfig::of_user(&variable);
        assert_eq!(config.all("a", "b").last(), Some("2"));
        assert_eq!(config.of("a", "b").last(), Some(("x.y", "3")));
    }
}
