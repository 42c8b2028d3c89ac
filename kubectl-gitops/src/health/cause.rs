//! Why an object that makes or uses pods is not healthy: what its pods and the events about them say. Owns which pods belong to
//! which object, which of them to tell about, and what of a log may be shown; must not know where all that was read.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::read::{Condition, condition, text};
use super::{Facts, Trouble, trouble};

/// Last lines of a log that are shown.
const LOG_LINES_MAX: usize = 8;
/// Most characters of one of them.
const LOG_COLUMNS_MAX: usize = 300;
/// Shorter values are not looked for in logs: they would be found in every word.
const VALUE_MIN: usize = 4;
const HIDDEN: &str = "***";

/// What lies behind a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cause {
    /// The pod that shows it; empty where it is the object itself.
    pub pod: String,
    /// One line.
    pub text: String,
    /// Waiting longer cannot help.
    pub hopeless: bool,
    /// The last lines of the container that crashed, without values of Secrets.
    pub log: Vec<String>,
}

impl Cause {
    /// A verdict and what lies behind it: `0 of 1 available: Pod web-6d8f-k2x4p, container web: …`.
    pub fn behind(&self, verdict: &str) -> String {
        // Some controllers repeat what their pods say.
        if verdict.contains(&self.text) { verdict.to_owned() } else { format!("{verdict}: {self}") }
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.pod.is_empty() { f.write_str(&self.text) } else { write!(f, "Pod {}, {}", self.pod, self.text) }
    }
}

/// The pod that shows best why its owner is not ready.
#[derive(Debug, Clone, Copy)]
pub struct Suspect<'a> {
    /// It.
    pub pod: &'a Value,
    /// What is wrong with it, if it says so itself; else its events are asked.
    pub trouble: Option<&'a Trouble>,
}

/// The label selector of the pods of an object, in the form of a query. `None` for kinds that make no pods.
pub fn pod_selector(object: &Value) -> Option<String> {
    let kind = text(object, "/kind");
    if !matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" | "Rollout") {
        return None;
    }
    let selector = object.pointer("/spec/selector")?;
    let mut terms = Vec::new();
    for (name, value) in selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
        terms.push(format!("{name}={}", value.as_str()?));
    }
    for expression in selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
        let key = text(expression, "/key");
        let values = expression.get("values").and_then(Value::as_array).into_iter().flatten();
        let values = values.filter_map(Value::as_str).collect::<Vec<_>>().join(",");
        terms.push(match text(expression, "/operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    (!terms.is_empty()).then(|| terms.join(","))
}

/// Was this pod made for the object? A Deployment's pods belong to one of its ReplicaSets.
pub fn is_owned(pod: &Value, owner: &Value) -> bool {
    let references = pod.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let Some(controller) = references.into_iter().flatten().find(|reference| reference["controller"] == true) else {
        return false;
    };
    if matches!(text(owner, "/kind"), "Deployment" | "Rollout") {
        let prefix = format!("{}-", text(owner, "/metadata/name"));
        return text(controller, "/kind") == "ReplicaSet" && text(controller, "/name").starts_with(&prefix);
    }
    text(controller, "/uid") == text(owner, "/metadata/uid")
}

/// Of these pods, the one to tell about: what cannot heal comes before what may, a pod that says why before one that does not, and
/// a new one before an old one. `None` if all are well, or there are none.
pub fn suspect<'a>(pods: &'a [(Value, Option<Trouble>)]) -> Option<Suspect<'a>> {
    let unwell = pods.iter().filter(|(pod, trouble)| trouble.is_some() || !is_well(pod));
    let rank = |(pod, trouble): &&'a (Value, Option<Trouble>)| {
        let weight = trouble.as_ref().map_or(0, |trouble| 1 + u8::from(trouble.terminal));
        (weight, text(pod, "/metadata/creationTimestamp"), text(pod, "/metadata/name"))
    };
    let (pod, trouble) = unwell.max_by_key(rank)?;
    Some(Suspect { pod, trouble: trouble.as_ref() })
}

/// Of all pods that a query brought: those of the owner that are not about to go, with what is wrong with each.
pub fn own_pods(pods: Vec<Value>, owner: &Value, facts: &Facts) -> Vec<(Value, Option<Trouble>)> {
    let stays = |pod: &Value| text(pod, "/metadata/deletionTimestamp").is_empty() && is_owned(pod, owner);
    let judged = pods.into_iter().filter(stays).map(|pod| {
        let trouble = trouble(&pod, facts);
        (pod, trouble)
    });
    judged.collect()
}

fn is_well(pod: &Value) -> bool {
    text(pod, "/status/phase") == "Succeeded" || condition(pod, "Ready").is_some_and(|ready| ready.is_true())
}

/// What a pod lacks that is in no trouble it would name.
pub fn unready(pod: &Value) -> String {
    let ready = condition(pod, "Ready").filter(Condition::is_false);
    ready.map_or_else(|| "not started".to_owned(), |ready| ready.why("not ready"))
}

/// The newest warning among events: `FailedCreate: exceeded quota: …`. What only counts or repeats is left out.
pub fn warning(events: &[Value]) -> Option<String> {
    // `BackOff` says nothing that the pod's own state does not say better.
    let telling =
        events.iter().filter(|event| text(event, "/type") == "Warning" && text(event, "/reason") != "BackOff");
    let newest = telling.max_by_key(|event| {
        let times = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"];
        times.into_iter().map(|time| text(event, time)).find(|time| !time.is_empty()).unwrap_or_default()
    })?;
    let message = text(newest, "/message").lines().next().unwrap_or_default();
    Some(match text(newest, "/reason") {
        "" => message.to_owned(),
        reason => format!("{reason}: {message}"),
    })
}

/// Names of all Secrets that a pod can see.
pub fn secrets_of(pod: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if let Some(spec) = pod.get("spec") {
        gather_secrets(spec, &mut names);
    }
    names
}

fn gather_secrets(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                if field.to_ascii_lowercase().contains("secret") {
                    let named = ["name", "secretName"].map(|name| value.get(name).and_then(Value::as_str));
                    names.extend(named.into_iter().flatten().map(str::to_owned));
                }
                gather_secrets(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather_secrets(item, names)),
        _ => {}
    }
}

/// The end of a log as it may be shown: without the values of these Secrets, in a bounded number of short lines.
pub fn shown_log(log: &str, secrets: &[Vec<u8>]) -> Vec<String> {
    let mut text = log.to_owned();
    // The longest first: a value may contain another.
    let mut values: Vec<&str> = secrets
        .iter()
        .filter_map(|value| std::str::from_utf8(value).ok())
        .flat_map(|value| std::iter::once(value).chain(value.lines()))
        .map(str::trim)
        .filter(|value| value.len() >= VALUE_MIN)
        .collect();
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    for value in values {
        text = text.replace(value, HIDDEN);
    }
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines.iter().skip(lines.len().saturating_sub(LOG_LINES_MAX));
    last.map(|line| {
        let mut shown: String = line.chars().take(LOG_COLUMNS_MAX).collect();
        if shown.len() < line.len() {
            let _infallible = write!(shown, "…");
        }
        shown
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(name: &str, created: &str, ready: &str, waiting: Option<&str>) -> Value {
        let state = waiting.map_or_else(|| json!({"running": {}}), |reason| json!({"waiting": {"reason": reason}}));
        json!({
            "metadata": {
                "name": name, "creationTimestamp": created,
                "ownerReferences": [{"controller": true, "kind": "ReplicaSet", "name": "web-6d8f", "uid": "r"}],
            },
            "status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": ready, "reason": "ContainersNotReady"}],
                "containerStatuses": [{"name": "web", "image": "web:1", "state": state}],
            },
        })
    }

    fn deployment() -> Value {
        json!({"kind": "Deployment", "metadata": {"name": "web", "uid": "d"}, "spec": {"selector": {
            "matchLabels": {"app": "web"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["a", "b"]}, {"key": "old", "operator": "DoesNotExist"},
            ],
        }}})
    }

    #[test]
    fn the_selector_is_a_query() {
        assert_eq!(pod_selector(&deployment()).unwrap(), "app=web,tier in (a,b),!old");
        assert_eq!(pod_selector(&json!({"kind": "ConfigMap"})), None);
        // A selector of nothing would bring every pod of the namespace.
        assert_eq!(pod_selector(&json!({"kind": "Deployment", "spec": {"selector": {}}})), None);
    }

    #[test]
    fn what_cannot_heal_is_told_first_then_what_is_new() {
        let told = |pods: Vec<Value>| {
            let pods = own_pods(pods, &deployment(), &Facts::default());
            suspect(&pods).map(|suspect| text(suspect.pod, "/metadata/name").to_owned())
        };
        let well = pod("web-6d8f-a", "2026-01-01T00:00:09Z", "True", None);
        let unready = pod("web-6d8f-b", "2026-01-01T00:00:09Z", "False", None);
        let pulling = pod("web-6d8f-c", "2026-01-01T00:00:01Z", "False", Some("ImagePullBackOff"));
        let newer = pod("web-6d8f-d", "2026-01-01T00:00:02Z", "False", Some("ImagePullBackOff"));
        let crashing = pod("web-6d8f-e", "2026-01-01T00:00:00Z", "False", Some("CrashLoopBackOff"));
        assert_eq!(told(vec![well.clone()]), None);
        assert_eq!(told(vec![well.clone(), unready.clone()]).unwrap(), "web-6d8f-b");
        assert_eq!(told(vec![unready.clone(), newer.clone(), pulling.clone()]).unwrap(), "web-6d8f-d");
        assert_eq!(told(vec![unready, newer, crashing, pulling]).unwrap(), "web-6d8f-e");
        let mut foreign = pod("other-1-x", "2026-01-01T00:00:00Z", "False", Some("CrashLoopBackOff"));
        foreign["metadata"]["ownerReferences"][0]["name"] = json!("other-1");
        assert_eq!(told(vec![foreign]), None);
    }

    #[test]
    fn the_newest_warning_counts() {
        let event = |kind: &str, reason: &str, time: &str, message: &str| json!({"type": kind, "reason": reason, "lastTimestamp": time, "message": message});
        let events = [
            event("Warning", "FailedCreate", "2026-01-01T00:00:01Z", "exceeded quota: small\nmore"),
            event("Normal", "Pulled", "2026-01-01T00:00:03Z", "pulled"),
            event("Warning", "BackOff", "2026-01-01T00:00:04Z", "back-off restarting"),
            event("Warning", "Old", "2025-01-01T00:00:01Z", "old"),
        ];
        assert_eq!(warning(&events).unwrap(), "FailedCreate: exceeded quota: small");
        assert_eq!(warning(&events[1..3]), None);
    }

    #[test]
    fn logs_show_no_secret() {
        let pod = json!({"spec": {
            "containers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "a"}}}], "envFrom": [{"secretRef": {"name": "b"}}]}],
            "volumes": [{"secret": {"secretName": "c"}}, {"projected": {"sources": [{"secret": {"name": "d"}}]}}],
            "imagePullSecrets": [{"name": "never-mounted"}],
        }});
        assert_eq!(secrets_of(&pod).into_iter().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        let secrets =
            [b"hunter2\n".to_vec(), b"hunter2-and-more".to_vec(), b"a".to_vec(), b"one-line\ntwo-line".to_vec()];
        let log = format!(
            "{}\ncannot log in with hunter2-and-more, nor hunter2\n\ntwo-line is a line\n{}",
            "x\n".repeat(50),
            "é".repeat(400)
        );
        let shown = shown_log(&log, &secrets);
        assert_eq!(shown.len(), LOG_LINES_MAX);
        assert_eq!(shown[5], "cannot log in with ***, nor ***");
        assert_eq!(shown[6], "*** is a line");
        assert_eq!(shown[7].chars().count(), LOG_COLUMNS_MAX + 1);
    }
}
