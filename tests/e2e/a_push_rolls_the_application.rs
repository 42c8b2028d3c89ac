//! The main scenario: a CronJob syncs a private repository of a Gitea over HTTP by its schedule; a push that changes a secret file
//! replaces the pods of an application that somebody deployed by hand, and the new ones see the new value.

use testkit::cluster::Sandbox;

use super::scene::{ANN, Scene};

pub(crate) fn check(sandbox: &Sandbox) {
    let scene = Scene::new(sandbox, "push", "first-hunter2");
    scene.install(ANN.password, &["--schedule", "* * * * *"]).exit(0).says("It runs by its schedule");
    // By the clock; nobody helps.
    let job = scene.job_by_schedule();
    scene.outcome_of(&job).ended(0, "created");
    scene.deploy();
    let pod = scene.application_has("first-hunter2");

    let commit = scene.push_password("second-hunter2");
    let fresh = scene.application_has("second-hunter2");
    assert_ne!(fresh, pod, "pods are replaced, not merely updated in place");
    let hash = sandbox.field("deployment", "web", "/spec/template/metadata/annotations/kubectl-gitops.dev~1hash.secret.config");
    assert!(hash.is_string(), "{hash}");
    // The roll comes before the end of the run that makes it.
    sandbox.until("the run is on record", 30, || scene.root("revision") == format!("main@sha1:{commit}"));
    scene.status(&[]).exit(0).says("every 1m").says(&commit[..7]);
    scene.uninstall();
}
