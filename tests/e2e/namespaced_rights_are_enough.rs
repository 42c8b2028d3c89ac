//! An account with rights in one namespace has the same guarantees: what it may not list it reads one by one, what it may not
//! read stays as it is.

use testkit::cluster::Sandbox;

const ALL: &str = "get, list, watch, create, update, patch, delete";

/// Rights of the account `deployer` on two kinds.
fn allow(sandbox: &Sandbox, secrets: &str) {
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: deployer}\n";
    let rule = |kind: &str, verbs: &str| format!("- {{apiGroups: [''], resources: [{kind}], verbs: [{verbs}]}}\n");
    let secrets = if secrets.is_empty() { String::new() } else { rule("secrets", secrets) };
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: deployer}\nrules:\n";
    let binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: deployer}\n\
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}\n\
        subjects: [{kind: ServiceAccount, name: deployer, namespace: NAMESPACE}]\n";
    let text = format!("{account}---\n{role}{}{secrets}---\n{binding}", rule("configmaps", ALL));
    sandbox.write("rights.yaml", &text);
    drop(sandbox.kubectl(&["apply", "-f", "rights.yaml"]).ok());
    // Rights reach the API server's authorizer a moment later.
    let user = format!("--as=system:serviceaccount:{}:deployer", sandbox.namespace);
    let can = |verb: &str| sandbox.kubectl(&["auth", "can-i", verb, "secrets", &user]).stdout.trim() == "yes";
    let wants = |verb: &str| secrets.contains(verb);
    sandbox.until("the rights are known", 20, || can("list") == wants("list") && can("get") == wants("get"));
}

fn set(sandbox: &Sandbox, maps: &[&str], secrets: &[&str]) {
    let generated = |names: &[&str]| -> String {
        names.iter().map(|name| format!("- {{name: {name}, literals: [k=v]}}\n")).collect::<Vec<_>>().concat()
    };
    let options = "generatorOptions: {disableNameSuffixHash: true}\n";
    let (maps, secrets) = (generated(maps), generated(secrets));
    let secrets = if secrets.is_empty() { secrets } else { format!("secretGenerator:\n{secrets}") };
    sandbox.write("app/kustomization.yaml", &format!("configMapGenerator:\n{maps}{secrets}{options}"));
}

pub(crate) fn check(sandbox: &Sandbox) {
    let user = format!("--as=system:serviceaccount:{}:deployer", sandbox.namespace);
    let apply = |flags: &[&str]| sandbox.gitops(&[&["apply", "app", user.as_str()], flags].concat());
    let version = |name: &str| sandbox.field("configmap", name, "/metadata/resourceVersion");

    // LISTs over the whole cluster are forbidden, those of the namespace are not.
    allow(sandbox, ALL);
    set(sandbox, &["a", "b"], &["s", "t"]);
    apply(&[]).exit(0).says("4 created");
    let before = version("gitops-app");
    apply(&[]).exit(0).says("4 unchanged");
    assert_eq!(version("gitops-app"), before, "nothing is written for nothing");
    set(sandbox, &["a"], &["s", "t"]);
    apply(&[]).exit(0).says("1 pruned");
    assert!(sandbox.get("configmap", "b").is_none());

    // Secrets cannot be listed at all: they are read one by one, and pruned all the same.
    allow(sandbox, "get, create, patch, delete");
    apply(&[]).exit(0).says("3 unchanged");
    set(sandbox, &["a"], &["s"]);
    apply(&[]).exit(0).says("1 pruned");
    assert!(sandbox.get("secret", "t").is_none());

    // They cannot be read any more: what left Git stays, and stays on record.
    allow(sandbox, "");
    set(sandbox, &["a"], &[]);
    apply(&[]).says("could not be read");
    assert!(sandbox.get("secret", "s").is_some());
    let record = sandbox.field("configmap", "gitops-app", "/data/entries");
    assert!(record.as_str().is_some_and(|record| record.contains("/s ")), "{record}");
    // What is wanted and cannot be read is no licence to write.
    set(sandbox, &["a", "c"], &["s"]);
    apply(&[]).exit(6).says("forbidden");
    assert!(sandbox.get("configmap", "c").is_none(), "refused means nothing was written");

    allow(sandbox, ALL);
    set(sandbox, &["a"], &[]);
    apply(&[]).exit(0).says("1 pruned");
    assert!(sandbox.get("secret", "s").is_none());
    sandbox.gitops(&["delete", "app", "--yes", &user]).ok();
    assert!(sandbox.get("configmap", "gitops-app").is_none());
}
