//! Objects kept for the next time: a bare repository of our own per remote, so that a fetch asks only for what is new. Whatever
//! is wrong with it, it is thrown away and begun anew: nothing in it is the only copy, and nothing in it is believed before
//! it has the name that it goes by.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::local::LocalRepository;
use super::object::{Format, ObjectId};
use super::pack::{Scan, Spool, save_pack};
use super::store::Store;

/// With more packs than this, beginning anew costs less than looking through all of them.
const PACKS_MAX: usize = 32;
/// The same for their bytes: what force pushes left behind is of no use.
const BYTES_MAX: u64 = 1 << 30;
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
        let name = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        Self { directory: root.join(name).with_extension("git"), shown: shown.to_owned() }
    }

    /// What is kept; nothing if there is nothing, or something is wrong with it.
    pub(super) fn open(&self) -> Option<Kept> {
        let found = self.read();
        if found.is_none() {
            self.discard();
        }
        found
    }

    fn read(&self) -> Option<Kept> {
        if !self.directory.is_dir() {
            return None;
        }
        let repository = LocalRepository::open(&self.directory, &self.shown).ok()?;
        let store = repository.store().ok()?;
        let bytes: u64 = store.packs.iter().map(super::pack::Pack::length).sum();
        if store.packs.is_empty() || store.packs.len() > PACKS_MAX || bytes > BYTES_MAX {
            return None;
        }
        let list = fs::read_to_string(self.directory.join("shallow")).ok()?;
        let commits: Option<Vec<ObjectId>> = list.lines().map(|line| line.parse().ok()).collect();
        let mut commits = commits?;
        commits.drain(..commits.len().saturating_sub(HAVES_MAX));
        // Each commit must be there, and be what it is called; its tree is looked at when it is needed.
        let whole =
            commits.iter().all(|commit| store.commit(commit).is_ok_and(|commit| store.tree(&commit.tree).is_ok()));
        (whole && !commits.is_empty()).then_some(Kept { store, commits })
    }

    /// Throws everything away.
    pub(super) fn discard(&self) {
        // What cannot be removed is in the way of what is to be kept, which is told then.
        drop(fs::remove_dir_all(&self.directory));
    }

    /// Adds a pack that stands alone, with this commit and all of its tree.
    pub(super) fn keep(&self, scan: &Scan, spool: &Spool, names: &[ObjectId], commit: ObjectId) -> io::Result<()> {
        let packs = self.directory.join("objects/pack");
        make_private(&self.directory)?;
        fs::create_dir_all(&packs)?;
        fs::create_dir_all(self.directory.join("refs/heads"))?;
        let config = match scan.format {
            Format::Sha1 => "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
            Format::Sha256 => {
                "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"
            }
        };
        self.write(&self.directory.join("config"), config.as_bytes())?;
        self.write(&self.directory.join("HEAD"), b"ref: refs/heads/none\n")?;
        save_pack(&packs, scan, spool, names)?;
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

/// Only for us: the repository may be a private one.
fn make_private(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}
