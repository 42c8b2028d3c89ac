//! A claim whose storage class binds only when a pod asks is no reason to wait while none does, and is one as soon as a pod waits for it.

use testkit::cluster::Sandbox;

use crate::unique;

pub(crate) fn check(sandbox: &Sandbox) {
    let class = unique(sandbox, "late");
    let storage = |name: &str, mode: &str| {
        format!(
            "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {{name: {name}}}\nprovisioner: example.com/nobody\nvolumeBindingMode: {mode}\n"
        )
    };
    let claim = |name: &str, class: &str| {
        format!(
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}}}\nspec:\n  storageClassName: {class}\n  \
             accessModes: [ReadWriteOnce]\n  resources: {{requests: {{storage: 1Mi}}}}\n"
        )
    };
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: user}\nspec:\n  containers:\n  - {name: app, image: docker.io/local/demo-app:1, \
               volumeMounts: [{name: data, mountPath: /data}]}\n  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n";
    sandbox
        .write("app/kustomization.yaml", "resources: [class.yaml, claim.yaml]\n")
        .write("app/class.yaml", &storage(&class, "WaitForFirstConsumer"))
        .write("app/claim.yaml", &claim("data", &class));
    sandbox.gitops(&["apply", "app", "--wait", "--timeout", "20s"]).exit(0).says("All 2 healthy");
    assert_eq!(sandbox.field("persistentvolumeclaim", "data", "/status/phase"), "Pending");
    sandbox.gitops(&["status", "app", "--fail"]).exit(0).says("2 of 2 ready");

    sandbox.write("user.yaml", pod);
    sandbox.kubectl(&["apply", "-f", "user.yaml"]).ok();
    sandbox.until("the scheduler has a place for the pod", 30, || {
        let claim = sandbox.get("persistentvolumeclaim", "data").unwrap_or_default();
        claim.pointer("/metadata/annotations/volume.kubernetes.io~1selected-node").is_some()
    });
    sandbox.gitops(&["status", "app", "--fail"]).exit(1).says("1 of 2 ready").says("a pod waits for it on node");
    let waited = sandbox.gitops(&["apply", "app", "--wait", "--timeout", "2s"]).exit(4);
    waited.says("PersistentVolumeClaim").says("a pod waits for it on node").says(&class);
    sandbox.kubectl(&["delete", "pod", "user", "--force", "--grace-period=0"]).ok();

    // A class that binds at once is waited for.
    let early = unique(sandbox, "early");
    sandbox
        .write("app/kustomization.yaml", "resources: [class.yaml, claim.yaml, early.yaml, now.yaml]\n")
        .write("app/early.yaml", &storage(&early, "Immediate"))
        .write("app/now.yaml", &claim("now", &early));
    let ran = sandbox.gitops(&["apply", "app", "--wait", "--timeout", "2s"]).exit(4);
    ran.says(&format!("not bound by storage class {early}"));
    sandbox.gitops(&["delete", "app", "--yes", "--allow-delete=pvc"]).exit(0);
    for class in [&class, &early] {
        assert!(sandbox.get("storageclass", class).is_none());
    }
}
