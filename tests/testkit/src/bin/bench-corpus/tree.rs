//! A tree of files under construction, and the dice that vary it. Owns determinism: the same item always has the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Files of one item, in memory until [`Tree::finish`].
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
}

impl Tree {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), files: BTreeMap::new() }
    }

    /// Sets a file, its path relative to the item.
    pub(crate) fn file(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), content.into());
    }

    /// Sets the kustomization of a directory.
    pub(crate) fn kustomization(&mut self, directory: &str, content: &str) {
        self.file(format!("{directory}/kustomization.yaml"), content);
    }

    /// Writes everything and answers with the path of the directory `entry`.
    pub(crate) fn finish(self, entry: &str) -> io::Result<PathBuf> {
        for (path, content) in &self.files {
            let path = self.root.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, content)?;
        }
        Ok(self.root.join(entry))
    }
}

/// Numbers that look random and are the same on every run (splitmix64).
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Less than `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).take(count).collect()
    }

    /// `count` words of prose.
    pub(crate) fn prose(&mut self, count: u64) -> String {
        let words: Vec<&str> = (0..count).map(|_| WORDS[self.pick(WORDS.len())]).collect();
        words.join(" ")
    }

    /// A position in something of `length` parts.
    pub(crate) fn pick(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// One word.
    pub(crate) fn word(&mut self) -> &'static str {
        WORDS[self.pick(WORDS.len())]
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

const WORDS: &[&str] = &[
    "the",
    "resource",
    "controller",
    "which",
    "specifies",
    "optional",
    "name",
    "of",
    "a",
    "namespace",
    "selector",
    "must",
    "be",
    "set",
    "when",
    "policy",
    "applies",
    "default",
    "value",
    "is",
    "used",
    "if",
    "empty",
    "references",
    "secret",
    "container",
    "volume",
    "mount",
    "timeout",
    "seconds",
    "number",
    "replicas",
    "desired",
    "observed",
    "generation",
    "condition",
    "status",
    "reason",
    "message",
    "transition",
    "last",
    "time",
    "endpoint",
    "listener",
    "route",
    "backend",
    "weight",
    "header",
    "match",
    "prefix",
    "exact",
    "regular",
    "expression",
    "certificate",
    "issuer",
    "duration",
    "renew",
    "before",
    "private",
    "key",
    "algorithm",
    "encoding",
    "size",
    "storage",
    "class",
    "claim",
    "template",
    "affinity",
];
