//! A webhook of the set comes after everything else, or it would refuse what the same set brings. One that does not answer fails
//! what it is asked about: by name, within bounds, and nothing else.

use std::time::{Duration, Instant};

use testkit::cluster::Sandbox;

const WEBHOOK: &str = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: guard-NAMESPACE}\n\
    webhooks:\n- name: guard.example.com\n  admissionReviewVersions: [v1]\n  sideEffects: None\n  failurePolicy: Fail\n  timeoutSeconds: 1\n  \
    clientConfig: {service: {name: guard, namespace: NAMESPACE, path: /}}\n  \
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAMESPACE}}\n  objectSelector: {matchLabels: {guarded: 'yes'}}\n  \
    rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps]}]\n";
const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: guard}\nspec: {selector: {app: guard}, ports: [{port: 443}]}\n";

fn map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, labels: {{guarded: '{}'}}}}\ndata: {{k: {value}}}\n", if name == "a" { "yes" } else { "no" })
}

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("app/kustomization.yaml", "resources: [0-webhook.yaml, a.yaml, b.yaml, service.yaml]\nsortOptions: {order: fifo}\n")
        .write("app/0-webhook.yaml", WEBHOOK)
        .write("app/service.yaml", SERVICE)
        .write("app/a.yaml", &map("a", "one"))
        .write("app/b.yaml", &map("b", "one"));
    sandbox.gitops(&["apply", "app"]).exit(0).says("4 created");
    // The API server hears of it a moment later.
    let patch = ["patch", "configmap", "a", "-p", r#"{"data":{"x":"y"}}"#, "--dry-run=server"];
    sandbox.until("the webhook is asked", 30, || sandbox.kubectl(&patch).stderr.contains("guard.example.com"));
    sandbox.gitops(&["apply", "app"]).exit(0).says("4 unchanged");

    sandbox.write("app/a.yaml", &map("a", "two")).write("app/b.yaml", &map("b", "two"));
    let begin = Instant::now();
    sandbox.gitops(&["apply", "app"]).exit(1).says("guard.example.com").says("1 updated");
    assert!(begin.elapsed() < Duration::from_secs(45), "a webhook that is down is not waited for without end");
    assert_eq!(sandbox.field("configmap", "b", "/data/k"), "two");
    assert_eq!(sandbox.field("configmap", "a", "/data/k"), "one");

    let name = format!("guard-{}", sandbox.namespace);
    drop(sandbox.kubectl(&["delete", "validatingwebhookconfiguration", &name]).ok());
    sandbox.write("app/kustomization.yaml", "resources: [a.yaml, b.yaml, service.yaml]\n");
    sandbox.until("the webhook is not asked any more", 30, || sandbox.kubectl(&patch).code == 0);
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 updated");
    assert_eq!(sandbox.field("configmap", "a", "/data/k"), "two");
}
