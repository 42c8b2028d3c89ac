//! Which functionConfigs there are. Owns finding them among built objects and what directory each may read from.

use std::path::{Path, PathBuf};

use krm::{Mapping, Node, Origin};
use krm_functions::{Registered, registry};
use kustomize::Object;
use kustomize::outside::TreeFiles;

use crate::error::{CliError, Code, Result};
use crate::source::{Folder, NoFolder, WithOperatorFiles};

/// A functionConfig and where it is from.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub(super) node: Node,
    pub(super) place: Place,
    /// Where the files lie that it names.
    pub(super) directory: Option<PathBuf>,
    /// Files that the operator named, by absolute paths.
    pub(super) operator_files: Vec<PathBuf>,
}

/// Where a functionConfig is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// An object of the input.
    Object(Origin),
    /// The command line.
    Flags,
    /// It is what runs if nothing is configured.
    Default,
}

/// Takes the objects of our API group out of what was built.
///
/// # Errors
/// Two are one object.
pub(super) fn take(objects: &mut Vec<Object>, local: Vec<Object>, root: Option<&Path>) -> Result<Vec<Config>> {
    let is_config = |object: &Object| registry::is_ours(&object.node);
    let mut found: Vec<Object> = objects.extract_if(.., |object| is_config(object)).collect();
    found.extend(local.into_iter().filter(is_config));
    for (index, object) in found.iter().enumerate() {
        if let Some(other) = found[..index].iter().find(|other| other.node.key() == object.node.key()) {
            let text = format!("`{}` stands in {} and again in {}", object.node.key(), other.origin, object.origin);
            return Err(CliError::new(Code::DuplicateObject, text).at(&object.origin));
        }
    }
    Ok(found.into_iter().map(|object| Config::of(object, root)).collect())
}

impl Config {
    fn of(object: Object, root: Option<&Path>) -> Self {
        let file = Path::new(&object.origin.file);
        // A URL has slashes, too, and standard input is called what no file is.
        let named = !object.origin.file.contains("://") && (root.is_some() || file.is_file());
        let directory = named.then(|| root.unwrap_or(Path::new("")).join(file)).and_then(|path| {
            let parent = path.parent()?;
            Some(if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_owned() })
        });
        Self { node: object.node, place: Place::Object(object.origin), directory, operator_files: Vec::new() }
    }

    /// What runs if nothing is configured.
    pub(super) fn default_of(function: &Registered) -> Self {
        let head = [("apiVersion", registry::API_VERSION), ("kind", function.kind)];
        let node = head.into_iter().map(|(key, text)| (key, Node::string(text))).collect::<Mapping>();
        Self { node: node.into(), place: Place::Default, directory: None, operator_files: Vec::new() }
    }

    /// The files that it may name.
    pub(super) fn files(&self) -> Box<dyn TreeFiles> {
        let own: Box<dyn TreeFiles> = match &self.directory {
            Some(directory) => Box::new(Folder::new(directory.clone())),
            None => Box::new(NoFolder),
        };
        if self.operator_files.is_empty() {
            return own;
        }
        Box::new(WithOperatorFiles { named: self.operator_files.clone(), own })
    }

    /// For people: `ContentHash/hash in hash.yaml:1`, `flags`, `default`.
    pub(super) fn described(&self) -> String {
        match &self.place {
            Place::Object(origin) => format!("{}/{} in {origin}", self.node.kind(), self.node.name()),
            Place::Flags => "flags".to_owned(),
            Place::Default => "default".to_owned(),
        }
    }
}
