//! A real sshd for one test: its own host keys, its own authorized keys, an unprivileged port of loopback. `make` installs
//! the program where it may; where it is not, tests that need it are skipped by name.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::process::{Server, free_port, program};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// An sshd that runs until this is dropped.
#[derive(Debug)]
pub struct Sshd {
    server: Server,
    address: SocketAddr,
    dir: TempDir,
    host: Key,
}

/// Which kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Ed25519.
    Ed25519,
    /// ECDSA over P-256.
    Ecdsa,
    /// RSA of 3072 bits.
    Rsa,
}

/// A pair of keys, as ssh-keygen writes it.
#[derive(Debug, Clone)]
pub struct Key {
    /// Where the private key is.
    pub path: PathBuf,
    /// The private key's file.
    pub private: String,
    /// The line of the public key.
    pub public: String,
}

impl Key {
    /// A new one in `dir`; `passphrase` may be empty.
    ///
    /// # Panics
    /// When there is no ssh-keygen.
    pub fn generate(dir: &Path, name: &str, kind: KeyKind, passphrase: &str) -> Self {
        let path = dir.join(name);
        let kind: &[&str] = match kind {
            KeyKind::Ed25519 => &["-t", "ed25519"],
            KeyKind::Ecdsa => &["-t", "ecdsa", "-b", "256"],
            KeyKind::Rsa => &["-t", "rsa", "-b", "3072"],
        };
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-C", name, "-N", passphrase, "-f"]).arg(&path).args(kind);
        let output = command.output().expect("ssh-keygen");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read = |path: &Path| std::fs::read_to_string(path).expect("ssh-keygen wrote it");
        let public = read(&path.with_file_name(format!("{name}.pub"))).trim_end().to_owned();
        Self { private: read(&path), path, public }
    }
}

impl Sshd {
    /// Why there is none on this machine; nothing where there is one.
    pub fn missing() -> Option<&'static str> {
        if program("sshd").is_none() || program("ssh-keygen").is_none() {
            return Some("needs an sshd: install openssh-server (`make oracle` does where it may)");
        }
        // As root it gives up its rights in a directory that packages make only at boot.
        let root = nix::unistd::geteuid().is_root();
        (root && std::fs::create_dir_all("/run/sshd").is_err()).then_some("needs /run/sshd, which cannot be made")
    }

    /// Starts one with a host key of this kind; it lets in who has one of these keys.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(host: KeyKind, authorized: &[&Key]) -> Self {
        let dir = tempfile::Builder::new().prefix("gitops-sshd-").tempdir().expect("a directory");
        let host = Key::generate(dir.path(), "host", host, "");
        let keys: String = authorized.iter().flat_map(|key| [key.public.as_str(), "\n"]).collect();
        std::fs::write(dir.path().join("authorized_keys"), keys).expect("a file");
        let address = SocketAddr::new(LOOPBACK, free_port(LOOPBACK));
        let config = format!(
            "Port {}\nListenAddress {LOOPBACK}\nHostKey {host}\nPidFile none\nAuthorizedKeysFile {keys}\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n\
             LogLevel VERBOSE\nSetEnv GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null\nAcceptEnv GIT_PROTOCOL\n",
            address.port(),
            host = host.path.display(),
            keys = dir.path().join("authorized_keys").display(),
        );
        let file = dir.path().join("config");
        std::fs::write(&file, config).expect("a file");
        let mut command = Command::new(program("sshd").expect("the caller asked whether there is one"));
        command.args(["-D", "-e", "-f"]).arg(file);
        let server = Server::start(command, address, dir.path().join("log"));
        Self { server, address, dir, host }
    }

    /// The line that makes its host known.
    pub fn known_hosts(&self) -> String {
        let key: Vec<&str> = self.host.public.split(' ').take(2).collect();
        format!("[{}]:{} {}\n", self.address.ip(), self.address.port(), key.join(" "))
    }

    /// Who logs in: the user that runs the test, nobody else can be become.
    ///
    /// # Panics
    /// When that user has no name.
    pub fn user() -> String {
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten();
        user.expect("a name of the user").name
    }

    /// The URL of a path of this machine.
    pub fn url(&self, path: &Path) -> String {
        format!("ssh://{}@{}{}", Self::user(), self.address, path.display())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its directory, for keys and the like.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What it logged.
    pub fn said(&self) -> String {
        self.server.said()
    }
}
