//! Content hashes: a workload whose ConfigMap or Secret changed gets another pod template, so that it rolls by itself.
//!
//! Replaces Stakater Reloader at build time and obeys its annotations ([`reloader`]). For each ConfigMap and Secret that
//! counts for a workload and is in the same list, one annotation on the pod template holds a hash of its content
//! ([`content`]), or one environment variable what Reloader would write ([`marks`]). Must run after everything that changes a ConfigMap or Secret; must not know a cluster, so what is not in
//! the list is left to others.

mod config;
mod content;
mod kinds;
mod marks;
mod references;
mod reloader;

use std::collections::{BTreeMap, BTreeSet};

use krm::{Node, ObjectKey, Text, namespace_or_default};

use crate::{Finding, Function, FunctionError, Inputs};
use config::{Mode, ReloaderDigest};
use content::{Content, Kind, Source};
use kinds::Kinds;
pub use marks::ANNOTATION_PREFIX;
use marks::{annotation_name, carries_build_hash, variable_name};
use references::{Need, References, carrier, references};
use reloader::{Places, Reach, Rules};

/// The function. Deterministic: the same list gives the same pod templates, on every machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentHash {
    mode: Mode,
    /// Write what Reloader writes.
    reloader: Option<ReloaderDigest>,
    pull_secrets: bool,
    kinds: Kinds,
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

/// A workload's use of a ConfigMap or Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The workload's place in the list.
    pub item: usize,
    /// What it uses.
    pub source: ObjectKey,
    template: Vec<String>,
    mark: Mark,
}

/// What of a pod template holds the hash.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mark {
    Annotation(String),
    /// Of Reloader; where no container has it yet, it goes into this one.
    Variable {
        container: usize,
        name: String,
    },
}

impl Use {
    /// Gives the workload the hash that it has in `live`, the same object as it is now, where it has none: for a source of which
    /// nothing is known at the moment.
    pub fn keep(&self, live: &Node, workload: &mut Node) {
        let Some(live) = kinds::at(live, &self.template) else { return };
        let Some(pod) = kinds::at_mut(workload, &self.template) else { return };
        match &self.mark {
            Mark::Annotation(name) => {
                let Some(had) = live.str_at(&["metadata", "annotations", name]) else { return };
                let Some(map) = marks::annotations_mut(pod) else { return };
                map.entry_or_insert_with(name, || Node::string(had));
            }
            Mark::Variable { container, name } => marks::keep_variable(pod, *container, name, live),
        }
    }
}

/// What one workload is to have.
#[derive(Debug)]
struct Wanted {
    item: usize,
    template: Vec<String>,
    object: ObjectKey,
    annotations: BTreeMap<String, String>,
    /// Of Reloader: index of the container, name, value.
    variables: Vec<(usize, String, String)>,
    /// Annotations of ours of something the workload no longer uses.
    stale: Vec<String>,
}

/// One workload while it is decided about.
struct Workload<'a> {
    object: &'a ObjectKey,
    pod: &'a Node,
    rules: &'a Rules,
    used: References,
}

type Contents<'a> = BTreeMap<Source, Content<'a>>;

impl ContentHash {
    /// Writes the hashes into the pod templates of `items`.
    ///
    /// # Errors
    /// A Secret or ConfigMap that a workload uses holds what is not base64 where it must be; nothing is changed then.
    pub fn annotate(&self, items: &mut [&mut Node]) -> Result<Vec<Finding>, HashError> {
        let mut findings = Vec::new();
        let wanted = self.decide(items, &mut findings)?;
        for wanted in wanted {
            write(&wanted, items[wanted.item], &mut findings);
        }
        Ok(findings)
    }

    /// What the workloads of `items` use, and what counts, whether or not it is among `items`: ConfigMaps and Secrets.
    pub fn uses(&self, items: &[&Node]) -> Vec<Use> {
        let rollouts = rollouts(items);
        let mut found = Vec::new();
        for (item, node) in items.iter().enumerate() {
            let Some(template) = self.kinds.template(node) else { continue };
            let Some(pod) = kinds::at(node, template) else { continue };
            let object = node.key();
            let rules = self.rules(node, pod, rollout(&rollouts, items, &object), &mut |_, _| {});
            for (kind, name) in references(pod, self.pull_secrets).into_keys() {
                let reach = rules.reach(kind, &name, None).filter(|_| kind != Kind::SecretProviderClass);
                let Some(reach) = reach.filter(|_| !carries_build_hash(&name)) else { continue };
                let mark = match self.reloader {
                    None => Mark::Annotation(annotation_name(kind, &name)),
                    Some(_) => match carrier(pod, kind, &name, reach == Reach::Named) {
                        Some(container) => Mark::Variable { container, name: variable_name(kind, &name) },
                        None => continue,
                    },
                };
                let namespace = namespace_or_default(&object.namespace);
                let source = ObjectKey::new("", kind.title(), namespace, name.clone());
                found.push(Use { item, source, template: template.to_vec(), mark });
            }
        }
        found
    }

    fn rules(&self, node: &Node, pod: &Node, rollout: Option<&Node>, warn: &mut dyn FnMut(String, String)) -> Rules {
        let places = Places { own: annotations_of(node), rollout, pod: annotations_of(pod) };
        Rules::read(&places, self.mode == Mode::AutoAll, warn)
    }

    fn decide(&self, items: &[&mut Node], findings: &mut Vec<Finding>) -> Result<Vec<Wanted>, HashError> {
        let views: Vec<&Node> = items.iter().map(|item| &**item).collect();
        let contents = content::index(views.iter().copied());
        let rollouts = rollouts(&views);
        let mut wanted = Vec::new();
        for (item, node) in views.iter().copied().enumerate() {
            let Some(template) = self.kinds.template(node) else { continue };
            let Some(pod) = kinds::at(node, template) else { continue };
            let object = node.key();
            let rules = self.rules(node, pod, rollout(&rollouts, &views, &object), &mut |field, message| {
                findings.push(Finding::warning(object.clone(), field, message));
            });
            let used = references(pod, self.pull_secrets);
            let workload = Workload { object: &object, pod, rules: &rules, used };
            let (annotations, variables) = self.marks(&workload, &contents)?;
            let stale = self.stale(&workload, &contents, &annotations);
            missing(&workload, &contents, template, findings);
            let template = template.to_vec();
            wanted.push(Wanted { item, template, object, annotations, variables, stale });
        }
        Ok(wanted)
    }

    /// Annotations and variables of everything in the list that counts.
    #[expect(clippy::type_complexity, reason = "the two halves of what a workload gets, taken apart at once")]
    fn marks(
        &self,
        workload: &Workload<'_>,
        contents: &Contents<'_>,
    ) -> Result<(BTreeMap<String, String>, Vec<(usize, String, String)>), HashError> {
        let (mut annotations, mut variables) = (BTreeMap::new(), Vec::new());
        for (source, content) in candidates(workload, contents) {
            let (kind, name) = (source.kind, source.name.as_str());
            let Some(reach) = workload.rules.reach(kind, name, Some(content)) else { continue };
            if carries_build_hash(name) || content.is_made_once() {
                continue;
            }
            match self.reloader {
                // What the driver fetched is known to the cluster alone, and that is what Reloader digests.
                Some(_) if kind == Kind::SecretProviderClass => {}
                Some(digest) => {
                    if let Some(container) = carrier(workload.pod, kind, name, reach == Reach::Named) {
                        variables.push((container, variable_name(kind, name), content.reloader_hash(digest)?));
                    }
                }
                None if reach == Reach::Named || workload.used.contains_key(&(kind, source.name.clone())) => {
                    annotations.insert(annotation_name(kind, name), content.hash()?);
                }
                None => {}
            }
        }
        Ok((annotations, variables))
    }

    /// Annotations of ours that nothing wants any more. What counts and is not in the list keeps its own: who wrote it knew more.
    fn stale(&self, workload: &Workload<'_>, contents: &Contents<'_>, set: &BTreeMap<String, String>) -> Vec<String> {
        let kept: BTreeSet<String> = match self.reloader {
            Some(_) => BTreeSet::new(),
            None => absent(workload, contents).map(|(kind, name, _)| annotation_name(kind, name)).collect(),
        };
        let stale = marks::annotations(workload.pod).filter(|name| !set.contains_key(*name) && !kept.contains(*name));
        stale.map(str::to_owned).collect()
    }
}

/// What may count: what the workload uses, and of kinds that it names by expressions all there is in its namespace.
fn candidates<'c, 'n>(workload: &Workload<'_>, contents: &'c Contents<'n>) -> BTreeMap<&'c Source, &'c Content<'n>> {
    let namespace: Text = namespace_or_default(&workload.object.namespace).into();
    let place = |kind, name: &Text| Source { kind, namespace: namespace.clone(), name: name.clone() };
    let used = workload.used.keys().filter_map(|(kind, name)| contents.get_key_value(&place(*kind, name)));
    let mut found: BTreeMap<_, _> = used.collect();
    for kind in Kind::ALL.into_iter().filter(|kind| workload.rules.names(*kind)) {
        let begin = place(kind, &Text::default());
        let all =
            contents.range(&begin..).take_while(|(source, _)| source.kind == kind && source.namespace == namespace);
        found.extend(all);
    }
    found
}

/// What the workload uses, what counts, and what is not in the list.
fn absent<'a>(
    workload: &'a Workload<'_>,
    contents: &'a Contents<'_>,
) -> impl Iterator<Item = (Kind, &'a Text, Need)> + 'a {
    let namespace: Text = namespace_or_default(&workload.object.namespace).into();
    workload.used.iter().filter_map(move |((kind, name), need)| {
        let source = Source { kind: *kind, namespace: namespace.clone(), name: name.clone() };
        let counts = !contents.contains_key(&source) && workload.rules.reach(*kind, name, None).is_some();
        counts.then_some((*kind, name, *need))
    })
}

/// For the record: many a Secret is made by others, in the cluster, and that is no mistake.
fn missing(workload: &Workload<'_>, contents: &Contents<'_>, template: &[String], findings: &mut Vec<Finding>) {
    for (kind, name, need) in absent(workload, contents) {
        if need == Need::Required && !carries_build_hash(name) {
            let message =
                format!("uses the {} `{name}`, which is not in the list: its changes are not seen", kind.title());
            findings.push(Finding::info(workload.object.clone(), template.join("."), message));
        }
    }
}

fn write(wanted: &Wanted, node: &mut Node, findings: &mut Vec<Finding>) {
    let Wanted { item: _, template, object, annotations, variables, stale } = wanted;
    let Some(pod) = kinds::at_mut(node, template) else { return };
    let path = template.join(".");
    for (container, name, value) in variables {
        if let Some(field) = marks::set_variable(pod, *container, name, value) {
            let message = format!("set the environment variable `{name}`");
            findings.push(Finding::info(object.clone(), format!("{path}.{field}"), message));
        }
    }
    if annotations.is_empty() && stale.is_empty() {
        return;
    }
    let Some(map) = marks::annotations_mut(pod) else { return };
    let field = |name: &str| format!("{path}.metadata.annotations.{name}");
    for name in stale {
        map.remove(name);
        findings.push(Finding::info(object.clone(), field(name), format!("removed the annotation `{name}`")));
    }
    for (name, hash) in annotations {
        if map.get(name).and_then(Node::as_str) != Some(hash.as_str()) {
            map.set(name.as_str(), Node::string(hash.as_str()));
            findings.push(Finding::info(object.clone(), field(name), format!("set the annotation `{name}`")));
        }
    }
}

impl Function for ContentHash {
    fn run(&self, items: &mut Vec<Node>, _inputs: &dyn Inputs) -> Result<Vec<Finding>, FunctionError> {
        let mut nodes: Vec<&mut Node> = items.iter_mut().collect();
        Ok(self.annotate(&mut nodes)?)
    }
}

/// Group, kind, namespace and name.
type Place = (Text, Text, Text, Text);

fn place_of(object: &ObjectKey) -> Place {
    let ObjectKey { group, kind, namespace, name } = object.clone();
    (group, kind, namespace_or_default(&namespace).into(), name)
}

/// The Rollouts that take their pod template from another workload, by that workload.
fn rollouts(items: &[&Node]) -> BTreeMap<Place, usize> {
    let found = items.iter().enumerate().filter_map(|(index, node)| {
        let (group, kind, name) = kinds::workload_of_rollout(node)?;
        Some(((group, kind, namespace_or_default(node.namespace()).into(), name), index))
    });
    found.collect()
}

/// The annotations of the Rollout that speaks for a workload.
fn rollout<'a>(rollouts: &BTreeMap<Place, usize>, items: &[&'a Node], object: &ObjectKey) -> Option<&'a Node> {
    rollouts.get(&place_of(object)).and_then(|index| annotations_of(items[*index]))
}

fn annotations_of(node: &Node) -> Option<&Node> {
    node.at(&["metadata", "annotations"])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
