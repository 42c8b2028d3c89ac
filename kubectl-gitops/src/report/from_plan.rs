//! A plan in the words of a report, and a refused plan as an error.

use std::time::Duration;

use super::model::{Command, Counts, Line, ObjectName, Op, Report, Requests, SCHEMA};
use crate::cluster::Traffic;
use crate::error::{CliError, Code, Kind, Place};
use crate::inventory::RootRef;
use crate::plan::{Action, Class, Deed, Plan, Reason, Refusal, Warning};

/// Most refused objects that are listed.
const REFUSED_MAX: usize = 20;

/// What a planned action would do, in the report's words.
pub fn op_of(action: &Action) -> Op {
    match (&action.deed, &action.reason) {
        (Deed::Update { .. }, Reason::Adopted { .. }) => Op::Adopt,
        (Deed::Create | Deed::ApplyBlind, _) => Op::Create,
        (Deed::Update { .. }, _) => Op::Update,
        (Deed::Unchanged, _) => Op::Unchanged,
        (Deed::Recreate { .. }, _) => Op::Replace,
        (Deed::Prune { .. }, _) => Op::Prune,
        (Deed::Detach { .. } | Deed::Forget, _) => Op::Forget,
        (Deed::Keep, _) => Op::Keep,
        (Deed::Refuse, _) => Op::Refuse,
    }
}

/// One line per action, in the plan's order.
pub fn planned(plan: &Plan) -> Vec<Line> {
    plan.actions
        .iter()
        .map(|action| Line {
            op: op_of(action),
            object: ObjectName(action.key.clone()),
            reason_code: action.reason.code().to_owned(),
            reason: action.reason.to_string(),
            hint: action.reason.hint(),
            note: String::new(),
            changes: Vec::new(),
            unchanged_fields: 0,
            elapsed_s: 0.0,
        })
        .collect()
}

/// A plan that must not be executed, as the error that the run ends with.
pub fn refusal(plan: &Plan) -> Option<CliError> {
    let refusal = plan.refusal.as_ref()?;
    let refused: Vec<&Action> = plan.actions.iter().filter(|action| action.deed == Deed::Refuse).collect();
    let code = match refusal {
        Refusal::EmptySet { .. } => Code::EmptySet,
        Refusal::TooManyPrunes { .. } => Code::MassPrune,
        Refusal::Objects { class, .. } => refused
            .iter()
            .find(|action| action.reason.class() == *class)
            .map_or(Code::Refused, |action| code_of(&action.reason)),
    };
    let mut error = CliError::new(code, refusal.to_string());
    error.kind = match refusal.class() {
        Class::Input => Kind::User,
        Class::Unreachable => Kind::Cluster,
        Class::Guard => Kind::Refused,
    };
    for action in refused.iter().take(REFUSED_MAX) {
        let place = action.body.as_ref().map(|body| Place::from(&body.origin)).filter(|place| !place.file.is_empty());
        let place = place.map_or_else(String::new, |place| format!(" (from {place})"));
        error = error.note(format!("{}: {}{place}", action.key.short(), action.reason));
    }
    if refused.len() > REFUSED_MAX {
        error = error.note(format!("and {} more", refused.len() - REFUSED_MAX));
    }
    let hint = refusal.hint().or_else(|| refused.iter().find_map(|action| action.reason.hint()));
    Some(match hint {
        Some(hint) => error.hint(hint),
        None => error,
    })
}

/// A warning with its object in front.
pub fn warning_text(warning: &Warning) -> String {
    match &warning.key {
        Some(key) => format!("{}: {}", key.short(), warning.text),
        None => warning.text.clone(),
    }
}

fn code_of(reason: &Reason) -> Code {
    match reason {
        Reason::OtherInventory { .. } | Reason::OwnedElsewhere { .. } => Code::OtherInventory,
        Reason::OtherTool { .. } | Reason::NotAdopted { .. } | Reason::ControllerOwned { .. } => Code::NotAdopted,
        Reason::K3sAddon { .. } => Code::K3sAddon,
        Reason::Conflict { .. } => Code::Conflict,
        Reason::KindUnknown { .. } => Code::KindMissing,
        Reason::NamespaceMissing { .. } | Reason::NamespaceTerminating { .. } => Code::NamespaceMissing,
        Reason::Duplicate { .. } => Code::DuplicateObject,
        Reason::Inventory => Code::ListsItself,
        Reason::Unreadable { .. } => Code::Forbidden,
        Reason::Nameless | Reason::Misfit { .. } | Reason::NeedsNamespace | Reason::HasNamespace => Code::NotAnObject,
        _ => Code::Refused,
    }
}

/// What a report says besides its actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Which command.
    pub command: Command,
    /// The inventory.
    pub root: RootRef,
    /// The input as the user named it.
    pub source: String,
    /// Its revision.
    pub revision: String,
    /// `client` or `server`.
    pub dry_run: Option<&'static str>,
}

impl Report {
    /// Nothing was to be done, and it was clear without a plan: so many objects are as they were left.
    pub fn unchanged(about: &About, objects: usize, traffic: &Traffic, elapsed: Duration) -> Self {
        let mut report = Self::planned(about, &Plan::default(), traffic, elapsed);
        report.counts.unchanged = objects;
        report
    }

    /// What would be done.
    pub fn planned(about: &About, plan: &Plan, traffic: &Traffic, elapsed: Duration) -> Self {
        Self::with(about, plan, traffic, elapsed, planned(plan))
    }

    pub(super) fn with(about: &About, plan: &Plan, traffic: &Traffic, elapsed: Duration, actions: Vec<Line>) -> Self {
        let result = if plan.refusal.is_some() { "refused" } else { "succeeded" };
        Self {
            schema: SCHEMA,
            command: about.command,
            set: about.root.set_name().to_owned(),
            inventory: about.root.to_string(),
            source: about.source.clone(),
            revision: about.revision.clone(),
            against: None,
            dry_run: about.dry_run,
            result,
            counts: Counts::of(&actions),
            actions,
            health: Vec::new(),
            restarts: Vec::new(),
            rolled: Vec::new(),
            warnings: plan.warnings.iter().map(warning_text).collect(),
            requests: Requests::from(traffic),
            elapsed_s: elapsed.as_secs_f64(),
        }
    }
}

impl From<&Traffic> for Requests {
    fn from(traffic: &Traffic) -> Self {
        Self {
            total: traffic.total(),
            writes: traffic.writes(),
            by_verb: traffic.by_verb().iter().map(|(verb, count)| (verb.to_string(), *count)).collect(),
        }
    }
}
