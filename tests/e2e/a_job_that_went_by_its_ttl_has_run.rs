//! A Job that is gone by its ttl is no failure, for a wait and for `status`, and is not run again; one without a ttl that was deleted is.

use testkit::cluster::Sandbox;

fn job(name: &str, ttl: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}}}\nspec:\n{ttl}  template:\n    spec:\n      restartPolicy: Never\n      \
         containers: [{{name: app, image: docker.io/local/demo-app:1, imagePullPolicy: IfNotPresent, args: [exit, '0', done]}}]\n"
    )
}

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("app/kustomization.yaml", "resources: [gone.yaml, stays.yaml]\n")
        .write("app/gone.yaml", &job("gone", "  ttlSecondsAfterFinished: 0\n"))
        .write("app/stays.yaml", &job("stays", ""));
    sandbox.gitops(&["apply", "app", "--wait", "--timeout", "90s"]).exit(0).says("2 created").says("All 2 healthy");
    sandbox.until("the Job went by its ttl", 60, || sandbox.get("job", "gone").is_none());
    sandbox.gitops(&["status", "app", "--drift", "--fail"]).exit(0).says("2 of 2 ready").says("Job");
    sandbox.gitops(&["diff", "app"]).exit(0);
    sandbox.gitops(&["apply", "app", "--wait", "--timeout", "30s"]).exit(0).says("2 unchanged").says("All 2 healthy");
    assert!(sandbox.get("job", "gone").is_none(), "it has run");

    sandbox.kubectl(&["delete", "job", "stays"]).ok();
    sandbox.gitops(&["apply", "app", "--wait", "--timeout", "90s"]).exit(0).says("1 created").says("1 unchanged");
    assert!(sandbox.get("job", "stays").is_some());
}
