//! The sign of life of a host's timer. A CronJob knows when it last ran; a timer has no object in the cluster, so its runs renew
//! a Lease. Owns the Lease's form, how seldom it is written, and when it is stale. That it cannot be written fails no run.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::drivers::{GRACE, signed, since};
use super::session::Session;
use crate::cluster::{Code as Answer, DryRun, Endpoint, ListQuery};
use crate::install::EVERY_DEFAULT_HOST;
use crate::inventory::RootRef;
use crate::inventory::marks::annotation;
use crate::report::{DriverStatus, age};
use crate::settings::{SYSTEM_NAMESPACE, format_duration};

/// Drivers that are timers of hosts: `systemd/HOST`.
const TIMER: &str = "systemd/";
/// Not more often: each write costs the datastore tens of kilobytes, and flash wears.
const RENEW: Duration = Duration::from_mins(15);
pub(super) const LABELS: &str = "app.kubernetes.io/name=kubectl-gitops,app.kubernetes.io/component=timer";
const EVERY_ANNOTATION: &str = "kubectl-gitops.dev/every";

/// Tells the cluster that the timer of a set is alive, if it was not told so just now. Nothing for other drivers.
pub(super) async fn beat(driver: &str, every: Option<Duration>, set: &RootRef, session: &Session, now: Timestamp) {
    if !driver.starts_with(TIMER) {
        return;
    }
    let fresh = lease(driver, every.unwrap_or(EVERY_DEFAULT_HOST), set, now);
    let leases = Endpoint::leases();
    let found = session.cluster.get(&leases, SYSTEM_NAMESPACE, &set.name, crate::cluster::Extent::Whole).await;
    let written = match found {
        Ok(found) if !is_due(&found, &fresh, now) => return,
        Ok(found) => {
            // Guarded: another host's run may have renewed it just now.
            let mut next = fresh;
            next["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"].clone();
            session.cluster.replace(&leases, &next).await
        }
        Err(error) if error.code == Answer::NotFound => session.cluster.create(&leases, &fresh, DryRun::No).await,
        Err(error) => Err(error),
    };
    match written {
        Ok(_) => {}
        // Somebody else was quicker; there is no place yet; the account need not be allowed to.
        Err(error)
            if matches!(
                error.code,
                Answer::Conflict
                    | Answer::AlreadyExists
                    | Answer::NotFound
                    | Answer::NamespaceMissing
                    | Answer::Forbidden
            ) => {}
        Err(error) => {
            let name = &set.name;
            session.story.warn(&format!("the timer's Lease {SYSTEM_NAMESPACE}/{name} is not renewed: {error}"));
        }
    }
}

/// The timers that ever told of themselves; none also where they may not be seen.
pub(super) async fn timers(session: &Session, now: Timestamp) -> Vec<DriverStatus> {
    let leases = Endpoint::leases();
    let mut found = Vec::new();
    let query = ListQuery::of(&leases).within(SYSTEM_NAMESPACE).labelled(LABELS);
    let listed = session.cluster.list(&query, |object| found.push(timer(&object, now))).await;
    if listed.is_err() { Vec::new() } else { found }
}

fn lease(driver: &str, every: Duration, set: &RootRef, now: Timestamp) -> Value {
    let labels: serde_json::Map<String, Value> = LABELS
        .split(',')
        .filter_map(|label| label.split_once('='))
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": set.name,
            "namespace": SYSTEM_NAMESPACE,
            "labels": labels,
            "annotations": {(EVERY_ANNOTATION): every.as_secs().to_string()},
        },
        "spec": {
            "holderIdentity": driver,
            "renewTime": format!("{now:.6}"),
            "leaseDurationSeconds": (RENEW + every * 3 + GRACE).as_secs(),
        },
    })
}

/// Is it to be written? Also where it says something else, and where it was renewed in the future: a clock was set back.
fn is_due(found: &Value, fresh: &Value, now: Timestamp) -> bool {
    let same = |path: &str| found.pointer(path) == fresh.pointer(path);
    let seconds = found.pointer("/spec/renewTime").and_then(|time| since(time.as_str()?, now));
    let recent = seconds.is_some_and(|seconds| (0..=signed(RENEW)).contains(&seconds));
    !recent || !same("/spec/leaseDurationSeconds") || !same("/metadata/labels")
}

fn timer(lease: &Value, now: Timestamp) -> DriverStatus {
    let text = |path: &str| lease.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (object, renewed) = (text("/metadata/name"), text("/spec/renewTime"));
    let set = object.strip_prefix(crate::inventory::marks::ROOT_PREFIX).unwrap_or(&object).to_owned();
    let name = format!("Timer {} of {set}", text("/spec/holderIdentity"));
    let every = annotation(lease, EVERY_ANNOTATION).and_then(|seconds| seconds.parse().ok());
    let limit = lease.pointer("/spec/leaseDurationSeconds").and_then(Value::as_i64);
    let stale = since(&renewed, now).zip(limit).is_some_and(|(seconds, limit)| seconds > limit);
    let notice = || {
        let often =
            every.map_or_else(String::new, |s| format!(", and runs every {}", format_duration(Duration::from_secs(s))));
        let unit = set.rsplit('.').next().unwrap_or(&set);
        format!(
            "{name} was last seen {}{often}: `systemctl status gitops-{unit}.timer` on its host may tell why; \
             `kubectl delete lease {object} -n {SYSTEM_NAMESPACE}` forgets a timer that is uninstalled",
            age(&renewed, now)
        )
    };
    let notices = if stale { vec![notice()] } else { Vec::new() };
    DriverStatus {
        syncs: format!("{SYSTEM_NAMESPACE}/{set}"),
        schedule: String::new(),
        every_s: every,
        suspended: false,
        last_run: renewed.clone(),
        last_success: String::new(),
        notices,
        name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    fn renewed(time: &str, every: u64) -> Value {
        lease("systemd/node1", Duration::from_secs(every), &RootRef::of_set(SYSTEM_NAMESPACE, "default.home"), at(time))
    }

    #[test]
    fn it_is_renewed_seldom_and_when_it_says_something_else() {
        let found = renewed("2026-03-01T12:00:00Z", 60);
        for (now, every, due) in [
            ("2026-03-01T12:00:10Z", 60, false),
            ("2026-03-01T12:15:00Z", 60, false),
            ("2026-03-01T12:15:01Z", 60, true),
            ("2026-03-01T11:59:00Z", 60, true),
            ("2026-03-01T12:00:10Z", 300, true),
        ] {
            assert_eq!(is_due(&found, &renewed(now, every), at(now)), due, "{now} {every}");
        }
    }

    #[test]
    fn a_timer_that_is_silent_is_noticed() {
        for (now, every, says) in [
            ("2026-03-01T12:20:00Z", 60, ""),
            ("2026-03-01T12:29:00Z", 60, "last seen 29m ago, and runs every 1m"),
            ("2026-03-01T14:00:00Z", 21_600, ""),
            ("2026-03-02T12:00:00Z", 21_600, "`systemctl status gitops-home.timer`"),
        ] {
            let told = timer(&renewed("2026-03-01T12:00:00Z", every), at(now));
            let notice = told.notices.concat();
            assert!(notice.contains(says) && notice.is_empty() == says.is_empty(), "{now}: {notice}");
            assert_eq!((told.name.as_str(), told.every_s), ("Timer systemd/node1 of default.home", Some(every)));
        }
    }
}
