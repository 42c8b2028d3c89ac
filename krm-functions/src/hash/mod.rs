//! Content hashes: a workload whose ConfigMap or Secret changed gets another pod template, so that it rolls by itself.
//!
//! Replaces Stakater Reloader at build time and obeys its annotations ([`reloader`]). For each ConfigMap and Secret that
//! counts for a workload and is in the same list, one annotation on the pod template holds a hash of its content
//! ([`content`]). Must run after everything that changes a ConfigMap or Secret; must not know a cluster, so what is not in
//! the list is left to others.

mod config;
mod content;
mod references;
mod reloader;

use std::collections::BTreeMap;

use krm::{Node, ObjectKey};
use sha2::{Digest as _, Sha256};

use crate::{Finding, Function, FunctionError, Inputs};
use content::{Content, Source};
use references::references;
use reloader::{Rules, Verdict};

/// What our annotations begin with.
pub const ANNOTATION_PREFIX: &str = "kubectl-gitops.dev/hash.";
/// Kubernetes' limit for the part of an annotation's name behind the slash.
const NAME_PART_MAX: usize = 63;

/// The function. Deterministic: the same list gives the same annotations, on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContentHash {
    /// Treat workloads without any annotation of Reloader as if they said `reloader.stakater.com/auto: "true"`.
    pub auto_all: bool,
}

/// Why no hash can be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// A value that must be base64 is not. The value itself is never shown.
    #[error("the value of `{field}` in {object} is not base64")]
    NotBase64 {
        /// The object.
        object: ObjectKey,
        /// Path of the value, as `data.password`.
        field: String,
    },
}

impl HashError {
    /// The object that is to blame.
    pub fn object(&self) -> &ObjectKey {
        let Self::NotBase64 { object, .. } = self;
        object
    }

    /// Path of the field that is to blame.
    pub fn field(&self) -> &str {
        let Self::NotBase64 { field, .. } = self;
        field
    }
}

/// Where a kind keeps its pod template. Jobs are left out: their template cannot change.
const WORKLOADS: &[(&str, &str, &[&str])] = &[
    ("apps", "Deployment", &["spec", "template"]),
    ("apps", "StatefulSet", &["spec", "template"]),
    ("apps", "DaemonSet", &["spec", "template"]),
    ("apps", "ReplicaSet", &["spec", "template"]),
    ("batch", "CronJob", &["spec", "jobTemplate", "spec", "template"]),
];

/// The annotations one workload is to have.
#[derive(Debug)]
struct Wanted {
    item: usize,
    template: &'static [&'static str],
    object: ObjectKey,
    set: BTreeMap<String, String>,
    /// Ours, but of something the workload no longer uses.
    stale: Vec<String>,
}

impl ContentHash {
    /// Writes the annotations into the pod templates of `items`.
    ///
    /// # Errors
    /// A Secret or ConfigMap that a workload uses holds what is not base64 where it must be; nothing is changed then.
    pub fn annotate(&self, items: &mut [&mut Node]) -> Result<Vec<Finding>, HashError> {
        let mut findings = Vec::new();
        let wanted = self.decide(items, &mut findings)?;
        for Wanted { item, template, object, set, stale } in wanted {
            if set.is_empty() && stale.is_empty() {
                continue;
            }
            let Some(annotations) = annotations_mut(items[item], template) else { continue };
            for name in stale {
                annotations.remove(&name);
            }
            for (name, hash) in set {
                if annotations.get(&name).and_then(Node::as_str) != Some(hash.as_str()) {
                    let field = format!("{}.metadata.annotations.{name}", template.join("."));
                    findings.push(Finding::info(object.clone(), field, format!("set the annotation `{name}`")));
                    annotations.set(name, Node::string(hash));
                }
            }
        }
        Ok(findings)
    }

    fn decide(self, items: &[&mut Node], findings: &mut Vec<Finding>) -> Result<Vec<Wanted>, HashError> {
        let contents = content::index(items.iter().map(|item| &**item));
        let mut wanted = Vec::new();
        for (item, node) in items.iter().enumerate() {
            let Some(template) = template_path(node) else { continue };
            let Some(pod) = node.at(template) else { continue };
            let object = node.key();
            let rules = Rules::read(node, pod, self.auto_all, &mut |field, message| {
                findings.push(Finding::warning(object.clone(), field, message));
            });
            let Some(rules) = rules else { continue };
            wanted.push(decide_one(item, template, object, pod, &rules, &contents)?);
        }
        Ok(wanted)
    }
}

impl Function for ContentHash {
    fn run(&self, items: &mut Vec<Node>, _inputs: &dyn Inputs) -> Result<Vec<Finding>, FunctionError> {
        let mut nodes: Vec<&mut Node> = items.iter_mut().collect();
        Ok(self.annotate(&mut nodes)?)
    }
}

fn decide_one(
    item: usize,
    template: &'static [&'static str],
    object: ObjectKey,
    pod: &Node,
    rules: &Rules,
    contents: &BTreeMap<Source, Content<'_>>,
) -> Result<Wanted, HashError> {
    let used = references(pod);
    let mut set = BTreeMap::new();
    let mut keep = Vec::new();
    for (kind, name) in &used {
        keep.push(annotation_name(*kind, name));
    }
    for (source, content) in contents.iter().filter(|(source, _)| source.namespace == object.namespace) {
        let referenced = used.contains(&(source.kind, source.name.clone()));
        let annotation = annotation_name(source.kind, &source.name);
        match rules.verdict(source, content, referenced) {
            Verdict::Counts if carries_build_hash(&source.name) => {}
            Verdict::Counts => {
                set.insert(annotation, content.hash()?);
            }
            Verdict::Ignored => keep.retain(|kept| *kept != annotation),
        }
    }
    let stale = existing(pod).filter(|name| !set.contains_key(*name) && !keep.iter().any(|kept| kept == name));
    Ok(Wanted { item, template, object, stale: stale.map(str::to_owned).collect(), set })
}

/// Our annotations that the pod template has.
fn existing(pod: &Node) -> impl Iterator<Item = &str> {
    let annotations = pod.at(&["metadata", "annotations"]).and_then(Node::as_map);
    annotations
        .into_iter()
        .flat_map(krm::Mapping::iter)
        .map(|(name, _)| name)
        .filter(|name| name.starts_with(ANNOTATION_PREFIX))
}

fn template_path(node: &Node) -> Option<&'static [&'static str]> {
    let gvk = node.gvk();
    let found = WORKLOADS.iter().find(|(group, kind, _)| gvk.group == *group && gvk.kind == *kind);
    found.map(|(_, _, template)| *template)
}

fn annotations_mut<'a>(node: &'a mut Node, template: &[&str]) -> Option<&'a mut krm::Mapping> {
    let mut map = node.at_mut(template)?.as_map_mut()?;
    for field in ["metadata", "annotations"] {
        let next = map.entry_or_insert_with(field, Node::map);
        if next.is_null() {
            *next = Node::map();
        }
        map = next.as_map_mut()?;
    }
    Some(map)
}

/// The annotation of one ConfigMap or Secret. A name too long for an annotation is cut, and a hash keeps it unique.
fn annotation_name(kind: content::Kind, name: &str) -> String {
    let plain = format!("hash.{}.{name}", kind.word());
    if plain.len() <= NAME_PART_MAX {
        return format!("kubectl-gitops.dev/{plain}");
    }
    let unique = hex(&Sha256::digest(name.as_bytes())[..5]);
    let end = plain.floor_char_boundary(NAME_PART_MAX - 1 - unique.len());
    let cut = plain[..end].trim_end_matches(['-', '.']);
    format!("kubectl-gitops.dev/{cut}-{unique}")
}

/// Does the name end in a hash of the content, as kustomize's generators give it? Then a change changes the name, and with
/// it the pod template.
fn carries_build_hash(name: &str) -> bool {
    const HASH_LEN: usize = 10;
    // kustomize writes hexadecimal digits with the vowels and what looks like them replaced.
    const ALPHABET: &str = "2456789bcdfghkmt";
    name.rsplit_once('-').is_some_and(|(stem, hash)| {
        !stem.is_empty() && hash.len() == HASH_LEN && hash.chars().all(|c| ALPHABET.contains(c))
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::content::Kind;
    use super::*;

    #[test]
    fn a_long_name_stays_within_the_limit_and_unique() {
        let long = "a".repeat(48);
        assert_eq!(annotation_name(Kind::ConfigMap, &long).len(), "kubectl-gitops.dev/".len() + NAME_PART_MAX);
        let longer = annotation_name(Kind::ConfigMap, &"a".repeat(49));
        let other = annotation_name(Kind::ConfigMap, &"a".repeat(50));
        for name in [&longer, &other] {
            assert!(name.len() <= "kubectl-gitops.dev/".len() + NAME_PART_MAX, "{name}");
        }
        assert_ne!(longer, other);
        let dotted = annotation_name(Kind::Secret, &format!("{}.{}", "a".repeat(40), "b".repeat(200)));
        assert!(dotted.ends_with(|c: char| c.is_ascii_alphanumeric()), "{dotted}");
    }

    #[test]
    fn hash_suffixes_are_recognised() {
        for (name, expected) in [
            ("settings-6ct58987ht", true),
            ("web-settings-9g67k2hbmd", true),
            ("settings", false),
            ("settings-production", false),
            ("settings-0ct58987ht", false),
            ("-6ct58987ht", false),
            ("settings-6ct58987h", false),
        ] {
            assert_eq!(carries_build_hash(name), expected, "{name}");
        }
    }
}
