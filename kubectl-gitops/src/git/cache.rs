//! Objects kept for the next time: a bare repository of our own per remote, so that a fetch asks only for what is new. Whatever
//! is wrong with it, it is thrown away and begun anew: nothing in it is the only copy.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::local::LocalRepository;
use super::object::{Format, ObjectId};
use super::pack::{resolve, save_pack};
use super::session::Fetched;
use super::store::Store;

/// With more packs than this, beginning anew costs less than looking through all of them.
const PACKS_MAX: usize = 32;
/// Commits that the server is told about.
const HAVES_MAX: usize = 16;

/// The kept objects of one remote.
#[derive(Debug)]
pub(super) struct Cache {
    directory: PathBuf,
    shown: String,
}

/// What is there.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) store: Store,
    /// Commits with all of their trees, none of their parents, the latest last.
    pub(super) commits: Vec<ObjectId>,
}

impl Cache {
    /// The place for this remote below `root`.
    pub(super) fn new(root: &Path, shown: &str) -> Self {
        let digest = Sha256::digest(shown.as_bytes());
        let name: String = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { directory: root.join(name).with_extension("git"), shown: shown.to_owned() }
    }

    /// What is kept; nothing if there is nothing, or something is wrong with it.
    pub(super) fn open(&self, format: Option<Format>) -> Option<Kept> {
        let found = self.read(format);
        if found.is_none() {
            self.discard();
        }
        found
    }

    fn read(&self, format: Option<Format>) -> Option<Kept> {
        if !self.directory.is_dir() {
            return None;
        }
        let repository = LocalRepository::open(&self.directory, &self.shown).ok()?;
        if format.is_some_and(|format| format != repository.format()) {
            return None;
        }
        let store = repository.store().ok().filter(|store| store.packs.len() <= PACKS_MAX)?;
        let list = fs::read_to_string(self.directory.join("shallow")).ok()?;
        let commits: Option<Vec<ObjectId>> = list.lines().map(|line| line.parse().ok()).collect();
        let mut commits = commits?;
        commits.drain(..commits.len().saturating_sub(HAVES_MAX));
        // Each commit must be there, whole in itself.
        let whole =
            commits.iter().all(|commit| store.commit(commit).is_ok_and(|commit| store.tree(&commit.tree).is_ok()));
        whole.then_some(Kept { store, commits })
    }

    /// Throws everything away.
    pub(super) fn discard(&self) {
        // What cannot be removed will be told when it is written to.
        drop(fs::remove_dir_all(&self.directory));
    }

    /// Adds what was fetched.
    pub(super) fn keep(&self, fetched: &Fetched, commit: ObjectId) -> io::Result<()> {
        let names = resolve(&fetched.scan, &fetched.spool).map_err(io::Error::other)?;
        let packs = self.directory.join("objects/pack");
        fs::create_dir_all(&packs)?;
        fs::create_dir_all(self.directory.join("refs/heads"))?;
        let config = match fetched.scan.format {
            Format::Sha1 => "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
            Format::Sha256 => {
                "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"
            }
        };
        self.write(&self.directory.join("config"), config.as_bytes())?;
        self.write(&self.directory.join("HEAD"), b"ref: refs/heads/none\n")?;
        save_pack(&packs, &fetched.scan, &fetched.spool, &names)?;
        let list = self.directory.join("shallow");
        let mut lines: Vec<String> = fs::read_to_string(&list).unwrap_or_default().lines().map(str::to_owned).collect();
        lines.retain(|line| *line != commit.to_string());
        lines.push(commit.to_string());
        let name = format!("refs/heads/kept-{commit}");
        self.write(&self.directory.join(name), format!("{commit}\n").as_bytes())?;
        self.write(&list, (lines.join("\n") + "\n").as_bytes())
    }

    /// All of a file, or nothing of it.
    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix("tmp_").tempfile_in(&self.directory)?;
        file.write_all(content)?;
        file.as_file().sync_data()?;
        file.persist(path)?;
        Ok(())
    }
}
