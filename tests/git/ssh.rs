//! A real sshd: keys of every kind, wrong ones, hosts that nobody knows.

use kubectl_gitops::git::SshAccess;
use testkit::git::{Gitea, GiteaUser, Key, KeyKind, Sshd, skipped};

use super::*;

fn access(key: &Key, passphrase: &str, known_hosts: &str) -> Access {
    Access::Ssh(SshAccess {
        private_key: Masked::new(key.private.clone()),
        passphrase: (!passphrase.is_empty()).then(|| Masked::new(passphrase.to_owned())),
        known_hosts: known_hosts.to_owned(),
    })
}

/// A repository that this key opens.
pub(super) fn with_key(url: &str, key: &Key, known_hosts: &str) -> Remote {
    Remote::new(url, access(key, "", known_hosts)).unwrap()
}

#[test]
fn keys_of_every_kind_open() {
    if skipped(Sshd::missing(), "keys_of_every_kind_open") {
        return;
    }
    let place = Place::new();
    let home = place.home();
    let keys = tempfile::tempdir().unwrap();
    let kinds = [KeyKind::Ed25519, KeyKind::Ecdsa, KeyKind::Rsa];
    for (index, host) in kinds.into_iter().enumerate() {
        let all: Vec<(Key, &str)> = kinds
            .into_iter()
            .enumerate()
            .flat_map(|(kind, which)| {
                let named = |passphrase: &'static str| {
                    let name = format!("{index}-{kind}-{}", passphrase.len());
                    (Key::generate(keys.path(), &name, which, passphrase), passphrase)
                };
                // Opening an encrypted key takes its time, on purpose.
                [Some(named("")), (index == 0).then(|| named("hunter2 with blanks"))].into_iter().flatten()
            })
            .collect();
        let authorized: Vec<&Key> = all.iter().map(|(key, _)| key).collect();
        let sshd = Sshd::start(host, &authorized);
        for (key, passphrase) in &all {
            let remote = Remote::new(&sshd.url(home.top()), access(key, passphrase, &sshd.known_hosts())).unwrap();
            let (revision, files) = fetch(&remote)
                .unwrap_or_else(|error| panic!("{host:?} {}: {}\n{}", key.public, told(&error), sshd.said()));
            assert_eq!(revision.commit, home.head());
            assert_eq!(files["README"], "hello\n");
        }
    }
}

#[test]
fn strangers_are_refused_on_either_side() {
    if skipped(Sshd::missing(), "strangers_are_refused_on_either_side") {
        return;
    }
    let place = Place::new();
    let home = place.home();
    let keys = tempfile::tempdir().unwrap();
    let key = Key::generate(keys.path(), "good", KeyKind::Ed25519, "hunter2");
    let stranger = Key::generate(keys.path(), "stranger", KeyKind::Ed25519, "");
    let sshd = Sshd::start(KeyKind::Ed25519, &[&key]);
    let other = Sshd::start(KeyKind::Ed25519, &[&key]);
    let hosts = sshd.known_hosts();
    // The right host under another's key.
    let forged = other
        .known_hosts()
        .replace(&format!(":{} ", other.address().port()), &format!(":{} ", sshd.address().port()))
        .replace(&format!("]:{}", other.address().port()), &format!("]:{}", sshd.address().port()));
    for (key, passphrase, hosts, said) in [
        (&stranger, "", hosts.as_str(), "refuses"),
        (&key, "", hosts.as_str(), "passphrase"),
        (&key, "wrong", hosts.as_str(), "passphrase"),
        (&key, "hunter2", "", "known_hosts"),
        (&key, "hunter2", other.known_hosts().as_str(), "known_hosts"),
        (&key, "hunter2", forged.as_str(), "somebody may be in between"),
        (&key, "hunter2", format!("{hosts}@revoked {hosts}").as_str(), "revoked"),
    ] {
        let remote = Remote::new(&sshd.url(home.top()), access(key, passphrase, hosts)).unwrap();
        let error = fetch(&remote).unwrap_err();
        let text = format!("{} {}", told(&error), error.hint().unwrap_or_default());
        assert!(text.contains(said), "{said}: {text}");
        assert!(!text.contains("hunter2"));
    }
    let good = |url: &str| Remote::new(url, access(&key, "hunter2", &hosts)).unwrap();
    assert!(fetch(&good(&sshd.url(home.top()))).is_ok());
    let absent = fetch(&good(&sshd.url(&place.path().join("absent.git")))).unwrap_err();
    assert!(matches!(absent, GitError::NotFound { .. } | GitError::Said { .. }), "{}", told(&absent));
}

#[test]
fn gitea_takes_a_deploy_key() {
    if skipped(Gitea::missing(), "gitea_takes_a_deploy_key") {
        return;
    }
    let place = Place::new();
    let home = place.home();
    let gitea = Gitea::start(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
    let ann = GiteaUser { name: "ann", password: "hunter2" };
    gitea.add_user(ann);
    gitea.add_repository(ann, "home");
    home.git(&["push", "--quiet", &gitea.url_for(ann, "ann/home"), "main"]);
    let keys = tempfile::tempdir().unwrap();
    for kind in [KeyKind::Ed25519, KeyKind::Ecdsa, KeyKind::Rsa] {
        let key = Key::generate(keys.path(), &format!("{kind:?}"), kind, "");
        let stranger = Key::generate(keys.path(), &format!("no-{kind:?}"), kind, "");
        gitea.add_deploy_key(ann, "home", &key);
        let remote =
            |key: &Key| Remote::new(&gitea.ssh_url("ann/home"), access(key, "", &gitea.known_hosts())).unwrap();
        let (revision, _) = fetch(&remote(&key)).unwrap_or_else(|error| panic!("{kind:?}: {}", told(&error)));
        assert_eq!(revision.commit, home.head());
        assert!(fetch(&remote(&stranger)).is_err());
    }
}
