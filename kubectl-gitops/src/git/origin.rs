//! Where a repository is read from, a server or this disk, and how a commit of it comes here: alone where the server gives it by
//! its name, else with so much history as it takes.

use std::collections::BTreeSet;
use std::path::Path;

use super::cache::{Cache, Kept};
use super::local::LocalRepository;
use super::object::{Format, Kind, ObjectId};
use super::pack::{Index, Pack, PackError, Scan, Spool, completed, resolve, resolve_thin};
use super::session::{Fetched, Session};
use super::store::Store;
use super::wire::{FetchRequest, PushRequest, Ref};
use super::{GitError, Limits, Reference};

/// Commits of each branch that are tried before all of them are.
pub(super) const DEPTH_FIRST_TRIED: u32 = 64;
/// Branches and tags of which a commit is looked for.
const TIPS_MAX: usize = 1000;

/// Largest object that one of a server may build on.
const BASE_BYTES_MAX: u64 = 64 << 20;

/// How a fetch went.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Some of it was here already.
    pub(super) used_cache: bool,
    /// Why it could not be kept for the next time.
    pub(super) not_kept: Option<String>,
}

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

    /// Is this commit on that branch? Whoever says so is the server's history, not the server: the commits are walked here.
    pub(super) async fn require_on_branch(&mut self, commit: ObjectId, branch: &str) -> Result<(), GitError> {
        let tip = super::resolve::resolve(self, &Reference::Branch(branch.to_owned())).await?;
        let tip: ObjectId = tip.commit.parse().expect("it was made from a name");
        let within = Wanted { commit, name: branch, others: Vec::new(), cache: None };
        let found = match self {
            _ if tip == commit => true,
            Self::Disk(repository, limits) => leads_to(&repository.store()?, tip, commit, limits.objects)?,
            Self::Server(session) => {
                let objects = session.limits().objects;
                let mut found = false;
                for request in session.histories(tip).await? {
                    session.again();
                    let fetched = session.fetch(&request, Spool::new(&std::env::temp_dir())).await?;
                    found = leads_to(&indexed(session.shown(), fetched)?, tip, commit, objects)?;
                    if found {
                        break;
                    }
                }
                session.again();
                found
            }
        };
        if found { Ok(()) } else { Err(no_commit(self.shown(), &within)) }
    }

    /// A commit and all of its tree.
    pub(super) async fn fetch(&mut self, wanted: &Wanted<'_>, notes: &mut Notes) -> Result<Store, GitError> {
        match self {
            Self::Server(session) => from_server(session, wanted, notes).await,
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

/// With what is kept: nothing is asked for that is here, and what comes is kept, too. Nothing if that is no help.
async fn through_cache(
    session: &mut Session,
    wanted: &Wanted<'_>,
    root: &Path,
    notes: &mut Notes,
) -> Result<Option<Store>, GitError> {
    let cache = Cache::new(root, &session.shown());
    let mut kept = cache.open();
    if let Some(kept) = kept.take_if(|kept| kept.commits.contains(&wanted.commit)) {
        let mut whole = true;
        for other in &wanted.others {
            whole &= kept.store.kind(other)?.is_some();
        }
        if whole {
            notes.used_cache = true;
            return Ok(Some(kept.store));
        }
    }
    let format = session.format().await?;
    if kept.as_ref().is_some_and(|kept| kept.store.format != format) {
        cache.discard();
        kept = None;
    }
    let Some(object) = session.wantable(wanted.commit).await? else { return Ok(None) };
    let mut wants = vec![object];
    wants.extend(&wanted.others);
    let haves = kept.as_ref().map(|kept| kept.commits.clone()).unwrap_or_default();
    let request = FetchRequest { wants, shallow: haves.clone(), haves, depth: Some(1), ..FetchRequest::default() };
    let fetched = match session.fetch(&request, Spool::new(&std::env::temp_dir())).await {
        Ok(fetched) => fetched,
        // Without a cache it may still be found.
        Err(GitError::Said { .. }) => {
            session.again();
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    notes.used_cache = kept.is_some();
    match on_top_of(session.shown(), fetched, kept, &cache, wanted.commit, notes) {
        Ok(store) => Ok(Some(store)),
        Err(source @ PackError::Limit { .. }) => Err(GitError::Pack { remote: session.shown(), source }),
        Err(_) if notes.used_cache => {
            // The server relied on what we said is here, and it is not.
            cache.discard();
            session.again();
            Ok(None)
        }
        Err(source) => Err(GitError::Pack { remote: session.shown(), source }),
    }
}

/// What was fetched together with what is kept. That it cannot be kept is told and changes nothing else.
fn on_top_of(
    remote: String,
    Fetched { mut scan, mut spool }: Fetched,
    kept: Option<Kept>,
    cache: &Cache,
    commit: ObjectId,
    notes: &mut Notes,
) -> Result<Store, PackError> {
    let elsewhere = |id: &ObjectId| kept.as_ref()?.store.any(id, BASE_BYTES_MAX).ok().flatten();
    let named = resolve_thin(&scan, &spool, &elsewhere)?;
    let mut names = named.names;
    if !named.borrowed.is_empty() {
        let found = named.borrowed.iter().map(|id| Some((*id, elsewhere(id)?)));
        let borrowed: Vec<_> = found.collect::<Option<_>>().ok_or(PackError::Bases(named.borrowed.len()))?;
        (scan, spool) = completed(&scan, &spool, &borrowed, &std::env::temp_dir())?;
        names.extend(named.borrowed);
    }
    if let Err(error) = cache.keep(&scan, &spool, &names, commit) {
        notes.not_kept = Some(error.to_string());
        cache.discard();
    }
    let mut store = stored(remote, &scan, spool, names);
    store.packs.extend(kept.into_iter().flat_map(|kept| kept.store.packs));
    Ok(store)
}

async fn from_server(session: &mut Session, wanted: &Wanted<'_>, notes: &mut Notes) -> Result<Store, GitError> {
    if let Some(root) = wanted.cache
        && let Some(store) = through_cache(session, wanted, root, notes).await?
    {
        return Ok(store);
    }
    notes.used_cache = false;
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

/// Is `commit` among those that `tip` goes back to, as far as they are here?
fn leads_to(store: &Store, tip: ObjectId, commit: ObjectId, commits_max: u32) -> Result<bool, GitError> {
    let mut seen = BTreeSet::from([tip]);
    let mut ahead = vec![tip];
    while let Some(id) = ahead.pop() {
        if id == commit {
            return Ok(true);
        }
        // What is not here lies behind the boundary of a shallow history.
        if store.kind(&id)? != Some(Kind::Commit) {
            continue;
        }
        ahead.extend(store.commit(&id)?.parents.into_iter().filter(|parent| seen.insert(*parent)));
        if seen.len() as u64 > u64::from(commits_max) {
            let source = PackError::Limit { what: "the number of commits", limit: u64::from(commits_max) };
            return Err(GitError::Pack { remote: store.remote.clone(), source });
        }
    }
    Ok(false)
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

fn indexed(remote: String, Fetched { scan, spool }: Fetched) -> Result<Store, GitError> {
    match resolve(&scan, &spool) {
        Ok(names) => Ok(stored(remote, &scan, spool, names)),
        Err(source) => Err(GitError::Pack { remote, source }),
    }
}

fn stored(remote: String, scan: &Scan, spool: Spool, names: Vec<ObjectId>) -> Store {
    let mut index: Vec<_> = names.into_iter().zip(scan.entries.iter().map(|entry| entry.offset)).collect();
    index.sort_unstable();
    let format = scan.format;
    Store { remote, format, packs: vec![Pack::new(spool, Index::Memory(index), format)], loose: Vec::new() }
}
