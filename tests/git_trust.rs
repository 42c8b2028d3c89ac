//! Signatures that git itself made, objects kept between runs, and commits of ours that git itself reads.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what a test sets up must be there")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use krm::Masked;
use kubectl_gitops::git::{Access, FileContent, GitError, Limits, NewCommit, Reference, Remote, Revision};
use kubectl_gitops::git::{Signed, SshAccess, Verification, Wants};
use testkit::git::{GitServer, Key, KeyKind, Repository, Serving, Sshd, skipped};

fn anonymous(url: &str) -> Remote {
    Remote::new(url, Access::Anonymous).unwrap().without_proxy()
}

fn check_out(remote: &Remote, revision: &Revision, wants: &Wants) -> Result<tempfile::TempDir, GitError> {
    let directory = tempfile::tempdir().unwrap();
    remote.check_out(revision, wants, &Limits::default(), directory.path())?;
    Ok(directory)
}

fn verified(remote: &Remote, revision: &Revision, mode: Signed, keys: (&[&str], &[&str])) -> Result<(), GitError> {
    let texts = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    let verify = Some(Verification { mode, pgp: texts(keys.0), ssh: texts(keys.1) });
    check_out(remote, revision, &Wants { verify, ..Wants::default() }).map(drop)
}

/// What counts and what does not, whoever signed: `sign` are git's settings for it.
fn signatures(repository: &Repository, sign: &[&str], good: (&[&str], &[&str]), other: (&[&str], &[&str])) {
    let git = |args: &[&str]| repository.git(&[sign, args].concat());
    repository.write("a", "unsigned").commit("unsigned");
    git(&["tag", "-s", "-m", "signed tag of an unsigned commit", "v1.0.0"]);
    git(&["tag", "-a", "-m", "unsigned tag", "v1.1.0"]);
    repository.write("a", "signed");
    repository.git(&["add", "-A"]);
    git(&["commit", "-q", "-S", "-m", "signed"]);
    git(&["tag", "-s", "-m", "signed", "v2.0.0"]);
    repository.git(&["tag", "light"]);
    // The signed tag under another name.
    let id = repository.git(&["rev-parse", "refs/tags/v2.0.0"]);
    repository.git(&["update-ref", "refs/tags/v3.0.0", &id]);
    let server = GitServer::start(repository.top().parent().unwrap(), &Serving::default());
    let remote = anonymous(&server.url("fleet"));
    let at = |tag: &str| remote.resolve(&Reference::Tag(tag.to_owned()), &Limits::default()).unwrap();
    for (tag, mode, part) in [
        ("v2.0.0", Signed::Head, ""),
        ("v2.0.0", Signed::Tag, ""),
        ("v2.0.0", Signed::TagAndHead, ""),
        ("v1.0.0", Signed::Tag, ""),
        ("v1.0.0", Signed::Head, "is not signed"),
        ("v1.0.0", Signed::TagAndHead, "is not signed"),
        ("v1.1.0", Signed::Tag, "is not signed"),
        ("light", Signed::Tag, "no annotated tag"),
        ("light", Signed::Head, ""),
        ("v3.0.0", Signed::Tag, "signed as `v2.0.0`"),
    ] {
        let result = verified(&remote, &at(tag), mode, good);
        if part.is_empty() {
            assert!(result.is_ok(), "{tag} {mode:?}: {result:?}");
            let error = verified(&remote, &at(tag), mode, other).unwrap_err();
            assert!(error.to_string().contains("none of the keys"), "{error}");
            assert!(verified(&remote, &at(tag), mode, (&[], &[])).is_err());
        } else {
            let error = result.unwrap_err();
            assert!(matches!(error, GitError::Signature { .. }) && error.to_string().contains(part), "{tag}: {error}");
        }
    }
    // A signature over something else.
    let content = repository.git(&["cat-file", "commit", "v2.0.0^{commit}"]).replace("\nsigned", "\nforged");
    let forged =
        repository.git_with(&["hash-object", "-t", "commit", "-w", "--stdin"], format!("{content}\n").as_bytes());
    repository.git(&["update-ref", "refs/heads/forged", &forged]);
    let revision = Revision { name: "forged".to_owned(), commit: forged };
    let error = verified(&remote, &revision, Signed::Head, good).unwrap_err();
    assert!(error.to_string().contains("none of the keys"), "{error}");
}

#[test]
fn signatures_of_ssh_count_if_a_trusted_key_made_them() {
    for kind in [KeyKind::Ed25519, KeyKind::Ecdsa, KeyKind::Rsa] {
        let directory = tempfile::tempdir().unwrap();
        let repository = Repository::at(directory.path().join("fleet"));
        let key = Key::generate(directory.path(), "key", kind, "");
        let other = Key::generate(directory.path(), "other", kind, "");
        let path = key.path.display().to_string();
        let sign = ["-c", "gpg.format=ssh", "-c", &format!("user.signingkey={path}")];
        let lines = format!("# a comment\n{}\n{}\n", other.public, key.public);
        signatures(&repository, &sign, (&[], &[&lines]), (&[], &[&other.public]));
    }
}

/// A key in a home of its own; gives the armored public key and the fingerprint.
fn gpg_key(home: &Path, user: &str, algorithm: &str) -> (String, String) {
    let gpg = |args: &[&str]| {
        let output =
            Command::new("gpg").env("GNUPGHOME", home).args(["--batch", "--quiet"]).args(args).output().unwrap();
        assert!(output.status.success(), "gpg {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    gpg(&["--passphrase", "", "--quick-generate-key", user, algorithm, "sign", "never"]);
    let list = gpg(&["--with-colons", "--list-keys", user]);
    let fingerprint = list.lines().find_map(|line| line.strip_prefix("fpr:")).unwrap().trim_matches(':').to_owned();
    (gpg(&["--armor", "--export", user]), fingerprint)
}

#[test]
fn signatures_of_openpgp_count_if_a_trusted_key_made_them() {
    let there = Command::new("gpg").arg("--version").output().is_ok_and(|output| output.status.success());
    let reason = (!there).then_some("there is no gpg");
    if skipped(reason, "signatures_of_openpgp_count_if_a_trusted_key_made_them") {
        return;
    }
    for algorithm in ["ed25519", "rsa2048"] {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().join("gnupg");
        std::fs::create_dir(&home).unwrap();
        std::fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let (key, fingerprint) = gpg_key(&home, "ann@example.com", algorithm);
        let (other, _) = gpg_key(&home, "bob@example.com", algorithm);
        let program = directory.path().join("gpg.sh");
        std::fs::write(&program, format!("#!/bin/sh\nGNUPGHOME='{}' exec gpg \"$@\"\n", home.display())).unwrap();
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let repository = Repository::at(directory.path().join("fleet"));
        let settings = [format!("gpg.program={}", program.display()), format!("user.signingkey={fingerprint}")];
        signatures(&repository, &["-c", &settings[0], "-c", &settings[1]], (&[&other, &key], &[]), (&[&other], &[]));
        drop(Command::new("gpgconf").env("GNUPGHOME", &home).args(["--kill", "all"]).status());
    }
}

#[test]
fn what_is_kept_is_not_asked_for_again() {
    let directory = tempfile::tempdir().unwrap();
    let repository = Repository::at(directory.path().join("fleet"));
    for number in 0..200_u32 {
        let noise: Vec<u8> = (0..2000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761).wrapping_add(number * 7919) >> 13).to_le_bytes()[0])
            .collect();
        repository.write(&format!("d/{number}"), noise);
    }
    repository.commit("first");
    let server = GitServer::start(directory.path(), &Serving::default());
    let remote = anonymous(&server.url("fleet"));
    let cache = directory.path().join("cache");
    let wants = Wants { cache: Some(cache.clone()), ..Wants::default() };
    let mut bytes = Vec::new();
    let mut get = || {
        let revision = remote.resolve(&Reference::Head, &Limits::default()).unwrap();
        server.sent();
        let found = check_out(&remote, &revision, &wants).unwrap();
        assert_eq!(std::fs::read_dir(found.path().join("d")).unwrap().count(), 200);
        let asked = server.asked().len();
        assert_eq!(
            std::fs::read(found.path().join("d/7")).unwrap(),
            std::fs::read(repository.top().join("d/7")).unwrap()
        );
        bytes.push(server.sent());
        asked
    };
    get();
    get();
    repository.write("d/7", "changed").commit("second");
    get();
    let [first, unchanged, later] = bytes[..] else { panic!("three runs") };
    assert!(first > 100_000 && unchanged == 0 && later < 5000, "{bytes:?}");
    // What git says about it.
    let kept: Vec<PathBuf> = std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.len(), 1);
    repository.git(&["-C", kept[0].to_str().unwrap(), "fsck", "--full", "--strict"]);
    assert_eq!(repository.git(&["-C", kept[0].to_str().unwrap(), "rev-list", "--all"]).lines().count(), 2);

    // Damage of every kind: everything comes anew.
    let revision = remote.resolve(&Reference::Head, &Limits::default()).unwrap();
    let packs = kept[0].join("objects/pack");
    let named = |extension: &str| {
        let mut found: Vec<PathBuf> = std::fs::read_dir(&packs).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.retain(|path| path.extension().is_some_and(|own| own == extension));
        found.sort_by_key(|path| std::cmp::Reverse(std::fs::metadata(path).unwrap().len()));
        found[0].clone()
    };
    for damage in 0..5 {
        match damage {
            0 => std::fs::write(kept[0].join("shallow"), "nonsense").unwrap(),
            1 => std::fs::remove_file(named("idx")).unwrap(),
            2 => std::fs::write(named("idx"), "short").unwrap(),
            3 => {
                // In the middle of a file's bytes.
                let path = named("pack");
                let mut content = std::fs::read(&path).unwrap();
                let middle = content.len() / 2;
                content[middle..middle + 64].fill(0x55);
                std::fs::write(path, content).unwrap();
            }
            _ => std::fs::write(kept[0].join("HEAD"), "").unwrap(),
        }
        let found = check_out(&remote, &revision, &wants).unwrap();
        assert_eq!(std::fs::read_dir(found.path().join("d")).unwrap().count(), 200, "damage {damage}");
        for number in 0..200 {
            let name = format!("d/{number}");
            assert_eq!(
                std::fs::read(found.path().join(&name)).unwrap(),
                std::fs::read(repository.top().join(&name)).unwrap()
            );
        }
    }
}

fn new_commit(changes: &[(&str, Option<&str>)]) -> NewCommit {
    let file = |text: &str| FileContent { content: text.as_bytes().to_vec(), executable: text.starts_with("#!") };
    NewCommit {
        branch: "main".to_owned(),
        base: None,
        message: "Update images\n\nBy a machine.".to_owned(),
        name: "Robot <x>\n".to_owned(),
        email: "robot@example.com".to_owned(),
        time: 1_700_000_000,
        changes: changes.iter().map(|(path, text)| ((*path).to_owned(), text.map(file))).collect::<BTreeMap<_, _>>(),
    }
}

/// Commits to a bare repository through a remote, as git sees it.
fn commits(repository: &Repository, remote: &Remote) {
    let limits = Limits::default();
    let show = |what: &str| repository.git(&["show", what]);
    let first =
        remote.commit(&new_commit(&[("a/b.yaml", Some("b: 1\n")), ("run", Some("#!/bin/sh\n"))]), &limits).unwrap();
    let first = first.unwrap();
    assert_eq!(remote.resolve(&Reference::Head, &limits).unwrap(), first);
    repository.git(&["fsck", "--full", "--strict"]);
    assert_eq!(repository.git(&["ls-tree", "-r", "main"]).lines().count(), 2);
    assert!(repository.git(&["ls-tree", "-r", "main"]).contains("100755"));
    let log = repository.git(&["log", "-1", "--format=%an|%ae|%ct|%B", "main"]);
    assert_eq!(log.trim_end(), "Robot x|robot@example.com|1700000000|Update images\n\nBy a machine.");
    // The same again changes nothing.
    assert_eq!(remote.commit(&new_commit(&[("a/b.yaml", Some("b: 1\n"))]), &limits).unwrap(), None);
    let mut second =
        new_commit(&[("a/b.yaml", None), ("a.yaml", Some("x\n")), ("a0", Some("y\n")), ("z/y/x", Some("z\n"))]);
    remote.commit(&second, &limits).unwrap().unwrap();
    repository.git(&["fsck", "--full", "--strict"]);
    assert_eq!(repository.git(&["ls-tree", "-r", "--name-only", "main"]), "a.yaml\na0\nrun\nz/y/x");
    assert_eq!(repository.git(&["rev-list", "--count", "main"]), "2");
    // A file takes the place of a directory, on a new branch.
    second = new_commit(&[("z", Some("file\n"))]);
    second.branch = "feature/x".to_owned();
    second.base = Some("main".to_owned());
    remote.commit(&second, &limits).unwrap().unwrap();
    assert_eq!(show("feature/x:z"), "file");
    assert_eq!(repository.git(&["rev-list", "--count", "feature/x"]), "3");
    repository.git(&["fsck", "--full", "--strict"]);
    for path in ["../x", ".git/config", "a//b", "/x", ""] {
        let error = remote.commit(&new_commit(&[(path, Some("x"))]), &limits).unwrap_err();
        assert!(matches!(error, GitError::Reference { .. }), "{error:?}");
    }
}

#[test]
fn commits_of_ours_are_what_git_reads() {
    let directory = tempfile::tempdir().unwrap();
    let repository = Repository::at(directory.path().join("work"));
    for format in ["sha1", "sha256"] {
        for way in ["file", "http", "ssh"] {
            let top = directory.path().join(format!("{way}-{format}.git"));
            repository.git(&[
                "init",
                "-q",
                "--bare",
                "-b",
                "main",
                &format!("--object-format={format}"),
                top.to_str().unwrap(),
            ]);
            repository.git(&["-C", top.to_str().unwrap(), "config", "http.receivepack", "true"]);
            let bare = Repository::opened(&top);
            match way {
                "http" => {
                    let server = GitServer::start(directory.path(), &Serving::default());
                    commits(&bare, &anonymous(&server.url(&format!("{way}-{format}.git"))));
                }
                "ssh" if Sshd::missing().is_none() => {
                    let key = Key::generate(directory.path(), &format!("key-{format}"), KeyKind::Ed25519, "");
                    let sshd = Sshd::start(KeyKind::Ed25519, &[&key]);
                    let access = SshAccess {
                        private_key: Masked::new(key.private.clone()),
                        passphrase: None,
                        known_hosts: sshd.known_hosts(),
                    };
                    commits(&bare, &Remote::new(&sshd.url(&top), Access::Ssh(access)).unwrap());
                }
                "ssh" => {}
                _ => commits(&bare, &anonymous(top.to_str().unwrap())),
            }
        }
    }
}

#[test]
fn a_push_that_is_refused_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let repository = Repository::at(directory.path().join("fleet"));
    repository.write("a", "a").commit("first");
    repository.git(&["config", "http.receivepack", "true"]);
    let server = GitServer::start(directory.path(), &Serving::default());
    let limits = Limits::default();
    for remote in [anonymous(&server.url("fleet")), anonymous(&repository.url())] {
        let error = remote.commit(&new_commit(&[("b", Some("b"))]), &limits).unwrap_err();
        let refused = matches!(&error, GitError::PushRefused { name, .. } if name == "refs/heads/main");
        assert!(refused && error.to_string().contains("checked out"), "{error}");
    }
    let hook = repository.top().join(".git/hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\necho 'no commits on Fridays' >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    repository.git(&["checkout", "-q", "-b", "other"]);
    let error = anonymous(&server.url("fleet")).commit(&new_commit(&[("b", Some("b"))]), &limits).unwrap_err();
    assert!(error.to_string().contains("no commits on Fridays"), "{error}");
    repository.git(&["config", "http.receivepack", "false"]);
    let error = anonymous(&server.url("fleet")).commit(&new_commit(&[("b", Some("b"))]), &limits).unwrap_err();
    assert!(matches!(error, GitError::Forbidden { what: "to write to it", .. }), "{error:?}");
}
