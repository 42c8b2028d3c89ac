//! From an object to a plugin's configuration. Owns the way through JSON that kustomize takes there, and what is wrong with
//! configurations as such; the fields are in the file of each plugin.

use krm::yaml::{EmitError, from_json, to_json};
use krm::{Node, Tag};

use crate::draft::Draft;
use crate::kustomization::decode::{Decode, Place, go_float, record};
use crate::kustomization::{DecodeError, Located, ObjectMeta};
use crate::load::LoadError;

/// A plugin's configuration is wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// It has no JSON form.
    #[error("it has no JSON form")]
    Json(#[source] EmitError),
    /// A field has the wrong content.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// No field specifications where there are no defaults.
    #[error("`fieldSpecs` is missing: a transformer that is an object has no default fields")]
    NoFieldSpecs {
        /// What it would be in most cases.
        path: &'static str,
    },
    /// None of several fields.
    #[error("one of {} is needed", Names(fields))]
    NoneOf {
        /// The fields.
        fields: &'static [&'static str],
    },
    /// A field that must be there.
    #[error("`{field}` is missing")]
    Missing {
        /// The field.
        field: String,
    },
    /// A word that is none of those that the field knows.
    #[error("`{field}` must be {}, this is `{found}`", Names(words))]
    Word {
        /// The field.
        field: &'static str,
        /// What it may be.
        words: &'static [&'static str],
        /// What it is.
        found: String,
    },
    /// A number below zero.
    #[error("`{field}` cannot be negative, it is {found}")]
    Negative {
        /// The field.
        field: String,
        /// What it is.
        found: i64,
    },
    /// A file of the configuration cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A file of the configuration is not YAML, or has the wrong content.
    #[error("`{path}`: {problem}")]
    File {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

struct Names<'a>(&'a [&'a str]);

impl std::fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let separator = match index {
                0 => "",
                _ if index + 1 == self.0.len() => " or ",
                _ => ", ",
            };
            write!(f, "{separator}`{name}`")?;
        }
        Ok(())
    }
}

impl ConfigError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoFieldSpecs { path } => Some(format!("add `fieldSpecs: [{{path: {path}}}]`")),
            Self::Load(error) => error.hint().or_else(|| Some(super::error::BESIDE.to_owned())),
            _ => None,
        }
    }
}

/// Reads a configuration into its record: unknown fields are passed over, as in kustomize.
pub(super) fn read<T: Decode + Default>(config: &Draft) -> Result<T, ConfigError> {
    let node = through_json(&config.node)?;
    let mut record = T::default();
    record.decode(&node, &Place::Config)?;
    Ok(record)
}

/// The same for the few that kustomize reads with go-yaml v3 itself.
pub(super) fn read_exact<T: Decode + Default>(config: &Draft) -> Result<T, ConfigError> {
    let mut node = through_json(&config.node)?;
    spell_floats(&mut node);
    let mut record = T::default();
    record.decode(&node, &Place::Exact)?;
    Ok(record)
}

/// Gives floats the spelling that they have in the text which kustomize reads there.
fn spell_floats(node: &mut Node) {
    match node {
        Node::Scalar(scalar) if scalar.tag == Tag::Float => {
            if let Ok(value) = scalar.text.parse::<f64>() {
                scalar.text = go_float(&value.to_string(), &format!("{value:e}")).into();
            }
        }
        Node::Scalar(_) => {}
        Node::Seq(seq) => seq.items.iter_mut().for_each(spell_floats),
        Node::Map(map) => map.entries.iter_mut().for_each(|entry| spell_floats(&mut entry.value)),
    }
}

/// The same for a record that Go's type has embedded: no value is converted.
pub(super) fn read_embedded<T: Decode + Default>(config: &Draft) -> Result<T, ConfigError> {
    let node = through_json(&config.node)?;
    let mut record = T::default();
    record.decode(&node, &Place::Embedded(&Place::Config, ""))?;
    Ok(record)
}

/// Takes name and namespace from the configuration's metadata where they are not told apart.
pub(super) fn name_from_metadata(config: &Draft, name: &mut String, namespace: &mut String) -> Result<(), ConfigError> {
    let fields: Named = read(config)?;
    for (own, of_metadata) in [(name, fields.metadata.name), (namespace, fields.metadata.namespace)] {
        if own.is_empty() {
            *own = of_metadata;
        }
    }
    Ok(())
}

record! {
    (pub(crate))
    /// What every configuration has.
    Named {
        /// `metadata`
        metadata: ObjectMeta = "metadata",
    }
}

/// The object as JSON has it (a date is a text), with the marks it had.
pub(super) fn through_json(node: &Node) -> Result<Node, ConfigError> {
    let mut json = from_json(&to_json(node).map_err(ConfigError::Json)?);
    copy_marks(&mut json, node);
    Ok(json)
}

/// Tells an object that stands in the kustomization's own text where it stands in that file.
pub(crate) fn place_inline(draft: &mut Draft, file: &str, text: &Located) {
    // A text of several lines starts on the line below its `|`.
    let lines = if text.contains('\n') { text.mark.line } else { text.mark.line.saturating_sub(1) };
    file.clone_into(&mut draft.origin.file);
    draft.origin.line += lines;
    shift_marks(&mut draft.node, lines);
}

fn shift_marks(node: &mut Node, lines: u32) {
    match node {
        Node::Scalar(scalar) => scalar.mark.line += lines,
        Node::Seq(seq) => {
            seq.mark.line += lines;
            seq.items.iter_mut().for_each(|item| shift_marks(item, lines));
        }
        Node::Map(map) => {
            map.mark.line += lines;
            for entry in &mut map.entries {
                entry.key.mark.line += lines;
                shift_marks(&mut entry.value, lines);
            }
        }
    }
}

fn copy_marks(to: &mut Node, from: &Node) {
    match (to, from) {
        (Node::Scalar(to), from) => to.mark = from.mark(),
        (Node::Seq(to), Node::Seq(from)) => {
            to.mark = from.mark;
            to.items.iter_mut().zip(&from.items).for_each(|(to, from)| copy_marks(to, from));
        }
        (Node::Map(to), Node::Map(from)) => {
            to.mark = from.mark;
            for entry in &mut to.entries {
                if let Some(at) = from.position(&entry.key.text) {
                    entry.key.mark = from.entries[at].key.mark;
                    copy_marks(&mut entry.value, &from.entries[at].value);
                }
            }
        }
        (Node::Seq(_) | Node::Map(_), _) => {}
    }
}
