//! A Secret that something in the cluster rotates rolls its users by the next `sync` without a new commit, and the run after that writes
//! nothing.

use serde_json::Value;
use testkit::cluster::{Ran, Sandbox};
use testkit::git::{GitServer, Repository, Serving};

use crate::a_repository_is_synced::{root, version};

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {reloader.stakater.com/auto: \"true\"}}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: docker.io/local/demo-app:1, envFrom: [{secretRef: {name: tls}}]}
";

pub(crate) fn check(sandbox: &Sandbox) {
    let home = Repository::at(sandbox.dir().join("home"));
    home.write("apps/kustomization.yaml", "resources: [web.yaml]\n");
    home.write("apps/web.yaml", DEPLOYMENT).commit("first");
    let server = GitServer::start(sandbox.dir(), &Serving::default());
    let url = server.url("home/.git");
    let sync = || -> Ran {
        let args = ["sync", "--url", &url, "--path", "apps", "--create-namespace", "-o", "json"];
        sandbox.gitops(&args).exit(0).hides("hunter2").hides("hunter3")
    };
    let counts = |ran: Ran| -> (Value, Value) {
        let report: Value = serde_json::from_str(&ran.ok()).expect("JSON");
        (report["counts"]["updated"].clone(), report["requests"]["writes"].clone())
    };
    let generation = || sandbox.field("deployment", "web", "/metadata/generation");
    let literal = |value: &str| format!("--from-literal=key={value}");
    sandbox.kubectl(&["create", "secret", "generic", "tls", &literal("hunter2")]).ok();
    sync();
    // Once a day everything is applied; that this hour is not the one is made sure of by a run in between.
    sync();
    let (first, settled) = (generation(), version(sandbox));
    assert_eq!(counts(sync()), (0.into(), 0.into()), "nothing is new");
    assert_eq!((generation(), version(sandbox)), (first.clone(), settled));

    // The same Secret with another value, as External Secrets and cert-manager write it.
    let rotated = sandbox.kubectl(&["create", "secret", "generic", "tls", &literal("hunter3"), "--dry-run=client", "-o", "yaml"]).ok();
    sandbox.write("rotated.yaml", &rotated);
    sandbox.kubectl(&["replace", "-f", "rotated.yaml"]).ok();
    assert_eq!(counts(sync()).0, 1, "its user has another template");
    let second = generation();
    assert_ne!(second, first);
    let settled = version(sandbox);
    assert_eq!(counts(sync()), (0.into(), 0.into()), "once");
    assert_eq!((generation(), version(sandbox)), (second.clone(), settled));

    // Another label on it is no other content: the build is looked at again, and nothing rolls.
    sandbox.kubectl(&["label", "secret", "tls", "team=a"]).ok();
    assert_eq!(counts(sync()).0, 0);
    assert_eq!(generation(), second);
    assert_ne!(root(sandbox), Value::Null);
    sandbox.gitops(&["delete", "apps", "--yes"]).exit(0);
}
