//! The plugin: builds a directory, plans against a cluster, applies, prunes, reports.
//!
//! Read [`pipeline`] first: it names every stage in order. Rooms: [`cli`] (the only one that knows clap), [`settings`],
//! [`source`], [`git`] (remote repositories), [`stages`] (our functions over a build), `inventory`, `plan`, `health` and `install` (pure), [`cluster`] (the only one with a Kubernetes client), [`execute`],
//! [`report`] (the only one that prints), [`error`].

pub mod cli;
pub mod cluster;
pub mod error;
pub mod execute;
pub mod git;
pub mod health;
pub mod install;
pub mod inventory;
pub mod pipeline;
pub mod plan;
pub mod report;
pub mod settings;
pub mod source;
pub mod stages;
mod web;
