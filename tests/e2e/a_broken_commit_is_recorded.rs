//! What goes wrong in front of the cluster (a commit that does not build, a wrong password, no such branch, a server that is
//! down) changes no object, ends with its own exit code, and stands in the root and in one Event until it is right again.

use testkit::cluster::{Ran, Sandbox};
use testkit::git::{GitServer, Manner, Repository, Serving};

use super::a_repository_is_synced::{events, root, version};

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: '1'}\n";

pub(crate) fn check(sandbox: &Sandbox) {
    let home = Repository::at(sandbox.dir().join("home"));
    let good = home.write("apps/map.yaml", MAP).commit("good");
    let server = GitServer::start(sandbox.dir(), &Serving { user: Some(("ann", "letmein2")), ..Serving::default() });
    let url = server.url("home/.git");
    sandbox.write("right", "letmein2\n").write("wrong", "guess2\n");
    let sync = |password: &str, more: &[&str]| -> Ran {
        let args = ["sync", "--url", &url, "--path", "apps", "--create-namespace", "--username", "ann"];
        let args = [&args[..], &["--password-file", password, "--termination-log", "last"], more].concat();
        sandbox.gitops(&args).hides("letmein2").hides("guess2")
    };
    let said = |field: &str| root(sandbox)["data"][field].as_str().unwrap_or_default().to_owned();
    sync("right", &[]).exit(0).says("1 created");

    let bad = home.write("apps/kustomization.yaml", "resources: [nope.yaml]\n").commit("bad");
    let ran = sync("right", &[]).exit(2).says("nope.yaml").says(&bad[..40]).hides("/tmp/");
    let words = std::fs::read_to_string(sandbox.dir().join("last")).expect("the last words");
    assert!(words.contains("nope.yaml") && !words.contains('\n'), "{words}\n{ran}");
    assert_eq!(sandbox.field("configmap", "web", "/data/a"), "1");
    assert_eq!((said("last.result").as_str(), said("revision")), ("failed", format!("main@sha1:{good}")));
    assert_eq!(said("revision.attempted"), format!("main@sha1:{bad}"));
    assert!(said("last.message").contains("nope.yaml"), "{}", said("last.message"));
    sandbox.gitops(&["status", "apps", "--fail"]).exit(1).says("nope.yaml");

    let recorded = version(sandbox);
    sync("right", &[]).exit(2);
    assert_eq!(version(sandbox), recorded, "the same failure is recorded once");
    assert_eq!(events(sandbox), ["Applied", "Failed"]);

    sync("wrong", &[]).exit(6).says("G0607");
    sync("right", &["--branch", "nope"]).exit(6).says("G0608").says("nope");
    server.behave(Manner::Answers(503, "closed".to_owned()));
    sync("right", &[]).exit(6).says("G0606");
    server.behave(Manner::Well);
    assert_eq!(sandbox.field("configmap", "web", "/data/a"), "1");

    home.git(&["revert", "--no-edit", "--quiet", "HEAD"]);
    sync("right", &[]).exit(0).says("1 unchanged");
    assert_eq!(said("last.result"), "succeeded");
    let told = events(sandbox);
    assert_eq!(told.first().map(String::as_str), Some("Applied"));
    assert_eq!(told.last().map(String::as_str), Some("Recovered"), "{told:?}");
    sandbox.gitops(&["delete", "apps", "--yes"]).exit(0);
}
