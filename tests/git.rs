//! Repositories over HTTP, served by git itself (`git http-backend` behind a small server of the test's own): what is resolved,
//! what is written, what is refused, what is told.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what a test sets up must be there")]

#[path = "git/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use krm::Masked;
use kubectl_gitops::git::{Access, GitError, LeftOut, Limits, Reference, Remote, Revision, Wants};
use server::{Answer, Server, Work};

/// Every file below a directory, with its mode and content; links with their target.
fn files(top: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in walkdir::WalkDir::new(top).min_depth(1) {
        let entry = entry.unwrap();
        let path = entry.path();
        let name = path.strip_prefix(top).unwrap().to_string_lossy().into_owned();
        let metadata = fs::symlink_metadata(path).unwrap();
        if metadata.is_symlink() {
            found.insert(name, format!("-> {}", fs::read_link(path).unwrap().display()));
        } else if metadata.is_file() {
            let mode = if metadata.permissions().mode() & 0o100 == 0 { "" } else { "x " };
            found.insert(name, format!("{mode}{}", String::from_utf8_lossy(&fs::read(path).unwrap())));
        } else if fs::read_dir(path).unwrap().count() == 0 {
            found.insert(name, "empty directory".to_owned());
        }
    }
    found
}

fn remote(server: &Server) -> Remote {
    Remote::new(&server.url, Access::Anonymous).unwrap().without_proxy()
}

fn check_out(remote: &Remote, revision: &Revision) -> Result<BTreeMap<String, String>, GitError> {
    let directory = tempfile::tempdir().unwrap();
    let into = directory.path().join("tree");
    remote.check_out(revision, &Wants::default(), &Limits::default(), &into)?;
    Ok(files(&into))
}

fn sample() -> Work {
    let work = Work::new();
    work.write("kustomization.yaml", "resources: [app]\n");
    work.write("app/deployment.yaml", "kind: Deployment\n");
    work.write("bin/run", "#!/bin/sh\n");
    fs::set_permissions(work.path("bin/run"), fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("../app/deployment.yaml", work.path("bin/link")).unwrap();
    work.commit("first");
    work
}

#[test]
fn a_branch_is_resolved_and_written() {
    let work = sample();
    let server = Server::start(&work);
    let remote = remote(&server);
    let limits = Limits::default();
    let revision = remote.resolve(&Reference::Branch("main".to_owned()), &limits).unwrap();
    assert_eq!(revision, Revision { name: "main".to_owned(), commit: work.head() });
    assert_eq!(remote.resolve(&Reference::Head, &limits).unwrap(), revision);
    let found = check_out(&remote, &revision).unwrap();
    let expected = [
        ("app/deployment.yaml", "kind: Deployment\n"),
        ("bin/link", "-> ../app/deployment.yaml"),
        ("bin/run", "x #!/bin/sh\n"),
        ("kustomization.yaml", "resources: [app]\n"),
    ];
    assert_eq!(found, expected.map(|(name, text)| (name.to_owned(), text.to_owned())).into());
}

#[test]
fn an_old_server_is_understood() {
    let work = sample();
    work.git(&["tag", "-am", "one", "v1"]);
    let server = Server::start(&work);
    server.configure("protocol.version", "0");
    server.speak_version_0();
    let remote = remote(&server);
    for reference in [Reference::Head, Reference::Branch("main".to_owned()), Reference::Tag("v1".to_owned())] {
        let revision = remote.resolve(&reference, &Limits::default()).unwrap();
        assert_eq!(revision.commit, work.head());
        assert_eq!(check_out(&remote, &revision).unwrap().len(), 4);
    }
}

#[test]
fn many_similar_files_arrive_whole() {
    let work = Work::new();
    for number in 0..300 {
        let lines: Vec<_> =
            (0..200).map(|line| format!("line {line} of {}\n", if line % 50 == 7 { number } else { 0 })).collect();
        work.write(&format!("d{}/f{number}.txt", number % 7), &lines.concat());
    }
    // Not compressible, so that the pack needs a file.
    let noise: String = (0..9_000_000_u64)
        .map(|n| {
            char::from(
                b' ' + u8::try_from(n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(n * n) >> 33 & 63).unwrap(),
            )
        })
        .collect();
    work.write("noise", &noise);
    work.commit("many");
    work.git(&["repack", "-adfq"]);
    let server = Server::start(&work);
    let remote = remote(&server);
    let revision = remote.resolve(&Reference::Head, &Limits::default()).unwrap();
    let found = check_out(&remote, &revision).unwrap();
    assert_eq!(found.len(), 301);
    for (name, content) in found {
        assert_eq!(content, fs::read_to_string(work.path(&name)).unwrap(), "{name}");
    }
}

#[test]
fn a_repository_of_sha256_is_understood() {
    let work = Work::with_format("sha256");
    work.write("a", "a\n");
    work.commit("first");
    let server = Server::start(&work);
    let remote = remote(&server);
    let revision = remote.resolve(&Reference::Head, &Limits::default()).unwrap();
    assert!(revision.to_string().starts_with("main@sha256:"), "{revision}");
    assert_eq!(check_out(&remote, &revision).unwrap().len(), 1);
}

#[test]
fn credentials_are_asked_for_told_apart_and_never_shown() {
    let work = sample();
    let server = Server::start(&work);
    server.require("ann", "hunter2");
    let with = |user: &str, password: &str| {
        let access = Access::Basic { user: user.to_owned(), password: Masked::new(password.to_owned()) };
        Remote::new(&server.url, access).unwrap().without_proxy()
    };
    let limits = Limits::default();
    assert!(with("ann", "hunter2").resolve(&Reference::Head, &limits).is_ok());
    let inside = server.url.replace("http://", "http://ann:hunter2@");
    let inside = Remote::new(&inside, Access::Anonymous).unwrap().without_proxy();
    assert!(check_out(&inside, &inside.resolve(&Reference::Head, &limits).unwrap()).is_ok());
    assert!(!format!("{inside:?} {}", inside.url()).contains("hunter2"));

    let wrong = with("ann", "hunter3").resolve(&Reference::Head, &limits).unwrap_err();
    assert!(matches!(wrong, GitError::Unauthorized { given: true, .. }), "{wrong:?}");
    assert!(!format!("{wrong:?} {wrong}").contains("hunter3"));
    let none = remote(&server).resolve(&Reference::Head, &limits).unwrap_err();
    assert!(matches!(none, GitError::Unauthorized { given: false, .. }), "{none:?}");
    server.answer(Answer::Status(403));
    assert!(matches!(with("ann", "hunter2").resolve(&Reference::Head, &limits), Err(GitError::Forbidden { .. })));
    server.answer(Answer::Status(404));
    assert!(matches!(with("ann", "hunter2").resolve(&Reference::Head, &limits), Err(GitError::NotFound { .. })));
    server.answer(Answer::Status(500));
    assert!(matches!(
        with("ann", "hunter2").resolve(&Reference::Head, &limits),
        Err(GitError::Status { status: 500, .. })
    ));
}

#[test]
fn a_bearer_token_is_sent() {
    let work = sample();
    let server = Server::start(&work);
    server.require_header("Bearer hunter2");
    let access = Access::Bearer(Masked::new("hunter2".to_owned()));
    let remote = Remote::new(&server.url, access).unwrap().without_proxy();
    assert!(remote.resolve(&Reference::Head, &Limits::default()).is_ok());
}

#[test]
fn credentials_do_not_follow_a_redirect_to_another_host() {
    let work = sample();
    let real = Server::start(&work);
    let front = Server::start(&work);
    front.answer(Answer::Redirect(real.url.clone()));
    let access = Access::Basic { user: "ann".to_owned(), password: Masked::new("hunter2".to_owned()) };
    let remote = Remote::new(&front.url, access).unwrap().without_proxy();
    let revision = remote.resolve(&Reference::Head, &Limits::default()).unwrap();
    assert_eq!(revision.commit, work.head());
    check_out(&remote, &revision).unwrap();
    assert!(front.log().iter().all(|line| line.contains("authorization")), "{:?}", front.log());
    assert!(real.log().iter().all(|line| !line.contains("authorization")), "{:?}", real.log());
}

#[test]
fn a_missing_branch_is_told_with_what_is_there() {
    let work = sample();
    work.git(&["branch", "feature/login"]);
    let server = Server::start(&work);
    for (wanted, near) in [("mian", "main"), ("feature/logn", "feature/login")] {
        let error = remote(&server).resolve(&Reference::Branch(wanted.to_owned()), &Limits::default()).unwrap_err();
        assert!(matches!(error, GitError::NoReference { .. }), "{error:?}");
        assert_eq!(error.hint().unwrap(), format!("did you mean `{near}`?"));
    }
}

#[test]
fn an_unknown_commit_is_an_error() {
    let work = sample();
    let server = Server::start(&work);
    let revision = Revision { name: String::new(), commit: "1".repeat(40) };
    let error = check_out(&remote(&server), &revision).unwrap_err();
    assert!(error.to_string().contains("not our ref") || error.to_string().contains("no commit"), "{error}");
}

#[test]
fn what_is_no_git_server_is_told() {
    let work = sample();
    let server = Server::start(&work);
    for (answer, part) in [
        (Answer::Body("text/html", "<html>hello"), "does not answer as a Git server does"),
        (Answer::Body("application/x-git-upload-pack-advertisement", "001e# service=git-upload"), "does not answer"),
        (Answer::Body("application/x-git-upload-pack-advertisement", "0013ERR go\x1b[31maway"), "refuses: go [31maway"),
        (Answer::Redirect("ftp://example.com/x".to_owned()), "to another protocol"),
        (Answer::Redirect(server.url.clone()), "too often"),
    ] {
        server.answer(answer);
        let error = remote(&server).resolve(&Reference::Head, &Limits::default()).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn a_server_that_trickles_is_cut() {
    let work = sample();
    let server = Server::start(&work);
    server.answer(Answer::Trickle);
    let limits = Limits { time: std::time::Duration::from_secs(1), ..Limits::default() };
    let begin = std::time::Instant::now();
    let error = remote(&server).resolve(&Reference::Head, &limits).unwrap_err();
    assert!(matches!(error, GitError::Slow { .. }), "{error:?}");
    assert!(begin.elapsed().as_secs() < 5);
}

#[test]
fn nobody_at_the_address_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for url in [format!("http://{address}/x.git"), "http://nowhere.invalid/x.git".to_owned()] {
        let remote = Remote::new(&url, Access::Anonymous).unwrap().without_proxy();
        let error = remote.resolve(&Reference::Head, &Limits::default()).unwrap_err();
        assert!(matches!(error, GitError::Unreachable { .. }), "{error:?}");
    }
}

#[test]
fn limits_name_what_is_too_large() {
    let work = sample();
    work.write("big", &"x".repeat(200_000));
    work.commit("big");
    let server = Server::start(&work);
    let remote = remote(&server);
    let revision = remote.resolve(&Reference::Head, &Limits::default()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    for (limits, part) in [
        (Limits { file_bytes: 100_000, ..Limits::default() }, "100000"),
        (Limits { total_bytes: 100_000, ..Limits::default() }, "100000"),
        (Limits { objects: 3, ..Limits::default() }, "objects"),
        (Limits { pack_bytes: 100, ..Limits::default() }, "pack"),
        (Limits { entries: 3, ..Limits::default() }, "number of files"),
        (Limits { tree_bytes: 1000, ..Limits::default() }, "size of all files"),
        (Limits { depth: 0, ..Limits::default() }, "depth"),
    ] {
        let into = directory.path().join(part);
        let error = remote.check_out(&revision, &Wants::default(), &limits, &into).unwrap_err();
        let text =
            format!("{error}: {}", std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default());
        assert!(text.contains("limit") && text.contains(part), "{text}");
    }
}

#[test]
fn hostile_trees_are_refused_by_path() {
    for (name, what) in [
        ("..", "written elsewhere"),
        (".", "written elsewhere"),
        (".git", "Git's own directory"),
        (".GIT", "Git's own directory"),
        ("git~1", "Git's own directory"),
        (".g\u{200c}it", "Git's own directory"),
        ("a\\b", "slash"),
    ] {
        let work = sample();
        work.commit_tree_with(name);
        let server = Server::start(&work);
        let remote = remote(&server);
        let revision = remote.resolve(&Reference::Head, &Limits::default()).unwrap();
        let error = check_out(&remote, &revision).unwrap_err();
        assert!(matches!(&error, GitError::Hostile { path, .. } if path.starts_with("dir/")), "{error:?}");
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn links_that_leave_are_left_out_and_told() {
    for target in ["/etc/passwd", "../../x", "../app/../../x"] {
        let work = sample();
        std::os::unix::fs::symlink(target, work.path("bin/evil")).unwrap();
        work.commit("evil");
        let server = Server::start(&work);
        let remote = remote(&server);
        let revision = remote.resolve(&Reference::Head, &Limits::default()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let left = remote.check_out(&revision, &Wants::default(), &Limits::default(), directory.path()).unwrap();
        assert_eq!(left.iter().map(|link| link.path.as_str()).collect::<Vec<_>>(), ["bin/evil"]);
        assert!(LeftOut::told(&left).unwrap().starts_with("a link was not made: `bin/evil` (the link"));
        let found = files(directory.path());
        assert!(found.len() == 4 && !found.contains_key("bin/evil") && found.contains_key("bin/link"), "{found:?}");
    }
    assert_eq!(LeftOut::told(&[]), None);
}
