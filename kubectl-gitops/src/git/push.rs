//! A new commit from changed files, and its way to the repository. The branch moves only from where it was read, so that nothing
//! that somebody else pushed meanwhile is lost.

use std::collections::{BTreeMap, BTreeSet};

use super::object::{EntryMode, Format, Hasher, Kind, ObjectId, entries};
use super::origin::{Notes, Origin, Wanted};
use super::pack::encode_pack;
use super::store::Store;
use super::tree::refusal;
use super::wire::PushRequest;
use super::{GitError, Limits, Remote, Revision, resolve};

/// A file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileContent {
    /// All of it.
    pub content: Vec<u8>,
    /// Can it be run?
    pub executable: bool,
}

/// A commit that is to be made.
#[derive(Debug, Clone)]
pub struct NewCommit {
    /// The branch that it goes to, without `refs/heads/`.
    pub branch: String,
    /// The branch to begin from where that one does not exist; none: with nothing.
    pub base: Option<String>,
    /// The message; its first line is the title.
    pub message: String,
    /// Name of author and committer.
    pub name: String,
    /// Their address.
    pub email: String,
    /// When, in seconds since 1970.
    pub time: u64,
    /// Files by path with `/`; none: deleted, with all that is below.
    pub changes: BTreeMap<String, Option<FileContent>>,
}

impl Remote {
    /// Makes a commit and pushes it. Nothing if the files are so already.
    ///
    /// # Errors
    /// The server refuses it, or the branch has moved meanwhile.
    pub fn commit(&self, new: &NewCommit, limits: &Limits) -> Result<Option<Revision>, GitError> {
        check(new)?;
        self.run(limits, async |_| {
            let mut origin = self.origin(limits)?;
            let (old, parent) = parent(&mut origin, new).await?;
            let store = match parent {
                Some(commit) => {
                    let name = old.map_or(new.base.as_deref(), |_| Some(&new.branch)).unwrap_or_default();
                    let wanted = Wanted { commit, name, others: Vec::new(), cache: None };
                    Some(origin.fetch(&wanted, &mut Notes::default()).await?)
                }
                None => None,
            };
            let format = match &store {
                Some(store) => store.format,
                None => origin.format().await?,
            };
            let Some((id, objects)) = build(store.as_ref(), parent, new, format)? else { return Ok(None) };
            let request = PushRequest {
                name: format!("refs/heads/{}", new.branch),
                old: old.unwrap_or(ObjectId::zero(format)),
                new: id,
            };
            let mut target = self.origin(limits)?;
            target.push(&request, encode_pack(&objects, format)).await?;
            Ok(Some(Revision { name: new.branch.clone(), commit: id.to_string() }))
        })
    }
}

/// Is it a commit that git would read without a complaint?
fn check(new: &NewCommit) -> Result<(), GitError> {
    let bad = |text: &str, what| GitError::Reference { text: text.to_owned(), what };
    for branch in [Some(&new.branch), new.base.as_ref()].into_iter().flatten() {
        if !resolve::is_name(branch) {
            return Err(bad(branch, "a name that Git allows"));
        }
    }
    for (text, what) in [(&new.name, "the name of an author"), (&new.email, "the address of an author")] {
        if clean(text).is_empty() {
            return Err(bad(text, what));
        }
    }
    if new.message.trim().is_empty() {
        return Err(bad(&new.message, "the message of a commit"));
    }
    let files: Vec<&str> =
        new.changes.iter().filter(|(_, content)| content.is_some()).map(|(path, _)| path.as_str()).collect();
    for path in new.changes.keys() {
        if path.split('/').any(|part| refusal(part.as_bytes()).is_some()) {
            return Err(bad(path, "a path that a repository may hold"));
        }
        let above = files.iter().find(|file| path.strip_prefix(**file).is_some_and(|rest| rest.starts_with('/')));
        if new.changes[path].is_some() && above.is_some() {
            return Err(bad(path, "a path beside the others: one above it is a file"));
        }
    }
    Ok(())
}

/// Without what the line of an author cannot hold.
fn clean(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).collect();
    text.trim().to_owned()
}

/// Where the branch is now, and what the commit stands on.
async fn parent(origin: &mut Origin, new: &NewCommit) -> Result<(Option<ObjectId>, Option<ObjectId>), GitError> {
    let full = |name: &str| format!("refs/heads/{name}");
    let mut names = vec![full(&new.branch)];
    names.extend(new.base.as_deref().map(full));
    let refs = origin.refs(&names).await?;
    let at = |name: &str| refs.iter().find(|found| found.name == name).map(|found| found.id);
    let old = at(&names[0]);
    let parent = match (&new.base, old) {
        (_, Some(old)) => Some(old),
        (None, None) => None,
        (Some(base), None) => Some(at(&full(base)).ok_or_else(|| GitError::NoReference {
            remote: origin.shown(),
            wanted: format!("branch `{base}`"),
            nearest: Vec::new(),
        })?),
    };
    Ok((old, parent))
}

type Objects = Vec<(Kind, Vec<u8>)>;

/// The commit and all that is new with it.
fn build(
    store: Option<&Store>,
    parent: Option<ObjectId>,
    new: &NewCommit,
    format: Format,
) -> Result<Option<(ObjectId, Objects)>, GitError> {
    let mut work = Building { store, format, objects: Vec::new(), named: BTreeSet::new() };
    let before = match (store, parent) {
        (Some(store), Some(parent)) => Some(store.commit(&parent)?.tree),
        _ => None,
    };
    let changes: Vec<(Vec<&str>, Option<&FileContent>)> =
        new.changes.iter().map(|(path, content)| (path.split('/').collect(), content.as_ref())).collect();
    let changes: Vec<_> = changes.iter().map(|(path, content)| (path.as_slice(), *content)).collect();
    let tree = match work.tree(before, &changes)? {
        Some(tree) => tree,
        None => work.add(Kind::Tree, Vec::new())?,
    };
    if before == Some(tree) {
        return Ok(None);
    }
    let person = format!("{} <{}> {} +0000", clean(&new.name), clean(&new.email), new.time);
    let parents = parent.map(|parent| format!("parent {parent}\n")).unwrap_or_default();
    let message = new.message.replace('\0', "");
    let text = format!("tree {tree}\n{parents}author {person}\ncommitter {person}\n\n{}\n", message.trim_end());
    let id = work.add(Kind::Commit, text.into_bytes())?;
    Ok(Some((id, work.objects)))
}

struct Building<'a> {
    store: Option<&'a Store>,
    format: Format,
    objects: Objects,
    /// Their names: what is there twice is sent once.
    named: BTreeSet<ObjectId>,
}

/// A path from here, and what shall be there.
type Change<'a> = (&'a [&'a str], Option<&'a FileContent>);

/// Mode as it is written, and the object.
type Slot = (&'static str, ObjectId);

impl Building<'_> {
    fn add(&mut self, kind: Kind, content: Vec<u8>) -> Result<ObjectId, GitError> {
        let id = Hasher::name_of(self.format, kind, &content).map_err(|source| GitError::Object {
            remote: String::new(),
            id: String::new(),
            source,
        })?;
        if self.named.insert(id) {
            self.objects.push((kind, content));
        }
        Ok(id)
    }

    /// A directory with its changes; nothing if it is empty then. Unchanged ones are not made anew.
    fn tree(&mut self, before: Option<ObjectId>, changes: &[Change<'_>]) -> Result<Option<ObjectId>, GitError> {
        let old = self.slots(before)?;
        let mut slots = old.clone();
        let mut below: BTreeMap<&str, Vec<Change<'_>>> = BTreeMap::new();
        for (path, content) in changes {
            match path {
                [name] => match content {
                    Some(file) => {
                        let id = self.add(Kind::Blob, file.content.clone())?;
                        slots.insert(name.as_bytes().to_vec(), (if file.executable { "100755" } else { "100644" }, id));
                    }
                    None => drop(slots.remove(name.as_bytes())),
                },
                [name, rest @ ..] => below.entry(name).or_default().push((rest, *content)),
                [] => {}
            }
        }
        for (name, changes) in below {
            let directory = slots.get(name.as_bytes()).filter(|(mode, _)| *mode == "40000").map(|(_, id)| *id);
            if directory.is_none() && changes.iter().all(|(_, content)| content.is_none()) {
                continue;
            }
            match self.tree(directory, &changes)? {
                Some(id) => drop(slots.insert(name.as_bytes().to_vec(), ("40000", id))),
                None => drop(slots.remove(name.as_bytes())),
            }
        }
        if slots.is_empty() {
            return Ok(None);
        }
        if let Some(before) = before.filter(|_| slots == old) {
            return Ok(Some(before));
        }
        let mut ordered: Vec<_> = slots.into_iter().collect();
        // As git sorts: a directory as if its name ended with a slash.
        ordered.sort_by_key(|(name, (mode, _))| [name.as_slice(), if *mode == "40000" { b"/" } else { b"" }].concat());
        let mut content = Vec::new();
        for (name, (mode, id)) in &ordered {
            content.extend_from_slice(mode.as_bytes());
            content.push(b' ');
            content.extend_from_slice(name);
            content.push(0);
            content.extend_from_slice(id.as_bytes());
        }
        self.add(Kind::Tree, content).map(Some)
    }

    fn slots(&self, tree: Option<ObjectId>) -> Result<BTreeMap<Vec<u8>, Slot>, GitError> {
        let (Some(store), Some(tree)) = (self.store, tree) else { return Ok(BTreeMap::new()) };
        let content = store.tree(&tree)?;
        entries(&content, self.format)
            .map(|entry| {
                let entry = entry.map_err(|source| store.object(&tree, source))?;
                let mode = match entry.mode {
                    EntryMode::File => "100644",
                    EntryMode::Executable => "100755",
                    EntryMode::Link => "120000",
                    EntryMode::Directory => "40000",
                    EntryMode::Submodule => "160000",
                };
                Ok((entry.name.to_vec(), (mode, entry.id)))
            })
            .collect()
    }
}
