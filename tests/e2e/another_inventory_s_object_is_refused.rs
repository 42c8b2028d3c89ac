//! An object that another set owns is refused before anything is written, and both owners are named.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    for set in ["first", "second"] {
        sandbox
            .write(&format!("{set}/kustomization.yaml"), "resources: [shared.yaml, own.yaml]\n")
            .write(&format!("{set}/shared.yaml"), &format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: shared}}\ndata: {{of: {set}}}\n"))
            .write(&format!("{set}/own.yaml"), &format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: own-{set}}}\n"));
    }
    sandbox.gitops(&["apply", "first"]).ok();
    sandbox.gitops(&["apply", "second"]).exit(3).says("shared");
    sandbox.gitops(&["apply", "second", "--force-conflicts", "--adopt=all"]).exit(3);
    assert!(sandbox.get("configmap", "own-second").is_none(), "refused means nothing was written");
    assert_eq!(sandbox.field("configmap", "shared", "/data/of"), "first");
    // What the first set gives up the second may have.
    sandbox.write("first/kustomization.yaml", "resources: [own.yaml]\n");
    sandbox.gitops(&["apply", "first"]).exit(0).says("1 pruned");
    sandbox.gitops(&["apply", "second"]).exit(0).says("2 created");
}
