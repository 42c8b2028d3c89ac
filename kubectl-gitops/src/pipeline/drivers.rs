//! What runs `sync` by itself: its CronJobs, read from where they lie, the timers of hosts, and what is wrong with them. A CronJob is
//! the only one who knows when it last ran: a run that changes nothing writes nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::heartbeat;
use super::session::Session;
use crate::cluster::{Endpoint, ListQuery};
use crate::install::SYNCS_ANNOTATION;
use crate::inventory::marks;
use crate::report::{DriverStatus, SetStatus, age};
use crate::settings::{SYSTEM_NAMESPACE, format_duration};

const NAME_LABEL: &str = "/metadata/labels/app.kubernetes.io~1name";
/// A clock may be so much ahead of another one.
const SKEW: Duration = Duration::from_mins(2);
/// What a run may take, and a node to come back.
pub(super) const GRACE: Duration = Duration::from_mins(10);

/// What was found, and where it was looked for.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// CronJobs of `sync`, and timers.
    pub(super) drivers: Vec<DriverStatus>,
    /// Namespaces that could be looked at; none if all of them.
    only: Option<BTreeSet<String>>,
}

/// The CronJobs of `sync`, and hosts' timers. Who may not look into every namespace is told of those in ours, in their own and in
/// those of `sets`, as far as they may be seen: that is no failure of the question about sets.
pub(super) async fn of_cluster(session: &Session, sets: &[SetStatus], now: Timestamp) -> Found {
    let timers = heartbeat::timers(session, now).await;
    if let Some(mut drivers) = within(session, "", now).await {
        drivers.extend(timers);
        return Found { drivers, only: None };
    }
    let own = [SYSTEM_NAMESPACE, session.namespace()];
    let places: BTreeSet<&str> = own.into_iter().chain(sets.iter().map(|set| set.namespace.as_str())).collect();
    let (mut drivers, mut only) = (Vec::new(), BTreeSet::new());
    for place in places {
        if let Some(found) = within(session, place, now).await {
            drivers.extend(found);
            only.insert(place.to_owned());
        }
    }
    drivers.extend(timers);
    Found { drivers, only: Some(only) }
}

/// Those in one namespace, or in all; none where they may not be seen.
async fn within(session: &Session, namespace: &str, now: Timestamp) -> Option<Vec<DriverStatus>> {
    let endpoint = Endpoint::cron_jobs();
    let mut found = Vec::new();
    let query = ListQuery::of(&endpoint).within(namespace);
    let listed = session.cluster.list(&query, |object| found.extend(is_ours(&object).then(|| driver(&object, now))));
    listed.await.ok().map(|()| found)
}

impl Found {
    /// Without those that run none of these sets.
    pub(super) fn of_sets(mut self, sets: &[SetStatus]) -> Self {
        self.drivers.retain(|driver| sets.iter().any(|set| runs(driver, set)));
        self
    }

    /// Without those that neither lie in this namespace nor sync into it.
    pub(super) fn of_namespace(mut self, namespace: &str) -> Self {
        let place = format!("CronJob {namespace}/");
        let into = format!("{SYSTEM_NAMESPACE}/{namespace}.");
        self.drivers.retain(|driver| driver.name.starts_with(&place) || driver.syncs.starts_with(&into));
        self
    }

    /// What is wrong with how the sets are run, beside what is wrong with each CronJob.
    pub(super) fn notices(&self, sets: &[SetStatus]) -> Vec<String> {
        let mut notices: Vec<String> = self.drivers.iter().flat_map(|driver| driver.notices.clone()).collect();
        for set in sets {
            // A timer of a host has no schedule.
            let mut its = self.drivers.iter().filter(|driver| !driver.schedule.is_empty() && runs(driver, set));
            match set.driver.split('/').next().unwrap_or_default() {
                "systemd" => notices.extend(its.find(|driver| !driver.suspended).map(|cron_job| {
                    format!(
                        "{} was last run by {}, and {} is there as well: two drivers are safe and twice the work; \
                         `kubectl gitops uninstall` removes one",
                        set.name, set.driver, cron_job.name
                    )
                })),
                word @ ("cronjob" | "pod") if its.next().is_none() && self.would_see(word, set) => {
                    notices.push(format!(
                        "{} was last run by {}, and there is no CronJob for it any more: nothing runs it",
                        set.name, set.driver
                    ));
                }
                _ => {}
            }
        }
        notices
    }

    /// Would the CronJob of a set have been found? `install` puts it beside the inventory; one of the user's own may lie anywhere.
    fn would_see(&self, driver: &str, set: &SetStatus) -> bool {
        self.only.as_ref().is_none_or(|only| driver == "cronjob" && only.contains(&set.namespace))
    }
}

/// Does it run this set, as far as it says? What was not made by `install` does not say.
fn runs(driver: &DriverStatus, set: &SetStatus) -> bool {
    let of_sync = set.namespace == SYSTEM_NAMESPACE || !set.driver.is_empty();
    driver.syncs.split_once('/').map_or(of_sync, |place| place == (set.namespace.as_str(), set.name.as_str()))
}

fn is_ours(cron_job: &Value) -> bool {
    if cron_job.pointer(NAME_LABEL).is_some_and(|name| name == "kubectl-gitops") {
        return true;
    }
    let containers = cron_job.pointer("/spec/jobTemplate/spec/template/spec/containers").and_then(Value::as_array);
    containers.into_iter().flatten().any(|container| {
        let words = |field: &str| container[field].as_array().into_iter().flatten().filter_map(Value::as_str);
        let ours = |text: &str| text.contains("kubectl-gitops");
        let image = container["image"].as_str().is_some_and(ours);
        words("command").chain(words("args")).any(|word| word == "sync") && (image || words("command").any(ours))
    })
}

fn driver(cron_job: &Value, now: Timestamp) -> DriverStatus {
    let text = |path: &str| cron_job.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    let schedule = text("/spec/schedule");
    let syncs = marks::annotation(cron_job, SYNCS_ANNOTATION);
    let mut driver = DriverStatus {
        name: format!("CronJob {namespace}/{name}"),
        syncs: syncs.map(|set| format!("{namespace}/{set}")).unwrap_or_default(),
        every_s: period(&schedule).map(|period| period.as_secs()),
        schedule,
        suspended: cron_job.pointer("/spec/suspend").is_some_and(|suspend| suspend == true),
        last_run: text("/status/lastScheduleTime"),
        last_success: text("/status/lastSuccessfulTime"),
        notices: Vec::new(),
    };
    driver.notices = judged(&driver, &namespace, &name, &text("/metadata/creationTimestamp"), now);
    driver
}

/// What is wrong with a CronJob.
fn judged(driver: &DriverStatus, namespace: &str, name: &str, created: &str, now: Timestamp) -> Vec<String> {
    let DriverStatus { name: shown, last_run, last_success, every_s, .. } = driver;
    if driver.suspended {
        let command = format!("kubectl patch cronjob {name} -n {namespace} -p '{{\"spec\":{{\"suspend\":false}}}}'");
        return vec![format!("{shown} is suspended: nothing is synced until `{command}`")];
    }
    let since = |time: &str| since(time, now);
    if since(last_run).is_some_and(|seconds| seconds < -signed(SKEW)) {
        return vec![format!(
            "{shown} believes that its last run was at {last_run}, which is in the future: a clock was set back, and it starts \
             no run until then; delete it and create it again, as `kubectl gitops install` does"
        )];
    }
    let Some(every) = every_s.map(Duration::from_secs) else { return Vec::new() };
    let limit = signed(every * 3 + GRACE);
    let every = format_duration(every);
    if since(last_run).or_else(|| since(created)).is_some_and(|seconds| seconds > limit) {
        let when = if last_run.is_empty() {
            "has never started a run".to_owned()
        } else {
            format!("started its last run {}", age(last_run, now))
        };
        return vec![format!(
            "{shown} {when}, and should every {every}: `kubectl describe cronjob {name} -n {namespace}` may tell why"
        )];
    }
    if since(last_success).or_else(|| since(created)).is_some_and(|seconds| seconds > limit) {
        let when = if last_success.is_empty() {
            "has never succeeded".to_owned()
        } else {
            format!("succeeded last {}", age(last_success, now))
        };
        return vec![format!(
            "{shown} {when}, and should every {every}: `kubectl logs -n {namespace} -l app.kubernetes.io/name=kubectl-gitops` tells why"
        )];
    }
    Vec::new()
}

/// Seconds since then, negative where it lies in the future; none of what is no time.
pub(super) fn since(time: &str, now: Timestamp) -> Option<i64> {
    Some(now.as_second() - time.parse::<Timestamp>().ok()?.as_second())
}

pub(super) fn signed(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// How often a schedule comes round, for the simple ones.
fn period(schedule: &str) -> Option<Duration> {
    let minutes = |count: u64| Some(Duration::from_secs(count * 60));
    let step =
        |field: &str| field.split_once('/').and_then(|(_, step)| step.parse::<u64>().ok()).filter(|step| *step > 0);
    let number = |field: &str| field.parse::<u64>().is_ok();
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    match fields.as_slice() {
        ["@hourly"] => minutes(60),
        ["@daily" | "@midnight"] => minutes(24 * 60),
        ["*", "*", "*", "*", "*"] => minutes(1),
        [minute, "*", "*", "*", "*"] if minute.contains('/') => minutes(step(minute)?),
        [minute, "*", "*", "*", "*"] if minute.contains(',') => {
            let mut points: Vec<u64> = minute.split(',').map(|point| point.parse().ok()).collect::<Option<_>>()?;
            points.sort_unstable();
            let first = *points.first()?;
            let gaps = points.iter().zip(points.iter().skip(1).copied().chain([first + 60]));
            minutes(gaps.map(|(from, to)| to.saturating_sub(*from)).max()?)
        }
        [minute, "*", "*", "*", "*"] if number(minute) => minutes(60),
        [minute, hour, "*", "*", "*"] if number(minute) && hour.contains('/') => minutes(step(hour)? * 60),
        [minute, hour, "*", "*", "*"] if number(minute) && number(hour) => minutes(24 * 60),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: &str = "2026-03-01T12:00:00Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    #[test]
    fn simple_schedules_have_a_period() {
        for (schedule, minutes) in [
            ("*/5 * * * *", Some(5)),
            ("7-59/5 * * * *", Some(5)),
            ("* * * * *", Some(1)),
            ("3,33 * * * *", Some(30)),
            ("50,10 * * * *", Some(40)),
            ("17 * * * *", Some(60)),
            ("@hourly", Some(60)),
            ("0 */6 * * *", Some(360)),
            ("30 4 * * *", Some(1440)),
            ("30 4 * * 1", None),
            ("*/0 * * * *", None),
            ("1,x * * * *", None),
            ("", None),
        ] {
            assert_eq!(period(schedule), minutes.map(|minutes| Duration::from_secs(minutes * 60)), "{schedule}");
        }
    }

    #[test]
    fn a_cron_job_that_does_not_do_its_work_is_noticed() {
        // suspend, last run, last success, what is said.
        let cases = [
            (false, "2026-03-01T11:58:00Z", "2026-03-01T11:58:10Z", ""),
            (false, "2026-03-01T11:36:00Z", "2026-03-01T11:36:10Z", ""),
            (true, "2026-02-01T00:00:00Z", "", "is suspended"),
            (false, "2027-03-01T12:00:00Z", "2026-03-01T11:58:10Z", "in the future"),
            (false, "2026-03-01T12:01:00Z", "2026-03-01T11:58:10Z", ""),
            (false, "2026-03-01T11:30:00Z", "2026-03-01T11:30:10Z", "started its last run 30m ago"),
            (false, "", "", "has never started a run"),
            (false, "2026-03-01T11:58:00Z", "", "has never succeeded"),
            (false, "2026-03-01T11:58:00Z", "2026-03-01T11:00:00Z", "succeeded last 1h ago"),
        ];
        for (suspend, last_run, last_success, expected) in cases {
            let mut job = json!({
                "metadata": {"name": "sync", "namespace": "gitops-system", "creationTimestamp": "2026-01-01T00:00:00Z"},
                "spec": {"schedule": "*/5 * * * *", "suspend": suspend}, "status": {}});
            for (field, time) in [("lastScheduleTime", last_run), ("lastSuccessfulTime", last_success)] {
                if !time.is_empty() {
                    job["status"][field] = json!(time);
                }
            }
            let told = driver(&job, now()).notices.concat();
            assert!(told.contains(expected) && told.is_empty() == expected.is_empty(), "{job}\n{told}");
        }
    }

    fn set(namespace: &str, name: &str, driver: &str) -> SetStatus {
        SetStatus {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            source: String::new(),
            revision: String::new(),
            synced: true,
            suspended: false,
            driver: driver.to_owned(),
            running: None,
            result: String::new(),
            last_change: String::new(),
            message: String::new(),
            runs: Vec::new(),
            drift_known: false,
            members: Vec::new(),
            now: now(),
        }
    }

    fn cron_job(namespace: &str, syncs: &str) -> DriverStatus {
        let job = json!({
            "metadata": {"name": "gitops-web", "namespace": namespace, "creationTimestamp": NOW,
                         "annotations": {SYNCS_ANNOTATION: syncs}},
            "spec": {"schedule": "*/5 * * * *"}});
        driver(&job, now())
    }

    #[test]
    fn a_set_without_its_cron_job_is_noticed_where_that_can_be_known() {
        let system = |name: &str, driver: &str| set(SYSTEM_NAMESPACE, name, driver);
        let only = |places: &[&str]| Some(places.iter().map(|place| (*place).to_owned()).collect());
        // What was found in which places, the set, what is said.
        let ours = || vec![cron_job(SYSTEM_NAMESPACE, "shop.web")];
        for (drivers, only, set, expected) in [
            (ours(), None, system("shop.web", "cronjob/gitops-web"), ""),
            (ours(), None, system("blog.web", "cronjob/gitops-web"), "there is no CronJob for it any more"),
            (ours(), None, system("shop.web", "systemd/pi"), "two drivers"),
            (ours(), None, system("blog.web", "systemd/pi"), ""),
            (Vec::new(), None, system("blog.web", "pod/x"), "there is no CronJob for it any more"),
            (Vec::new(), only(&[SYSTEM_NAMESPACE]), system("blog.web", "cronjob/x"), "there is no CronJob"),
            (Vec::new(), only(&[SYSTEM_NAMESPACE]), system("blog.web", "pod/x"), ""),
            (Vec::new(), only(&["shop"]), system("blog.web", "cronjob/x"), ""),
            (vec![cron_job("shop", "shop.web")], None, set("shop", "shop.web", "cronjob/gitops-web"), ""),
            (vec![cron_job("shop", "shop.web")], None, system("shop.web", "cronjob/x"), "there is no CronJob"),
            (Vec::new(), None, set("shop", "web", ""), ""),
        ] {
            let told = Found { drivers, only }.notices(std::slice::from_ref(&set)).concat();
            assert!(told.contains(expected) && told.is_empty() == expected.is_empty(), "{set:?}\n{told}");
        }
    }

    #[test]
    fn who_asks_for_one_set_hears_of_its_own_drivers() {
        let handmade = DriverStatus { syncs: String::new(), ..cron_job("tools", "") };
        let all = || vec![cron_job(SYSTEM_NAMESPACE, "shop.web"), cron_job("blog", "blog.web"), handmade.clone()];
        let names = |found: Found| found.drivers.into_iter().map(|driver| driver.name).collect::<Vec<_>>();
        let found = || Found { drivers: all(), only: None };
        let of = |set: SetStatus| names(found().of_sets(&[set]));
        assert_eq!(
            of(set(SYSTEM_NAMESPACE, "shop.web", "")),
            ["CronJob gitops-system/gitops-web", "CronJob tools/gitops-web"]
        );
        assert_eq!(of(set("blog", "blog.web", "cronjob/x")), ["CronJob blog/gitops-web", "CronJob tools/gitops-web"]);
        assert_eq!(of(set("blog", "other", "")), [] as [&str; 0]);
        assert_eq!(names(found().of_namespace("shop")), ["CronJob gitops-system/gitops-web"]);
        assert_eq!(names(found().of_namespace("blog")), ["CronJob blog/gitops-web"]);
    }

    #[test]
    fn a_cron_job_is_known_by_its_label_or_by_what_it_runs() {
        let with = |container: Value| json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [container]}}}}}});
        assert!(is_ours(&json!({"metadata": {"labels": {"app.kubernetes.io/name": "kubectl-gitops"}}})));
        assert!(is_ours(&with(json!({"image": "ghcr.io/x/kubectl-gitops:1", "args": ["sync", "--url", "u"]}))));
        assert!(is_ours(&with(json!({"image": "x", "command": ["/kubectl-gitops", "sync"]}))));
        assert!(!is_ours(&with(json!({"image": "ghcr.io/x/kubectl-gitops:1", "args": ["status"]}))));
        assert!(!is_ours(&with(json!({"image": "rsync", "args": ["sync"]}))));
    }
}
