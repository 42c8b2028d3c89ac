//! What a run did or would do, as one value. Owns the words and the published shape (JSON schema `v1`); must not know how it
//! is drawn. Never holds the value of a Secret.

use std::collections::BTreeMap;

use krm::ObjectKey;
use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};

/// Version of the JSON form. The minor part only ever adds; readers must ignore what they do not know.
pub const SCHEMA: &str = "v1.0";

/// Which command it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Command {
    /// `apply`
    Apply,
    /// `diff`
    Diff,
    /// `delete`
    Delete,
    /// `sync`
    Sync,
}

/// What was (or would be) done with one object. The order is that of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// Made.
    Create,
    /// Changed.
    Update,
    /// Taken over from another tool, and changed where needed.
    Adopt,
    /// Deleted and made again.
    Replace,
    /// Deleted.
    Prune,
    /// Its entry left the inventory, the object was not touched.
    Forget,
    /// Nothing was to do.
    Unchanged,
    /// Left alone on purpose.
    Keep,
    /// Not allowed; nothing was done at all.
    Refuse,
    /// Not tried.
    Skip,
    /// Tried in vain.
    Fail,
}

impl Op {
    /// As told after the deed.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Update => "updated",
            Self::Adopt => "adopted",
            Self::Replace => "replaced",
            Self::Prune => "pruned",
            Self::Forget => "forgotten",
            Self::Unchanged => "unchanged",
            Self::Keep => "kept",
            Self::Refuse => "refused",
            Self::Skip => "skipped",
            Self::Fail => "failed",
        }
    }

    /// As told before it.
    pub const fn planned(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Adopt => "adopt",
            Self::Replace => "replace",
            Self::Prune => "prune",
            Self::Forget => "forget",
            Self::Unchanged => "unchanged",
            Self::Keep => "keep",
            Self::Refuse => "refuse",
            Self::Skip => "skip",
            Self::Fail => "fail",
        }
    }

    /// Does (or would) the cluster change by it?
    pub const fn changes(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Adopt | Self::Replace | Self::Prune)
    }
}

/// An object, named as everywhere: `Kind/namespace/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName(pub ObjectKey);

impl Serialize for ObjectName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ObjectKey { group, kind, namespace, name } = &self.0;
        let mut object = serializer.serialize_struct("Object", 4)?;
        object.serialize_field("group", group.as_str())?;
        object.serialize_field("kind", kind.as_str())?;
        object.serialize_field("namespace", namespace.as_str())?;
        object.serialize_field("name", name.as_str())?;
        object.end()
    }
}

/// One changed field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// As `spec.template.spec.containers[name=web].image`.
    pub path: String,
    /// Lines of the live value; none if there is none, or if it must not be shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// Lines of the wished value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// What else there is to say: `changed (24 → 32 bytes)` instead of values, or who changed it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What was done with one object, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// What.
    pub op: Op,
    /// Which object.
    pub object: ObjectName,
    /// Stable code of the reason.
    pub reason_code: String,
    /// The reason in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What else there is to say: that the server could not be asked yet, and why.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Changed fields, where known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Fields of it that stay as they are, where that was looked at.
    #[serde(skip_serializing_if = "is_none")]
    pub unchanged_fields: usize,
    /// Seconds that it took.
    #[serde(skip_serializing_if = "is_zero")]
    pub elapsed_s: f64,
}

impl Line {
    /// Without anything that is looked for later.
    pub fn of(op: Op, object: ObjectName, code: &str, reason: String) -> Self {
        Self {
            op,
            object,
            reason_code: code.to_owned(),
            reason,
            hint: None,
            note: String::new(),
            changes: Vec::new(),
            unchanged_fields: 0,
            elapsed_s: 0.0,
        }
    }
}

/// The health of one object after the wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthLine {
    /// Which object.
    pub object: ObjectName,
    /// `ready`, `failed` or `timeout`.
    pub state: &'static str,
    /// What it lacks, and what lies behind that.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The last lines of the log of what crashed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

/// What was sent to the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Requests {
    /// All.
    pub total: u64,
    /// Those that could change something.
    pub writes: u64,
    /// By deed.
    pub by_verb: BTreeMap<String, u64>,
}

/// How many of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Made.
    pub created: usize,
    /// Changed, adopted ones included.
    pub updated: usize,
    /// Of the updated: taken over from another tool.
    pub adopted: usize,
    /// Deleted and made again.
    pub replaced: usize,
    /// Deleted.
    pub pruned: usize,
    /// Left the inventory untouched.
    pub forgotten: usize,
    /// Nothing was to do.
    pub unchanged: usize,
    /// Left alone on purpose.
    pub kept: usize,
    /// Not allowed.
    pub refused: usize,
    /// Not tried.
    pub skipped: usize,
    /// Tried in vain.
    pub failed: usize,
}

impl Counts {
    /// Counts lines.
    pub fn of(lines: &[Line]) -> Self {
        let mut counts = Self::default();
        for line in lines {
            *match line.op {
                Op::Create => &mut counts.created,
                Op::Update => &mut counts.updated,
                Op::Adopt => {
                    counts.adopted += 1;
                    &mut counts.updated
                }
                Op::Replace => &mut counts.replaced,
                Op::Prune => &mut counts.pruned,
                Op::Forget => &mut counts.forgotten,
                Op::Unchanged => &mut counts.unchanged,
                Op::Keep => &mut counts.kept,
                Op::Refuse => &mut counts.refused,
                Op::Skip => &mut counts.skipped,
                Op::Fail => &mut counts.failed,
            } += 1;
        }
        counts
    }

    /// Deeds that change the cluster.
    pub const fn changes(&self) -> usize {
        self.created + self.updated + self.replaced + self.pruned
    }
}

/// A whole run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// [`SCHEMA`]
    pub schema: &'static str,
    /// Which command.
    pub command: Command,
    /// Name of the set.
    pub set: String,
    /// Its inventory, `namespace/gitops-NAME`.
    pub inventory: String,
    /// The input as the user named it; the set's name where there is no input.
    pub source: String,
    /// Revision of the input; empty if unknown.
    pub revision: String,
    /// What it was compared with, if not with a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// `client` or `server` for a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<&'static str>,
    /// `succeeded`, `failed`, `refused`, `timeout`, `interrupted`, …
    pub result: &'static str,
    /// One line per object of set and inventory.
    pub actions: Vec<Line>,
    /// How many of each.
    pub counts: Counts,
    /// Awaited objects; empty without a wait.
    pub health: Vec<HealthLine>,
    /// Workloads whose pods restart, with the cause.
    pub restarts: Vec<String>,
    /// Workloads of others that were rolled, because they use what changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rolled: Vec<ObjectName>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// What was sent.
    pub requests: Requests,
    /// Seconds from start to end.
    pub elapsed_s: f64,
}

impl Report {
    /// After lines changed: the counts, and that some would fail.
    pub fn recount(&mut self) {
        self.counts = Counts::of(&self.actions);
        if self.counts.failed > 0 && self.result == "succeeded" {
            self.result = "failed";
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_none(number: &usize) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}
