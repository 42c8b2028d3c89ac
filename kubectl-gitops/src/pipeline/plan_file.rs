//! A plan that was looked at, kept in a file until it is applied: `apply --plan-out` and `apply --plan`. Owns the file's form and what
//! must be as it was. The manifests are not in it: they are built again and must come out the same. No value of a Secret is in it, and
//! no digest of one that could be guessed by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::carry::hex;
use super::identity::Identity;
use super::judge::{Judged, random};
use super::session::Session;
use crate::error::{CliError, Code, Place, Result};
use crate::inventory::digest::desired_hash;
use crate::plan::{Desired, Plan, Policy, is_secret};

/// What the file says it is.
const FORMAT: &str = "kubectl-gitops.dev/plan-v1";
/// Larger than any plan.
const BYTES_MAX: u64 = 64 << 20;
/// Most differences that are told.
const DIFFERENCES_MAX: usize = 20;

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PlanFile {
    format: String,
    /// Our version: another one may plan otherwise.
    version: String,
    cluster: ClusterMark,
    /// `namespace/gitops-NAME`
    inventory: String,
    source: String,
    revision: String,
    /// Flags that decide.
    policy: String,
    /// The inventory's root; none if there was none.
    root: Option<Mark>,
    /// By object: the hash of its manifest; none for a Secret.
    built: BTreeMap<String, Option<String>>,
    /// Over all Secrets together.
    secrets: Option<Sealed>,
    /// By object.
    actions: BTreeMap<String, Decided>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ClusterMark {
    server: String,
    /// Empty where it may not be read.
    uid: String,
}

/// An object as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Mark {
    uid: String,
    resource_version: String,
    /// Of everything but the status: that changes all the time. None for a Secret.
    content: Option<String>,
}

/// Salt and hash, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Sealed {
    salt: String,
    hash: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Decided {
    /// As planned.
    deed: String,
    /// As the server's dry run had it.
    shown: String,
    live: Option<Mark>,
}

/// A file that is not a plan.
#[derive(Debug, thiserror::Error)]
enum PlanFileError {
    #[error("the plan cannot be {deed} `{path}`")]
    Io {
        deed: &'static str,
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("`{path}` is no plan: {why}")]
    NotOne { path: String, why: String },
}

/// What is desired, before marks of an inventory are put on it.
pub(super) struct Build {
    hashes: BTreeMap<String, Option<String>>,
    /// Canonical text of all Secrets. Never printed.
    secrets: krm::Masked<Vec<u8>>,
}

impl Build {
    /// Of what was built and is about to be judged.
    pub(super) fn of(desired: &[Desired]) -> Self {
        let (mut hashes, mut secrets) = (BTreeMap::new(), BTreeMap::new());
        for object in desired {
            let key = object.key.to_string();
            if object.is_secret() {
                secrets.insert(key.clone(), canonical(&object.manifest.open()));
            }
            hashes.insert(key, (!object.is_secret()).then(|| desired_hash(&object.manifest.open()).to_string()));
        }
        let mut text = krm::Masked::new(Vec::new());
        for (key, content) in &secrets {
            // Lengths make it clear where one ends.
            text.expose_mut().extend_from_slice(format!("{key} {}\n", content.expose().len()).as_bytes());
            text.expose_mut().extend_from_slice(content.expose());
        }
        Self { hashes, secrets: text }
    }

    /// A slow hash over all of them at once, with a salt: who has the file would have to guess all of them together.
    fn seal(&self, salt: &[u8]) -> Result<Option<Sealed>> {
        if self.secrets.expose().is_empty() {
            return Ok(None);
        }
        let cost = scrypt::Params::new(14, 8, 1, 32).map_err(|error| CliError::new(Code::Bug, error.to_string()))?;
        let mut hash = [0; 32];
        scrypt::scrypt(self.secrets.expose(), salt, &cost, &mut hash)
            .map_err(|error| CliError::new(Code::Bug, error.to_string()))?;
        Ok(Some(Sealed { salt: hex(salt), hash: hex(&hash) }))
    }
}

/// Everything a plan rests on.
pub(super) struct Basis<'a> {
    pub(super) identity: &'a Identity,
    pub(super) source: &'a str,
    pub(super) build: &'a Build,
    pub(super) policy: &'a Policy,
    pub(super) judged: &'a Judged,
    /// The plan after the server's dry run.
    pub(super) shown: &'a Plan,
}

impl PlanFile {
    /// Of a plan that was just shown.
    pub(super) async fn of(basis: &Basis<'_>, session: &Session) -> Result<Self> {
        let salt: [u8; 16] = random()?;
        Self::with_salt(basis, session, &salt).await
    }

    async fn with_salt(basis: &Basis<'_>, session: &Session, salt: &[u8]) -> Result<Self> {
        let Basis { identity, source, build, policy, judged, shown } = basis;
        let observation = &judged.seen.observation;
        let actions = judged.plan.actions.iter().map(|action| {
            let live = observation.get(&action.key).live().map(|live| mark(live.object(), is_secret(&action.key)));
            let shown = shown.action(&action.key).map_or("", |action| action.deed.word());
            (action.key.to_string(), Decided { deed: action.deed.word().to_owned(), shown: shown.to_owned(), live })
        });
        Ok(Self {
            format: FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            cluster: ClusterMark { server: session.server.clone(), uid: session.cluster_uid().await },
            inventory: identity.root.to_string(),
            source: (*source).to_owned(),
            revision: identity.revision.clone(),
            policy: format!("{policy:?}"),
            root: judged.root.as_ref().map(|root| Mark { content: None, ..mark(root, true) }),
            built: build.hashes.clone(),
            secrets: build.seal(salt)?,
            actions: actions.collect(),
        })
    }

    /// Writes it, for its owner only, whole or not at all.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let failed = |source| {
            let error = PlanFileError::Io { deed: "written to", path: path.display().to_string(), source };
            CliError::new(Code::Output, error)
        };
        let text = serde_json::to_string_pretty(self).map_err(|error| CliError::new(Code::Bug, error))?;
        let beside = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // A temporary file is its owner's only, whatever was there before.
        let mut file = tempfile::NamedTempFile::new_in(beside).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// Reads one.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let shown = path.display().to_string();
        let mut bytes = Vec::new();
        let opened = std::fs::File::open(path).and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut bytes));
        opened.map_err(|source| {
            let code = if source.kind() == std::io::ErrorKind::NotFound { Code::FileMissing } else { Code::Unreadable };
            CliError::new(code, PlanFileError::Io { deed: "read from", path: shown.clone(), source })
        })?;
        let bad = |why: String| {
            CliError::new(Code::PlanFile, PlanFileError::NotOne { path: shown.clone(), why })
                .at(Place::file(shown.clone()))
                .hint("make one with `kubectl gitops apply DIR --plan-out FILE`")
        };
        if bytes.len() as u64 > BYTES_MAX {
            return Err(bad("it is too large".to_owned()));
        }
        let value: Value = serde_json::from_slice(&bytes).map_err(|_| bad("it is not JSON".to_owned()))?;
        match value["format"].as_str() {
            Some(FORMAT) => {}
            Some(_) => return Err(bad("its format is not understood by this version".to_owned())),
            None => return Err(bad("it does not say its format".to_owned())),
        }
        let file: Self = serde_json::from_value(value).map_err(|error| bad(error.to_string()))?;
        if file.version != env!("CARGO_PKG_VERSION") {
            return Err(bad(format!("version {} made it, and this is {}", file.version, env!("CARGO_PKG_VERSION"))));
        }
        Ok(file)
    }

    /// Demands that what was built is what the plan was made from.
    pub(super) fn demand_build(&self, build: &Build) -> Result<()> {
        let mut differences = Vec::new();
        for key in self.built.keys().chain(build.hashes.keys()).collect::<BTreeSet<_>>() {
            match (self.built.get(key), build.hashes.get(key)) {
                (Some(_), None) => differences.push(format!("{}: is no longer built", short(key))),
                (None, Some(_)) => differences.push(format!("{}: is new in the build", short(key))),
                (Some(was), Some(is)) if was != is => differences.push(format!("{}: is built otherwise", short(key))),
                _ => {}
            }
        }
        let salt = self.secrets.as_ref().map(|sealed| unhex(&sealed.salt)).unwrap_or_default();
        // Which of them, nobody can say.
        if differences.is_empty() && build.seal(&salt)? != self.secrets {
            differences.push("a Secret: is built otherwise".to_owned());
        }
        demand("the build is not what the plan was made from", differences)
    }

    /// Demands that everything the plan was decided by is as it was.
    pub(super) async fn demand(&self, basis: &Basis<'_>, session: &Session) -> Result<()> {
        self.demand_build(basis.build)?;
        let salt = self.secrets.as_ref().map(|sealed| unhex(&sealed.salt)).unwrap_or_default();
        let now = Self::with_salt(basis, session, &salt).await?;
        demand("the plan does not fit any more", self.differences(&now))
    }

    fn differences(&self, now: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.cluster.is_another_than(&now.cluster) {
            found.push(format!("the cluster: it was made for {}, this is {}", self.cluster.server, now.cluster.server));
        }
        if self.inventory != now.inventory {
            found.push(format!("the set: it was made for {}, this is {}", self.inventory, now.inventory));
        }
        if self.policy != now.policy {
            found.push("the flags: it was made with others".to_owned());
        }
        if self.root.as_ref().map(Mark::version) != now.root.as_ref().map(Mark::version) {
            found.push(format!("the inventory {}: a run has written it since", self.inventory));
        }
        for key in self.actions.keys().chain(now.actions.keys()).collect::<BTreeSet<_>>() {
            let told = match (self.actions.get(key), now.actions.get(key)) {
                (Some(was), Some(is)) => was.moved(is),
                (Some(_), None) => Some("does not concern the plan any more".to_owned()),
                (None, _) => Some("was not in the plan".to_owned()),
            };
            found.extend(told.map(|what| format!("{}: {what}", short(key))));
        }
        found
    }
}

impl ClusterMark {
    fn is_another_than(&self, other: &Self) -> bool {
        if self.uid.is_empty() || other.uid.is_empty() { self.server != other.server } else { self.uid != other.uid }
    }
}

impl Mark {
    fn version(&self) -> (&str, &str) {
        (&self.uid, &self.resource_version)
    }

    /// Is it the same object with the same content?
    fn stays(&self, now: &Self) -> bool {
        let same_content = self.content.is_some() && self.content == now.content;
        self.uid == now.uid && (self.resource_version == now.resource_version || same_content)
    }
}

impl Decided {
    /// What is otherwise, in words.
    fn moved(&self, now: &Self) -> Option<String> {
        if (&self.deed, &self.shown) != (&now.deed, &now.shown) {
            let (was, is) = if self.shown == now.shown { (&self.deed, &now.deed) } else { (&self.shown, &now.shown) };
            return Some(format!("the plan said {was}, now it is {is}"));
        }
        match (&self.live, &now.live) {
            (Some(was), Some(is)) if was.uid != is.uid => Some("is another object by now".to_owned()),
            // Nothing is done with it: how it looks does not matter, as long as that stays so.
            (Some(_), Some(_)) if ["unchanged", "keep", "refuse", "forget"].contains(&self.deed.as_str()) => None,
            (Some(was), Some(is)) if !was.stays(is) => {
                let (was, is) = (&was.resource_version, &is.resource_version);
                Some(format!("changed in the cluster since (resourceVersion {was}, now {is})"))
            }
            (Some(_), None) => Some("was deleted meanwhile".to_owned()),
            (None, Some(_)) => Some("was made meanwhile".to_owned()),
            _ => None,
        }
    }
}

fn demand(what: &'static str, mut differences: Vec<String>) -> Result<()> {
    if differences.is_empty() {
        return Ok(());
    }
    let more = differences.len().saturating_sub(DIFFERENCES_MAX);
    differences.truncate(DIFFERENCES_MAX);
    let error = differences.into_iter().fold(CliError::new(Code::PlanMoved, what), CliError::note);
    let error = if more > 0 { error.note(format!("and {more} more")) } else { error };
    Err(error.hint("look at a new one: `kubectl gitops apply DIR --plan-out FILE`"))
}

/// `Deployment/shop/web`, as everywhere.
fn short(key: &str) -> String {
    key.parse::<krm::ObjectKey>().map_or_else(|_| key.to_owned(), |key| key.short())
}

fn mark(object: &Value, secret: bool) -> Mark {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    let content = (!secret).then(|| {
        let mut object = object.clone();
        if let Some(top) = object.as_object_mut() {
            top.shift_remove("status");
        }
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.shift_remove("managedFields");
            metadata.shift_remove("resourceVersion");
        }
        desired_hash(&object).to_string()
    });
    Mark { uid: text("uid"), resource_version: text("resourceVersion"), content }
}

/// One text for one value, whatever the order of its keys.
fn canonical(value: &Value) -> krm::Masked<Vec<u8>> {
    let mut sorted = value.clone();
    sorted.sort_all_objects();
    krm::Masked::new(sorted.to_string().into_bytes())
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| u8::try_from(c.to_digit(16)?).ok()).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
