//! `install --rbac=namespaced` puts everything into one namespace and grants rights there only; `status` finds it there. The pods that it describes pass the
//! strictest of Kubernetes' own standards for pods.

use serde_json::{Value, json};
use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    let args = ["install", "--url", "https://git.invalid/team.git", "--rbac", "namespaced", "--suspend"];
    let args = [&args[..], &["--secret-ref", "git", "--name", "team"]].concat();
    sandbox.gitops(&args).exit(0).says("3 created").says("there is no Secret").says("ClusterRole admin");
    let binding = sandbox.get("rolebinding", "gitops-team").expect("a binding");
    assert_eq!(binding["roleRef"]["name"], "admin");
    assert_eq!(binding["subjects"][0]["namespace"], Value::from(sandbox.namespace.as_str()));
    let account = format!("--as=system:serviceaccount:{}:gitops-team", sandbox.namespace);
    sandbox.kubectl(&["auth", "can-i", "create", "deployments", &account]).exit(0);
    sandbox.kubectl_in("default", &["auth", "can-i", "create", "deployments", &account]).exit(1);
    assert!(sandbox.get("configmap", "gitops-install-team").is_some());

    // Whoever may see only this namespace sees its CronJob, too.
    let suspended = format!("CronJob {}/gitops-team is suspended", sandbox.namespace);
    sandbox.gitops(&["status"]).exit(0).says(&suspended);
    sandbox.gitops(&["status", &account]).exit(0).says(&suspended);

    // The pod as the Job controller would make it, where the server demands the strictest standard.
    let label = "pod-security.kubernetes.io/enforce=restricted";
    sandbox.kubectl(&["label", "namespace", &sandbox.namespace, label]).ok();
    let mut pod = sandbox.field("cronjob", "gitops-team", "/spec/jobTemplate/spec/template");
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = json!("as-the-job-makes-it");
    sandbox.write("pod.json", &pod.to_string());
    sandbox.kubectl(&["create", "--dry-run=server", "-f", "pod.json"]).ok();
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = json!(true);
    sandbox.write("pod.json", &pod.to_string());
    sandbox.kubectl(&["create", "--dry-run=server", "-f", "pod.json"]).exit(1).says("violates PodSecurity");

    sandbox.gitops(&["uninstall", "--yes"]).exit(0).says("Deleted installation team");
    for (kind, name) in
        [("cronjob", "gitops-team"), ("rolebinding", "gitops-team"), ("configmap", "gitops-install-team")]
    {
        assert!(sandbox.get(kind, name).is_none(), "{kind}/{name}");
    }
}
