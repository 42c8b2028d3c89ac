//! Whatever is wrong with the input: a message that says where, exit 2, and no write, not even of the good part.

use testkit::cluster::Sandbox;

const GOOD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: good}\n";

pub(crate) fn check(sandbox: &Sandbox) {
    let cases = [
        ("malformed", "a: [\n", "bad.yaml"),
        ("duplicate-key", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nkind: Secret\n", "kind"),
        ("duplicate-id", GOOD, "good"),
        ("no-name", "apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}}\n", "name"),
    ];
    for (name, bad, expected) in cases {
        let file = format!("{name}/bad.yaml");
        sandbox
            .write(&format!("{name}/kustomization.yaml"), "resources: [good.yaml, bad.yaml]\n")
            .write(&format!("{name}/good.yaml"), GOOD)
            .write(&file, bad);
        sandbox.gitops(&["apply", name]).exit(2).says(expected);
    }
    sandbox.write("missing/kustomization.yaml", "resources: [god.yaml]\n").write("missing/good.yaml", GOOD);
    sandbox.gitops(&["apply", "missing"]).exit(2).says("god.yaml");
    sandbox.gitops(&["apply", "nowhere"]).exit(2).says("nowhere");
    assert!(sandbox.get("configmap", "good").is_none());
    assert_eq!(sandbox.kubectl(&["get", "configmaps", "-l", "kubectl-gitops.dev/root", "-o", "name"]).ok(), "");
}
