//! The repository of a run: credentials from where the settings say, then revision and tree. Everything that speaks to the
//! repository or builds runs on a thread of its own.

use std::rc::Rc;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::Masked;
use serde_json::Value;

use super::super::elsewhere::of_tree;
use super::super::render::{Rendered, prepared};
use super::super::session::{Session, apart};
use crate::cluster::{Code as Answer, Endpoint, Extent};
use crate::error::{CliError, Code, Result};
use crate::git::Verification;
use crate::report::Story;
use crate::settings::{BuildSettings, CredentialStore, Input, KeyStore, RemoteSettings, SyncSettings};
use crate::source::{self, Credentials, Revision, SecretData, Secrets, Tree};

/// A repository that can be asked.
pub(super) struct Repository {
    settings: Arc<SyncSettings>,
    credentials: Arc<Credentials>,
}

/// With the credentials that the settings name.
pub(super) async fn open(settings: &SyncSettings, session: &Session) -> Result<Repository> {
    let credentials = credentials(session, &settings.remote).await?;
    Ok(Repository { settings: Arc::new(settings.clone()), credentials: Arc::new(credentials) })
}

/// What the settings name, in the cluster and elsewhere.
pub(in crate::pipeline) async fn credentials(session: &Session, remote: &RemoteSettings) -> Result<Credentials> {
    let secrets = read_secrets(session, remote).await?;
    Ok(Credentials::gather(remote, secrets).map_err(source::RemoteError::from)?)
}

/// The Secrets that the settings name.
async fn read_secrets(session: &Session, remote: &RemoteSettings) -> Result<Secrets> {
    let credentials = match &remote.credentials {
        CredentialStore::Secret { namespace, name } => {
            let example = "--from-literal=username=… --from-literal=password=…";
            Some(read_secret(session, namespace, name, "the repository's credentials", example).await?)
        }
        CredentialStore::Directory(_) | CredentialStore::None => None,
    };
    let trusted = match remote.verify.as_ref().map(|verify| &verify.keys) {
        Some(KeyStore::Secret { namespace, name }) => {
            let example = "--from-file=ann.asc --from-file=bob.sshpub";
            Some(read_secret(session, namespace, name, "the trusted keys", example).await?)
        }
        Some(KeyStore::Files(_)) | None => None,
    };
    Ok(Secrets { credentials, trusted })
}

impl Repository {
    /// Digest of what must be signed, and by whom; empty where nothing must.
    pub(super) fn trust(&self) -> &[u8] {
        self.credentials.verification().map(Verification::digest).unwrap_or_default()
    }

    /// What the reference stands for now.
    pub(super) async fn resolve(&self) -> Result<Revision> {
        let (settings, credentials) = (Arc::clone(&self.settings), Arc::clone(&self.credentials));
        Ok(apart(move || source::resolve(&settings.remote, &credentials)).await??)
    }

    /// Fetch → build → stages. The tree is gone afterwards.
    pub(super) async fn render(&self, revision: &Revision, story: &Rc<Story>) -> Result<Rendered> {
        let (settings, credentials) = (Arc::clone(&self.settings), Arc::clone(&self.credentials));
        let wanted = revision.clone();
        let tree = apart(move || source::check_out(&settings.remote, &credentials, &wanted)).await??;
        for warning in tree.warnings() {
            story.warn(warning);
        }
        let settings = Arc::clone(&self.settings);
        let revision = revision.to_string();
        let mut rendered = apart(move || {
            rendered(&settings, &tree).map_err(|error| of_tree(error, &tree, &settings.remote, &revision))
        })
        .await??;
        for warning in &rendered.warnings {
            story.warn(warning);
        }
        rendered.warnings.clear();
        Ok(rendered)
    }
}

fn rendered(settings: &SyncSettings, tree: &Tree) -> Result<Rendered> {
    let SyncSettings { engine, stages, path, .. } = settings;
    let build = BuildSettings { input: Input::default(), engine: engine.clone(), stages: stages.clone(), remote: None };
    prepared(tree.open(path)?, &build)
}

/// The keys of a Secret.
async fn read_secret(session: &Session, namespace: &str, name: &str, what: &str, example: &str) -> Result<SecretData> {
    let object = match session.cluster.get(&Endpoint::secrets(), namespace, name, Extent::Whole).await {
        Ok(object) => object,
        Err(error) if error.code == Answer::NotFound => {
            let text = format!("the Secret {namespace}/{name} with {what} does not exist");
            let hint = format!("create it: `kubectl create secret generic {name} -n {namespace} {example}`");
            return Err(CliError::new(Code::Credentials, text).hint(hint));
        }
        Err(error) => return Err(error.into()),
    };
    let data = object.get("data").and_then(Value::as_object);
    let decoded = data.into_iter().flatten().map(|(key, value)| {
        let bytes = value.as_str().and_then(|text| STANDARD.decode(text).ok());
        (key.clone(), Masked::new(bytes.unwrap_or_default()))
    });
    Ok(decoded.collect())
}
