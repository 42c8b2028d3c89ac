//! Paths and queries. Owns how a type, a namespace and a name become a URL; must not know what is served or send anything.

use std::fmt::Write as _;

use krm::{GroupKind, ObjectKey};
use serde_json::{Value, json};

use super::discovery::ServedVersion;

/// A type in one version: where its objects are found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// API group; empty for the core group.
    pub group: String,
    /// As `v1`.
    pub version: String,
    /// As `Deployment`.
    pub kind: String,
    /// As `deployments`.
    pub plural: String,
    /// Do its objects live in namespaces?
    pub namespaced: bool,
}

/// The state an object must be in for a write to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// It must not exist: a body with `resourceVersion: "1"` creates or gets 409, and never overwrites what we did not see.
    CreateOnly,
    /// It must be exactly the object and version in which its ownership was checked.
    Exactly {
        /// `metadata.uid`
        uid: String,
        /// `metadata.resourceVersion`
        resource_version: String,
    },
}

impl Guard {
    /// It must be this object in this version.
    pub fn exactly(uid: &str, resource_version: &str) -> Self {
        Self::Exactly { uid: uid.to_owned(), resource_version: resource_version.to_owned() }
    }
}

/// A number of resourceVersion that no object ever has after its creation: the server reads it as "must not exist" in
/// server-side apply.
const CREATE_ONLY_VERSION: &str = "1";

/// Does a write change the cluster, or only answer as if?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DryRun {
    /// Change it.
    #[default]
    No,
    /// `dryRun=All`.
    Server,
}

impl Endpoint {
    /// Of a served kind.
    pub fn new(kind: &GroupKind, served: &ServedVersion) -> Self {
        Self {
            group: kind.group.to_string(),
            version: served.version.clone(),
            kind: kind.kind.to_string(),
            plural: served.plural.clone(),
            namespaced: served.namespaced,
        }
    }

    /// ConfigMaps, which need no discovery: the inventory is stored in them.
    pub fn config_maps() -> Self {
        Self::core("ConfigMap", "configmaps", true)
    }

    /// Secrets, which need no discovery.
    pub fn secrets() -> Self {
        Self::core("Secret", "secrets", true)
    }

    /// Events, which need no discovery.
    pub fn events() -> Self {
        Self::core("Event", "events", true)
    }

    /// `CronJobs`, which every supported cluster serves in this version.
    pub fn cron_jobs() -> Self {
        Self { group: "batch".to_owned(), ..Self::core("CronJob", "cronjobs", true) }
    }

    /// Leases, which need no discovery.
    pub fn leases() -> Self {
        Self { group: "coordination.k8s.io".to_owned(), ..Self::core("Lease", "leases", true) }
    }

    /// Pods, which need no discovery.
    pub fn pods() -> Self {
        Self::core("Pod", "pods", true)
    }

    /// Namespaces, which need no discovery.
    pub fn namespaces() -> Self {
        Self::core("Namespace", "namespaces", false)
    }

    fn core(kind: &str, plural: &str, namespaced: bool) -> Self {
        Self {
            group: String::new(),
            version: "v1".to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            namespaced,
        }
    }

    /// `apiVersion` of its objects.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Its type.
    pub fn group_kind(&self) -> GroupKind {
        GroupKind::new(self.group.as_str(), self.kind.as_str())
    }

    /// One of its objects with its type in it: lists leave it out, and metadata alone says PartialObjectMetadata.
    pub(super) fn typed(&self, mut object: Value) -> Value {
        // What is no object has no type, whoever sent it.
        if let Some(fields) = object.as_object_mut() {
            fields.insert("apiVersion".to_owned(), Value::from(self.api_version()));
            fields.insert("kind".to_owned(), Value::from(self.kind.as_str()));
        }
        object
    }

    /// Identity of one of its objects. The namespace of a cluster-scoped type is dropped.
    pub fn key(&self, namespace: &str, name: &str) -> ObjectKey {
        let namespace = if self.namespaced { namespace } else { "" };
        ObjectKey::new(self.group.as_str(), self.kind.as_str(), namespace, name)
    }

    /// May the server's words quote secret content?
    pub fn is_secret(&self) -> bool {
        self.group.is_empty() && self.kind == "Secret"
    }

    /// Path of the collection; an empty namespace means all of them.
    pub fn collection(&self, namespace: &str) -> String {
        let mut path = String::from(if self.group.is_empty() { "/api/" } else { "/apis/" });
        if !self.group.is_empty() {
            path.push_str(&segment(&self.group));
            path.push('/');
        }
        path.push_str(&segment(&self.version));
        if self.namespaced && !namespace.is_empty() {
            path.push_str("/namespaces/");
            path.push_str(&segment(namespace));
        }
        path.push('/');
        path.push_str(&segment(&self.plural));
        path
    }

    /// Path of one object.
    pub fn object(&self, namespace: &str, name: &str) -> String {
        format!("{}/{}", self.collection(namespace), segment(name))
    }

    /// How messages name an object: `deployments.apps shop/web`.
    pub fn describe(&self, namespace: &str, name: &str) -> String {
        let dot = if self.group.is_empty() { "" } else { "." };
        let slash = if namespace.is_empty() || !self.namespaced || name.is_empty() { "" } else { "/" };
        let namespace = if self.namespaced { namespace } else { "" };
        format!("{}{dot}{} {namespace}{slash}{name}", self.plural, self.group).trim_end().to_owned()
    }
}

impl Guard {
    /// Puts the guard into the body of a server-side apply.
    pub fn write_into(&self, body: &mut Value) {
        let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) else { return };
        match self {
            Self::CreateOnly => {
                metadata.remove("uid");
                metadata.insert("resourceVersion".to_owned(), Value::from(CREATE_ONLY_VERSION));
            }
            Self::Exactly { uid, resource_version } => {
                metadata.insert("uid".to_owned(), Value::from(uid.as_str()));
                metadata.insert("resourceVersion".to_owned(), Value::from(resource_version.as_str()));
            }
        }
    }

    /// Body of a DELETE with this guard. [`Guard::CreateOnly`] has no meaning there: it deletes nothing.
    pub fn delete_options(&self, dry_run: DryRun) -> Value {
        let (uid, resource_version) = match self {
            Self::Exactly { uid, resource_version } => (uid.as_str(), resource_version.as_str()),
            Self::CreateOnly => ("00000000-0000-0000-0000-000000000000", CREATE_ONLY_VERSION),
        };
        let mut options = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {"uid": uid, "resourceVersion": resource_version},
        });
        if dry_run == DryRun::Server {
            options["dryRun"] = json!(["All"]);
        }
        options
    }
}

/// Appends `key=value` with the value encoded.
pub fn push_query(path: &mut String, key: &str, value: &str) {
    path.push(if path.contains('?') { '&' } else { '?' });
    path.push_str(key);
    path.push('=');
    path.push_str(&segment(value));
}

/// Percent-encodes everything but the unreserved characters, so that no value can leave its place in the URL.
fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => write!(out, "%{byte:02X}").expect("writing to a String cannot fail"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles() -> Endpoint {
        let served = ServedVersion {
            version: "v1".to_owned(),
            plural: "roles".to_owned(),
            namespaced: true,
            verbs: std::collections::BTreeSet::new(),
        };
        Endpoint::new(&GroupKind::new("rbac.authorization.k8s.io", "Role"), &served)
    }

    #[test]
    fn paths_hold_group_version_namespace_and_encoded_name() {
        assert_eq!(
            roles().object("shop", "system:a/b"),
            "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles/system%3Aa%2Fb"
        );
        assert_eq!(roles().collection(""), "/apis/rbac.authorization.k8s.io/v1/roles");
        assert_eq!(Endpoint::namespaces().object("ignored", "shop"), "/api/v1/namespaces/shop");
        assert_eq!(roles().describe("shop", "a"), "roles.rbac.authorization.k8s.io shop/a");
    }

    #[test]
    fn guards_are_written_into_metadata_and_preconditions() {
        let mut body = json!({"metadata": {"name": "a", "uid": "stray"}});
        Guard::CreateOnly.write_into(&mut body);
        assert_eq!(body, json!({"metadata": {"name": "a", "resourceVersion": "1"}}));
        let exactly = Guard::exactly("u", "7");
        exactly.write_into(&mut body);
        assert_eq!(body, json!({"metadata": {"name": "a", "uid": "u", "resourceVersion": "7"}}));
        let options = exactly.delete_options(DryRun::No);
        assert_eq!(options["preconditions"], json!({"uid": "u", "resourceVersion": "7"}));
    }
}
