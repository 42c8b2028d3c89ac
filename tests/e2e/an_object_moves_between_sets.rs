//! An object that moves from one set to another is not made anew: the new set takes it by name, the old one lets go of it,
//! and neither run after that writes anything.

use testkit::cluster::Sandbox;

fn kustomization(sandbox: &Sandbox, set: &str, resources: &str) {
    sandbox.write(&format!("{set}/kustomization.yaml"), &format!("resources: [{resources}]\n"));
}

pub(crate) fn check(sandbox: &Sandbox) {
    for set in ["old", "new"] {
        for name in ["by-flag", "by-note", set] {
            let note = if name == "by-note" { ", annotations: {kubectl-gitops.dev/take-from: old}" } else { "" };
            let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}{note}}}\ndata: {{of: {set}}}\n");
            sandbox.write(&format!("{set}/{name}.yaml"), &text);
        }
    }
    kustomization(sandbox, "old", "by-flag.yaml, by-note.yaml, old.yaml");
    kustomization(sandbox, "new", "new.yaml");
    sandbox.gitops(&["apply", "old"]).ok();
    sandbox.gitops(&["apply", "new"]).ok();
    let uid = |name: &str| sandbox.field("configmap", name, "/metadata/uid");
    let before = [uid("by-flag"), uid("by-note")];

    kustomization(sandbox, "old", "old.yaml");
    kustomization(sandbox, "new", "by-flag.yaml, by-note.yaml, new.yaml");
    sandbox.gitops(&["apply", "new"]).exit(3).says("--take-from").says("by-flag");
    sandbox.gitops(&["diff", "new", "--take-from", "old"]).exit(1).says("moves here from");
    sandbox.gitops(&["apply", "new", "--take-from", "old"]).exit(0).says("2 updated");
    assert_eq!([uid("by-flag"), uid("by-note")], before);
    assert_eq!(sandbox.field("configmap", "by-flag", "/data/of"), "new");

    // The old set has not heard of it yet: it deletes nothing, and forgets.
    sandbox.gitops(&["apply", "old"]).ok();
    assert_eq!([uid("by-flag"), uid("by-note")], before);
    sandbox.gitops(&["apply", "new"]).exit(0).says("3 unchanged");
    sandbox.gitops(&["apply", "old"]).exit(0).says("1 unchanged");
    sandbox.gitops(&["delete", "old", "--yes"]).ok();
    assert_eq!([uid("by-flag"), uid("by-note")], before);
}
