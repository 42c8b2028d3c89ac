//! In which order. Owns the ranks of kinds, the dependency levels and the waves; must not know deeds.

use std::collections::BTreeMap;

use krm::ObjectKey;

/// Names of the ranks, for people. What is raised above the last rank by explicit dependencies is called [`DEPENDENTS`].
const RANKS: [&str; 8] =
    ["namespaces", "definitions", "classes", "configuration", "services", "workloads", "others", "admission"];
const DEPENDENTS: &str = "dependents";

/// The wave a kind belongs to when nothing else is said.
pub(super) fn rank(key: &ObjectKey) -> usize {
    match (key.group.as_str(), key.kind.as_str()) {
        ("", "Namespace") => 0,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => 1,
        (
            "admissionregistration.k8s.io" | "apiregistration.k8s.io",
            // An API service or a webhook whose backend is not up yet would break every later request.
            _,
        ) => 7,
        (_, kind) if kind.len() > "Class".len() && kind.ends_with("Class") => 2,
        (
            "",
            "ServiceAccount"
            | "ConfigMap"
            | "Secret"
            | "PersistentVolume"
            | "PersistentVolumeClaim"
            | "ResourceQuota"
            | "LimitRange",
        )
        | ("rbac.authorization.k8s.io", "Role" | "ClusterRole")
        | ("networking.k8s.io", "NetworkPolicy")
        | ("policy", "PodSecurityPolicy") => 3,
        // Bindings after the roles they name: the API server checks for escalation.
        ("rbac.authorization.k8s.io", _) | ("", "Service" | "Endpoints") | ("discovery.k8s.io", "EndpointSlice") => 4,
        ("", "Pod" | "ReplicationController")
        | ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch", "Job" | "CronJob") => 5,
        _ => 6,
    }
}

/// The name of a level.
pub(super) fn name(level: usize) -> &'static str {
    RANKS.get(level).copied().unwrap_or(DEPENDENTS)
}

/// Levels of `keys`: each at least its rank, and above everything it depends on (`edges[i]` are indexes). The error is a
/// cycle, first key repeated last.
pub(super) fn levels(keys: &[&ObjectKey], edges: &[Vec<usize>]) -> Result<Vec<usize>, Vec<ObjectKey>> {
    let mut levels: Vec<usize> = keys.iter().map(|key| rank(key)).collect();
    let mut waiting: Vec<usize> = edges.iter().map(Vec::len).collect();
    let mut dependents = vec![Vec::new(); keys.len()];
    for (index, dependencies) in edges.iter().enumerate() {
        for &dependency in dependencies {
            dependents[dependency].push(index);
        }
    }
    let mut ready: Vec<usize> = (0..keys.len()).filter(|&index| waiting[index] == 0).collect();
    let mut done = 0;
    while let Some(index) = ready.pop() {
        done += 1;
        for &dependent in &dependents[index] {
            levels[dependent] = levels[dependent].max(levels[index] + 1);
            waiting[dependent] -= 1;
            if waiting[dependent] == 0 {
                ready.push(dependent);
            }
        }
    }
    if done == keys.len() { Ok(levels) } else { Err(cycle(keys, edges, &waiting)) }
}

/// Walks from the smallest key that is stuck until one repeats.
fn cycle(keys: &[&ObjectKey], edges: &[Vec<usize>], waiting: &[usize]) -> Vec<ObjectKey> {
    let smallest = |candidates: &mut dyn Iterator<Item = usize>| {
        candidates.filter(|&index| waiting[index] > 0).min_by_key(|&index| keys[index])
    };
    let mut at = smallest(&mut (0..keys.len())).expect("something is stuck");
    let mut path: Vec<usize> = Vec::new();
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    while !places.contains_key(&at) {
        places.insert(at, path.len());
        path.push(at);
        at = smallest(&mut edges[at].iter().copied()).expect("what is stuck waits for something stuck");
    }
    path.push(at);
    path[places[&at]..].iter().map(|&index| keys[index].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(group: &str, kind: &str, name: &str) -> ObjectKey {
        ObjectKey::new(group, kind, "n", name)
    }

    #[test]
    fn kinds_have_their_places() {
        let order = [
            ("", "Namespace"),
            ("apiextensions.k8s.io", "CustomResourceDefinition"),
            ("storage.k8s.io", "StorageClass"),
            ("rbac.authorization.k8s.io", "ClusterRole"),
            ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
            ("apps", "Deployment"),
            ("networking.k8s.io", "Ingress"),
            ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ];
        let ranks: Vec<usize> = order.iter().map(|(group, kind)| rank(&key(group, kind, "x"))).collect();
        assert_eq!(ranks, (0..8).collect::<Vec<_>>());
        assert_eq!(rank(&key("", "Secret", "x")), rank(&key("", "ServiceAccount", "x")));
        assert_eq!(rank(&key("x.io", "Class", "x")), 6);
    }

    #[test]
    fn dependencies_raise_a_level() {
        let keys = [key("", "ConfigMap", "a"), key("apps", "Deployment", "b"), key("", "Secret", "c")];
        let keys: Vec<&ObjectKey> = keys.iter().collect();
        assert_eq!(levels(&keys, &[vec![1], vec![], vec![0]]), Ok(vec![6, 5, 7]));
        assert_eq!(levels(&keys, &[vec![], vec![0], vec![]]), Ok(vec![3, 5, 3]));
    }

    #[test]
    fn a_cycle_is_named() {
        let keys = [key("", "Pod", "a"), key("", "Pod", "b"), key("", "Pod", "c"), key("", "Pod", "d")];
        let refs: Vec<&ObjectKey> = keys.iter().collect();
        // d waits for the cycle and is no part of it.
        let cycle = levels(&refs, &[vec![1], vec![2], vec![0], vec![0]]).unwrap_err();
        let names: Vec<&str> = cycle.iter().map(|key| key.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c", "a"]);
        assert_eq!(levels(&refs[..1], &[vec![0]]).unwrap_err().len(), 2);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let keys: Vec<ObjectKey> = (0..20_000).map(|index| key("", "ConfigMap", &index.to_string())).collect();
        let refs: Vec<&ObjectKey> = keys.iter().collect();
        let edges: Vec<Vec<usize>> =
            (0..keys.len()).map(|index| if index == 0 { vec![] } else { vec![index - 1] }).collect();
        assert_eq!(levels(&refs, &edges).unwrap()[19_999], 3 + 19_999);
    }
}
