//! From what the kustomization lists to replacements: files are read, defaults filled in, patterns compiled. Owns what of a
//! replacement is refused before any resource is looked at.

use krm::Mark;
use krm::yaml::{Limits, parse_first_document};

use super::select::{SourceSelection, TargetSelection};
use super::{Cut, Failed, Replacement, ReplacementError, Source, SourceObject, Spot, Target};
use crate::fieldpath::Path;
use crate::kustomization::decode::{Decode as _, Place};
use crate::kustomization::{self, DecodeError, FieldOptions, Located, ReplacementFile, SourceSelector, TargetSelector};
use crate::load::Loader;

const DEFAULT_PATH: &str = "metadata.name";

/// Who lists replacements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// `replacements` of a kustomization, where an empty list of targets counts as none.
    InKustomization,
    /// An object of its own, or a file.
    InObject,
}

/// Reads what is listed, and the files that are named there.
///
/// # Errors
/// A file cannot be read, or a replacement makes no sense.
pub fn read(
    records: &[kustomization::Replacement],
    written: Written,
    loader: &Loader<'_>,
) -> Result<Vec<Replacement>, Failed> {
    let mut replacements = Vec::with_capacity(records.len());
    for (index, record) in records.iter().enumerate() {
        let spot = Spot { file: None, field: format!("replacements[{index}]"), mark: record.mark };
        if record.path.is_empty() {
            replacements.push(prepare(record, written, &spot)?);
            continue;
        }
        let spot = spot.of("path", record.path.mark);
        if record.source.is_some() || record.targets.as_ref().is_some_and(|targets| !targets.is_empty()) {
            return Err(spot.failed(ReplacementError::PathAndFields));
        }
        read_file(&record.path, loader, &spot, &mut replacements)?;
    }
    Ok(replacements)
}

fn read_file(path: &str, loader: &Loader<'_>, spot: &Spot, into: &mut Vec<Replacement>) -> Result<(), Failed> {
    let text = loader.read_text(path).map_err(|error| spot.failed(error))?;
    let file = loader.shown(path);
    let inside = |field: String, mark: Mark| Spot { file: Some(file.clone()), field, mark };
    let root = parse_first_document(&text, &file, &Limits::default())
        .map_err(|error| inside(String::new(), error.mark).failed(error))?;
    let refused = |error: DecodeError| inside(error.field.clone(), error.mark).failed(error);
    if root.as_seq().is_some() {
        let mut records: Vec<ReplacementFile> = Vec::new();
        records.decode(&root, &Place::Config).map_err(refused)?;
        for (index, record) in records.into_iter().map(kustomization::Replacement::from).enumerate() {
            into.push(prepare(&record, Written::InObject, &inside(format!("[{index}]"), record.mark))?);
        }
    } else if root.as_map().is_some() {
        let mut record = ReplacementFile::default();
        record.decode(&root, &Place::Config).map_err(refused)?;
        let record = record.into();
        into.push(prepare(&record, Written::InObject, &inside(String::new(), record.mark))?);
    } else {
        let found = root.kind_name();
        return Err(inside(String::new(), root.mark()).failed(ReplacementError::NotReplacements { found }));
    }
    Ok(())
}

fn prepare(record: &kustomization::Replacement, written: Written, spot: &Spot) -> Result<Replacement, Failed> {
    let targets = record.targets.as_deref().filter(|t| !(written == Written::InKustomization && t.is_empty()));
    let source = match (&record.source, &record.source_value) {
        (None, None) => return Err(spot.failed(ReplacementError::NoSource)),
        (_, _) if targets.is_none() => return Err(spot.failed(ReplacementError::NoTargets)),
        (Some(_), Some(_)) => return Err(spot.failed(ReplacementError::TwoSources)),
        (None, Some(text)) => Source::Text(text.clone()),
        (Some(selector), None) => Source::Object(Box::new(source(selector, spot)?)),
    };
    let targets = targets.into_iter().flatten().enumerate();
    let targets = targets.map(|(index, record)| target(record, &spot.of(&format!("targets[{index}]"), record.mark)));
    Ok(Replacement { source, targets: targets.collect::<Result<_, _>>()? })
}

fn source(selector: &SourceSelector, spot: &Spot) -> Result<SourceObject, Failed> {
    let spot = spot.of("source", selector.mark);
    let written = Some(&*selector.field_path).filter(|path| !path.is_empty());
    let path = path(written.unwrap_or(DEFAULT_PATH)).map_err(|error| spot.failed(error))?;
    Ok(SourceObject { selection: SourceSelection::new(selector), path, cut: cut(selector.options.as_ref()), spot })
}

fn target(record: &TargetSelector, spot: &Spot) -> Result<Target, Failed> {
    let Some(select) = &record.select else { return Err(spot.failed(ReplacementError::NoSelect)) };
    let selection = TargetSelection::compile(select, &record.reject).map_err(|(part, mark, error)| {
        let mark = if mark.line > 0 { mark } else { record.mark };
        spot.of(&part, mark).failed(error)
    })?;
    let default = [Located { text: DEFAULT_PATH.to_owned(), mark: record.mark }];
    let written = if record.field_paths.is_empty() { &default[..] } else { &record.field_paths };
    let mut paths = Vec::with_capacity(written.len());
    for (index, text) in written.iter().enumerate() {
        let spot = spot.of(&format!("fieldPaths[{index}]"), text.mark);
        paths.push((path(text).map_err(|error| spot.failed(error))?, spot));
    }
    let create = record.options.as_ref().is_some_and(|options| options.create);
    Ok(Target { selection, paths, cut: cut(record.options.as_ref()), create, spot: spot.clone() })
}

fn path(text: &str) -> Result<Path, ReplacementError> {
    Path::new(text).map_err(|source| ReplacementError::Path { path: text.to_owned(), source })
}

fn cut(options: Option<&FieldOptions>) -> Option<Cut> {
    let options = options.filter(|options| !options.delimiter.is_empty())?;
    Some(Cut { delimiter: options.delimiter.clone(), index: options.index })
}
