//! The Git checkout around a directory, read from its files without git. Owns remote, path and revision; must not fetch or
//! verify anything. What is not there is simply unknown.

use std::fs;
use std::path::{Path, PathBuf};

use crate::git::Reference;

/// Largest of Git's own small files that is looked at.
const SMALL_FILE_MAX: u64 = 4 << 20;

/// Where in which repository a directory lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// URL of the remote `origin` without credentials; empty without a remote.
    pub remote: String,
    /// The directory's path from the top of the checkout, with `/`; `.` for the top itself.
    pub path: String,
    /// Branch; empty if HEAD is detached.
    pub branch: String,
    /// Commit; empty if there is none yet.
    pub commit: String,
}

impl Checkout {
    /// The checkout that `directory` (absolute, links resolved) lies in.
    pub fn around(directory: &Path) -> Option<Self> {
        let (top, git) = directory.ancestors().find_map(|top| Some((top, git_directory(&top.join(".git"))?)))?;
        let shared = shared_directory(&git);
        let relative = directory.strip_prefix(top).ok()?.to_string_lossy().into_owned();
        let head = small_text(&git.join("HEAD")).unwrap_or_default();
        let (branch, commit) = match head.trim().strip_prefix("ref: ") {
            Some(reference) => {
                let branch = reference.strip_prefix("refs/heads/").unwrap_or(reference).to_owned();
                (branch, resolve(&git, &shared, reference).unwrap_or_default())
            }
            None => (String::new(), head.trim().to_owned()),
        };
        let commit = if Reference::is_commit(&commit) { commit } else { String::new() };
        Some(Self {
            remote: origin(&small_text(&shared.join("config")).unwrap_or_default()),
            path: if relative.is_empty() { ".".to_owned() } else { relative },
            branch,
            commit,
        })
    }

    /// The top of the checkout that `directory` (absolute, links resolved) lies in.
    pub fn top_of(directory: &Path) -> Option<&Path> {
        directory.ancestors().find(|top| git_directory(&top.join(".git")).is_some())
    }

    /// `main@4f2c9a1d0b3e`, as labels and people want it; empty without a commit.
    pub fn revision(&self) -> String {
        match (self.branch.as_str(), self.commit.get(..12)) {
            (_, None) => String::new(),
            ("", Some(commit)) => commit.to_owned(),
            (branch, Some(commit)) => format!("{branch}@{commit}"),
        }
    }
}

/// `.git` is a directory, or in worktrees and submodules a file that names one.
fn git_directory(path: &Path) -> Option<PathBuf> {
    let metadata = fs::metadata(path).ok()?;
    if metadata.is_dir() {
        return path.join("HEAD").is_file().then(|| path.to_owned());
    }
    let text = small_text(path)?;
    let target = Path::new(text.trim().strip_prefix("gitdir: ")?);
    Some(path.parent()?.join(target)).filter(|git| git.join("HEAD").is_file())
}

/// Where the configuration and the branches are: a worktree shares those of its main checkout.
fn shared_directory(git: &Path) -> PathBuf {
    match small_text(&git.join("commondir")) {
        Some(text) => git.join(text.trim()),
        None => git.to_owned(),
    }
}

fn resolve(git: &Path, shared: &Path, reference: &str) -> Option<String> {
    // A name with `..` would read a file elsewhere.
    if reference.split('/').any(|part| part == ".." || part.is_empty()) {
        return None;
    }
    [git, shared].iter().find_map(|directory| Some(small_text(&directory.join(reference))?.trim().to_owned())).or_else(
        || {
            let packed = small_text(&shared.join("packed-refs"))?;
            packed.lines().find_map(|line| {
                let (commit, name) = line.split_once(' ')?;
                (name == reference).then(|| commit.to_owned())
            })
        },
    )
}

/// The URL of `[remote "origin"]`.
fn origin(config: &str) -> String {
    let mut inside = false;
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[remote \"origin\"]";
        } else if let Some((name, value)) = line.split_once('=').filter(|_| inside)
            && name.trim().eq_ignore_ascii_case("url")
        {
            return super::download::without_credentials(value.trim().trim_matches('"'));
        }
    }
    String::new()
}

pub(super) fn small_text(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > SMALL_FILE_MAX {
        return None;
    }
    fs::read_to_string(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "4f2c9a1d0b3e5f60718293a4b5c6d7e8f9012345";

    fn checkout(files: &[(&str, &str)]) -> Option<Checkout> {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        fs::create_dir_all(root.join("apps/web")).unwrap();
        for (name, text) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Checkout::around(&root.join("apps/web"))
    }

    #[test]
    fn remote_branch_and_commit_are_read_without_git() {
        let found = checkout(&[
            (".git/HEAD", "ref: refs/heads/main\n"),
            (".git/refs/heads/main", COMMIT),
            (
                ".git/config",
                "[core]\n\turl = no\n[remote \"origin\"]\n\turl = https://ann:hunter2@git.example.com/home.git\n",
            ),
        ])
        .unwrap();
        assert_eq!(found.remote, "https://git.example.com/home.git");
        assert_eq!(found.path, "apps/web");
        assert_eq!(found.revision(), "main@4f2c9a1d0b3e");
    }

    #[test]
    fn packed_references_and_detached_heads_are_understood() {
        let packed = format!("# pack-refs with: peeled\n{COMMIT} refs/heads/main\n");
        let found = checkout(&[(".git/HEAD", "ref: refs/heads/main"), (".git/packed-refs", &packed)]).unwrap();
        assert_eq!(found.commit, COMMIT);
        assert_eq!(checkout(&[(".git/HEAD", COMMIT)]).unwrap().revision(), "4f2c9a1d0b3e");
    }

    #[test]
    fn a_hostile_head_reads_nothing_elsewhere() {
        let found = checkout(&[(".git/HEAD", "ref: ../../../etc/hostname")]).unwrap();
        assert_eq!(found.commit, "");
    }
}
