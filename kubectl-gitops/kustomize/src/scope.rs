//! Which kinds are certainly cluster-scoped. Owns that one question, answered from the embedded table of Kubernetes 1.21.2;
//! must not know fields or merge keys (see `schema`).

use crate::schema;

/// Is an object of this type known to live outside of namespaces? A kind that Kubernetes 1.21.2 did not have is not.
pub fn is_cluster_scoped(gvk: &krm::Gvk) -> bool {
    schema::is_builtin_cluster_scoped(gvk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_is_that_of_kubernetes_1_21() {
        for (group, version, kind, expected) in [
            ("", "v1", "Namespace", true),
            ("", "v1", "ConfigMap", false),
            ("rbac.authorization.k8s.io", "v1", "ClusterRole", true),
            ("rbac.authorization.k8s.io", "v1", "Role", false),
            ("apiextensions.k8s.io", "v1", "CustomResourceDefinition", true),
            ("example.com", "v1", "Widget", false),
            ("", "v9", "Namespace", false),
        ] {
            assert_eq!(is_cluster_scoped(&krm::Gvk::new(group, version, kind)), expected, "{group}/{version} {kind}");
        }
    }
}
