//! A repository on this disk, read from its files: references, packs, loose objects, alternates. Also the form of our cache.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::object::{Format, Kind, ObjectId};
use super::pack::{Index, Pack, Scanner, Spool, resolve, save_pack};
use super::store::Store;
use super::wire::{PushRequest, Ref};
use super::{GitError, Limits};

/// Largest of Git's own small files that is looked at.
const SMALL_FILE_MAX: u64 = 64 << 20;
/// Packs of one repository.
const PACKS_MAX: usize = 10_000;
/// Repositories that lend their objects, one to the other.
const ALTERNATES_MAX: usize = 10;
/// Tags of tags, and references to references.
const HOPS_MAX: usize = 10;

/// A repository on this disk.
#[derive(Debug)]
pub(super) struct LocalRepository {
    /// Where HEAD is.
    git: PathBuf,
    /// Where everything else is: a worktree shares it.
    shared: PathBuf,
    shown: String,
    format: Format,
}

impl LocalRepository {
    /// Opens a bare repository, or one with a working tree.
    pub(super) fn open(path: &Path, shown: &str) -> Result<Self, GitError> {
        let bad = |reason: &str| GitError::Local { remote: shown.to_owned(), reason: reason.to_owned() };
        let git = [path.join(".git"), path.to_owned()].into_iter().find_map(|place| git_directory(&place));
        let git = git.ok_or_else(|| bad("there is no Git repository"))?;
        let shared = small_text(&git.join("commondir")).map_or_else(|| git.clone(), |text| git.join(text.trim()));
        let config = small_text(&shared.join("config")).unwrap_or_default().to_ascii_lowercase();
        let setting = |name: &str| {
            let lines = config.lines().filter_map(|line| line.split_once('='));
            lines.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned()).next_back()
        };
        if setting("refstorage").is_some_and(|value| value != "files") {
            return Err(bad("its references are in a table, which is not understood"));
        }
        let format = match setting("objectformat") {
            Some(name) => Format::named(&name).ok_or_else(|| bad("its hash is not understood"))?,
            None => Format::Sha1,
        };
        Ok(Self { git, shared, shown: shown.to_owned(), format })
    }

    /// Without credentials, for messages.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// The hash.
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// Where git keeps the repository of a submodule of this name.
    pub(super) fn modules(&self, name: &str) -> Vec<PathBuf> {
        [&self.git, &self.shared].map(|git| git.join("modules").join(name)).to_vec()
    }

    /// Where packs are.
    fn pack_directory(&self) -> PathBuf {
        self.shared.join("objects/pack")
    }

    /// References that begin with one of the prefixes, by name.
    pub(super) fn refs(&self, prefixes: &[String], refs_max: usize) -> Result<Vec<Ref>, GitError> {
        let mut names = self.names()?;
        names.insert("HEAD".to_owned(), String::new());
        let mut found = Vec::new();
        let mut store = None;
        for name in names.keys().filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))) {
            let Some((id, target)) = self.follow(name, &names) else { continue };
            let mut peeled = None;
            if name.starts_with("refs/tags/") {
                let store = match &store {
                    Some(store) => store,
                    None => store.insert(self.store()?),
                };
                peeled = peel(store, id)?.filter(|peeled| *peeled != id);
            }
            if found.len() >= refs_max {
                let reason = format!("it has more than {refs_max} references");
                return Err(GitError::Local { remote: self.shown.clone(), reason });
            }
            found.push(Ref { name: name.clone(), id, peeled, target });
        }
        Ok(found)
    }

    /// Names and what their files or the packed list say.
    fn names(&self) -> Result<BTreeMap<String, String>, GitError> {
        let mut names = BTreeMap::new();
        for line in small_text(&self.shared.join("packed-refs")).unwrap_or_default().lines() {
            if let Some((id, name)) = line.split_once(' ').filter(|(id, _)| !id.starts_with(['#', '^'])) {
                names.insert(name.to_owned(), id.to_owned());
            }
        }
        for entry in walkdir::WalkDir::new(self.shared.join("refs")).max_depth(32) {
            let entry =
                entry.map_err(|error| GitError::Local { remote: self.shown.clone(), reason: error.to_string() })?;
            if let (true, Ok(relative)) = (entry.file_type().is_file(), entry.path().strip_prefix(&self.shared))
                && let (Some(name), Some(text)) = (relative.to_str(), small_text(entry.path()))
            {
                names.insert(name.replace('\\', "/"), text.trim().to_owned());
            }
        }
        Ok(names)
    }

    fn follow(&self, name: &str, names: &BTreeMap<String, String>) -> Option<(ObjectId, Option<String>)> {
        let mut text = if name == "HEAD" {
            small_text(&self.git.join("HEAD"))?.trim().to_owned()
        } else {
            names.get(name)?.clone()
        };
        let mut target = None;
        for _ in 0..HOPS_MAX {
            let Some(other) = text.strip_prefix("ref: ") else { break };
            target = Some(other.trim().to_owned());
            text = names.get(other.trim())?.clone();
        }
        Some((text.parse().ok().filter(|id: &ObjectId| id.format() == self.format)?, target))
    }

    /// Moves a branch, as a server would: only from where it is said to be, and never the one that is checked out.
    pub(super) fn push(&self, request: &PushRequest, pack: &[u8], limits: &Limits) -> Result<(), GitError> {
        let refused = |words: &str| GitError::PushRefused {
            remote: self.shown.clone(),
            name: request.name.clone(),
            words: words.to_owned(),
        };
        if self.is_checked_out(&request.name) {
            return Err(refused("the branch is checked out there"));
        }
        if let Some(other) = self.in_the_way(&request.name)? {
            return Err(refused(&format!("there is `{other}`, which leaves no room for it")));
        }
        if self.has_hooks() {
            return Err(refused("it has hooks, which run only behind ssh or http"));
        }
        let told = |source| GitError::Pack { remote: self.shown.clone(), source };
        let mut scanner = Scanner::new(self.format, limits.pack());
        scanner.feed(pack).map_err(told)?;
        let scan = scanner.finish().map_err(told)?;
        let mut spool = Spool::new(&std::env::temp_dir());
        spool.write(pack).map_err(|error| told(error.into()))?;
        let names = resolve(&scan, &spool).map_err(told)?;
        let path = self.shared.join(&request.name);
        let lock = self.shared.join(format!("{}.lock", request.name));
        let disk = |source| GitError::Disk { path: path.display().to_string(), source };
        fs::create_dir_all(path.parent().expect("a reference lies in a directory")).map_err(disk)?;
        let mut file = match fs::OpenOptions::new().write(true).create_new(true).open(&lock) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(refused("somebody else is changing it (it has a lock)"));
            }
            Err(error) => return Err(disk(error)),
        };
        let result = (|| {
            let now = self.follow(&request.name, &self.names()?).map(|(id, _)| id);
            if now.unwrap_or(ObjectId::zero(self.format)) != request.old {
                return Err(GitError::Moved { remote: self.shown.clone(), name: request.name.clone() });
            }
            save_pack(&self.pack_directory(), &scan, &spool, &names).map_err(disk)?;
            writeln!(file, "{}", request.new).and_then(|()| file.sync_data()).map_err(disk)?;
            fs::rename(&lock, &path).map_err(disk)
        })();
        if result.is_err() {
            // A lock that stays would stop everybody.
            drop(fs::remove_file(&lock));
        }
        result
    }

    /// In the working tree, or in one of the others that it has.
    fn is_checked_out(&self, name: &str) -> bool {
        let config = small_text(&self.shared.join("config")).unwrap_or_default().to_ascii_lowercase();
        let bare = config.lines().any(|line| line.replace(char::is_whitespace, "") == "bare=true");
        let others = fs::read_dir(self.shared.join("worktrees")).into_iter().flatten().flatten();
        let own = (!bare).then(|| self.shared.clone());
        own.into_iter().chain(others.map(|entry| entry.path())).any(|directory| {
            let head = small_text(&directory.join("HEAD")).unwrap_or_default();
            head.trim().strip_prefix("ref: ") == Some(name)
        })
    }

    /// Would git run a program of the repository's before it takes a push?
    fn has_hooks(&self) -> bool {
        let config = small_text(&self.shared.join("config")).unwrap_or_default().to_ascii_lowercase();
        let elsewhere = config.lines().any(|line| line.trim_start().starts_with("hookspath"));
        let names = ["pre-receive", "update", "post-receive", "post-update", "reference-transaction"];
        elsewhere || names.iter().any(|name| self.shared.join("hooks").join(name).is_file())
    }

    /// A reference that is a directory of this name, or has it as one.
    fn in_the_way(&self, name: &str) -> Result<Option<String>, GitError> {
        let below = |path: &str, top: &str| path.strip_prefix(top).is_some_and(|rest| rest.starts_with('/'));
        Ok(self.names()?.into_keys().find(|other| below(other, name) || below(name, other)))
    }

    /// Its objects.
    pub(super) fn store(&self) -> Result<Store, GitError> {
        let mut store = Store { remote: self.shown.clone(), format: self.format, packs: Vec::new(), loose: Vec::new() };
        let mut ahead = vec![self.shared.join("objects")];
        let mut seen = 0;
        while let Some(objects) = ahead.pop() {
            seen += 1;
            if seen > ALTERNATES_MAX {
                let reason = "too many repositories lend it their objects".to_owned();
                return Err(GitError::Local { remote: self.shown.clone(), reason });
            }
            self.packs(&objects.join("pack"), &mut store)?;
            for line in small_text(&objects.join("info/alternates")).unwrap_or_default().lines() {
                ahead.push(objects.join(line.trim()));
            }
            store.loose.push(objects);
        }
        Ok(store)
    }

    fn packs(&self, directory: &Path, store: &mut Store) -> Result<(), GitError> {
        let Ok(entries) = fs::read_dir(directory) else { return Ok(()) };
        let mut indexes: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        indexes.retain(|path| path.extension().is_some_and(|extension| extension == "idx"));
        indexes.sort();
        if store.packs.len() + indexes.len() > PACKS_MAX {
            return Err(GitError::Local { remote: self.shown.clone(), reason: "it has too many packs".to_owned() });
        }
        for path in indexes {
            let opened = Spool::open(&path).map_err(Into::into).and_then(|file| Index::open(file, self.format));
            let index = opened.map_err(|source| GitError::Pack { remote: self.shown.clone(), source })?;
            let pack = Spool::open(&path.with_extension("pack"));
            let pack = pack.map_err(|source| GitError::Pack { remote: self.shown.clone(), source: source.into() })?;
            store.packs.push(Pack::new(pack, index, self.format));
        }
        Ok(())
    }
}

/// What a tag, perhaps of a tag, stands for.
fn peel(store: &Store, mut id: ObjectId) -> Result<Option<ObjectId>, GitError> {
    for _ in 0..HOPS_MAX {
        match store.kind(&id)? {
            Some(Kind::Tag) => id = store.tag(&id)?.object,
            Some(_) => return Ok(Some(id)),
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// `.git` is a directory, or in worktrees and submodules a file that names one.
fn git_directory(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        let complete =
            path.join("HEAD").is_file() && (path.join("objects").is_dir() || path.join("commondir").is_file());
        return complete.then(|| path.to_owned());
    }
    let text = small_text(path)?;
    let target = Path::new(text.trim().strip_prefix("gitdir: ")?);
    Some(path.parent()?.join(target)).filter(|git| git.join("HEAD").is_file())
}

fn small_text(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > SMALL_FILE_MAX {
        return None;
    }
    fs::read_to_string(path).ok()
}
