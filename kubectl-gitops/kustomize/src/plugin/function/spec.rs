//! What an object says about the function that it configures: the annotation `config.kubernetes.io/function` and its
//! forerunners. Owns how that is read and checked; must not know how functions are run.

use std::path::{Component, Path};

use krm::yaml::{Limits, parse_documents, parse_first_document, to_json};
use krm::{Node, Scalar, Tag};

use super::FunctionError;
use crate::draft::Draft;
use crate::kustomization::decode::{Decode as _, Place, in_json_words, record};

record! { (pub(super))
    /// The annotation's content.
    FunctionSpec {
        /// `deferFailure`
        defer_failure: bool = "deferFailure",
        /// `container`
        container: ContainerSpec = "container",
        /// `exec`
        exec: ExecSpec = "exec",
    }
}

record! { (pub(super))
    /// `container`
    ContainerSpec {
        /// `image`
        image: String = "image",
        /// `network`
        network: bool = "network",
        /// `mounts`
        mounts: Vec<Mount> = "mounts",
        /// `envs`: `NAME=value`, or `NAME` alone for one that is passed on
        envs: Vec<String> = "envs",
    }
}

record! { (pub(super))
    /// `exec`
    ExecSpec {
        /// `path`
        path: String = "path",
        /// `args`
        args: Vec<String> = "args",
        /// `envs`: `NAME=value`
        envs: Vec<String> = "envs",
    }
}

record! { (pub(super))
    /// One item of `mounts`.
    Mount {
        /// `type`
        kind: String = "type",
        /// `src`
        source: String = "src",
        /// `dst`
        target: String = "dst",
        /// `rw`
        writable: bool = "rw",
    }
}

/// The annotations that hold a specification, in the order in which they are asked.
const SPECIFICATIONS: [&str; 2] = ["config.kubernetes.io/function", "config.k8s.io/function"];
/// What is no text.
const FLAGS: [&str; 3] = ["deferFailure", "network", "rw"];
/// Its forerunner holds an image.
const IMAGE: &str = "config.kubernetes.io/container";

/// The function that `config` configures; `None` if it says nothing of one.
///
/// # Errors
/// The annotation is no YAML, says something unknown, or mounts what lies outside of the kustomization.
pub(super) fn spec_of(config: &Draft) -> Result<Option<FunctionSpec>, FunctionError> {
    let Some((field, node)) = written(config)? else {
        let image = config.annotation(IMAGE).filter(|image| !image.is_empty());
        return Ok(image.map(|image| FunctionSpec {
            container: ContainerSpec { image: image.to_owned(), ..ContainerSpec::default() },
            ..FunctionSpec::default()
        }));
    };
    let mut spec = FunctionSpec::default();
    spec.decode(&with_texts(node), &Place::Top).map_err(|source| FunctionError::Specification { field, source })?;
    spec.container.mounts.iter().try_for_each(check_mount)?;
    Ok(Some(spec))
}

fn written(config: &Draft) -> Result<Option<(&'static str, Node)>, FunctionError> {
    for key in SPECIFICATIONS {
        let Some(text) = config.annotation(key).filter(|text| !text.is_empty()) else { continue };
        let failed = |source| FunctionError::SpecificationText { field: key, source };
        // Its scalars are those of YAML 1.1, and yet a key that comes twice is an error.
        parse_documents(text, key, &Limits::default()).map_err(failed)?;
        let node = parse_first_document(text, key, &Limits::default()).map_err(failed)?;
        return Ok(Some((key, node)));
    }
    let inline = config.node.at(&["metadata", "configFn"]).filter(|node| !node.is_null());
    Ok(inline.map(|node| ("metadata.configFn", node.clone())))
}

/// Numbers and booleans where a text belongs become texts here, unlike in a kustomization.
fn with_texts(mut node: Node) -> Node {
    match &mut node {
        Node::Map(map) => {
            for entry in &mut map.entries {
                let is_flag = FLAGS.iter().any(|flag| entry.key.text.eq_ignore_ascii_case(flag));
                if !is_flag {
                    entry.value = with_texts(std::mem::replace(&mut entry.value, Node::null()));
                }
            }
        }
        Node::Seq(seq) => seq.items = std::mem::take(&mut seq.items).into_iter().map(with_texts).collect(),
        Node::Scalar(scalar) if matches!(scalar.tag, Tag::Bool | Tag::Int | Tag::Float) => {
            let mark = scalar.mark;
            if let Ok(json) = to_json(&in_json_words(node.clone())) {
                return Node::Scalar(Scalar { mark, ..Scalar::string(json.to_string()) });
            }
        }
        Node::Scalar(_) => {}
    }
    node
}

fn check_mount(mount: &Mount) -> Result<(), FunctionError> {
    let refused = |why| FunctionError::Mount { path: mount.source.clone(), why };
    let path = Path::new(&mount.source);
    if path.is_absolute() {
        return Err(refused("it must be relative to the kustomization"));
    }
    if leaves(path) { Err(refused("it must lie in or below the kustomization's directory")) } else { Ok(()) }
}

/// Does the relative path begin with `..` once it is clean? So does a name like `..data` to kustomize.
fn leaves(path: &Path) -> bool {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::ParentDir if names.pop().is_none() => return true,
            Component::Normal(name) => names.push(name),
            _ => {}
        }
    }
    names.first().is_some_and(|name| name.to_string_lossy().starts_with(".."))
}

impl Mount {
    /// From `type=bind,src=dir,dst=/x,rw=true`, as given on a command line. What is unknown does not count.
    pub(super) fn from_words(words: &str) -> Self {
        let mut mount = Self::default();
        for (key, value) in words.split(',').filter_map(|word| word.split_once('=')) {
            match key {
                "type" => value.clone_into(&mut mount.kind),
                "src" | "source" => value.clone_into(&mut mount.source),
                "dst" | "target" => value.clone_into(&mut mount.target),
                "rw" => mount.writable = value == "true",
                _ => {}
            }
        }
        mount
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_are_seen() {
        for (path, expected) in
            [("a", false), ("./a/../b", false), ("..", true), ("../x", true), ("a/../../a", true), ("..data/x", true)]
        {
            assert_eq!(leaves(Path::new(path)), expected, "{path}");
        }
    }
}
