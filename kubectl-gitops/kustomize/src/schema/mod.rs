//! What a strategic merge, identity and the namespace transformer know about kinds: the fields of a type, how its lists merge,
//! and whether it lives in a namespace. Owns the lookups over the embedded tables (Kubernetes 1.21.2, which is what kustomize
//! 5.8.1 knows) and over a schema of the user's; must not know resources, files or patches.
//!
//! A [`Schema`] is a handle: all that are cloned from the one of a build know what that build's kustomizations chose.

mod custom;
pub(crate) mod document;
mod knowledge;
mod table;
mod types;

use std::fmt;
use std::sync::Arc;

use krm::{Gvk, ResId};

use document::{Definition, Extension};
use knowledge::{Found, Knowledge};
pub use types::{Fields, ListKind, Type};

/// The namespace of what lives outside of namespaces, in ids of the past: no name of a namespace can be equal to it.
pub const NOT_NAMESPACED: &str = "_non_namespaceable_";

/// The only version of the built-in schema.
const BUILTIN_VERSION: &str = "v1.21.2";

/// References that refer to references: nobody has more, and some go round in circles.
const REFERENCES_MAX: usize = 100;

/// A schema that a build needs is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{file}` is no OpenAPI schema: {problem}")]
pub struct SchemaError {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub problem: SchemaProblem,
}

/// What is wrong with a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaProblem {
    /// It is no YAML, or not of the form of a schema.
    #[error("{reason}")]
    Content {
        /// Where and why.
        reason: String,
    },
    /// A kind without a version or a name.
    #[error("a kind in `x-kubernetes-group-version-kind` of `{definition}` has no version or no kind")]
    Kind {
        /// The definition, or `paths`.
        definition: String,
    },
    /// An extension that must hold a text holds something else.
    #[error("`{extension}` must be {expected}")]
    Extension {
        /// Its name.
        extension: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// `items` is not one schema.
    #[error("`items` of a list must be one schema")]
    Items,
    /// References that lead nowhere.
    #[error("the reference `{reference}` goes round in circles")]
    Circle {
        /// One of them.
        reference: String,
    },
}

/// A version of the built-in schema that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no schema of Kubernetes `{version}` is built in, only {BUILTIN_VERSION}")]
pub struct UnknownVersion {
    /// The version.
    pub version: String,
}

/// Types by name and by kind. Nothing is parsed before it is asked for.
#[derive(Clone, Default)]
pub struct Schema {
    /// Nothing is shared where nothing can be chosen.
    shared: Option<Arc<Knowledge>>,
}

/// Where objects of a kind live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// Outside of namespaces, for certain.
    Cluster,
    /// Not known: treated as namespaced.
    Unknown,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").finish_non_exhaustive()
    }
}

/// Two are equal if they know the same because they are of one build.
impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        match (&self.shared, &other.shared) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl Eq for Schema {}

impl Schema {
    /// What kustomize 5.8.1 knows by itself.
    pub fn builtin() -> Self {
        Self::default()
    }

    /// The schema of a build, which its kustomizations may choose.
    pub fn of_build() -> Self {
        Self { shared: Some(Arc::default()) }
    }

    /// Was one chosen? Then choosing another changes nothing.
    pub fn is_chosen(&self) -> bool {
        self.shared.as_ref().is_some_and(|knowledge| knowledge.is_chosen())
    }

    /// Takes a built-in schema for the whole build.
    ///
    /// # Errors
    /// There is none of that version.
    pub fn choose_version(&self, version: &str) -> Result<(), UnknownVersion> {
        if version != BUILTIN_VERSION {
            return Err(UnknownVersion { version: version.to_owned() });
        }
        if let Some(knowledge) = &self.shared {
            knowledge.choose_builtin();
        }
        Ok(())
    }

    /// Takes a user's schema for the whole build. `file` names it in messages.
    pub fn choose_custom(&self, text: &str, file: String) {
        if let Some(knowledge) = &self.shared {
            knowledge.choose_custom(text, file);
        }
    }

    /// Was the chosen schema needed, and of use? To be asked when the build is done.
    ///
    /// # Errors
    /// It was needed, and is malformed.
    pub fn check(&self) -> Result<(), SchemaError> {
        self.shared.as_ref().map_or(Ok(()), |knowledge| knowledge.check())
    }

    /// The type of objects of a kind.
    pub fn of_kind(&self, api_version: &str, kind: &str) -> Option<Type<'_>> {
        let found = match &self.shared {
            Some(knowledge) => knowledge.of_kind(api_version, kind),
            None => knowledge::builtin_of_kind(api_version, kind),
        };
        Some(Type::of_found(self, found?))
    }

    /// Where objects of a type live.
    pub fn scope(&self, gvk: &Gvk) -> Scope {
        let known = if gvk.group.is_empty() {
            table::KINDS.find(&[&gvk.version, "\t", &gvk.kind, "\t"])
        } else {
            table::KINDS.find(&[&gvk.group, "/", &gvk.version, "\t", &gvk.kind, "\t"])
        };
        match (known.and_then(|columns| columns.bytes().next()), &self.shared) {
            (Some(b'n'), _) => Scope::Namespaced,
            (Some(b'c'), _) => Scope::Cluster,
            (_, Some(knowledge)) => knowledge.scope(&gvk.api_version(), &gvk.kind),
            (_, None) => Scope::Unknown,
        }
    }

    /// Do objects of this kind certainly live outside of namespaces?
    pub fn is_cluster_scoped(&self, gvk: &Gvk) -> bool {
        self.scope(gvk) == Scope::Cluster
    }

    /// The namespace that decides whether two ids are the same: [`NOT_NAMESPACED`] for what is certainly cluster-scoped, else
    /// `default` for none, else the namespace.
    pub fn effective_namespace<'i>(&self, id: &'i ResId) -> &'i str {
        if self.is_cluster_scoped(&id.gvk) { NOT_NAMESPACED } else { id.effective_namespace() }
    }

    /// Are they the same resource, in kustomize's eyes?
    pub fn same_id(&self, a: &ResId, b: &ResId) -> bool {
        a.name == b.name && a.gvk == b.gvk && self.effective_namespace(a) == self.effective_namespace(b)
    }

    /// The id with the namespace that decides equality.
    pub fn normalised(&self, mut id: ResId) -> ResId {
        id.namespace = self.effective_namespace(&id).into();
        id
    }

    fn short(&self, name: &str) -> Option<Found<'_>> {
        match &self.shared {
            Some(knowledge) => knowledge.short(name),
            None => knowledge::builtin_short(name),
        }
    }

    /// The type that a definition from elsewhere is or refers to: one of which nothing is known if it refers to nothing.
    pub(crate) fn of_definition<'s>(&'s self, definition: &'s Definition) -> Type<'s> {
        self.resolve(definition).unwrap_or_else(|| Type::opaque(self))
    }

    /// The type that a definition of the user's is or refers to.
    fn resolve<'s>(&'s self, mut definition: &'s Definition) -> Option<Type<'s>> {
        for _ in 0..REFERENCES_MAX {
            let Extension::Text(reference) = &definition.reference else { return Some(Type::custom(self, definition)) };
            if reference.is_empty() {
                return Some(Type::custom(self, definition));
            }
            match self.referred(reference)? {
                Referred::Root => return Some(Type::opaque(self)),
                Referred::Found(Found::Custom(next)) => definition = next,
                Referred::Found(found) => return Some(Type::of_found(self, found)),
            }
        }
        if let Extension::Text(reference) = &definition.reference {
            self.misused(SchemaProblem::Circle { reference: reference.to_string() });
        }
        None
    }

    /// What a reference leads to: its fragment is a JSON pointer into the whole schema.
    fn referred(&self, reference: &str) -> Option<Referred<'_>> {
        let pointer = percent_decoded(reference.split_once('#').map_or("", |(_, fragment)| fragment))?;
        if pointer.is_empty() {
            return Some(Referred::Root);
        }
        let mut tokens = pointer.strip_prefix('/')?.split('/').map(|token| token.replace("~1", "/").replace("~0", "~"));
        if tokens.next()? != "definitions" {
            return None;
        }
        let mut found = self.short(&knowledge::short_name(&tokens.next()?))?;
        while let Some(field) = tokens.next() {
            let Found::Custom(definition) = found else { return None };
            if field != "properties" {
                return None;
            }
            found = Found::Custom(definition.properties.as_ref()?.get(&tokens.next()?)?);
        }
        Some(Referred::Found(found))
    }

    fn has_custom(&self) -> bool {
        self.shared.as_ref().is_some_and(|knowledge| knowledge.has_custom())
    }

    fn misused(&self, problem: SchemaProblem) {
        if let Some(knowledge) = &self.shared {
            knowledge.misused(problem);
        }
    }
}

enum Referred<'s> {
    /// The whole schema, of which no field is known.
    Root,
    Found(Found<'s>),
}

/// `%2F` is a slash.
fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
