//! Snapshots of whole installations, what is refused, and that no value of a user's leaves its place.

use std::collections::BTreeMap;

use krm::Masked;
use krm::yaml::{Limits, from_json, parse_documents, to_json};
use kustomize::Object;
use serde_json::Value;

use super::*;
use crate::settings::{Credential, PodSettings, Signed};

fn plain() -> InstallSettings {
    InstallSettings {
        url: "https://git.example.com/ann/home.git".to_owned(),
        reference: Reference::Branch("main".to_owned()),
        path: "./clusters/home/".to_owned(),
        ..InstallSettings::default()
    }
}

fn password() -> Access {
    let value = |text: &str| Masked::new(text.as_bytes().to_vec());
    Access::Given(BTreeMap::from([(Credential::Username, value("ann")), (Credential::Password, value("hunter2"))]))
}

fn yaml(values: &[Value]) -> String {
    let objects: Vec<Object> =
        values.iter().map(|value| Object { node: from_json(value), origin: krm::Origin::default() }).collect();
    kustomize::to_yaml(&objects).unwrap()
}

fn exported(settings: &InstallSettings) -> String {
    let (installation, pod) = for_pod(settings, "").unwrap();
    yaml(&export(&installation, &pod))
}

fn problems(settings: &InstallSettings) -> String {
    let found = for_pod(settings, "").unwrap_err();
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[test]
fn an_installation_in_the_cluster() {
    let settings = InstallSettings {
        access: Access::SecretRef("git".to_owned()),
        pod: PodSettings { image: Some("registry.example.com/gitops:1".to_owned()), ..PodSettings::default() },
        ..plain()
    };
    insta::assert_snapshot!(exported(&settings));
}

#[test]
fn an_installation_in_one_namespace() {
    let settings = InstallSettings {
        url: "ssh://git@git.example.com/team.git".to_owned(),
        reference: Reference::SemVer(">=1.0.0 <2.0.0".to_owned()),
        path: ".".to_owned(),
        name: Some("team-a".to_owned()),
        namespace: Some("team".to_owned()),
        access: Access::SecretRef("deploy-key".to_owned()),
        keys: Keys::SecretRef("sops-age".to_owned()),
        clock: Clock::Cron("0 3 * * mon-fri".to_owned()),
        suspend: true,
        pod: PodSettings {
            image: Some("registry.example.com/gitops@sha256:00".to_owned()),
            image_pull_secret: Some("registry".to_owned()),
            rbac: Rbac::Namespaced,
            cluster_role: None,
            critical: true,
            on_server: true,
        },
        sync_flags: vec!["--wait".to_owned(), "--timeout=10m".to_owned()],
        verify: Some(InstallVerify { mode: Signed::TagAndHead, keys: TrustedKeys::SecretRef("signers".to_owned()) }),
    };
    insta::assert_snapshot!(exported(&settings));
}

#[test]
fn the_image_of_this_version_is_the_default() {
    let (_, pod) = for_pod(&plain(), "").unwrap();
    assert!(pod.image.ends_with(concat!(":v", env!("CARGO_PKG_VERSION"))), "{}", pod.image);
}

#[test]
fn a_password_is_where_it_must_be_and_nowhere_else() {
    let settings = InstallSettings { access: password(), ..plain() };
    let text = exported(&settings);
    assert_eq!(text.matches("hunter2").count(), 1, "{text}");
    assert!(text.contains("stringData:\n  password: hunter2\n  username: ann\n"), "{text}");
    let (installation, pod) = for_pod(&settings, "").unwrap();
    assert!(!format!("{settings:?} {installation:?} {pod:?}").contains("hunter2"));
    let applied = objects(&installation, &pod);
    let secret = applied.iter().find(|object| object["kind"] == "Secret").unwrap();
    assert_eq!(secret["data"], serde_json::json!({"password": "aHVudGVyMg==", "username": "YW5u"}));
    // What was applied can be kept by the next installation, for the same server only.
    let kept = kept_credentials(secret, &installation.address).unwrap().unwrap();
    assert_eq!(kept.get(&Credential::Password).map(|value| value.expose().as_slice()), Some(b"hunter2".as_slice()));
    let other = Address::parse("https://elsewhere.example.com/ann/home.git").unwrap();
    assert_eq!(kept_credentials(secret, &other).unwrap_err(), "https://git.example.com");
    let foreign = serde_json::json!({"data": {"password": "aHVudGVyMg=="}});
    assert_eq!(kept_credentials(&foreign, &installation.address), Ok(None));
}

#[test]
fn keys_are_a_secret_of_their_own_that_the_next_installation_keeps() {
    let identity = "# of ann\nAGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n";
    let given = |text: &str| InstallSettings { keys: Keys::Given(Masked::new(text.as_bytes().to_vec())), ..plain() };
    let text = exported(&given(identity));
    assert_eq!(text.matches("AGE-SECRET-KEY").count(), 1, "{text}");
    for expected in ["name: gitops-home-keys", "--age-key-file=/etc/gitops/keys\n", "mountPath: /etc/gitops/keys\n"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let (installation, pod) = for_pod(&given(identity), "").unwrap();
    assert!(!format!("{installation:?} {pod:?}").contains("AGE-SECRET-KEY"));
    let applied = objects(&installation, &pod);
    let secret = applied.iter().find(|object| object["kind"] == "Secret").unwrap();
    assert_eq!(kept_keys(secret, &installation).unwrap().expose(), identity.as_bytes());
    let other = Installation { name: "other".to_owned(), ..installation };
    assert_eq!(kept_keys(secret, &other), None);
    for useless in ["", "hunter2", "age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq"] {
        let told = problems(&given(useless));
        assert!(told.contains("--age-key-file") && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn trusted_keys_are_a_secret_that_the_pod_mounts() {
    const ANN: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICQhGz6Ih0zYqjbBpTD4zyu7jHHKrBiFBWcFuMkUaADC ann\n";
    let given = |name: &str, key: &str| InstallSettings {
        verify: Some(InstallVerify {
            mode: Signed::Head,
            keys: TrustedKeys::Given([(name.to_owned(), Masked::new(key.as_bytes().to_vec()))].into()),
        }),
        ..plain()
    };
    let text = exported(&given("ann.sshpub", ANN));
    for expected in [
        "name: gitops-home-trusted",
        "ann.sshpub:",
        "--verify=head\n",
        "--verify-keys=/etc/gitops/trusted\n",
        "mountPath: /etc/gitops/trusted\n",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    for (name, key, says) in [
        ("ann.sshpub", "hunter2", "`ann.sshpub` cannot be used"),
        ("an n.sshpub", ANN, "`an n.sshpub` cannot be a key"),
    ] {
        let told = problems(&given(name, key));
        assert!(told.contains(says) && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn the_place_in_the_interval_is_the_cluster_s() {
    let schedule = |cluster: &str| for_pod(&plain(), cluster).unwrap().1.schedule.to_string();
    assert_eq!(schedule("a"), schedule("a"));
    let places: std::collections::BTreeSet<String> = (0..40).map(|n| schedule(&n.to_string())).collect();
    assert_eq!(places.len(), 5, "{places:?}");
}

#[test]
fn a_name_is_given_or_follows() {
    let name = |url: &str, path: &str| {
        let settings = InstallSettings { url: url.to_owned(), path: path.to_owned(), ..plain() };
        for_pod(&settings, "").map(|(found, _)| (found.name, found.path)).map_err(|found| found[0].to_string())
    };
    let of = |name: &str, path: &str| Ok((name.to_owned(), path.to_owned()));
    assert_eq!(name("https://a/b/Home_Lab.git", "."), of("home-lab", "."));
    assert_eq!(name("https://a/b/home.git", "/clusters//Prod/"), of("prod", "clusters/Prod"));
    assert_eq!(name("https://a/b/___.git", ""), Err("no name follows from `___`".to_owned()));
    assert!(name("https://a/b.git", &"a".repeat(60)).unwrap_err().contains("more than 45"));
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let settings = InstallSettings {
        url: "https://ann:hunter2@git.example.com/home.git".to_owned(),
        path: "../up".to_owned(),
        namespace: Some("Shop".to_owned()),
        reference: Reference::Commit { commit: "4f2c".to_owned(), branch: Some("a b".to_owned()) },
        access: Access::SecretRef("a/b".to_owned()),
        clock: Clock::Cron("often".to_owned()),
        pod: PodSettings {
            image: Some("a b".to_owned()),
            image_pull_secret: Some("A".to_owned()),
            rbac: Rbac::None,
            cluster_role: Some("edit".to_owned()),
            ..PodSettings::default()
        },
        ..plain()
    };
    let all = problems(&settings);
    for says in [
        "holds credentials",
        "--path ../up",
        "--namespace Shop",
        "--branch a b",
        "--commit 4f2c",
        "--secret-ref a/b",
        "has five fields",
        "--image a b",
        "--image-pull-secret A",
        "--cluster-role` has no meaning",
    ] {
        assert!(all.contains(says), "{says}: {all}");
    }
    assert!(!all.contains("hunter2"), "{all}");
}

#[test]
fn what_a_pod_cannot_do_is_refused() {
    let file = InstallSettings { url: "file:///srv/home.git".to_owned(), ..plain() };
    assert!(problems(&file).contains("a pod does not see this machine's files"));
    let rbac = Rbac::Namespaced;
    let nowhere = InstallSettings { pod: PodSettings { rbac, ..PodSettings::default() }, ..plain() };
    assert!(problems(&nowhere).contains("needs the namespace"));
    let anonymous = InstallSettings { url: "git@a:b".to_owned(), access: Access::Anonymous, ..plain() };
    assert!(problems(&anonymous).contains("needs `--ssh-key-file`"));
    let often = InstallSettings { clock: Clock::Every(Duration::from_secs(30)), ..plain() };
    assert!(problems(&often).contains("every 30s"));
}

/// Values that would do harm if any of them were read as YAML, as a flag, as a variable or by a shell.
const ODD: [&str; 9] = [
    "main\", privileged: true, x: \"",
    "a: b",
    "# no comment",
    "- item",
    "$(KUBERNETES_SERVICE_HOST)",
    "$$(HOME)",
    "'quoted'",
    "{{ .Values.x }}",
    "--dry-run",
];

#[test]
fn no_value_leaves_its_place() {
    for odd in ODD {
        let settings = InstallSettings {
            path: odd.to_owned(),
            name: Some("odd".to_owned()),
            reference: Reference::SemVer(odd.to_owned()),
            ..plain()
        };
        let documents = parse_documents(&exported(&settings), "x", &Limits::default()).unwrap();
        let cron_job = to_json(&documents.last().unwrap().root).unwrap();
        let container = &cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
        let passed_on = |word: &Value| word.as_str().unwrap().replace("$$", "$");
        let words: Vec<String> = container["args"].as_array().unwrap().iter().map(passed_on).collect();
        let path = odd.replace('\\', "/");
        assert_eq!(words[2], format!("--semver={odd}"));
        assert_eq!(words[3], format!("--path={path}"));
        assert_eq!(container["securityContext"]["privileged"], Value::Null);
        assert_eq!((words.len(), documents.len()), (8, 4), "{words:?}");
    }
}

#[test]
fn units_of_a_host() {
    let host = HostSettings {
        root: "/".into(),
        binary: "/usr/local/bin/kubectl-gitops".into(),
        kubeconfig: "/etc/rancher/k3s/k3s.yaml".into(),
    };
    let settings = InstallSettings { access: password(), sync_flags: vec!["--wait".to_owned()], ..plain() };
    let (installation, described) = for_host(&settings, &host).unwrap();
    let shown = |file: HostFile| match &file.kind {
        HostFileKind::Unit(unit) => format!("== {}\n{unit}", file.path),
        other => format!("== {} {other:?}\n", file.path),
    };
    let text: String = files(&installation, &described).into_iter().map(shown).collect();
    assert!(!text.contains("hunter2"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_host_has_limits_of_its_own() {
    let host =
        |binary: &str| HostSettings { root: "/".into(), binary: binary.into(), kubeconfig: "/etc/k.yaml".into() };
    let said = |settings: &InstallSettings, binary: &str| {
        let found = for_host(settings, &host(binary)).unwrap_err();
        found.iter().map(|problem| format!("{problem} {:?}", problem.hint())).collect::<Vec<_>>().join("; ")
    };
    assert!(said(&plain(), "target/debug/x").contains("`--binary target/debug/x` must be an absolute path"));
    assert!(said(&plain(), "/home/ann/bin/kubectl-gitops").contains("ProtectHome"));
    let cron = InstallSettings { clock: Clock::Cron("* * * * *".to_owned()), ..plain() };
    assert!(said(&cron, "/bin/x").contains("a timer takes `--every`"));
    let often = InstallSettings { clock: Clock::Every(Duration::from_secs(1)), ..plain() };
    assert!(said(&often, "/bin/x").contains("shorter than 10s"));
    // Files of this machine, and intervals that cron cannot express, are fine here.
    let file = InstallSettings {
        url: "file:///srv/git/home.git".to_owned(),
        clock: Clock::Every(Duration::from_secs(90)),
        ..plain()
    };
    assert!(for_host(&file, &host("/usr/bin/x")).is_ok());
}
