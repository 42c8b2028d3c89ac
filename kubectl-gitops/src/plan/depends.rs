//! Explicit dependencies. Owns reading `config.kubernetes.io/depends-on` in cli-utils' form:
//! `GROUP/namespaces/NAMESPACE/KIND/NAME` or `GROUP/KIND/NAME`, comma-separated, the core group being empty.

use krm::ObjectKey;

use crate::inventory::marks::{DEPENDS_ON_ANNOTATION, Marked};

/// More than this on one object is a mistake, and each is looked up.
const DEPENDENCIES_MAX: usize = 256;

/// The objects it names, or the first part that names none.
pub(super) fn read(object: &impl Marked) -> Result<Vec<ObjectKey>, String> {
    let Some(text) = object.annotation(DEPENDS_ON_ANNOTATION) else { return Ok(Vec::new()) };
    let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.len() > DEPENDENCIES_MAX {
        return Err(format!("{} dependencies", parts.len()));
    }
    parts.into_iter().map(|part| parse(part).ok_or_else(|| part.chars().take(200).collect())).collect()
}

fn parse(part: &str) -> Option<ObjectKey> {
    let key = match part.split('/').collect::<Vec<_>>()[..] {
        [group, "namespaces", namespace, kind, name] if !namespace.is_empty() => {
            ObjectKey::new(group, kind, namespace, name)
        }
        [group, kind, name] => ObjectKey::new(group, kind, "", name),
        _ => return None,
    };
    (!key.kind.is_empty() && !key.name.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn dependencies_are_read_in_cli_utils_form() {
        let read = |text: &str| read(&json!({"metadata": {"annotations": {DEPENDS_ON_ANNOTATION: text}}}));
        assert_eq!(
            read(
                "apps/namespaces/shop/Deployment/db, /namespaces/shop/Pod/a,rbac.authorization.k8s.io/ClusterRole/x:y"
            ),
            Ok(vec![
                ObjectKey::new("apps", "Deployment", "shop", "db"),
                ObjectKey::new("", "Pod", "shop", "a"),
                ObjectKey::new("rbac.authorization.k8s.io", "ClusterRole", "", "x:y"),
            ])
        );
        assert_eq!(read(" , "), Ok(vec![]));
        for bad in ["db", "a/b", "apps/namespaces//Deployment/db", "apps/Deployment/", "a/b/c/d", "//x"] {
            assert_eq!(read(bad), Err(bad.to_owned()), "{bad}");
        }
    }
}
