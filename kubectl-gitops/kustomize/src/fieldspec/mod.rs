//! Field specifications: which field of which kinds a transformer changes. Owns matching, walking and creating along a path,
//! the default specifications of kustomize 5.8.1, and how specifications of several sources are merged; must not know what
//! any transformer puts there.
//!
//! A path names fields; a list on the way is entered at every item without a step of its own. With `create`, missing or null
//! maps are made, but never through a list, and never a field whose step ends in `[]`.

mod defaults;
pub mod set;
pub mod shared;
mod walk;
mod yaml11;

use std::borrow::Cow;
use std::sync::OnceLock;

use krm::{Gvk, Text};

pub use defaults::{Section, defaults};
pub use walk::{Create, FieldError, FieldProblem, apply, each, set_entry, set_scalar};

use crate::kustomization;

/// Which field of which kinds. Empty group, version or kind match anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spec {
    group: Text,
    version: Text,
    kind: Text,
    path: Cow<'static, str>,
    create: bool,
    steps: Steps,
}

/// The steps of a path, taken apart when first asked for: most specifications select nothing that is there.
#[derive(Debug, Clone, Default)]
struct Steps(OnceLock<Vec<Step>>);

/// The path beside them says it all.
impl PartialEq for Steps {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Steps {}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    name: Text,
    /// It says that the field is a list.
    list: bool,
}

/// Two specifications of one field disagree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two field specifications for `{path}`{} disagree on `create`", OfKind(kind))]
pub struct Conflict {
    /// The field.
    pub path: String,
    /// The kind that the new one selects; empty for all.
    pub kind: Text,
}

struct OfKind<'a>(&'a str);

impl std::fmt::Display for OfKind<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " of {}", self.0) }
    }
}

impl Spec {
    /// A specification; empty group, version and kind match anything.
    pub fn new(group: &str, version: &str, kind: &str, path: &str, create: bool) -> Self {
        let path = Cow::Owned(path.to_owned());
        Self { group: group.into(), version: version.into(), kind: kind.into(), path, create, steps: Steps::default() }
    }

    /// The same of texts that are always there, as those of the embedded tables: nothing is copied.
    pub fn embedded(gvk: [&'static str; 3], path: &'static str, create: bool) -> Self {
        let [group, version, kind] = gvk.map(Text::const_new);
        Self { group, version, kind, path: Cow::Borrowed(path), create, steps: Steps::default() }
    }

    fn steps(&self) -> &[Step] {
        self.steps.0.get_or_init(|| split(&self.path).into_iter().map(Step::new).collect())
    }

    /// The path as written.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The kind it selects; empty for all.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The type it selects; empty parts match anything.
    pub fn gvk(&self) -> Gvk {
        Gvk { group: self.group.clone(), version: self.version.clone(), kind: self.kind.clone() }
    }

    /// The group, version and kind it selects, for messages.
    pub fn selector(&self) -> String {
        let or_any = |text: &str| if text.is_empty() { "*".to_owned() } else { text.to_owned() };
        format!("{}.{}.{}", or_any(&self.kind), or_any(&self.version), or_any(&self.group))
    }

    /// Does it select this type?
    pub fn selects(&self, group: &str, version: &str, kind: &str) -> bool {
        (self.kind.is_empty() || self.kind == kind)
            && (self.group.is_empty() || self.group == group)
            && (self.version.is_empty() || self.version == version)
    }

    fn selects_all_of(&self, other: &Self) -> bool {
        other.selects(&self.group, &self.version, &self.kind)
    }
}

impl From<&kustomization::FieldSpec> for Spec {
    fn from(record: &kustomization::FieldSpec) -> Self {
        Self::new(&record.group, &record.version, &record.kind, &record.path, record.create)
    }
}

impl Step {
    fn new(text: String) -> Self {
        match text.strip_suffix("[]") {
            Some(name) => Self { name: name.into(), list: true },
            None => Self { name: text.into(), list: false },
        }
    }
}

/// Adds specifications to a list: one that is already there, or is covered by one of the same path, is passed over.
///
/// # Errors
/// One that is there creates fields and the new one does not, or the other way round.
pub fn merge_all(into: &mut Vec<Spec>, specs: impl IntoIterator<Item = Spec>) -> Result<(), Conflict> {
    specs.into_iter().try_for_each(|spec| merge_one(into, spec))
}

/// Adds one specification; see [`merge_all`].
///
/// # Errors
/// See [`merge_all`].
pub fn merge_one(into: &mut Vec<Spec>, spec: Spec) -> Result<(), Conflict> {
    // The one that is there is selected by the new one's type: kustomize asks in this direction.
    match into.iter().find(|there| there.path == spec.path && there.selects_all_of(&spec)) {
        Some(there) if there.create != spec.create => Err(Conflict { path: spec.path.into_owned(), kind: spec.kind }),
        Some(_) => Ok(()),
        None => {
            into.push(spec);
            Ok(())
        }
    }
}

/// Splits a path at its slashes; `\/` is a slash in a name, a leading slash is nothing.
pub fn split(path: &str) -> Vec<String> {
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts.len() > 1 && parts[0].is_empty() {
        parts.remove(0);
    }
    let mut steps: Vec<String> = Vec::with_capacity(parts.len());
    for (index, part) in parts.into_iter().enumerate() {
        match steps.last_mut() {
            Some(last) if index > 0 && last.ends_with('\\') => {
                last.pop();
                last.push('/');
                last.push_str(part);
            }
            _ => steps.push(part.to_owned()),
        }
    }
    steps
}

#[cfg(test)]
mod tests;
