//! From what was asked for to a commit.

use super::*;

#[test]
fn every_form_of_reference_finds_its_commit() {
    let place = Place::new();
    let home = place.home();
    home.tag("v1.0.0").annotated_tag("v1.1.0");
    let first = home.head();
    home.write("README", "second\n");
    let second = home.commit("second");
    home.annotated_tag("v1.2.0").tag("v2.0.0-rc.1").tag("not-a-version").tag("1.9.0");
    home.git(&["branch", "feature/x", &first]);
    home.git(&["update-ref", "refs/pull/7/head", &first]);
    let server = place.serve(&Serving::default());
    let remote = anonymous(&server.url("home.git"));
    let text = str::to_owned;
    for (reference, name, commit) in [
        (Reference::Head, "main", &second),
        (main_branch(), "main", &second),
        (Reference::Branch(text("feature/x")), "feature/x", &first),
        (Reference::Tag(text("v1.0.0")), "v1.0.0", &first),
        (Reference::Tag(text("v1.1.0")), "v1.1.0", &first),
        (Reference::Tag(text("v1.2.0")), "v1.2.0", &second),
        (Reference::SemVer(text("1.0.x")), "v1.0.0", &first),
        (Reference::SemVer(text(">=1.0.0 <1.9.0")), "v1.2.0", &second),
        (Reference::SemVer(text("^1")), "1.9.0", &second),
        (Reference::SemVer(text("*")), "1.9.0", &second),
        (Reference::SemVer(text(">=2.0.0-0")), "v2.0.0-rc.1", &second),
        (Reference::Name(text("refs/pull/7/head")), "refs/pull/7/head", &first),
        (Reference::Commit { commit: first.clone(), branch: None }, "", &first),
    ] {
        let (revision, files) = fetch_with(&remote, &reference, &Wants::default(), &Limits::default())
            .unwrap_or_else(|error| panic!("{reference:?}: {}", told(&error)));
        assert_eq!((revision.name.as_str(), &revision.commit), (name, commit), "{reference:?}");
        assert_eq!(files["README"], if commit == &first { "hello\n" } else { "second\n" }, "{reference:?}");
    }
    for (reference, said) in [
        (Reference::Branch(text("mian")), "mian"),
        (Reference::Tag(text("v1")), "v1"),
        (Reference::SemVer(text("^3")), "^3"),
        (Reference::SemVer(text("one")), "one"),
        (Reference::Name(text("refs/heads/absent")), "refs/heads/absent"),
        (Reference::Commit { commit: "4".repeat(40), branch: None }, "444444"),
        (Reference::Commit { commit: text("4f2c"), branch: None }, "4f2c"),
    ] {
        let error = fetch_with(&remote, &reference, &Wants::default(), &Limits::default()).unwrap_err();
        assert!(told(&error).contains(said), "{reference:?}: {}", told(&error));
        let known = matches!(
            error,
            GitError::NoReference { .. }
                | GitError::NoCommit { .. }
                | GitError::Reference { .. }
                | GitError::Said { .. }
        );
        assert!(known, "{error:?}");
    }
    let error = remote.resolve(&Reference::Branch(text("mian")), &Limits::default()).unwrap_err();
    assert_eq!(error.hint().as_deref(), Some("did you mean `main`?"));
}

#[test]
fn an_unchanged_remote_costs_one_advertisement() {
    let place = Place::new();
    let home = place.home();
    for n in 0..200 {
        home.git(&["update-ref", &format!("refs/heads/other-{n}"), &home.head()]);
    }
    let server = place.serve(&Serving::default());
    let remote = anonymous(&server.url("home.git"));
    remote.resolve(&main_branch(), &Limits::default()).unwrap();
    let asked = server.asked();
    assert!(asked.len() <= 2, "{asked:?}");
    assert!(server.sent() < 2000, "other branches are not asked for");
}

#[test]
fn a_repository_without_commits_is_not_an_empty_one() {
    let place = Place::new();
    place.repository("empty.git");
    let server = place.serve(&Serving::default());
    let error = fetch(&anonymous(&server.url("empty.git"))).unwrap_err();
    assert!(matches!(error, GitError::NoReference { .. }), "{}", told(&error));
    let error = anonymous(&server.url("empty.git")).resolve(&Reference::Head, &Limits::default()).unwrap_err();
    assert!(matches!(error, GitError::NoReference { .. }), "{}", told(&error));
}

#[test]
fn history_that_is_not_needed_is_not_fetched() {
    let place = Place::new();
    let home = place.home();
    let mut noise = 7_u32;
    for n in 0..20 {
        let content: String = (0..20_000)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                char::from(b'a' + u8::try_from(noise >> 28).unwrap())
            })
            .collect();
        home.write("large", content);
        home.commit(&format!("version {n}"));
    }
    let server = place.serve(&Serving::default());
    fetch(&anonymous(&server.url("home.git"))).unwrap();
    assert!(server.sent() < 50_000, "one version is about 12 KB");
}
