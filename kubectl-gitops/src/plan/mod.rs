//! What is to be done, decided before anything is written. Owns [`plan`] and every decision in it. Pure: desired objects,
//! the inventory, one observation and the policy in; a [`Plan`] out. Must not know a client, files, clocks or terminals.

mod action;
mod desired;
mod observed;
mod policy;
mod reason;

pub use action::{Action, Body, Counts, Deed, Plan, Verdict, Wave};
pub use desired::{Desired, is_secret};
pub use observed::{Foreign, Live, Manager, NamespaceState, NotStored, Observation, Observed, Scope};
pub use policy::{Adopt, Allow, Policy};
pub use reason::{Class, Reason, Refusal, Warning};
