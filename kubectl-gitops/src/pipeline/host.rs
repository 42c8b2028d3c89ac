//! `install --systemd` and `uninstall --systemd`: the files of an installation onto this machine, and off it. Owns writing them whole
//! or not at all, their permissions, and telling systemd; what they say is the room `install`'s.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use krm::Masked;

use super::given;
use super::install::{checked, demand_key, for_another_server, warn_of_clear_text};
use super::uninstall::left_behind;
use crate::error::{CliError, Code, Place, Result, exit};
use crate::install::{self, Credentials, HostFile, HostFileKind, Installation, UNIT_MARK};
use crate::report::Console;
use crate::settings::{Access, Credential, HostSettings, InstallSettings, Keys};
use crate::source::validate_name;

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
enum Done {
    Created,
    Updated,
    Removed,
    Unchanged,
}

/// A machine, or a directory that will be one.
struct Machine<'a> {
    root: &'a Path,
    dry_run: bool,
    console: &'a Console,
}

/// Prints the units. Credentials are named, never shown.
pub(crate) fn export(settings: &InstallSettings, host: &HostSettings, console: &Console) -> Result<u8> {
    let settings = &given::with_values(settings)?;
    let (installation, described) = checked(install::for_host(settings, host))?;
    demand_key(&installation)?;
    warn_of_clear_text(&installation, console);
    let shown = |file: HostFile| match file.kind {
        HostFileKind::Unit(unit) => format!("# {}\n{unit}\n", file.path),
        HostFileKind::Private(_) => format!("# {}: a credential, mode 0600, not shown\n\n", file.path),
        HostFileKind::Link(target) => format!("# {} -> {target}\n", file.path),
        HostFileKind::Absent => String::new(),
    };
    let text: String = install::files(&installation, &described).into_iter().map(shown).collect();
    console.result(text.as_bytes())?;
    Ok(exit::DONE)
}

/// Writes the files, and starts the timer.
pub(crate) fn install(settings: &InstallSettings, host: &HostSettings, dry_run: bool, console: &Console) -> Result<u8> {
    let settings = &given::with_values(settings)?;
    let (mut installation, described) = checked(install::for_host(settings, host))?;
    let machine = Machine { root: &host.root, dry_run, console };
    machine.demand_root("install")?;
    machine.demand_file(
        &described.kubeconfig,
        "there is no kubeconfig",
        "a K3s server has it, an agent does not: \
        install on a server node, or name another with --kubeconfig",
    )?;
    machine.demand_file(
        &described.binary,
        "there is no program",
        "`make install` puts it into /usr/local/bin; \
        another place is named with --binary",
    )?;
    machine.keep_credentials(&mut installation)?;
    machine.keep_keys(&mut installation)?;
    demand_key(&installation)?;
    warn_of_clear_text(&installation, console);
    let files = install::files(&installation, &described);
    // Nothing is written if something of somebody else's is in the way.
    for file in &files {
        machine.demand_ours(file)?;
    }
    let mut changed = 0;
    for file in files.iter().chain(&machine.left_over(&installation.name, &files)?) {
        changed += usize::from(machine.put(file)? != Done::Unchanged);
    }
    if changed > 0 && machine.is_running() {
        start(&installation)?;
    }
    let name = &installation.name;
    let text = match (changed, dry_run) {
        (0, _) => format!("Installed {name} on this host: nothing to change.\n"),
        (count, true) => format!("Would change {}. Nothing was changed.\n", crate::report::counted(count, "file")),
        (count, false) => {
            format!("Installed {name} on this host: {} changed.\n", crate::report::counted(count, "file"))
        }
    };
    console.result(text.as_bytes())?;
    if !dry_run && changed > 0 && !machine.is_running() {
        console.tell("systemd does not run here: it starts the timer at its next boot\n");
    }
    Ok(exit::DONE)
}

/// Takes the files away. Gives the set that they kept, as its name in the system's namespace.
pub(crate) fn uninstall(
    name: &str,
    root: &Path,
    dry_run: bool,
    objects_too: bool,
    console: &Console,
) -> Result<String> {
    let machine = Machine { root, dry_run, console };
    // It becomes part of paths.
    validate_name(name).map_err(|error| CliError::new(Code::NoName, error))?;
    machine.demand_root("uninstall")?;
    let files = machine.own_files(name)?;
    if files.is_empty() {
        let text = format!("there is no timer of `{name}` on this host");
        return Err(CliError::new(Code::NotInstalled, text)
            .hint("its units are /etc/systemd/system/gitops-NAME.timer and .service"));
    }
    for file in &files {
        machine.demand_ours(file)?;
    }
    let set = machine.synced_set(name)?;
    if machine.is_running() && !dry_run {
        let [timer, service] = install::unit_names(name);
        systemctl(&["stop", &timer, &service])?;
    }
    for file in &files {
        machine.put(file)?;
    }
    if !dry_run {
        let keys = install::keys_path(name);
        let keys = keys.rsplit_once('/').map_or("", |(directory, _)| directory).to_owned();
        for directory in [install::kept_paths(name).0, keys, install::settings_directory(name)] {
            // What somebody else put there stays, and its directory with it.
            drop(fs::remove_dir(machine.at(&directory)));
        }
        if machine.is_running() {
            systemctl(&["daemon-reload"])?;
        }
    }
    let verb = if dry_run { "Would uninstall" } else { "Uninstalled" };
    console.result(format!("{verb} {name} from this host.\n").as_bytes())?;
    if !objects_too {
        console.tell(&left_behind(&set));
    }
    Ok(set)
}

impl Machine<'_> {
    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    fn is_this(&self) -> bool {
        self.root == Path::new("/")
    }

    /// Does systemd run, and on this machine's own files?
    fn is_running(&self) -> bool {
        self.is_this() && !self.dry_run && Path::new("/run/systemd/system").is_dir()
    }

    fn demand_root(&self, command: &str) -> Result<()> {
        if !self.is_this() || self.dry_run || rustix::process::geteuid().is_root() {
            return Ok(());
        }
        let text = format!("`{command} --systemd` writes below /etc, which only root may do");
        Err(CliError::new(Code::Host, text)
            .hint("run it with sudo, or print the files with `install --systemd --export`"))
    }

    /// A file that the service needs. In a directory that will be a machine, it comes later.
    fn demand_file(&self, path: &str, what: &str, hint: &str) -> Result<()> {
        if !self.is_this() || Path::new(path).exists() {
            return Ok(());
        }
        Err(CliError::new(Code::Host, format!("{what} at `{path}`")).hint(hint))
    }

    /// What stands at its path is ours, or nothing.
    fn demand_ours(&self, file: &HostFile) -> Result<()> {
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
    fn keep_keys(&self, installation: &mut Installation) -> Result<()> {
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
    fn keep_credentials(&self, installation: &mut Installation) -> Result<()> {
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
    fn left_over(&self, name: &str, files: &[HostFile]) -> Result<Vec<HostFile>> {
        let wanted = |path: &String| files.iter().any(|file| file.path == *path);
        let mut found = self.private_files(name)?;
        found.retain(|path| !wanted(path));
        Ok(found.into_iter().map(|path| HostFile { path, kind: HostFileKind::Absent }).collect())
    }

    /// Everything of an installation that is there, as files that must not be.
    fn own_files(&self, name: &str) -> Result<Vec<HostFile>> {
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
    fn synced_set(&self, name: &str) -> Result<String> {
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
    fn put(&self, file: &HostFile) -> Result<Done> {
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

fn start(installation: &Installation) -> Result<()> {
    let [timer, _] = install::unit_names(&installation.name);
    systemctl(&["daemon-reload"])?;
    if installation.suspend { systemctl(&["stop", &timer]) } else { systemctl(&["restart", &timer]) }
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

fn systemctl(words: &[&str]) -> Result<()> {
    let line = format!("systemctl {}", words.join(" "));
    let output = Command::new("systemctl").args(words).output();
    let output = output.map_err(|error| CliError::new(Code::Host, format!("`{line}` cannot be run: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let text = format!("`{line}` failed: {}", said.trim().lines().last().unwrap_or("it does not say why"));
    Err(CliError::new(Code::Host, text).hint("the files are written; the same command again finishes it"))
}

#[cfg(test)]
mod tests;
