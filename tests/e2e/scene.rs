//! The scenario of our users, set up: a Gitea that pods reach, a private repository with a secret file, an application that was
//! deployed by hand, and an installation whose pods sync the repository. Shared by the behaviours that need all of it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::cgroup::PodMemory;
use testkit::cluster::{Ran, Sandbox};
use testkit::git::{Gitea, GiteaUser, Repository};

/// Where installations live.
pub(crate) const SYSTEM: &str = "gitops-system";
/// Whose repository it is.
pub(crate) const ANN: GiteaUser<'_> = GiteaUser { name: "ann", password: "letmein-hunter2" };

const REPOSITORY: &str = "ann/home";

/// Of a set that names its namespace itself: the installation has another one for what names none.
const KUSTOMIZATION: &str = "namespace: NAMESPACE\nsecretGenerator:\n- name: config\n  files: [config.toml]\n  options: {disableNameSuffixHash: true}\n";

/// The application, in no repository. It tells at its start which configuration it has, by digest.
const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, annotations: {reloader.stakater.com/auto: 'true'}}\nspec:\n  \
                   selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      \
                   terminationGracePeriodSeconds: 1\n      containers:\n      - {name: web, image: 'docker.io/local/demo-app:1', \
                   imagePullPolicy: IfNotPresent, args: [serve], env: [{name: CONFIG_DIR, value: /c}], \
                   volumeMounts: [{name: c, mountPath: /c}]}\n      volumes: [{name: c, secret: {secretName: config}}]\n";

/// What the pod of a run may take, all of it: its sandbox, the runtime's own start of the container, the program.
const MEMORY_MAX: u64 = 48 << 20;

/// What a run could write, by where it lies.
const WRITTEN: [(&str, &str); 8] = [
    ("pods", "/api/v1"),
    ("events", "/api/v1"),
    ("configmaps", "/api/v1"),
    ("secrets", "/api/v1"),
    ("jobs", "/apis/batch/v1"),
    ("cronjobs", "/apis/batch/v1"),
    ("deployments", "/apis/apps/v1"),
    ("leases", "/apis/coordination.k8s.io/v1"),
];

/// All of it, in a sandbox.
pub(crate) struct Scene<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) gitea: Gitea,
    pub(crate) home: Repository,
    /// Of the installation and of the set.
    pub(crate) name: String,
}

/// How a pod of the installation ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Of its container.
    pub(crate) code: i64,
    pub(crate) log: String,
    /// What stands in the pod's status.
    pub(crate) message: String,
    /// The most memory that the pod had; none of a cluster elsewhere.
    pub(crate) memory: Option<u64>,
}

/// An Event on the set.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl<'a> Scene<'a> {
    /// A repository whose secret file has this password, not installed yet.
    pub(crate) fn new(sandbox: &'a Sandbox, word: &str, password: &str) -> Self {
        let address: IpAddr = sandbox.cluster.host_address().expect("an address of this machine that pods reach");
        let gitea = Gitea::start(address);
        gitea.add_user(ANN);
        gitea.add_repository(ANN, "home");
        let home = Repository::at(sandbox.dir().join("home"));
        home.write("app/kustomization.yaml", KUSTOMIZATION.replace("NAMESPACE", &sandbox.namespace));
        let scene = Self { sandbox, gitea, home, name: super::unique(sandbox, word) };
        scene.push_password(password);
        scene
    }

    /// Commits a secret file with this password, and pushes it; gives the commit.
    pub(crate) fn push_password(&self, password: &str) -> String {
        self.home.write("app/config.toml", format!("password = '{password}'\n"));
        self.push("a password")
    }

    /// Commits what lies there, and pushes it; gives the commit.
    pub(crate) fn push(&self, message: &str) -> String {
        let commit = self.home.commit(message);
        self.push_head();
        commit
    }

    pub(crate) fn push_head(&self) {
        self.home.git(&["push", "--quiet", &self.gitea.url_for(ANN, REPOSITORY), "HEAD:main"]);
    }

    /// The application, by hand.
    pub(crate) fn deploy(&self) {
        self.sandbox.write("web.yaml", WEB);
        self.sandbox.kubectl(&["apply", "-f", "web.yaml"]).exit(0);
    }

    /// `install`, with the password that is given.
    pub(crate) fn install(&self, password: &str, more: &[&str]) -> Ran {
        self.sandbox.write("password", &format!("{password}\n"));
        let image = self.sandbox.cluster.image().expect("an image of ours on the node");
        let url = self.gitea.url(REPOSITORY);
        let args = ["install", "--url", &url, "--path", "app", "--name", &self.name, "--image", &image];
        let login = ["--username", ANN.name, "--password-file", "password", "--yes"];
        self.sandbox.gitops_anywhere(&[&args[..], &login, more].concat()).hides(password)
    }

    /// `status` of the set.
    pub(crate) fn status(&self, more: &[&str]) -> Ran {
        self.sandbox.gitops_anywhere(&[&["status", &self.name], more].concat()).hides("hunter2")
    }

    /// Runs the installation's Job now, under this name, and waits for its end.
    pub(crate) fn run(&self, name: &str) -> Outcome {
        let job = format!("{}-{name}", self.name);
        let from = format!("--from=cronjob/gitops-{}", self.name);
        self.sandbox.kubectl_in(SYSTEM, &["create", "job", &job, &from]).exit(0);
        self.outcome_of(&job)
    }

    /// Waits for the end of a Job of the installation.
    pub(crate) fn outcome_of(&self, job: &str) -> Outcome {
        let selector = format!("job-name={job}");
        let deadline = Instant::now() + Duration::from_mins(3);
        let mut memory = None;
        loop {
            let pods = self.sandbox.kubectl_in(SYSTEM, &["get", "pods", "-l", &selector, "-o", "json"]).ok();
            let pods: Value = serde_json::from_str(&pods).expect("kubectl prints JSON");
            let pod = &pods["items"][0];
            memory = memory.or_else(|| PodMemory::of(pod["metadata"]["uid"].as_str()?));
            let ended = &pod["status"]["containerStatuses"][0]["state"]["terminated"];
            if let Some(code) = ended["exitCode"].as_i64() {
                let memory = memory.map(PodMemory::highest);
                let log = self.sandbox.kubectl_in(SYSTEM, &["logs", "-l", &selector, "--tail=-1"]).ok();
                let message = ended["message"].as_str().unwrap_or_default().to_owned();
                let outcome = Outcome { code, log, message, memory };
                outcome.hides("hunter2");
                return outcome;
            }
            assert!(Instant::now() < deadline, "{job} did not end: {pods:#}");
            testkit::pause(Duration::from_millis(100));
        }
    }

    /// The Job that the CronJob itself started last, once there is one.
    pub(crate) fn job_by_schedule(&self) -> String {
        let label = format!("kubectl-gitops.dev/driver={}", self.name);
        let names = || {
            let args = ["get", "jobs", "-l", &label, "--sort-by=.metadata.creationTimestamp", "-o", "name"];
            self.sandbox.kubectl_in(SYSTEM, &args).ok()
        };
        // By its name and the minute.
        let prefix = format!("job.batch/gitops-{}-", self.name);
        let last = || Some(names().lines().rfind(|name| name.starts_with(&prefix))?.replacen("job.batch/", "", 1));
        self.sandbox.until("the CronJob starts a Job by its schedule", 150, || last().is_some());
        last().expect("it was there just now")
    }

    /// The name of the one running pod of the application, and what it said of its configuration.
    pub(crate) fn application(&self) -> (String, String) {
        let format = "jsonpath={range .items[?(@.status.phase=='Running')]}{.metadata.name} {.metadata.deletionTimestamp}{'\\n'}{end}";
        let pods = self.sandbox.kubectl(&["get", "pods", "-l", "app=web", "-o", format]).ok();
        let living: Vec<&str> = pods.lines().map(str::trim_end).filter(|line| !line.contains(' ')).collect();
        let [pod] = living.as_slice() else { return (format!("{} pods", living.len()), String::new()) };
        // It may be gone by now.
        ((*pod).to_owned(), self.sandbox.kubectl(&["logs", pod]).stdout)
    }

    /// Waits until one pod runs with the secret file of this password; gives its name.
    pub(crate) fn application_has(&self, password: &str) -> String {
        let content = format!("password = '{password}'\n");
        let digest = testkit::git::sha256(content.as_bytes());
        self.sandbox.until("the application has the password", 180, || self.application().1.contains(&digest));
        self.application().0
    }

    /// A field of the root of the set.
    pub(crate) fn root(&self, field: &str) -> String {
        let root = format!("gitops-default.{}", self.name);
        let text = self.sandbox.kubectl_in(SYSTEM, &["get", "configmap", &root, "-o", "json"]).ok();
        let root: Value = serde_json::from_str(&text).expect("kubectl prints JSON");
        root["data"][field].as_str().unwrap_or_default().to_owned()
    }

    /// What the datastore counts.
    pub(crate) fn revision(&self) -> String {
        let path = format!("/api/v1/namespaces/{}/configmaps?limit=1", self.sandbox.namespace);
        let list = self.sandbox.kubectl(&["get", "--raw", &path]).ok();
        let list: Value = serde_json::from_str(&list).expect("a list");
        list["metadata"]["resourceVersion"].as_str().expect("a version").to_owned()
    }

    /// How often what was written since a revision, of the installation and in the sandbox: an event of a watch is a write.
    pub(crate) fn written_since(&self, revision: &str) -> BTreeMap<&'static str, usize> {
        let mut written = BTreeMap::new();
        for namespace in [SYSTEM, &self.sandbox.namespace] {
            for (kind, group) in WRITTEN {
                let query = format!("watch=1&resourceVersion={revision}&timeoutSeconds=1");
                let path = format!("{group}/namespaces/{namespace}/{kind}?{query}");
                let seen = self.sandbox.kubectl(&["get", "--raw", &path]).ok();
                let events = seen.lines().map(|line| serde_json::from_str::<Value>(line).expect("an event of a watch"));
                let ours = events.filter(|event| {
                    assert_ne!(event["type"], "ERROR", "{event}");
                    let about = event["object"]["metadata"]["name"].as_str().unwrap_or_default();
                    namespace != SYSTEM || about.contains(&self.name)
                });
                *written.entry(kind).or_default() += ours.count();
            }
        }
        written.retain(|_, count| *count > 0);
        written
    }

    /// The Events about the set, oldest first.
    pub(crate) fn events(&self) -> Vec<Told> {
        let selector = format!("involvedObject.name=gitops-default.{}", self.name);
        let args = ["get", "events", "--field-selector", &selector, "-o", "json"];
        let list = self.sandbox.kubectl_in(SYSTEM, &args).hides("hunter2").ok();
        let list: Value = serde_json::from_str(&list).expect("kubectl prints JSON");
        let mut found: Vec<(u64, Told)> = list["items"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|event| {
                let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
                let version = event["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse().ok());
                (version.expect("a version"), Told { reason: text("reason"), message: text("message") })
            })
            .collect();
        found.sort_by_key(|(version, _)| *version);
        found.into_iter().map(|(_, told)| told).collect()
    }

    /// The last Event has this reason and these words.
    #[track_caller]
    pub(crate) fn last_told(&self, reason: &str, words: &str) {
        let events = self.events();
        let fits = |told: &Told| told.reason == reason && told.message.contains(words);
        assert!(events.last().is_some_and(fits), "expected {reason} {words:?}: {events:#?}");
    }

    /// Removes the installation and what it synced.
    pub(crate) fn uninstall(self) {
        self.sandbox.gitops_anywhere(&["uninstall", "--name", &self.name, "--delete-objects=true", "--yes"]).exit(0);
        assert!(self.sandbox.get("secret", "config").is_none(), "what was synced is gone");
        assert!(self.sandbox.get("deployment", "web").is_some(), "what was not synced stays");
    }
}

impl Outcome {
    /// Demands an exit code, these words in the log, one line in the pod's status, and little memory.
    #[track_caller]
    pub(crate) fn ended(self, code: i64, words: &str) -> Self {
        assert!(self.code == code && self.log.contains(words), "expected exit {code} and {words:?}: {self:#?}");
        let one_line = !self.message.is_empty() && !self.message.trim_end().contains('\n');
        assert!(one_line, "one line in the status: {self:#?}");
        assert!(self.memory.is_none_or(|bytes| bytes > 0 && bytes <= MEMORY_MAX), "at most 48 MiB: {self:#?}");
        self
    }

    #[track_caller]
    fn hides(&self, secret: &str) {
        assert!(!self.log.contains(secret) && !self.message.contains(secret), "a pod printed what it must hide");
    }
}
