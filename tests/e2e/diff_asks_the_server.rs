//! `diff` shows what the server makes of every change: what it would refuse, what cannot be asked yet and why, what would roll although
//! it is in no set; nothing of defaulting, and no value of a Secret in any form.

use serde_json::Value;
use testkit::cluster::Sandbox;

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: REPLICAS\n  selector: {matchLabels: {app: web}}\n  \
                   template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - {name: web, image: example.com/none, resources: {limits: {cpu: 1000m}}}\n";
const OTHERS: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: others, namespace: NAMESPACE, annotations: {reloader.stakater.com/auto: 'true'}}\n\
                   spec:\n  replicas: 0\n  selector: {matchLabels: {app: others}}\n  template:\n    metadata: {labels: {app: others}}\n    spec:\n      \
                   containers: [{name: web, image: example.com/none, volumeMounts: [{name: c, mountPath: /c}]}]\n      \
                   volumes: [{name: c, secret: {secretName: db}}]\n";

fn kustomization(password: &str, resources: &str) -> String {
    format!(
        "resources: [{resources}]\nsecretGenerator:\n- name: db\n  literals: [password={password}]\n\
         generatorOptions: {{disableNameSuffixHash: true}}\n"
    )
}

fn json(sandbox: &Sandbox, code: i32) -> Value {
    let ran = sandbox.gitops(&["diff", "app", "-o", "json"]).exit(code).hides("canary").hides("Y2FuYXJ5");
    serde_json::from_str(&ran.stdout).expect("one JSON document")
}

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.write("app/kustomization.yaml", &kustomization("canary-one", "web.yaml"));
    sandbox.write("app/web.yaml", &WEB.replace("REPLICAS", "0"));
    let new = json(sandbox, 1);
    assert_eq!((&new["schema"], &new["command"], &new["counts"]["created"]), (&"v1.0".into(), &"diff".into(), &2.into()));
    sandbox.gitops(&["apply", "app"]).exit(0).hides("canary");
    // What the server adds is no difference, nor is another spelling of a quantity.
    sandbox.gitops(&["diff", "app"]).exit(0).says("2 unchanged");
    sandbox.write("app/web.yaml", &WEB.replace("REPLICAS", "0").replace("1000m", "'1'"));
    sandbox.gitops(&["diff", "app"]).exit(0).says("2 unchanged");

    // A Secret changes: who rolls is told, also if it is in no set.
    sandbox.write("others.yaml", OTHERS);
    drop(sandbox.kubectl(&["apply", "-f", "others.yaml"]).ok());
    sandbox.write("app/kustomization.yaml", &kustomization("canary-two", "web.yaml"));
    let told = "(Secret db changed, in no set)";
    sandbox.gitops(&["diff", "app"]).exit(1).says("changed (10 → 10 bytes)").says(told).hides("canary");
    sandbox.gitops(&["diff", "app", "-o", "markdown"]).exit(1).says("<!-- kubectl-gitops:app -->").says(told).hides("canary").hides("Y2FuYXJ5");
    sandbox.gitops(&["diff", "app", "-o", "yaml", "-v"]).exit(1).hides("canary").hides("Y2FuYXJ5");
    sandbox.gitops(&["diff", "app", "--reload=own"]).exit(1).says("Plan: 1 to update, 1 unchanged.");
    assert_eq!(json(sandbox, 1)["restarts"][0], format!("Deployment/{}/others {told}", sandbox.namespace));
    assert_eq!(sandbox.field("deployment", "others", "/metadata/generation"), 1);

    // What the server would refuse is known before, and named; a Secret's value is not.
    sandbox.write("app/web.yaml", &WEB.replace("REPLICAS", "-1"));
    sandbox.write("app/tls.yaml", "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata: {name: cert}\nstringData: {tls.crt: canary-three}\n");
    sandbox.write("app/kustomization.yaml", &kustomization("canary-two", "web.yaml, tls.yaml"));
    let refused = sandbox.gitops(&["diff", "app"]).exit(2).says("2 would fail").says("spec.replicas").hides("canary");
    assert!(refused.stderr.contains("G0404") && refused.stderr.contains("Secret/"), "{refused}");
    let failing = json(sandbox, 2);
    assert_eq!((&failing["result"], &failing["counts"]["failed"]), (&"failed".into(), &2.into()));
    sandbox.gitops(&["apply", "app"]).exit(1).says("2 failed").hides("canary");
}
