//! Remote bases from real Git servers on this machine: every way to write a URL, `ref`, submodules, bases in bases, credentials
//! and the cache. What the real kustomize prints for the same kustomization, servers and Git configuration is compared where it is
//! at hand (`KUSTOMIZE`, or `.cache/bin`).
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what a test sets up must be there")]

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use testkit::cluster::Ran;
use testkit::command::Hermetic;
use testkit::git::{Authority, GitServer, Key, KeyKind, Manner, Repository, Serving, Sshd, skipped};

const PROGRAM: &str = env!("CARGO_BIN_EXE_kubectl-gitops");

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  \
                          template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: 'web:1'}]}\n";

/// `org/app.git` with bases of all kinds, `org/lib.git` that it has as a submodule and as a base.
struct Place {
    root: TempDir,
    app: Repository,
    lib: Repository,
    first: String,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let repository = |name: &str| Repository::at(root.path().join("org").join(name));
        let (lib, app) = (repository("lib.git"), repository("app.git"));
        lib.write("kustomization.yaml", "configMapGenerator: [{name: lib, literals: [from=lib]}]\n")
            .write("map/kustomization.yaml", "resources: [map.yaml]\nbuildMetadata: [originAnnotations]\n")
            .write("map/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n");
        lib.commit("lib");
        lib.tag("v1");
        app.write(
            "base/kustomization.yaml",
            "resources: [web.yaml]\nconfigMapGenerator: [{name: c, files: [c.conf]}]\n",
        )
        .write("base/web.yaml", DEPLOYMENT)
        .write("base/c.conf", "a = 1\n")
        .write("kustomization.yaml", "resources: [base]\nnamePrefix: top-\n")
        .write(
            "overlays/prod/kustomization.yaml",
            "resources: [../../base]\npatches: [{path: patch.yaml}]\nsecretGenerator: [{name: s, envs: [s.env]}]\n",
        )
        .write(
            "overlays/prod/patch.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n",
        )
        .write("overlays/prod/s.env", "A=1\n")
        .write(
            "component/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -c\n",
        )
        .write("plain/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n")
        .write("outside/kustomization.yaml", "resources: [../../../../..]\n")
        .write("outside-file/kustomization.yaml", "configMapGenerator: [{name: c, files: [../base/c.conf]}]\n")
        .write("linked/kustomization.yaml", "configMapGenerator: [{name: c, files: [link]}]\n")
        .write("inner/kustomization.yaml", "configMapGenerator: [{name: c, files: [link]}]\n")
        .write("inner/real", "content\n")
        .write("absolute/kustomization.yaml", "resources: [/etc]\n")
        .link("linked/link", "../base/c.conf")
        .link("inner/link", "real");
        app.commit("app");
        app.tag("v1");
        let first = app.head();
        app.write("base/c.conf", "a = 2\n");
        app.commit("second");
        app.annotated_tag("v2");
        app.git(&["branch", "feature/x", "v1"]);
        app.git(&["update-ref", "refs/pull/7/head", &first]);
        Self { root, app, lib, first }
    }

    fn serve(&self, serving: &Serving<'_>) -> GitServer {
        GitServer::start(self.root.path(), serving)
    }

    /// What needs to know where the server is: a base in a base, and a submodule.
    fn link_lib(&self, server: &GitServer) {
        let lib = server.url("org/lib.git");
        self.app
            .write("nested/kustomization.yaml", format!("resources: ['{lib}//map?ref=v1', ../base]\nnameSuffix: -n\n"))
            .write("loop/kustomization.yaml", format!("resources: ['{}//loop']\n", server.url("org/app.git")))
            .write("with-submodule/kustomization.yaml", "resources: [../vendor/lib]\n");
        self.app.commit("nested");
        self.app.submodule(&lib, "vendor/lib");
        self.lib.write("kustomization.yaml", "configMapGenerator: [{name: lib, literals: [from=later]}]\n");
        self.lib.commit("later");
    }
}

/// A user's home, with Git's configuration; both tools run in it.
struct User {
    here: Hermetic,
    env: Vec<(&'static str, String)>,
}

impl User {
    fn new() -> Self {
        let here = Hermetic::new(PROGRAM);
        here.write("home/.gitconfig", "[protocol \"file\"]\nallow = always\n[safe]\ndirectory = *\n");
        Self { here, env: vec![("GIT_CONFIG_NOSYSTEM", "1".to_owned()), ("GIT_TERMINAL_PROMPT", "0".to_owned())] }
    }

    fn with_config(text: &str) -> Self {
        let user = Self::new();
        let home = user.here.dir().join("home").display().to_string();
        let basics = "[protocol \"file\"]\nallow = always\n[safe]\ndirectory = *\n";
        user.here.write("home/.gitconfig", &format!("{basics}{}", text.replace("HOME", &home)));
        user
    }

    fn ours(&self, args: &[&str]) -> Ran {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut command = self.here.command(args);
        command.env("PATH", path).envs(self.env.iter().map(|(name, value)| (*name, value)));
        Ran::from_output(args.join(" "), &command.output().unwrap())
    }

    fn theirs(&self, args: &[&str]) -> Option<Ran> {
        let cached = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.cache/bin/kustomize"));
        let real = std::env::var_os("KUSTOMIZE").map_or_else(cached, PathBuf::from);
        if !real.is_file() {
            return None;
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut command = Command::new(real);
        command.args(args).current_dir(self.here.dir()).env_clear().env("PATH", path);
        command.env("HOME", self.here.dir().join("home")).env("TMPDIR", self.here.dir().join("tmp"));
        command.envs(self.env.iter().map(|(name, value)| (*name, value)));
        std::fs::create_dir_all(self.here.dir().join("tmp")).unwrap();
        Some(Ran::from_output(args.join(" "), &command.output().unwrap()))
    }

    /// Builds a kustomization with both. `refused`: what ours says if it cannot be built.
    fn builds(&self, kustomization: &str, refused: Option<&str>) -> Ran {
        self.here.write("kustomization.yaml", kustomization);
        self.agree(&["build"], kustomization, refused)
    }

    fn agree(&self, args: &[&str], what: &str, refused: Option<&str>) -> Ran {
        let ran = self.ours(args);
        match refused {
            None => assert_eq!(ran.code, 0, "{what}\n{ran}"),
            Some(said) => assert!(ran.code != 0 && ran.stderr.contains(said), "{what}: expected {said:?}\n{ran}"),
        }
        if let Some(theirs) = self.theirs(args) {
            assert_eq!(theirs.code == 0, refused.is_none(), "{what}\n{theirs}");
            assert_eq!(ran.stdout, theirs.stdout, "{what}");
        }
        ran
    }
}

const ORIGINS: &str = "buildMetadata: [originAnnotations, transformerAnnotations]\n";

#[test]
fn every_form_of_url_and_reference_is_kustomize_s() {
    let place = Place::new();
    let server = place.serve(&Serving::default());
    place.link_lib(&server);
    let user = User::new();
    let http = server.url("org/app.git");
    let file = place.app.url();
    let commit = &place.first;
    let short = &commit[..10];
    for (resource, refused) in [
        (format!("{http}//base"), None),
        (format!("{http}//base?ref=main"), None),
        (format!("{http}//base?ref=v1"), None),
        (format!("{http}//base?version=v1"), None),
        (format!("{http}//base?ref=v2"), None),
        (format!("{http}//base?ref=feature/x"), None),
        (format!("{http}//base?ref=refs/heads/feature/x"), None),
        (format!("{http}//base?ref=heads/feature/x"), None),
        (format!("{http}//base?ref=tags/v1"), None),
        (format!("{http}//base?ref=refs/pull/7/head"), None),
        (format!("{http}//base?ref=HEAD"), None),
        (format!("{http}//base?ref={commit}"), None),
        (format!("{http}//base?ref={short}"), Some("has no")),
        (format!("{http}//base?ref=absent"), Some("has no")),
        (format!("{http}//base?ref={}", "4".repeat(40)), Some("4444")),
        (format!("{http}//base?ref=-v1"), Some("dash")),
        (format!("{http}?ref=v1"), None),
        (format!("{http}/?ref=v1"), None),
        (format!("{http}/base?ref=v1"), None),
        (format!("git::{http}//base?ref=v1"), None),
        (format!("{}//base?ref=v1", http.trim_end_matches(".git")), None),
        (format!("{http}//overlays/prod?ref=v1&timeout=1m"), None),
        (format!("{http}//overlays/prod?timeout=90&ref=v1"), None),
        (format!("{http}//overlays/../base?ref=v1"), None),
        (format!("{http}//absent?ref=v1"), Some("cannot use")),
        (format!("{http}//plain?ref=v1"), Some("no kustomization")),
        (format!("{http}//plain/pod.yaml?ref=v1"), Some("cannot use")),
        (format!("{http}//outside?ref=v1"), Some("leads out of the repository")),
        (format!("{http}//outside-file?ref=v1"), Some("is not in or below")),
        (format!("{http}//linked?ref=v1"), Some("is not in or below")),
        (format!("{http}//inner?ref=v1"), None),
        (format!("{http}//absolute?ref=v1"), Some("absolute")),
        (format!("{http}//nested"), None),
        (format!("{http}//loop"), Some("refers to itself")),
        (format!("{http}//with-submodule"), None),
        (format!("{http}//with-submodule?submodules=false"), Some("no kustomization")),
        (format!("{file}//base?ref=v1"), None),
        (format!("{file}//nested"), None),
        (format!("{file}//with-submodule"), None),
        (format!("{file}?ref={commit}"), None),
        (server.url("org/absent.git//base"), Some("there is no repository")),
    ] {
        user.builds(&format!("resources: ['{resource}']\nnamespace: shop\n{ORIGINS}"), refused);
        user.builds(&format!("resources: ['{resource}']\n"), refused);
        // A URL in place of a directory.
        user.agree(&["build", &resource], &resource, refused);
    }
}

#[test]
fn a_repository_is_a_component_and_is_used_more_than_once() {
    let place = Place::new();
    let server = place.serve(&Serving::default());
    let user = User::new();
    let http = server.url("org/app.git");
    for text in [
        format!("resources: ['{http}//base?ref=v1']\ncomponents: ['{http}//component?ref=v1']\n"),
        format!("resources: ['{http}//base?ref=v1', other]\n"),
        format!("resources: ['{http}//overlays/prod?ref=v1']\nimages: [{{name: web, newTag: '2'}}]\n{ORIGINS}"),
        format!("resources: [other, '{}//map?ref=v1']\n{ORIGINS}", server.url("org/lib.git")),
        format!("bases: ['{http}//base?ref=v1']\n"),
    ] {
        user.here.write("other/kustomization.yaml", &format!("namePrefix: o-\nresources: ['{http}//base?ref=v2']\n"));
        user.builds(&text, None);
    }
    // Asked for once each, whatever the number of uses.
    server.asked();
    let again = User::new();
    again.here.write("a/kustomization.yaml", &format!("namePrefix: a-\nresources: ['{http}//base?ref=v1']\n"));
    again.here.write("b/kustomization.yaml", &format!("namePrefix: b-\nresources: ['{http}//overlays/prod?ref=v1']\n"));
    again.here.write("kustomization.yaml", "resources: [a, b]\n");
    again.ours(&["build"]).exit(0);
    let packs = server.asked().iter().filter(|asked| asked.target.contains("info/refs")).count();
    assert!(packs <= 2, "{packs}");
}

#[test]
fn addresses_are_rewritten_as_git_s_configuration_says() {
    let place = Place::new();
    let server = place.serve(&Serving::default());
    let user = User::with_config(&format!(
        "[url \"{}\"]\ninsteadOf = https://github.com/org/\ninsteadOf = git@github.com:org/\ninsteadOf = ssh://git@example.com/org/\n\
         [url \"file://{}/\"]\ninsteadOf = https://git.example.com/\n",
        server.url("org/"),
        place.root.path().display()
    ));
    for resource in [
        "https://github.com/org/app//base?ref=v1",
        "github.com/org/app//base?ref=v1",
        "https://github.com/org/app/overlays/prod?ref=v1",
        "https://github.com/org/app.git//base?ref=v1",
        "git@github.com:org/app.git//base?ref=v1",
        "git@github.com:org/app//base?ref=v1",
        "ssh://git@example.com/org/app.git//base?ref=v1",
        "https://git.example.com/org/app.git//base?ref=v1",
        "git::https://git.example.com/org/app.git//base?ref=v1",
    ] {
        user.builds(&format!("resources: ['{resource}']\n{ORIGINS}"), None);
    }
}

#[test]
fn credentials_are_those_of_the_user_s_git() {
    let place = Place::new();
    let server = place.serve(&Serving { user: Some(("ann", "hunter2")), ..Serving::default() });
    let resource = format!("resources: ['{}//base?ref=v1']\n{ORIGINS}", server.url("org/app.git"));
    let nobody = User::new();
    nobody.builds(&resource, Some("asks for some, and none were given"));
    let store = "[credential]\nhelper = store\n";
    let with = |password: &str| {
        let user = User::with_config(store);
        user.here.write("home/.git-credentials", &format!("http://ann:{password}@{}\n", server.address()));
        user
    };
    with("hunter2").builds(&resource, None);
    let ran = with("wrong-hunter2").builds(&resource, Some("refuses the credentials"));
    ran.hides("hunter2");
    let helper =
        User::with_config("[credential]\nhelper = \"!f() { echo username=ann; echo password=hunter2; }; f\"\n");
    helper.builds(&resource, None);
    let netrc = User::new();
    netrc.here.write("home/.netrc", "machine 127.0.0.1 login ann password hunter2\n");
    netrc.builds(&resource, None);
    let mut asked = User::new();
    let program = asked.here.dir().join("ask");
    std::fs::write(&program, "#!/bin/sh\ncase $1 in User*) echo ann ;; *) echo hunter2 ;; esac\n").unwrap();
    Command::new("chmod").arg("+x").arg(&program).status().unwrap();
    asked.env.push(("GIT_ASKPASS", program.display().to_string()));
    asked.builds(&resource, None);
    // In the URL; it is shown nowhere.
    let url = server.url_for("ann", "hunter2", "org/app.git");
    nobody.builds(&format!("resources: ['{url}//base?ref=v1']\n"), None);
    nobody.builds(&format!("resources: ['{url}//absent?ref=v1']\n"), Some("cannot use")).hides("hunter2");
    nobody.builds(&format!("resources: ['{url}//base?ref=absent']\n"), Some("has no")).hides("hunter2");
}

#[test]
fn tls_is_trusted_as_git_s_configuration_says() {
    let place = Place::new();
    let authority = Authority::named("ours");
    let identity = authority.server("127.0.0.1");
    let server = place.serve(&Serving { tls: Some(&identity), ..Serving::default() });
    let resource = format!("resources: ['{}//base?ref=v1']\n", server.url("org/app.git"));
    User::new().builds(&resource, Some("no secure connection"));
    let user = User::with_config(&format!("[http \"https://{}\"]\nsslCAInfo = HOME/ca.pem\n", server.address()));
    user.here.write("home/ca.pem", &authority.pem());
    // A file is asked for first, and for files kustomize has no such setting; as a repository it is found.
    let url = format!("git::{}//base?ref=v1", server.url("org/app.git"));
    user.builds(&format!("resources: ['{url}']\n"), None);
    let mutual = place.serve(&Serving { tls: Some(&identity), clients: Some(&authority), ..Serving::default() });
    let client = authority.client("ann");
    let url = format!("git::{}//base?ref=v1", mutual.url("org/app.git"));
    let text = "[http]\nsslCAInfo = ~/ca.pem\n";
    let without = User::with_config(text);
    without.here.write("home/ca.pem", &authority.pem());
    assert_ne!(without.ours(&["build", &url]).code, 0);
    let user = User::with_config(&format!("{text}sslCert = ~/client.pem\nsslKey = HOME/client.key\n"));
    user.here.write("home/ca.pem", &authority.pem());
    user.here.write("home/client.pem", &client.certificate).write("home/client.key", &client.key);
    user.builds(&format!("resources: ['{url}']\n"), None);
}

#[test]
fn what_was_fetched_is_kept_by_commit() {
    let place = Place::new();
    let server = place.serve(&Serving::default());
    let user = User::new();
    let url = server.url("org/app.git");
    let build = |reference: &str| user.ours(&["build", &format!("{url}//base?ref={reference}")]);
    let packs = || server.asked().iter().filter(|asked| asked.method == "POST" && server.sent() > 0).count();
    let first = build("v1").exit(0).stdout;
    assert!(user.here.dir().join("home/.cache/kubectl-gitops/trees").is_dir());
    server.asked();
    server.sent();
    // A tag may have moved: it is asked for, and nothing is sent but names.
    assert_eq!(build("v1").exit(0).stdout, first);
    assert!(server.sent() < 1500, "no pack");
    server.asked();
    // A commit is known.
    assert_eq!(build(&place.first).exit(0).stdout, first);
    assert_eq!(packs(), 0);
    assert!(server.asked().iter().all(|asked| !asked.target.contains("git-upload-pack")), "nobody is asked");
    place.app.git(&["tag", "-f", "v1", "main"]);
    assert_ne!(build("v1").exit(0).stdout, first, "the tag that moved");
    // Elsewhere.
    let dir = user.here.dir().join("elsewhere");
    user.ours(&["build", &format!("{url}//base?ref=v2"), "--cache-dir", &dir.display().to_string()]).exit(0);
    assert!(dir.join("kubectl-gitops/trees").is_dir());
    // Without a network.
    server.behave(Manner::Answers(503, String::new()));
    assert_eq!(build(&place.first).exit(0).stdout, first);
    let ran = user.ours(&["build", "http://127.0.0.1:1/org/app.git//base?ref=v1"]);
    ran.exit(6).says("cannot be reached").says("without a network");
}

#[test]
fn a_home_that_cannot_be_written_is_no_reason_to_fail() {
    let place = Place::new();
    let server = place.serve(&Serving::default());
    let mut user = User::new();
    user.here.write("file", "in the way of a directory");
    user.env.push(("XDG_CACHE_HOME", user.here.dir().join("file").display().to_string()));
    let url = format!("{}//overlays/prod?ref=v1", server.url("org/app.git"));
    user.builds(&format!("resources: ['{url}']\n"), None);
    user.agree(&["build", &url], &url, None);
    let rendered = user.ours(&["build", "--rendered", &url]).exit(0);
    assert!(rendered.stdout.contains("kind: Secret"));
}

#[test]
fn ssh_knows_the_user_s_keys_and_hosts() {
    if skipped(Sshd::missing(), "ssh_knows_the_user_s_keys_and_hosts") {
        return;
    }
    let place = Place::new();
    let keys = tempfile::tempdir().unwrap();
    let key = Key::generate(keys.path(), "id_ed25519", KeyKind::Ed25519, "");
    let stranger = Key::generate(keys.path(), "stranger", KeyKind::Ed25519, "");
    let sshd = Sshd::start(KeyKind::Ed25519, &[&key]);
    let resource = format!("resources: ['{}//base?ref=v1']\n{ORIGINS}", sshd.url(place.app.top()));
    let user = |key: &Key, hosts: &str| {
        let mut user = User::new();
        user.here.write("home/.ssh/id_ed25519", &key.private).write("home/.ssh/known_hosts", hosts);
        let home = user.here.dir().join("home/.ssh").display().to_string();
        Command::new("chmod").args(["-R", "go=", &home]).status().unwrap();
        // The ssh program looks into the home that the system knows, whatever the environment says.
        user.env.push((
            "GIT_SSH_COMMAND",
            format!("ssh -F none -i {home}/id_ed25519 -o IdentitiesOnly=yes -o UserKnownHostsFile={home}/known_hosts -o BatchMode=yes"),
        ));
        user
    };
    user(&key, &sshd.known_hosts()).builds(&resource, None);
    user(&stranger, &sshd.known_hosts()).builds(&resource, Some("refuses"));
    user(&key, "").builds(&resource, Some("host"));
}
