//! The pure parts of the plugin's room `git`, taken by their files: the plugin itself would bring a Kubernetes client along.
#![allow(dead_code, unused_imports, reason = "what only the plugin uses")]

#[path = "../../../kubectl-gitops/src/git/object/mod.rs"]
pub(crate) mod object;
#[path = "../../../kubectl-gitops/src/git/pack/mod.rs"]
pub(crate) mod pack;
#[path = "../../../kubectl-gitops/src/git/wire/mod.rs"]
pub(crate) mod wire;
