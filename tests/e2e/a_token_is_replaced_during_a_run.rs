//! A token that is replaced in its file while a run is under way, as kubelets do for pods: the run goes on with the new one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use testkit::cluster::Sandbox;
use testkit::gateway::{Gateway, Reply};
use testkit::http::Answer;

/// After so many requests the old token is worth nothing.
const REPLACED_AT: usize = 12;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.write("app/kustomization.yaml", &super::config_maps("app", 30)).write("token", "first-token");
    let (api, path) = (Arc::new(sandbox.api()), sandbox.dir().join("token"));
    let count = Arc::new(AtomicUsize::new(0));
    let refused = Arc::new(AtomicUsize::new(0));
    let (counted, denied, file) = (Arc::clone(&count), Arc::clone(&refused), path.clone());
    let gateway = Gateway::new(move |mut call| {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        if number == REPLACED_AT {
            std::fs::write(&file, "second-token").expect("a file");
        }
        let valid = if number < REPLACED_AT { "Bearer first-token" } else { "Bearer second-token" };
        if call.header("authorization") != Some(valid) {
            denied.fetch_add(1, Ordering::SeqCst);
            return Reply::Whole(Answer::refusal(401, "Unauthorized", "the token has expired"));
        }
        call.headers.retain(|(name, _)| name != "authorization");
        api.send(&call).map_or(Reply::Closed, Reply::Whole)
    });
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: '{}'}}}}]\n\
         users: [{{name: c, user: {{tokenFile: '{}'}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: c}}}}]\n",
        gateway.url(),
        path.display()
    );
    sandbox.write("kubeconfig", &kubeconfig);
    let ran = sandbox.gitops_as(&sandbox.dir().join("kubeconfig"), &["apply", "app", "--concurrency", "4"]);
    ran.exit(0).says("30 created").hides("first-token").hides("second-token");
    assert!(refused.load(Ordering::SeqCst) > 0, "the token was not replaced in the middle");
    assert_eq!(super::made(sandbox, "app"), 30);
}
