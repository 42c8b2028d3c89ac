//! The exit codes of the process: a public contract, frozen by a test.

/// Done; for `diff`: no differences.
pub const DONE: u8 = 0;
/// Some objects failed.
pub const PARTIAL: u8 = 1;
/// `diff` found differences.
pub const DIFFERENT: u8 = 1;
/// Usage, configuration or build error: no object was written.
pub const USAGE: u8 = 2;
/// Refused by a guard or an ownership conflict before anything was written.
pub const REFUSED: u8 = 3;
/// Timed out waiting for health.
pub const TIMEOUT: u8 = 4;
/// Another run holds the lock.
pub const LOCKED: u8 = 5;
/// Cluster or source unreachable or forbidden.
pub const UNREACHABLE: u8 = 6;
/// `apply --detailed-exitcode`: done, and something was changed.
pub const CHANGED: u8 = 10;
/// A bug of ours.
pub const BUG: u8 = 70;
/// Ended by SIGINT; the inventory is consistent.
pub const INTERRUPTED: u8 = 130;
/// Ended by SIGTERM; the inventory is consistent.
pub const TERMINATED: u8 = 143;
