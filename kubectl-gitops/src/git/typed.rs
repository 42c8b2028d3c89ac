//! Commits of a repository on this disk by the names that people type: branches, tags, what was fetched from remotes, abbreviated
//! commits, and `~2` or `^` behind any of them. Owns that grammar; a server is never asked.

use super::local::LocalRepository;
use super::object::{Kind, ObjectId};
use super::resolve::is_name;
use super::store::Store;
use super::{GitError, Limits, Revision};

/// Fewer digits name no commit, as in git.
const DIGITS_MIN: usize = 4;
/// Commits that are gone back.
const STEPS_MAX: usize = 100_000;
/// Tags of tags.
const HOPS_MAX: usize = 10;

/// The commit that `text` names.
pub(super) fn find(repository: &LocalRepository, text: &str, limits: &Limits) -> Result<Revision, GitError> {
    let store = repository.store()?;
    let at = text.find(['~', '^']).unwrap_or(text.len());
    let (base, mut rest) = text.split_at(at);
    let (mut commit, mut name) = named(repository, &store, base, limits)?;
    while !rest.is_empty() {
        let (sign, after) = rest.split_at(1);
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (digits, next) = after.split_at(end);
        let number: usize = if digits.is_empty() { 1 } else { digits.parse().map_err(|_| malformed(text))? };
        commit = match sign {
            "~" if number <= STEPS_MAX => (0..number).try_fold(commit, |commit, _| parent(&store, &commit, 1, text))?,
            "^" if number == 0 => commit,
            "^" => parent(&store, &commit, number, text)?,
            _ => return Err(malformed(text)),
        };
        text.clone_into(&mut name);
        rest = next;
    }
    Ok(Revision { name, commit: commit.to_string() })
}

fn malformed(text: &str) -> GitError {
    GitError::Reference { text: text.to_owned(), what: "a branch, a tag or a commit, with `~N` or `^N` behind it" }
}

/// The commit, and the name by which people know it: none of one that was named by its digits.
fn named(
    repository: &LocalRepository,
    store: &Store,
    base: &str,
    limits: &Limits,
) -> Result<(ObjectId, String), GitError> {
    let base = if base == "@" { "HEAD" } else { base };
    if !is_name(base) {
        return Err(malformed(base));
    }
    let names = ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"].map(|prefix| format!("{prefix}{base}"));
    let names: Vec<String> = names.into_iter().chain([format!("refs/remotes/{base}/HEAD")]).collect();
    let refs = repository.refs(&names, limits.refs)?;
    if let Some(found) = names.iter().find_map(|name| refs.iter().find(|found| found.name == *name)) {
        return Ok((found.commit(), base.to_owned()));
    }
    if base.len() >= DIGITS_MIN && base.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let found = by_digits(store, &base.to_ascii_lowercase())?;
        match found.as_slice() {
            [commit] => return Ok((*commit, String::new())),
            [] => {}
            several => {
                let nearest = several.iter().take(3).map(ToString::to_string).collect();
                let wanted = format!("single commit `{base}`: several begin like this");
                return Err(GitError::NoReference { remote: repository.shown().to_owned(), wanted, nearest });
            }
        }
    }
    let nearest = similar_names(repository, base, limits);
    let wanted = format!("branch, tag or commit `{base}`");
    Err(GitError::NoReference { remote: repository.shown().to_owned(), wanted, nearest })
}

fn similar_names(repository: &LocalRepository, base: &str, limits: &Limits) -> Vec<String> {
    let refs = repository.refs(&["refs/".to_owned()], limits.refs).unwrap_or_default();
    let short = |name: &str| {
        let known = ["refs/heads/", "refs/tags/", "refs/remotes/"];
        known.iter().find_map(|prefix| name.strip_prefix(prefix)).map(str::to_owned)
    };
    let names: Vec<String> = refs.iter().filter_map(|found| short(&found.name)).collect();
    super::resolve::nearest(base, &names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Commits whose names begin with these digits; annotated tags count as theirs.
fn by_digits(store: &Store, digits: &str) -> Result<Vec<ObjectId>, GitError> {
    let mut commits = Vec::new();
    for id in store.beginning(digits)? {
        let mut id = id;
        for _ in 0..HOPS_MAX {
            match store.kind(&id)? {
                Some(Kind::Tag) => id = store.tag(&id)?.object,
                Some(Kind::Commit) if !commits.contains(&id) => {
                    commits.push(id);
                    break;
                }
                _ => break,
            }
        }
    }
    Ok(commits)
}

fn parent(store: &Store, commit: &ObjectId, number: usize, text: &str) -> Result<ObjectId, GitError> {
    let parents = store.commit(commit)?.parents;
    let found = parents.get(number - 1).filter(|parent| matches!(store.kind(parent), Ok(Some(Kind::Commit))));
    found.copied().ok_or_else(|| GitError::NoReference {
        remote: store.remote.clone(),
        wanted: format!("commit `{text}`: its history, as far as it is here, ends at {commit}"),
        nearest: Vec::new(),
    })
}
