//! What runs the sets by itself, in a line each.

use jiff::Timestamp;
use serde::Serialize;
use std::fmt::Write as _;
use std::time::Duration;

use super::from_diff::age;
use super::paint::{Color, Paint, tame};
use crate::settings::format_duration;

/// A driver of `sync`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriverStatus {
    /// As `CronJob gitops-system/sync`, `Timer systemd/HOST of SET`.
    pub name: String,
    /// The set that its runs keep, as `NAMESPACE/NAME` of its inventory; empty if it does not say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub syncs: String,
    /// When it runs, as cron has it; empty for a timer.
    pub schedule: String,
    /// How often that is, in seconds, where it is simple to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_s: Option<u64>,
    /// Does it pause?
    pub suspended: bool,
    /// When it last started, of a timer: when it was last seen; empty if never.
    pub last_run: String,
    /// When a run last succeeded; empty if never, and for a timer, of which the set's own record says it.
    pub last_success: String,
    /// What is wrong with it.
    pub notices: Vec<String>,
}

/// A line for each driver, then what is wrong.
pub(super) fn lines(drivers: &[DriverStatus], notices: &[String], now: Timestamp, paint: Paint) -> String {
    let mut text = String::new();
    for driver in drivers {
        let every = match driver.every_s {
            Some(seconds) => format!("every {}", format_duration(Duration::from_secs(seconds))),
            None => format!("at `{}`", driver.schedule),
        };
        let ran = |time: &str| if time.is_empty() { "never".to_owned() } else { age(time, now) };
        if driver.schedule.is_empty() {
            let _infallible = writeln!(text, "{}, {every}. Seen {}.", tame(&driver.name), ran(&driver.last_run));
            continue;
        }
        let (last, success) = (ran(&driver.last_run), ran(&driver.last_success));
        let _infallible = writeln!(text, "{}, {every}. Last run {last}, last success {success}.", tame(&driver.name));
    }
    for notice in notices {
        let _infallible = writeln!(text, "{}", paint.paint(Color::Yellow, format!("! {}", tame(notice))));
    }
    text
}
