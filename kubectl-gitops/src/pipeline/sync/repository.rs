//! The repository of a run: credentials from where the settings say, then revision and tree. Everything that speaks to the
//! repository or builds runs on a thread of its own.

use std::rc::Rc;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::Masked;
use serde_json::Value;

use super::super::render::{Rendered, prepared};
use super::super::session::{Session, apart};
use crate::cluster::{Code as Answer, Endpoint, Extent};
use crate::error::{CliError, Code, Result};
use crate::report::Story;
use crate::settings::{BuildSettings, CredentialStore, Input, RemoteSettings, SyncSettings};
use crate::source::{self, Credentials, Revision, SecretData, Tree};

/// A repository that can be asked.
pub(super) struct Repository {
    settings: Arc<SyncSettings>,
    credentials: Arc<Credentials>,
}

/// With the credentials that the settings name.
pub(super) async fn open(settings: &SyncSettings, session: &Session) -> Result<Repository> {
    let secret = match &settings.remote.credentials {
        CredentialStore::Secret { namespace, name } => Some(read_secret(session, namespace, name).await?),
        CredentialStore::Directory(_) | CredentialStore::None => None,
    };
    let credentials = Credentials::gather(&settings.remote, secret).map_err(source::RemoteError::from)?;
    Ok(Repository { settings: Arc::new(settings.clone()), credentials: Arc::new(credentials) })
}

impl Repository {
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
            let rendered = rendered(&settings, &tree);
            rendered.map_err(|error| without_top(error, &tree, &settings.remote, &revision))
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
    let build = BuildSettings { input: Input::default(), engine: engine.clone(), stages: stages.clone() };
    prepared(tree.open(path)?, &build)
}

/// Where the tree lay for a moment says nothing, and would be another place in every run.
fn without_top(error: CliError, tree: &Tree, remote: &RemoteSettings, revision: &str) -> CliError {
    let top = tree.top().display().to_string();
    let clean = |text: String| text.replace(&format!("{top}/"), "").replace(&top, ".");
    let CliError { kind, code, error, place, notes, hints } = error;
    let error = Cleaned::of(error.as_ref(), &clean);
    let place = place.map(|place| crate::error::Place { file: clean(place.file), ..place });
    let (notes, hints) = (notes.into_iter().map(clean).collect(), hints.into_iter().map(clean).collect());
    let cleaned = CliError { kind, code, error: Box::new(error), place, notes, hints };
    cleaned.note(format!("in {} at {revision}", source::shown_url(remote)))
}

/// An error with its causes, as texts.
#[derive(Debug)]
struct Cleaned {
    text: String,
    source: Option<Box<Cleaned>>,
}

impl Cleaned {
    fn of(error: &(dyn std::error::Error + 'static), clean: &dyn Fn(String) -> String) -> Self {
        let source = error.source().map(|source| Box::new(Self::of(source, clean)));
        Self { text: clean(error.to_string()), source }
    }
}

impl std::fmt::Display for Cleaned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Cleaned {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// The keys of a Secret.
async fn read_secret(session: &Session, namespace: &str, name: &str) -> Result<SecretData> {
    let object = match session.cluster.get(&Endpoint::secrets(), namespace, name, Extent::Whole).await {
        Ok(object) => object,
        Err(error) if error.code == Answer::NotFound => {
            let text = format!("the Secret {namespace}/{name} with the repository's credentials does not exist");
            let hint = format!(
                "create it: `kubectl create secret generic {name} -n {namespace} --from-literal=username=… --from-literal=password=…`"
            );
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
