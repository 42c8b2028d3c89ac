//! Changes to a kustomization file, as `kustomize edit` makes them, with everything else in the file left as it is.
//!
//! An [`Edit`] changes the tree of the file; `rewrite` brings the difference back into the text. Owns what each edit means and
//! which are refused. Must not touch a disk: which files there are comes through [`Files`](crate::Files), who writes the
//! result is the caller.

mod fields;
mod fix;
mod generators;
pub mod glob;
mod images;
mod lists;
mod pairs;
mod patches;
mod replicas;
mod rewrite;

use krm::Node;
use krm::yaml::{Limits, parse_first_document};

use crate::error::{BuildError, Place};
use crate::kustomization::Kustomization;
use crate::kustomization::decode::{Decode as _, Place as FieldPlace};

pub use generators::{Generator, GeneratorChange, NewGenerator};
pub use images::ImageChange;
pub use pairs::{PairChange, parse_names, parse_pairs};
pub use patches::{Chosen, NewPatch};
pub use replicas::ReplicaChange;

/// A field that holds one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextField {
    /// `namespace`
    Namespace,
    /// `namePrefix`
    NamePrefix,
    /// `nameSuffix`
    NameSuffix,
}

/// A field that holds a list of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListField {
    /// `resources`
    Resources,
    /// `components`
    Components,
    /// `generators`
    Generators,
    /// `transformers`
    Transformers,
    /// `buildMetadata`
    BuildMetadata,
}

/// A field that holds pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairField {
    /// `commonLabels`
    Labels,
    /// `commonAnnotations`
    Annotations,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Gives a field a text; an empty one removes the field.
    SetText(TextField, String),
    /// Adds to a list. What is there already is passed over, or refused if `strict`.
    AddToList {
        /// The list.
        field: ListField,
        /// What to add.
        items: Vec<String>,
        /// Refuse what is there already.
        strict: bool,
    },
    /// Puts other items into a list.
    SetList(ListField, Vec<String>),
    /// Removes what matches one of these patterns from a list.
    RemoveFromList(ListField, Vec<String>),
    /// Changes `commonLabels`, `commonAnnotations` or `labels`.
    Pairs(PairField, PairChange),
    /// Sets new names, tags or digests of images.
    SetImages(Vec<ImageChange>),
    /// Sets counts of replicas.
    SetReplicas(Vec<ReplicaChange>),
    /// Adds a patch.
    AddPatch(NewPatch),
    /// Removes the patches that are exactly this one.
    RemovePatch(NewPatch),
    /// Changes a generator of ConfigMaps or Secrets.
    Generator(Generator, GeneratorChange),
    /// Brings old spellings into today's form. Holds those of `patchesStrategicMerge` that are names of files.
    Fix {
        /// Items of `patchesStrategicMerge` that can be read as files.
        patch_files: Vec<String>,
    },
}

/// An edit that is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EditError {
    /// The file is not a kustomization.
    #[error(transparent)]
    Read(#[from] Box<BuildError>),
    /// What is to be added is there.
    #[error("{what} `{name}` is already in the kustomization")]
    Present {
        /// What it is.
        what: &'static str,
        /// Its name.
        name: String,
        /// Can that be overruled?
        hint: Option<&'static str>,
    },
    /// What is to be changed or removed is not there.
    #[error("{what} `{name}` is not in the kustomization")]
    Absent {
        /// What it is.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A field that is to lose something is not there.
    #[error("the kustomization has no `{field}`")]
    NoField {
        /// Its name.
        field: &'static str,
    },
    /// An argument that cannot be understood.
    #[error("`{text}` is not {expected}")]
    Argument {
        /// As given.
        text: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// A label that old and new fields both have.
    #[error("label `{name}` is both in `commonLabels` and in `labels`")]
    TwiceLabelled {
        /// The label.
        name: String,
    },
    /// The text is written in a way that cannot be followed.
    #[error("this edit does not fit how `{field}` is written in the file")]
    Unwritable {
        /// The field.
        field: String,
    },
}

impl EditError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.hint(),
            Self::Present { hint, .. } => hint.map(str::to_owned),
            Self::Unwritable { .. } => Some("edit it by hand; nothing was changed".to_owned()),
            Self::TwiceLabelled { .. } => Some("remove one of them first".to_owned()),
            Self::Absent { .. } | Self::NoField { .. } | Self::Argument { .. } => None,
        }
    }
}

/// A file after an edit.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited {
    /// Its text; equal to the old one if there was nothing to do.
    pub text: String,
    /// Its content, old spellings folded into today's.
    pub kustomization: Kustomization,
    /// What the user should know, one sentence each.
    pub notes: Vec<String>,
}

/// Makes an edit in the text of a kustomization; `file` names it in errors.
///
/// # Errors
/// The text is no kustomization, or the edit is refused.
pub fn apply(text: &str, file: &str, edit: &Edit) -> Result<Edited, EditError> {
    let old = read(text, file)?;
    let mut new = old.clone();
    let mut notes = Vec::new();
    if new.is_null() {
        new = Node::map();
    }
    let mut fields = fields::Fields::new(&mut new, &mut notes);
    change(&mut fields, edit)?;
    if old.is_null() && *fields.root != krm::Mapping::default() {
        fields.complete();
    }
    let kustomization = folded(&new, file)?;
    let Some(text) = write(text, &old, &new) else {
        return Err(EditError::Unwritable { field: first_difference(&old, &new) });
    };
    Ok(Edited { text, kustomization, notes })
}

/// The content of a kustomization file, old spellings folded into today's.
///
/// # Errors
/// It is no kustomization.
pub fn content(text: &str, file: &str) -> Result<Kustomization, EditError> {
    let root = read(text, file)?;
    folded(&root, file)
}

fn change(fields: &mut fields::Fields<'_>, edit: &Edit) -> Result<(), EditError> {
    match edit {
        Edit::SetText(field, text) => {
            let name = match field {
                TextField::Namespace => "namespace",
                TextField::NamePrefix => "namePrefix",
                TextField::NameSuffix => "nameSuffix",
            };
            fields.set_text(name, text);
            Ok(())
        }
        Edit::AddToList { field, items, strict } => lists::add(fields, *field, items, *strict),
        Edit::SetList(field, items) => {
            fields.set(lists::name(*field), lists::texts(items));
            Ok(())
        }
        Edit::RemoveFromList(field, patterns) => lists::remove(fields, *field, patterns),
        Edit::Pairs(field, change) => pairs::change(fields, *field, change),
        Edit::SetImages(images) => {
            images::set(fields, images);
            Ok(())
        }
        Edit::SetReplicas(replicas) => {
            replicas::set(fields, replicas);
            Ok(())
        }
        Edit::AddPatch(patch) => {
            patches::add(fields, patch);
            Ok(())
        }
        Edit::RemovePatch(patch) => {
            patches::remove(fields, patch);
            Ok(())
        }
        Edit::Generator(generator, change) => generators::change(fields, *generator, change),
        Edit::Fix { patch_files } => fix::fix(fields, patch_files),
    }
}

/// Text for the wanted tree. Fields that are only called something else now are renamed in place first.
fn write(text: &str, old: &Node, new: &Node) -> Option<String> {
    if old.is_null() {
        let mut out = text.to_owned();
        if !(out.is_empty() || out.ends_with('\n')) {
            out.push('\n');
        }
        if *new != Node::map() {
            let mut printed = new.clone();
            rewrite::print::quote_words(&mut printed);
            krm::yaml::emit_function(&printed, &mut out).ok()?;
        }
        let read = parse_first_document(&out, "", &Limits::default()).ok()?;
        return (read == *new || *new == Node::map()).then_some(out);
    }
    if let Some(written) =
        fix::renamed_in_place(text, old, new).and_then(|(text, old)| rewrite::rewrite(&text, &old, new))
    {
        return Some(written);
    }
    rewrite::rewrite(text, old, new)
}

fn read(text: &str, file: &str) -> Result<Node, EditError> {
    let root = parse_first_document(text, file, &Limits::default()).map_err(|error| {
        let place = Place { file: file.to_owned(), mark: error.mark, field: String::new() };
        Box::new(BuildError::new(error, place))
    })?;
    decode(&root, file)?;
    Ok(root)
}

fn decode(root: &Node, file: &str) -> Result<Kustomization, EditError> {
    let mut kustomization = Kustomization::default();
    kustomization.decode(root, &FieldPlace::Top).map_err(|error| {
        let place = Place { file: file.to_owned(), mark: error.mark, field: String::new() };
        Box::new(BuildError::new(error, place))
    })?;
    Ok(kustomization)
}

fn folded(root: &Node, file: &str) -> Result<Kustomization, EditError> {
    let mut kustomization = decode(root, file)?;
    crate::kustomization::fold(&mut kustomization);
    Ok(kustomization)
}

fn first_difference(old: &Node, new: &Node) -> String {
    let (Node::Map(old), Node::Map(new)) = (old, new) else { return "the file".to_owned() };
    let differs = |(key, value): &(&str, &Node)| old.get(key) != Some(*value);
    new.iter().find(differs).map_or_else(|| "the file".to_owned(), |(key, _)| key.to_owned())
}

#[cfg(test)]
mod tests;
