//! `kustomize build` as a pure function over a tree of files.
//!
//! Owns everything between a directory with a kustomization and the documents that kustomize 5.8 prints for it. Must not
//! touch a disk, a network, a process, a clock or the environment: files come through [`load::Files`], everything else that a
//! build needs is asked for through [`outside::Outside`].
//!
//! The way through the rooms: `load` finds files, `kustomization` reads what is wanted, `target` is the spine that runs
//! resources, generators, components and transformers in order, `finish` does what is done once at the end.

mod customize;
pub mod draft;
pub mod edit;
pub mod error;
pub mod fieldpath;
pub mod fieldspec;
mod finish;
pub mod generate;
mod go_json;
mod go_number;
pub mod hash;
pub mod helm;
pub mod json_patch;
pub mod kustomization;
pub mod load;
pub mod merge;
pub mod outside;
pub mod plugin;
pub mod provenance;
pub mod reference;
pub mod replacement;
pub mod resources;
pub mod schema;
pub mod sort;
pub mod tables;
mod target;
pub mod transform;
pub mod vars;
mod weight;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use krm::yaml::emit_build;
use krm::{DuplicateId, InvalidResource, Node, Origin, Resource, ResourceSet, Text};

pub use error::{BuildError, Place, Problem};
pub use helm::HelmOptions;
pub use load::{Directory, Files, FilesError, Kind, MemoryFiles, RepositoryRequest, Restriction};
pub use outside::{Checkout, Nowhere, Outside, OutsideError};
pub use plugin::FunctionOptions;
pub use sort::Reorder;

use load::Session;
use target::{Accumulated, Target};

/// What the caller decides about a build.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Which files a kustomization may read.
    pub restriction: Restriction,
    /// The order of the output where the kustomization does not say.
    pub reorder: Reorder,
    /// Label everything as managed by kustomize, as `managedByLabel` of `buildMetadata` does?
    pub managed_by_label: bool,
    /// May plugins run that are not built in?
    pub alpha_plugins: bool,
    /// What functions may do, and what they get.
    pub functions: FunctionOptions,
    /// How charts are rendered.
    pub helm: HelmOptions,
}

/// One object of the output.
#[derive(Clone, PartialEq)]
pub struct Object {
    /// Its content.
    pub node: Node,
    /// Where it came from.
    pub origin: Origin,
}

/// What it is called and where it came from; its content may be secret.
impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut object = f.debug_struct("Object");
        object.field("kind", &self.node.kind()).field("name", &self.node.name());
        object.field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// What a build produced.
#[derive(Debug, Clone, PartialEq)]
pub struct Built {
    /// The objects, in the order in which they are printed.
    pub objects: Vec<Object>,
    /// What the author keeps out of the output: objects with the annotation `config.kubernetes.io/local-config`.
    pub local: Vec<Object>,
    /// What the user should know, one sentence each.
    pub warnings: Vec<String>,
    /// Every file that was read, by its resolved path.
    pub files_read: BTreeSet<PathBuf>,
    /// Annotation values of the kustomization's own metadata, by name.
    pub annotations: Vec<(Text, Text)>,
}

/// An object of a build is nothing that a cluster takes.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum UnusableObject {
    /// It has no identity.
    #[error("the object from {origin} is not usable")]
    Invalid {
        /// Where it came from.
        origin: Origin,
        /// What it lacks.
        #[source]
        source: InvalidResource,
    },
    /// Two are one.
    #[error(transparent)]
    Duplicate(#[from] Box<DuplicateId>),
}

/// Builds the kustomization in the directory `root`. What is neither in `files` nor to be computed is asked of `outside`.
///
/// # Errors
/// Whatever kustomize would refuse, and what this version does not support yet.
pub fn build(files: &dyn Files, outside: &dyn Outside, root: &Path, options: &Options) -> Result<Built, BuildError> {
    build_directory(files, outside, Directory::local(root), options)
}

/// Builds the kustomization in a directory that may have been fetched from a repository: what is in it then reads nothing
/// outside of it, whatever the options say.
///
/// # Errors
/// As [`build`].
pub fn build_directory(
    files: &dyn Files,
    outside: &dyn Outside,
    root: Directory,
    options: &Options,
) -> Result<Built, BuildError> {
    let session = Session::over(files, outside, root, options.restriction)
        .map_err(|error| BuildError::new(error, Place::default()))?;
    let loader = session.loader();
    let target = Target::top(&loader, options)?;
    let mut all = target.accumulate(Accumulated::default())?;
    let local = finish::finish(&mut all, target.kustomization(), options, target.file())
        .map_err(|error| target.located(error))?;
    session.loader().schema().check().map_err(|error| {
        let place = Place::file(&error.file);
        BuildError::new(error, place)
    })?;
    all.warnings.extend(session.take_warnings());
    let metadata = target.kustomization().metadata.as_ref();
    let annotations = metadata.into_iter().flat_map(|m| &m.annotations).map(|(k, v)| (k.into(), v.into())).collect();
    let object = |draft: draft::Draft| Object { node: draft.node, origin: draft.origin };
    Ok(Built {
        objects: all.drafts.into_drafts().into_iter().map(object).collect(),
        local: local.into_iter().map(object).collect(),
        warnings: all.warnings,
        annotations,
        files_read: session.files_read(),
    })
}

/// The documents of `objects` as `kustomize build` prints them.
///
/// # Errors
/// An object cannot be written, for example because a key of it is a number.
pub fn to_yaml(objects: &[Object]) -> Result<String, BuildError> {
    let mut text = String::new();
    for (index, object) in objects.iter().enumerate() {
        if index > 0 {
            text.push_str("---\n");
        }
        emit_build(&object.node, &mut text).map_err(|source| {
            let id = format!("{} {}", object.node.kind(), object.node.name());
            let mark = krm::Mark { line: object.origin.line, column: 1 };
            let place = Place { file: object.origin.file.clone(), mark, field: String::new() };
            BuildError::new(Problem::Emit { id, source }, place)
        })?;
    }
    Ok(text)
}

impl Built {
    /// The documents as `kustomize build` prints them.
    ///
    /// # Errors
    /// An object cannot be written, for example because a key of it is a number.
    pub fn to_yaml(&self) -> Result<String, BuildError> {
        to_yaml(&self.objects)
    }

    /// The objects as resources with an identity.
    ///
    /// # Errors
    /// One has no `apiVersion`, which kustomize lets pass; or two are one object to a cluster.
    pub fn into_resources(self) -> Result<ResourceSet, UnusableObject> {
        let resources = self.objects.into_iter().map(|object| {
            let origin = object.origin.clone();
            Resource::new(object.node, object.origin).map_err(|source| UnusableObject::Invalid { origin, source })
        });
        Ok(ResourceSet::from_resources(resources.collect::<Result<_, _>>()?)?)
    }
}

#[cfg(test)]
mod tests;
