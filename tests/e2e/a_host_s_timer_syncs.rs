//! `install --systemd` on a machine (a directory in its place): what the service starts syncs a private repository with an encrypted
//! Secret, with credentials and keys that only root may read, and tells the cluster that the timer lives. `uninstall --systemd --delete-objects` leaves nothing, there and in the cluster.

use std::os::unix::fs::symlink;
use std::process::Command;

use testkit::cluster::{Ran, Sandbox};
use testkit::git::{GitServer, Repository, Serving};

pub(crate) fn check(sandbox: &Sandbox) {
    let name = super::unique(sandbox, "host");
    let home = Repository::at(sandbox.dir().join("home"));
    home.write("apps/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n");
    sandbox.write("key.txt", include_str!("../../fixtures/sops/key.txt"));
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\nstringData: {token: letmein3}\n";
    sandbox.write("home/apps/token.yaml", secret);
    let recipient = include_str!("../../fixtures/sops/key.txt").split_whitespace().find(|word| word.starts_with("age1"));
    let encrypt = ["secrets", "encrypt", "-i", "--age", recipient.expect("a recipient"), "--encrypted-regex", "^stringData$"];
    sandbox.gitops_anywhere(&[&encrypt[..], &["home/apps/token.yaml"]].concat()).exit(0);
    home.commit("first");
    let server = GitServer::start(sandbox.dir(), &Serving { user: Some(("ann", "letmein2")), ..Serving::default() });
    let kubeconfig = sandbox.kubectl(&["config", "view", "--raw", "--minify", "--flatten"]).ok();
    sandbox.write("k3s.yaml", &kubeconfig).write("password", "letmein2\n");
    // Where the build lies may be a home directory, which the service does not see.
    let at = |path: &str| sandbox.dir().join(path).to_str().expect("a path of letters").to_owned();
    symlink(sandbox.gitops_command(&[]).get_program(), at("kubectl-gitops")).expect("a link");

    let args = ["install", "--systemd", "--root", "machine", "--name", &name, "--url", &server.url("home/.git")];
    let paths = ["--binary", &at("kubectl-gitops"), "--kubeconfig", &at("k3s.yaml"), "--path", "apps"];
    let login = ["--username", "ann", "--password-file", "password", "--age-key-file", "key.txt"];
    let installed = sandbox.gitops(&[&args[..], &paths, &login].concat()).exit(0).says("+ created");
    installed.hides("letmein2").hides("AGE-SECRET-KEY");

    let unit = at(&format!("machine/etc/systemd/system/gitops-{name}.service"));
    let started = || {
        let unit = std::fs::read_to_string(&unit).expect("a unit");
        let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command line");
        assert!(!line.contains('"'), "nothing here needs quotes: {line}");
        let line = line.replace("=/etc/", &format!("={}/etc/", at("machine"))).replace("%H", "host").replace("%%", "%");
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().expect("a program"));
        // As systemd does it: no environment but its own.
        let output = command.args(words).env_clear().env("PATH", "/usr/bin:/bin").output().expect("it starts");
        Ran::from_output(line.clone(), &output)
    };
    started().exit(0).says("2 created").hides("letmein2").hides("letmein3");
    assert!(sandbox.get("configmap", "web").is_some());
    let secret = sandbox.get("secret", "token").expect("a Secret");
    assert_eq!(secret["data"]["token"], "bGV0bWVpbjM=");
    let set = format!("{}.{name}", sandbox.namespace);
    let lease = || {
        let lease = sandbox.kubectl_in("gitops-system", &["get", "lease", &format!("gitops-{set}"), "-o", "yaml"]).ok();
        assert!(lease.contains("holderIdentity: systemd/host"), "{lease}");
        lease
    };
    let first = lease();
    started().exit(0).says("2 unchanged");
    assert_eq!(lease(), first, "it is renewed seldom");
    sandbox.gitops_anywhere(&["status"]).exit(0).says(&format!("Timer systemd/host of {set}, every 1m. Seen "));
    let driver = |set: &str| {
        let name = format!("gitops-{set}");
        sandbox.kubectl_in("gitops-system", &["get", "configmap", &name, "-o", "jsonpath={.data.driver}"])
    };
    assert_eq!(driver(&set).ok(), "systemd/host");

    let uninstall = ["uninstall", "--systemd", "--root", "machine", "--name", &name, "--delete-objects", "--yes"];
    sandbox.gitops_anywhere(&uninstall).exit(0).says("Uninstalled");
    assert!(sandbox.get("configmap", "web").is_none());
    driver(&set).exit(1).says("NotFound");
    sandbox.kubectl_in("gitops-system", &["delete", "lease", &format!("gitops-{set}")]).ok();
    assert!(!std::path::Path::new(&unit).exists());
}
