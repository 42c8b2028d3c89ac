//! The servers as the git program finds them: what a test of ours sees is then ours.
#![expect(clippy::unwrap_used, reason = "what a test sets up must be there")]

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::*;

/// Does git, with these settings and variables, find the branch `main` at `url`?
fn finds(here: &Repository, url: &str, settings: &[&str], env: &[(&str, &str)]) -> Result<String, String> {
    let mut args: Vec<&str> = settings.iter().flat_map(|setting| ["-c", setting]).collect();
    args.extend(["ls-remote", url, "refs/heads/main"]);
    let output = here.command(&args).envs(env.iter().copied()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(String::from_utf8_lossy(&output.stdout).into_owned()) } else { Err(said) }
}

fn home() -> (tempfile::TempDir, Repository) {
    let root = tempfile::tempdir().unwrap();
    let repository = Repository::at(root.path().join("home.git"));
    repository.write("a.yaml", "a: 1\n");
    repository.commit("first");
    (root, repository)
}

#[test]
fn equal_steps_give_equal_commits() {
    let (_first, a) = home();
    let (_second, b) = home();
    assert_eq!(a.head(), b.head());
    let blob = a.blob(b"x");
    let tree = a.tree(&[("100644", "..", &blob), ("120000", ".git", &blob)]);
    a.commit_tree(&tree);
    assert!(a.git(&["ls-tree", "main"]).contains("\t.git"));
}

#[test]
fn the_web_server_lets_in_who_may_and_goes_wrong_on_demand() {
    let (root, repository) = home();
    let serving = Serving { user: Some(("ann", "hunter2")), ..Serving::default() };
    let server = GitServer::start(root.path(), &serving);
    assert!(finds(&repository, &server.url_for("ann", "hunter2", "home.git"), &[], &[]).unwrap().len() > 40);
    assert!(finds(&repository, &server.url_for("ann", "wrong", "home.git"), &[], &[]).is_err());
    assert!(finds(&repository, &server.url("home.git"), &[], &[]).is_err());
    assert!(server.asked().iter().any(|asked| asked.target.ends_with("service=git-upload-pack")));
    assert!(server.sent() > 0);
    let copy = tempfile::tempdir().unwrap();
    let clone = |name: &str| {
        let url = server.url_for("ann", "hunter2", "home.git");
        repository.command(&["clone", "-q", &url, &copy.path().join(name).display().to_string()]).output().unwrap()
    };
    assert!(clone("well").status.success());
    server.behave(Manner::DiesAfter(100));
    assert!(!clone("dies").status.success());
    server.behave(Manner::Trickles(16, Duration::from_millis(1)));
    assert!(clone("trickles").status.success());
    server.behave(Manner::Answers(503, "later".to_owned()));
    assert!(!clone("busy").status.success());
    server.behave(Manner::Lies(b"<html>".to_vec()));
    assert!(!clone("lies").status.success());
    let open = GitServer::start(root.path(), &Serving::default());
    open.behave(Manner::RedirectsTo(server.url("").trim_end_matches('/').to_owned()));
    assert!(finds(&repository, &open.url("home.git"), &[], &[]).is_err());
    assert!(server.asked().last().unwrap().authorization.is_none(), "git keeps a password for its host");
}

#[test]
fn the_web_server_proves_who_it_is_and_asks_who_comes() {
    let (root, repository) = home();
    let (authority, stranger) = (Authority::named("ours"), Authority::named("a stranger's"));
    let identity = authority.server("127.0.0.1");
    let write = |name: &str, text: &str| {
        let path = root.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let trust = format!("http.sslCAInfo={}", write("ca.pem", &authority.pem()));
    let mistrust = format!("http.sslCAInfo={}", write("other.pem", &stranger.pem()));
    let server = GitServer::start(root.path(), &Serving { tls: Some(&identity), ..Serving::default() });
    assert!(finds(&repository, &server.url("home.git"), &[&trust], &[]).is_ok());
    assert!(finds(&repository, &server.url("home.git"), &[&mistrust], &[]).is_err());
    let serving = Serving { tls: Some(&identity), clients: Some(&authority), ..Serving::default() };
    let server = GitServer::start(root.path(), &serving);
    assert!(finds(&repository, &server.url("home.git"), &[&trust], &[]).is_err());
    for (who, welcome) in [(authority.client("ann"), true), (stranger.client("ann"), false)] {
        let certificate = format!("http.sslCert={}", write("client.pem", &who.certificate));
        let key = format!("http.sslKey={}", write("client.key", &who.key));
        let found = finds(&repository, &server.url("home.git"), &[&trust, &certificate, &key], &[]);
        assert_eq!(found.is_ok(), welcome, "{found:?}");
    }
}

#[test]
fn sshd_lets_in_who_may() {
    if skipped(Sshd::missing(), "sshd_lets_in_who_may") {
        return;
    }
    let (root, repository) = home();
    for (host, kind) in [(KeyKind::Ed25519, KeyKind::Rsa), (KeyKind::Ecdsa, KeyKind::Ed25519)] {
        let dir = tempfile::tempdir().unwrap();
        let (known, unknown) =
            (Key::generate(dir.path(), "known", kind, ""), Key::generate(dir.path(), "no", kind, ""));
        let sshd = Sshd::start(host, &[&known]);
        let hosts = dir.path().join("known_hosts");
        std::fs::write(&hosts, sshd.known_hosts()).unwrap();
        let ssh = |key: &Key, hosts: &std::path::Path| {
            format!(
                "ssh -F none -i {} -o IdentitiesOnly=yes -o UserKnownHostsFile={}",
                key.path.display(),
                hosts.display()
            )
        };
        let url = sshd.url(repository.top());
        let asks = |command: &str| finds(&repository, &url, &[], &[("GIT_SSH_COMMAND", command)]);
        asks(&ssh(&known, &hosts)).unwrap_or_else(|said| panic!("{said}\n{}", sshd.said()));
        assert!(asks(&ssh(&unknown, &hosts)).is_err());
        assert!(asks(&ssh(&known, &root.path().join("absent"))).unwrap_err().contains("Host key verification failed"));
    }
}

#[test]
fn gitea_keeps_a_private_repository() {
    if skipped(Gitea::missing(), "gitea_keeps_a_private_repository") {
        return;
    }
    let (root, repository) = home();
    let mut gitea = Gitea::start(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let ann = GiteaUser { name: "ann", password: "hunter2" };
    gitea.add_user(ann);
    gitea.add_repository(ann, "home");
    repository.git(&["push", "--quiet", &gitea.url_for(ann, "ann/home"), "main"]);
    assert!(finds(&repository, &gitea.url("ann/home"), &[], &[]).is_err());
    assert!(finds(&repository, &gitea.url_for(ann, "ann/home"), &[], &[]).unwrap().contains(&repository.head()));
    let key = Key::generate(root.path(), "deploy", KeyKind::Ed25519, "");
    gitea.add_deploy_key(ann, "home", &key);
    let hosts = root.path().join("known_hosts");
    std::fs::write(&hosts, gitea.known_hosts()).unwrap();
    let ssh = format!("ssh -F none -i {} -o UserKnownHostsFile={}", key.path.display(), hosts.display());
    let found = finds(&repository, &gitea.ssh_url("ann/home"), &[], &[("GIT_SSH_COMMAND", &ssh)]);
    assert!(found.unwrap().contains(&repository.head()));
    let token = gitea.token(ann, "sync");
    let header = format!("http.extraHeader=Authorization: Bearer {token}");
    assert!(finds(&repository, &gitea.url("ann/home"), &[&header], &[]).is_ok());
    gitea.stop();
    assert!(finds(&repository, &gitea.url_for(ann, "ann/home"), &[], &[]).is_err());
    gitea.start_again();
    assert!(finds(&repository, &gitea.url_for(ann, "ann/home"), &[], &[]).is_ok());
}
