//! `install`: what makes `sync` run by itself, in the cluster or on a server node.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::{CliError, Code, Result};
use crate::pipeline;
use crate::report::Console;
use crate::settings::{
    Access, Clock, DryRun, HostSettings, InstallSettings, InstallVerify, Keys, PodSettings, Rbac, RunSettings,
    TrustedKeys, parse_duration,
};

use super::flags::{ExecuteArgs, OutputArgs, choice};
use super::global::GlobalArgs;
use super::remote::{CredentialArgs, ReferenceArgs, VerifyArgs, VerifyParts};

/// Where K3s writes its kubeconfig, on server nodes.
const K3S_KUBECONFIG: &str = "/etc/rancher/k3s/k3s.yaml";

/// Let a CronJob (or a systemd timer) sync a Git repository into the cluster
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  # A public repository, every 5 minutes
  kubectl gitops install --url https://git.example.com/home.git --path clusters/home

  # A private one; the password becomes a Secret that the pod mounts
  kubectl gitops install --url http://gitea.gitea.svc:3000/ann/home.git --username ann --password-file token

  # What would be applied, as YAML, for a repository of its own
  kubectl gitops install --url https://git.example.com/home.git --secret-ref git --export

  # With files that SOPS encrypted for this age key
  kubectl gitops install --url https://git.example.com/home.git --age-key-file key.txt

  # Without a pod: a timer on a K3s server node
  sudo kubectl-gitops install --systemd --url https://git.example.com/home.git --path clusters/home

  # Flags for the sync itself stand after --
  kubectl gitops install --url https://git.example.com/home.git -- --wait --timeout=10m

The repository is not asked: whether address and password are right is what the first run shows.
The same command again changes what changed, and writes nothing else.")]
pub(super) struct Args {
    #[command(flatten)]
    repository: RepositoryArgs,
    #[command(flatten)]
    access: AccessArgs,
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    verify: VerifyArgs,
    #[command(flatten)]
    clock: ClockArgs,
    #[command(flatten)]
    pod: PodArgs,
    #[command(flatten)]
    host: HostArgs,
    /// Print what would be applied or written, and reach nothing
    #[arg(long, conflicts_with_all = ["dry_run", "wait"])]
    export: bool,
    #[command(flatten)]
    execute: ExecuteArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Flags for every `kubectl gitops sync`
    #[arg(last = true, value_name = "SYNC FLAGS")]
    sync_flags: Vec<String>,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Repository")]
struct RepositoryArgs {
    /// Git repository: https, http, ssh or git@host:path; without credentials
    #[arg(long, value_name = "URL", required = true)]
    url: String,
    /// Directory below the top of the repository; default: the top
    #[arg(long, value_name = "DIR", default_value = ".", hide_default_value = true)]
    path: String,
    /// Name of the installation and of the applied set; default: the last part of --path, else of the URL
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    reference: ReferenceArgs,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Credentials of the repository")]
struct AccessArgs {
    /// Secret beside the CronJob that holds them, in Flux's layout; somebody else keeps it
    #[arg(long, value_name = "NAME", conflicts_with = "CredentialArgs")]
    secret_ref: Option<String>,
    #[command(flatten)]
    credentials: CredentialArgs,
    /// No credentials, and none that an earlier install left
    #[arg(long, conflicts_with_all = ["secret_ref", "CredentialArgs"])]
    anonymous: bool,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Keys of encrypted files")]
struct KeyArgs {
    /// File with age identities that open what SOPS encrypted; it becomes a Secret that the pod mounts
    #[arg(long, value_name = "FILE", conflicts_with_all = ["age_key_secret", "no_age_key"])]
    age_key_file: Option<PathBuf>,
    /// Secret beside the CronJob with such keys, in Flux's layout (*.agekey, *.asc); somebody else keeps it
    #[arg(long, value_name = "NAME", conflicts_with_all = ["no_age_key", "systemd"])]
    age_key_secret: Option<String>,
    /// No keys, and none that an earlier install left
    #[arg(long, hide_short_help = true)]
    no_age_key: bool,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "When")]
struct ClockArgs {
    /// Interval: 1m to 24h, where cron can express it; default: 5m for the CronJob, 1m for a timer
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, conflicts_with = "schedule")]
    every: Option<Duration>,
    /// Schedule of the CronJob, as `*/15 * * * *`
    #[arg(long, value_name = "CRON")]
    schedule: Option<String>,
    /// Install, and let nothing run yet
    #[arg(long)]
    suspend: bool,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "CronJob")]
struct PodArgs {
    /// Image of the pod; default: that of this version
    #[arg(long, value_name = "IMAGE", conflicts_with = "systemd")]
    image: Option<String>,
    /// Secret with which the image is pulled
    #[arg(long, value_name = "NAME", conflicts_with = "systemd", hide_short_help = true)]
    image_pull_secret: Option<String>,
    /// What it may do: a ClusterRole in the whole cluster, or in the namespace of -n (then everything lives there), or nothing
    #[arg(long, value_name = "WHERE", value_parser = choice::<Rbac>(Rbac::WORDS), default_value = Rbac::Cluster.word(), conflicts_with = "systemd")]
    rbac: Rbac,
    /// The ClusterRole; default: cluster-admin, with --rbac=namespaced admin
    #[arg(long, value_name = "NAME", conflicts_with = "systemd")]
    cluster_role: Option<String>,
    /// Never evict the pod in favour of others
    #[arg(long, conflicts_with = "systemd", hide_short_help = true)]
    critical: bool,
    /// Run the pod on nodes of the control plane only
    #[arg(long, conflicts_with = "systemd", hide_short_help = true)]
    on_server: bool,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Timer of a host")]
struct HostArgs {
    /// Write a systemd timer and service on this K3s server node in place of a CronJob; as root
    #[arg(long)]
    systemd: bool,
    /// Program that the service starts; default: this one
    #[arg(long, value_name = "FILE", requires = "systemd", hide_short_help = true)]
    binary: Option<PathBuf>,
    /// Write below this directory, as for an image of a machine
    #[arg(long, value_name = "DIR", requires = "systemd", hide_short_help = true)]
    root: Option<PathBuf>,
}

pub(super) fn run(args: Args, global: GlobalArgs, console: &mut Console) -> Result<u8> {
    let Args { repository, access, keys, verify, clock, pod, host, export, execute, output, sync_flags } = args;
    console.present(output.into_presentation(global.verbosity));
    check(&sync_flags)?;
    let run = execute.extend(RunSettings::default());
    let connection = global.into_connection();
    let RepositoryArgs { url, path, name, reference } = repository;
    let reference = reference.into_reference();
    let verify = verify.into_parts(&reference)?.map(|VerifyParts { mode, files, secret }| InstallVerify {
        mode,
        keys: secret.map_or(TrustedKeys::Files(files), TrustedKeys::SecretRef),
    });
    let settings = InstallSettings {
        url,
        path,
        name,
        verify,
        reference,
        namespace: connection.namespace.clone().filter(|name| !name.is_empty()),
        access: access.into_access()?,
        keys: keys.into_keys(),
        suspend: clock.suspend,
        clock: clock.into_clock(),
        pod: pod.into_settings(),
        sync_flags,
    };
    let HostArgs { systemd, binary, root } = host;
    if !systemd {
        return if export {
            pipeline::install::export(&settings, console)
        } else {
            pipeline::install::install(&settings, &run, &connection, console)
        };
    }
    let kubeconfig = connection.kubeconfig.unwrap_or_else(|| PathBuf::from(K3S_KUBECONFIG));
    let binary = match binary {
        Some(binary) => binary,
        None => std::env::current_exe().map_err(|error| CliError::new(Code::Host, error))?,
    };
    let host = HostSettings { root: root.unwrap_or_else(|| PathBuf::from("/")), binary, kubeconfig };
    if export {
        pipeline::host::export(&settings, &host, console)
    } else {
        pipeline::host::install(&settings, &host, run.dry_run != DryRun::None, console)
    }
}

/// Would `sync` understand these flags beside those that an installation gives it? Found out here, not by the first run.
fn check(sync_flags: &[String]) -> Result<()> {
    let own = ["url", "path", "name", "namespace", "driver", "driver-every", "termination-log", "age-key-file"]
        .map(|name| format!("--{name}={}", if name == "driver-every" { "1m" } else { "x" }));
    let words = ["kubectl-gitops", "sync"].into_iter().map(str::to_owned).chain(own).chain(sync_flags.iter().cloned());
    super::command("kubectl-gitops").try_get_matches_from(words).map(|_| ()).map_err(|error| {
        let text = error.to_string();
        let said = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        CliError::new(Code::Usage, format!("`sync` would not understand what stands after `--`: {said}"))
            .hint("`kubectl gitops sync --help` lists its flags; those of the installation itself stand before `--`")
    })
}

impl AccessArgs {
    fn into_access(self) -> Result<Access> {
        let given = self.credentials.into_given()?;
        Ok(match self.secret_ref {
            Some(name) => Access::SecretRef(name),
            None if self.anonymous => Access::Anonymous,
            None if given.is_empty() => Access::Unsaid,
            None => Access::Flags(given),
        })
    }
}

impl KeyArgs {
    fn into_keys(self) -> Keys {
        match (self.age_key_file, self.age_key_secret) {
            (Some(path), _) => Keys::File(path),
            (None, Some(name)) => Keys::SecretRef(name),
            (None, None) if self.no_age_key => Keys::None,
            (None, None) => Keys::Unsaid,
        }
    }
}

impl ClockArgs {
    fn into_clock(self) -> Clock {
        match (self.every, self.schedule) {
            (Some(every), _) => Clock::Every(every),
            (None, Some(schedule)) => Clock::Cron(schedule),
            (None, None) => Clock::Default,
        }
    }
}

impl PodArgs {
    fn into_settings(self) -> PodSettings {
        let Self { image, image_pull_secret, rbac, cluster_role, critical, on_server } = self;
        PodSettings { image, image_pull_secret, rbac, cluster_role, critical, on_server }
    }
}
