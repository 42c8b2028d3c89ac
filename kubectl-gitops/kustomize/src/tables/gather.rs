//! The tables of one kustomization, from the files that it names. Owns the way from a field to its files; must not know what
//! is in them.

use super::{Tables, configuration, crd};
use crate::error::{BuildError, Place};
use crate::kustomization::{Kustomization, Located};
use crate::load::Loader;

/// Merges into `tables`, which hold those of the bases, what the kustomization in `file` says: the built-in tables with its
/// `configurations`, then its `crds`.
///
/// # Errors
/// A file cannot be read, is malformed, or disagrees with what is there.
pub(crate) fn gather(
    tables: &mut Tables,
    k: &Kustomization,
    loader: &Loader<'_>,
    file: &str,
) -> Result<(), BuildError> {
    let place = |field: &str, index: usize, path: &Located| Place::field(file, format!("{field}[{index}]"), path.mark);
    let whole =
        |field: &str, paths: &[Located]| Place::field(file, field, paths.first().map_or(k.mark, |path| path.mark));
    let mut own = Tables::builtin();
    if !k.configurations.is_empty() {
        let mut configured = Tables::default();
        for (index, path) in k.configurations.iter().enumerate() {
            let failed = |error| BuildError::new(error, place("configurations", index, path));
            let text = loader.read_text(path).map_err(failed)?;
            let read = configuration::read(&text, &loader.shown(path))?;
            let failed = |error| BuildError::new(error, place("configurations", index, path));
            configured.merge(&read).map_err(failed)?;
        }
        own.merge(&configured).map_err(|error| BuildError::new(error, whole("configurations", &k.configurations)))?;
    }
    tables.merge(&own).map_err(|error| BuildError::new(error, whole("configurations", &k.configurations)))?;
    if k.crds.is_empty() {
        return Ok(());
    }
    let mut of_crds = Tables::default();
    for (index, path) in k.crds.iter().enumerate() {
        let text = loader.read_text(path).map_err(|error| BuildError::new(error, place("crds", index, path)))?;
        let read = crd::read(&text).map_err(|error| BuildError::new(error, Place::file(loader.shown(path))))?;
        of_crds.merge(&read).map_err(|error| BuildError::new(error, place("crds", index, path)))?;
    }
    tables.merge(&of_crds).map_err(|error| BuildError::new(error, whole("crds", &k.crds)))
}
