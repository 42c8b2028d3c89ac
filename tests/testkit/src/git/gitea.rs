//! A real Gitea (`make gitea` builds it), since that is what people run in their clusters: HTTP and SSH on an address of this
//! machine, state in a directory of its own, ended with the test.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::message::{Answer, ask, basic};
use super::process::{Server, free_port};
use super::sshd::Key;

/// A Gitea that runs until this is dropped.
#[derive(Debug)]
pub struct Gitea {
    server: Option<Server>,
    http: SocketAddr,
    ssh: SocketAddr,
    dir: TempDir,
    program: PathBuf,
}

/// Somebody with an account.
#[derive(Debug, Clone, Copy)]
pub struct GiteaUser<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its password.
    pub password: &'a str,
}

/// Where `make gitea` puts the program; its templates lie in a directory of the cache.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache")
}

impl Gitea {
    /// Why there is none; nothing where there is one. `GITEA=1` (`make`) demands that there is.
    pub fn missing() -> Option<&'static str> {
        let found = cache().join("bin/gitea").is_file();
        (!found && std::env::var_os("GITEA").is_none()).then_some("needs Gitea: `make gitea` builds it")
    }

    /// Starts one on free ports of this address, without users.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(address: IpAddr) -> Self {
        let dir = tempfile::Builder::new().prefix("gitops-gitea-").tempdir().expect("a directory");
        let http = SocketAddr::new(address, free_port(address));
        let ssh = SocketAddr::new(address, free_port(address));
        let program = cache().join("bin/gitea").canonicalize().expect("Gitea: the caller asked whether there is one");
        let statics = cache().join("gitea").canonicalize().expect("Gitea's templates beside it");
        let mut gitea = Self { server: None, http, ssh, dir, program };
        let config = format!(
            "RUN_USER = {user}\nWORK_PATH = {work}\n[server]\nHTTP_ADDR = {host}\nHTTP_PORT = {}\nDOMAIN = {host}\n\
             ROOT_URL = http://{http}/\nSTATIC_ROOT_PATH = {}\nOFFLINE_MODE = true\nSTART_SSH_SERVER = true\n\
             SSH_LISTEN_HOST = {host}\nSSH_LISTEN_PORT = {}\nSSH_DOMAIN = {host}\nSSH_PORT = {}\n\
             BUILTIN_SSH_SERVER_USER = git\n[database]\nDB_TYPE = sqlite3\nPATH = {work}/gitea.db\n[security]\n\
             INSTALL_LOCK = true\nPASSWORD_HASH_ALGO = pbkdf2_v1\nMIN_PASSWORD_LENGTH = 6\n[repository]\n\
             DEFAULT_BRANCH = main\n[log]\nMODE = console\nLEVEL = Info\n[mailer]\nENABLED = false\n[actions]\nENABLED = false\n\
             [cron]\nENABLED = false\n[indexer]\nISSUE_INDEXER_TYPE = db\n[service]\nDISABLE_REGISTRATION = true\n",
            http.port(),
            statics.display(),
            ssh.port(),
            ssh.port(),
            user = super::Sshd::user(),
            work = gitea.dir.path().display(),
            host = address,
        );
        std::fs::write(gitea.config(), config).expect("a file");
        gitea.say(&["migrate"]);
        gitea.start_again();
        gitea
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("app.ini")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.arg("--config").arg(self.config()).args(args).current_dir(self.dir.path());
        command.env_clear().env("PATH", path).env("HOME", self.dir.path()).env("USER", super::Sshd::user());
        command.env("GITEA_I_AM_BEING_UNSAFE_RUNNING_AS_ROOT", "true").env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    /// Runs one of its own commands to its end.
    fn say(&self, args: &[&str]) -> String {
        let output = self.command(args).output().expect("Gitea starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "gitea {args:?}: {said}");
        said
    }

    /// Starts it after [`Gitea::stop`], with everything as it was.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&mut self) {
        let log = self.dir.path().join("log");
        self.server = Some(Server::start(self.command(&["web"]), self.http, log));
        let deadline = Instant::now() + Duration::from_secs(30);
        while !ask(self.http, "GET", "/api/v1/version", "", "").is_ok_and(|answer| answer.status == 200) {
            assert!(Instant::now() < deadline, "{}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it, as a server goes down.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// What it logged.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Makes an account.
    pub fn add_user(&self, user: GiteaUser<'_>) {
        let email = format!("{}@example.com", user.name);
        self.say(&[
            "admin",
            "user",
            "create",
            "--username",
            user.name,
            "--password",
            user.password,
            "--email",
            &email,
            "--admin",
            "--must-change-password=false",
        ]);
    }

    /// Makes an empty private repository.
    ///
    /// # Panics
    /// When Gitea refuses.
    pub fn add_repository(&self, owner: GiteaUser<'_>, name: &str) {
        let wanted = json!({ "name": name, "private": true, "default_branch": "main" });
        let answer = self.api(owner, "POST", "/user/repos", &wanted);
        assert_eq!(answer.status, 201, "{}", answer.body);
    }

    /// Lets a key read a repository.
    ///
    /// # Panics
    /// When Gitea refuses.
    pub fn add_deploy_key(&self, owner: GiteaUser<'_>, repository: &str, key: &Key) {
        let wanted = json!({ "title": key.public, "key": key.public, "read_only": true });
        let answer = self.api(owner, "POST", &format!("/repos/{}/{repository}/keys", owner.name), &wanted);
        assert_eq!(answer.status, 201, "{}", answer.body);
    }

    /// A token that may read the user's repositories.
    ///
    /// # Panics
    /// When Gitea refuses.
    pub fn token(&self, owner: GiteaUser<'_>, name: &str) -> String {
        let wanted = json!({ "name": name, "scopes": ["read:repository"] });
        let answer = self.api(owner, "POST", &format!("/users/{}/tokens", owner.name), &wanted);
        assert_eq!(answer.status, 201, "{}", answer.body);
        let token: Value = serde_json::from_str(&answer.body).expect("Gitea answers in JSON");
        token["sha1"].as_str().expect("a token").to_owned()
    }

    /// Asks its API as a user.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn api(&self, user: GiteaUser<'_>, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        ask(self.http, method, &format!("/api/v1{path}"), &basic(user.name, user.password), &body)
            .expect("Gitea answers")
    }

    /// Where its web server listens.
    pub fn address(&self) -> SocketAddr {
        self.http
    }

    /// The URL of a repository (`owner/name`) without credentials.
    pub fn url(&self, repository: &str) -> String {
        format!("http://{}/{repository}.git", self.http)
    }

    /// The same with credentials in it: for the git program of a test that pushes.
    pub fn url_for(&self, user: GiteaUser<'_>, repository: &str) -> String {
        format!("http://{}:{}@{}/{repository}.git", user.name, user.password, self.http)
    }

    /// Its URL over SSH.
    pub fn ssh_url(&self, repository: &str) -> String {
        format!("ssh://git@{}/{repository}.git", self.ssh)
    }

    /// The line that makes its SSH host known.
    ///
    /// # Panics
    /// When it did not make its keys.
    pub fn known_hosts(&self) -> String {
        let mut command = Command::new("ssh-keygen");
        let key = self.dir.path().join("data/ssh/gitea.rsa");
        let output = command.arg("-y").arg("-f").arg(&key).output().expect("ssh-keygen");
        assert!(output.status.success(), "{}: {}", key.display(), String::from_utf8_lossy(&output.stderr));
        let public = String::from_utf8_lossy(&output.stdout).into_owned();
        let key: Vec<&str> = public.split_whitespace().take(2).collect();
        format!("[{}]:{} {}\n", self.ssh.ip(), self.ssh.port(), key.join(" "))
    }
}
