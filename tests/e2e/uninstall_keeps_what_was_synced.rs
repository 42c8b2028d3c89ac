//! What an installed CronJob would run syncs a private repository. `uninstall` keeps what was synced, with its inventory, and says so;
//! with `--delete-objects` both go.

use serde_json::Value;
use testkit::cluster::Sandbox;
use testkit::git::{GitServer, Repository, Serving};

const SYSTEM: &str = "gitops-system";

pub(crate) fn check(sandbox: &Sandbox) {
    let name = super::unique(sandbox, "keeps");
    let home = Repository::at(sandbox.dir().join("home"));
    home.write("apps/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n").commit("first");
    let server = GitServer::start(sandbox.dir(), &Serving { user: Some(("ann", "letmein2")), ..Serving::default() });
    sandbox.write("credentials/username", "ann\n").write("credentials/password", "letmein2\n");
    let url = server.url("home/.git");
    let login = ["--username", "ann", "--password-file", "credentials/password"];
    let install = || {
        let args = ["install", "--url", &url, "--path", "apps", "--name", &name, "--suspend"];
        sandbox.gitops(&[&args[..], &login].concat()).exit(0).says("4 created").hides("letmein2");
    };
    install();
    assert!(server.asked().is_empty(), "install asks no repository");
    run(sandbox, &name);
    assert!(sandbox.get("configmap", "web").is_some());

    let uninstall = |more: &[&str]| sandbox.gitops_anywhere(&[&["uninstall", "--name", &name, "--yes"][..], more].concat());
    let set = format!("{}.{name}", sandbox.namespace);
    let inventory = || sandbox.kubectl_in(SYSTEM, &["get", "configmap", &format!("gitops-{set}")]).code == 0;
    uninstall(&[]).exit(0).says(&format!("Kept: 1 object of {set}")).says(&format!("kubectl gitops delete {set}"));
    assert!(sandbox.get("configmap", "web").is_some() && inventory());
    install();
    uninstall(&["--delete-objects"]).exit(0);
    assert!(sandbox.get("configmap", "web").is_none() && !inventory());
}

/// Runs here what the CronJob's pod would run, with a directory of ours in place of the mounted Secret.
fn run(sandbox: &Sandbox, name: &str) {
    let cron_job = sandbox.kubectl_in(SYSTEM, &["get", "cronjob", &format!("gitops-{name}"), "-o", "json"]).ok();
    let cron_job: Value = serde_json::from_str(&cron_job).expect("kubectl prints JSON");
    let args = cron_job.pointer("/spec/jobTemplate/spec/template/spec/containers/0/args").and_then(Value::as_array);
    let args = args.expect("a container with arguments").iter().map(|arg| arg.as_str().expect("a word"));
    let args: Vec<String> = args
        .map(|arg| arg.replace("/etc/gitops/credentials", "credentials").replace("/dev/termination-log", "last"))
        .collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    sandbox.gitops_anywhere(&args).exit(0).says("1 created").hides("letmein2");
    let last = std::fs::read_to_string(sandbox.dir().join("last")).expect("the last words");
    assert!(last.contains("1 created"), "{last}");
}
