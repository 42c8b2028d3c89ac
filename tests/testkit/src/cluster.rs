//! A handle on the Kubernetes that the end-to-end tests run against, and one sandbox per test: a directory for manifests and a
//! namespace of its own. Never touches the developer's own kubeconfig.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::api::Api;
use crate::relay::Relay;
use crate::timing::{self, Run};

/// No run of a test needs more of a processor.
const SHIPPED_CPU_SECONDS: u64 = 300;

/// The cluster named by `GITOPS_E2E_KUBECONFIG`.
#[derive(Debug, Clone)]
pub struct Cluster {
    kubeconfig: PathBuf,
    kubectl: PathBuf,
    plugin: PathBuf,
    no_pods: Option<&'static str>,
}

/// How a command ended, with what it printed.
#[derive(Debug)]
pub struct Ran {
    /// What was run, for messages.
    pub line: String,
    /// Exit code; -1 if a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// One test's own directory and namespace. Dropping it asks the cluster to delete the namespace, unless the test failed.
#[derive(Debug)]
pub struct Sandbox {
    /// The cluster.
    pub cluster: Cluster,
    /// The test's namespace, made and empty.
    pub namespace: String,
    dir: TempDir,
}

impl Cluster {
    /// From the environment; `plugin` is the binary under test (`env!("CARGO_BIN_EXE_kubectl-gitops")`).
    ///
    /// # Errors
    /// A sentence that says what to do, when no cluster is named or its kubeconfig does not exist.
    pub fn from_env(plugin: &str) -> Result<Self, String> {
        let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let kubeconfig = var("GITOPS_E2E_KUBECONFIG")
            .ok_or("no cluster: run `make e2e`, or set GITOPS_E2E_KUBECONFIG to a kubeconfig")?;
        if !kubeconfig.is_file() {
            return Err(format!("no cluster: GITOPS_E2E_KUBECONFIG names {}, which is no file", kubeconfig.display()));
        }
        let mode = std::fs::read_to_string(kubeconfig.with_file_name("node-mode")).unwrap_or_default();
        let no_pods = match mode.trim() {
            "real" => None,
            "kwok" | "none" => Some("needs running containers, and this cluster's node is a fake"),
            // A cluster of the user's own has no such file and real nodes, but not the image.
            _ if var("GITOPS_TEST_PODS").is_some() => None,
            _ => Some(
                "needs docker.io/local/demo-app:1 on the nodes: import .cache/cluster-tools/images-*/images.tar there \
                 (K3s: `k3s ctr images import`), then set GITOPS_TEST_PODS=1",
            ),
        };
        let kubectl = var("GITOPS_E2E_KUBECTL").unwrap_or_else(|| PathBuf::from("kubectl"));
        Ok(Self { kubeconfig, kubectl, plugin: PathBuf::from(plugin), no_pods })
    }

    /// The program under test.
    pub fn plugin(&self) -> &Path {
        &self.plugin
    }

    /// Why containers of the tests' own image do not run here; none where they do.
    pub fn no_pods(&self) -> Option<&'static str> {
        self.no_pods
    }

    /// The image of ours that the nodes have.
    pub fn image(&self) -> Option<String> {
        std::env::var("GITOPS_E2E_IMAGE").ok().filter(|image| !image.is_empty())
    }

    /// The address under which pods find this machine: the host's end of the link to the node, or what `GITOPS_TEST_HOST` says.
    pub fn host_address(&self) -> Option<IpAddr> {
        if let Ok(address) = std::env::var("GITOPS_TEST_HOST") {
            return address.parse().ok();
        }
        let spec = std::fs::read_to_string(self.kubeconfig.with_file_name("spec.json")).ok()?;
        let spec: Value = serde_json::from_str(&spec).ok()?;
        spec["Addresses"]["HostAddress"].as_str()?.parse().ok()
    }

    /// The address under which the API server finds this machine: as pods find it, or, where the server stands on this machine
    /// without a network of its own, as it finds itself.
    pub fn reachable_address(&self) -> Option<IpAddr> {
        let spec = || -> Option<Value> {
            serde_json::from_str(&std::fs::read_to_string(self.kubeconfig.with_file_name("spec.json")).ok()?).ok()
        };
        let own = || spec()?["Addresses"]["APIAddress"].as_str()?.parse().ok().filter(IpAddr::is_loopback);
        self.host_address().or_else(own)
    }

    /// Why nothing that a test starts can serve the API server; none where it can.
    pub fn no_way_back(&self) -> Option<&'static str> {
        let none = self.reachable_address().is_none();
        none.then_some("needs an address of this machine that the API server reaches: set GITOPS_TEST_HOST")
    }

    /// The program as it is shipped, if it was built.
    pub fn shipped(&self) -> Option<PathBuf> {
        std::env::var_os("GITOPS_E2E_SHIPPED").map(PathBuf::from).filter(|path| path.is_file())
    }

    /// Why pods of ours cannot sync from a server of this machine; none where they can.
    pub fn no_image(&self) -> Option<&'static str> {
        let ready = self.image().is_some() && self.host_address().is_some();
        (!ready).then_some(
            "needs our image on the nodes and an address of this machine that pods reach: set GITOPS_E2E_IMAGE and GITOPS_TEST_HOST",
        )
    }

    /// The kubeconfig of the user without rights, if this cluster has one.
    pub fn limited_kubeconfig(&self) -> Option<PathBuf> {
        Some(self.kubeconfig.with_file_name("kubeconfig-limited")).filter(|path| path.is_file())
    }

    /// A sandbox for the test `name`, in a namespace of its own.
    ///
    /// # Panics
    /// When the namespace cannot be made: nothing can be tested then.
    pub fn sandbox(&self, name: &str) -> Sandbox {
        let dir = tempfile::Builder::new().prefix("gitops-e2e-").tempdir().expect("a temporary directory");
        // Runs side by side on one cluster do not meet, and whoever started this one finds what it left.
        let run = std::env::var("GITOPS_E2E_RUN").unwrap_or_else(|_| std::process::id().to_string());
        let namespace = format!("e2e-{}-{run}", name.replace('_', "-"));
        let sandbox = Sandbox { cluster: self.clone(), namespace, dir };
        drop(sandbox.kubectl(&["create", "namespace", &sandbox.namespace]).ok());
        sandbox
    }
}

#[expect(clippy::return_self_not_must_use, reason = "a demand is complete without its result")]
impl Ran {
    pub fn from_output(line: String, output: &Output) -> Self {
        Self {
            line,
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Demands exit code 0; gives standard output.
    ///
    /// # Panics
    /// When it ended otherwise, with everything it printed.
    #[track_caller]
    pub fn ok(self) -> String {
        self.exit(0).stdout
    }

    /// Demands this exit code.
    ///
    /// # Panics
    /// When it ended otherwise, with everything it printed.
    #[track_caller]
    pub fn exit(self, code: i32) -> Self {
        assert!(self.code == code, "expected exit {code}\n{self}");
        self
    }

    /// Demands that the output holds `text`, on either stream.
    ///
    /// # Panics
    /// When it does not, with everything it printed.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text) || self.stderr.contains(text), "expected it to say {text:?}\n{self}");
        self
    }

    /// Demands that neither stream holds `text`.
    ///
    /// # Panics
    /// When one does. The text is not repeated: it may be a secret.
    #[track_caller]
    pub fn hides(self, text: &str) -> Self {
        assert!(!self.stdout.contains(text) && !self.stderr.contains(text), "{} printed what it must hide", self.line);
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "$ {}  [exit {}]\n{}{}", self.line, self.code, self.stdout, self.stderr)
    }
}

impl Sandbox {
    /// Its directory.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file below the directory, making its folders. `NAMESPACE` in the text becomes the sandbox's namespace.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.dir().join(path);
        std::fs::create_dir_all(path.parent().expect("a file below the directory")).expect("its folders");
        std::fs::write(path, text.replace("NAMESPACE", &self.namespace)).expect("the file");
        self
    }

    /// Removes a file below the directory.
    ///
    /// # Panics
    /// When it is not there.
    pub fn remove(&self, path: &str) -> &Self {
        std::fs::remove_file(self.dir().join(path)).expect("the file to remove");
        self
    }

    /// Runs `kubectl gitops ARGS -n NAMESPACE` in the directory, hermetically.
    #[must_use = "demand something of the result"]
    pub fn gitops(&self, args: &[&str]) -> Ran {
        Self::run(&mut self.gitops_command(args))
    }

    /// Runs it without `-n`, for sets whose objects name their namespaces.
    #[must_use = "demand something of the result"]
    pub fn gitops_anywhere(&self, args: &[&str]) -> Ran {
        Self::run(self.hermetic(&self.cluster.plugin).args(args))
    }

    /// `kubectl gitops ARGS -n NAMESPACE` as a command that is not started yet.
    pub fn gitops_command(&self, args: &[&str]) -> Command {
        let mut command = self.hermetic(&self.cluster.plugin);
        command.args(args).args(["-n", &self.namespace]);
        command
    }

    /// Runs the same with another kubeconfig.
    #[must_use = "demand something of the result"]
    pub fn gitops_as(&self, kubeconfig: &Path, args: &[&str]) -> Ran {
        Self::run(self.gitops_command(args).env("KUBECONFIG", kubeconfig))
    }

    /// A road to the cluster's API server that is `delay` slower.
    ///
    /// # Panics
    /// When kubectl cannot read the kubeconfig.
    pub fn relay(&self, delay: Duration) -> Relay {
        let (_, server) = self.kubeconfig_and_server();
        let authority = server.trim_start_matches("https://").trim_end_matches('/');
        let port = if authority.ends_with(']') || !authority.contains(':') { ":443" } else { "" };
        Relay::to(&format!("{authority}{port}"), delay)
    }

    /// A kubeconfig that leads there by that road.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn kubeconfig_through(&self, relay: &Relay) -> PathBuf {
        let (mut config, server) = self.kubeconfig_and_server();
        let authority = server.trim_start_matches("https://").trim_end_matches('/');
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).trim_matches(['[', ']']).to_owned();
        let cluster = &mut config["clusters"][0]["cluster"];
        cluster["server"] = Value::from(format!("https://{}", relay.address()));
        if cluster.get("tls-server-name").is_none() {
            cluster["tls-server-name"] = Value::from(host);
        }
        let path = self.dir().join(format!("kubeconfig-{}", relay.address().port()));
        std::fs::write(&path, config.to_string()).expect("a kubeconfig");
        path
    }

    /// The API server, with the rights of the kubeconfig.
    ///
    /// # Panics
    /// When the kubeconfig names no way to it that can be gone here.
    pub fn api(&self) -> Api {
        let (config, _) = self.kubeconfig_and_server();
        Api::from_kubeconfig(&config).unwrap_or_else(|reason| panic!("{reason}"))
    }

    fn kubeconfig_and_server(&self) -> (Value, String) {
        let text = self.kubectl(&["config", "view", "--raw", "--minify", "--flatten", "-o", "json"]).ok();
        let config: Value = serde_json::from_str(&text).expect("kubectl prints JSON");
        let server = config["clusters"][0]["cluster"]["server"].as_str().expect("a server").to_owned();
        (config, server)
    }

    /// Runs `kubectl ARGS -n NAMESPACE`.
    #[must_use = "demand something of the result"]
    pub fn kubectl(&self, args: &[&str]) -> Ran {
        self.kubectl_in(&self.namespace, args)
    }

    /// Runs `kubectl ARGS` in another namespace.
    #[must_use = "demand something of the result"]
    pub fn kubectl_in(&self, namespace: &str, args: &[&str]) -> Ran {
        Self::run(self.hermetic(&self.cluster.kubectl).args(args).args(["-n", namespace]))
    }

    /// The live object, or `None` when the server says there is none.
    ///
    /// # Panics
    /// When the server says anything else.
    #[track_caller]
    pub fn get(&self, kind: &str, name: &str) -> Option<Value> {
        let ran = self.kubectl(&["get", kind, name, "-o", "json", "--show-managed-fields"]);
        if ran.code != 0 && ran.stderr.contains("NotFound") {
            return None;
        }
        Some(serde_json::from_str(&ran.ok()).expect("kubectl prints JSON"))
    }

    /// A field of a live object that must be there, as JSON.
    ///
    /// # Panics
    /// When the object is absent.
    #[track_caller]
    pub fn field(&self, kind: &str, name: &str, pointer: &str) -> Value {
        let object = self.get(kind, name).unwrap_or_else(|| panic!("{kind}/{name} is not there"));
        object.pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    /// Waits up to `seconds` until `condition` holds.
    ///
    /// # Panics
    /// When it does not hold in time.
    #[track_caller]
    pub fn until(&self, what: &str, seconds: u64, condition: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        while !condition() {
            assert!(Instant::now() < deadline, "not within {seconds} s: {what}\n{}", self.describe());
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// Runs the program that is shipped, `kubectl gitops ARGS -v=1 -n NAMESPACE`, hermetically; gives what it printed, and
    /// its time and memory as the kernel counted them.
    ///
    /// # Panics
    /// When it was not built, cannot be run, or fails.
    pub fn shipped(&self, args: &[&str]) -> (String, Run) {
        let program = self.cluster.shipped().expect("checked before").display().to_string();
        let (home, config) =
            (format!("HOME={}", self.dir().display()), format!("KUBECONFIG={}", self.cluster.kubeconfig.display()));
        let mut words =
            vec!["env", "-i", "-C", self.dir().to_str().expect("a plain path"), &home, &config, "PATH=/usr/bin:/bin"];
        words.push(&program);
        words.extend(args);
        words.extend(["-v=1", "-n", &self.namespace]);
        let output = self.dir().join("printed");
        let run = timing::run(&words, &output, SHIPPED_CPU_SECONDS).expect("it runs");
        let text = std::fs::read_to_string(output).expect("what it printed");
        assert!(run.code == 0, "{words:?} ended with {}\n{text}", run.code);
        (text, run)
    }

    fn hermetic(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.dir())
            .env_clear()
            .env("HOME", self.dir())
            .env("PATH", "/usr/bin:/bin")
            .env("KUBECONFIG", &self.cluster.kubeconfig);
        command
    }

    fn run(command: &mut Command) -> Ran {
        let mut line = String::new();
        for word in std::iter::once(command.get_program()).chain(command.get_args()) {
            write!(line, "{} ", word.to_string_lossy()).expect("writing to a string");
        }
        let output = command.output().unwrap_or_else(|error| panic!("cannot run {line}: {error}"));
        Ran::from_output(line, &output)
    }

    /// What stands in the namespace, for failure messages.
    fn describe(&self) -> String {
        let objects = self.kubectl(&["get", "all,configmaps", "-o", "wide"]);
        let events = self.kubectl(&["get", "events", "--sort-by=.lastTimestamp"]);
        format!("{objects}\n{events}")
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // A failed test leaves its namespace for whoever looks.
        if !std::thread::panicking() {
            drop(self.kubectl(&["delete", "namespace", &self.namespace, "--wait=false"]));
        }
    }
}
