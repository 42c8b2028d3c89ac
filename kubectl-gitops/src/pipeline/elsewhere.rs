//! An input that lies in a repository elsewhere: fetched for as long as it is built. Owns that order, and that errors do not name
//! the place where the tree lay for a moment.

use std::path::Path;
use std::rc::Rc;

use kustomize::Object;

use super::render::prepared;
use super::{session, sync};
use crate::error::{CliError, Result};
use crate::report::{Console, Story};
use crate::settings::{BuildSettings, Connection, CredentialStore, KeyStore, Reference, RemoteSettings};
use crate::source::{self, Checkout, Credentials, Input, Revision, Secrets};

/// A repository elsewhere with its credentials, which are gathered once: a password may come from a pipe.
pub(super) struct Elsewhere<'a> {
    remote: &'a RemoteSettings,
    path: &'a str,
    credentials: Credentials,
    console: &'a Console,
}

/// The repository that the settings name; none where the input lies on this disk.
pub(super) fn open<'a>(
    settings: &'a BuildSettings,
    connection: &Connection,
    console: &'a Console,
) -> Result<Option<Elsewhere<'a>>> {
    let Some((remote, path)) = &settings.remote else { return Ok(None) };
    let credentials = credentials(remote, connection, console)?;
    Ok(Some(Elsewhere { remote, path, credentials, console }))
}

/// Opens what the settings name, on this disk or elsewhere, and works on it. `plain` allows directories without a kustomization.
pub(super) fn with_input<R>(
    settings: &BuildSettings,
    plain: bool,
    connection: &Connection,
    console: &Console,
    work: impl FnOnce(Input) -> Result<R>,
) -> Result<R> {
    match open(settings, connection, console)? {
        Some(elsewhere) => elsewhere.with_input(plain, work),
        None => work(source::open(settings, plain)?),
    }
}

impl Elsewhere<'_> {
    /// The directory at the reference that the settings name.
    pub(super) fn with_input<R>(&self, plain: bool, work: impl FnOnce(Input) -> Result<R>) -> Result<R> {
        let Self { remote, path, credentials, console } = self;
        let revision = source::resolve(remote, credentials)?;
        fetched(remote, credentials, &revision, console, |tree| {
            let mut input = tree.open_as(path, plain)?;
            input.checkout = Some(checkout(remote, path, &revision));
            input.shown = shown(remote, path);
            work(input)
        })
    }

    /// The objects of another reference, and its revision.
    pub(super) fn at(&self, reference: &str, settings: &BuildSettings) -> Result<(Vec<Object>, String)> {
        let Self { remote, path, credentials, console } = self;
        let reference = if Reference::is_commit(reference) {
            Reference::Commit { commit: reference.to_owned(), branch: None }
        } else {
            Reference::Name(reference.to_owned())
        };
        let remote = RemoteSettings { reference, ..(*remote).clone() };
        let revision = source::resolve(&remote, credentials)?;
        let built = fetched(&remote, credentials, &revision, console, |tree| {
            if !tree.top().join(path).is_dir() {
                console.warn(&format!("`{path}` does not exist in {revision}: everything is new"));
                return Ok(Vec::new());
            }
            Ok(prepared(tree.open(path)?, settings)?.objects)
        })?;
        Ok((built, revision.to_string()))
    }
}

/// The tree of a revision, as long as it is worked on.
fn fetched<R>(
    remote: &RemoteSettings,
    credentials: &Credentials,
    revision: &Revision,
    console: &Console,
    work: impl FnOnce(&source::Tree) -> Result<R>,
) -> Result<R> {
    let tree = source::check_out(remote, credentials, revision)?;
    console.warn_all(tree.warnings());
    work(&tree).map_err(|error| of_tree(error, &tree, remote, &revision.to_string()))
}

/// An error of what a tree holds, with the place that the tree came from.
pub(super) fn of_tree(error: CliError, tree: &source::Tree, remote: &RemoteSettings, revision: &str) -> CliError {
    without_top(error, tree.top()).note(format!("in {} at {revision}", source::shown_url(remote)))
}

/// What the flags name: files, or a Secret, for which the cluster is asked.
fn credentials(remote: &RemoteSettings, connection: &Connection, console: &Console) -> Result<Credentials> {
    let named = matches!(remote.credentials, CredentialStore::Secret { .. });
    let trusted = remote.verify.as_ref().is_some_and(|verify| matches!(verify.keys, KeyStore::Secret { .. }));
    if named || trusted {
        let story = Rc::new(Story::new(console));
        return session::with(connection, &story, async |session| sync::credentials(session, remote).await);
    }
    Ok(Credentials::gather(remote, Secrets::default()).map_err(source::RemoteError::from)?)
}

fn checkout(remote: &RemoteSettings, path: &str, revision: &Revision) -> Checkout {
    let (branch, commit) = (revision.name.clone(), revision.commit.clone());
    Checkout { remote: source::shown_url(remote), path: path.to_owned(), branch, commit }
}

fn shown(remote: &RemoteSettings, path: &str) -> String {
    let url = source::shown_url(remote);
    if path == "." { url } else { format!("{url} {path}") }
}

/// Where the tree lay for a moment says nothing, and would be another place in every run.
pub(super) fn without_top(error: CliError, top: &Path) -> CliError {
    let top = top.display().to_string();
    let clean = |text: String| text.replace(&format!("{top}/"), "").replace(&top, ".");
    let CliError { kind, code, error, place, notes, hints } = error;
    let error = Cleaned::of(error.as_ref(), &clean);
    let place = place.map(|place| crate::error::Place { file: clean(place.file), ..place });
    let (notes, hints) = (notes.into_iter().map(clean).collect(), hints.into_iter().map(clean).collect());
    CliError { kind, code, error: Box::new(error), place, notes, hints }
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
