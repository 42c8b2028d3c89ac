//! Objects as people write them, with many fields: one file each. Random in what a build looks at.

pub(crate) mod autoscaler;
pub(crate) mod cron_job;
pub(crate) mod definition;
pub(crate) mod deployment;
pub(crate) mod ingress;
pub(crate) mod rbac;
pub(crate) mod stateful_set;
pub(crate) mod webhooks;
