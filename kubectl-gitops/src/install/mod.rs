//! What `install` puts into a cluster or onto a machine, as values: objects and files from settings that were checked. Owns the
//! names, the schedule, the command line of `sync` and every restriction that it runs under. Must not reach a cluster, a disk or a
//! clock, nor decide what is done with what it describes.

mod address;
mod check;
mod command;
mod credentials;
mod keys;
mod manifests;
mod schedule;
mod unit;

use std::path::Path;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

pub use address::{Address, AddressError, Scheme};
use check::{check_reference, is_image, path, wrong_label, wrong_name};
pub use credentials::{Credentials, CredentialsError};
pub use manifests::{CREDENTIALS_FOR_ANNOTATION, SYNCS_ANNOTATION, export, kept_credentials, kept_keys, objects};
pub use schedule::{EVERY_DEFAULT, Schedule, ScheduleError};
pub use unit::{
    HostFile, HostFileKind, UNIT_MARK, cache_directory, files, fits, kept_paths, keys_directory, keys_path,
    settings_directory, unit_names, unit_paths,
};

use crate::git::Verification;
use crate::settings::{
    Access, Clock, HostSettings, InstallSettings, InstallVerify, Keys, Rbac, Reference, SYSTEM_NAMESPACE, TrustedKeys,
    format_duration,
};
use crate::source::{InvalidName, derive_name, validate_name};

/// What sets of installations are called: those of `sync` hold a dot, so that none is called like this.
pub const SET_PREFIX: &str = "install-";
/// Where synced objects go that name no namespace, as kubectl does it on a laptop.
const FILL_DEFAULT: &str = "default";
/// With `gitops-` in front it is the name of a CronJob, which has at most 52 characters.
pub const NAME_MAX: usize = 45;
/// The image of this version; who builds it for another registry says so then (`tests/dist.mk`).
pub const IMAGE: &str = match option_env!("KUBECTL_GITOPS_IMAGE") {
    Some(image) => image,
    None => concat!("ghcr.io/kubectl-gitops/kubectl-gitops:v", env!("CARGO_PKG_VERSION")),
};
/// The default interval of a timer on a host: a run costs nothing around it.
pub const EVERY_DEFAULT_HOST: Duration = Duration::from_mins(1);
/// Shorter intervals of a timer are a typing error.
const EVERY_MIN_HOST: Duration = Duration::from_secs(10);

/// What cannot be installed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstallError {
    /// The address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The schedule.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// The credentials.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// A public key that is none.
    #[error(transparent)]
    Trusted(#[from] crate::git::TrustedKeyError),
    /// A file name that a Secret cannot have.
    #[error("`{0}` cannot be a key of a Secret: letters, digits, `-`, `_` and `.` can")]
    TrustedName(String),
    /// A file of keys without any.
    #[error("the file of `--age-key-file` holds no age identity, no SSH key and no Secret with such")]
    NoKeys,
    /// The name that was given.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// It has no name.
    #[error("no name follows from `{0}`")]
    NoName(String),
    /// A name that a CronJob cannot have.
    #[error("the name `{0}` has more than {NAME_MAX} characters: no CronJob could have it")]
    LongName(String),
    /// The directory.
    #[error("`--path {0}` leads out of the repository, or is no path")]
    Path(String),
    /// A reference that Git could not have.
    #[error("`{flag} {text}` can name nothing in Git")]
    Reference {
        /// Which flag.
        flag: &'static str,
        /// What it said.
        text: String,
    },
    /// No name of a Kubernetes object.
    #[error("`{flag} {text}` is no name of {what}")]
    ObjectName {
        /// Which flag.
        flag: &'static str,
        /// What it said.
        text: String,
        /// Of what.
        what: &'static str,
    },
    /// An image that no registry could have.
    #[error("`--image {0}` is no name of an image")]
    Image(String),
    /// One namespace, and none was named.
    #[error("`--rbac namespaced` needs the namespace: `-n NAMESPACE`")]
    NoNamespace,
    /// A role for nothing.
    #[error("`--cluster-role` has no meaning with `--rbac none`")]
    RoleForNothing,
    /// A pod does not see files of this machine.
    #[error("a pod does not see this machine's files: `--url {0}` works with --systemd only")]
    FileInPod(String),
    /// A timer has no cron schedule.
    #[error("`--schedule` is for the CronJob; a timer takes `--every`")]
    CronOnHost,
    /// A timer that never rests.
    #[error("`--every {0}` is shorter than 10s")]
    Short(String),
    /// A path that a unit cannot have.
    #[error("`{flag} {path}` must be an absolute path")]
    Relative {
        /// Which flag.
        flag: &'static str,
        /// What it said.
        path: String,
    },
    /// A path that the service's own restrictions hide.
    #[error("the service does not see `{0}`: it runs with ProtectHome")]
    Hidden(String),
}

impl InstallError {
    /// What to do, where that is not said already.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Address(error) => Some(error.hint()),
            Self::Schedule(error) => Some(error.hint().to_owned()),
            Self::Credentials(error) => error.hint().map(str::to_owned),
            Self::Name(_) | Self::NoName(_) | Self::LongName(_) => {
                Some("give a short name of lower-case letters, digits and `-` with --name".to_owned())
            }
            Self::Hidden(_) => Some("put it elsewhere: `make install` puts the program into /usr/local/bin".to_owned()),
            _ => None,
        }
    }
}

/// What is to be installed, checked.
#[derive(Debug, Clone)]
pub struct Installation {
    /// Its name, and that of the set that is synced.
    pub name: String,
    /// The name was given, not derived.
    pub named: bool,
    /// Where everything of it lives.
    pub namespace: String,
    /// Where objects go that name no namespace.
    pub fill: String,
    /// The repository.
    pub address: Address,
    /// Which commit of it.
    pub reference: Reference,
    /// Which directory of it; `.` for all.
    pub path: String,
    /// With what it is read.
    pub access: Access,
    /// With what encrypted files are opened.
    pub keys: Keys,
    /// What must be signed, and by whom.
    pub verify: Option<InstallVerify>,
    /// Nothing is to run for now.
    pub suspend: bool,
    /// Flags for `sync`.
    pub sync_flags: Vec<String>,
}

/// What runs it: a CronJob.
#[derive(Debug, Clone)]
pub struct Pod {
    /// When.
    pub schedule: Schedule,
    /// The image.
    pub image: String,
    /// With what the image is pulled.
    pub image_pull_secret: Option<String>,
    /// What it may do.
    pub rbac: Rbac,
    /// The ClusterRole that says so.
    pub cluster_role: String,
    /// Not evicted for others.
    pub critical: bool,
    /// On nodes of the control plane only.
    pub on_server: bool,
}

/// What runs it: a timer of a host.
#[derive(Debug, Clone)]
pub struct Host {
    /// How often.
    pub every: Duration,
    /// The program.
    pub binary: String,
    /// How the cluster is reached.
    pub kubeconfig: String,
}

impl Installation {
    /// `gitops-NAME`: what everything of it is called.
    pub fn object_name(&self) -> String {
        object_name(&self.name)
    }

    /// The Secret that holds credentials of flags.
    pub fn secret_name(&self) -> String {
        format!("{}-credentials", self.object_name())
    }

    /// The Secret that holds the keys of `--verify-keys`.
    pub fn trusted_name(&self) -> String {
        format!("{}-trusted", self.object_name())
    }

    /// The Secret that holds the keys of `--age-key-file`.
    pub fn keys_name(&self) -> String {
        format!("{}-keys", self.object_name())
    }

    /// Name of the set that holds what is installed.
    pub fn set_name(&self) -> String {
        format!("{SET_PREFIX}{}", self.name)
    }

    /// Name of the set that is synced: `NAMESPACE.NAME`, as `sync` calls it.
    pub fn synced_set(&self) -> String {
        synced_set(&self.fill, &self.name)
    }

    /// `main`, `refs/tags/v1`, …: which commit, for people.
    pub fn reference_shown(&self) -> &str {
        match &self.reference {
            Reference::Head => "its default branch",
            Reference::Branch(text) | Reference::Tag(text) | Reference::SemVer(text) | Reference::Name(text) => text,
            Reference::Commit { commit, branch: _ } => commit,
        }
    }
}

/// The set that `sync -n NAMESPACE --name NAME` keeps.
pub fn synced_set(namespace: &str, name: &str) -> String {
    format!("{namespace}.{name}")
}

/// `gitops-NAME`
pub fn object_name(name: &str) -> String {
    format!("{}{name}", crate::inventory::marks::ROOT_PREFIX)
}

/// Checks what a CronJob is to run. `cluster`: what tells this cluster from others, for the place of its runs in their interval.
///
/// # Errors
/// All that is wrong.
pub fn for_pod(settings: &InstallSettings, cluster: &str) -> Result<(Installation, Pod), Vec<InstallError>> {
    let mut problems = Vec::new();
    let installation = installation(settings, &mut problems);
    let pod = &settings.pod;
    if let Some(found) = installation.as_ref().filter(|found| found.address.scheme() == Scheme::File) {
        problems.push(InstallError::FileInPod(found.address.to_string()));
    }
    if pod.rbac == Rbac::Namespaced && settings.namespace.is_none() {
        problems.push(InstallError::NoNamespace);
    }
    if pod.rbac == Rbac::None && pod.cluster_role.is_some() {
        problems.push(InstallError::RoleForNothing);
    }
    let image = pod.image.as_deref().unwrap_or(IMAGE);
    if !is_image(image) {
        problems.push(InstallError::Image(image.to_owned()));
    }
    let names = [("--image-pull-secret", &pod.image_pull_secret, "a Secret")];
    problems.extend(names.into_iter().filter_map(|(flag, name, what)| wrong_name(flag, name.as_deref()?, what)));
    let role = pod.cluster_role.clone().unwrap_or_else(|| match pod.rbac {
        Rbac::Namespaced => "admin".to_owned(),
        Rbac::Cluster | Rbac::None => "cluster-admin".to_owned(),
    });
    if role.is_empty() || role.chars().any(|c| c.is_whitespace() || c.is_control() || "/%".contains(c)) {
        problems.push(InstallError::ObjectName { flag: "--cluster-role", text: role.clone(), what: "a ClusterRole" });
    }
    let seed = seed(&[cluster, &settings.url, &settings.path, settings.name.as_deref().unwrap_or_default()]);
    let schedule = match &settings.clock {
        Clock::Default => Schedule::every(EVERY_DEFAULT, seed),
        Clock::Every(interval) => Schedule::every(*interval, seed),
        Clock::Cron(text) => Schedule::parse(text),
    };
    let schedule = schedule.map_err(|error| problems.push(error.into())).ok();
    match (installation, schedule, problems.is_empty()) {
        (Some(installation), Some(schedule), true) => {
            let pod = Pod {
                schedule,
                image: image.to_owned(),
                image_pull_secret: pod.image_pull_secret.clone(),
                rbac: pod.rbac,
                cluster_role: role,
                critical: pod.critical,
                on_server: pod.on_server,
            };
            Ok((installation, pod))
        }
        _ => Err(problems),
    }
}

/// Checks what a timer is to run.
///
/// # Errors
/// All that is wrong.
pub fn for_host(settings: &InstallSettings, host: &HostSettings) -> Result<(Installation, Host), Vec<InstallError>> {
    let mut problems = Vec::new();
    let installation = installation(settings, &mut problems);
    let every = match &settings.clock {
        Clock::Default => EVERY_DEFAULT_HOST,
        Clock::Every(every) => *every,
        Clock::Cron(_) => {
            problems.push(InstallError::CronOnHost);
            EVERY_DEFAULT_HOST
        }
    };
    if every < EVERY_MIN_HOST {
        problems.push(InstallError::Short(format_duration(every)));
    }
    let path = |flag: &'static str, path: &Path, problems: &mut Vec<InstallError>| {
        let text = path.to_string_lossy().into_owned();
        if !path.is_absolute() || text.chars().any(char::is_control) {
            problems.push(InstallError::Relative { flag, path: text.clone() });
        } else if ["/home", "/root", "/run/user"].iter().any(|hidden| path.starts_with(hidden)) {
            problems.push(InstallError::Hidden(text.clone()));
        }
        text
    };
    let binary = path("--binary", &host.binary, &mut problems);
    let kubeconfig = path("--kubeconfig", &host.kubeconfig, &mut problems);
    if let Some(InstallVerify { keys: TrustedKeys::Files(paths), .. }) = &settings.verify {
        for file in paths {
            path("--verify-keys", file, &mut problems);
        }
    }
    match installation {
        Some(installation) if problems.is_empty() => Ok((installation, Host { every, binary, kubeconfig })),
        _ => Err(problems),
    }
}

/// What both have in common.
fn installation(settings: &InstallSettings, problems: &mut Vec<InstallError>) -> Option<Installation> {
    let address = Address::parse(&settings.url).map_err(|error| problems.push(error.into())).ok();
    let path = path(&settings.path).map_err(|error| problems.push(error)).ok();
    check_reference(&settings.reference, problems);
    let namespaced = settings.pod.rbac == Rbac::Namespaced;
    let fill = settings.namespace.clone().unwrap_or_else(|| FILL_DEFAULT.to_owned());
    let namespace = if namespaced { fill.clone() } else { SYSTEM_NAMESPACE.to_owned() };
    problems.extend(wrong_label("--namespace", &fill, "a namespace"));
    match (&settings.access, &address) {
        (Access::SecretRef(name), _) => problems.extend(wrong_name("--secret-ref", name, "a Secret")),
        (Access::Given(given), Some(address)) => {
            problems.extend(credentials::problems(given, address.scheme()).into_iter().map(InstallError::from));
        }
        (Access::Anonymous, Some(address)) if address.scheme() == Scheme::Ssh => {
            problems.push(CredentialsError::NoKey.into());
        }
        (Access::Given(_) | Access::Flags(_) | Access::Anonymous | Access::Unsaid, _) => {}
    }
    match &settings.keys {
        Keys::SecretRef(name) => problems.extend(wrong_name("--age-key-secret", name, "a Secret")),
        Keys::Given(keys) if !keys::any(keys) => problems.push(InstallError::NoKeys),
        Keys::Given(_) | Keys::File(_) | Keys::None | Keys::Unsaid => {}
    }
    check_trusted(settings.verify.as_ref(), problems);
    let (address, path) = (address?, path?);
    let name = match &settings.name {
        Some(name) => validate_name(name).map(|()| name.clone()).map_err(InstallError::from),
        None => derived(&address, &path),
    };
    let short = |name: String| if name.len() > NAME_MAX { Err(InstallError::LongName(name)) } else { Ok(name) };
    Some(Installation {
        name: name.and_then(short).map_err(|error| problems.push(error)).ok()?,
        named: settings.name.is_some(),
        namespace,
        fill,
        address,
        reference: settings.reference.clone(),
        path,
        access: settings.access.clone(),
        keys: settings.keys.clone(),
        verify: settings.verify.clone(),
        suspend: settings.suspend,
        sync_flags: settings.sync_flags.clone(),
    })
}

/// Public keys that a run could not use are told now.
fn check_trusted(verify: Option<&InstallVerify>, problems: &mut Vec<InstallError>) {
    let Some(InstallVerify { mode, keys }) = verify else { return };
    match keys {
        TrustedKeys::SecretRef(name) => problems.extend(wrong_name("--verify-secret-ref", name, "a Secret")),
        TrustedKeys::Files(_) => {}
        TrustedKeys::Given(keys) => {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            let wrong = keys.keys().filter(|name| name.is_empty() || name.len() > 253 || !name.chars().all(plain));
            problems.extend(wrong.map(|name| InstallError::TrustedName(name.clone())));
            let keys = keys.iter().map(|(name, key)| (name.clone(), key.expose().clone())).collect();
            problems.extend(Verification::new(*mode, &keys).err().map(InstallError::from));
        }
    }
}

/// The directory's name, else the repository's.
fn derived(address: &Address, path: &str) -> Result<String, InstallError> {
    let from = if path == "." { address.repository() } else { path };
    derive_name(Path::new(from)).ok_or_else(|| InstallError::NoName(from.to_owned()))
}

/// A number that these texts decide.
fn seed(texts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    u64::from_be_bytes(std::array::from_fn(|at| digest[at]))
}

#[cfg(test)]
mod tests;
