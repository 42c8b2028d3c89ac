//! A property, over random changes of a set and of the cluster behind its back: what `diff` shows is what the next `apply` does, object
//! by object and value by value, nothing else is touched, and `diff` after it shows nothing. `GITOPS_DIFF_STEPS` asks for more steps than
//! the few of every run, `GITOPS_DIFF_SEED` for a run that was seen before.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use testkit::cluster::Sandbox;

const STEPS: u64 = 8;

/// Xorshift: a seed gives the same run everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn chance(&mut self, in_ten: u64) -> bool {
        self.below(10) < in_ten
    }
}

/// What is wanted: some data under each name.
#[derive(Default)]
struct Wanted {
    maps: BTreeMap<u64, BTreeMap<u64, u64>>,
    secrets: BTreeMap<u64, u64>,
    workloads: BTreeMap<u64, (u64, u64)>,
    /// Made again when its data change.
    frozen: Option<u64>,
}

impl Wanted {
    fn change(&mut self, random: &mut Random) {
        for _ in 0..=random.below(3) {
            let name = random.below(5);
            match random.below(7) {
                0 => drop(self.maps.remove(&name)),
                1 | 2 => {
                    let data = self.maps.entry(name).or_default();
                    data.insert(random.below(3), random.below(100));
                    if random.chance(3) {
                        data.remove(&random.below(3));
                    }
                }
                3 => drop(self.secrets.insert(name % 2, random.below(100))),
                4 => drop(self.secrets.remove(&(name % 2))),
                5 => drop(self.workloads.insert(name % 2, (random.below(3), random.below(4)))),
                _ => self.frozen = random.chance(8).then(|| random.below(3)),
            }
        }
    }

    fn manifests(&self) -> String {
        let mut text = String::from("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: always}\n");
        for (name, data) in &self.maps {
            write!(text, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: map-{name}}}\ndata: {{stays: a").expect("a string");
            for (key, value) in data {
                write!(text, ", key-{key}: '{value}'").expect("a string");
            }
            text.push_str("}\n");
        }
        for (name, value) in &self.secrets {
            writeln!(text, "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: secret-{name}}}\nstringData: {{password: canary-{value}}}").expect("a string");
        }
        for (name, (image, cpu)) in &self.workloads {
            writeln!(
                text,
                "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web-{name}, annotations: {{reloader.stakater.com/auto: 'true'}}}}\nspec:\n  \
                 replicas: 0\n  selector: {{matchLabels: {{app: web-{name}}}}}\n  template:\n    metadata: {{labels: {{app: web-{name}}}}}\n    spec:\n      \
                 containers: [{{name: web, image: 'example.com/web:{image}', resources: {{limits: {{cpu: {cpu}000m}}}}, envFrom: [{{secretRef: {{name: secret-0, optional: true}}}}]}}]"
            )
            .expect("a string");
        }
        if let Some(value) = self.frozen {
            writeln!(text, "---\napiVersion: v1\nkind: ConfigMap\nimmutable: true\nmetadata: {{name: frozen, annotations: {{kubectl-gitops.dev/force: enabled}}}}\ndata: {{a: '{value}'}}").expect("a string");
        }
        text
    }
}

/// Somebody else does something to what is there, or makes what will be.
fn intrude(sandbox: &Sandbox, random: &mut Random) {
    let name = format!("map-{}", random.below(5));
    let patch = format!(r#"{{"data":{{"key-{}":"by-hand","foreign":"x"}}}}"#, random.below(3));
    // It may not be there: that is one of the cases.
    let ran = match random.below(5) {
        0 => sandbox.kubectl(&["delete", "configmap", &name]),
        1 => sandbox.kubectl(&["patch", "configmap", &name, "--type=merge", "-p", &patch]),
        2 => sandbox.kubectl(&["create", "configmap", &name, "--from-literal=key-1=there"]),
        3 => sandbox.kubectl(&["label", "configmap", &name, "kubectl-gitops.dev/inventory-"]),
        _ => sandbox.kubectl(&["set", "image", "deployment/web-0", "web=example.com/web:by-hand"]),
    };
    drop(ran);
}

/// What a report says is or would be done, by object.
fn deeds(report: &Value) -> BTreeMap<String, String> {
    let actions = report["actions"].as_array().expect("actions");
    let told = actions.iter().map(|line| (name(line), line["op"].as_str().expect("a word").to_owned()));
    told.collect()
}

fn name(line: &Value) -> String {
    let text = |field: &str| line["object"][field].as_str().unwrap_or_default().to_owned();
    format!("{}/{}", text("kind"), text("name"))
}

/// Versions of everything that no controller touches.
fn versions(sandbox: &Sandbox) -> BTreeMap<String, (String, Value)> {
    let list = sandbox.kubectl(&["get", "configmaps,secrets", "-o", "json"]).ok();
    let list: Value = serde_json::from_str(&list).expect("a list");
    let items = list["items"].as_array().expect("items").iter();
    let ours = items.filter(|item| !item["metadata"]["name"].as_str().unwrap_or_default().starts_with("gitops-"));
    ours.map(|item| {
        let text = |path: &str| item.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        (format!("{}/{}", text("/kind"), text("/metadata/name")), (text("/metadata/resourceVersion"), item["data"].clone()))
    })
    .collect()
}

fn json(sandbox: &Sandbox, args: &[&str], codes: [i32; 2]) -> Value {
    let ran = sandbox.gitops(args).hides("canary").hides("Y2FuYXJ5");
    assert!(codes.contains(&ran.code), "{ran}");
    serde_json::from_str(&ran.stdout).expect("one document")
}

fn agree(sandbox: &Sandbox, told: &str) {
    let before = versions(sandbox);
    let shown = json(sandbox, &["diff", "app", "-o", "json"], [0, 1]);
    assert_eq!(versions(sandbox), before, "{told}: a diff writes nothing");
    let done = json(sandbox, &["apply", "app", "-o", "json", "--detailed-exitcode"], [0, 10]);
    let (shown_deeds, done_deeds) = (deeds(&shown), deeds(&done));
    assert_eq!(shown_deeds, done_deeds, "{told}: what was shown, and what was done");
    let after = versions(sandbox);
    for (object, (version, _)) in &before {
        let deed = shown_deeds.get(object).map_or("none", String::as_str);
        match after.get(object) {
            None => assert_eq!(deed, "prune", "{told}: {object} is gone"),
            Some((now, _)) if now != version => {
                assert!(["update", "adopt", "replace"].contains(&deed), "{told}: {object} was written, shown was {deed}");
            }
            Some(_) => assert!(["unchanged", "none", "keep"].contains(&deed), "{told}: {object} was not written, shown was {deed}"),
        }
    }
    for object in after.keys().filter(|object| !before.contains_key(*object)) {
        assert_eq!(shown_deeds.get(object).map(String::as_str), Some("create"), "{told}: {object} is new");
    }
    for line in shown["actions"].as_array().expect("actions").iter().filter(|line| line["object"]["kind"] == "ConfigMap") {
        for change in line["changes"].as_array().into_iter().flatten() {
            let path = change["path"].as_str().unwrap_or_default();
            if let (Some(key), Some(value)) = (path.strip_prefix("data."), change["after"][0].as_str()) {
                assert_eq!(after[&name(line)].1[key], value, "{told}: {} {path}", name(line));
            }
        }
    }
    let again = sandbox.gitops(&["diff", "app"]);
    assert_eq!(again.code, 0, "{told}: a diff after an apply is empty\n{again}");
}

pub(crate) fn check(sandbox: &Sandbox) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let run = u64::from_str_radix(sandbox.namespace.rsplit('-').next().unwrap_or_default(), 16).unwrap_or(1);
    let seed = number("GITOPS_DIFF_SEED").unwrap_or(run).max(1);
    let (mut random, mut wanted) = (Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1), Wanted::default());
    for step in 0..number("GITOPS_DIFF_STEPS").unwrap_or(STEPS) {
        wanted.change(&mut random);
        if step > 0 && random.chance(6) {
            intrude(sandbox, &mut random);
        }
        sandbox.write("app/all.yaml", &wanted.manifests());
        agree(sandbox, &format!("GITOPS_DIFF_SEED={seed}, step {step}"));
    }
}
