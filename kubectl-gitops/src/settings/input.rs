//! Which input a command was given.

use std::path::PathBuf;

/// One thing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputPart {
    /// A directory: a kustomization, or else plain manifests by Flux's rules.
    Directory(PathBuf),
    /// `-k`: a directory that must hold a kustomization.
    Kustomization(PathBuf),
    /// `-f FILE` or `-f DIR`: manifests as they are.
    File(PathBuf),
    /// `-f -`
    Stdin,
    /// `-f https://…`
    Url(String),
}

/// Everything to read, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Input {
    /// The parts; several only with `-f`.
    pub parts: Vec<InputPart>,
    /// `-R`: descend into directories given with `-f`.
    pub recursive: bool,
}

impl Input {
    /// The directory that the set is built from, if it is one.
    pub fn directory(&self) -> Option<&std::path::Path> {
        match self.parts.as_slice() {
            [InputPart::Directory(path) | InputPart::Kustomization(path)] => Some(path),
            _ => None,
        }
    }
}
