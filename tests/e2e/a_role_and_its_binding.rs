//! A role and the binding that gives it, in one run, by an account that may hand rights on without having them: the binding is not
//! tried before the role is there.

use testkit::cluster::Sandbox;

const RIGHTS: &str = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: granter}\n---\n\
    apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: granter}\nrules:\n\
    - {apiGroups: [''], resources: [configmaps], verbs: ['*']}\n\
    - {apiGroups: [rbac.authorization.k8s.io], resources: [roles, rolebindings], verbs: ['*']}\n---\n\
    apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: granter}\n\
    roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: granter}\n\
    subjects: [{kind: ServiceAccount, name: granter, namespace: NAMESPACE}]\n";
const SET: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: a-reader}\n\
    roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}\n\
    subjects: [{kind: ServiceAccount, name: someone, namespace: NAMESPACE}]\n---\n\
    apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader}\nrules:\n- {apiGroups: [''], resources: [pods], verbs: [get]}\n";

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.write("rights.yaml", RIGHTS).write("app/all.yaml", SET).write("app/kustomization.yaml", "resources: [all.yaml]\n");
    drop(sandbox.kubectl(&["apply", "-f", "rights.yaml"]).ok());
    let user = format!("--as=system:serviceaccount:{}:granter", sandbox.namespace);
    let may = || sandbox.kubectl(&["auth", "can-i", "bind", "roles.rbac.authorization.k8s.io", &user]).stdout.trim() == "yes";
    sandbox.until("the rights are known", 20, may);
    sandbox.gitops(&["apply", "app", &user]).exit(0).says("2 created");
    sandbox.gitops(&["apply", "app", &user]).exit(0).says("2 unchanged");
    sandbox.gitops(&["delete", "app", "--yes", &user]).exit(0);
    assert!(sandbox.get("role", "reader").is_none());
}
