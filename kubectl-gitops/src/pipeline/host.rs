//! `install --systemd` and `uninstall --systemd`: the files of an installation onto this machine, and off it. Owns the order
//! of what is checked, written and started; what the files say is the room `install`'s.

mod machine;

use std::fs;
use std::path::Path;

use self::machine::{Done, Machine};
use super::given;
use super::install::{checked, demand_key, warn_of_clear_text};
use super::uninstall::left_behind;
use crate::error::{CliError, Code, Result, exit};
use crate::install::{self, HostFile, HostFileKind};
use crate::report::Console;
use crate::settings::{HostSettings, InstallSettings};
use crate::source::validate_name;

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
    install_on(&Machine::at_root(&host.root, dry_run, console), settings, host)
}

fn install_on(machine: &Machine<'_>, settings: &InstallSettings, host: &HostSettings) -> Result<u8> {
    let Machine { dry_run, console, .. } = *machine;
    let settings = &given::with_values(settings)?;
    let (mut installation, described) = checked(install::for_host(settings, host))?;
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
    if changed > 0 || !machine.is_as_wanted(&installation) {
        machine.start(&installation)?;
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
    if !dry_run && changed > 0 && machine.systemctl.is_none() {
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
    uninstall_from(&Machine::at_root(root, dry_run, console), name, objects_too)
}

fn uninstall_from(machine: &Machine<'_>, name: &str, objects_too: bool) -> Result<String> {
    let Machine { dry_run, console, .. } = *machine;
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
    let [timer, service] = install::unit_names(name);
    machine.systemctl(&["stop", &timer, &service])?;
    for file in &files {
        machine.put(file)?;
    }
    if !dry_run {
        for directory in [install::kept_paths(name).0, install::keys_directory(name), install::settings_directory(name)]
        {
            // What somebody else put there stays, and its directory with it.
            drop(fs::remove_dir(machine.at(&directory)));
        }
        // Nothing in it is the only copy.
        drop(fs::remove_dir_all(machine.at(&install::cache_directory(name))));
        machine.systemctl(&["daemon-reload"])?;
    }
    let verb = if dry_run { "Would uninstall" } else { "Uninstalled" };
    console.result(format!("{verb} {name} from this host.\n").as_bytes())?;
    if !objects_too {
        console.tell(&left_behind(&set));
    }
    Ok(set)
}

#[cfg(test)]
mod tests;
