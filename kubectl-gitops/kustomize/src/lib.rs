//! `kustomize build` as a pure function over a tree of files.
//!
//! Owns everything between a directory with a kustomization and the documents that kustomize 5.8 prints for it. Must not
//! touch a disk, a network, a process, a clock or the environment: files come through [`load::Files`].

pub mod draft;
pub mod fieldspec;
pub mod json_patch;
pub mod kustomization;
pub mod load;
pub mod merge;
pub mod schema;
pub mod scope;
