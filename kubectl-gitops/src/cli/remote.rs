//! `--url` and what belongs to it: which repository, at which reference, by which credentials. The same for every command that
//! reads a repository.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;
use std::time::Duration;

use krm::Masked;

use crate::error::{CliError, Code, Result};
use crate::settings::{
    Credential, CredentialStore, Given, KeyStore, Reference, RemoteSettings, SYSTEM_NAMESPACE, Signed, VerifySettings,
    can_be_tag, parse_duration,
};

use super::flags::choice;

/// Holds the password, where neither a file nor standard input is named.
const PASSWORD_VARIABLE: &str = "KUBECTL_GITOPS_PASSWORD";

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Repository")]
pub(super) struct RemoteArgs {
    /// Git repository: http, https, ssh or file
    #[arg(long, value_name = "URL", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    url: Option<String>,
    /// Directory below the top of the repository; default: the top
    #[arg(long, value_name = "DIR", requires = "url")]
    path: Option<String>,
    #[command(flatten)]
    reference: ReferenceArgs,
    /// Fetch submodules, too
    #[arg(long, requires = "url", hide_short_help = true)]
    recurse_submodules: bool,
    /// Longest time for the repository to answer
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "60s", hide_short_help = true)]
    git_timeout: Duration,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    credentials: CredentialArgs,
    #[command(flatten)]
    verify: VerifyArgs,
}

/// Which commit: at most one of them, but for a commit on a branch.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Repository")]
pub(super) struct ReferenceArgs {
    /// Branch; default: what the repository's HEAD says
    #[arg(long, value_name = "NAME", requires = "url", conflicts_with_all = ["tag", "semver", "ref_name"])]
    branch: Option<String>,
    /// Tag
    #[arg(long, value_name = "NAME", requires = "url", conflicts_with_all = ["semver", "ref_name", "commit"])]
    tag: Option<String>,
    /// Highest tag in a range, as `>=1.2.0 <2.0.0`
    #[arg(long, value_name = "RANGE", requires = "url", conflicts_with_all = ["ref_name", "commit"])]
    semver: Option<String>,
    /// Full name of a reference, as `refs/pull/7/head`
    #[arg(long, value_name = "NAME", requires = "url", conflicts_with = "commit", hide_short_help = true)]
    ref_name: Option<String>,
    /// Commit, in full; with --branch it must be part of it
    #[arg(long, value_name = "HASH", requires = "url", hide_short_help = true)]
    commit: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Credentials of the repository")]
struct StoreArgs {
    /// Secret of the cluster with credentials in Flux's layout (username, password, bearerToken, ca.crt, tls.crt, tls.key,
    /// identity, known_hosts); without a namespace, one in gitops-system
    #[arg(long, value_name = "[NAMESPACE/]NAME", requires = "url", conflicts_with = "credentials_dir")]
    secret_ref: Option<String>,
    /// Directory with such a Secret, mounted: a file per key
    #[arg(long, value_name = "DIR", requires = "url")]
    credentials_dir: Option<PathBuf>,
}

/// Single credentials. Which of them go together is told where their values are known.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Credentials of the repository")]
pub(super) struct CredentialArgs {
    /// User name; the password comes from a file, standard input or KUBECTL_GITOPS_PASSWORD
    #[arg(long, value_name = "NAME", requires = "url")]
    username: Option<String>,
    /// File with the password, or with the passphrase of the SSH key
    #[arg(long, value_name = "FILE", requires = "url", conflicts_with = "password_stdin")]
    password_file: Option<PathBuf>,
    /// Read the password from standard input
    #[arg(long, requires = "url", hide_short_help = true)]
    password_stdin: bool,
    /// File with a bearer token
    #[arg(long, value_name = "FILE", requires = "url", hide_short_help = true)]
    bearer_token_file: Option<PathBuf>,
    /// File with the certificate authority of the server; default: those of the system
    #[arg(long, value_name = "FILE", requires = "url")]
    ca_file: Option<PathBuf>,
    /// File with a client certificate
    #[arg(long, value_name = "FILE", requires = "url", hide_short_help = true)]
    tls_cert_file: Option<PathBuf>,
    /// File with the client certificate's key
    #[arg(long, value_name = "FILE", requires = "url", hide_short_help = true)]
    tls_key_file: Option<PathBuf>,
    /// File with the SSH key
    #[arg(long, value_name = "FILE", requires = "url")]
    ssh_key_file: Option<PathBuf>,
    /// File with the keys of SSH hosts, as `ssh-keyscan` prints them
    #[arg(long, value_name = "FILE", requires = "url")]
    known_hosts_file: Option<PathBuf>,
}

/// What must be signed, and whose signatures count.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Signatures of the repository")]
pub(super) struct VerifyArgs {
    /// What must be signed by a trusted key, OpenPGP or SSH: the commit (head), the tag, or both
    #[arg(long, value_name = "WHAT", value_parser = choice::<Signed>(Signed::WORDS), requires_all = ["url", "verify_by"])]
    verify: Option<Signed>,
    /// File with trusted public keys, or directory of them (*.asc, *.sshpub); may be repeated
    #[arg(long, value_name = "PATH", requires = "verify", group = "verify_by")]
    verify_keys: Vec<PathBuf>,
    /// Secret with them, in Flux's layout; without a namespace, one in gitops-system
    #[arg(
        long,
        value_name = "[NAMESPACE/]NAME",
        requires = "verify",
        group = "verify_by",
        conflicts_with = "verify_keys",
        hide_short_help = true
    )]
    verify_secret_ref: Option<String>,
}

/// The same, as far as all commands understand it alike.
pub(super) struct VerifyParts {
    pub(super) mode: Signed,
    pub(super) files: Vec<PathBuf>,
    /// As it was typed.
    pub(super) secret: Option<String>,
}

impl VerifyArgs {
    /// What was said; nothing if nothing must be signed.
    pub(super) fn into_parts(self, reference: &Reference) -> Result<Option<VerifyParts>> {
        let Self { verify, verify_keys, verify_secret_ref } = self;
        let Some(mode) = verify else { return Ok(None) };
        if mode.needs_tag() && !can_be_tag(reference) {
            let text = format!("`--verify {}` needs a tag: only tags have signatures of their own", mode.word());
            return Err(CliError::new(Code::Usage, text)
                .hint("name it by --tag, --semver or --ref-name; `--verify head` checks the commit of a branch"));
        }
        Ok(Some(VerifyParts { mode, files: verify_keys, secret: verify_secret_ref }))
    }

    fn into_settings(self, reference: &Reference) -> Result<Option<VerifySettings>> {
        let Some(VerifyParts { mode, files, secret }) = self.into_parts(reference)? else { return Ok(None) };
        let keys = match secret {
            Some(secret) => {
                let (namespace, name) = secret_of("--verify-secret-ref", &secret)?;
                KeyStore::Secret { namespace, name }
            }
            None => KeyStore::Files(files),
        };
        Ok(Some(VerifySettings { mode, keys }))
    }
}

/// `NAMESPACE/NAME`, or a name in the namespace of ours.
fn secret_of(flag: &str, text: &str) -> Result<(String, String)> {
    let (namespace, name) = text.split_once('/').unwrap_or((SYSTEM_NAMESPACE, text));
    if namespace.is_empty() || name.is_empty() || name.contains('/') {
        return Err(CliError::new(Code::Usage, format!("`{flag} {text}` names no Secret")));
    }
    Ok((namespace.to_owned(), name.to_owned()))
}

impl RemoteArgs {
    /// The repository and the directory in it; nothing without `--url`. `cache`: where objects are kept for the next time.
    pub(super) fn into_settings(self, cache: Option<PathBuf>) -> Result<Option<(RemoteSettings, String)>> {
        let Self { url, path, reference, recurse_submodules, git_timeout, store, credentials, verify } = self;
        let Some(url) = url else { return Ok(None) };
        let path = below(path.as_deref().unwrap_or("."))?;
        let reference = reference.into_reference();
        let settings = RemoteSettings {
            url: Masked::new(url),
            verify: verify.into_settings(&reference)?,
            reference,
            cache,
            credentials: store.into_store()?,
            given: credentials.into_given()?,
            submodules: recurse_submodules,
            timeout: git_timeout,
        };
        Ok(Some((settings, path)))
    }
}

impl ReferenceArgs {
    pub(super) fn into_reference(self) -> Reference {
        let Self { branch, tag, semver, ref_name, commit } = self;
        match (commit, ref_name, tag, semver, branch) {
            (Some(commit), _, _, _, branch) => Reference::Commit { commit, branch },
            (None, Some(name), ..) => Reference::Name(name),
            (None, None, Some(tag), ..) => Reference::Tag(tag),
            (None, None, None, Some(range), _) => Reference::SemVer(range),
            (None, None, None, None, Some(branch)) => Reference::Branch(branch),
            (None, None, None, None, None) => Reference::Head,
        }
    }
}

impl StoreArgs {
    fn into_store(self) -> Result<CredentialStore> {
        match (self.secret_ref, self.credentials_dir) {
            (Some(secret), _) => {
                let (namespace, name) = secret_of("--secret-ref", &secret)?;
                Ok(CredentialStore::Secret { namespace, name })
            }
            (None, Some(directory)) => Ok(CredentialStore::Directory(directory)),
            (None, None) => Ok(CredentialStore::None),
        }
    }
}

impl CredentialArgs {
    /// Where each is found; none without a flag.
    pub(super) fn into_given(self) -> Result<BTreeMap<Credential, Given>> {
        let Self {
            username,
            password_file,
            password_stdin,
            bearer_token_file,
            ca_file,
            tls_cert_file,
            tls_key_file,
            ssh_key_file,
            known_hosts_file,
        } = self;
        let files = [
            (Credential::Password, password_file),
            (Credential::BearerToken, bearer_token_file),
            (Credential::Ca, ca_file),
            (Credential::ClientCertificate, tls_cert_file),
            (Credential::ClientKey, tls_key_file),
            (Credential::Identity, ssh_key_file),
            (Credential::KnownHosts, known_hosts_file),
        ];
        let mut given: BTreeMap<Credential, Given> =
            files.into_iter().filter_map(|(credential, path)| Some((credential, Given::File(path?)))).collect();
        if password_stdin {
            given.insert(Credential::Password, Given::Stdin);
        }
        if let Some(name) = username {
            if let Entry::Vacant(password) = given.entry(Credential::Password) {
                password.insert(Given::Text(from_environment()?));
            }
            given.insert(Credential::Username, Given::Text(Masked::new(name)));
        }
        Ok(given)
    }
}

fn from_environment() -> Result<Masked<String>> {
    let password = std::env::var(PASSWORD_VARIABLE).ok().filter(|password| !password.is_empty());
    password.map(Masked::new).ok_or_else(|| {
        let text =
            format!("`--username` needs a password: `--password-file`, `--password-stdin` or {PASSWORD_VARIABLE}");
        CliError::new(Code::Usage, text)
    })
}

/// A path below the top of a repository, without `.` parts; the top is `.`.
fn below(path: &str) -> Result<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if path.starts_with('/') || parts.contains(&"..") {
        let text = format!("`--path {path}` does not lie in the repository");
        return Err(
            CliError::new(Code::Usage, text).hint("name it from the top of the repository, as `--path apps/prod`")
        );
    }
    Ok(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_in_the_repository() {
        for (path, expected) in [(".", "."), ("", "."), ("./", "."), ("./apps//prod/", "apps/prod"), ("a/./b", "a/b")] {
            assert_eq!(below(path).unwrap(), expected, "{path}");
        }
        for path in ["/", "/apps", "..", "a/../../b"] {
            assert!(below(path).is_err(), "{path}");
        }
    }
}
