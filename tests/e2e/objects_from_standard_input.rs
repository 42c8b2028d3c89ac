//! `-f -` applies what it reads, under a name that must be given.

use testkit::cluster::Sandbox;

use std::io::Write as _;
use std::process::Stdio;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.gitops(&["apply", "-f", "-"]).exit(2).says("--name");
    let mut command = sandbox.gitops_command(&["apply", "-f", "-", "--name", "piped"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the plugin runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: piped}\n").expect("it reads");
    drop(input);
    assert!(child.wait().expect("it ends").success());
    assert!(sandbox.get("configmap", "piped").is_some());
}
