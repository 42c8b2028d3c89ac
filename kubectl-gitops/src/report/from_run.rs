//! An executed plan in the words of a report, and how it ends. The exit code is a function of this alone.

use std::collections::BTreeMap;
use std::time::Duration;

use krm::ObjectKey;

use super::from_plan::{About, op_of};
use super::model::{HealthLine, Line, ObjectName, Op, Report, Requests};
use crate::cluster::Code as Answer;
use crate::error::{CliError, Code, Kind};
use crate::execute::{Done, Executed, Outcome, Signal, Stop, WaitEnd};
use crate::plan::{Action, Plan};

/// Most failed objects that are listed again in the error.
const FAILED_MAX: usize = 10;

/// What came of one action. An adopted object stays called so.
fn op_of_outcome(outcome: &Outcome, action: Option<&Action>) -> Op {
    let planned = action.map(op_of);
    match outcome.done {
        Done::Created => Op::Create,
        Done::Configured if planned == Some(Op::Adopt) => Op::Adopt,
        Done::Configured => Op::Update,
        Done::Unchanged => Op::Unchanged,
        Done::Recreated => Op::Replace,
        Done::Pruned => Op::Prune,
        Done::Forgotten => Op::Forget,
        Done::Kept => Op::Keep,
        Done::Refused => Op::Refuse,
        Done::Skipped => Op::Skip,
        Done::Failed => Op::Fail,
    }
}

/// The line of one outcome.
pub fn line_of(outcome: &Outcome, action: Option<&Action>) -> Line {
    let code = outcome.code.map(|code| code.to_string());
    let planned = action.map(|action| action.reason.code().to_owned());
    let reason = match (outcome.reason.is_empty(), action) {
        (true, Some(action)) => action.reason.to_string(),
        _ => outcome.reason.clone(),
    };
    Line {
        op: op_of_outcome(outcome, action),
        object: ObjectName(outcome.key.clone()),
        reason_code: code.or(planned).unwrap_or_default(),
        reason,
        hint: action.filter(|_| outcome.done.is_failure()).and_then(|action| action.reason.hint()),
        note: String::new(),
        changes: Vec::new(),
        unchanged_fields: 0,
        elapsed_s: outcome.elapsed.as_secs_f64(),
    }
}

impl Report {
    /// What was done, in the plan's order.
    pub fn done(about: &About, plan: &Plan, executed: &Executed, elapsed: Duration) -> Self {
        let outcomes: BTreeMap<&ObjectKey, &Outcome> = executed.outcomes.iter().map(|o| (&o.key, o)).collect();
        let ended = plan.actions.iter().filter_map(|action| Some(line_of(outcomes.get(&action.key)?, Some(action))));
        let mut report = Self::with(about, plan, &executed.traffic, elapsed, ended.collect());
        report.health = executed
            .waited
            .iter()
            .map(|waited| {
                let message = waited.why().unwrap_or_default();
                let object = ObjectName(waited.key.clone());
                HealthLine { object, state: state_word(&waited.end), message, log: waited.log().to_vec() }
            })
            .collect();
        report.rolled = executed.rolled.iter().map(|rolled| ObjectName(rolled.key.clone())).collect();
        report.requests = Requests::from(&executed.traffic);
        report.result = result_word(executed);
        report
    }
}

/// How a wait ended, for programs.
pub(super) const fn state_word(end: &WaitEnd) -> &'static str {
    match end {
        WaitEnd::Ready => "ready",
        WaitEnd::Failed(_) => "failed",
        WaitEnd::TimedOut(_) => "timeout",
    }
}

fn result_word(executed: &Executed) -> &'static str {
    match &executed.stop {
        Some(Stop::Refused(_)) => "refused",
        Some(Stop::Busy { .. } | Stop::Moved | Stop::LeaseLost { .. }) => "locked",
        Some(Stop::Interrupted(_)) => "interrupted",
        Some(Stop::Cluster(_) | Stop::Inventory { .. } | Stop::Encode { .. }) => "failed",
        None if executed.outcomes.iter().any(|o| o.done == Done::Failed) => "failed",
        None if executed.waited.iter().any(|w| matches!(w.end, WaitEnd::Failed(_))) => "failed",
        None if executed.waited.iter().any(|w| matches!(w.end, WaitEnd::TimedOut(_))) => "timeout",
        None if executed.outcomes.iter().any(|o| o.done.is_failure()) => "failed",
        None => "succeeded",
    }
}

/// The end of a run that did not succeed; none if it did.
pub fn failure(plan: &Plan, executed: &Executed) -> Option<CliError> {
    let mut error = match &executed.stop {
        Some(Stop::Refused(_)) => super::from_plan::refusal(plan)?,
        Some(stop) => stopped(stop),
        None => objects_failed(executed).or_else(|| not_ready(executed))?,
    };
    let skipped = executed.outcomes.iter().filter(|o| o.done == Done::Skipped).count();
    if skipped > 0 && error.code != Code::ObjectsFailed && !matches!(executed.stop, Some(Stop::Refused(_))) {
        error = error.note(format!("{skipped} objects were not tried or not pruned because of this"));
    }
    Some(error)
}

fn stopped(stop: &Stop) -> CliError {
    match stop {
        Stop::Busy { .. } => {
            CliError::new(Code::Locked, stop.clone()).hint("wait for it, or give it more time with `--lock-timeout 5m`")
        }
        Stop::Moved | Stop::LeaseLost { .. } => {
            CliError::new(Code::InventoryConflict, stop.clone()).hint("run the same command again: it converges")
        }
        Stop::Interrupted(signal) => {
            let mut error = CliError::new(Code::Interrupted, stop.clone());
            if *signal == Signal::Terminate {
                error.kind = Kind::Terminated;
            }
            error.hint("run the same command again: the inventory is consistent, and it converges")
        }
        Stop::Refused(refusal) => CliError::new(Code::Refused, refusal.to_string()),
        Stop::Cluster(cause) => {
            let code = if cause.code == Answer::Unauthorized { Code::Unauthorized } else { Code::Unreachable };
            CliError::new(code, stop.clone()).hint("run the same command again when the cluster is back: it converges")
        }
        Stop::Inventory { source, .. } => {
            let code = match source.code {
                Answer::Forbidden => Code::Forbidden,
                Answer::Unreachable | Answer::Timeout => Code::Unreachable,
                Answer::Unauthorized => Code::Unauthorized,
                Answer::Conflict => Code::InventoryConflict,
                Answer::NamespaceMissing => Code::NamespaceMissing,
                _ => Code::ClusterError,
            };
            CliError::new(code, stop.clone())
        }
        Stop::Encode { .. } => CliError::new(Code::InventoryUnreadable, stop.clone()),
    }
}

fn objects_failed(executed: &Executed) -> Option<CliError> {
    let failed: Vec<&Outcome> = executed.outcomes.iter().filter(|o| o.done == Done::Failed).collect();
    let first = failed.first()?;
    let total = executed.outcomes.len();
    let text = if failed.len() == 1 {
        format!("`{}` failed, of {total} objects", first.key.short())
    } else {
        format!("{} of {total} objects failed", failed.len())
    };
    let mut error = CliError::new(Code::ObjectsFailed, text);
    for outcome in failed.iter().take(FAILED_MAX) {
        error = error.note(format!("{}: {}", outcome.key.short(), outcome.reason));
    }
    if failed.len() > FAILED_MAX {
        error = error.note(format!("and {} more", failed.len() - FAILED_MAX));
    }
    let skipped = executed.outcomes.iter().filter(|o| o.done == Done::Skipped).count();
    if skipped > 0 {
        error = error.note(format!("{skipped} objects were not tried or not pruned because of this"));
    }
    let missing_namespace = failed.iter().any(|o| o.code == Some(Answer::NamespaceMissing));
    Some(if missing_namespace { error.hint("create the namespace with `--create-namespace`") } else { error })
}

fn not_ready(executed: &Executed) -> Option<CliError> {
    let unready: Vec<_> = executed.waited.iter().filter_map(|waited| Some((waited, waited.why()?))).collect();
    let (first, _) = unready.first()?;
    let any_failed = unready.iter().any(|(waited, _)| matches!(waited.end, WaitEnd::Failed(_)));
    let what = if unready.len() == 1 {
        format!("`{}` is", first.key.short())
    } else {
        format!("{} of {} objects are", unready.len(), executed.waited.len())
    };
    let after = crate::settings::format_duration(first.elapsed);
    let mut error = if any_failed {
        CliError::new(Code::HealthFailed, format!("{what} not ready and will not be without a change"))
    } else {
        CliError::new(Code::NotReady, format!("{what} not ready after {after}"))
    };
    for (waited, why) in unready.iter().take(FAILED_MAX) {
        error = error.note(format!("{}: {why}", waited.key.short()));
        error = waited.log().iter().fold(error, |error, line| error.note(format!("  log: {line}")));
    }
    Some(error.hint("`kubectl gitops status NAME` shows what blocks"))
}
