//! `sync` brings a directory of a repository into the cluster, corrects what drifted, prunes what left, and does nothing at all
//! where nothing changed: no fetch, no write.

use serde_json::Value;
use testkit::cluster::{Ran, Sandbox};
use testkit::git::{GitServer, Repository, Serving};

const KUSTOMIZATION: &str = "resources: [map.yaml]\nsecretGenerator:\n- name: config\n  files: [config.toml]\n\
                             generatorOptions: {disableNameSuffixHash: true}\n";
const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: '1'}\n";

pub(crate) fn check(sandbox: &Sandbox) {
    let home = Repository::at(sandbox.dir().join("home"));
    home.write("apps/kustomization.yaml", KUSTOMIZATION).write("apps/config.toml", "password = 'hunter2'\n");
    let first = home.write("apps/map.yaml", MAP).commit("first");
    let server = GitServer::start(sandbox.dir(), &Serving { user: Some(("ann", "letmein2")), ..Serving::default() });
    sandbox.write("git/username", "ann\n").write("git/password", "letmein2\n");
    let url = server.url("home/.git");
    let sync = |more: &[&str]| -> Ran {
        let args = ["sync", "--url", &url, "--path", "apps", "--credentials-dir", "git", "--create-namespace"];
        let args = [&args[..], &["--driver", "cronjob/test", "--termination-log", "last"], more].concat();
        sandbox.gitops(&args).hides("hunter2").hides("letmein2")
    };
    sync(&["--dry-run"]).exit(0).says("Would sync").says("2 created");
    assert_eq!(root(sandbox), Value::Null, "a dry run records nothing");
    server.asked();

    let ran = sync(&[]).exit(0).says("2 created");
    let words = std::fs::read_to_string(sandbox.dir().join("last")).expect("the last words");
    assert!(words.starts_with(&format!("Synced {}/apps main@{}: 2 created", sandbox.namespace, &first[..7])), "{words}\n{ran}");
    let fetching = server.asked().len();
    let after = root(sandbox);
    assert_eq!(after["data"]["revision"], format!("main@sha1:{first}"));
    assert_eq!(after["data"]["driver"], "cronjob/test");
    assert_eq!(after["metadata"]["labels"]["kubectl-gitops.dev/ready"], "true");

    // Once a day everything is applied; that this hour is not the one is made sure of by a run in between.
    sync(&[]).exit(0);
    let settled = version(sandbox);
    server.asked();
    let report: Value = serde_json::from_str(&sync(&["-o", "json"]).ok()).expect("JSON");
    assert_eq!((&report["requests"]["writes"], &report["counts"]["unchanged"]), (&0.into(), &2.into()), "{report}");
    assert_eq!(version(sandbox), settled, "a run without a change writes nothing");
    assert!(server.asked().len() < fetching, "a repository without a change is not fetched");

    drop(sandbox.kubectl(&["patch", "configmap", "web", "-p", "{\"data\":{\"a\":\"by hand\"}}"]).ok());
    drop(sandbox.kubectl(&["patch", "secret", "config", "-p", "{\"data\":{\"config.toml\":\"eA==\"}}"]).ok());
    sync(&[]).exit(0).says("2 updated");
    assert_eq!(sandbox.field("configmap", "web", "/data/a"), "1");

    home.write("apps/kustomization.yaml", "resources: [map.yaml]\n");
    let second = home.write("apps/map.yaml", MAP.replace("'1'", "'2'")).commit("second");
    sync(&[]).exit(0).says("1 updated").says("1 pruned");
    assert_eq!(sandbox.field("configmap", "web", "/data/a"), "2");
    assert!(sandbox.get("secret", "config").is_none());
    assert_eq!(root(sandbox)["data"]["revision"], format!("main@sha1:{second}"));
    assert_eq!(events(sandbox), ["Applied", "Applied"], "one for each revision, none for what was only corrected");
    sandbox.gitops(&["status", "apps"]).exit(0).says(&second[..7]).says("ConfigMap").hides("letmein2");
    sandbox.gitops(&["delete", "apps", "--yes"]).exit(0).says("1 pruned");
    assert_eq!(root(sandbox), Value::Null);
}

/// The set's root, or nothing.
pub(crate) fn root(sandbox: &Sandbox) -> Value {
    let name = format!("gitops-{}.apps", sandbox.namespace);
    let ran = sandbox.kubectl_in("gitops-system", &["get", "configmap", &name, "-o", "json", "--ignore-not-found"]);
    serde_json::from_str(&ran.ok()).unwrap_or_default()
}

pub(crate) fn version(sandbox: &Sandbox) -> Value {
    root(sandbox)["metadata"]["resourceVersion"].clone()
}

/// Reasons of the Events on the root, in order.
pub(crate) fn events(sandbox: &Sandbox) -> Vec<String> {
    let selector = format!("involvedObject.name=gitops-{}.apps", sandbox.namespace);
    let list = sandbox.kubectl_in("gitops-system", &["get", "events", "--field-selector", &selector, "-o", "json"]).ok();
    let list: Value = serde_json::from_str(&list).expect("JSON");
    let mut found: Vec<(u64, String)> = list["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|event| {
            let version = event["metadata"]["resourceVersion"].as_str().expect("a version").parse().expect("a number");
            (version, event["reason"].as_str().expect("a reason").to_owned())
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, reason)| reason).collect()
}
