//! Trees of repositories by commit, kept between runs. Owns the directory, its layout and what is thrown away; must not know where
//! trees come from. A commit never changes, so neither does a tree: what is there is used as it is.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// A tree that nobody used for so long is thrown away.
const AGE_MAX: Duration = Duration::from_hours(24 * 30);
/// So many are kept: those that were used last.
const TREES_MAX: usize = 64;

/// A directory of trees; or, where nothing can be kept, one that is gone with this value.
#[derive(Debug)]
pub(super) struct Trees {
    root: PathBuf,
    /// Keeps the directory until the end.
    _passing: Option<TempDir>,
}

impl Trees {
    /// In a directory that stays; in a passing one if that is not to be had.
    pub(super) fn open(kept: Option<PathBuf>) -> io::Result<Self> {
        if let Some(root) = kept.map(|root| root.join("trees")).filter(|root| fs::create_dir_all(root).is_ok()) {
            return Ok(Self { root: fs::canonicalize(root)?, _passing: None });
        }
        let only_mine = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        let passing = tempfile::Builder::new().prefix("kubectl-gitops-").permissions(only_mine).tempdir()?;
        Ok(Self { root: fs::canonicalize(passing.path())?, _passing: Some(passing) })
    }

    /// Where the tree of a commit is or will be.
    fn place(&self, url: &str, commit: &str, submodules: bool) -> PathBuf {
        let digest = Sha256::digest(format!("{url}\n{commit}\n{submodules}"));
        let name = digest.iter().take(16).fold(String::new(), |mut name, byte| {
            write!(name, "{byte:02x}").expect("writing to a string");
            name
        });
        self.root.join(name)
    }

    /// The tree of a commit, if it is there.
    pub(super) fn find(&self, url: &str, commit: &str, submodules: bool) -> Option<PathBuf> {
        let place = self.place(url, commit, submodules);
        if !place.is_dir() {
            return None;
        }
        // It was used: it stays. That this cannot be written down is no reason to fetch it again.
        let used = fs::File::open(&place).and_then(|directory| directory.set_modified(SystemTime::now()));
        drop(used);
        Some(place)
    }

    /// Has `fill` write the tree of a commit; it is there whole or not at all.
    pub(super) fn add<E>(
        &self,
        (url, commit, submodules): (&str, &str, bool),
        failed: impl Fn(&Path, io::Error) -> E,
        fill: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<PathBuf, E> {
        self.sweep();
        let refused = |error| failed(&self.root, error);
        let fresh = tempfile::Builder::new().prefix(".new-").tempdir_in(&self.root).map_err(refused)?;
        let tree = fresh.path().join("tree");
        fs::create_dir(&tree).map_err(refused)?;
        fill(&tree)?;
        let place = self.place(url, commit, submodules);
        match fs::rename(&tree, &place) {
            // Somebody else was as fast; theirs is the same.
            Err(_) if place.is_dir() => Ok(place),
            Err(error) => Err(refused(error)),
            Ok(()) => Ok(place),
        }
    }

    /// Throws away what was not used for long, and what a run that was killed left half done.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.root) else { return };
        let mut known: Vec<(SystemTime, PathBuf)> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                Some((entry.metadata().ok()?.modified().ok()?, entry.path()))
            })
            .collect();
        known.sort_by(|a, b| b.cmp(a));
        let now = SystemTime::now();
        for (index, (used, path)) in known.into_iter().enumerate() {
            let age = now.duration_since(used).unwrap_or_default();
            // A run that is still going on needs its trees for minutes, not for hours.
            let busy = age < Duration::from_hours(1);
            let half_done = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".new-"));
            if !busy && (age > AGE_MAX || index >= TREES_MAX || half_done) {
                // Another run may be doing the same.
                fs::remove_dir_all(path).ok();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(tree: &Path) -> io::Result<()> {
        fs::write(tree.join("file"), "content")
    }

    fn add(trees: &Trees, url: &str, commit: &str) -> PathBuf {
        trees.add((url, commit, false), |_, error| error, fill).unwrap()
    }

    #[test]
    fn a_tree_stays_and_is_found_again() {
        let root = tempfile::tempdir().unwrap();
        let trees = Trees::open(Some(root.path().to_owned())).unwrap();
        assert_eq!(trees.find("https://a/b", "4f2c", false), None);
        let place = add(&trees, "https://a/b", "4f2c");
        let again = Trees::open(Some(root.path().to_owned())).unwrap();
        assert_eq!(again.find("https://a/b", "4f2c", false), Some(place.clone()));
        assert_eq!(add(&again, "https://a/b", "4f2c"), place);
        for (url, commit, submodules) in
            [("https://a/c", "4f2c", false), ("https://a/b", "4f2d", false), ("https://a/b", "4f2c", true)]
        {
            assert_eq!(again.find(url, commit, submodules), None);
        }
    }

    #[test]
    fn what_failed_is_not_there() {
        let root = tempfile::tempdir().unwrap();
        let trees = Trees::open(Some(root.path().to_owned())).unwrap();
        let failed = trees.add(
            ("u", "c", false),
            |_, error| error,
            |tree| fill(tree).and_then(|()| Err(io::ErrorKind::TimedOut.into())),
        );
        assert!(failed.is_err() && trees.find("u", "c", false).is_none());
        assert_eq!(fs::read_dir(root.path().join("trees")).unwrap().count(), 0);
    }

    #[test]
    fn what_nobody_uses_is_thrown_away() {
        let root = tempfile::tempdir().unwrap();
        let trees = Trees::open(Some(root.path().to_owned())).unwrap();
        let aged = |path: &Path, days: u64| {
            let then = SystemTime::now() - Duration::from_hours(24 * days);
            fs::File::open(path).unwrap().set_modified(then).unwrap();
        };
        let old = add(&trees, "u", "old");
        aged(&old, 31);
        let used = add(&trees, "u", "used");
        aged(&used, 29);
        assert!(!old.exists() && used.exists());
        let half = root.path().join("trees/.new-x");
        fs::create_dir(&half).unwrap();
        aged(&half, 1);
        for n in 0..70 {
            let place = add(&trees, "u", &format!("n{n}"));
            aged(&place, 1);
        }
        assert!(!half.exists() && !used.exists(), "the least used go first");
        let left = fs::read_dir(root.path().join("trees")).unwrap().count();
        assert!(left <= TREES_MAX + 1, "{left}");
    }

    #[test]
    fn where_nothing_can_be_kept_it_lasts_as_long_as_needed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let trees = Trees::open(Some(file.path().to_owned())).unwrap();
        let place = add(&trees, "u", "c");
        assert!(place.is_dir());
        drop(trees);
        assert!(!place.exists());
    }
}
