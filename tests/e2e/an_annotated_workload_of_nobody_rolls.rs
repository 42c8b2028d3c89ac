//! A workload that was deployed by hand and carries Reloader's annotation rolls when a Secret of the set changes, once; nothing
//! else of it is touched, and `--reload=own` leaves it alone.

use testkit::cluster::Sandbox;

const KUSTOMIZATION: &str = "secretGenerator:\n- name: config\n  files: [config.toml]\n\
                             generatorOptions: {disableNameSuffixHash: true}\n";
const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: NAMESPACE, annotations: {reloader.stakater.com/auto: 'true'}}\n\
                   spec:\n  replicas: 0\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      \
                   containers: [{name: web, image: example.com/none, volumeMounts: [{name: c, mountPath: /c}]}]\n      \
                   volumes: [{name: c, secret: {secretName: config}}]\n";

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.write("app/kustomization.yaml", KUSTOMIZATION).write("app/config.toml", "password = 'first-hunter2'\n");
    sandbox.write("web.yaml", WEB);
    drop(sandbox.kubectl(&["apply", "-f", "web.yaml"]).ok());
    let hash = || sandbox.field("deployment", "web", "/spec/template/metadata/annotations");
    let generation = || sandbox.field("deployment", "web", "/metadata/generation");
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 created");
    assert_eq!((hash().is_null(), generation()), (true, 1.into()), "what is new has no old content");

    sandbox.write("app/config.toml", "password = 'second-hunter2'\n");
    let ran = sandbox.gitops(&["apply", "app"]).exit(0).says("1 updated").says("rolled Deployment/").hides("hunter2");
    let first = hash();
    assert!(first["kubectl-gitops.dev/hash.secret.config"].is_string(), "{first}\n{ran}");
    assert_eq!((first.as_object().map(serde_json::Map::len), generation()), (Some(1), 2.into()));
    assert_eq!(sandbox.field("deployment", "web", "/spec/replicas"), 0);
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 unchanged");
    assert_eq!(generation(), 2);

    sandbox.write("app/config.toml", "password = 'third-hunter2'\n");
    sandbox.gitops(&["apply", "app", "--reload=own"]).exit(0).says("1 updated");
    assert_eq!((hash(), generation()), (first.clone(), 2.into()));
    sandbox.write("app/config.toml", "password = 'fourth-hunter2'\n");
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 foreign workload rolled");
    assert_eq!(generation(), 3);
    assert_ne!(hash(), first);
    // Its own applier goes on as before.
    drop(sandbox.kubectl(&["apply", "-f", "web.yaml"]).ok());
    assert_eq!(generation(), 3);
}
