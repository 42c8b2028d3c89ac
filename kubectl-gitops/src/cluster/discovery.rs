//! What an API server serves. Owns reading the discovery documents, aggregated and legacy; must not send requests.
//! "The server could not say" ([`Lookup::Unknown`]) is kept apart from "the server does not serve it".

use std::collections::{BTreeMap, BTreeSet};

use krm::GroupKind;
use serde_json::Value;

/// One version in which a kind is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedVersion {
    /// As `v1`.
    pub version: String,
    /// Path segment, as `deployments`.
    pub plural: String,
    /// Do its objects live in namespaces?
    pub namespaced: bool,
    /// As `list`, `patch`.
    pub verbs: BTreeSet<String>,
}

impl ServedVersion {
    /// Does the server do this with it?
    pub fn can(&self, verb: &str) -> bool {
        self.verbs.contains(verb)
    }
}

/// A kind and the versions in which it is served, the group's preferred one first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServedKind {
    /// Never empty in a [`Discovery`].
    pub versions: Vec<ServedVersion>,
}

impl ServedKind {
    /// The version asked for, or none.
    pub fn version(&self, version: &str) -> Option<&ServedVersion> {
        self.versions.iter().find(|served| served.version == version)
    }

    /// The preferred version.
    pub fn preferred(&self) -> &ServedVersion {
        self.versions.first().expect("a served kind has a version")
    }

    /// Do its objects live in namespaces?
    pub fn namespaced(&self) -> bool {
        self.preferred().namespaced
    }
}

/// What is known of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// It is served.
    Served(&'a ServedKind),
    /// The server knows its group's content, and the kind is not in it.
    NotServed,
    /// The group's server did not answer: nothing can be said.
    Unknown,
}

/// Everything an API server serves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Discovery {
    kinds: BTreeMap<GroupKind, ServedKind>,
    /// Groups of which at least one version could not be had.
    unknown_groups: BTreeSet<String>,
}

/// A discovery document that is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the discovery document `{path}` cannot be read: {reason}")]
pub struct ReadDiscovery {
    /// Where it came from.
    pub path: String,
    /// What is wrong.
    pub reason: String,
}

impl Discovery {
    /// What is known of `kind`.
    pub fn lookup(&self, kind: &GroupKind) -> Lookup<'_> {
        match self.kinds.get(kind) {
            Some(served) => Lookup::Served(served),
            None if self.unknown_groups.contains(kind.group.as_str()) => Lookup::Unknown,
            None => Lookup::NotServed,
        }
    }

    /// The kind if it is served.
    pub fn served(&self, kind: &GroupKind) -> Option<&ServedKind> {
        self.kinds.get(kind)
    }

    /// Does the kind live in namespaces? `None` if that is not known.
    pub fn namespaced(&self, kind: &GroupKind) -> Option<bool> {
        self.kinds.get(kind).map(ServedKind::namespaced)
    }

    /// Is any kind of the group served?
    pub fn has_group(&self, group: &str) -> bool {
        self.kinds.keys().any(|kind| kind.group == group)
    }

    /// All kinds, sorted.
    pub fn kinds(&self) -> impl Iterator<Item = (&GroupKind, &ServedKind)> {
        self.kinds.iter()
    }

    /// Groups of which something could not be had.
    pub fn unknown_groups(&self) -> impl Iterator<Item = &str> {
        self.unknown_groups.iter().map(String::as_str)
    }

    /// Adds one kind; for tests and for callers that know a kind without asking.
    pub fn add(&mut self, kind: GroupKind, served: ServedVersion) {
        let versions = &mut self.kinds.entry(kind).or_default().versions;
        if !versions.iter().any(|known| known.version == served.version) {
            versions.push(served);
        }
    }

    /// Says that a group's content could not be had.
    pub fn add_unknown_group(&mut self, group: &str) {
        self.unknown_groups.insert(group.to_owned());
    }

    /// Reads an `APIGroupDiscoveryList` (`/api` or `/apis`, aggregated form).
    pub fn add_aggregated(&mut self, path: &str, document: &Value) -> Result<(), ReadDiscovery> {
        let bad = |reason: &str| ReadDiscovery { path: path.to_owned(), reason: reason.to_owned() };
        if document.get("kind").and_then(Value::as_str) != Some("APIGroupDiscoveryList") {
            return Err(bad("it is no APIGroupDiscoveryList"));
        }
        for group in document.get("items").and_then(Value::as_array).ok_or_else(|| bad("it has no items"))? {
            let name = group.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            for version in group.get("versions").and_then(Value::as_array).into_iter().flatten() {
                self.add_aggregated_version(name, version);
            }
        }
        Ok(())
    }

    fn add_aggregated_version(&mut self, group: &str, version: &Value) {
        // Stale: the aggregated API server behind this group does not answer. What it said last may still be listed,
        // but absence means nothing.
        if version.get("freshness").and_then(Value::as_str) == Some("Stale") {
            self.add_unknown_group(group);
        }
        let name = text(version, "version");
        for resource in version.get("resources").and_then(Value::as_array).into_iter().flatten() {
            let Some(kind) = resource.pointer("/responseKind/kind").and_then(Value::as_str) else { continue };
            // A subresource's own group may differ from the group it is served in; here only whole resources are read.
            let served = ServedVersion {
                version: name.clone(),
                plural: text(resource, "resource"),
                namespaced: resource.get("scope").and_then(Value::as_str) == Some("Namespaced"),
                verbs: verbs(resource),
            };
            if served.plural.is_empty() {
                continue;
            }
            self.add(GroupKind::new(group, kind), served);
        }
    }

    /// Reads an `APIResourceList` (`/api/v1`, `/apis/GROUP/VERSION`, legacy form). Call in order of preference.
    pub fn add_legacy(&mut self, path: &str, document: &Value) -> Result<(), ReadDiscovery> {
        let bad = |reason: &str| ReadDiscovery { path: path.to_owned(), reason: reason.to_owned() };
        let group_version = text(document, "groupVersion");
        let (group, version) = group_version.split_once('/').unwrap_or(("", &group_version));
        for resource in document.get("resources").and_then(Value::as_array).ok_or_else(|| bad("it has no resources"))? {
            let plural = text(resource, "name");
            if plural.contains('/') || plural.is_empty() {
                continue;
            }
            let served = ServedVersion {
                version: version.to_owned(),
                plural,
                namespaced: resource.get("namespaced").and_then(Value::as_bool).unwrap_or(false),
                verbs: verbs(resource),
            };
            self.add(GroupKind::new(group, text(resource, "kind").as_str()), served);
        }
        Ok(())
    }
}

/// Reads an `APIGroupList`: group and its versions, preferred first.
pub fn legacy_groups(path: &str, document: &Value) -> Result<Vec<(String, Vec<String>)>, ReadDiscovery> {
    let groups = document.get("groups").and_then(Value::as_array);
    let groups =
        groups.ok_or_else(|| ReadDiscovery { path: path.to_owned(), reason: "it has no groups".to_owned() })?;
    Ok(groups
        .iter()
        .map(|group| {
            let preferred = group.pointer("/preferredVersion/version").and_then(Value::as_str).unwrap_or_default();
            let listed = group.get("versions").and_then(Value::as_array).into_iter().flatten();
            let mut versions: Vec<String> = listed.map(|version| text(version, "version")).collect();
            versions.sort_by_key(|version| version != preferred);
            (text(group, "name"), versions)
        })
        .collect())
}

fn text(value: &Value, field: &str) -> String {
    value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn verbs(resource: &Value) -> BTreeSet<String> {
    let verbs = resource.get("verbs").and_then(Value::as_array);
    verbs.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stale_group_is_unknown_and_not_absent() {
        let document = json!({"kind": "APIGroupDiscoveryList", "items": [
            {"metadata": {"name": "apps"}, "versions": [{"version": "v1", "freshness": "Current", "resources": [
                {"resource": "deployments", "responseKind": {"group": "apps", "version": "v1", "kind": "Deployment"},
                 "scope": "Namespaced", "verbs": ["get", "list", "patch"]}]}]},
            {"metadata": {"name": "metrics.k8s.io"}, "versions": [{"version": "v1beta1", "freshness": "Stale", "resources": []}]},
        ]});
        let mut discovery = Discovery::default();
        discovery.add_aggregated("/apis", &document).unwrap();
        let Lookup::Served(served) = discovery.lookup(&GroupKind::new("apps", "Deployment")) else {
            panic!("not served")
        };
        assert!(served.namespaced() && served.preferred().can("list"));
        assert_eq!(discovery.lookup(&GroupKind::new("apps", "Sofa")), Lookup::NotServed);
        assert_eq!(discovery.lookup(&GroupKind::new("metrics.k8s.io", "PodMetrics")), Lookup::Unknown);
    }

    #[test]
    fn legacy_documents_put_the_preferred_version_first() {
        let groups = json!({"groups": [{"name": "x.io", "versions": [{"version": "v1beta1"}, {"version": "v1"}],
            "preferredVersion": {"version": "v1"}}]});
        assert_eq!(
            legacy_groups("/apis", &groups).unwrap(),
            vec![("x.io".to_owned(), vec!["v1".to_owned(), "v1beta1".to_owned()])]
        );
        let mut discovery = Discovery::default();
        let list = json!({"groupVersion": "x.io/v1", "resources": [
            {"name": "sofas", "kind": "Sofa", "namespaced": true, "verbs": ["list"]},
            {"name": "sofas/status", "kind": "Sofa", "namespaced": true, "verbs": ["get"]}]});
        discovery.add_legacy("/apis/x.io/v1", &list).unwrap();
        assert_eq!(discovery.served(&GroupKind::new("x.io", "Sofa")).unwrap().versions.len(), 1);
    }
}
