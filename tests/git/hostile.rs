//! Repositories that were made to harm: their objects are written past git's own checks.

use super::*;

/// What an attacker serves, and a part of what we say.
fn refused(make: impl Fn(&Repository) -> String, said: &[&str]) {
    let place = Place::new();
    let outside = place.path().join("outside");
    std::fs::write(&outside, "untouched").unwrap();
    let home = place.repository("home.git");
    let tree = make(&home);
    home.commit_tree(&tree);
    let server = place.serve(&Serving::default());
    let limits = Limits { file_bytes: 100_000, entries: 200, depth: 20, tree_bytes: 400_000, ..Limits::default() };
    let remote = anonymous(&server.url("home.git"));
    let revision = remote.resolve(&main_branch(), &limits).unwrap();
    let parent = tempfile::tempdir().unwrap();
    let into = parent.path().join("into");
    let error =
        remote.check_out(&revision, &Wants { submodules: true, ..Wants::default() }, &limits, &into).unwrap_err();
    let text = told(&error);
    assert!(said.iter().any(|said| text.contains(said)), "{said:?}: {text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\n'), "{text:?}");
    assert!(error.to_string().contains("127.0.0.1"), "it names the repository: {text}");
    let beside: Vec<_> = std::fs::read_dir(parent.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(beside.iter().all(|name| name == "into"), "{beside:?}");
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "untouched");
    assert!(!into.join(".git").exists());
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in [
        "..",
        ".",
        "",
        ".git",
        ".GIT",
        ".Git",
        ".git ",
        ".git.",
        "git~1",
        "GIT~1",
        ".g\u{200c}it",
        ".git::$INDEX_ALLOCATION",
        "../outside",
        "a/b",
        "/outside",
        "a\\..\\b",
    ] {
        refused(|home| home.tree(&[("100644", name, &home.blob(b"x"))]), &["refused", "refuses", "cannot be used"]);
        refused(
            |home| {
                let inner = home.tree(&[("100644", "config", &home.blob(b"[core]\n\tsshCommand = touch x\n"))]);
                let middle = home.tree(&[("40000", name, &inner)]);
                home.tree(&[("40000", "sub", &middle)])
            },
            &["refused", "refuses", "cannot be used"],
        );
    }
}

/// What is left out of a tree that is usable but for some links.
fn left_out(make: impl Fn(&Repository) -> String) -> Vec<String> {
    let place = Place::new();
    let home = place.repository("home.git");
    let tree = make(&home);
    home.commit_tree(&tree);
    let server = place.serve(&Serving::default());
    let remote = anonymous(&server.url("home.git"));
    let revision = remote.resolve(&main_branch(), &Limits::default()).unwrap();
    let into = tempfile::tempdir().unwrap();
    let left = remote.check_out(&revision, &Wants::default(), &Limits::default(), into.path()).unwrap();
    let left: Vec<String> = left.left_out.into_iter().map(|link| link.path).collect();
    assert!(left.iter().all(|path| into.path().join(path).symlink_metadata().is_err()), "{left:?}");
    assert!(into.path().join("good").exists());
    left
}

#[test]
fn links_that_lead_elsewhere_are_not_made() {
    for target in ["/etc/passwd", "../outside", "a/../../outside", "..", "sub/../../x"] {
        let made = |home: &Repository| {
            home.tree(&[("100644", "good", &home.blob(b"x")), ("120000", "link", &home.blob(target.as_bytes()))])
        };
        assert_eq!(left_out(made), ["link"], "{target}");
    }
    let by_way_of_another = |home: &Repository| {
        let inner = home.tree(&[("120000", "up", &home.blob(b".."))]);
        let out = home.blob(b"inner/up/up/../..");
        home.tree(&[("100644", "good", &home.blob(b"x")), ("40000", "inner", &inner), ("120000", "out", &out)])
    };
    assert!(left_out(by_way_of_another).contains(&"out".to_owned()));
    // A directory by way of a link, and a file below it.
    refused(
        |home| {
            let (target, file) = (home.blob(b"/tmp"), home.blob(b"x"));
            let below = home.tree(&[("100644", "planted", &file)]);
            home.tree(&[("120000", "dir", &target), ("40000", "dir", &below)])
        },
        &["refused", "refuses", "cannot be used"],
    );
}

#[test]
fn names_that_only_some_file_systems_can_tell_apart_are_refused() {
    for (a, b) in [("README", "readme"), ("Config.yaml", "config.yaml"), ("same", "same")] {
        refused(
            |home| home.tree(&[("100644", a, &home.blob(b"1")), ("100644", b, &home.blob(b"2"))]),
            &["refused", "refuses", "cannot be used"],
        );
    }
}

#[test]
fn what_is_too_much_is_refused() {
    refused(|home| home.tree(&[("100644", "huge", &home.blob(&vec![b'a'; 200_000]))]), &["limit", "large", "exceeds"]);
    refused(
        |home| {
            let blob = home.blob(b"x");
            let names: Vec<String> = (0..300).map(|n| format!("file-{n:03}")).collect();
            let entries: Vec<(&str, &str, &str)> =
                names.iter().map(|name| ("100644", name.as_str(), blob.as_str())).collect();
            home.tree(&entries)
        },
        &["limit"],
    );
    refused(
        |home| {
            let mut tree = home.tree(&[("100644", "x", &home.blob(b"x"))]);
            for _ in 0..40 {
                tree = home.tree(&[("40000", "d", &tree)]);
            }
            tree
        },
        &["limit", "deep"],
    );
    // A few objects that are a billion files: each directory holds the next ten times.
    refused(
        |home| {
            let mut tree = home.tree(&[("100644", "x", &home.blob(b"x"))]);
            for _ in 0..9 {
                let names: Vec<String> = (0..10).map(|n| format!("d{n}")).collect();
                let entries: Vec<_> = names.iter().map(|name| ("40000", name.as_str(), tree.as_str())).collect();
                tree = home.tree(&entries);
            }
            tree
        },
        &["limit"],
    );
    // One file of 90 KB, many times.
    refused(
        |home| {
            let blob = home.blob(&vec![b'b'; 90_000]);
            let names: Vec<String> = (0..10).map(|n| format!("copy-{n}")).collect();
            let entries: Vec<_> = names.iter().map(|name| ("100644", name.as_str(), blob.as_str())).collect();
            home.tree(&entries)
        },
        &["limit"],
    );
}

#[test]
fn objects_that_are_not_what_they_seem_are_refused() {
    // A tree where a blob is promised, a blob where a tree is.
    for (mode, is_tree) in [("100644", true), ("120000", true), ("40000", false)] {
        refused(
            |home| {
                let blob = home.blob(b"x");
                let id = if is_tree { home.tree(&[("100644", "x", &blob)]) } else { blob };
                home.tree(&[(mode, "entry", &id)])
            },
            &["refused", "refuses", "cannot be used"],
        );
    }
}

#[test]
fn the_control_characters_of_a_name_reach_no_terminal() {
    let blob = |home: &Repository| home.blob(b"x");
    refused(
        |home| {
            home.tree(&[("100644", "\u{1b}[31mred\nline", &blob(home)), ("100644", "\u{1b}[31mRED\nline", &blob(home))])
        },
        &["refused"],
    );
}
