//! `replacements`: a value is read from one place and written to many.
//!
//! Owns reading replacements (inline, and from files), which resources are read and written, and how a value is cut out of a
//! text and put into one. Paths are gone by `fieldpath`. Must not know in which order transformers run.
//!
//! As in kustomize, a value that was not cut out of a text stays the node that it was read from: writing into that node
//! changes what the targets after it get.

mod embedded;
mod error;
mod read;
mod select;
mod value;
mod write;

use krm::Mark;

use crate::draft::DraftSet;
use crate::error::Place;
use crate::fieldpath::Path;
use crate::weight;

pub use error::ReplacementError;
pub use read::{Written, read};

use select::{SourceSelection, TargetSelection};
use value::Value;

/// A replacement, read and checked as far as that goes without resources.
#[derive(Debug)]
pub struct Replacement {
    source: Source,
    targets: Vec<Target>,
}

/// Where a replacement, or a part of one, is written.
#[derive(Debug, Clone, Default)]
struct Spot {
    /// Its own file; none if it is that of the kustomization.
    file: Option<String>,
    field: String,
    mark: Mark,
}

#[derive(Debug)]
enum Source {
    /// `sourceValue`
    Text(String),
    /// `source`
    Object(Box<SourceObject>),
}

#[derive(Debug)]
struct SourceObject {
    selection: SourceSelection,
    path: Path,
    cut: Option<Cut>,
    spot: Spot,
}

#[derive(Debug)]
struct Target {
    selection: TargetSelection,
    paths: Vec<(Path, Spot)>,
    cut: Option<Cut>,
    create: bool,
    spot: Spot,
}

/// `delimiter` and `index`: which part of a text is meant.
#[derive(Debug, Clone)]
struct Cut {
    delimiter: String,
    index: i64,
}

/// A replacement failed, and where it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Failed {
    /// What is wrong.
    pub error: ReplacementError,
    /// Its file, if it is not the one that lists replacements.
    pub file: Option<String>,
    /// The field.
    pub field: String,
    /// Line and column.
    pub mark: Mark,
}

impl Failed {
    /// As one error, for who cannot point at a place itself.
    pub fn into_error(self) -> ReplacementError {
        let place = Place::field(self.file.unwrap_or_default(), self.field, self.mark);
        ReplacementError::In { place: place.to_string(), source: Box::new(self.error) }
    }
}

impl Spot {
    fn failed(&self, error: impl Into<ReplacementError>) -> Failed {
        Failed { error: error.into(), file: self.file.clone(), field: self.field.clone(), mark: self.mark }
    }

    /// A field of the same record.
    fn of(&self, part: &str, mark: Mark) -> Self {
        let dot = if self.field.is_empty() { "" } else { "." };
        Self { file: self.file.clone(), field: format!("{}{dot}{part}", self.field), mark }
    }
}

/// Carries out replacements, one after the other.
///
/// # Errors
/// A source is missing or means several resources, or a field that is read or written is not there.
pub fn run(drafts: &mut DraftSet, replacements: &[Replacement]) -> Result<(), Failed> {
    let mut copied = 0;
    replacements.iter().try_for_each(|replacement| replacement.run(drafts, &mut copied))
}

impl Replacement {
    fn run(&self, drafts: &mut DraftSet, copied: &mut usize) -> Result<(), Failed> {
        let mut value = match &self.source {
            Source::Text(text) => Value::of_text(text),
            Source::Object(source) => source.read(drafts)?,
        };
        self.targets.iter().try_for_each(|target| target.write(drafts, &mut value, copied))
    }
}

impl SourceObject {
    fn read(&self, drafts: &DraftSet) -> Result<Value, Failed> {
        let position = self.selection.find(drafts).map_err(|error| self.spot.failed(error))?;
        Value::read(drafts, position, &self.path, self.cut.as_ref()).map_err(|error| self.spot.failed(error))
    }
}

impl Target {
    fn write(&self, drafts: &mut DraftSet, value: &mut Value, copied: &mut usize) -> Result<(), Failed> {
        for position in self.selection.candidates(drafts).map_err(|error| self.spot.failed(error))? {
            let draft = drafts.get(position).expect("positions come from the set");
            if !self.selection.selects(draft).map_err(|error| self.spot.failed(error))? {
                continue;
            }
            for (path, spot) in &self.paths {
                *copied += weight::of(&value.node);
                if *copied > weight::COPIES_MAX {
                    return Err(spot.failed(ReplacementError::TooMuchCopied));
                }
                let how = write::How { path, cut: self.cut.as_ref(), create: self.create };
                write::write(drafts, position, &how, value).map_err(|error| spot.failed(error))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
