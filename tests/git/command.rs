//! What a person types: repositories by their URL on the command line, whose signatures count, what is kept.

use testkit::command::Hermetic;
use testkit::git::{Key, KeyKind};

use super::*;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kubectl-gitops");

/// A repository with a commit that is not signed, then one that is, and a signed tag on that.
fn signed(place: &Place) -> (Repository, Key) {
    let home = place.repository("home.git");
    let key = Key::generate(place.path(), "ann", KeyKind::Ed25519, "");
    let signing = format!("user.signingkey={}", key.path.display());
    let git = |args: &[&str]| home.git(&[&["-c", "gpg.format=ssh", "-c", &signing], args].concat());
    home.write("kustomization.yaml", "configMapGenerator: [{name: a, literals: [a=1]}]\n").commit("not signed");
    home.git(&["branch", "unsigned"]);
    home.write("kustomization.yaml", "configMapGenerator: [{name: a, literals: [a=2]}]\n").git(&["add", "-A"]);
    git(&["commit", "-q", "-S", "-m", "signed"]);
    git(&["tag", "-s", "-m", "signed", "v1.0.0"]);
    home.tag("v1.1.0");
    (home, key)
}

#[test]
fn only_what_is_signed_is_built() {
    let place = Place::new();
    let (home, key) = signed(&place);
    let server = place.serve(&Serving::default());
    let url = server.url("home.git");
    let here = Hermetic::new(PROGRAM);
    here.write("keys/ann.sshpub", &format!("{}\n", key.public));
    let stranger = Key::generate(place.path(), "stranger", KeyKind::Ed25519, "");
    here.write("others/stranger.pub", &stranger.public);
    here.write("keys/.hidden", "not a key\n");
    let build = |args: &[&str]| here.run(&[&["build", "--url", &url][..], args].concat());
    for args in [
        &["--verify", "head", "--verify-keys", "keys"][..],
        &["--verify=head", "--verify-keys", "keys/ann.sshpub", "--verify-keys", "others"],
        &["--tag", "v1.0.0", "--verify=tag", "--verify-keys=keys"],
        &["--semver", "1.0.x", "--verify=tag-and-head", "--verify-keys=keys"],
        &["--ref-name", "refs/tags/v1.0.0", "--verify=tag-and-head", "--verify-keys=keys"],
    ] {
        assert!(build(args).exit(0).stdout.contains("a: \"2\""), "{args:?}");
    }
    for (args, says) in [
        (&["--branch", "unsigned", "--verify=head", "--verify-keys=keys"][..], "is not signed"),
        (&["--verify=head", "--verify-keys=others"], "none of the keys"),
        (&["--semver", "*", "--verify=tag", "--verify-keys=keys"], "no annotated tag"),
    ] {
        build(args).exit(6).says("error[G0609]").says("is not trusted").says(says).hides("a: \"");
    }
    here.write("wrong/ann.sshpub", "hunter2\n");
    here.write("empty/.keep", "");
    for (args, says) in [
        (&["--verify=head"][..], "--verify-keys"),
        (&["--verify-keys=keys"], "--verify"),
        (&["--verify=all", "--verify-keys=keys"], "tag-and-head"),
        (&["--verify=tag", "--verify-keys=keys"], "needs a tag"),
        (&["--branch=main", "--verify=tag-and-head", "--verify-keys=keys"], "needs a tag"),
        (&["--verify=head", "--verify-keys=wrong"], "wrong/ann.sshpub` cannot be used"),
        (&["--verify=head", "--verify-keys=empty"], "there is no trusted key"),
        (&["--verify=head", "--verify-keys=absent"], "absent"),
        (&["--verify=head", "--verify-keys=keys", "--verify-secret-ref=x"], "cannot be used with"),
    ] {
        server.asked();
        build(args).exit(2).says(says).hides("hunter2");
        assert!(server.asked().is_empty(), "{args:?}");
    }
    drop(home);
}

#[test]
fn what_was_fetched_is_kept_where_it_was_asked_for() {
    let place = Place::new();
    let (home, _) = signed(&place);
    let server = place.serve(&Serving::default());
    let url = server.url("home.git");
    let here = Hermetic::new(PROGRAM);
    let commit = home.head();
    let build = |args: &[&str]| {
        here.run(&[&["build", "--url", &url, "--commit", &commit][..], args].concat()).exit(0);
        server.asked().len()
    };
    assert!(build(&[]) > 0 && build(&[]) > 0);
    assert!(build(&["--cache-dir=kept"]) > 0);
    assert_eq!(build(&["--cache-dir=kept"]), 0);
    assert_eq!(std::fs::read_dir(here.dir().join("kept/repositories")).unwrap().count(), 1);
}
