//! Development only: runs directories as named test cases, gives tests a hermetic command and a handle on the test cluster,
//! times processes.

pub mod aggregated;
pub mod api;
pub mod cgroup;
pub mod cluster;
pub mod command;
pub mod disk;
pub mod gateway;
pub mod git;
pub mod http;
pub mod objects;
pub mod outside;
pub mod relay;
pub mod started;
pub mod timing;

use std::time::{Duration, Instant};

/// Waits.
pub fn pause(pause: Duration) {
    std::thread::sleep(pause);
}

/// Waits up to `seconds` until `condition` holds.
///
/// # Panics
/// When it does not hold in time.
#[track_caller]
pub fn until(what: &str, seconds: u64, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while !condition() {
        assert!(Instant::now() < deadline, "not within {seconds} s: {what}");
        pause(Duration::from_millis(50));
    }
}
