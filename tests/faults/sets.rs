//! What each scenario starts from, what its run wants, and what may be wanted next. Owns the objects; must not know a server.

use serde_json::{Value, json};

use crate::cell::{Next, Scenario};

/// A Secret's value before and after: neither may ever show up anywhere else.
pub(crate) const SECRETS: [&str; 2] = ["hunter-before", "hunter-after"];

/// Objects of a set, in the namespace `n`.
pub(crate) type Set = Vec<Value>;

/// Sets by name, each with what it shall hold; none to delete it.
pub(crate) type Wish = Vec<(&'static str, Option<Set>)>;

/// The set that the run with the fault works on, and the one that objects move to.
pub(crate) const SET: &str = "demo";
pub(crate) const OTHER: &str = "other";

fn map(n: &str, name: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": n}, "data": {"k": value}})
}

fn annotated(mut object: Value, annotation: &str, value: &str) -> Value {
    object["metadata"]["annotations"] = json!({annotation: value});
    object
}

fn secret(n: &str, which: usize) -> Value {
    let metadata = json!({"name": "s", "namespace": n});
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"password": SECRETS[which]}})
}

/// An object that cannot change, but may be replaced.
fn fixed(n: &str, name: &str, value: &str) -> Value {
    let mut object = annotated(map(n, name, value), "kubectl-gitops.dev/force", "enabled");
    object["immutable"] = json!(true);
    object
}

/// The API group of the cell's own definition.
pub(crate) fn group(n: &str) -> String {
    format!("{n}.example.com")
}

fn definition(n: &str) -> Value {
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("widgets.{}", group(n))},
        "spec": {
            "group": group(n), "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}],
        },
    })
}

fn widget(n: &str, name: &str) -> Value {
    let metadata = json!({"name": name, "namespace": n});
    json!({"apiVersion": format!("{}/v1", group(n)), "kind": "Widget", "metadata": metadata, "spec": {"size": 1}})
}

/// Names so long that the lines of these few do not fit into the root.
fn many(n: &str) -> Set {
    (0..50).map(|number| map(n, &format!("m{number:0>240}"), "many")).collect()
}

impl Scenario {
    /// What was applied before; none if nothing was.
    pub(crate) fn before(self, n: &str) -> Option<Set> {
        Some(match self {
            Self::First | Self::Adopt => return None,
            Self::Update | Self::Delete => {
                vec![map(n, "a", "old"), map(n, "c", "goes"), map(n, "d", "stays"), secret(n, 0)]
            }
            Self::Shrink => {
                let kept = annotated(map(n, "f", "kept"), "kubectl-gitops.dev/prune", "detach");
                vec![map(n, "a", "old"), map(n, "b", "goes"), map(n, "c", "goes"), kept, secret(n, 0)]
            }
            Self::Recreate => vec![fixed(n, "a", "old"), map(n, "c", "goes"), map(n, "d", "stays"), secret(n, 0)],
            Self::Definition => vec![map(n, "a", "old"), map(n, "c", "goes")],
            Self::Shards => [vec![map(n, "a", "old"), map(n, "c", "goes")], many(n)].concat(),
        })
    }

    /// What the run with the fault wants; none to delete the set.
    pub(crate) fn wanted(self, n: &str) -> Option<Set> {
        Some(match self {
            Self::Delete => return None,
            Self::Update => vec![map(n, "a", "new"), map(n, "b", "comes"), map(n, "d", "stays"), secret(n, 1)],
            Self::First | Self::Adopt => vec![map(n, "a", "new"), map(n, "b", "comes"), secret(n, 1)],
            Self::Shrink => vec![map(n, "a", "old"), secret(n, 0)],
            Self::Recreate => {
                vec![fixed(n, "a", "new"), map(n, "b", "comes"), map(n, "d", "stays"), secret(n, 0)]
            }
            Self::Definition => vec![map(n, "a", "new"), definition(n), widget(n, "b")],
            Self::Shards => [vec![map(n, "a", "new"), map(n, "b", "comes")], many(n)].concat(),
        })
    }

    /// Objects that kubectl made before the set knew of them.
    pub(crate) fn found(self, n: &str) -> Set {
        if self == Self::Adopt { vec![map(n, "a", "theirs"), map(n, "b", "theirs")] } else { Vec::new() }
    }

    /// What is wanted after the fault. What an object moves to comes before what it leaves.
    pub(crate) fn next(self, next: Next, n: &str) -> Wish {
        let wanted = self.wanted(n);
        let base = || wanted.clone().or_else(|| self.before(n)).unwrap_or_default();
        let without = || base().into_iter().filter(|object| object["metadata"]["name"] != "b").collect::<Set>();
        let b = |name: &str| match self {
            Self::Definition => widget(n, name),
            _ => map(n, name, "comes"),
        };
        let set = match next {
            Next::Same => wanted.clone(),
            Next::Previous => Some(self.before(n).unwrap_or_else(|| vec![map(n, "a", "new")])),
            Next::Without => Some(without()),
            Next::Renamed => Some([without(), vec![b("b2")]].concat()),
            Next::Moved => {
                // A definition cannot be in two sets, and must not go while the other set has an object of it.
                return vec![(OTHER, Some(vec![b("b")])), (SET, wanted.is_some().then(without))];
            }
        };
        vec![(SET, set)]
    }
}
