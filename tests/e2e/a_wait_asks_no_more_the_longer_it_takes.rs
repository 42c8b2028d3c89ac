//! A wait is told of changes: it sends a handful of requests, whether it takes two seconds or fifteen. Who may not watch waits, too,
//! and a watch that breaks costs no more than a new one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use testkit::cluster::Sandbox;
use testkit::gateway::{Gateway, Reply};
use testkit::http::Answer;

/// What becomes of a watch, by its number; nothing special if none.
type Spoil = fn(usize) -> Option<Reply>;

/// The requests of a run after its last write of an object, which are those of its wait; and how long it took.
fn requests(sandbox: &Sandbox, name: &str, ready_after: u64, spoil: Spoil) -> (Vec<String>, Duration) {
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
    let (seen, watches) = (Arc::clone(&log), AtomicUsize::new(0));
    let gateway = Gateway::new(move |call| {
        seen.lock().expect("no thread died").push(format!("{} {}", call.method, call.path));
        let spoilt = if call.is_watch() { spoil(watches.fetch_add(1, Ordering::SeqCst)) } else { None };
        spoilt.unwrap_or_else(|| Reply::of(&api, &call))
    });
    sandbox.write("kubeconfig", &super::kubeconfig(&gateway.url()));
    let begin = Instant::now();
    let apply = ["apply", "app", "--name", name, "--wait", "--timeout", "90s", "-v"];
    let ran = sandbox.gitops_as(&sandbox.dir().join("kubeconfig"), &apply);
    let ran = ran.exit(0);
    if let Some(Reply::Whole(Answer { status: 403, .. })) = spoil(0) {
        ran.says("cannot be watched");
    }
    let log = log.lock().expect("no thread died").clone();
    let wait = log.iter().rposition(|line| line.starts_with("PATCH") && line.contains("/deployments/"));
    (log[wait.expect("it applies a Deployment")..].to_vec(), begin.elapsed())
}

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.write("app/kustomization.yaml", "resources: [all.yaml]\n");
    let (short, _) = requests(sandbox, "short", 1, |_| None);
    let (long, took) = requests(sandbox, "long", 15, |_| None);
    assert!(took > Duration::from_secs(13), "{took:?}");
    let watches = |log: &[String]| log.iter().filter(|line| line.contains("watch=true")).count();
    // The object, and its pods once a cause was looked for.
    assert!((1..=2).contains(&watches(&short)) && (1..=2).contains(&watches(&long)), "{short:#?}\n{long:#?}");
    // One or two looks for causes, four requests each, and the lock.
    assert!(long.len() <= short.len() + 14, "{short:#?}\n{long:#?}");
    let (polled, took) = requests(sandbox, "polled", 8, |_| Some(refused(403)));
    assert!(took > Duration::from_secs(6) && polled.len() > 5, "{polled:#?}");
    let spoilt: [(&str, Spoil); 5] = [
        ("closed", |_| Some(Reply::Closed)),
        ("torn", |number| (number == 0).then(|| Reply::Torn(words("{\"type\":\"MODIFIED\",\"object\":{}}\n")))),
        ("garbled", |number| (number == 0).then(|| Reply::Whole(words("}{\n")))),
        ("silent", |number| (number == 0).then_some(Reply::Silent(Duration::from_secs(2)))),
        ("busy", |number| (number < 2).then(|| refused(if number == 0 { 429 } else { 503 }))),
    ];
    for (name, spoil) in spoilt {
        let (log, took) = requests(sandbox, name, 8, spoil);
        assert!(watches(&log) > 1 && took < Duration::from_mins(1), "{name} {took:?}: {log:#?}");
    }
}

fn refused(status: u16) -> Reply {
    Reply::Whole(Answer::refusal(status, "Injected", "it may not watch"))
}

fn words(body: &str) -> Answer {
    Answer { status: 200, headers: vec![("content-type".to_owned(), "application/json".to_owned())], body: body.into() }
}
