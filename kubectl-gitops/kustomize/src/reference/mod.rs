//! Names of renamed resources, wherever other resources hold them.
//!
//! A build renames resources (prefixes, suffixes, hashes, namespaces); at its very end this room walks every field that the
//! rules say may hold a name, and where that was a former name of exactly one resource within reach, writes what that one is
//! called now. Owns the rules and the choice between candidates; must not rename anything itself.

mod candidates;
mod rules;

use std::collections::HashMap;
use std::rc::Rc;

use krm::{Gvk, Node, Origin, ResId};

use crate::draft::{Draft, DraftSet, put_text, write_text};
use crate::fieldspec::{self, FieldProblem, Spec};
use candidates::{Candidates, Referrer, Wanted};

pub use rules::{Rule, Rules};

/// A reference that cannot be fixed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field `{path}` of `{referrer}`: {problem}")]
pub struct ReferenceError {
    /// Who refers.
    pub referrer: ResId,
    /// Where that one came from.
    pub origin: Origin,
    /// The field, its steps joined by `/`.
    pub path: String,
    /// What is wrong.
    pub problem: ReferenceProblem,
}

/// Why a reference cannot be fixed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceProblem {
    /// The way to the field cannot be gone.
    #[error(transparent)]
    Field(#[from] FieldProblem),
    /// A map that should hold a name.
    #[error("a reference must have a `name`")]
    NoName,
    /// A list in a list.
    #[error("expected a name or a map with one, this is {found}")]
    NotAReference {
        /// What is there.
        found: &'static str,
    },
    /// Several resources were called so.
    #[error("`{name}` could mean {}", matches.join(" or "))]
    Ambiguous {
        /// The name.
        name: String,
        /// What those are called now.
        matches: Vec<String>,
    },
    /// A subject of a RoleBinding is no map.
    #[error("a subject must be a map, this is {found}")]
    Subject {
        /// What is there.
        found: &'static str,
    },
    /// A subject with a namespace whose kind is no text.
    #[error("the kind of a subject must be a string")]
    SubjectKind,
    /// A ServiceAccount among the subjects whose namespace is no text.
    #[error("the namespace of a subject must be a string")]
    SubjectNamespace,
}

impl ReferenceProblem {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Field(problem) => problem.hint(),
            Self::NoName => "add the name of the resource that is meant",
            Self::NotAReference { .. } => "write the names, or maps with a `name`, directly in the list",
            Self::Ambiguous { .. } => "let the names differ before they are changed, or keep one out of this build",
            Self::Subject { .. } | Self::SubjectKind | Self::SubjectNamespace => {
                "write each subject as a map of texts: kind, name and namespace"
            }
        }
    }
}

/// Writes present names into every reference that `rules` know.
///
/// # Errors
/// The first reference that is malformed or ambiguous.
pub fn fix(set: &mut DraftSet, rules: &Rules) -> Result<(), ReferenceError> {
    let candidates = Candidates::of(set);
    let mut by_type: HashMap<Gvk, Rc<Vec<(&Gvk, &Spec)>>> = HashMap::new();
    for draft in set.iter_mut() {
        let original = draft.original_id();
        let applying = by_type.entry(original.gvk).or_insert_with_key(|gvk| Rc::new(rules.applying_to(gvk)));
        let applying = Rc::clone(applying);
        if applying.is_empty() {
            continue;
        }
        let mut referrer = referrer(draft, "subjects")?;
        for (target, spec) in applying.iter() {
            referrer.role_ref = if spec.path().ends_with("roleRef/name") { role_ref(draft) } else { None };
            let wanted = Wanted { target, referrer: &referrer };
            let fixed = fieldspec::each(spec, &mut draft.node, &mut |node| fix_node(node, &candidates, &wanted));
            fixed.map_err(|problem| failed(draft, spec.path(), problem))?;
        }
    }
    Ok(())
}

fn failed(draft: &Draft, path: &str, problem: ReferenceProblem) -> ReferenceError {
    ReferenceError { referrer: draft.id(), origin: draft.origin.clone(), path: path.to_owned(), problem }
}

fn referrer(draft: &Draft, field: &str) -> Result<Referrer, ReferenceError> {
    let namespaces = subject_namespaces(draft).map_err(|problem| failed(draft, field, problem))?;
    Ok(Referrer {
        namespace: draft.effective_namespace(),
        prefixes: draft.prefixes.clone(),
        suffixes: draft.suffixes.clone(),
        subject_namespaces: namespaces,
        role_ref: None,
    })
}

/// A RoleBinding reaches into the namespaces of the ServiceAccounts that it names.
fn subject_namespaces(draft: &Draft) -> Result<Vec<krm::Text>, ReferenceProblem> {
    let mut namespaces = Vec::new();
    if draft.kind() != "RoleBinding" {
        return Ok(namespaces);
    }
    let Some(Node::Seq(subjects)) = draft.node.get("subjects") else { return Ok(namespaces) };
    for subject in &subjects.items {
        if subject.as_map().is_none() {
            return Err(ReferenceProblem::Subject { found: subject.kind_name() });
        }
        let Some(namespace) = subject.get("namespace") else { continue };
        let Some(kind) = subject.get("kind") else { continue };
        if kind.kind_name() != "a string" {
            return Err(ReferenceProblem::SubjectKind);
        }
        if kind.as_str() == Some("ServiceAccount") {
            match namespace {
                Node::Scalar(scalar) if namespace.kind_name() == "a string" => namespaces.push(scalar.text.clone()),
                _ => return Err(ReferenceProblem::SubjectNamespace),
            }
        }
    }
    Ok(namespaces)
}

/// Group and kind that a binding's `roleRef` says it means.
fn role_ref(draft: &Draft) -> Option<Gvk> {
    let role = draft.node.get("roleRef")?;
    let (group, kind) = (role.get("apiGroup")?, role.get("kind")?);
    // As it is written, so that a null names a kind that no role has.
    let text = |node: &Node| match node {
        Node::Scalar(scalar) => scalar.text.clone(),
        Node::Map(_) | Node::Seq(_) => krm::Text::default(),
    };
    Some(Gvk { group: text(group), version: krm::Text::default(), kind: text(kind) })
}

fn fix_node(node: &mut Node, candidates: &Candidates, wanted: &Wanted<'_>) -> Result<(), ReferenceProblem> {
    match node {
        node if node.is_null() => Ok(()),
        Node::Scalar(_) => fix_name(node, candidates, wanted),
        Node::Map(_) => fix_map(node, candidates, wanted),
        Node::Seq(seq) => seq.items.iter_mut().try_for_each(|item| match item {
            item if item.is_null() => Ok(()),
            Node::Scalar(_) => fix_name(item, candidates, wanted),
            Node::Map(_) => fix_map(item, candidates, wanted),
            Node::Seq(_) => Err(ReferenceProblem::NotAReference { found: "a list" }),
        }),
    }
}

/// A field that is the name.
fn fix_name(node: &mut Node, candidates: &Candidates, wanted: &Wanted<'_>) -> Result<(), ReferenceProblem> {
    let Node::Scalar(scalar) = &*node else { return Ok(()) };
    let Some(found) = candidates.choose_by_name(&scalar.text, wanted)? else { return Ok(()) };
    if found.name != scalar.text {
        write_text(node, &found.name);
    }
    Ok(())
}

/// A map with a name and perhaps a namespace, which then follows the resource as well.
fn fix_map(node: &mut Node, candidates: &Candidates, wanted: &Wanted<'_>) -> Result<(), ReferenceProblem> {
    let map = node.as_map_mut().expect("called on maps only");
    let name = match map.get("name") {
        Some(Node::Scalar(scalar)) => scalar.text.clone(),
        Some(_) => krm::Text::default(),
        None => return Err(ReferenceProblem::NoName),
    };
    let namespace = map.get("namespace").map(|node| node.as_str().unwrap_or_default());
    let Some(found) = candidates.choose(&name, namespace, wanted)? else { return Ok(()) };
    if found.name == name && found.namespace.is_empty() {
        return Ok(());
    }
    put_text(map, "name", &found.name);
    if !found.namespace.is_empty() {
        put_text(map, "namespace", &found.namespace);
    }
    Ok(())
}
