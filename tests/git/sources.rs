//! Repositories on this disk, servers of the old protocol, commits that are no tip, and what is taken of a tree.

use testkit::git::{Key, KeyKind, Sshd, skipped};

use super::*;

/// Names of all files of a revision.
fn names(remote: &Remote, reference: &Reference, wants: &Wants) -> Result<Vec<String>, GitError> {
    Ok(fetch_with(remote, reference, wants, &Limits::default())?.1.into_keys().collect())
}

#[test]
fn a_repository_on_this_disk_is_read_whatever_its_form() {
    let place = Place::new();
    let home = place.repository("home");
    home.write("kustomization.yaml", "resources: [apps]\n").write("apps/a.yaml", "a: 1\n").commit("first");
    home.annotated_tag("v1.0.0");
    let [bare, worktree, shared] = ["bare.git", "worktree", "shared"].map(|name| place.path().join(name));
    home.git(&["clone", "-q", "--bare", &home.url(), bare.to_str().unwrap()]);
    home.git(&["worktree", "add", "-q", "-b", "side", worktree.to_str().unwrap()]);
    home.git(&["clone", "-q", "--shared", home.top().to_str().unwrap(), shared.to_str().unwrap()]);
    let places = [home.url(), bare.display().to_string(), worktree.display().to_string(), shared.display().to_string()];
    for packed in [false, true] {
        if packed {
            home.git(&["gc", "-q"]);
        }
        for url in &places {
            for reference in [Reference::Head, Reference::Tag("v1.0.0".to_owned()), Reference::SemVer("1.x".to_owned())]
            {
                let (revision, files) =
                    fetch_with(&anonymous(url), &reference, &Wants::default(), &Limits::default()).unwrap();
                assert_eq!((revision.commit, files.len()), (home.head(), 2), "{url} {reference:?}");
            }
        }
    }
    let nothing = anonymous(place.path().join("nothing").to_str().unwrap());
    assert!(matches!(nothing.resolve(&Reference::Head, &Limits::default()), Err(GitError::Local { .. })));
}

#[test]
fn an_old_server_is_understood() {
    let place = Place::new();
    let home = place.home();
    home.annotated_tag("v1.0.0").git(&["update-ref", "refs/pull/7/head", "HEAD"]);
    let server = place.serve(&Serving { old: true, ..Serving::default() });
    let remote = anonymous(&server.url("home.git"));
    for reference in [
        Reference::Head,
        main_branch(),
        Reference::Tag("v1.0.0".to_owned()),
        Reference::SemVer("^1".to_owned()),
        Reference::Name("refs/pull/7/head".to_owned()),
    ] {
        let (revision, files) = fetch_with(&remote, &reference, &Wants::default(), &Limits::default()).unwrap();
        assert_eq!((revision.commit, files.len()), (home.head(), 2), "{reference:?}");
    }
}

#[test]
fn a_pack_that_is_too_large_for_memory_arrives_whole() {
    let place = Place::new();
    let home = place.home();
    home.write("noise", super::kept::noise(1, 9_000_000)).commit("noise");
    let server = place.serve(&Serving::default());
    let (_, found) = fetch(&anonymous(&server.url("home.git"))).unwrap();
    assert!(found == files(home.top()));
}

#[test]
fn the_highest_version_in_a_range_is_taken() {
    let place = Place::new();
    let home = place.home();
    for tag in ["v1.0.0", "1.2.0", "v1.10.0-rc.1", "v1.9.0", "nightly", "v2.0.0"] {
        home.write("version", tag).commit(tag);
        home.annotated_tag(tag);
    }
    // Equal but for the build: the later commit counts.
    home.write("version", "later").commit("later");
    home.tag("v1.9.0+b").git(&["tag", "v1.9.0+a", "HEAD~1"]);
    let server = place.serve(&Serving::default());
    for url in [home.url(), server.url("home.git")] {
        let remote = anonymous(&url);
        for (range, tag) in
            [("1.x", "v1.9.0+b"), (">=1.10.0-0 <2.0.0", "v1.10.0-rc.1"), ("~1.2", "1.2.0"), ("*", "v2.0.0")]
        {
            let revision = remote.resolve(&Reference::SemVer(range.to_owned()), &Limits::default()).unwrap();
            assert_eq!(revision.name, tag);
            assert_eq!(revision.commit, home.git(&["rev-parse", &format!("{tag}^{{commit}}")]));
        }
        let none = remote.resolve(&Reference::SemVer("3.x".to_owned()), &Limits::default()).unwrap_err();
        assert!(matches!(none, GitError::NoReference { .. }), "{none:?}");
        let wrong = remote.resolve(&Reference::SemVer("x.y".to_owned()), &Limits::default()).unwrap_err();
        assert!(matches!(wrong, GitError::Reference { .. }), "{wrong:?}");
    }
}

#[test]
fn a_commit_that_is_no_tip_is_found_and_must_be_on_its_branch() {
    let place = Place::new();
    let home = place.home();
    let first = home.head();
    home.git(&["checkout", "-q", "-b", "side"]);
    let side = home.write("side", "x").commit("side");
    home.git(&["checkout", "-q", "main"]);
    for number in 0..80 {
        home.write("n", number.to_string()).commit("more");
    }
    home.git(&["merge", "-q", "-m", "merge", "side~1"]);
    let near = home.git(&["rev-parse", "HEAD~3"]);
    let filtering = place.repository("filtering.git");
    filtering.git(&[
        "fetch",
        "-q",
        &home.url(),
        "+refs/heads/main:refs/heads/kept",
        "+refs/heads/side:refs/heads/side",
    ]);
    filtering.git(&["update-ref", "refs/heads/main", &home.head()]);
    filtering.git(&["config", "uploadpack.allowFilter", "true"]);
    let key = Key::generate(place.path(), "key", KeyKind::Ed25519, "");
    let sshd = Sshd::missing().is_none().then(|| Sshd::start(KeyKind::Ed25519, &[&key]));
    skipped(Sshd::missing(), "a_commit_that_is_no_tip_is_found_and_must_be_on_its_branch (over ssh)");
    let (server, old) = (place.serve(&Serving::default()), place.serve(&Serving { old: true, ..Serving::default() }));
    let urls = [server.url("home.git"), server.url("filtering.git"), old.url("home.git"), home.url()];
    let mut remotes: Vec<Remote> = urls.iter().map(|url| anonymous(url)).collect();
    remotes.extend(sshd.iter().map(|sshd| super::ssh::with_key(&sshd.url(home.top()), &key, &sshd.known_hosts())));
    let at = |commit: &str, branch: Option<&str>| {
        let reference = Reference::Commit { commit: commit.to_owned(), branch: branch.map(str::to_owned) };
        (reference, Wants { within: branch.map(str::to_owned), ..Wants::default() })
    };
    for remote in &remotes {
        for (commit, files) in [(&first, 2), (&near, 3), (&home.head(), 3)] {
            for branch in [None, Some("main")] {
                let (reference, wants) = at(commit, branch);
                let found = names(remote, &reference, &wants).unwrap_or_else(|e| panic!("{remote:?}: {}", told(&e)));
                assert_eq!(found.len(), files, "{remote:?}");
            }
        }
        for (commit, branch) in [(&side, "main"), (&near, "side"), (&"1".repeat(40), "main")] {
            let (reference, wants) = at(commit, Some(branch));
            let error = names(remote, &reference, &wants).unwrap_err();
            let known = matches!(&error, GitError::NoCommit { within: Some(within), .. } if within == branch);
            assert!(known, "{remote:?}: {}", told(&error));
        }
        let (reference, wants) = at(&first, Some("mian"));
        let error = names(remote, &reference, &wants).unwrap_err();
        assert!(matches!(error, GitError::NoReference { .. }), "{}", told(&error));
        let (reference, wants) = at(&"1".repeat(40), None);
        let error = names(remote, &reference, &wants).unwrap_err();
        assert!(matches!(error, GitError::NoCommit { .. }), "{}", told(&error));
    }
}

#[test]
fn only_commits_come_where_the_server_can_do_so() {
    let place = Place::new();
    let home = place.home();
    let first = home.head();
    for number in 0..30 {
        home.write("large", super::kept::noise(number, 20_000)).commit("more");
    }
    home.git(&["config", "uploadpack.allowFilter", "true"]);
    let server = place.serve(&Serving::default());
    let wants = Wants { within: Some("main".to_owned()), ..Wants::default() };
    let reference = Reference::Commit { commit: first, branch: Some("main".to_owned()) };
    assert_eq!(names(&anonymous(&server.url("home.git")), &reference, &wants).unwrap().len(), 2);
    assert!(server.sent() < 20_000);
}

#[test]
fn what_flux_leaves_out_is_left_out() {
    let place = Place::new();
    let home = place.home();
    home.write("app/.sourceignore", "*.md\n").write("app/README.md", "x").write("docs/x/y.png", "x");
    home.write(".gitignore", "nothing\n").commit("more");
    let server = place.serve(&Serving::default());
    let remote = anonymous(&server.url("home.git"));
    let ignoring =
        |ignore: Option<&str>| Wants { source_ignore: true, ignore: ignore.map(str::to_owned), ..Wants::default() };
    let kept = ["README", "app/.sourceignore", "app/kustomization.yaml", "docs/x/y.png"];
    assert_eq!(names(&remote, &main_branch(), &ignoring(None)).unwrap(), kept);
    let chosen = names(&remote, &main_branch(), &ignoring(Some("/*\n!/app\n"))).unwrap();
    assert_eq!(chosen, ["app/.sourceignore", "app/README.md", "app/kustomization.yaml"]);
    home.git(&["rm", "-q", "app/.sourceignore"]);
    home.commit("without rules");
    let kept = ["README", "app/README.md", "app/kustomization.yaml"];
    assert_eq!(names(&remote, &main_branch(), &ignoring(None)).unwrap(), kept);
}
