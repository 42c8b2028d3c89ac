//! Where built objects go: standard output, a file, or one file per object. Owns the file names, which are kustomize's.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use krm::Gvk;
use kustomize::Object;

use crate::error::{CliError, Code, Result};
use crate::report::Console;

/// A result that cannot be written to a file.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{path}`")]
struct Write {
    path: String,
    #[source]
    source: std::io::Error,
}

/// Prints the objects, or writes them to `output`: to one file, or into an existing directory.
pub(super) fn deliver(objects: &[Object], output: Option<&Path>, console: &Console) -> Result<()> {
    match output {
        None => console.result(text(objects)?.as_bytes()),
        Some(path) if path.is_dir() => {
            let namespaces: BTreeSet<&str> = objects.iter().filter_map(namespace).collect();
            for object in objects {
                let name = file_name(object, namespaces.len() > 1)?;
                write(&path.join(name), &text(std::slice::from_ref(object))?)?;
            }
            Ok(())
        }
        Some(path) => write(path, &text(objects)?),
    }
}

fn text(objects: &[Object]) -> Result<String> {
    Ok(kustomize::to_yaml(objects)?)
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text)
        .map_err(|source| CliError::new(Code::Output, Write { path: path.display().to_string(), source }))
}

/// The namespace that kustomize groups by: none for what it knows to be cluster-scoped.
fn namespace(object: &Object) -> Option<&str> {
    let written = Some(object.node.namespace()).filter(|namespace| !namespace.is_empty());
    (!kustomize::schema::Schema::builtin().is_cluster_scoped(&object.node.gvk())).then(|| written.unwrap_or("default"))
}

/// `apps_v1_deployment_web.yaml`, with the namespace in front where objects of several are written.
fn file_name(object: &Object, many_namespaces: bool) -> Result<String> {
    let Gvk { group, version, kind } = object.node.gvk();
    let name = object.node.name();
    let mut parts: Vec<&str> = [group.as_str(), &version, &kind].into_iter().filter(|part| !part.is_empty()).collect();
    parts.push(name);
    if let Some(namespace) = namespace(object).filter(|_| many_namespaces) {
        parts.insert(0, namespace);
    }
    let file = format!("{}.yaml", parts.join("_").to_lowercase());
    // A name from a manifest must not choose a directory.
    if file.contains('/') {
        return Err(CliError::new(Code::Output, format!("`{file}` cannot be the name of a file")).at(&object.origin));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use krm::Node;

    use super::*;

    fn object(api_version: &str, kind: &str, namespace: &str, name: &str) -> Object {
        let metadata = [("namespace", Node::string(namespace)), ("name", Node::string(name))];
        let fields = [
            ("apiVersion", Node::string(api_version)),
            ("kind", Node::string(kind)),
            ("metadata", Node::Map(metadata.into_iter().collect())),
        ];
        Object { node: Node::Map(fields.into_iter().collect()), origin: krm::Origin::default() }
    }

    #[test]
    fn files_are_named_as_kustomize_names_them() {
        let deployment = object("apps/v1", "Deployment", "Shop", "Web");
        let role = object("rbac.authorization.k8s.io/v1", "ClusterRole", "", "system:a");
        assert_eq!(file_name(&deployment, false).unwrap(), "apps_v1_deployment_web.yaml");
        assert_eq!(file_name(&deployment, true).unwrap(), "shop_apps_v1_deployment_web.yaml");
        assert_eq!(file_name(&role, true).unwrap(), "rbac.authorization.k8s.io_v1_clusterrole_system:a.yaml");
    }

    #[test]
    fn a_hostile_name_chooses_no_directory() {
        assert!(file_name(&object("v1", "ConfigMap", "", "../../etc/x"), false).is_err());
    }
}
