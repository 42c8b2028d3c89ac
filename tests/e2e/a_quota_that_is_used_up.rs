//! A quota that is used up fails what does not fit, by name and with the server's words; the next run finishes the rest.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    let quota = |count: usize| {
        let text = format!(
            "apiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: few}}\nspec: {{hard: {{count/secrets: '{count}'}}}}\n"
        );
        sandbox.write("quota.yaml", &text);
        drop(sandbox.kubectl(&["apply", "-f", "quota.yaml"]).ok());
        let is_known = || sandbox.field("resourcequota", "few", "/status/hard/count~1secrets") == count.to_string().as_str();
        sandbox.until("the quota is known", 30, is_known);
    };
    quota(1);
    let secret = |name: &str| format!("- {{name: {name}, literals: [k=hunter2]}}\n");
    let (maps, secrets) = ("configMapGenerator:\n- {name: m, literals: [k=v]}\n", ["s", "t", "u"].map(secret).concat());
    let text = format!("{maps}secretGenerator:\n{secrets}generatorOptions: {{disableNameSuffixHash: true}}\n");
    sandbox.write("app/kustomization.yaml", &text);
    let ran = sandbox.gitops(&["apply", "app"]).exit(1).says("exceeded quota").hides("hunter2");
    assert!(sandbox.get("configmap", "m").is_some(), "what fits is applied\n{ran}");
    let made = ["s", "t", "u"].iter().filter(|name| sandbox.get("secret", name).is_some()).count();
    assert_eq!(made, 1);

    quota(3);
    sandbox.gitops(&["apply", "app"]).exit(0).says("2 created");
    sandbox.gitops(&["apply", "app"]).exit(0).says("4 unchanged");
    drop(sandbox.kubectl(&["delete", "-f", "quota.yaml"]).ok());
}
