//! `buildMetadata`: which file a resource came from and which transformers it went through, kept where kustomize keeps it, in
//! two annotations of the object. Owns their form; must not know when anything is noted (see `target`, `customize`).

use std::collections::BTreeMap;

use krm::yaml::{Limits, emit_function, parse_documents};
use krm::{Node, Scalar, Style, Text};

use crate::draft::{Draft, DraftSet};
use crate::fieldspec::Spec;
use crate::kustomization::decode::{Decode as _, Place, record};
use crate::load::RepositoryRequest;
use crate::transform::{TransformError, annotations};

/// Where a resource came from.
pub(crate) const ORIGIN: &str = "config.kubernetes.io/origin";
/// What it went through.
pub(crate) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// What kustomize calls the top of a repository in annotations: its stand-in for a directory that is not there yet.
const TOP_OF_REPOSITORY: &str = "notCloned";

/// The API version of everything that is built in.
pub(crate) const BUILTIN: &str = "builtin";

/// An annotation of provenance that somebody wrote by hand, and that says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the annotation `{annotation}` of `{id}` does not say where it came from: {problem}")]
pub struct ProvenanceError {
    /// The resource.
    pub id: String,
    /// The annotation.
    pub annotation: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

record! {
    (pub(crate))
    /// What an annotation says of one file, generator or transformer.
    Provenance {
        /// The file, as seen from the directory that is being built; within the repository for one that was fetched
        path: String = "path",
        /// The repository it was fetched from
        repo: String = "repo",
        /// The branch, tag or commit
        git_ref: String = "ref",
        /// The file that configures the generator or transformer
        configured_in: String = "configuredIn",
        /// The object, or the built-in kind, that configures it
        configured_by: ConfiguredBy = "configuredBy",
    }
}

record! {
    (pub(crate))
    /// Name of the configuration of a generator or transformer.
    ConfiguredBy {
        /// `apiVersion`
        api_version: String = "apiVersion",
        /// `kind`
        kind: String = "kind",
        /// `name`
        name: String = "name",
        /// `namespace`
        namespace: String = "namespace",
    }
}

impl Provenance {
    /// Of something that lies at `path` as seen from here, or in a repository.
    pub(crate) fn below(&self, path: &str) -> Self {
        let Ok(repository) = RepositoryRequest::parse(path) else {
            return Self { path: join(&self.path, path), ..self.clone() };
        };
        let RepositoryRequest { clone_url, path, reference, .. } = repository;
        let path = if path.is_empty() { TOP_OF_REPOSITORY.to_owned() } else { join("", &path) };
        Self { path, repo: clone_url, git_ref: reference, ..self.clone() }
    }

    /// Of a built-in generator or transformer that the kustomization `file` of this directory configures.
    pub(crate) fn builtin(&self, file: &str, kind: &str) -> Self {
        let configured_by =
            ConfiguredBy { api_version: BUILTIN.to_owned(), kind: kind.to_owned(), ..ConfiguredBy::default() };
        Self { path: String::new(), configured_in: join(&self.path, file), configured_by, ..self.clone() }
    }

    /// Of what a plugin's configuration makes or changes, if it is known where that came from.
    pub(crate) fn of_plugin(config: &Draft) -> Result<Option<Self>, ProvenanceError> {
        let Some(origin) = origin_of(config)? else { return Ok(None) };
        let configured_by = ConfiguredBy {
            api_version: config.api_version().to_owned(),
            kind: config.kind().to_owned(),
            name: config.name().to_owned(),
            namespace: config.namespace().to_owned(),
            ..ConfiguredBy::default()
        };
        Ok(Some(Self { configured_in: origin.path, path: String::new(), configured_by, ..origin }))
    }

    /// Says that this is where `draft` came from.
    pub(crate) fn set_origin(&self, draft: &mut Draft) {
        annotate(draft, ORIGIN, text_of(&self.to_node()));
    }

    /// The same, unless something is said already.
    pub(crate) fn set_origin_if_none(&self, draft: &mut Draft) {
        if matches!(origin_of(draft), Ok(None)) {
            self.set_origin(draft);
        }
    }

    /// The same as an annotation that a user could put there.
    pub(crate) fn overwrite_origin(&self, draft: &mut Draft) -> Result<(), TransformError> {
        let pairs = [(ORIGIN.to_owned(), text_of(&self.to_node()).to_string())].into_iter().collect();
        annotations::put_on(draft, &pairs, &[Spec::new("", "", "", "metadata/annotations", true)])
    }

    /// Says that all of them went through this transformer.
    pub(crate) fn add_transformation_to(&self, drafts: &mut DraftSet) -> Result<(), ProvenanceError> {
        drafts.iter_mut().filter(|draft| !draft.is_empty()).try_for_each(|draft| self.add_transformation(draft))
    }

    /// Says that `draft` went through this transformer; or came from it, if nothing is said of where it came from.
    pub(crate) fn add_transformation(&self, draft: &mut Draft) -> Result<(), ProvenanceError> {
        if origin_of(draft)?.is_none() {
            self.set_origin(draft);
            return Ok(());
        }
        let mut all: Vec<Self> = Vec::new();
        if let Some(text) = annotation_text(draft, TRANSFORMATIONS) {
            let node = parse(draft, TRANSFORMATIONS, &text)?;
            let read = all.decode(&node, &Place::Exact);
            read.map_err(|_| said_nothing(draft, TRANSFORMATIONS, "it must be a list of maps of texts".to_owned()))?;
        }
        all.push(self.clone());
        let list = Node::Seq(krm::Sequence { items: all.iter().map(Self::to_node).collect(), ..Default::default() });
        annotate(draft, TRANSFORMATIONS, text_of(&list));
        Ok(())
    }

    fn to_node(&self) -> Node {
        let Self { path, repo, git_ref, configured_in, configured_by, mark: _ } = self;
        let ConfiguredBy { api_version, kind, name, namespace, mark: _ } = configured_by;
        let by = texts(&[("apiVersion", api_version), ("kind", kind), ("name", name), ("namespace", namespace)]);
        let mut map = texts(&[("path", path), ("repo", repo), ("ref", git_ref), ("configuredIn", configured_in)]);
        if !by.is_empty() {
            map.set("configuredBy", Node::Map(by));
        }
        Node::Map(map)
    }
}

fn texts(pairs: &[(&str, &String)]) -> krm::Mapping {
    let mut map = krm::Mapping::default();
    for (key, text) in pairs.iter().filter(|(_, text)| !text.is_empty()) {
        let mut scalar = Scalar::string(text.as_str());
        if is_old_boolean(text) || is_base_60(text) {
            scalar.style = Style::DoubleQuoted;
        }
        map.set(*key, Node::Scalar(scalar));
    }
    map
}

/// A boolean to old readers of YAML, for whom go-yaml quotes it.
fn is_old_boolean(text: &str) -> bool {
    let words = ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF"];
    words.contains(&text)
}

/// A number of minutes or hours to old readers of YAML: `12:30`, `190:20:30.15`.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let small = |part: &str| match part.as_bytes() {
        [b] | [b'0'..=b'5', b] => b.is_ascii_digit(),
        _ => false,
    };
    let starts = first.bytes().next().is_some_and(|b| b.is_ascii_digit());
    starts && digits(first) && digits(fraction) && whole.contains(':') && parts.all(small)
}

fn text_of(node: &Node) -> Text {
    let mut text = String::new();
    emit_function(node, &mut text).expect("a tree of maps, lists and texts with fixed keys can be written");
    text.into()
}

fn origin_of(draft: &Draft) -> Result<Option<Provenance>, ProvenanceError> {
    let Some(text) = annotation_text(draft, ORIGIN) else { return Ok(None) };
    let node = parse(draft, ORIGIN, &text)?;
    let mut origin = Provenance::default();
    let read = origin.decode(&node, &Place::Exact);
    read.map_err(|_| said_nothing(draft, ORIGIN, "it must be a map of texts".to_owned()))?;
    Ok(Some(origin))
}

fn parse(draft: &Draft, annotation: &'static str, text: &str) -> Result<Node, ProvenanceError> {
    let documents = parse_documents(text, "", &Limits::default())
        .map_err(|error| said_nothing(draft, annotation, error.problem.to_string()))?;
    Ok(documents.into_iter().next().map_or_else(Node::null, |document| document.root))
}

fn said_nothing(draft: &Draft, annotation: &'static str, problem: String) -> ProvenanceError {
    ProvenanceError { id: draft.id().to_string(), annotation, problem }
}

fn annotation_text(draft: &Draft, key: &str) -> Option<Text> {
    match draft.node.at(&["metadata", "annotations", key])? {
        Node::Scalar(scalar) => Some(scalar.text.clone()),
        Node::Map(_) | Node::Seq(_) => Some(Text::default()),
    }
}

/// Writes all annotations again with this one among them, as kustomize does.
fn annotate(draft: &mut Draft, key: &str, value: Text) {
    let mut all: BTreeMap<Text, Text> = BTreeMap::new();
    all.insert(key.into(), value);
    annotations::rewrite_with(draft.metadata_mut(), "annotations", all);
}

/// Joins and cleans two paths by their texts alone, as Go does: `..` at the front stays, an empty one is nothing.
pub(crate) fn join(base: &str, path: &str) -> String {
    let parts: Vec<&str> = [base, path].into_iter().filter(|part| !part.is_empty()).collect();
    let whole = parts.join("/");
    let absolute = whole.starts_with('/');
    let mut steps: Vec<&str> = Vec::new();
    for step in whole.split('/') {
        match step {
            "" | "." => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => drop(steps.pop()),
            ".." if absolute => {}
            step => steps.push(step),
        }
    }
    match (parts.is_empty(), steps.is_empty(), absolute) {
        (true, ..) => String::new(),
        (false, true, false) => ".".to_owned(),
        (false, _, true) => format!("/{}", steps.join("/")),
        (false, false, false) => steps.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_told_with_the_path_within_it() {
        let here = Provenance { path: "../base".to_owned(), ..Provenance::default() };
        for (path, expected) in [
            ("x.yaml", ("../base/x.yaml", "", "")),
            ("https://example.com/org/repo//dir/sub?ref=v1", ("dir/sub", "https://example.com/org/repo", "v1")),
            ("file:///srv/repo", ("notCloned", "file:///srv/repo", "")),
        ] {
            let below = here.below(path);
            assert_eq!((below.path.as_str(), below.repo.as_str(), below.git_ref.as_str()), expected, "{path}");
        }
    }

    #[test]
    fn what_old_readers_take_for_something_else_is_quoted() {
        for (text, expected) in [
            ("yes", "path: \"yes\"\n"),
            ("12:30", "path: \"12:30\"\n"),
            ("12:3x", "path: 12:3x\n"),
            ("12", "path: \"12\"\n"),
            ("a: b", "path: 'a: b'\n"),
            ("a.yaml", "path: a.yaml\n"),
        ] {
            let origin = Provenance { path: text.to_owned(), ..Provenance::default() };
            assert_eq!(text_of(&origin.to_node()), expected);
        }
    }

    #[test]
    fn paths_are_joined_by_their_texts() {
        for (base, path, expected) in [
            ("", "", ""),
            ("", "a.yaml", "a.yaml"),
            ("", ".", "."),
            ("", "./a/../b", "b"),
            ("../base", "../x.yaml", "../x.yaml"),
            ("../base", "../../x.yaml", "../../x.yaml"),
            ("", "/abs/x", "/abs/x"),
            ("a", "/abs/x", "a/abs/x"),
            ("", "/../x", "/x"),
        ] {
            assert_eq!(join(base, path), expected, "{base} {path}");
        }
    }
}
