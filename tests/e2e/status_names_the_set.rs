//! `status` shows every set, `status NAME` its objects with their pods, its last runs, and what somebody changed, again and again
//! if asked, without writing.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.write("app/kustomization.yaml", "configMapGenerator:\n- name: settings\n  literals: [a=b]\n");
    sandbox.gitops(&["apply", "app"]).ok();
    sandbox.gitops(&["status"]).exit(0).says("app");
    sandbox.gitops(&["status", "app"]).exit(0).says("settings-");
    sandbox.gitops(&["status", "nothing-of-this-name"]).exit(2).says("nothing-of-this-name");
    shows_pods_and_runs(sandbox);
    shows_drift(sandbox);
    watches(sandbox);
}

fn json(sandbox: &Sandbox, args: &[&str]) -> Value {
    let ran = sandbox.gitops(&[&["status", "app", "-o", "json"], args].concat()).exit(0).hides("canary").hides("Y2FuYXJ5");
    serde_json::from_str(&ran.stdout).expect("one document")
}

fn shows_pods_and_runs(sandbox: &Sandbox) {
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  selector: {matchLabels: {app: web}}\n  \
         template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: example.com/none}]}\n";
    sandbox.write("app/web.yaml", web).write("app/web-api.yaml", &web.replace("web}", "web-api}").replace("replicas: 1", "replicas: 0"));
    sandbox.write(
        "app/kustomization.yaml",
        "resources: [web.yaml, web-api.yaml]\nconfigMapGenerator:\n- name: settings\n  literals: [a=b]\nsecretGenerator:\n- name: db\n  literals: [password=canary-one]\n",
    );
    sandbox.write("app/web.yaml", &web.replace("replicas: 1", "replicas: -1"));
    sandbox.gitops(&["apply", "app"]).exit(1).says("spec.replicas");
    sandbox.write("app/web.yaml", web);
    sandbox.gitops(&["apply", "app"]).ok();
    testkit::until("the pod of the Deployment is shown", 30, || {
        sandbox.gitops(&["status", "app", "-v"]).exit(0).stdout.contains("Pod web-")
    });
    let set = json(sandbox, &[])["sets"][0].clone();
    let member = |name: &str| {
        let members = set["members"].as_array().expect("members");
        members.iter().find(|member| member["object"]["name"] == name).expect("a member").clone()
    };
    assert_eq!(member("web")["pods"].as_array().map(Vec::len), Some(1), "{set}");
    assert!(member("web-api")["pods"].is_null(), "{set}");
    let results: Vec<&Value> = set["runs"].as_array().expect("runs").iter().map(|run| &run["result"]).collect();
    assert_eq!(results, ["succeeded", "failed", "succeeded"], "{set}");
    assert!(set["health"]["Current"].as_u64().is_some_and(|count| count >= 3), "{set}");
    sandbox.gitops(&["status", "app"]).exit(0).says("Last runs:");
}

fn shows_drift(sandbox: &Sandbox) {
    let settings = sandbox.kubectl(&["get", "configmap", "-o", "name"]).ok();
    let settings = settings.lines().find(|line| line.contains("settings-")).expect("the ConfigMap").to_owned();
    sandbox.gitops(&["status", "app", "--drift"]).exit(0).says("no drift");
    assert_eq!(json(sandbox, &["--drift"])["sets"][0]["drifted"], 0);
    let patch = r#"{"data":{"a":"by-hand"}}"#;
    drop(sandbox.kubectl(&["patch", &settings, "--type=merge", "-p", patch, "--field-manager=ann"]).ok());
    sandbox.gitops(&["status", "app", "--drift"]).exit(0).says("1 drifted").says("drift: changed in the cluster by ann");
    drop(sandbox.kubectl(&["delete", &settings]).ok());
    sandbox.gitops(&["status", "app", "--drift"]).exit(0).says("drift: was deleted by somebody");
    sandbox.gitops(&["status", "--drift", "--fail"]).exit(1);
    sandbox.gitops(&["apply", "app"]).ok();
    sandbox.gitops(&["status", "app", "--drift"]).exit(0).says("no drift");
}

fn watches(sandbox: &Sandbox) {
    let args = ["status", "app", "--watch", "--interval", "200ms", "-o", "jsonl"];
    let child = sandbox.gitops_command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    testkit::pause(Duration::from_secs(2));
    drop(sandbox.kubectl(&["delete", "deployment", "web"]).ok());
    testkit::pause(Duration::from_secs(2));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    let output = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}{}", String::from_utf8_lossy(&output.stderr));
    let heads = told.lines().filter(|line| line.contains("\"type\":\"version\"")).count();
    assert!((2..20).contains(&heads), "it is told when it changes, and only then: {told}");
    assert!(told.lines().last().is_some_and(|line| line.contains("NotFound")), "{told}");
}
