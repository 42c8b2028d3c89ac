//! Is an object healthy? Owns [`Health`] and one rule file per kind. Pure: one object in, a verdict with its reason out.
//! Must not know a client, a clock (the current time comes in as an argument) or other objects.

mod budget;
pub mod cause;
mod cel;
mod claim;
mod custom;
mod daemon_set;
mod definition;
mod deployment;
mod generic;
mod helm_chart;
mod job;
mod pod;
mod read;
mod replica_set;
mod service;
mod stateful_set;
mod wishes;

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

pub use cause::Cause;
pub use pod::{Trouble, trouble};
pub use wishes::{expression_error, misfit};

/// The verdict on one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It is what its spec says.
    Current,
    /// On its way; why it is not there yet.
    InProgress(String),
    /// It will not get there by waiting; why.
    Failed(String),
    /// Being deleted; what holds it.
    Terminating(String),
    /// It does not exist.
    NotFound,
    /// It could not be read.
    Unknown(String),
}

impl Health {
    /// The word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Current => "Current",
            Self::InProgress(_) => "InProgress",
            Self::Failed(_) => "Failed",
            Self::Terminating(_) => "Terminating",
            Self::NotFound => "NotFound",
            Self::Unknown(_) => "Unknown",
        }
    }

    /// Why; empty for [`Health::Current`] and [`Health::NotFound`].
    pub fn message(&self) -> &str {
        match self {
            Self::InProgress(why) | Self::Failed(why) | Self::Terminating(why) | Self::Unknown(why) => why,
            Self::Current | Self::NotFound => "",
        }
    }

    /// Nothing is left to wait for.
    pub const fn is_current(&self) -> bool {
        matches!(self, Self::Current)
    }

    /// Waiting longer cannot help.
    pub const fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        if self.message().is_empty() { Ok(()) } else { write!(f, ": {}", self.message()) }
    }
}

/// What a verdict may depend on besides the object.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts {
    /// The current time; without it nothing counts as late.
    pub now: Option<Timestamp>,
    /// For a claim: its storage class binds only when a pod uses it, so waiting for it alone would never end.
    pub claim_binds_late: bool,
    /// For such a claim: a pod that is to start uses it.
    pub claim_is_used: bool,
    /// For a Service of type LoadBalancer: wait for its address, because something in the cluster hands them out.
    pub wants_address: bool,
}

/// The verdict: what holds of every kind first, then what the object says itself, then the kind's own rule, then what its conditions say.
pub fn of(object: &Value, facts: &Facts) -> Health {
    if let Some(health) = generic::unseen(object).or_else(|| wishes::of(object)).or_else(|| generic::said(object)) {
        return health;
    }
    let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
    let (group, kind) = (text("apiVersion").rsplit_once('/').map_or("", |(group, _)| group), text("kind"));
    match (group, kind) {
        ("apps", "Deployment") => deployment::of(object),
        ("apps", "StatefulSet") => stateful_set::of(object),
        ("apps", "DaemonSet") => daemon_set::of(object),
        ("apps", "ReplicaSet") => replica_set::of(object),
        ("batch", "Job") => job::of(object),
        ("batch", "CronJob") | ("", "ConfigMap" | "Secret") => Health::Current,
        ("", "Pod") => pod::of(object, facts),
        ("", "PersistentVolumeClaim") => claim::of(object, facts),
        ("", "Service") => service::of(object, facts),
        ("policy", "PodDisruptionBudget") => budget::of(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition::of(object),
        ("helm.cattle.io", "HelmChart") => helm_chart::of(object),
        _ => custom::of(group, kind, object),
    }
}
