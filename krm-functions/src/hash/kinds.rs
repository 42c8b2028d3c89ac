//! Which kinds have a pod template, and where. Owns the list; the configuration adds to it.

use krm::{Node, Text};

/// A kind with a pod template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Workload {
    pub(super) group: Text,
    pub(super) kind: Text,
    /// Path of the template.
    pub(super) template: Vec<String>,
}

/// Those of Kubernetes, OpenShift and Argo. Jobs only on request: the template of one that exists cannot change.
const BUILT_IN: &[(&str, &str, &str)] = &[
    ("apps", "Deployment", "spec.template"),
    ("apps", "StatefulSet", "spec.template"),
    ("apps", "DaemonSet", "spec.template"),
    ("apps", "ReplicaSet", "spec.template"),
    ("batch", "CronJob", "spec.jobTemplate.spec.template"),
    ("argoproj.io", "Rollout", "spec.template"),
    ("apps.openshift.io", "DeploymentConfig", "spec.template"),
];
const JOB: (&str, &str, &str) = ("batch", "Job", "spec.template");

/// All kinds of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kinds(Vec<Workload>);

impl Kinds {
    /// The built-in ones, Jobs if wanted, and `more`, which go before.
    pub(super) fn new(more: Vec<Workload>, jobs: bool) -> Self {
        let mut kinds = more;
        let built_in = BUILT_IN.iter().chain(jobs.then_some(&JOB));
        kinds.extend(built_in.map(|(group, kind, template)| Workload::new(group, kind, template)));
        Self(kinds)
    }

    /// Path of the pod template of an object, if its kind has one.
    pub(super) fn template(&self, node: &Node) -> Option<&[String]> {
        let gvk = node.gvk();
        let found = self.0.iter().find(|known| known.group == gvk.group && known.kind == gvk.kind);
        found.map(|known| known.template.as_slice())
    }
}

impl Workload {
    /// A kind, and the path of its template with dots.
    pub(super) fn new(group: &str, kind: &str, template: &str) -> Self {
        let template = template.split('.').map(str::to_owned).collect();
        Self { group: group.into(), kind: kind.into(), template }
    }
}

/// The pod template.
pub(super) fn at<'n>(node: &'n Node, template: &[String]) -> Option<&'n Node> {
    template.iter().try_fold(node, |node, field| node.get(field)).filter(|found| found.as_map().is_some())
}

/// The pod template, for changing.
pub(super) fn at_mut<'n>(node: &'n mut Node, template: &[String]) -> Option<&'n mut Node> {
    template.iter().try_fold(node, |node, field| node.as_map_mut()?.get_mut(field))
}

/// Group, kind and name of the workload that an Argo Rollout takes its pod template from.
pub(super) fn workload_of_rollout(node: &Node) -> Option<(Text, Text, Text)> {
    let gvk = node.gvk();
    let reference =
        node.at(&["spec", "workloadRef"]).filter(|_| gvk.group == "argoproj.io" && gvk.kind == "Rollout")?;
    let of = krm::Gvk::from_api_version(reference.api_version(), reference.kind());
    let name = reference.str_at(&["name"]).filter(|name| !name.is_empty())?;
    Some((of.group, of.kind, name.into()))
}
