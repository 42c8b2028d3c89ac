//! Files of an installation below a directory in place of a machine.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use krm::Masked;

use super::*;
use crate::install::Credentials;
use crate::report::Surface;
use crate::settings::{Access, Credential, Keys};

const UNIT: &str = "etc/systemd/system/gitops-home.service";
const WANTED: &str = "etc/systemd/system/timers.target.wants/gitops-home.timer";
const PASSWORD: &str = "etc/kubectl-gitops/home/credentials/password";

fn console() -> Console {
    Console::new(Box::new(Vec::new()), Box::new(Vec::new()), Surface::plain())
}

fn settings(access: Access) -> InstallSettings {
    InstallSettings {
        url: "https://git.example.com/ann/home.git".to_owned(),
        path: ".".to_owned(),
        access,
        ..InstallSettings::default()
    }
}

fn password(text: &str) -> Access {
    let value = |text: &str| Masked::new(text.as_bytes().to_vec());
    Access::Given(Credentials::from([(Credential::Username, value("ann")), (Credential::Password, value(text))]))
}

fn put(root: &Path, settings: &InstallSettings) -> Result<u8> {
    let host = HostSettings {
        root: root.to_owned(),
        binary: "/usr/local/bin/kubectl-gitops".into(),
        kubeconfig: "/etc/rancher/k3s/k3s.yaml".into(),
    };
    install(settings, &host, false, &console())
}

/// Every file below, with its mode and when it was written.
fn state(root: &Path) -> Vec<(String, u32, std::time::SystemTime)> {
    let entries = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let found = entry.metadata().unwrap();
            (entry.path().display().to_string(), found.permissions().mode() & 0o7777, found.modified().unwrap())
        })
        .collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn files_appear_with_their_modes_and_a_second_time_nothing_happens() {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| root.path().join(path);
    put(root.path(), &settings(password("hunter2"))).unwrap();
    assert_eq!(fs::read(at(PASSWORD)).unwrap(), b"hunter2");
    assert_eq!((mode(&at(PASSWORD)), mode(at(PASSWORD).parent().unwrap()), mode(&at(UNIT))), (0o600, 0o700, 0o644));
    assert_eq!(
        fs::canonicalize(at(WANTED)).unwrap(),
        fs::canonicalize(at("etc/systemd/system/gitops-home.timer")).unwrap()
    );
    let before = state(root.path());
    put(root.path(), &settings(password("hunter2"))).unwrap();
    // Nothing was said of credentials: they stay.
    put(root.path(), &settings(Access::Unsaid)).unwrap();
    assert_eq!(state(root.path()), before);
    assert!(fs::read_to_string(at(UNIT)).unwrap().contains("--credentials-dir=/etc/kubectl-gitops/home/credentials"));
}

#[test]
fn what_changes_is_written_and_what_is_no_longer_wanted_goes() {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| root.path().join(path);
    put(root.path(), &settings(password("hunter2"))).unwrap();
    // Somebody opened it to everybody.
    fs::set_permissions(at(PASSWORD), fs::Permissions::from_mode(0o644)).unwrap();
    put(root.path(), &settings(password("hunter3"))).unwrap();
    assert_eq!((fs::read(at(PASSWORD)).unwrap(), mode(&at(PASSWORD))), (b"hunter3".to_vec(), 0o600));
    put(root.path(), &InstallSettings { suspend: true, ..settings(Access::Anonymous) }).unwrap();
    assert!(!at(PASSWORD).exists() && !at("etc/kubectl-gitops/home/server").exists() && !at(WANTED).exists());
    assert!(!fs::read_to_string(at(UNIT)).unwrap().contains("--credentials-dir"));
}

#[test]
fn keys_lie_beside_the_credentials_and_stay_until_they_are_dropped() {
    let root = tempfile::tempdir().unwrap();
    let key = root.path().join("etc/kubectl-gitops/home/keys/age.agekey");
    let source = root.path().join("key.txt");
    let identity = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n";
    fs::write(&source, identity).unwrap();
    let with = |keys: Keys| InstallSettings { keys, ..settings(Access::Anonymous) };
    put(root.path(), &with(Keys::File(source))).unwrap();
    assert_eq!((fs::read_to_string(&key).unwrap().as_str(), mode(&key)), (identity, 0o600));
    let unit = || fs::read_to_string(root.path().join(UNIT)).unwrap();
    let flag = "--age-key-file=/etc/kubectl-gitops/home/keys/age.agekey";
    assert!(unit().contains(flag));
    put(root.path(), &with(Keys::Unsaid)).unwrap();
    assert!(key.exists() && unit().contains(flag), "nothing was said of them");
    put(root.path(), &with(Keys::None)).unwrap();
    assert!(!key.exists() && !unit().contains("--age-key-file"));
}

#[test]
fn kept_credentials_are_never_shown_to_another_server() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), &settings(password("hunter2"))).unwrap();
    let elsewhere =
        InstallSettings { url: "https://elsewhere.example.com/ann/home.git".to_owned(), ..settings(Access::Unsaid) };
    let before = state(root.path());
    let error = put(root.path(), &elsewhere).unwrap_err();
    assert_eq!(error.code, Code::Installation);
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    assert_eq!(state(root.path()), before);
}

#[test]
fn a_unit_of_somebody_else_is_never_touched() {
    let root = tempfile::tempdir().unwrap();
    let unit = root.path().join(UNIT);
    fs::create_dir_all(unit.parent().unwrap()).unwrap();
    fs::write(&unit, "[Service]\nExecStart=/bin/true\n").unwrap();
    let before = state(root.path());
    assert_eq!(put(root.path(), &settings(password("hunter2"))).unwrap_err().code, Code::Host);
    assert_eq!(uninstall("home", root.path(), false, false, &console()).unwrap_err().code, Code::Host);
    assert_eq!(state(root.path()), before);
}

#[test]
fn uninstalling_leaves_nothing_of_ours_and_everything_else() {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| root.path().join(path);
    put(root.path(), &settings(password("hunter2"))).unwrap();
    put(root.path(), &InstallSettings { name: Some("other".to_owned()), ..settings(password("x")) }).unwrap();
    fs::write(at("etc/kubectl-gitops/home/notes"), "mine").unwrap();
    uninstall("home", root.path(), true, false, &console()).unwrap();
    assert!(at(UNIT).exists(), "a dry run");
    uninstall("home", root.path(), false, false, &console()).unwrap();
    let left: Vec<String> =
        state(root.path()).into_iter().map(|(path, ..)| path).filter(|path| path.contains("home")).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(at("etc/kubectl-gitops/home/notes").exists() && at("etc/systemd/system/gitops-other.timer").exists());
    assert_eq!(uninstall("home", root.path(), false, false, &console()).unwrap_err().code, Code::NotInstalled);
    for name in ["../../etc", "a/b", ""] {
        assert_eq!(uninstall(name, root.path(), false, false, &console()).unwrap_err().code, Code::NoName);
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let host = HostSettings { root: root.path().to_owned(), binary: "/usr/bin/x".into(), kubeconfig: "/etc/k".into() };
    install(&settings(password("hunter2")), &host, true, &console()).unwrap();
    assert_eq!(state(root.path()).len(), 1);
}

/// A stand-in for systemctl that notes what it is told, and fails at `fails`.
fn systemctl(directory: &Path, fails: &str) -> std::path::PathBuf {
    let path = directory.join("systemctl");
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> {log}\ncase \"$1\" in {fails}) echo 'Failed to do it.' >&2; exit 1;; esac\n",
        log = directory.join("told").display()
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn systemd_is_told_what_changed_and_only_then() {
    let (root, bin) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let program = systemctl(bin.path(), "never");
    let console = console();
    let host = HostSettings {
        root: root.path().to_owned(),
        binary: "/usr/local/bin/kubectl-gitops".into(),
        kubeconfig: "/etc/rancher/k3s/k3s.yaml".into(),
    };
    let on = |dry_run: bool, program: &Path, deed: &dyn Fn(&Machine<'_>) -> Result<()>| {
        let machine = Machine { systemctl: Some(program), ..Machine::at_root(root.path(), dry_run, &console) };
        let done = deed(&machine);
        let told = fs::read_to_string(bin.path().join("told")).unwrap_or_default();
        drop(fs::remove_file(bin.path().join("told")));
        (done, told)
    };
    let wanted = |suspend: bool| InstallSettings { suspend, ..settings(Access::Anonymous) };
    let install = |machine: &Machine<'_>| install_on(machine, &wanted(false), &host).map(drop);
    let suspend = |machine: &Machine<'_>| install_on(machine, &wanted(true), &host).map(drop);
    let uninstall = |machine: &Machine<'_>| uninstall_from(machine, "home", false).map(drop);
    let timer = "gitops-home.timer";
    for (name, dry_run, deed, told) in [
        ("a dry run", true, &install as &dyn Fn(&Machine<'_>) -> Result<()>, String::new()),
        ("new", false, &install, format!("daemon-reload\nrestart {timer}\n")),
        ("again", false, &install, format!("is-active --quiet {timer}\n")),
        ("suspended", false, &suspend, format!("daemon-reload\nstop {timer}\n")),
        ("a dry run", true, &uninstall, String::new()),
        ("gone", false, &uninstall, format!("stop {timer} gitops-home.service\ndaemon-reload\n")),
    ] {
        let (done, found) = on(dry_run, &program, deed);
        assert!(done.is_ok() && found == told, "{name}: {found} {done:?}");
    }
    let failing = systemctl(bin.path(), "restart");
    let (done, _) = on(false, &failing, &install);
    assert!(done.unwrap_err().to_string().contains("`systemctl restart gitops-home.timer` failed: Failed to do it."));
    // The files are there; the same command again starts what does not run yet.
    let stopped = systemctl(bin.path(), "is-active");
    let (done, told) = on(false, &stopped, &install);
    assert!(done.is_ok() && told.ends_with(&format!("daemon-reload\nrestart {timer}\n")), "{told}");
    let (done, _) = on(false, &bin.path().join("none"), &uninstall);
    assert!(done.unwrap_err().to_string().contains("cannot be run"));
}
