//! `install --systemd` on a machine (a directory in its place): what the service starts syncs a private repository, with the
//! credentials that only root may read. `uninstall --systemd --delete-objects` leaves nothing, there and in the cluster.

use std::os::unix::fs::symlink;
use std::process::Command;

use testkit::cluster::{Ran, Sandbox};
use testkit::git::{GitServer, Repository, Serving};

pub(crate) fn check(sandbox: &Sandbox) {
    let name = super::unique(sandbox, "host");
    let home = Repository::at(sandbox.dir().join("home"));
    home.write("apps/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n").commit("first");
    let server = GitServer::start(sandbox.dir(), &Serving { user: Some(("ann", "letmein2")), ..Serving::default() });
    let kubeconfig = sandbox.kubectl(&["config", "view", "--raw", "--minify", "--flatten"]).ok();
    sandbox.write("k3s.yaml", &kubeconfig).write("password", "letmein2\n");
    // Where the build lies may be a home directory, which the service does not see.
    let at = |path: &str| sandbox.dir().join(path).to_str().expect("a path of letters").to_owned();
    symlink(sandbox.gitops_command(&[]).get_program(), at("kubectl-gitops")).expect("a link");

    let args = ["install", "--systemd", "--root", "machine", "--name", &name, "--url", &server.url("home/.git")];
    let paths = ["--binary", &at("kubectl-gitops"), "--kubeconfig", &at("k3s.yaml"), "--path", "apps"];
    let login = ["--username", "ann", "--password-file", "password"];
    sandbox.gitops(&[&args[..], &paths, &login].concat()).exit(0).says("+ created").hides("letmein2");

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
    started().exit(0).says("1 created").hides("letmein2");
    assert!(sandbox.get("configmap", "web").is_some());
    started().exit(0).says("1 unchanged");
    let set = format!("{}.{name}", sandbox.namespace);
    let driver = |set: &str| {
        let name = format!("gitops-{set}");
        sandbox.kubectl_in("gitops-system", &["get", "configmap", &name, "-o", "jsonpath={.data.driver}"])
    };
    assert_eq!(driver(&set).ok(), "systemd/host");

    let uninstall = ["uninstall", "--systemd", "--root", "machine", "--name", &name, "--delete-objects", "--yes"];
    sandbox.gitops_anywhere(&uninstall).exit(0).says("Uninstalled");
    assert!(sandbox.get("configmap", "web").is_none());
    driver(&set).exit(1).says("NotFound");
    assert!(!std::path::Path::new(&unit).exists());
}
