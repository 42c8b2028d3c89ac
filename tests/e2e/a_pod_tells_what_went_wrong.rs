//! What goes wrong in the cluster is told by the pod's log, its exit code, one line in its status and an Event; what stands in the
//! cluster stays, and the next good commit is all it takes.

use testkit::cluster::Sandbox;

use super::scene::{ANN, Scene};

pub(crate) fn check(sandbox: &Sandbox) {
    let mut scene = Scene::new(sandbox, "wrong", "first-hunter2");
    let install = |scene: &Scene<'_>, password: &str, more: &[&str]| {
        scene.install(password, &[&["--suspend"][..], more].concat()).exit(0);
    };
    install(&scene, ANN.password, &[]);
    scene.run("first").ended(0, "created");
    scene.deploy();
    let pod = scene.application_has("first-hunter2");
    let kept = |scene: &Scene<'_>| {
        assert_eq!(scene.application().0, pod, "what stands in the cluster stays");
        assert!(sandbox.get("secret", "config").is_some());
    };

    install(&scene, "wrong-hunter2", &[]);
    scene.run("wrong-password").ended(6, "refuses the credentials");
    scene.last_told("Failed", "refuses the credentials");
    install(&scene, ANN.password, &["--branch", "mian"]);
    scene.run("no-branch").ended(6, "mian");
    scene.last_told("Failed", "mian");
    install(&scene, ANN.password, &["--branch", "main"]);
    scene.gitea.stop();
    scene.run("server-down").ended(6, "cannot be reached");
    scene.last_told("Failed", "cannot be reached");
    scene.gitea.start_again();
    kept(&scene);

    let kustomization = std::fs::read_to_string(scene.home.top().join("app/kustomization.yaml")).expect("the file");
    scene.home.write("app/kustomization.yaml", format!("resources: [absent.yaml]\n{kustomization}"));
    let broken = scene.push("broken");
    scene.run("broken").ended(2, "absent.yaml");
    scene.last_told("Failed", "absent.yaml");
    kept(&scene);
    assert_eq!(scene.root("revision.attempted"), format!("main@sha1:{broken}"));
    scene.status(&["--fail"]).exit(1).says("absent.yaml");
    // The same again is no news.
    let told = scene.events().len();
    scene.run("still-broken").ended(2, "absent.yaml");
    assert_eq!(scene.events().len(), told);

    scene.home.git(&["revert", "--no-edit", "--quiet", "HEAD"]);
    scene.push_head();
    scene.run("reverted").ended(0, "1 unchanged");
    scene.last_told("Recovered", "unchanged");
    kept(&scene);
    scene.uninstall();
}
