//! `diff --against` compares two states of a Git tree without a cluster, and `--url` reads one from a repository: the names that people
//! type, the same renderer and exit codes, no value of a Secret.
#![cfg(unix)]

use serde_json::Value;
use testkit::cluster::Ran;
use testkit::command::Hermetic;
use testkit::git::{GitServer, Repository, Serving};

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  selector: {matchLabels: {app: SELECTOR}}\n  template:\n    \
                   metadata: {labels: {app: SELECTOR}}\n    spec: {containers: [{name: web, image: 'example.com/web:IMAGE'}]}\n";

fn web(image: &str, selector: &str) -> String {
    WEB.replace("IMAGE", image).replace("SELECTOR", selector)
}

fn kustomization(password: &str, resources: &str) -> String {
    format!(
        "namespace: shop\nresources: [{resources}]\nsecretGenerator:\n- name: db\n  literals: [password={password}]\n\
         generatorOptions: {{disableNameSuffixHash: true}}\n"
    )
}

/// A checkout in the hermetic directory with two commits, the second tagged.
fn fleet(here: &Hermetic) -> Repository {
    let repository = Repository::at(here.dir().join("fleet"));
    repository
        .write("base/web.yaml", web("1", "web"))
        .write("base/old.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old}\n");
    repository.write("base/kustomization.yaml", "resources: [web.yaml, old.yaml]\n");
    repository.write("prod/kustomization.yaml", kustomization("canary-one", "../base")).commit("first");
    repository.write("base/web.yaml", web("2", "web")).commit("second");
    repository.annotated_tag("v2").tag("light");
    repository
}

fn hermetic() -> Hermetic {
    Hermetic::new(env!("CARGO_BIN_EXE_kubectl-gitops"))
}

fn against(here: &Hermetic, reference: &str, more: &[&str]) -> Ran {
    here.run(&[&["diff", "fleet/prod", "--against", reference], more].concat()).hides("canary").hides("Y2FuYXJ5")
}

#[test]
fn the_work_tree_is_compared_with_a_commit() {
    let here = hermetic();
    let repository = fleet(&here);
    against(&here, "main", &[]).exit(0).says("Against main@").says("3 unchanged.  No cluster was asked.");
    repository
        .write("base/web.yaml", web("3", "web"))
        .write("base/kustomization.yaml", "resources: [web.yaml, new.yaml]\n");
    repository.write("base/new.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\n");
    repository.write("prod/kustomization.yaml", kustomization("canary-two", "../base"));
    let text = against(&here, "main", &[]).exit(1).stdout.replace(&repository.head()[..7], "COMMIT");
    insta::assert_snapshot!(text);
    against(&here, "HEAD~1", &[]).exit(1).says("example.com/web:1").says("example.com/web:3");
    let json = against(&here, "main", &["-o", "json"]).exit(1).stdout;
    let report: Value = serde_json::from_str(&json).expect("one document");
    assert_eq!(report["against"], format!("main@{}", &repository.head()[..7]));
    assert_eq!(
        (&report["counts"]["created"], &report["counts"]["pruned"], &report["set"]),
        (&1.into(), &1.into(), &"prod".into())
    );
    assert_eq!(report["restarts"][0], "Deployment/shop/web (image)");
    let unified = against(&here, "main", &["--unified"]).exit(1).says("Restarts: Deployment/shop/web (image)").stdout;
    for text in [
        "--- LIVE/apps.v1.Deployment.shop.web\n+++ MERGED/apps.v1.Deployment.shop.web\n@@ -",
        "\n-      - image: example.com/web:2\n+      - image: example.com/web:3\n",
        "--- LIVE/v1.ConfigMap.shop.new\n+++ MERGED/v1.ConfigMap.shop.new\n@@ -0,0 +1,",
    ] {
        assert!(unified.contains(text), "{unified}");
    }
    against(&here, "main", &["--unified", "-o", "json"]).exit(2);
    let comment = against(&here, "main", &["-o", "markdown", "-v"]).exit(1).stdout;
    assert!(
        comment.starts_with("<!-- kubectl-gitops:prod -->\n") && comment.contains("+ example.com/web:3"),
        "{comment}"
    );
    assert!(!here.was_contacted());
}

#[test]
fn what_a_cluster_would_refuse_is_said() {
    let here = hermetic();
    let repository = fleet(&here);
    repository.write("base/web.yaml", web("2", "other"));
    against(&here, "main", &[]).exit(1).says("spec.selector is immutable: a cluster would refuse it");
    let forced =
        web("2", "other").replace("{name: web}\n", "{name: web, annotations: {kubectl-gitops.dev/force: enabled}}\n");
    repository.write("base/web.yaml", forced);
    against(&here, "main", &[])
        .exit(1)
        .says("spec.selector is immutable: deleted and created again")
        .says("(made again)");
}

#[test]
fn commits_are_named_as_people_name_them() {
    let here = hermetic();
    let repository = fleet(&here);
    repository.git(&["update-ref", "refs/remotes/origin/main", "HEAD~1"]);
    repository.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
    let (head, first) = (repository.head(), repository.git(&["rev-parse", "HEAD~1"]));
    for packed in [false, true] {
        if packed {
            repository.git(&["gc", "-q"]);
        }
        let abbreviated = head[..8].to_uppercase();
        for same in [
            "HEAD",
            "@",
            "main",
            "heads/main",
            "refs/heads/main",
            "v2",
            "light",
            "v2~0",
            "v2^0",
            &head,
            &head[..8],
            &abbreviated,
        ] {
            against(&here, same, &[]).exit(0);
        }
        for other in [
            "HEAD~1",
            "HEAD^",
            "@^1",
            "main~",
            "v2~1",
            "origin/main",
            "origin",
            &first,
            &first[..10],
            &format!("{}~1", &head[..8]),
        ] {
            against(&here, other, &[]).exit(1).says("example.com/web:1");
        }
    }
    against(&here, "mian", &[]).exit(6).says("branch, tag or commit `mian`").says("main");
    against(&here, "HEAD~2", &[]).exit(6).says("its history, as far as it is here, ends at");
    against(&here, "HEAD^2", &[]).exit(6);
    for malformed in ["HEAD^{tree}", "main:prod", "@{1}", "..", "HEAD~99999999999999999999", "-x"] {
        assert!(here.run(&["diff", "fleet/prod", &format!("--against={malformed}")]).code == 2, "{malformed}");
    }
    // A worktree, and a checkout whose objects lie elsewhere.
    let side = here.dir().join("side");
    repository.git(&["worktree", "add", "-q", "-b", "side", side.to_str().expect("a path")]);
    here.run(&["diff", "side/prod", "--against", "origin/main"]).exit(1).says("example.com/web:1");
}

#[test]
fn a_directory_that_was_not_there_is_new_and_others_have_no_past() {
    let here = hermetic();
    let repository = fleet(&here);
    repository.write("fresh/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    here.run(&["diff", "fleet/fresh", "--against", "main"]).exit(1).says("does not exist in main@").says("1 to create");
    here.write("plain/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    here.run(&["diff", "plain", "--against", "main"]).exit(2).says("lies in no Git repository");
    here.run(&["diff", "-f", "plain/a.yaml", "--name", "x", "--against", "main"]).exit(2).says("is none");
    repository.write("prod/kustomization.yaml", "resources: [../base, gone.yaml]\n").commit("broken");
    repository.write("prod/kustomization.yaml", "resources: [../base]\n");
    let broken = here.run(&["diff", "fleet/prod", "--against", "HEAD"]).exit(2).says("gone.yaml").says("in HEAD@sha1:");
    assert!(!broken.stderr.contains("/tmp/kubectl-gitops-") && !broken.stderr.contains("/tree/"), "{broken}");
    assert!(!here.was_contacted());
}

#[test]
fn a_repository_elsewhere_is_built_and_compared_by_its_references() {
    let here = hermetic();
    let repository = fleet(&here);
    let first = repository.git(&["rev-parse", "HEAD~1"]);
    let url = repository.url();
    let built = here.run(&["build", "--url", &url, "--branch", "main", "--path", "prod"]).ok();
    assert_eq!(built, here.run(&["build", "fleet/prod"]).ok());
    repository.write("base/web.yaml", web("9", "web"));
    let remote = |more: &[&str]| here.run(&[&["diff", "--url", &url, "--path", "prod"], more].concat()).hides("canary");
    remote(&["--against", "v2"]).exit(0).says("3 unchanged");
    remote(&["--tag", "v2", "--against", &first]).exit(1).says("example.com/web:2").hides("example.com/web:9");
    remote(&["--against", "nothing"]).exit(6).says("nothing");
    here.run(&["build", "--url", &url, "--path", "nowhere"]).exit(2).says("`nowhere`");
    here.run(&["build", "--url", &url, "fleet/prod"]).exit(2).says("cannot be used with");
    here.run(&["build", "--url", &url, "-k", "fleet/prod"]).exit(2).says("cannot be used with");
    here.run(&["build", "--path", "prod"]).exit(2).says("--url");
    assert!(!here.was_contacted());
}

/// Credentials are read once, though two states are fetched.
#[test]
fn a_password_from_a_pipe_is_enough_for_both_states() {
    let here = hermetic();
    fleet(&here);
    let server = GitServer::start(here.dir(), &Serving { user: Some(("ann", "letmein2")), ..Serving::default() });
    let url = server.url("fleet/.git");
    let args = [
        "diff",
        "--url",
        &url,
        "--path",
        "prod",
        "--against",
        "main",
        "--tag",
        "v2",
        "--username",
        "ann",
        "--password-stdin",
    ];
    let mut command = here.command(&args);
    command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), b"letmein2\n").expect("it reads");
    let ran = Ran::from_output(args.join(" "), &child.wait_with_output().expect("it ends"));
    drop(ran.exit(0).says("3 unchanged").hides("letmein2"));
    assert!(!here.was_contacted());
}

/// A submodule of the other commit comes from where git keeps it on this disk; one that is not there is told by name.
#[test]
fn submodules_of_the_other_commit_are_built_from_this_disk() {
    let here = hermetic();
    let inner = Repository::at(here.dir().join("inner"));
    inner
        .write("inner.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: inner}\ndata: {a: one}\n")
        .commit("inner");
    let lib = Repository::at(here.dir().join("lib"));
    lib.write("kustomization.yaml", "resources: [deep/inner.yaml, map.yaml]\n");
    lib.write("map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lib}\ndata: {a: one}\n");
    lib.submodule(&inner.url(), "deep");
    let repository = fleet(&here);
    repository.submodule(&lib.url(), "vendor/lib");
    repository.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init", "--recursive"]);
    repository
        .write("prod/kustomization.yaml", kustomization("canary-one", "../base, ../vendor/lib"))
        .commit("uses it");
    against(&here, "HEAD", &[]).exit(0).says("5 unchanged");

    // Both move on; the commits of before are still here.
    let checked_out = |path: &str| Repository::at(here.dir().join("fleet").join(path));
    checked_out("vendor/lib")
        .write("map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lib}\ndata: {a: two}\n")
        .commit("two");
    repository.commit("moves");
    against(&here, "HEAD", &[]).exit(0).says("5 unchanged");
    against(&here, "HEAD~1", &[]).exit(1).says("ConfigMap/shop/lib").says("1 to update, 4 unchanged");
    // It has left the work tree, and git keeps it.
    repository.git(&["rm", "-q", "-f", "vendor/lib"]);
    repository.write("prod/kustomization.yaml", kustomization("canary-one", "../base")).commit("without");
    against(&here, "HEAD~1", &[]).exit(1).says("ConfigMap/shop/lib").says("ConfigMap/shop/inner").says("2 to prune");
    // Not even that.
    std::fs::remove_dir_all(here.dir().join("fleet/.git/modules")).expect("it was there");
    let missing = against(&here, "HEAD~1", &[]).exit(2).says("the submodule `vendor/lib` is empty there: its commit");
    assert!(missing.stderr.contains("vendor/lib") && !missing.stderr.contains("/tree/"), "{missing}");
    assert!(!here.was_contacted());
}
