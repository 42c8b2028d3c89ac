//! Pods, and why one does not run. Owns the reasons that are worth telling for whatever made the pod.

use jiff::Timestamp;
use serde_json::Value;

use super::read::{Condition, condition, count, text};
use super::{Facts, Health};

/// A container may fail a few times until what it needs has started. After so many restarts, a good minute, it will not do.
const RESTARTS_GRACE: i64 = 3;
/// A pod may be unschedulable for a moment, until the scheduler has seen a new node or a freed one.
const SCHEDULING_GRACE_S: i64 = 15;

/// Why a pod does not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// One line: container, reason, how it ended last.
    pub text: String,
    /// Waiting longer cannot help this pod.
    pub terminal: bool,
    /// Nor another one of the same template.
    pub hopeless: bool,
    /// The container that ran and ended badly: its log tells more.
    pub crashed: Option<String>,
}

pub(super) fn of(object: &Value, facts: &Facts) -> Health {
    let trouble = trouble(object, facts);
    match text(object, "/status/phase") {
        "Succeeded" => Health::Current,
        "Failed" => Health::Failed(trouble.map_or_else(|| failed(object), |trouble| trouble.text)),
        "Running" | "Pending" | "" => match trouble {
            Some(Trouble { text, terminal: true, .. }) => Health::Failed(text),
            Some(Trouble { text, terminal: false, .. }) => Health::InProgress(text),
            None => match condition(object, "Ready") {
                Some(ready) if ready.is_true() => Health::Current,
                Some(ready) => Health::InProgress(ready.why("not ready")),
                None => Health::InProgress("not started".to_owned()),
            },
        },
        other => Health::Unknown(format!("phase {other}")),
    }
}

fn failed(object: &Value) -> String {
    let why = [text(object, "/status/message"), text(object, "/status/reason"), "it failed"];
    why.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned()
}

/// The first reason for which a pod does not run, in the order in which they block: scheduling, init containers, containers.
pub fn trouble(pod: &Value, facts: &Facts) -> Option<Trouble> {
    if let Some(trouble) = unscheduled(pod, facts) {
        return Some(trouble);
    }
    let statuses = ["initContainerStatuses", "containerStatuses"]
        .into_iter()
        .filter_map(|field| pod.get("status")?.get(field)?.as_array())
        .flatten();
    statuses.into_iter().find_map(|status| container(pod, status))
}

fn unscheduled(pod: &Value, facts: &Facts) -> Option<Trouble> {
    let scheduled = condition(pod, "PodScheduled").filter(Condition::is_false)?;
    if scheduled.reason != "Unschedulable" {
        return None;
    }
    let created = text(pod, "/metadata/creationTimestamp").parse::<Timestamp>().ok();
    let late = match (facts.now, created) {
        (Some(now), Some(created)) => now.as_second() - created.as_second() > SCHEDULING_GRACE_S,
        _ => false,
    };
    let text = format!("unschedulable: {}", scheduled.why("no node fits"));
    Some(Trouble { text, terminal: late, hopeless: false, crashed: None })
}

fn container(pod: &Value, status: &Value) -> Option<Trouble> {
    let name = text(status, "/name");
    let waiting = text(status, "/state/waiting/reason");
    let told = |text: String, terminal: bool| {
        Some(Trouble { text: format!("container {name}: {text}"), terminal, hopeless: terminal, crashed: None })
    };
    let crashed = |text: String, terminal: bool| {
        let hopeless = terminal && count(status, "/restartCount") >= RESTARTS_GRACE;
        let crashed = Some(name.to_owned());
        Some(Trouble { text: format!("container {name}: {text}"), terminal, hopeless, crashed })
    };
    match waiting {
        "CrashLoopBackOff" => crashed(format!("CrashLoopBackOff{}", ended(pod, status)), true),
        "InvalidImageName" | "ErrImageNeverPull" => told(format!("{waiting}: {}", image(status)), true),
        // A registry may be back in a moment, a missing Secret may be about to come: named, not final.
        "ImagePullBackOff" | "ErrImagePull" | "RegistryUnavailable" => {
            told(format!("{waiting}: {}", image(status)), false)
        }
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
            told(with_message(waiting, text(status, "/state/waiting/message")), false)
        }
        _ => {
            let code = status.pointer("/state/terminated/exitCode").and_then(Value::as_i64)?;
            let reason = text(status, "/state/terminated/reason");
            if code == 0 {
                return None;
            }
            crashed(format!("{}{}", reason_or_exit(reason, code), limit(pod, name, reason)), false)
        }
    }
}

fn image(status: &Value) -> String {
    match text(status, "/state/waiting/message") {
        "" => text(status, "/image").to_owned(),
        message => message.to_owned(),
    }
}

fn with_message(reason: &str, message: &str) -> String {
    if message.is_empty() { reason.to_owned() } else { format!("{reason}: {message}") }
}

/// `, 6 restarts, OOMKilled (exit 137), memory limit 512Mi`
fn ended(pod: &Value, status: &Value) -> String {
    let restarts = count(status, "/restartCount");
    let times = if restarts == 1 { "restart" } else { "restarts" };
    let last = status.pointer("/lastState/terminated");
    let last = last.map(|last| {
        let reason = text(last, "/reason");
        let code = count(last, "/exitCode");
        format!(", {}{}", reason_or_exit(reason, code), limit(pod, text(status, "/name"), reason))
    });
    format!(", {restarts} {times}{}", last.unwrap_or_default())
}

fn reason_or_exit(reason: &str, code: i64) -> String {
    match reason {
        "" | "Error" => format!("exit {code}"),
        reason => format!("{reason} (exit {code})"),
    }
}

fn limit(pod: &Value, container: &str, reason: &str) -> String {
    if reason != "OOMKilled" {
        return String::new();
    }
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array).into_iter().flatten();
    let limit = containers
        .into_iter()
        .find(|spec| text(spec, "/name") == container)
        .map(|spec| text(spec, "/resources/limits/memory"))
        .filter(|limit| !limit.is_empty());
    limit.map(|limit| format!(", memory limit {limit}")).unwrap_or_default()
}
