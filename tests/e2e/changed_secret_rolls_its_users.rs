//! A changed Secret with a fixed name gives its users' pod templates another hash, so that they roll; its value is printed nowhere.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write(
            "app/kustomization.yaml",
            "resources: [web.yaml]\nsecretGenerator:\n- name: config\n  files: [config.toml]\n  options: {disableNameSuffixHash: true}\n",
        )
        .write("app/config.toml", "password = 'first-hunter2'\n")
        .write(
            "app/web.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, annotations: {reloader.stakater.com/auto: 'true'}}\n\
             spec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      \
             terminationGracePeriodSeconds: 1\n      containers:\n      - {name: web, image: 'docker.io/local/demo-app:1', imagePullPolicy: \
             IfNotPresent, args: [serve], volumeMounts: [{name: c, mountPath: /c}]}\n      volumes: [{name: c, secret: {secretName: config}}]\n",
        );
    sandbox.gitops(&["apply", "app", "--wait", "--timeout", "120s"]).exit(0).hides("hunter2");
    let hash = || sandbox.field("deployment", "web", "/spec/template/metadata/annotations");
    let first = hash();
    assert!(first.is_object(), "{first}");
    sandbox.gitops(&["apply", "app"]).exit(0).says("2 unchanged");
    sandbox.write("app/config.toml", "password = 'second-hunter2'\n");
    sandbox.gitops(&["diff", "app"]).exit(1).hides("hunter2").says("Restarts");
    sandbox.gitops(&["apply", "app", "--wait", "--timeout", "120s"]).exit(0).hides("hunter2").says("2 updated");
    assert_ne!(first, hash());
    assert_eq!(sandbox.field("deployment", "web", "/status/observedGeneration"), 2);
}
