//! The API server as it sees itself: requests it counted, processor time of its processes, and bytes on the road to it. Owns
//! that nothing else of the cluster works meanwhile.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::api::Api;
use testkit::http::Call;
use testkit::relay::Relay;
use testkit::started::{Signal, send_signal};

/// Processes of the cluster that would work beside the client.
const OTHERS: [&str; 2] = ["kube-controller-manager", "kube-scheduler"];
/// What the API server asks itself for.
const OWN: [&str; 6] =
    ["leases", "flowschemas", "prioritylevelconfigurations", "apiservices", "endpointslices", "ipaddresses"];
const TICKS_PER_SECOND: f64 = 100.0;

/// A cluster whose controllers stand still.
pub(crate) struct Server {
    api: Api,
    relay: Relay,
    /// Leads over a road on which bytes are counted.
    pub(crate) kubeconfig: PathBuf,
    processes: Vec<i32>,
    halted: Vec<i32>,
}

/// All that counts up.
pub(crate) struct Look {
    requests: BTreeMap<String, u64>,
    cpu_s: f64,
    carried: [u64; 2],
}

/// What a run added to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Used {
    /// By verb, in the words of the server's metric.
    pub(crate) requests: BTreeMap<String, u64>,
    /// Of the API server and its datastore.
    pub(crate) cpu_s: f64,
    /// To the server, and back.
    pub(crate) bytes: [u64; 2],
}

impl Server {
    pub(crate) fn at(kubectl: &str, kubeconfig: &Path, work: &Path) -> Result<Self, Box<dyn Error>> {
        let printed = Command::new(kubectl)
            .args(["config", "view", "--raw", "--minify", "--flatten", "-o", "json"])
            .env("KUBECONFIG", kubeconfig)
            .output()?;
        let mut config: Value = serde_json::from_slice(&printed.stdout)?;
        let api = Api::from_kubeconfig(&config)?;
        let address = config["clusters"][0]["cluster"]["server"].as_str().ok_or("no server")?;
        let authority = address.trim_start_matches("https://").trim_end_matches('/').to_owned();
        let relay = Relay::to(&authority, Duration::ZERO);
        let cluster = &mut config["clusters"][0]["cluster"];
        cluster["server"] = json!(format!("https://{}", relay.address()));
        if cluster.get("tls-server-name").is_none() {
            cluster["tls-server-name"] = json!(authority.rsplit_once(':').map_or(authority.as_str(), |(host, _)| host));
        }
        fs::create_dir_all(work)?;
        let through = work.join("kubeconfig");
        fs::write(&through, config.to_string())?;
        let parts: Value = serde_json::from_slice(&fs::read(kubeconfig.with_file_name("parts.json"))?)?;
        let (mut processes, mut halted) = (Vec::new(), Vec::new());
        for part in parts.as_array().into_iter().flatten() {
            let id = part["PID"].as_i64().and_then(|id| i32::try_from(id).ok()).ok_or("a part without a process")?;
            match part["Name"].as_str().unwrap_or_default() {
                "kube-apiserver" | "kine" | "etcd" => processes.push(id),
                name if OTHERS.contains(&name) => {
                    halted.push(id);
                }
                _ => {}
            }
        }
        if processes.len() != 2 {
            return Err("the API server and its datastore are not among the cluster's processes".into());
        }
        let server = Self { api, relay, kubeconfig: through, processes, halted };
        server.signal_others(Signal::SIGSTOP);
        Ok(server)
    }

    fn signal_others(&self, signal: Signal) {
        for id in &self.halted {
            // One that has ended does nothing either.
            let _ended = !send_signal(*id, signal);
        }
    }

    pub(crate) fn make_namespace(&self, name: &str) -> Result<(), Box<dyn Error>> {
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}).to_string();
        let call =
            Call::new("POST", "/api/v1/namespaces", object.into_bytes()).with("content-type", "application/json");
        match self.api.send(&call)?.status {
            201 | 409 => Ok(()),
            status => Err(format!("making the namespace {name}: {status}").into()),
        }
    }

    /// Without controllers nobody deletes what is in a namespace.
    pub(crate) fn empty_namespace(&self, name: &str) -> Result<(), Box<dyn Error>> {
        for collection in ["api/v1", "apps/v1"].into_iter().zip([&["configmaps", "services"][..], &["deployments"]]) {
            let (group, plurals) = collection;
            let root = if group == "api/v1" { "/api/v1".to_owned() } else { format!("/apis/{group}") };
            for plural in plurals {
                let path = format!("{root}/namespaces/{name}/{plural}");
                let answer = self.api.send(&Call::new("DELETE", &path, Vec::new()))?;
                if answer.status != 200 {
                    return Err(format!("emptying {path}: {}", answer.status).into());
                }
            }
        }
        Ok(())
    }

    pub(crate) fn look(&self) -> Result<Look, Box<dyn Error>> {
        let answer = self.api.send(&Call::new("GET", "/metrics", Vec::new()))?;
        let text = String::from_utf8(answer.body)?;
        let mut requests = BTreeMap::new();
        for line in text.lines().filter(|line| line.starts_with("apiserver_request_total{")) {
            if let Some((verb, count)) = counted(line) {
                *requests.entry(verb).or_default() += count;
            }
        }
        let times: Result<Vec<f64>, _> = self.processes.iter().map(|id| cpu_seconds(*id)).collect();
        Ok(Look { requests, cpu_s: times?.iter().sum(), carried: self.relay.carried() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal_others(Signal::SIGCONT);
    }
}

impl Look {
    pub(crate) fn since(&self, before: &Self) -> Used {
        let requests = self.requests.iter().filter_map(|(verb, count)| {
            let more = count - before.requests.get(verb).copied().unwrap_or(0);
            (more > 0).then(|| (verb.clone(), more))
        });
        let bytes = [0, 1].map(|way| self.carried[way] - before.carried[way]);
        Used { requests: requests.collect(), cpu_s: self.cpu_s - before.cpu_s, bytes }
    }
}

/// The verb and the number of one line of the metric, if a client sent that.
fn counted(line: &str) -> Option<(String, u64)> {
    let (labels, count) = line.rsplit_once("} ")?;
    let label = |name: &str| labels.split_once(&format!("{name}=\""))?.1.split_once('"').map(|(value, _)| value);
    let (resource, verb) = (label(",resource")?, label(",verb")?);
    // What no resource is about is this very question, among others.
    if resource.is_empty() || OWN.contains(&resource) || verb == "WATCH" {
        return None;
    }
    let dry = if label(",dry_run")?.is_empty() { "" } else { "dry-run " };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, printed like a float")]
    let count = count.trim().parse::<f64>().ok()? as u64;
    Some((format!("{dry}{verb}"), count))
}

fn cpu_seconds(process: i32) -> Result<f64, Box<dyn Error>> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Its name, in brackets, may hold blanks.
    let fields: Vec<&str> = text.rsplit_once(')').ok_or("no name")?.1.split_whitespace().collect();
    let ticks = |index: usize| -> Result<f64, Box<dyn Error>> { Ok(fields.get(index).ok_or("too short")?.parse()?) };
    Ok((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}
