//! `namespace`. Owns who gets the namespace: everything that is not certainly cluster-scoped, the subjects of role bindings by
//! mode, a Namespace object as its name, and the fields of the specifications.

use krm::{Node, Scalar, Tag};

use super::{TransformError, selects};
use crate::draft::{Draft, DraftSet};
use crate::fieldspec::{Create, FieldError, FieldProblem, Spec, apply, set_scalar};
use crate::schema::Schema;

/// The transformer's configuration.
#[derive(Debug, Clone, Copy)]
pub struct Namespace<'a> {
    /// The namespace to set; nothing happens if it is empty.
    pub name: &'a str,
    /// Further fields.
    pub specs: &'a [Spec],
    /// Only where there is none yet.
    pub unset_only: bool,
    /// Which subjects of role bindings.
    pub subjects: Subjects,
}

/// Which subjects of RoleBindings and ClusterRoleBindings get the namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Subjects {
    /// Those named `default`. Others follow the ServiceAccount they name, if the build has it.
    #[default]
    DefaultOnly,
    /// Every ServiceAccount.
    AllServiceAccounts,
    /// None.
    None,
}

/// The subjects of a role binding are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`subjects` of `{id}` must be a list of maps whose names are texts, there is {found}")]
pub struct SubjectError {
    /// The role binding.
    pub id: String,
    /// What is there.
    pub found: &'static str,
}

/// Sets the namespace everywhere.
///
/// # Errors
/// A field that should hold a namespace is a list or a map, or two resources end up with one id.
pub fn set(drafts: &mut DraftSet, namespace: Namespace<'_>, schema: &Schema) -> Result<(), TransformError> {
    if namespace.name.is_empty() {
        return Ok(());
    }
    for draft in drafts.iter_mut().filter(|draft| !draft.is_empty() && !draft.from_helm) {
        draft.remember_id();
        set_on(draft, namespace, schema)?;
    }
    drafts.check_unique()?;
    Ok(())
}

/// Sets the namespace on one draft, which keeps its past; whoever calls looks for conflicts.
pub(crate) fn set_on(draft: &mut Draft, namespace: Namespace<'_>, schema: &Schema) -> Result<(), TransformError> {
    let failed = |draft: &Draft, source| TransformError::Field { id: draft.id().to_string(), source };
    if !schema.is_cluster_scoped(&draft.gvk()) {
        let own = Spec::new("", "", "", "metadata/namespace", true);
        set_field(&mut draft.node, &own, Tag::Unset, namespace).map_err(|source| failed(draft, source))?;
    }
    let is_binding = |kind: &str| kind == "RoleBinding" || kind == "ClusterRoleBinding";
    if is_binding(draft.kind()) {
        set_subjects(&mut draft.node, namespace).map_err(|found| SubjectError { id: draft.id().to_string(), found })?;
    }
    let binding = is_binding(draft.kind());
    for spec in namespace.specs {
        let path = spec.path();
        // The namespace itself is never set by a specification: it would hit cluster-scoped objects.
        let skipped = path == "metadata/namespace"
            || (path == "metadata/name" && draft.api_version() != "v1")
            || (binding && is_binding(spec.kind()) && path == "subjects/namespace");
        if !skipped && selects(spec, draft) {
            set_field(&mut draft.node, spec, Tag::Str, namespace).map_err(|source| failed(draft, source))?;
        }
    }
    Ok(())
}

fn set_field(node: &mut Node, spec: &Spec, tag: Tag, namespace: Namespace<'_>) -> Result<(), FieldError> {
    apply(spec, Create::Scalar(tag), node, &mut |at| put(at, namespace))
}

fn put(node: &mut Node, namespace: Namespace<'_>) -> Result<(), FieldProblem> {
    let has_one = matches!(node, Node::Scalar(scalar) if !scalar.is_null() && !scalar.text.is_empty());
    if !(namespace.unset_only && has_one) {
        set_scalar(node, Scalar::string(namespace.name))?;
    }
    Ok(())
}

fn set_subjects(node: &mut Node, namespace: Namespace<'_>) -> Result<(), &'static str> {
    let (key, wanted) = match namespace.subjects {
        Subjects::None => return Ok(()),
        Subjects::DefaultOnly => ("name", "default"),
        Subjects::AllServiceAccounts => ("kind", "ServiceAccount"),
    };
    let Some(subjects) = node.at_mut(&["subjects"]).filter(|subjects| !subjects.is_null()) else { return Ok(()) };
    let Node::Seq(subjects) = subjects else { return Err(subjects.kind_name()) };
    for subject in &mut subjects.items {
        let Node::Map(map) = subject else {
            if subject.is_null() {
                continue;
            }
            return Err(subject.kind_name());
        };
        if let Some(found @ (Node::Map(_) | Node::Seq(_))) = map.get(key) {
            return Err(found.kind_name());
        }
        if map.get(key).and_then(Node::as_str) == Some(wanted) {
            put(map.entry_or_insert_with("namespace", || Node::unset("")), namespace)
                .map_err(|_| map.get("namespace").map_or("nothing", Node::kind_name))?;
        }
    }
    Ok(())
}
