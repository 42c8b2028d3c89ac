//! Repositories over SSH and on this disk, and what is taken of them: by version, by an older commit, with submodules, some
//! directories, without what Flux leaves out.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what a test sets up must be there")]

use std::path::Path;

use krm::Masked;
use kubectl_gitops::git::{Access, GitError, Limits, Reference, Remote, Revision, SshAccess, Wants};
use testkit::git::{GitServer, Key, KeyKind, Repository, Serving, Sshd, skipped};

/// Names of all files below a directory.
fn names(top: &Path) -> Vec<String> {
    let entries = walkdir::WalkDir::new(top).min_depth(1).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| !entry.file_type().is_dir());
    files.map(|entry| entry.path().strip_prefix(top).unwrap().to_string_lossy().into_owned()).collect()
}

fn check_out(remote: &Remote, revision: &Revision, wants: &Wants) -> Result<Vec<String>, GitError> {
    let directory = tempfile::tempdir().unwrap();
    remote.check_out(revision, wants, &Limits::default(), directory.path())?;
    Ok(names(directory.path()))
}

fn anonymous(url: &str) -> Remote {
    Remote::new(url, Access::Anonymous).unwrap().without_proxy()
}

fn sample(top: &Path) -> Repository {
    let repository = Repository::at(top);
    repository.write("kustomization.yaml", "resources: [apps]\n").write("apps/a.yaml", "a: 1\n").commit("first");
    repository
}

#[test]
fn every_kind_of_key_opens_a_server_that_is_known() {
    if skipped(Sshd::missing(), "every_kind_of_key_opens_a_server_that_is_known") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let repository = sample(&directory.path().join("fleet"));
    for (host, kind, passphrase) in [
        (KeyKind::Ed25519, KeyKind::Ed25519, ""),
        (KeyKind::Ecdsa, KeyKind::Ecdsa, "open sesame"),
        (KeyKind::Rsa, KeyKind::Rsa, ""),
        (KeyKind::Ed25519, KeyKind::Rsa, "open sesame"),
    ] {
        let key = Key::generate(directory.path(), &format!("key-{host:?}-{kind:?}"), kind, passphrase);
        let sshd = Sshd::start(host, &[&key]);
        let access = SshAccess {
            private_key: Masked::new(key.private.clone()),
            passphrase: Some(Masked::new(passphrase.to_owned())),
            known_hosts: sshd.known_hosts(),
        };
        let remote = Remote::new(&sshd.url(repository.top()), Access::Ssh(access)).unwrap();
        let revision = remote.resolve(&Reference::Branch("main".to_owned()), &Limits::default()).unwrap();
        assert_eq!(revision.commit, repository.head());
        assert_eq!(check_out(&remote, &revision, &Wants::default()).unwrap(), ["apps/a.yaml", "kustomization.yaml"]);
    }
}

#[test]
fn a_server_or_a_key_that_is_not_known_is_refused() {
    if skipped(Sshd::missing(), "a_server_or_a_key_that_is_not_known_is_refused") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let repository = sample(&directory.path().join("fleet"));
    let good = Key::generate(directory.path(), "good", KeyKind::Ed25519, "open sesame");
    let other = Key::generate(directory.path(), "other", KeyKind::Ed25519, "");
    let sshd = Sshd::start(KeyKind::Ed25519, &[&good]);
    let wrong_host = sshd.known_hosts().replace(
        sshd.known_hosts().split_whitespace().nth(2).unwrap(),
        other.public.split_whitespace().nth(1).unwrap(),
    );
    let resolve = |key: &Key, passphrase: &str, known_hosts: &str, path: &Path| {
        let access = SshAccess {
            private_key: Masked::new(key.private.clone()),
            passphrase: Some(Masked::new(passphrase.to_owned())),
            known_hosts: known_hosts.to_owned(),
        };
        let remote = Remote::new(&sshd.url(path), Access::Ssh(access)).unwrap();
        remote.resolve(&Reference::Head, &Limits::default()).map(drop)
    };
    let (top, known) = (repository.top(), sshd.known_hosts());
    assert!(resolve(&good, "open sesame", &known, top).is_ok());
    let unknown = resolve(&good, "open sesame", "", top).unwrap_err();
    assert!(unknown.to_string().contains("not in known_hosts") && unknown.to_string().contains("SHA256:"), "{unknown}");
    let changed = resolve(&good, "open sesame", &wrong_host, top).unwrap_err();
    assert!(changed.to_string().contains("somebody may be in between"), "{changed}");
    let revoked = format!("{known}\n@revoked {known}");
    assert!(resolve(&good, "open sesame", &revoked, top).unwrap_err().to_string().contains("revoked"));
    let denied = resolve(&other, "", &known, top).unwrap_err();
    assert!(matches!(denied, GitError::Unauthorized { given: true, .. }), "{denied:?}");
    let locked = resolve(&good, "wrong", &known, top).unwrap_err();
    assert!(matches!(locked, GitError::PrivateKey { .. }), "{locked:?}");
    let missing = resolve(&good, "open sesame", &known, &directory.path().join("nothing")).unwrap_err();
    assert!(matches!(missing, GitError::NotFound { .. }), "{missing:?}");
}

#[test]
fn a_repository_on_this_disk_is_read_whatever_its_form() {
    let directory = tempfile::tempdir().unwrap();
    let repository = sample(&directory.path().join("fleet"));
    repository.git(&["tag", "-am", "one", "v1.0.0"]);
    let bare = directory.path().join("bare.git");
    repository.git(&["clone", "-q", "--bare", &repository.url(), bare.to_str().unwrap()]);
    let worktree = directory.path().join("worktree");
    repository.git(&["worktree", "add", "-q", "-b", "side", worktree.to_str().unwrap()]);
    let shared = directory.path().join("shared");
    repository.git(&["clone", "-q", "--shared", repository.top().to_str().unwrap(), shared.to_str().unwrap()]);
    let places =
        [repository.url(), bare.display().to_string(), worktree.display().to_string(), shared.display().to_string()];
    for packed in [false, true] {
        if packed {
            repository.git(&["gc", "-q"]);
        }
        for place in &places {
            let remote = anonymous(place);
            for reference in [Reference::Head, Reference::Tag("v1.0.0".to_owned()), Reference::SemVer("1.x".to_owned())]
            {
                let revision = remote.resolve(&reference, &Limits::default()).unwrap();
                assert_eq!(revision.commit, repository.head(), "{place} {reference:?}");
                assert_eq!(check_out(&remote, &revision, &Wants::default()).unwrap().len(), 2);
            }
        }
    }
    let nothing = anonymous(directory.path().join("nothing").to_str().unwrap());
    assert!(matches!(nothing.resolve(&Reference::Head, &Limits::default()), Err(GitError::Local { .. })));
}

#[test]
fn the_highest_version_in_a_range_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    let repository = sample(&directory.path().join("fleet"));
    for tag in ["v1.0.0", "1.2.0", "v1.10.0-rc.1", "v1.9.0", "nightly", "v2.0.0"] {
        repository.write("version", tag).commit(tag);
        repository.git(&["tag", "-am", tag, tag]);
    }
    let server = GitServer::start(directory.path(), &Serving::default());
    for place in [repository.url(), server.url("fleet")] {
        let remote = anonymous(&place);
        for (range, tag) in
            [("1.x", "v1.9.0"), (">=1.10.0-0 <2.0.0", "v1.10.0-rc.1"), ("~1.2", "1.2.0"), ("*", "v2.0.0")]
        {
            let revision = remote.resolve(&Reference::SemVer(range.to_owned()), &Limits::default()).unwrap();
            assert_eq!(revision.name, tag);
            assert_eq!(revision.commit, repository.git(&["rev-parse", &format!("{tag}^{{commit}}")]));
        }
        let none = remote.resolve(&Reference::SemVer("3.x".to_owned()), &Limits::default()).unwrap_err();
        assert!(matches!(none, GitError::NoReference { .. }), "{none:?}");
        let wrong = remote.resolve(&Reference::SemVer("x.y".to_owned()), &Limits::default()).unwrap_err();
        assert!(matches!(wrong, GitError::Reference { .. }), "{wrong:?}");
    }
}

#[test]
fn a_commit_that_is_no_tip_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let repository = sample(&directory.path().join("fleet"));
    let first = repository.head();
    for number in 0..80 {
        repository.write("n", number.to_string()).commit("more");
    }
    let near = repository.git(&["rev-parse", "HEAD~3"]);
    let server = GitServer::start(directory.path(), &Serving::default());
    let mut remotes = vec![anonymous(&server.url("fleet")), anonymous(&repository.url())];
    let key = Key::generate(directory.path(), "key", KeyKind::Ed25519, "");
    let sshd = Sshd::missing().is_none().then(|| Sshd::start(KeyKind::Ed25519, &[&key]));
    if let Some(sshd) = &sshd {
        // It does not take the variable that asks for version 2, as most do not.
        let access = SshAccess {
            private_key: Masked::new(key.private.clone()),
            passphrase: None,
            known_hosts: sshd.known_hosts(),
        };
        remotes.push(Remote::new(&sshd.url(repository.top()), Access::Ssh(access)).unwrap());
    }
    for remote in &remotes {
        for (commit, files) in [(&first, 2), (&near, 3)] {
            for branch in [None, Some("main".to_owned())] {
                let reference = Reference::Commit { commit: commit.clone(), branch };
                let revision = remote.resolve(&reference, &Limits::default()).unwrap();
                assert_eq!(check_out(remote, &revision, &Wants::default()).unwrap().len(), files, "{remote:?}");
            }
        }
        let missing = Revision { name: String::new(), commit: "1".repeat(40) };
        let error = check_out(remote, &missing, &Wants::default()).unwrap_err();
        assert!(matches!(error, GitError::NoCommit { .. }), "{error:?}");
    }
}

#[test]
fn submodules_come_with_it_and_only_from_where_they_may() {
    let directory = tempfile::tempdir().unwrap();
    let inner = Repository::at(directory.path().join("inner"));
    inner.write("c.yaml", "c: 1\n").commit("inner");
    let middle = Repository::at(directory.path().join("middle"));
    middle.write("b.yaml", "b: 1\n");
    middle.git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", "../inner", "deep"]);
    middle.commit("middle");
    let outer = Repository::at(directory.path().join("outer"));
    outer.write("a.yaml", "a: 1\n");
    outer.git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", "../middle", "lib/middle"]);
    let commit = outer.commit("outer");
    let revision = Revision { name: "main".to_owned(), commit };
    let server = GitServer::start(directory.path(), &Serving { user: Some(("ann", "hunter2")), ..Serving::default() });
    let access = Access::Basic { user: "ann".to_owned(), password: Masked::new("hunter2".to_owned()) };
    let remote = Remote::new(&server.url("outer"), access).unwrap().without_proxy();
    let wants = Wants { submodules: true, ..Wants::default() };
    let all = [".gitmodules", "a.yaml", "lib/middle/.gitmodules", "lib/middle/b.yaml", "lib/middle/deep/c.yaml"];
    assert_eq!(check_out(&remote, &revision, &wants).unwrap(), all);
    assert_eq!(check_out(&anonymous(&outer.url()), &revision, &wants).unwrap(), all);
    assert_eq!(check_out(&remote, &revision, &Wants::default()).unwrap(), [".gitmodules", "a.yaml"]);
    // Another server gets no credentials, and what comes from afar names nothing on this disk.
    let open = GitServer::start(directory.path(), &Serving::default());
    for (url, part) in [
        (open.url("inner"), ""),
        (inner.url(), "on this disk"),
        ("--upload-pack=touch /tmp/x".to_owned(), "cannot be used"),
        ("-u".to_owned(), "begins with `-`"),
        ("ext::sh -c true".to_owned(), "cannot be used"),
    ] {
        outer.git(&["config", "-f", ".gitmodules", "submodule.lib/middle.url", &url]);
        outer.git(&["update-index", "--cacheinfo", &format!("160000,{},lib/middle", inner.head())]);
        outer.git(&["add", ".gitmodules"]);
        outer.git(&["commit", "-qm", "elsewhere"]);
        let revision = Revision { name: "main".to_owned(), commit: outer.head() };
        let result = check_out(&remote, &revision, &wants);
        if part.is_empty() {
            assert!(result.unwrap().contains(&"lib/middle/c.yaml".to_owned()));
            assert!(open.asked().iter().all(|asked| asked.authorization.is_none()));
        } else {
            let error = result.unwrap_err();
            assert!(matches!(&error, GitError::Submodule { path, .. } if path == "lib/middle"), "{error:?}");
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}

#[test]
fn only_the_wanted_part_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let repository = sample(&directory.path().join("fleet"));
    repository.write("apps/.sourceignore", "*.md\n").write("apps/README.md", "x").write("docs/x/y.png", "x");
    repository.write("app/b.yaml", "b: 1\n").write(".gitignore", "nothing\n");
    let revision = Revision { name: "main".to_owned(), commit: repository.commit("more") };
    let server = GitServer::start(directory.path(), &Serving::default());
    let remote = anonymous(&server.url("fleet"));
    let sparse = |directories: &[&str]| Wants {
        sparse: directories.iter().map(|name| (*name).to_owned()).collect(),
        ..Wants::default()
    };
    assert_eq!(check_out(&remote, &revision, &sparse(&["./app"])).unwrap(), ["app/b.yaml"]);
    assert_eq!(check_out(&remote, &revision, &sparse(&["app/", "docs/x"])).unwrap(), ["app/b.yaml", "docs/x/y.png"]);
    assert_eq!(check_out(&remote, &revision, &sparse(&["."])).unwrap().len(), 7);
    let error = check_out(&remote, &revision, &sparse(&["app", "nothing"])).unwrap_err();
    assert!(matches!(&error, GitError::NoDirectory { path, .. } if path == "nothing"), "{error:?}");

    let ignoring =
        |ignore: Option<&str>| Wants { source_ignore: true, ignore: ignore.map(str::to_owned), ..Wants::default() };
    let kept = ["app/b.yaml", "apps/.sourceignore", "apps/a.yaml", "docs/x/y.png", "kustomization.yaml"];
    assert_eq!(check_out(&remote, &revision, &ignoring(None)).unwrap(), kept);
    let chosen = check_out(&remote, &revision, &ignoring(Some("/*\n!/apps\n"))).unwrap();
    assert_eq!(chosen, ["apps/.sourceignore", "apps/README.md", "apps/a.yaml"]);
}
