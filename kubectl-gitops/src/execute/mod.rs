//! Carrying out a plan: claim, apply, wait, prune, settle. Owns [`Event`] and [`Outcome`]; makes no choice that the plan
//! did not make, and prints nothing.

pub mod event;

pub use event::{Done, Event, Executed, Outcome, Signal, Stop, WaitEnd, Waited};
