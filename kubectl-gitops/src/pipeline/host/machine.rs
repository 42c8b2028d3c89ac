//! A machine, or a directory that will be one: its files, written whole or not at all, with their permissions, and its systemd.
//! Must not decide what is installed.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use krm::Masked;

use super::super::install::for_another_server;
use crate::error::{CliError, Code, Place, Result};
use crate::install::{self, Credentials, HostFile, HostFileKind, Installation, UNIT_MARK};
use crate::report::Console;
use crate::settings::{Access, Credential, Keys};

/// Larger files than this are none of ours.
const FILE_BYTES_MAX: u64 = 1 << 20;
const UNIT_MODE: u32 = 0o644;
const PRIVATE_MODE: u32 = 0o600;

/// A file or directory that the machine refused.
#[derive(Debug, thiserror::Error)]
#[error("cannot {deed} `{path}`")]
struct Refused {
    deed: &'static str,
    path: String,
    #[source]
    source: std::io::Error,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Created,
    Updated,
    Removed,
    Unchanged,
}

/// A machine, or a directory that will be one.
pub(super) struct Machine<'a> {
    pub(super) root: &'a Path,
    pub(super) dry_run: bool,
    pub(super) console: &'a Console,
    /// The program that tells systemd of its units; none where it does not run, or has others.
    pub(super) systemctl: Option<&'a Path>,
}

impl<'a> Machine<'a> {
    /// The machine whose files lie below `root`. systemd reads those of this one, where it runs.
    pub(super) fn at_root(root: &'a Path, dry_run: bool, console: &'a Console) -> Self {
        let runs = root == Path::new("/") && Path::new("/run/systemd/system").is_dir();
        Machine { root, dry_run, console, systemctl: runs.then_some(Path::new("systemctl")) }
    }

    pub(super) fn at(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    fn is_this(&self) -> bool {
        self.root == Path::new("/")
    }

    /// Tells systemd, where it runs.
    pub(super) fn systemctl(&self, words: &[&str]) -> Result<()> {
        let Some(program) = self.systemctl.filter(|_| !self.dry_run) else { return Ok(()) };
        let line = format!("systemctl {}", words.join(" "));
        let output = Command::new(program).args(words).output();
        let output = output.map_err(|error| CliError::new(Code::Host, format!("`{line}` cannot be run: {error}")))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let text = format!("`{line}` failed: {}", said.trim().lines().last().unwrap_or("it does not say why"));
        Err(CliError::new(Code::Host, text).hint("the files are written; the same command again finishes it"))
    }

    /// Does the timer run where it should? It does not if an earlier `systemctl` failed.
    pub(super) fn is_as_wanted(&self, installation: &Installation) -> bool {
        let [timer, _] = install::unit_names(&installation.name);
        let Some(program) = self.systemctl.filter(|_| !self.dry_run && !installation.suspend) else { return true };
        let asked = Command::new(program).args(["is-active", "--quiet", &timer]).status();
        asked.is_ok_and(|status| status.success())
    }

    pub(super) fn start(&self, installation: &Installation) -> Result<()> {
        let [timer, _] = install::unit_names(&installation.name);
        self.systemctl(&["daemon-reload"])?;
        self.systemctl(&[if installation.suspend { "stop" } else { "restart" }, &timer])
    }

    pub(super) fn demand_root(&self, command: &str) -> Result<()> {
        if !self.is_this() || self.dry_run || rustix::process::geteuid().is_root() {
            return Ok(());
        }
        let text = format!("`{command} --systemd` writes below /etc, which only root may do");
        Err(CliError::new(Code::Host, text)
            .hint("run it with sudo, or print the files with `install --systemd --export`"))
    }

    /// A file that the service needs. In a directory that will be a machine, it comes later.
    pub(super) fn demand_file(&self, path: &str, what: &str, hint: &str) -> Result<()> {
        if !self.is_this() || Path::new(path).exists() {
            return Ok(());
        }
        Err(CliError::new(Code::Host, format!("{what} at `{path}`")).hint(hint))
    }

    /// What stands at its path is ours, or nothing.
    pub(super) fn demand_ours(&self, file: &HostFile) -> Result<()> {
        let path = self.at(&file.path);
        let ours = match &file.kind {
            HostFileKind::Unit(_) => read(&path)?.is_none_or(|bytes| bytes.expose().starts_with(UNIT_MARK.as_bytes())),
            HostFileKind::Link(_) => fs::symlink_metadata(&path).map_or(true, |found| found.is_symlink()),
            HostFileKind::Private(_) | HostFileKind::Absent => true,
        };
        if ours {
            return Ok(());
        }
        let text = format!("`{}` exists and was not written by kubectl-gitops", file.path);
        Err(CliError::new(Code::Host, text).hint("give the installation another name: `--name NAME`"))
    }

    /// Without a word about keys, those of an earlier installation stay.
    pub(super) fn keep_keys(&self, installation: &mut Installation) -> Result<()> {
        let path = install::keys_path(&installation.name);
        if installation.keys == Keys::Unsaid
            && let Some(keys) = read(&self.at(&path))?
        {
            self.console.tell(&format!("keeping the keys in {path} (--no-age-key drops them)\n"));
            installation.keys = Keys::Given(keys);
        }
        Ok(())
    }

    /// Without a word about credentials, those of an earlier installation stay.
    pub(super) fn keep_credentials(&self, installation: &mut Installation) -> Result<()> {
        let (directory, server) = install::kept_paths(&installation.name);
        if !matches!(installation.access, Access::Unsaid) {
            return Ok(());
        }
        let Some(server) = read(&self.at(&server))? else { return Ok(()) };
        let server = String::from_utf8_lossy(server.expose()).into_owned();
        if !install::fits(&server, &installation.address) {
            return Err(for_another_server(server.trim_end(), installation));
        }
        let mut kept = Credentials::new();
        for credential in Credential::ALL {
            let path = format!("{directory}/{}", credential.key());
            kept.extend(read(&self.at(&path))?.map(|value| (credential, value)));
        }
        self.console.tell(&format!("keeping the credentials in {directory} (--anonymous drops them)\n"));
        installation.access = Access::Given(kept);
        Ok(())
    }

    /// Credentials and keys of an earlier installation that this one does not have.
    pub(super) fn left_over(&self, name: &str, files: &[HostFile]) -> Result<Vec<HostFile>> {
        let wanted = |path: &String| files.iter().any(|file| file.path == *path);
        let mut found = self.private_files(name)?;
        found.retain(|path| !wanted(path));
        Ok(found.into_iter().map(|path| HostFile { path, kind: HostFileKind::Absent }).collect())
    }

    /// Everything of an installation that is there, as files that must not be.
    pub(super) fn own_files(&self, name: &str) -> Result<Vec<HostFile>> {
        let mut paths = install::unit_paths(name).to_vec();
        paths.extend(self.private_files(name)?);
        paths.retain(|path| fs::symlink_metadata(self.at(path)).is_ok());
        for path in paths.iter().filter(|path| !self.at(path).is_symlink() && path.starts_with("/etc/systemd/")) {
            let unit = HostFile { path: path.clone(), kind: HostFileKind::Unit(String::new()) };
            self.demand_ours(&unit)?;
        }
        Ok(paths.into_iter().map(|path| HostFile { path, kind: HostFileKind::Absent }).collect())
    }

    /// The set that the service keeps, by its command line; names of namespaces are never quoted there.
    pub(super) fn synced_set(&self, name: &str) -> Result<String> {
        let [_, _, service] = install::unit_paths(name);
        let text = read(&self.at(&service))?.map(|bytes| String::from_utf8_lossy(bytes.expose()).into_owned());
        let text = text.unwrap_or_default();
        let namespace = text.split_whitespace().find_map(|word| word.strip_prefix("--namespace="));
        Ok(install::synced_set(namespace.unwrap_or("default"), name))
    }

    /// Files of credentials and keys that are there.
    fn private_files(&self, name: &str) -> Result<Vec<String>> {
        let (directory, server) = install::kept_paths(name);
        let mut paths: Vec<String> =
            Credential::ALL.iter().map(|credential| format!("{directory}/{}", credential.key())).collect();
        paths.extend([server, install::keys_path(name)]);
        let mut found = Vec::new();
        for path in paths {
            match fs::symlink_metadata(self.at(&path)) {
                Ok(_) => found.push(path),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(error) => return Err(refused("look at", &self.at(&path), error)),
            }
        }
        Ok(found)
    }

    /// Brings one file into its state, and tells.
    pub(super) fn put(&self, file: &HostFile) -> Result<Done> {
        let path = self.at(&file.path);
        let done = match &file.kind {
            HostFileKind::Unit(text) => self.write(&path, text.as_bytes(), UNIT_MODE)?,
            HostFileKind::Private(value) => self.write(&path, value.expose(), PRIVATE_MODE)?,
            HostFileKind::Link(target) => self.link(&path, target)?,
            HostFileKind::Absent => self.remove(&path)?,
        };
        let told = match done {
            Done::Created => "+ created  ",
            Done::Updated => "~ updated  ",
            Done::Removed => "- removed  ",
            Done::Unchanged => return Ok(done),
        };
        self.console.result(format!("{told} {}\n", file.path).as_bytes())?;
        Ok(done)
    }

    fn write(&self, path: &Path, content: &[u8], mode: u32) -> Result<Done> {
        let before = read(path)?;
        let mode_before = fs::metadata(path).map(|found| found.permissions().mode() & 0o7777).ok();
        let done = match before {
            Some(before) if before.expose() == content && mode_before == Some(mode) => return Ok(Done::Unchanged),
            Some(_) => Done::Updated,
            None => Done::Created,
        };
        if !self.dry_run {
            replace(path, content, mode).map_err(|error| refused("write", path, error))?;
        }
        Ok(done)
    }

    fn link(&self, path: &Path, target: &str) -> Result<Done> {
        let before = fs::read_link(path).ok();
        if before.as_deref() == Some(Path::new(target)) {
            return Ok(Done::Unchanged);
        }
        if !self.dry_run {
            let linked = || {
                make_directory(path, 0o755)?;
                if before.is_some() {
                    fs::remove_file(path)?;
                }
                symlink(target, path)
            };
            linked().map_err(|error| refused("write", path, error))?;
        }
        Ok(if before.is_some() { Done::Updated } else { Done::Created })
    }

    fn remove(&self, path: &Path) -> Result<Done> {
        if fs::symlink_metadata(path).is_err() {
            return Ok(Done::Unchanged);
        }
        if !self.dry_run {
            fs::remove_file(path).map_err(|error| refused("remove", path, error))?;
        }
        Ok(Done::Removed)
    }
}

fn refused(deed: &'static str, path: &Path, source: std::io::Error) -> CliError {
    let shown = path.display().to_string();
    CliError::new(Code::Host, Refused { deed, path: shown.clone(), source }).at(Place::file(shown))
}

/// What stands there; none if nothing does.
fn read(path: &Path) -> Result<Option<Masked<Vec<u8>>>> {
    let size = match fs::metadata(path) {
        Ok(found) if found.is_file() => found.len(),
        Ok(_) => return Err(refused("read", path, ErrorKind::IsADirectory.into())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(refused("read", path, error)),
    };
    if size > FILE_BYTES_MAX {
        return Err(refused("read", path, ErrorKind::FileTooLarge.into()));
    }
    fs::read(path).map(|bytes| Some(Masked::new(bytes))).map_err(|error| refused("read", path, error))
}

/// The new content takes the place of the old one in one step, and is never readable by more than `mode` says.
fn replace(path: &Path, content: &[u8], mode: u32) -> std::io::Result<()> {
    make_directory(path, if mode == PRIVATE_MODE { 0o700 } else { 0o755 })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = || {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(PRIVATE_MODE).open(&aside)?;
        file.write_all(content)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()?;
        fs::rename(&aside, path)
    };
    written().inspect_err(|_| {
        // What is left of it is of no use; why it could not be written is what counts.
        drop(fs::remove_file(&aside));
    })
}

fn make_directory(file: &Path, mode: u32) -> std::io::Result<()> {
    match file.parent() {
        Some(directory) => fs::DirBuilder::new().recursive(true).mode(mode).create(directory),
        None => Ok(()),
    }
}
