//! A policy of the cluster that denies a deletion: it is told, the object stays on record, and goes when the policy does.

use testkit::cluster::Sandbox;

const POLICY: &str = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: keep-NAMESPACE}\nspec:\n  \
    failurePolicy: Fail\n  matchConstraints:\n    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAMESPACE}}\n    \
    resourceRules:\n    - {apiGroups: [''], apiVersions: [v1], operations: [DELETE], resources: [configmaps], resourceNames: [b]}\n  \
    validations:\n  - {expression: 'false', message: 'b is here to stay'}\n---\n\
    apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: {name: keep-NAMESPACE}\n\
    spec: {policyName: keep-NAMESPACE, validationActions: [Deny]}\n";

pub(crate) fn check(sandbox: &Sandbox) {
    let set = |names: &[&str]| {
        let maps: Vec<String> = names.iter().map(|name| format!("- {{name: {name}, literals: [k=v]}}\n")).collect();
        let text = format!("configMapGenerator:\n{}generatorOptions: {{disableNameSuffixHash: true}}\n", maps.concat());
        sandbox.write("app/kustomization.yaml", &text);
    };
    set(&["a", "b", "c"]);
    sandbox.gitops(&["apply", "app"]).ok();
    sandbox.write("policy.yaml", POLICY);
    drop(sandbox.kubectl(&["apply", "-f", "policy.yaml"]).ok());
    let denies = || sandbox.kubectl(&["delete", "configmap", "b", "--dry-run=server"]).stderr.contains("here to stay");
    sandbox.until("the policy is in force", 60, denies);

    set(&["a"]);
    sandbox.gitops(&["apply", "app"]).exit(1).says("b is here to stay");
    assert!(sandbox.get("configmap", "b").is_some() && sandbox.get("configmap", "c").is_none());
    let record = sandbox.field("configmap", "gitops-app", "/data/entries");
    assert!(record.as_str().is_some_and(|record| record.contains("/b ")), "{record}");
    sandbox.gitops(&["apply", "app"]).exit(1).says("b is here to stay");

    drop(sandbox.kubectl(&["delete", "-f", "policy.yaml"]).ok());
    sandbox.until("the policy is gone", 60, || !denies());
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 pruned");
    assert!(sandbox.get("configmap", "b").is_none());
}
