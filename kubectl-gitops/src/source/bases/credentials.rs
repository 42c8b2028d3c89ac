//! The user's credentials for a server, found where Git finds them: stores, helpers, `.netrc`, a program that asks. Owns the order
//! and the formats; must not know when credentials are wanted, and says nothing of what it finds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use krm::Masked;
use kustomize::outside::{Ending, Process, Program, Word};

use super::super::process::{self, Limits};
use super::super::repository::small_text;
use super::config::{GitConfig, expanded};

/// A helper may ask a person.
const HELPER: Limits = Limits { time: Duration::from_mins(2), output: 64 << 10, errors: 0 };
/// Where helpers lie that Git brings along.
const GIT_PROGRAMS: [&str; 3] = ["/usr/lib/git-core", "/usr/libexec/git-core", "/usr/local/libexec/git-core"];

/// A user and a password.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: Masked<String>,
}

/// What credentials are asked for.
struct Wanted {
    protocol: String,
    /// With its port, where the URL has one.
    host: String,
    /// Only where it counts.
    path: String,
    /// Empty if any will do.
    user: String,
}

/// The environment, as far as it counts here.
pub(super) type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The login for an http or https URL.
pub(super) fn find(url: &str, config: &GitConfig, variable: Variable<'_>) -> Option<Login> {
    let wanted = Wanted::of(url, config)?;
    let home = variable("HOME").map(PathBuf::from);
    let mut helpers: Vec<&str> = Vec::new();
    let mut any = false;
    for helper in config.all_for_url("credential", "helper", url) {
        any = true;
        // An empty one takes back those before it.
        if helper.is_empty() { helpers.clear() } else { helpers.push(helper) }
    }
    if !any {
        // Nobody told Git, which may not even be there; the file that it would use says enough.
        helpers.push("store");
    }
    let by_helper = || helpers.iter().find_map(|helper| ask_helper(helper, &wanted, home.as_deref(), variable));
    by_helper().or_else(|| netrc(&wanted, home.as_deref(), variable)).or_else(|| ask_person(&wanted, config, variable))
}

impl Wanted {
    fn of(url: &str, config: &GitConfig) -> Option<Self> {
        let (protocol, rest) = url.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
        let user = user.split(':').next().unwrap_or_default();
        let user =
            if user.is_empty() { config.for_url("credential", "username", url).unwrap_or_default() } else { user };
        let with_path = config.for_url("credential", "useHttpPath", url) == Some("true");
        let wanted = Self {
            protocol: protocol.to_ascii_lowercase(),
            host: host.to_ascii_lowercase(),
            path: if with_path { path.trim_start_matches('/').to_owned() } else { String::new() },
            user: decoded(user),
        };
        // A line of the protocol of helpers must stay one.
        let all = [&wanted.protocol, &wanted.host, &wanted.path, &wanted.user];
        (!all.iter().any(|text| text.contains(['\n', '\r', '\0']))).then_some(wanted)
    }
}

fn ask_helper(helper: &str, wanted: &Wanted, home: Option<&Path>, variable: Variable<'_>) -> Option<Login> {
    let mut words = helper.split_whitespace();
    if words.next() == Some("store") {
        let file = words.find_map(|word| word.strip_prefix("--file=").map(str::to_owned)).or_else(|| {
            let mut words = helper.split_whitespace().skip_while(|word| *word != "--file");
            words.nth(1).map(str::to_owned)
        });
        return match file {
            Some(file) => stored(&expanded(&file, home), wanted),
            None => home
                .and_then(|home| stored(&home.join(".git-credentials"), wanted))
                .or_else(|| stored(&super::configuration_directory(variable)?.join("git/credentials"), wanted)),
        };
    }
    run_helper(helper, wanted)
}

/// A file of URLs, as the helper `store` has it.
fn stored(file: &Path, wanted: &Wanted) -> Option<Login> {
    let text = small_text(file)?;
    text.lines().find_map(|line| {
        let (protocol, rest) = line.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (login, host) = authority.rsplit_once('@')?;
        let (user, password) = login.split_once(':')?;
        let user = decoded(user);
        let fits = protocol.eq_ignore_ascii_case(&wanted.protocol)
            && decoded(host).eq_ignore_ascii_case(&wanted.host)
            && (wanted.user.is_empty() || wanted.user == user)
            && (wanted.path.is_empty() || decoded(path.trim_start_matches('/')) == wanted.path);
        fits.then(|| Login { user, password: Masked::new(decoded(password)) })
    })
}

/// A program that speaks Git's protocol of helpers.
fn run_helper(helper: &str, wanted: &Wanted) -> Option<Login> {
    // As Git decides it: a line for a shell, a path, or the last part of a program's name.
    let line = match helper.strip_prefix('!') {
        Some(line) => line.to_owned(),
        None if helper.starts_with('/') => helper.to_owned(),
        None => format!("git-credential-{helper}"),
    };
    let mut process = Process::new(Program::Named("sh".to_owned()), None);
    process.args = ["-c".to_owned(), format!("{line} get")].iter().map(|word| Word::from(word.as_str())).collect();
    let path = std::env::var("PATH").unwrap_or_default();
    // An empty part would be the directory that somebody else's repository lies in.
    let parts = path.split(':').chain(GIT_PROGRAMS).filter(|part| part.starts_with('/'));
    let path = parts.collect::<Vec<_>>().join(":");
    process.env = vec![("PATH".to_owned(), Word::Text(path))];
    let mut question = format!("protocol={}\nhost={}\n", wanted.protocol, wanted.host);
    for (name, value) in [("path", &wanted.path), ("username", &wanted.user)] {
        if !value.is_empty() {
            question = format!("{question}{name}={value}\n");
        }
    }
    process.stdin = format!("{question}\n").into_bytes();
    let answer = spoken(&process)?;
    let value = |name: &str| {
        answer.expose().lines().rev().find_map(|line| line.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
    };
    let user = value("username").unwrap_or_else(|| wanted.user.clone());
    Some(Login { user, password: Masked::new(value("password")?) })
}

/// `.netrc`, which Git's own HTTP library reads.
fn netrc(wanted: &Wanted, home: Option<&Path>, variable: Variable<'_>) -> Option<Login> {
    let file = variable("NETRC").map(PathBuf::from).or_else(|| Some(home?.join(".netrc")))?;
    let text = small_text(&file)?;
    let host = wanted.host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let host = host.map_or(wanted.host.as_str(), |(host, _)| host);
    let mut words = text.lines().filter(|line| !line.trim_start().starts_with('#')).flat_map(str::split_whitespace);
    let mut here = false;
    let (mut user, mut password) = (None::<String>, None::<String>);
    loop {
        let word = words.next();
        if matches!(word, None | Some("machine" | "default")) {
            let fits = here && (wanted.user.is_empty() || user.as_deref() == Some(wanted.user.as_str()));
            if let (true, Some(user), Some(password)) = (fits, user.take(), password.take()) {
                return Some(Login { user, password: Masked::new(password) });
            }
        }
        match word? {
            "machine" => here = words.next()?.eq_ignore_ascii_case(host),
            "default" => here = true,
            "login" => user = words.next().map(unquoted),
            "password" => password = words.next().map(unquoted),
            _ => {}
        }
    }
}

/// A program that shows a question to a person, if one is named.
fn ask_person(wanted: &Wanted, config: &GitConfig, variable: Variable<'_>) -> Option<Login> {
    let named = |name: &str| variable(name).filter(|value| !value.is_empty());
    let program = named("GIT_ASKPASS")
        .or_else(|| config.all("core", "askPass").last().map(str::to_owned))
        .or_else(|| named("SSH_ASKPASS"))?;
    let ask = |question: String| {
        let mut process = Process::new(Program::Named(program.clone()), None);
        process.args = vec![Word::Text(question)];
        Some(spoken(&process)?.expose().lines().next()?.to_owned())
    };
    let place = format!("{}://{}", wanted.protocol, wanted.host);
    let user = match wanted.user.as_str() {
        "" => ask(format!("Username for '{place}': "))?,
        user => user.to_owned(),
    };
    let place = format!("{}://{user}@{}", wanted.protocol, wanted.host);
    Some(Login { password: Masked::new(ask(format!("Password for '{place}': "))?), user })
}

/// What a program that succeeds prints.
fn spoken(process: &Process) -> Option<Masked<String>> {
    let finished = process::run(process, HELPER).ok()?;
    let text = String::from_utf8(finished.stdout).ok().map(Masked::new)?;
    (finished.ending == Ending::Exit(0)).then_some(text)
}

fn unquoted(word: &str) -> String {
    word.strip_prefix('"').and_then(|word| word.strip_suffix('"')).unwrap_or(word).to_owned()
}

/// With `%41` as `A`; what is malformed stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        if let Some(byte) = after.get(..2).and_then(hex).filter(|_| *first == b'%') {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
