//! A second apply of the same input sends no write: no object and no inventory gets another resourceVersion.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("app/kustomization.yaml", "resources: [all.yaml]\nsecretGenerator:\n- name: token\n  literals: [t=secret]\n")
        .write(
            "app/all.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n---\n\
             apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: quiet}\n\
             spec: {podSelector: {}, egress: [{to: []}]}\n---\n\
             apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: quota}\nspec: {hard: {cpu: 1000m, memory: 1024Mi}}\n",
        );
    sandbox.gitops(&["apply", "app", "--detailed-exitcode"]).exit(10).says("4 created");
    let versions = || {
        let list = "configmaps,secrets,services,networkpolicies,resourcequotas";
        let format = "jsonpath={range .items[*]}{.kind}/{.metadata.name}={.metadata.resourceVersion} {end}";
        sandbox.kubectl(&["get", list, "-o", format]).ok()
    };
    // The quota controller writes its status once more after the first apply.
    sandbox.until("the quota has a status", 20, || !sandbox.field("resourcequota", "quota", "/status/hard").is_null());
    let before = versions();
    sandbox.gitops(&["apply", "app", "--detailed-exitcode"]).exit(0).says("4 unchanged");
    sandbox.gitops(&["diff", "app"]).exit(0);
    assert_eq!(before, versions());
}
