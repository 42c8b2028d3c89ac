//! The files of an installation with a systemd timer. Owns the two units, systemd's quoting, and where credentials lie; must not
//! write anything.

use std::fmt::Write as _;

use krm::Masked;

use super::command::{self, Places};
use super::{Address, Host, Installation, keys, object_name};
use crate::settings::{Access, Keys};

/// First line of every unit of ours: a file without it is somebody else's.
pub const UNIT_MARK: &str =
    "# Written by `kubectl gitops install --systemd`; `kubectl gitops uninstall --systemd` removes it.";
const UNITS: &str = "/etc/systemd/system";
const SETTINGS: &str = "/etc/kubectl-gitops";
/// A file beside the credentials: the server that they are for.
const SERVER_FILE: &str = "server";

/// A file that belongs to an installation.
#[derive(Debug, Clone)]
pub struct HostFile {
    /// Absolute, on the host.
    pub path: String,
    /// What it is.
    pub kind: HostFileKind,
}

/// What a file of a host is.
#[derive(Debug, Clone)]
pub enum HostFileKind {
    /// A unit, which everybody may read.
    Unit(String),
    /// Something that root alone may read.
    Private(Masked<Vec<u8>>),
    /// A link to another file: that a timer is to be started at boot.
    Link(String),
    /// A file that must not be there.
    Absent,
}

/// Timer and service of an installation.
pub fn unit_names(name: &str) -> [String; 2] {
    ["timer", "service"].map(|kind| format!("{}.{kind}", object_name(name)))
}

/// Paths of the units of an installation, and of the link that starts its timer at boot.
pub fn unit_paths(name: &str) -> [String; 3] {
    let [timer, service] = unit_names(name);
    [wanted_path(&timer), format!("{UNITS}/{timer}"), format!("{UNITS}/{service}")]
}

fn wanted_path(timer: &str) -> String {
    format!("{UNITS}/timers.target.wants/{timer}")
}

/// The directory of an installation, with its credentials.
pub fn settings_directory(name: &str) -> String {
    format!("{SETTINGS}/{name}")
}

/// All files of an installation, whether it has them or must not have them.
pub fn files(installation: &Installation, host: &Host) -> Vec<HostFile> {
    let [timer, service] = unit_names(&installation.name);
    let directory = settings_directory(&installation.name);
    let mut files = Vec::new();
    if let Access::Given(credentials) = &installation.access {
        let private = |name: &str, value: Vec<u8>| HostFile {
            path: format!("{directory}/{name}"),
            kind: HostFileKind::Private(Masked::new(value)),
        };
        files.push(private(SERVER_FILE, installation.address.server().as_bytes().to_vec()));
        files.extend(
            credentials.iter().map(|(credential, value)| {
                private(&format!("credentials/{}", credential.key()), value.expose().clone())
            }),
        );
    }
    if let Keys::Given(keys) = &installation.keys {
        let kind = HostFileKind::Private(Masked::new(keys.expose().clone()));
        files.push(HostFile { path: keys_path(&installation.name), kind });
    }
    let unit = |name: &str, text: String| HostFile { path: format!("{UNITS}/{name}"), kind: HostFileKind::Unit(text) };
    files.push(unit(&service, service_text(installation, host)));
    files.push(unit(&timer, timer_text(installation, host)));
    let wanted = if installation.suspend { HostFileKind::Absent } else { HostFileKind::Link(format!("../{timer}")) };
    files.push(HostFile { path: wanted_path(&timer), kind: wanted });
    files
}

/// Where systemd lets an installation keep what it fetched.
pub fn cache_directory(name: &str) -> String {
    format!("/var/cache/kubectl-gitops/{name}")
}

/// The directory of an installation's keys.
pub fn keys_directory(name: &str) -> String {
    format!("{}/keys", settings_directory(name))
}

/// The keys of an installation.
pub fn keys_path(name: &str) -> String {
    format!("{}/{}", keys_directory(name), keys::KEY)
}

/// Where an earlier installation of this name left credentials, and the file that says for which server.
pub fn kept_paths(name: &str) -> (String, String) {
    let directory = settings_directory(name);
    (format!("{directory}/credentials"), format!("{directory}/{SERVER_FILE}"))
}

/// Were kept credentials made for this server?
pub fn fits(server: &str, address: &Address) -> bool {
    server.trim_end() == address.server()
}

fn timer_text(installation: &Installation, host: &Host) -> String {
    let every = host.every.as_secs();
    format!(
        "{UNIT_MARK}\n\
         [Unit]\n\
         Description=GitOps sync of {name}, every so often\n\
         \n\
         [Timer]\n\
         # By the monotonic clock: a clock that jumps stops nothing, and runs never overlap.\n\
         OnBootSec=90s\n\
         OnUnitInactiveSec={every}s\n\
         RandomizedDelaySec={delay}s\n\
         AccuracySec=5s\n\
         \n\
         [Install]\n\
         WantedBy=timers.target\n",
        name = installation.name,
        delay = (every / 4).min(15),
    )
}

fn service_text(installation: &Installation, host: &Host) -> String {
    let credentials = match &installation.access {
        Access::Given(_) => Some(format!("{}/credentials", settings_directory(&installation.name))),
        Access::SecretRef(_) | Access::Anonymous | Access::Unsaid | Access::Flags(_) => None,
    };
    let keys = matches!(installation.keys, Keys::Given(_)).then(|| keys_path(&installation.name));
    let places = Places { credentials: credentials.as_deref(), keys: keys.as_deref(), trusted: None };
    let mut words = command::words(installation, places, None);
    words.insert(0, host.binary.clone());
    words.push(format!("--kubeconfig={}", host.kubeconfig));
    words.push(format!("--cache-dir={}", cache_directory(&installation.name)));
    let line = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    format!(
        "{UNIT_MARK}\n\
         [Unit]\n\
         Description=GitOps sync of {name}\n\
         After=k3s.service network-online.target\n\
         Wants=network-online.target\n\
         ConditionPathExists={kubeconfig}\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         # %H is this host's name.\n\
         ExecStart={line} --driver=systemd/%H --driver-every={every}s\n\
         # 5: another server's run holds the lock. Nothing is wrong then.\n\
         SuccessExitStatus=5\n\
         TimeoutStartSec=30min\n\
         UMask=0077\n\
         # What was fetched before is not fetched again.\n\
         CacheDirectory=kubectl-gitops/{name}\n\
         CacheDirectoryMode=0700\n\
         CPUWeight=20\n\
         IOSchedulingClass=idle\n\
         MemoryMax=96M\n\
         CapabilityBoundingSet=\n\
         NoNewPrivileges=yes\n\
         PrivateTmp=yes\n\
         PrivateDevices=yes\n\
         ProtectSystem=strict\n\
         ProtectHome=yes\n\
         ProtectClock=yes\n\
         ProtectControlGroups=yes\n\
         ProtectHostname=yes\n\
         ProtectKernelLogs=yes\n\
         ProtectKernelModules=yes\n\
         ProtectKernelTunables=yes\n\
         ProtectProc=invisible\n\
         RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n\
         RestrictNamespaces=yes\n\
         RestrictRealtime=yes\n\
         RestrictSUIDSGID=yes\n\
         LockPersonality=yes\n\
         MemoryDenyWriteExecute=yes\n\
         SystemCallArchitectures=native\n\
         SystemCallFilter=@system-service\n",
        name = installation.name,
        every = host.every.as_secs(),
        kubeconfig = host.kubeconfig.replace('%', "%%"),
    )
}

/// One word of a command line as systemd reads it: what it would expand is doubled, what it would split is quoted.
fn quoted(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        match c {
            '%' => out.push_str("%%"),
            '$' => out.push_str("$$"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _infallible = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,%".contains(c);
    if !out.is_empty() && out.chars().all(plain) { out } else { format!("\"{out}\"") }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_stays_one_word_and_itself() {
        for (word, text) in [
            ("--path=clusters/prod", "--path=clusters/prod"),
            ("--semver=>=1.0 <2", "\"--semver=>=1.0 <2\""),
            ("50%", "50%%"),
            ("$HOME", "\"$$HOME\""),
            ("a\"b\\c;d", "\"a\\\"b\\\\c;d\""),
            ("'a'", "\"'a'\""),
            ("a\nExecStart=b", "\"a\\nExecStart=b\""),
            ("a\u{7}", "\"a\\u0007\""),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(word), text);
        }
    }
}
