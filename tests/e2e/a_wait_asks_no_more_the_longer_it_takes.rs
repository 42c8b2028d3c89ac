//! A wait is told of changes: it sends a handful of requests, whether it takes two seconds or fifteen. Who may not watch waits, too.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use testkit::cluster::Sandbox;
use testkit::gateway::{Gateway, Reply};
use testkit::http::Answer;

/// The requests of a run after its last write of an object, which are those of its wait; and how long it took.
fn requests(sandbox: &Sandbox, name: &str, ready_after: u64, watchable: bool) -> (Vec<String>, Duration) {
    sandbox.write(
        "app/all.yaml",
        &format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  replicas: 1\n  minReadySeconds: {ready_after}\n  \
             selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      \
             terminationGracePeriodSeconds: 1\n      containers:\n      - {{name: web, image: 'docker.io/local/demo-app:1', imagePullPolicy: \
             IfNotPresent, args: [serve]}}\n"
        ),
    );
    let (api, log) = (sandbox.api(), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&log);
    let gateway = Gateway::new(move |call| {
        seen.lock().expect("no thread died").push(format!("{} {}", call.method, call.path));
        if call.is_watch() && !watchable {
            return Reply::Whole(Answer::refusal(403, "Forbidden", "it may not watch"));
        }
        Reply::of(&api, &call)
    });
    sandbox.write("kubeconfig", &super::kubeconfig(&gateway.url()));
    let begin = Instant::now();
    let apply = ["apply", "app", "--name", name, "--wait", "--timeout", "90s", "-v"];
    let ran = sandbox.gitops_as(&sandbox.dir().join("kubeconfig"), &apply);
    let ran = ran.exit(0);
    if !watchable {
        ran.says("cannot be watched");
    }
    let log = log.lock().expect("no thread died").clone();
    let wait = log.iter().rposition(|line| line.starts_with("PATCH") && line.contains("/deployments/"));
    (log[wait.expect("it applies a Deployment")..].to_vec(), begin.elapsed())
}

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.write("app/kustomization.yaml", "resources: [all.yaml]\n");
    let (short, _) = requests(sandbox, "short", 1, true);
    let (long, took) = requests(sandbox, "long", 15, true);
    assert!(took > Duration::from_secs(13), "{took:?}");
    let watches = |log: &[String]| log.iter().filter(|line| line.contains("watch=true")).count();
    // The object, and its pods once a cause was looked for.
    assert!((1..=2).contains(&watches(&short)) && (1..=2).contains(&watches(&long)), "{short:#?}\n{long:#?}");
    // One or two looks for causes, four requests each, and the lock.
    assert!(long.len() <= short.len() + 14, "{short:#?}\n{long:#?}");
    let (polled, took) = requests(sandbox, "polled", 8, false);
    assert!(took > Duration::from_secs(6) && polled.len() > 5, "{polled:#?}");
}
