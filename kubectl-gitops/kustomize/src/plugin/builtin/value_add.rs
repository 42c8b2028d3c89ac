//! `ValueAddTransformer`: puts a value into fields, or into a path that a field holds.

use krm::node::Entry;
use krm::yaml::{Limits, parse_first_document};
use krm::{Node, Scalar, Sequence, Tag};

use super::super::{ConfigError, Context, PluginProblem, Transform, config};
use crate::draft::{Draft, DraftSet};
use crate::fieldspec::{self, set_scalar};
use crate::kustomization::Selector;
use crate::kustomization::decode::{Decode as _, Place, record};
use crate::provenance::join;
use crate::transform::namespace::{self, Namespace, Subjects};
use crate::transform::selection::Selection;

record! {
    (pub(crate))
    /// Its configuration.
    ValueAddTransformer {
        /// `value`; the name of the kustomization's directory if it is empty
        value: String = "value",
        /// `targets`
        targets: Vec<Target> = "targets",
        /// `targetFilePath`: a file with further targets
        target_file_path: String = "targetFilePath",
    }
}

record! {
    (pub(crate))
    /// Where the value goes.
    Target {
        /// `selector`: which resources; all of them if there is none
        selector: Option<Selector> = "selector",
        /// `fieldPath`
        field_path: String = "fieldPath",
        /// `filePathPosition`: not 0 if the field holds a path that the value becomes a part of, at this position from 1
        file_path_position: i64 = "filePathPosition",
    }
}

record! {
    (pub(crate))
    /// A file of targets.
    TargetFile {
        /// `targets`
        targets: Vec<Target> = "targets",
    }
}

/// The value cannot go where it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot put the value at `{path}` of `{id}`: {problem}")]
pub struct ValueError {
    /// The resource.
    pub id: String,
    /// The field.
    pub path: String,
    /// What is in the way.
    pub problem: String,
}

impl ValueAddTransformer {
    pub(super) fn configure(draft: &Draft, context: &Context<'_>) -> Result<Self, ConfigError> {
        let mut this: Self = config::read(draft)?;
        this.value = this.value.trim().to_owned();
        if this.value.is_empty() {
            let root = context.loader.root();
            this.value = root.file_name().unwrap_or(root.as_os_str()).to_string_lossy().into_owned();
        }
        if !this.target_file_path.is_empty() {
            let more = read_targets(&this.target_file_path, context)?;
            this.targets.extend(more);
        }
        if this.targets.is_empty() {
            return Err(ConfigError::NoneOf { fields: &["targets", "targetFilePath"] });
        }
        for (index, target) in this.targets.iter().enumerate() {
            if target.field_path.is_empty() {
                return Err(ConfigError::Missing { field: format!("targets[{index}].fieldPath") });
            }
            if target.file_path_position < 0 {
                let field = format!("targets[{index}].filePathPosition");
                return Err(ConfigError::Negative { field, found: target.file_path_position });
            }
        }
        Ok(this)
    }
}

fn read_targets(path: &str, context: &Context<'_>) -> Result<Vec<Target>, ConfigError> {
    let text = context.loader.read_text(path)?;
    let wrong = |problem: String| ConfigError::File { path: path.to_owned(), problem };
    let node = parse_first_document(&text, &context.loader.shown(path), &Limits::default())
        .map_err(|error| wrong(error.problem.to_string()))?;
    let mut file = TargetFile::default();
    file.decode(&node, &Place::Config).map_err(|error| wrong(error.to_string()))?;
    Ok(file.targets)
}

impl Transform for ValueAddTransformer {
    fn transform(&self, set: &mut DraftSet, context: &Context<'_>) -> Result<(), PluginProblem> {
        for target in &self.targets {
            for position in selected(set, target)? {
                set.change(position, |draft| self.put(draft, target, context))?;
            }
        }
        Ok(())
    }
}

fn selected(set: &DraftSet, target: &Target) -> Result<Vec<usize>, PluginProblem> {
    let Some(selector) = &target.selector else { return Ok((0..set.len()).collect()) };
    let selection = Selection::compile(selector)?;
    let mut positions = Vec::new();
    for (position, draft) in set.iter().enumerate() {
        if selection.matches(draft)? {
            positions.push(position);
        }
    }
    Ok(positions)
}

impl ValueAddTransformer {
    fn put(&self, draft: &mut Draft, target: &Target, context: &Context<'_>) -> Result<(), PluginProblem> {
        if target.field_path == "metadata/namespace" {
            let own = Namespace { name: &self.value, specs: &[], unset_only: false, subjects: Subjects::DefaultOnly };
            return Ok(namespace::set_on(draft, own, context.tables.schema())?);
        }
        let steps: Vec<String> = split(&target.field_path);
        let position = usize::try_from(target.file_path_position).unwrap_or(0);
        put_at(&steps, &mut draft.node, &self.value, position).map_err(|problem| {
            let (id, path) = (draft.id().to_string(), target.field_path.clone());
            ValueError { id, path, problem }.into()
        })
    }
}

/// The names on the way; blanks around them do not count, and empty ones are nothing.
fn split(path: &str) -> Vec<String> {
    let steps = fieldspec::split(path).into_iter().map(|step| step.trim().to_owned());
    steps.filter(|step| !step.is_empty()).collect()
}

fn put_at(steps: &[String], node: &mut Node, value: &str, position: usize) -> Result<(), String> {
    let Some((step, rest)) = steps.split_first() else { return put_value(node, value, position) };
    let next = match Step::parse(step)? {
        Step::Index(index) => match node {
            Node::Seq(seq) => seq.items.get_mut(index),
            other => return Err(not_a("list", step, other)),
        },
        Step::Last => match node {
            Node::Seq(seq) if !seq.items.is_empty() => seq.items.last_mut(),
            other => return Err(not_a("list with items", step, other)),
        },
        Step::Item { key, value } => match node {
            Node::Seq(seq) => Some(item(seq, key, value)),
            other => return Err(not_a("list", step, other)),
        },
        Step::Field(name) => match node {
            Node::Map(map) => {
                let at = map.position(name).unwrap_or_else(|| {
                    let value = made_for(rest.first());
                    map.entries.push(Entry { key: Scalar::new(name, Tag::Unset), value });
                    map.entries.len() - 1
                });
                Some(&mut map.entries[at].value)
            }
            null if null.is_null() => None,
            other => return Err(not_a("map", step, other)),
        },
    };
    match next {
        Some(next) => put_at(rest, next, value, position),
        None if position > 0 => Err(format!("there is nothing at `{step}`")),
        None => Ok(()),
    }
}

fn not_a(expected: &str, step: &str, found: &Node) -> String {
    format!("`{step}` needs a {expected}, there is {}", found.kind_name())
}

/// One step of a path.
enum Step<'a> {
    Field(&'a str),
    Index(usize),
    Last,
    Item { key: &'a str, value: &'a str },
}

impl<'a> Step<'a> {
    fn parse(text: &'a str) -> Result<Self, String> {
        if let Ok(index) = text.parse::<i64>() {
            return usize::try_from(index)
                .map(Self::Index)
                .map_err(|_| format!("an index cannot be negative: `{text}`"));
        }
        match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            Some(inner) => {
                let (key, value) = inner.split_once('=').ok_or_else(|| format!("`{text}` is not [key=value]"))?;
                Ok(Self::Item { key, value })
            }
            None if text == "-" => Ok(Self::Last),
            None if text == "*" => Err("`*` is not known here".to_owned()),
            None => Ok(Self::Field(text)),
        }
    }
}

/// What is made at a missing field so that the next step finds its way.
fn made_for(next: Option<&String>) -> Node {
    match next.map(|next| Step::parse(next)) {
        None => Node::unset(""),
        Some(Ok(Step::Index(_) | Step::Item { .. })) => Node::Seq(Sequence::default()),
        Some(_) => Node::map(),
    }
}

fn item<'n>(seq: &'n mut Sequence, key: &str, value: &str) -> &'n mut Node {
    let is_it = |item: &Node| match item {
        Node::Scalar(scalar) => key.is_empty() && scalar.text == value,
        Node::Map(map) if !key.is_empty() => {
            matches!(map.get(key), Some(Node::Scalar(scalar)) if scalar.text == value)
        }
        Node::Map(_) | Node::Seq(_) => false,
    };
    let at = seq.items.iter().position(is_it).unwrap_or_else(|| {
        let mut made = Node::unset(value);
        if !key.is_empty() {
            let mut map = krm::Mapping::default();
            map.entries.push(Entry { key: Scalar::new(key, Tag::Unset), value: made });
            made = Node::Map(map);
        }
        seq.items.push(made);
        seq.items.len() - 1
    });
    &mut seq.items[at]
}

fn put_value(node: &mut Node, value: &str, position: usize) -> Result<(), String> {
    let text = match node {
        Node::Scalar(scalar) if position > 0 => inserted(&scalar.text, position - 1, value),
        Node::Scalar(_) => value.to_owned(),
        other => return Err(format!("a scalar belongs there, it is {}", other.kind_name())),
    };
    set_scalar(node, Scalar::new(text, Tag::Unset)).map(drop).map_err(|problem| problem.to_string())
}

/// A path with one more part. The first position is 0; an absolute path stays one.
fn inserted(path: &str, position: usize, part: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    parts.insert(position.min(parts.len()), part);
    let joined = join("", &parts.join("/"));
    if absolute { format!("/{joined}") } else { joined }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_go_into_paths() {
        for (path, position, expected) in [
            ("", 0, "P"),
            ("/", 0, "/P"),
            ("pie", 0, "P/pie"),
            ("/pie", 0, "/P/pie"),
            ("raw", 1, "raw/P"),
            ("/raw", 9, "/raw/P"),
            ("a/nice/warm/pie", 3, "a/nice/warm/P/pie"),
            ("/a/nice/warm/pie", 3, "/a/nice/warm/P/pie"),
        ] {
            assert_eq!(inserted(path, position, "P"), expected, "{path} {position}");
        }
    }
}
