//! Commits of ours: what git reads of them, who refuses them, and that nothing that somebody else pushed is lost.

use std::net::{IpAddr, Ipv4Addr};

use kubectl_gitops::git::{FileContent, NewCommit, SshAccess};
use serde_json::json;
use testkit::git::{Gitea, GiteaUser, Key, KeyKind, Sshd, skipped};

use super::*;

const ANN: GiteaUser<'_> = GiteaUser { name: "ann", password: "hunter2" };

fn new_commit(changes: &[(&str, Option<&str>)]) -> NewCommit {
    let file = |text: &str| FileContent { content: text.as_bytes().to_vec(), executable: text.starts_with("#!") };
    NewCommit {
        branch: "main".to_owned(),
        base: None,
        message: "Update images\n\nBy a machine.".to_owned(),
        name: "Robot <x>\n".to_owned(),
        email: "robot@example.com".to_owned(),
        time: 1_700_000_000,
        changes: changes.iter().map(|(path, text)| ((*path).to_owned(), text.map(file))).collect(),
    }
}

fn push(remote: &Remote, new: &NewCommit) -> Result<Option<Revision>, GitError> {
    remote.commit(new, &Limits::default())
}

fn bare(place: &Place, name: &str, format: &str) -> Repository {
    let top = place.path().join(name);
    let format = format!("--object-format={format}");
    place.repository("maker").git(&["init", "-q", "--bare", "-b", "main", &format, top.to_str().unwrap()]);
    let repository = Repository::opened(top);
    repository.git(&["config", "http.receivepack", "true"]);
    repository
}

/// Commits to an empty repository through a remote; `bare` is the same, as git sees it.
fn commits(bare: &Repository, remote: &Remote) {
    let made = |new: &NewCommit| push(remote, new).unwrap_or_else(|error| panic!("{}", told(&error)));
    let sound = || drop(bare.git(&["fsck", "--full", "--strict"]));
    let first =
        made(&new_commit(&[("a/b.yaml", Some("b: 1\n")), ("run", Some("#!/bin/sh\n")), ("same", Some("b: 1\n"))]));
    assert_eq!(Some(remote.resolve(&main_branch(), &Limits::default()).unwrap()), first);
    sound();
    assert_eq!(bare.git(&["ls-tree", "-r", "--name-only", "main"]), "a/b.yaml\nrun\nsame");
    assert!(bare.git(&["ls-tree", "-r", "main"]).contains("100755"));
    let log = bare.git(&["log", "-1", "--format=%an|%ae|%ct|%B", "main"]);
    assert_eq!(log.trim_end(), "Robot x|robot@example.com|1700000000|Update images\n\nBy a machine.");
    assert_eq!(made(&new_commit(&[("a/b.yaml", Some("b: 1\n")), ("absent", None)])), None, "nothing changes");
    let mut second = new_commit(&[
        ("a/b.yaml", None),
        ("same", None),
        ("a.yaml", Some("x\n")),
        ("a0", Some("y\n")),
        ("z/y/x", Some("z\n")),
        ("z/y.x", Some("z\n")),
    ]);
    made(&second);
    sound();
    assert_eq!(bare.git(&["ls-tree", "-r", "--name-only", "main"]), "a.yaml\na0\nrun\nz/y.x\nz/y/x");
    assert_eq!(bare.git(&["rev-list", "--count", "main"]), "2");
    // A file takes the place of a directory, a directory that of a file, on a new branch.
    second = new_commit(&[("z", Some("file\n")), ("a0", None), ("a0/b", Some("x\n"))]);
    let from_main =
        |branch: &str, new: NewCommit| NewCommit { branch: branch.to_owned(), base: Some("main".to_owned()), ..new };
    second = from_main("feature/x", second);
    made(&second);
    sound();
    assert_eq!(
        (bare.git(&["show", "feature/x:z"]), bare.git(&["show", "feature/x:a0/b"])),
        ("file".into(), "x".into())
    );
    assert_eq!(bare.git(&["rev-list", "--count", "feature/x"]), "3");
    assert_eq!(bare.git(&["rev-list", "--count", "main"]), "2");
    // Everything goes.
    made(&new_commit(&[("a.yaml", None), ("a0", None), ("run", None), ("z", None)]));
    sound();
    assert_eq!(bare.git(&["ls-tree", "-r", "main"]), "");
    second = from_main("feature", second);
    let error = push(remote, &second).unwrap_err();
    assert!(matches!(error, GitError::PushRefused { .. }), "a branch below it is there: {}", told(&error));
}

#[test]
fn commits_of_ours_are_what_git_reads() {
    let place = Place::new();
    let server = place.serve(&Serving::default());
    let key = Key::generate(place.path(), "key", KeyKind::Ed25519, "");
    let sshd = (!skipped(Sshd::missing(), "commits_of_ours_are_what_git_reads"))
        .then(|| Sshd::start(KeyKind::Ed25519, &[&key]));
    for format in ["sha1", "sha256"] {
        let one = bare(&place, &format!("http-{format}.git"), format);
        commits(&one, &anonymous(&server.url(&format!("http-{format}.git"))));
        let one = bare(&place, &format!("file-{format}.git"), format);
        commits(&one, &anonymous(&one.url()));
        if let Some(sshd) = &sshd {
            let one = bare(&place, &format!("ssh-{format}.git"), format);
            let known_hosts = sshd.known_hosts();
            let access = SshAccess { private_key: Masked::new(key.private.clone()), passphrase: None, known_hosts };
            commits(&one, &Remote::new(&sshd.url(one.top()), Access::Ssh(access)).unwrap());
        }
    }
}

#[test]
fn gitea_takes_commits_and_tells_why_it_does_not() {
    if skipped(Gitea::missing(), "gitea_takes_commits_and_tells_why_it_does_not") {
        return;
    }
    let place = Place::new();
    let gitea = Gitea::start(IpAddr::V4(Ipv4Addr::LOCALHOST));
    gitea.add_user(ANN);
    gitea.add_repository(ANN, "home");
    let remote = |password| Remote::new(&gitea.url("ann/home"), basic("ann", password)).unwrap();
    let first = push(&remote("hunter2"), &new_commit(&[("a", Some("a\n"))])).unwrap_or_else(|e| panic!("{}", told(&e)));
    assert_eq!(remote("hunter2").resolve(&Reference::Head, &Limits::default()).ok(), first);
    let clone = Repository::clone_of(&gitea.url_for(ANN, "ann/home"), place.path().join("clone"));
    assert_eq!((clone.head(), clone.git(&["fsck", "--strict"])), (first.unwrap().commit, String::new()));
    let wrong = push(&remote("wrong"), &new_commit(&[("a", Some("b\n"))])).unwrap_err();
    assert!(matches!(wrong, GitError::Unauthorized { given: true, .. }), "{}", told(&wrong));
    let rule = json!({ "rule_name": "main", "enable_push": false });
    assert_eq!(gitea.api(ANN, "POST", "/repos/ann/home/branch_protections", &rule).status, 201);
    let refused = push(&remote("hunter2"), &new_commit(&[("a", Some("b\n"))])).unwrap_err();
    assert!(matches!(refused, GitError::PushRefused { .. }), "{}", told(&refused));
    assert!(told(&refused).to_lowercase().contains("protected branch"), "{}", told(&refused));
    let read_only = gitea.token(ANN, "read");
    let refused = push(&remote(&read_only), &new_commit(&[("a", Some("b\n"))])).unwrap_err();
    assert!(!told(&refused).contains(&read_only) && !told(&refused).contains("hunter2"), "{}", told(&refused));
}

#[test]
fn what_no_repository_could_hold_is_refused_before_anything_is_asked() {
    let place = Place::new();
    place.home();
    let server = place.serve(&Serving::default());
    let remote = anonymous(&server.url("home.git"));
    let good = || new_commit(&[("a", Some("x"))]);
    let mut wrong: Vec<NewCommit> = ["../x", ".git/config", "a//b", "/x", "", "a/.GIT/x", "a\\b"]
        .iter()
        .map(|path| new_commit(&[(path, Some("x"))]))
        .collect();
    wrong.push(new_commit(&[("a", Some("x")), ("a/b", Some("x"))]));
    wrong.push(NewCommit { branch: "a..b".to_owned(), ..good() });
    wrong.push(NewCommit { base: Some("-x".to_owned()), ..good() });
    wrong.push(NewCommit { name: "<>\n".to_owned(), ..good() });
    wrong.push(NewCommit { email: String::new(), ..good() });
    wrong.push(NewCommit { message: " \n".to_owned(), ..good() });
    for new in wrong {
        assert!(matches!(push(&remote, &new), Err(GitError::Reference { .. })), "{new:?}");
    }
    assert!(server.asked().is_empty());
    let missing = NewCommit { branch: "new".to_owned(), base: Some("mian".to_owned()), ..good() };
    assert!(matches!(push(&remote, &missing), Err(GitError::NoReference { .. })));
}

/// The branch, moved by somebody else just before a request is answered.
fn race(part: &'static str) {
    let place = Place::new();
    let home = place.home();
    home.git(&["config", "http.receivepack", "true"]);
    home.git(&["checkout", "-q", "-b", "theirs"]);
    let theirs = home.write("theirs", "x").commit("theirs");
    let server = place.serve(&Serving::default());
    let mover = home.clone();
    let target = theirs.clone();
    server.before(part, move || drop(mover.git(&["update-ref", "refs/heads/main", &target])));
    let remote = anonymous(&server.url("home.git"));
    let error = push(&remote, &new_commit(&[("ours", Some("x"))])).unwrap_err();
    assert!(matches!(&error, GitError::Moved { name, .. } if name == "refs/heads/main"), "{part}: {}", told(&error));
    assert!(error.hint().unwrap().contains("run again"));
    assert_eq!(home.git(&["rev-parse", "main"]), theirs, "theirs is not lost");
    push(&remote, &new_commit(&[("ours", Some("x"))])).unwrap().unwrap();
    assert_eq!(home.git(&["ls-tree", "-r", "--name-only", "main"]), "README\napp/kustomization.yaml\nours\ntheirs");
}

#[test]
fn a_lost_race_loses_nothing() {
    race("info/refs?service=git-receive-pack");
    race("home.git/git-receive-pack");
}

fn hook(repository: &Repository, name: &str, script: &str) {
    let hooks = repository.top().join(".git/hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    let path = hooks.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_push_that_is_refused_says_why() {
    let place = Place::new();
    let home = place.home();
    home.git(&["config", "http.receivepack", "true"]);
    let server = place.serve(&Serving::default());
    let new = || new_commit(&[("b", Some("b"))]);
    let (http, file) = (anonymous(&server.url("home.git")), anonymous(&home.url()));
    let refused = |remote: &Remote, part: &str| {
        let error = push(remote, &new()).unwrap_err();
        let known = matches!(&error, GitError::PushRefused { name, .. } if name == "refs/heads/main");
        let text = told(&error);
        assert!(known && text.contains(part) && !text.contains(['\u{1b}', '\n', '\u{7}']), "{part}: {text:?}");
    };
    for remote in [&http, &file] {
        refused(remote, "checked out");
    }
    home.git(&["checkout", "-q", "-b", "other"]);
    let beside = place.path().join("beside");
    home.git(&["worktree", "add", "-q", beside.to_str().unwrap(), "main"]);
    refused(&file, "checked out");
    home.git(&["worktree", "remove", beside.to_str().unwrap()]);
    hook(&home, "pre-receive", "printf 'no \\033[31mcommits\\033[0m on\\r Fridays\\n\\a' >&2; exit 1");
    refused(&http, "no [31mcommits [0m on Fridays");
    refused(&file, "hooks");
    hook(&home, "pre-receive", "head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1");
    assert!(told(&push(&http, &new()).unwrap_err()).len() < 1000);
    std::fs::remove_file(home.top().join(".git/hooks/pre-receive")).unwrap();
    std::fs::write(home.top().join(".git/refs/heads/main.lock"), "").unwrap();
    refused(&file, "lock");
    assert!(matches!(push(&http, &new()), Err(GitError::PushRefused { .. })));
    std::fs::remove_file(home.top().join(".git/refs/heads/main.lock")).unwrap();
    home.git(&["config", "http.receivepack", "false"]);
    let error = push(&http, &new()).unwrap_err();
    assert!(matches!(error, GitError::Forbidden { what: "to write to it", .. }), "{error:?}");
    push(&file, &new()).unwrap().unwrap();
    home.git(&["fsck", "--full", "--strict"]);
}
