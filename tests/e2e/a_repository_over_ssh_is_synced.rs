//! `sync` reads a repository over ssh with a mounted key and from the disk, and leaves out what `.sourceignore` leaves out, of a
//! plain directory, too.

use testkit::cluster::Sandbox;
use testkit::git::{Key, KeyKind, Repository, Sshd, skipped};

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\n";

pub(crate) fn check(sandbox: &Sandbox) {
    let home = Repository::at(sandbox.dir().join("home"));
    home.write("apps/web.yaml", MAP.replace("NAME", "web")).write("apps/draft.yaml", MAP.replace("NAME", "draft"));
    home.write(".sourceignore", "draft.yaml\n").commit("first");
    let from_disk = home.url();
    let sync = ["sync", "--path", "apps", "--create-namespace", "--name", "apps", "--url"];
    sandbox.gitops(&[&sync[..], &[&from_disk, "--dry-run"]].concat()).exit(0).says("1 created");
    if skipped(Sshd::missing(), "e2e a_repository_over_ssh_is_synced") {
        return;
    }
    let key = Key::generate(sandbox.dir(), "key", KeyKind::Ed25519, "hunter2");
    let server = Sshd::start(KeyKind::Ed25519, &[&key]);
    let url = server.url(home.top());
    sandbox.write("git/identity", &key.private).write("git/known_hosts", &server.known_hosts()).write("git/password", "hunter2\n");
    let with_key = [&sync[..], &[&url, "--credentials-dir", "git"]].concat();
    sandbox.gitops(&with_key).exit(0).says("1 created").hides("hunter2");
    assert!(sandbox.get("configmap", "web").is_some() && sandbox.get("configmap", "draft").is_none());
    let quiet = sandbox.gitops(&[&with_key[..], &["-o", "json"]].concat()).exit(0);
    assert!(quiet.stdout.contains("\"writes\": 0"), "{quiet}");
    sandbox.write("git/password", "guess2\n");
    sandbox.gitops(&with_key).exit(2).says("error[G").hides("guess2");
    sandbox.gitops(&["delete", "apps", "--yes"]).exit(0);
}
