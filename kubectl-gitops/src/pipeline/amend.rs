//! `edit`: from a wish to a changed kustomization file. Owns which file it is, what must exist on disk, and writing it whole or
//! not at all. What an edit means is the engine's (`kustomize::edit`).

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use krm::Origin;
use kustomize::edit::{self, Edit, EditError, Edited, Generator, GeneratorChange, ListField, NewGenerator, glob};
use kustomize::kustomization::Kustomization;
use kustomize::load::{Files, FilesError, Kind, Session, is_remote_file};
use kustomize::{Options, RepositoryRequest, Restriction};

use crate::error::{CliError, Code, Place, Result, exit};
use crate::report::Console;
use crate::source::{Beyond, DiskFiles, KUSTOMIZATION_NAMES, WithGenerated, nearby};

/// What is wanted, before anything was looked at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wish {
    /// A change of the file that needs nothing else.
    Edit(Edit),
    /// Names of files for a list.
    AddPaths {
        /// The list.
        field: ListField,
        /// Paths, patterns or URLs.
        paths: Vec<String>,
        /// What about those that match nothing?
        verify: Verify,
    },
    /// Directories for `resources`.
    AddBases(Vec<String>),
    /// Sources for a generator.
    AddSources(Sources),
    /// Today's form of deprecated fields.
    Fix {
        /// Of `vars`, too.
        vars: bool,
    },
}

/// What about paths that match nothing?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verify {
    /// They are an error, unless they are elsewhere.
    Demand,
    /// They are told and passed over.
    PassOver,
    /// They are taken as they are.
    Nothing,
}

/// Sources for a generator, files still as patterns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sources {
    /// Which list.
    pub(crate) generator: Generator,
    /// Everything but the files.
    pub(crate) new: NewGenerator,
    /// `pattern` or `key=pattern`
    pub(crate) patterns: Vec<String>,
}

/// A file that could not be changed.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{path}`")]
struct Unwritten {
    path: String,
    #[source]
    source: std::io::Error,
}

/// The kustomization file of a directory.
struct Target {
    directory: PathBuf,
    name: &'static str,
    text: String,
}

/// Changes the kustomization in the current directory.
pub(crate) fn amend(wish: &Wish, console: &Console) -> Result<u8> {
    let directory = Path::new(".");
    let edit = match wish {
        Wish::Edit(edit) => Some(edit.clone()),
        Wish::AddPaths { field, paths, verify } => expand(directory, *field, paths, *verify, console)?,
        Wish::AddBases(paths) => Some(bases(directory, paths)?),
        Wish::AddSources(sources) => Some(add_sources(directory, sources, console)?),
        Wish::Fix { .. } => None,
    };
    match (edit, wish) {
        (Some(edit), _) => change(&Target::find(directory)?, &edit, console)?,
        (None, Wish::Fix { vars }) => fix(&Target::find(directory)?, *vars, console)?,
        // Nothing matched, and that was told.
        (None, _) => {}
    }
    Ok(exit::DONE)
}

fn change(target: &Target, edit: &Edit, console: &Console) -> Result<()> {
    // The file does not name itself.
    let edit = match edit {
        Edit::AddToList { field: field @ (ListField::Resources | ListField::Components), items, strict: false } => {
            let items = items.iter().filter(|item| *item != target.name).cloned().collect();
            Edit::AddToList { field: *field, items, strict: false }
        }
        other => other.clone(),
    };
    let edited = edit::apply(&target.text, target.name, &edit).map_err(|error| failed(error, target.name))?;
    for note in &edited.notes {
        console.warn(note);
    }
    if let Edit::Generator(generator, change @ (GeneratorChange::Add(_) | GeneratorChange::Set { .. })) = &edit {
        try_generator(target, *generator, change, &edited.kustomization)?;
    }
    target.write(&edited)
}

fn fix(target: &Target, vars: bool, console: &Console) -> Result<()> {
    let before = edit::content(&target.text, target.name).map_err(|error| failed(error, target.name))?;
    if !before.vars.is_empty() {
        let hint =
            "write a `replacements` entry for each; `kubectl gitops build` before and after shows whether they agree";
        if vars {
            let text = "converting `vars` would rewrite resource files, which this version does not do";
            return Err(CliError::new(Code::Edit, text).at(Place::file(target.name)).hint(hint));
        }
        console.warn(&format!("`vars` stays as it is: {hint}"));
    }
    let files = DiskFiles::new();
    let root = files.canonical(&target.directory).map_err(|error| CliError::new(Code::Unreadable, error))?;
    let is_file =
        |name: &&str| !name.contains('\n') && fs::metadata(root.join(name)).is_ok_and(|found| found.is_file());
    let patches = before.patches_strategic_merge.iter().map(|item| item.text.as_str());
    let edit = Edit::Fix { patch_files: patches.filter(is_file).map(str::to_owned).collect() };
    let edited = edit::apply(&target.text, target.name, &edit).map_err(|error| failed(error, target.name))?;
    let built = |files: &dyn Files| {
        kustomize::build(files, &Beyond::default(), &root, &Options::default()).and_then(|built| built.to_yaml())
    };
    let old = built(&files);
    let new = built(&WithGenerated::new(DiskFiles::new(), root.join(target.name), edited.text.as_str()));
    target.write(&edited)?;
    match (old, new) {
        (Ok(_), Err(error)) => console.warn(&format!("the fixed kustomization no longer builds: {error}")),
        (Ok(old), Ok(new)) if old != new => console.warn("the fixed kustomization builds something else than before"),
        _ => {}
    }
    Ok(())
}

impl Target {
    fn find(directory: &Path) -> Result<Self> {
        let there: Vec<&'static str> =
            KUSTOMIZATION_NAMES.into_iter().filter(|name| fs::metadata(directory.join(name)).is_ok()).collect();
        let name = match there.as_slice() {
            [name] => *name,
            [] => {
                let text = format!("there is no {} here", KUSTOMIZATION_NAMES[0]);
                return Err(CliError::new(Code::FileMissing, text).hint("change to its directory, or create the file"));
            }
            several => {
                let text = format!("there is more than one kustomization here: {}", several.join(" and "));
                return Err(CliError::new(Code::Edit, text).hint("keep one of them"));
            }
        };
        let unreadable = |error: FilesError| CliError::new(Code::Unreadable, error).at(Place::file(name));
        let path = DiskFiles::new().canonical(&directory.join(name)).map_err(unreadable)?;
        let bytes = DiskFiles::new().read(&path).map_err(unreadable)?.into_owned();
        let text = String::from_utf8(bytes)
            .map_err(|_| CliError::new(Code::Unreadable, "it is not UTF-8 text").at(Place::file(name)))?;
        Ok(Self { directory: directory.to_owned(), name, text })
    }

    /// The new text takes the place of the old one in one step; a link to the file stays a link.
    fn write(&self, edited: &Edited) -> Result<()> {
        if edited.text == self.text {
            return Ok(());
        }
        let written = || -> std::io::Result<()> {
            let path = fs::canonicalize(self.directory.join(self.name))?;
            let aside = path.with_file_name(format!(".{}.{}.tmp", self.name, std::process::id()));
            let result =
                put(&aside, edited.text.as_bytes(), &fs::metadata(&path)?).and_then(|()| fs::rename(&aside, &path));
            if result.is_err() {
                // What is left of it is of no use; why it could not be written is what counts.
                drop(fs::remove_file(&aside));
            }
            result
        };
        written().map_err(|source| CliError::new(Code::Output, Unwritten { path: self.name.to_owned(), source }))
    }
}

fn put(path: &Path, content: &[u8], like: &fs::Metadata) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(content)?;
    file.set_permissions(like.permissions())?;
    file.sync_all()
}

/// Patterns become names. Nothing if there is none left.
fn expand(
    directory: &Path,
    field: ListField,
    paths: &[String],
    verify: Verify,
    console: &Console,
) -> Result<Option<Edit>> {
    let mut items = Vec::new();
    for path in paths {
        let found = if verify == Verify::Nothing { vec![path.clone()] } else { search(directory, path)? };
        let elsewhere = is_remote_file(path) || RepositoryRequest::parse(path).is_ok();
        if !found.is_empty() {
            items.extend(found);
        } else if verify == Verify::PassOver {
            console.warn(&format!("nothing matches `{path}`"));
        } else if elsewhere {
            items.push(path.clone());
        } else {
            return Err(nothing_matches(directory, path));
        }
    }
    Ok((!items.is_empty()).then_some(Edit::AddToList { field, items, strict: false }))
}

fn bases(directory: &Path, paths: &[String]) -> Result<Edit> {
    match paths.iter().find(|path| path.is_empty() || fs::metadata(directory.join(path)).is_err()) {
        Some(path) => Err(nothing_matches(directory, path)),
        None => Ok(Edit::AddToList { field: ListField::Resources, items: paths.to_vec(), strict: true }),
    }
}

fn add_sources(directory: &Path, sources: &Sources, console: &Console) -> Result<Edit> {
    let Sources { generator, new, patterns } = sources;
    let mut files = Vec::new();
    for source in patterns {
        let parts: Vec<&str> = source.split('=').collect();
        let (key, pattern) = if let [key, pattern] = parts.as_slice() { (*key, *pattern) } else { ("", parts[0]) };
        let found = search(directory, pattern)?;
        if found.is_empty() {
            console.warn(&format!("nothing matches `{pattern}`"));
        }
        match (key, found.as_slice()) {
            ("", _) => files.extend(found),
            (key, [file]) => files.push(format!("{key}={file}")),
            (_, found) => {
                let text = format!("`{pattern}` must match one file to go with a key, it matches {}", found.len());
                return Err(CliError::new(Code::Usage, text));
            }
        }
    }
    if files.is_empty() && new.literals.is_empty() && new.env_file.is_empty() {
        return Err(CliError::new(Code::FileMissing, "nothing to add: no file matches"));
    }
    let change = GeneratorChange::Add(NewGenerator { files, ..new.clone() });
    Ok(Edit::Generator(*generator, change))
}

/// Runs the generator as a build would: a key given twice or a missing file is found now, and nothing is written.
fn try_generator(
    target: &Target,
    generator: Generator,
    change: &GeneratorChange,
    kustomization: &Kustomization,
) -> Result<()> {
    let name = match change {
        GeneratorChange::Add(NewGenerator { name, .. }) | GeneratorChange::Set { name, .. } => name,
        GeneratorChange::Remove { .. } => return Ok(()),
    };
    let files = DiskFiles::new();
    let beyond = Beyond::default();
    let session = Session::new(&files, &beyond, &target.directory, Restriction::RootOnly)
        .map_err(|error| CliError::new(Code::Unreadable, error))?;
    let loader = session.loader();
    let global = kustomization.generator_options.as_ref();
    let origin = || Origin { file: target.name.to_owned(), ..Origin::default() };
    let refused = |failed: kustomize::generate::Failed| {
        let hint = failed.error.hint();
        let error = CliError::new(Code::Edit, failed.error).note(format!("in what would be generated as `{name}`"));
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    };
    match generator {
        Generator::ConfigMap => {
            for args in kustomization.config_map_generator.iter().filter(|args| args.name == *name) {
                kustomize::generate::config_map(&loader, args, global, origin()).map_err(refused)?;
            }
        }
        Generator::Secret => {
            for args in kustomization.secret_generator.iter().filter(|args| args.name == *name) {
                kustomize::generate::secret(&loader, args, global, origin()).map_err(refused)?;
            }
        }
    }
    Ok(())
}

fn search(directory: &Path, pattern: &str) -> Result<Vec<String>> {
    let files = DiskFiles::new();
    let root = files.canonical(directory).map_err(|error| CliError::new(Code::Unreadable, error))?;
    glob::search(&files, &root, pattern)
        .map_err(|error| CliError::new(Code::Usage, format!("`{pattern}`: {error}")))
        .map(|found| found.into_iter().filter(|path| files.kind(&root.join(path)) != Kind::Missing).collect())
}

fn nothing_matches(directory: &Path, path: &str) -> CliError {
    let error = CliError::new(Code::FileMissing, format!("nothing matches `{path}`"));
    match nearby(&directory.join(path)).first() {
        Some(near) => error.hint(format!("did you mean `{}`?", near.trim_start_matches("./"))),
        None => error,
    }
}

fn failed(error: EditError, name: &str) -> CliError {
    let hint = error.hint();
    match (error, hint) {
        (EditError::Read(error), _) => CliError::from(*error),
        (error, Some(hint)) => CliError::new(Code::Edit, error).at(Place::file(name)).hint(hint),
        (error, None) => CliError::new(Code::Edit, error).at(Place::file(name)),
    }
}
