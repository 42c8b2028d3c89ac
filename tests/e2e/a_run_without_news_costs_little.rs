//! A run of the installation that finds nothing new writes nothing and fits into little memory; all that the datastore sees is
//! what Kubernetes itself writes around a Job.

use testkit::cluster::Sandbox;

use super::scene::{ANN, Scene};

pub(crate) fn check(sandbox: &Sandbox) {
    let scene = Scene::new(sandbox, "quiet", "first-hunter2");
    scene.install(ANN.password, &["--suspend"]).exit(0).says("Suspended");
    let first = scene.run("first").ended(0, "1 created");
    scene.deploy();
    let pod = scene.application_has("first-hunter2");
    // Once a day everything is applied; that this hour is not the one is made sure of by a run in between.
    scene.run("settle").ended(0, "unchanged");

    let commit = scene.push_password("second-hunter2");
    let news = scene.run("news").ended(0, &commit[..7]).ended(0, "rolled Deployment/");
    let fresh = scene.application_has("second-hunter2");
    assert_ne!(fresh, pod, "pods are replaced, not merely updated in place");

    sandbox.until("the old pod is gone", 60, || sandbox.get("pod", &pod).is_none());
    let generation = || sandbox.field("deployment", "web", "/metadata/generation");
    let (before, rolled) = (scene.revision(), generation());
    let quiet = scene.run("quiet").ended(0, "1 unchanged");
    let written = scene.written_since(&before);
    let ours = ["configmaps", "secrets", "deployments", "leases"];
    assert!(ours.iter().all(|kind| !written.contains_key(kind)), "a run without news writes nothing: {written:?}\n{quiet:#?}");
    assert!(written.contains_key("jobs") && written.contains_key("pods"), "what is counted is there: {written:?}");
    assert_eq!((generation(), scene.application().0), (rolled, fresh));
    let memory = [first.memory, news.memory, quiet.memory];
    // That none of them took too much is checked as they end; a pod may be gone before it was found, but not each of them.
    let elsewhere = std::env::var_os("GITOPS_TEST_HOST").is_some();
    assert!(elsewhere || memory.iter().any(Option::is_some), "the kernel counts the memory of pods");
    #[expect(clippy::print_stdout, reason = "figures for whoever reads the log")]
    {
        println!("figures: bytes of memory first, with news, without: {memory:?}; written around a run: {written:?}");
    }
    scene.uninstall();
}
