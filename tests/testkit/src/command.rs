//! A hermetic command: a program in a directory of its own, with an empty environment, its own HOME, and a kubeconfig that
//! leads to a listener of ours, so that a test can demand that nothing was sent to any cluster.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::cluster::Ran;

/// A directory, a program and a listener in place of an API server.
#[derive(Debug)]
pub struct Hermetic {
    dir: TempDir,
    program: PathBuf,
    server: TcpListener,
}

impl Hermetic {
    /// Around `program`.
    ///
    /// # Panics
    /// When neither directory nor listener can be had.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let dir = tempfile::Builder::new().prefix("gitops-cli-").tempdir().expect("a temporary directory");
        let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
        server.set_nonblocking(true).expect("a listener that does not block");
        let hermetic = Self { dir, program: program.into(), server };
        let address = hermetic.server.local_addr().expect("a bound listener");
        hermetic.kubeconfig("kubeconfig", &format!("https://{address}"));
        hermetic
    }

    /// The directory in which everything runs.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file below the directory.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.dir().join(path);
        std::fs::create_dir_all(path.parent().expect("below the directory")).expect("a directory");
        std::fs::write(path, text).expect("a written file");
        self
    }

    /// Writes a kubeconfig that names this server, with a token that must never be printed.
    pub fn kubeconfig(&self, path: &str, server: &str) -> &Self {
        let mut text = String::from("apiVersion: v1\nkind: Config\ncurrent-context: test\n");
        for line in [
            format!("clusters: [{{name: test, cluster: {{server: '{server}'}}}}]"),
            "users: [{name: test, user: {token: token-hunter2}}]".to_owned(),
            "contexts: [{name: test, context: {cluster: test, user: test, namespace: shop}}]".to_owned(),
        ] {
            writeln!(text, "{line}").expect("writing to a string");
        }
        self.write(path, &text)
    }

    /// The program with these arguments, not started yet.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .current_dir(self.dir())
            .env_clear()
            .env("HOME", self.dir().join("home"))
            .env("KUBECONFIG", self.dir().join("kubeconfig"))
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run(&self, args: &[&str]) -> Ran {
        let output = self.command(args).output().expect("the program starts");
        Ran::from_output(args.join(" "), &output)
    }

    /// Did anybody connect to the place of the API server since the last question?
    pub fn was_contacted(&self) -> bool {
        let mut contacted = false;
        while self.server.accept().is_ok() {
            contacted = true;
        }
        contacted
    }
}
