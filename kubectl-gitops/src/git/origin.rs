//! Where a repository is read from, a server or this disk, and how a commit of it comes here: alone where the server gives it by
//! its name, else with so much history as it takes.

use std::path::Path;

use super::cache::Cache;
use super::local::LocalRepository;
use super::object::{Format, ObjectId};
use super::pack::{Index, Pack, Spool, resolve};
use super::session::{Fetched, Session};
use super::store::Store;
use super::wire::{FetchRequest, PushRequest, Ref};
use super::{GitError, Limits};

/// Commits of each branch that are tried before all of them are.
const DEPTH_FIRST_TRIED: u32 = 64;
/// Branches and tags of which a commit is looked for.
const TIPS_MAX: usize = 1000;

/// A repository.
#[derive(Debug)]
pub(super) enum Origin {
    /// Behind a connection.
    Server(Box<Session>),
    /// On this disk.
    Disk(LocalRepository, Limits),
}

/// A commit that is wanted.
#[derive(Debug, Clone)]
pub(super) struct Wanted<'a> {
    /// Its name.
    pub(super) commit: ObjectId,
    /// The branch or tag it was found by; empty if none.
    pub(super) name: &'a str,
    /// Other objects: annotated tags.
    pub(super) others: Vec<ObjectId>,
    /// Where objects are kept for the next time.
    pub(super) cache: Option<&'a Path>,
}

impl Origin {
    /// Without credentials, for messages.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Server(session) => session.shown(),
            Self::Disk(repository, _) => repository.shown().to_owned(),
        }
    }

    /// References that begin with one of the prefixes.
    pub(super) async fn refs(&mut self, prefixes: &[String]) -> Result<Vec<Ref>, GitError> {
        match self {
            Self::Server(session) => session.refs(prefixes).await,
            Self::Disk(repository, limits) => repository.refs(prefixes, limits.refs),
        }
    }

    /// The hash.
    pub(super) async fn format(&mut self) -> Result<Format, GitError> {
        match self {
            Self::Server(session) => session.format().await,
            Self::Disk(repository, _) => Ok(repository.format()),
        }
    }

    /// Moves a branch.
    pub(super) async fn push(&mut self, request: &PushRequest, pack: Vec<u8>) -> Result<(), GitError> {
        match self {
            Self::Server(session) => session.push(request, &pack).await,
            Self::Disk(repository, limits) => repository.push(request, &pack, limits),
        }
    }

    /// A commit and all of its tree.
    pub(super) async fn fetch(&mut self, wanted: &Wanted<'_>) -> Result<Store, GitError> {
        match self {
            Self::Server(session) => from_server(session, wanted).await,
            Self::Disk(repository, _) => {
                let store = repository.store()?;
                if store.kind(&wanted.commit)?.is_none() {
                    return Err(no_commit(repository.shown().to_owned(), wanted));
                }
                Ok(store)
            }
        }
    }
}

/// With what is kept: nothing is asked for that is here, and what comes is kept, too.
async fn through_cache(session: &mut Session, wanted: &Wanted<'_>, root: &Path) -> Result<Option<Store>, GitError> {
    let cache = Cache::new(root, &session.shown());
    let mut kept = cache.open(None);
    if let Some(kept) = kept.take_if(|kept| kept.commits.contains(&wanted.commit)) {
        let mut whole = true;
        for other in &wanted.others {
            whole &= kept.store.kind(other)?.is_some();
        }
        if whole {
            return Ok(Some(kept.store));
        }
    }
    let format = session.format().await?;
    let commits = cache.open(Some(format)).map(|kept| kept.commits).unwrap_or_default();
    let Some(object) = session.wantable(wanted.commit).await? else { return Ok(None) };
    let mut wants = vec![object];
    wants.extend(&wanted.others);
    let request = FetchRequest { wants, haves: commits.clone(), shallow: commits.clone(), depth: Some(1) };
    let fetched = match session.fetch(&request, Spool::new(&std::env::temp_dir())).await {
        Ok(fetched) => fetched,
        // Without a cache it may still be found.
        Err(GitError::Said { .. }) => {
            session.again();
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let told = |source| GitError::Disk { path: root.display().to_string(), source };
    cache.keep(&fetched, wanted.commit).map_err(told)?;
    match cache.open(Some(format)).filter(|kept| kept.commits.contains(&wanted.commit)) {
        Some(kept) => Ok(Some(kept.store)),
        None if commits.is_empty() => indexed(session.shown(), fetched).map(Some),
        None => Ok(None),
    }
}

async fn from_server(session: &mut Session, wanted: &Wanted<'_>) -> Result<Store, GitError> {
    if let Some(root) = wanted.cache
        && let Some(store) = through_cache(session, wanted, root).await?
    {
        return Ok(store);
    }
    if let Some(object) = session.wantable(wanted.commit).await? {
        let mut wants = vec![object];
        wants.extend(&wanted.others);
        match attempt(session, wants, Some(1)).await {
            Ok(store) => return Ok(store),
            // It does not give a commit by its name, or does not have it.
            Err(GitError::Said { .. }) => session.again(),
            Err(error) => return Err(error),
        }
    }
    let mut prefixes = vec!["refs/heads/".to_owned(), "refs/tags/".to_owned()];
    if !wanted.name.is_empty() {
        let full = ["", "refs/heads/", "refs/tags/"].map(|prefix| format!("{prefix}{}", wanted.name));
        let named = session.refs(&full).await?;
        if named.iter().any(|found| full.contains(&found.name)) {
            prefixes = full.to_vec();
        }
    }
    let refs = session.refs(&prefixes).await?;
    let exact = |found: &&Ref| wanted.name.is_empty() || prefixes.len() == 2 || prefixes.contains(&found.name);
    let mut tips: Vec<ObjectId> = refs.iter().filter(exact).map(|found| found.id).collect();
    tips.sort_unstable();
    tips.dedup();
    tips.truncate(TIPS_MAX);
    for depth in [Some(DEPTH_FIRST_TRIED), None] {
        if tips.is_empty() {
            break;
        }
        session.again();
        let mut wants = tips.clone();
        wants.extend(&wanted.others);
        let store = attempt(session, wants, depth).await?;
        if store.kind(&wanted.commit)?.is_some() {
            return Ok(store);
        }
    }
    Err(no_commit(session.shown(), wanted))
}

fn no_commit(remote: String, wanted: &Wanted<'_>) -> GitError {
    let within = (!wanted.name.is_empty()).then(|| wanted.name.to_owned());
    GitError::NoCommit { remote, commit: wanted.commit.to_string(), within }
}

async fn attempt(session: &mut Session, wants: Vec<ObjectId>, depth: Option<u32>) -> Result<Store, GitError> {
    let request = FetchRequest { wants, depth, ..FetchRequest::default() };
    let fetched = session.fetch(&request, Spool::new(&std::env::temp_dir())).await?;
    indexed(session.shown(), fetched)
}

fn indexed(remote: String, fetched: Fetched) -> Result<Store, GitError> {
    let names = resolve(&fetched.scan, &fetched.spool);
    let names = names.map_err(|source| GitError::Pack { remote: remote.clone(), source })?;
    let mut index: Vec<_> = names.into_iter().zip(fetched.scan.entries.iter().map(|entry| entry.offset)).collect();
    index.sort_unstable();
    let format = fetched.scan.format;
    let pack = Pack::new(fetched.spool, Index::Memory(index), format);
    Ok(Store { remote, format, packs: vec![pack], loose: Vec::new() })
}
