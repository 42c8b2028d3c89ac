//! `apply --plan-out` keeps a plan in a file that holds no value of a Secret; `apply --plan` carries it out as it was shown, or names what
//! moved and does nothing.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use testkit::cluster::{Ran, Sandbox};

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 0\n  selector: {matchLabels: {app: web}}\n  \
                   template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: 'example.com/web:IMAGE'}]}\n";

fn tree(sandbox: &Sandbox, image: &str, mode: &str, password: &str) {
    let kustomization = format!(
        "resources: [web.yaml]\nconfigMapGenerator:\n- name: settings\n  literals: [mode={mode}]\nsecretGenerator:\n- name: db\n  literals: [password={password}]\n\
         generatorOptions: {{disableNameSuffixHash: true}}\n"
    );
    sandbox.write("app/kustomization.yaml", &kustomization).write("app/web.yaml", &WEB.replace("IMAGE", image));
}

fn plan(sandbox: &Sandbox) -> Ran {
    let ran = sandbox.gitops(&["apply", "app", "--plan-out", "plan.json"]).hides("canary").hides("Y2FuYXJ5");
    let path = sandbox.dir().join("plan.json");
    if let Ok(text) = std::fs::read_to_string(&path) {
        assert!(!text.contains("canary") && !text.contains("Y2FuYXJ5"), "a value of a Secret is in the plan");
        assert_eq!(std::fs::metadata(&path).expect("the plan").permissions().mode() & 0o777, 0o600);
    }
    ran
}

fn carry_out(sandbox: &Sandbox) -> Ran {
    sandbox.gitops(&["apply", "app", "--plan", "plan.json"]).hides("canary").hides("Y2FuYXJ5")
}

fn refused(sandbox: &Sandbox, what: &str) {
    let version = sandbox.field("configmap", "gitops-app", "/metadata/resourceVersion");
    carry_out(sandbox).exit(3).says("G0323").says(what).says("Nothing was written");
    assert_eq!(sandbox.field("configmap", "gitops-app", "/metadata/resourceVersion"), version, "a refused plan writes nothing");
}

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.write("plan.json", "{}");
    carry_out_of_nothing(sandbox);
    tree(sandbox, "1", "one", "canary-one");
    plan(sandbox).exit(0).says("Plan: 3 to create.");
    assert!(sandbox.get("configmap", "settings").is_none() && sandbox.get("configmap", "gitops-app").is_none());
    carry_out(sandbox).exit(0).says("3 created");
    carry_out(sandbox).exit(3).says("a run has written it since");

    // As shown, whatever else happens to what is not concerned, or to a status.
    tree(sandbox, "2", "one", "canary-two");
    plan(sandbox).exit(0).says("Plan: 2 to update, 1 unchanged.");
    sandbox.gitops(&["apply", "app", "--plan-out", "other.json", "--detailed-exitcode"]).exit(10);
    let status = r#"{"status":{"observedGeneration":1,"conditions":[{"type":"Available","status":"False","reason":"Test"}]}}"#;
    drop(sandbox.kubectl(&["patch", "deployment", "web", "--subresource=status", "--type=merge", "-p", status]).ok());
    carry_out(sandbox).exit(0).says("2 updated, 1 unchanged");

    // What the plan decided on has moved.
    tree(sandbox, "3", "two", "canary-two");
    plan(sandbox).exit(0).says("Plan: 2 to update, 1 unchanged.");
    drop(sandbox.kubectl(&["label", "configmap", "settings", "somebody=else"]).ok());
    refused(sandbox, "ConfigMap/");
    plan(sandbox).exit(0);
    drop(sandbox.kubectl(&["delete", "deployment", "web"]).ok());
    refused(sandbox, "the plan said update, now it is create");
    plan(sandbox).exit(0).says("1 to create");
    drop(sandbox.kubectl(&["create", "deployment", "web", "--image=example.com/web"]).ok());
    refused(sandbox, "Deployment/");
    drop(sandbox.kubectl(&["delete", "deployment", "web"]).ok());

    // The input or the flags are others.
    plan(sandbox).exit(0);
    tree(sandbox, "3", "three", "canary-two");
    refused(sandbox, "settings: is built otherwise");
    tree(sandbox, "3", "two", "canary-tri");
    refused(sandbox, "a Secret: is built otherwise");
    tree(sandbox, "3", "two", "canary-two");
    sandbox.gitops(&["apply", "app", "--plan", "plan.json", "--prune=false"]).exit(3).says("the flags");
    carry_out(sandbox).exit(0).says("1 created").says("1 updated");
    assert_eq!(sandbox.field("configmap", "settings", "/data/mode"), "two");
}

/// What is no plan is named, before anything is built.
fn carry_out_of_nothing(sandbox: &Sandbox) {
    sandbox.write("app/kustomization.yaml", "resources: []\n");
    carry_out(sandbox).exit(2).says("G0113").says("does not say its format");
    sandbox.write("plan.json", "hunter");
    carry_out(sandbox).exit(2).says("it is not JSON");
    sandbox.write("plan.json", &Value::from_iter([("format", "kubectl-gitops.dev/plan-v9")]).to_string());
    carry_out(sandbox).exit(2).says("not understood by this version");
    sandbox.remove("plan.json");
    carry_out(sandbox).exit(2).says("`plan.json`");
    sandbox.gitops(&["apply", "app", "--plan", "a", "--plan-out", "b"]).exit(2).says("cannot be used with");
}
