//! Gitea, as people run it in their clusters.

use std::net::{IpAddr, Ipv4Addr};

use testkit::git::{Gitea, GiteaUser, skipped};

use super::*;

const ANN: GiteaUser<'_> = GiteaUser { name: "ann", password: "hunter2" };

#[test]
fn gitea_gives_a_private_repository_to_those_who_may_see_it() {
    if skipped(Gitea::missing(), "gitea_gives_a_private_repository_to_those_who_may_see_it") {
        return;
    }
    let place = Place::new();
    let home = place.home();
    let mut gitea = Gitea::start(IpAddr::V4(Ipv4Addr::LOCALHOST));
    gitea.add_user(ANN);
    gitea.add_repository(ANN, "home");
    home.git(&["push", "--quiet", &gitea.url_for(ANN, "ann/home"), "main"]);
    let token = gitea.token(ANN, "sync");
    let remote = |access| Remote::new(&gitea.url("ann/home"), access).unwrap();
    for access in [
        basic("ann", "hunter2"),
        basic("ann", &token),
        basic("oauth2", &token),
        Access::Bearer(Masked::new(token.clone())),
    ] {
        let (revision, files) = fetch(&remote(access)).unwrap_or_else(|error| panic!("{}", told(&error)));
        assert_eq!(revision.commit, home.head());
        assert_eq!(files["README"], "hello\n");
    }
    for access in
        [basic("ann", "wrong"), basic("bob", "hunter2"), Access::Anonymous, Access::Bearer(Masked::new("no".into()))]
    {
        let error = fetch(&remote(access)).unwrap_err();
        assert!(matches!(error, GitError::Unauthorized { .. } | GitError::NotFound { .. }), "{}", told(&error));
        assert!(!told(&error).contains("hunter2"));
    }
    let absent = Remote::new(&gitea.url("ann/absent"), basic("ann", "hunter2")).unwrap();
    assert!(matches!(fetch(&absent), Err(GitError::NotFound { .. })), "{:?}", fetch(&absent));
    home.write("README", "pushed\n");
    home.commit("second");
    home.git(&["push", "--quiet", &gitea.url_for(ANN, "ann/home"), "main"]);
    assert_eq!(fetch(&remote(basic("ann", "hunter2"))).unwrap().1["README"], "pushed\n");
    let known = remote(basic("ann", "hunter2"));
    gitea.stop();
    assert!(matches!(fetch(&known), Err(GitError::Unreachable { .. })), "{:?}", fetch(&known));
    gitea.start_again();
    assert_eq!(fetch(&known).unwrap().0.commit, home.head());
}
