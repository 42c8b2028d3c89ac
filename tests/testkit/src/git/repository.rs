//! Repositories, made by the git program: honest ones file by file, hostile ones object by object.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Who commits, unless a test says otherwise.
pub const AUTHOR: &str = "Ann Example";
/// The address of that person.
pub const EMAIL: &str = "ann@example.com";

/// A repository with a work tree. Names, times and configuration are the same everywhere, so that equal steps give equal
/// commits.
#[derive(Debug, Clone)]
pub struct Repository {
    top: PathBuf,
}

impl Repository {
    /// A new one in a directory that is made; its branch is `main`.
    ///
    /// # Panics
    /// When there is no git, or it fails.
    pub fn at(top: impl Into<PathBuf>) -> Self {
        let top = top.into();
        std::fs::create_dir_all(&top).expect("a directory");
        let repository = Self { top };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// A clone of what a URL names, on its default branch.
    ///
    /// # Panics
    /// When it cannot be cloned.
    pub fn clone_of(url: &str, top: impl Into<PathBuf>) -> Self {
        let top = top.into();
        std::fs::create_dir_all(&top).expect("a directory");
        let repository = Self { top };
        repository.git(&["clone", "--quiet", url, "."]);
        repository
    }

    /// One that is there, with a work tree or bare.
    pub fn opened(top: impl Into<PathBuf>) -> Self {
        Self { top: top.into() }
    }

    /// Its directory.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// Its address as a `file://` URL.
    pub fn url(&self) -> String {
        format!("file://{}", self.top.display())
    }

    /// The git program, here, with nobody's configuration.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.args(["-c", "protocol.file.allow=always"]).args(args).current_dir(&self.top);
        command.env_clear().env("PATH", path).env("HOME", &self.top).env("LC_ALL", "C.UTF-8");
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_TERMINAL_PROMPT", "0");
        command
            .env("GIT_AUTHOR_NAME", AUTHOR)
            .env("GIT_AUTHOR_EMAIL", EMAIL)
            .env("GIT_AUTHOR_DATE", "1750000000 +0000");
        command.env("GIT_COMMITTER_NAME", AUTHOR).env("GIT_COMMITTER_EMAIL", EMAIL);
        command.env("GIT_COMMITTER_DATE", "1750000000 +0000");
        command
    }

    /// Runs git here; gives what it prints, without the last line's end.
    ///
    /// # Panics
    /// When git fails.
    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        self.git_with(args, b"")
    }

    /// Runs git here with something to read.
    ///
    /// # Panics
    /// When git fails.
    #[track_caller]
    pub fn git_with(&self, args: &[&str], stdin: &[u8]) -> String {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the git program");
        let mut pipe = child.stdin.take().expect("it was asked for");
        let content = stdin.to_vec();
        let writer = std::thread::spawn(move || pipe.write_all(&content).is_ok());
        let output = child.wait_with_output().expect("git runs");
        drop(writer.join());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?} in {}: {said}", self.top.display());
        String::from_utf8(output.stdout).expect("git prints text").trim_end_matches('\n').to_owned()
    }

    /// Writes a file of the work tree.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.top.join(path);
        std::fs::create_dir_all(path.parent().expect("below the top")).expect("its directory");
        std::fs::write(path, content).expect("a file");
        self
    }

    /// Makes a symbolic link in the work tree.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn link(&self, path: &str, target: &str) -> &Self {
        let path = self.top.join(path);
        std::fs::create_dir_all(path.parent().expect("below the top")).expect("its directory");
        std::os::unix::fs::symlink(target, path).expect("a link");
        self
    }

    /// Commits the work tree as it is; gives the commit.
    ///
    /// # Panics
    /// When git fails.
    #[track_caller]
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.head()
    }

    /// The commit that is checked out.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// A lightweight tag on what is checked out.
    pub fn tag(&self, name: &str) -> &Self {
        self.git(&["tag", name]);
        self
    }

    /// An annotated tag on what is checked out.
    pub fn annotated_tag(&self, name: &str) -> &Self {
        self.git(&["tag", "--annotate", "--message", name, name]);
        self
    }

    /// Commits a submodule at `path`; gives the commit.
    pub fn submodule(&self, url: &str, path: &str) -> String {
        self.git(&["submodule", "--quiet", "add", url, path]);
        self.commit(&format!("submodule {path}"))
    }

    /// Stores a blob; gives its id.
    pub fn blob(&self, content: &[u8]) -> String {
        self.git_with(&["hash-object", "-w", "--stdin"], content)
    }

    /// Stores a tree with these entries (mode, name, id), whatever git thinks of them; gives its id.
    ///
    /// # Panics
    /// When an id is none.
    pub fn tree(&self, entries: &[(&str, &str, &str)]) -> String {
        let mut content = Vec::new();
        for (mode, name, id) in entries {
            content.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            let digits = id.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("hexadecimal digits"));
            content.extend(digits.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal digits")));
        }
        self.git_with(&["hash-object", "-t", "tree", "--literally", "-w", "--stdin"], &content)
    }

    /// Makes `main` a commit of a stored tree; gives the commit.
    pub fn commit_tree(&self, tree: &str) -> String {
        let commit = self.git(&["commit-tree", "-m", "made by hand", tree]);
        self.git(&["update-ref", "refs/heads/main", &commit]);
        commit
    }
}
