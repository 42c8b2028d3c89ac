//! `install` and `uninstall` without a cluster: what is printed, what is written below another root, what is refused, and that no
//! password is told. Units are judged by `systemd-analyze verify` where it is there (make check names the skip); SYSTEMD_REQUIRE
//! demands it (make oracle).

use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use testkit::command::Hermetic;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kubectl-gitops");
const URL: &str = "https://git.example.com/ann/home.git";

fn hermetic() -> Hermetic {
    let here = Hermetic::new(PROGRAM);
    here.write("password", "hunter2\n");
    here
}

#[test]
fn an_export_is_the_same_every_time_and_reaches_nothing() {
    let here = hermetic();
    let args = ["install", "--url", URL, "--path", "clusters/home", "--secret-ref", "git", "--export"];
    let first = here.run(&args).ok();
    assert_eq!(first, here.run(&args).ok());
    for kind in ["Namespace", "ServiceAccount", "ClusterRoleBinding", "CronJob"] {
        assert_eq!(first.matches(&format!("\nkind: {kind}\n")).count(), 1, "{first}");
    }
    assert!(
        first.contains("--credentials-dir=/etc/gitops/credentials") && !first.contains("kind: Secret\n"),
        "{first}"
    );
    assert!(!here.was_contacted());
}

#[test]
fn a_password_is_printed_where_it_was_asked_for_only() {
    let here = hermetic();
    let login = ["install", "--url", URL, "--username", "ann", "--password-file", "password"];
    let with = |more: &[&str]| here.run(&[&login[..], more].concat());
    let exported = with(&["--export"]).exit(0).says("holds credentials or keys in the clear").stdout;
    assert_eq!(exported.matches("hunter2").count(), 1, "{exported}");
    with(&["--export", "--systemd", "--binary", "/usr/local/bin/kubectl-gitops"]).exit(0).hides("hunter2");
    with(&["--systemd", "--binary", "/usr/local/bin/kubectl-gitops", "--root", "machine"]).exit(0).hides("hunter2");
    with(&["--branch", "a b"]).exit(2).hides("hunter2");
    here.run(&["install", "--url", "https://ann:hunter2@git.example.com/home.git"])
        .exit(2)
        .says("--username NAME --password-file FILE")
        .hides("hunter2");
    assert!(!here.was_contacted());
}

#[test]
fn a_password_comes_from_standard_input_too() {
    let here = hermetic();
    let args = ["install", "--url", URL, "--username", "ann", "--password-stdin", "--export"];
    let mut command = here.command(&args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"hunter3\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("password: hunter3\n"));
}

/// Command lines that are wrong, with what the message must say.
const WRONG: &[(&[&str], &str)] = &[
    (&[], "--url"),
    (&["--url", "/srv/git/home.git"], "a pod does not see this machine's files"),
    (&["--url", "file:///srv/git/home.git"], "works with --systemd only"),
    (&["--url", URL, "--branch", "a", "--tag", "b"], "cannot be used with"),
    (&["--url", URL, "--every", "7m"], "cannot express every 7m"),
    (&["--url", URL, "--every", "5m", "--schedule", "* * * * *"], "cannot be used with"),
    (&["--url", URL, "--schedule", "61 * * * *"], "61 is not between 0 and 59"),
    (&["--url", URL, "--username", "ann"], "needs a password: `--password-file`"),
    (&["--url", URL, "--password-file", "password"], "without `--username`"),
    (&["--url", URL, "--username", "ann", "--password-file", "nowhere"], "error[G0214]"),
    (&["--url", URL, "--secret-ref", "a", "--username", "ann"], "cannot be used with"),
    (&["--url", URL, "--rbac", "namespaced"], "needs the namespace"),
    (&["--url", URL, "--image", "a", "--systemd"], "cannot be used with"),
    (&["--url", URL, "--schedule", "* * * * *", "--systemd", "--binary", "/usr/bin/x"], "takes `--every`"),
    (&["--url", URL, "--systemd", "--binary", "/home/ann/x"], "ProtectHome"),
    (&["--url", URL, "--root", "x"], "--systemd"),
];

/// What stands after `--` is read as `sync` would read it.
const WRONG_SYNC_FLAGS: &[(&[&str], &str)] = &[
    (&["--wiat"], "unexpected argument '--wiat'"),
    (&["--timeout=soon"], "`soon` is not a duration"),
    (&["--path=other"], "cannot be used multiple times"),
    (&["word"], "unexpected argument 'word'"),
];

#[test]
fn a_wrong_command_line_is_exit_2_and_reaches_nothing() {
    let here = hermetic();
    for (args, says) in WRONG {
        for more in [&["--export"][..], &[]] {
            here.run(&[&["install"][..], args, more].concat()).exit(2).says(says);
        }
    }
    for (flags, says) in WRONG_SYNC_FLAGS {
        here.run(&[&["install", "--url", URL, "--export", "--"][..], flags].concat()).exit(2).says(says);
    }
    here.run(&["install", "--url", URL, "--export", "--", "--wait", "--timeout=10m"]).exit(0).says("- --wait\n");
    // Without an export, the cluster may hold a key that an earlier installation left.
    here.run(&["install", "--url", "git@git.example.com:ann/home.git", "--export"])
        .exit(2)
        .says("needs `--ssh-key-file`");
    here.run(&["uninstall", "--systemd"]).exit(2).says("--name");
    here.run(&["uninstall", "--systemd", "--root", "m", "--name", "../x"]).exit(2).says("cannot name a set");
    here.run(&["uninstall", "--systemd", "--root", "m", "--name", "x"]).exit(2).says("no timer of `x`");
    assert!(!here.was_contacted());
}

#[test]
fn often_says_what_it_costs() {
    let here = hermetic();
    here.run(&["install", "--url", URL, "--every", "1m", "--export"]).exit(0).says("about 5.5 GB a day");
    here.run(&["install", "--url", URL, "--export"]).exit(0).hides("GB a day");
}

/// A root with the units of an odd installation, and a program that they name.
fn machine(here: &Hermetic) -> std::path::PathBuf {
    // Not where the build lies: that may be a home directory, which the service does not see.
    let program = here.dir().join("kubectl-gitops");
    symlink(PROGRAM, &program).expect("a link");
    let program = program.to_str().expect("a path of letters").to_owned();
    here.run(&[
        "install",
        "--systemd",
        "--root",
        "machine",
        "--binary",
        &program,
        "--url",
        "https://git.example.com/ann/home%20lab.git",
        "--semver",
        ">=1.0.0 <2.0.0 || $HOME \"x\" 'y' \\ %n; -",
        "--username",
        "ann",
        "--password-file",
        "password",
        "--name",
        "home",
    ])
    .ok();
    here.dir().join("machine/etc/systemd/system")
}

#[test]
fn systemd_takes_the_units() {
    let here = hermetic();
    let units = machine(&here);
    let files = ["gitops-home.service", "gitops-home.timer"].map(|name| units.join(name));
    let output = Command::new("systemd-analyze").arg("verify").arg("--man=no").args(&files).output();
    let Ok(output) = output else {
        assert!(std::env::var_os("SYSTEMD_REQUIRE").is_none(), "there is no systemd-analyze");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // It loads the units of this machine as well: only what it says of ours counts.
    let of_ours: Vec<&str> =
        said.lines().filter(|line| line.contains("gitops-home") || line.contains("machine/")).collect();
    assert!(output.status.success() && of_ours.is_empty(), "{said}");
    // And it judges: what is not right is said.
    let broken = std::fs::read_to_string(&files[0]).unwrap().replace("Type=oneshot", "Type=oneshit");
    std::fs::write(&files[0], broken).unwrap();
    let output = Command::new("systemd-analyze").arg("verify").arg("--man=no").args(&files).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("oneshit"));
}

#[test]
fn a_machine_is_set_up_and_cleared() {
    let here = hermetic();
    let units = machine(&here);
    let wanted = units.join("timers.target.wants/gitops-home.timer");
    assert!(wanted.is_file(), "the link leads to the timer");
    let password = here.dir().join("machine/etc/kubectl-gitops/home/credentials/password");
    assert_eq!(std::fs::read(&password).unwrap(), b"hunter2");
    here.run(&["uninstall", "--systemd", "--root", "machine", "--name", "home"]).exit(0).says("Uninstalled home");
    let left: Vec<_> = walkdir(&here.dir().join("machine"));
    assert!(left.is_empty(), "{left:?}");
    assert!(!here.was_contacted());
}

/// Files below, however deep.
fn walkdir(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let entries = entries.map(|entry| entry.expect("a readable directory").path());
    entries.flat_map(|path| if path.is_dir() && !path.is_symlink() { walkdir(&path) } else { vec![path] }).collect()
}
