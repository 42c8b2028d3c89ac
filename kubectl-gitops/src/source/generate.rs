//! The kustomization that Flux would generate for a directory of plain manifests. Lives in memory and is never written.
//!
//! Rules of Flux: walk in lexical order; a sub-directory with a kustomization is a resource as a whole; every other file
//! that ends in `.yaml` or `.yml` is a resource; nothing else is looked at.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use kustomize::load::{Files, FilesError, Kind};
use walkdir::{DirEntry, WalkDir};

use super::has_kustomization;

/// Deepest directory below the root.
const DEPTH_MAX: usize = 64;
/// Most files of one directory tree.
const FILES_MAX: usize = 20_000;

/// Directories that Flux never takes into an artifact.
const SKIPPED_DIRECTORIES: [&str; 3] = [".git", ".github", ".circleci"];
/// Files that Flux leaves out of an artifact unless a rule of the repository says otherwise.
const SKIPPED_FILES: [&str; 11] = [
    ".travis.yml",
    ".gitlab-ci.yml",
    "appveyor.yml",
    ".drone.yml",
    "cloudbuild.yaml",
    "codeship-services.yml",
    "codeship-steps.yml",
    ".goreleaser.yml",
    ".goreleaser.yaml",
    ".sops.yaml",
    ".flux.yaml",
];

/// Why no kustomization can be generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// A directory cannot be walked.
    #[error("the directory `{path}` cannot be searched for manifests")]
    Walk {
        /// The directory.
        path: String,
        /// Why.
        #[source]
        source: walkdir::Error,
    },
    /// A name that a path in a kustomization cannot hold.
    #[error("the name of `{path}` is not UTF-8 text")]
    Name {
        /// The path, with replacement characters.
        path: String,
    },
    /// More files than anybody applies by hand.
    #[error("`{path}` holds more than {FILES_MAX} manifests")]
    TooMany {
        /// The directory.
        path: String,
    },
    /// A rule file that would change what is taken.
    #[error("`{path}` is not understood yet, and without it files would be applied that Flux leaves out")]
    SourceIgnore {
        /// The file.
        path: String,
    },
}

/// The text of the kustomization for the directory `root`. `ignored`: the rules of `.sourceignore` were followed when it was
/// checked out.
///
/// # Errors
/// The directory cannot be read, or holds what no kustomization can name.
pub fn generate(root: &Path, ignored: bool) -> Result<String, GenerateError> {
    let mut resources = Vec::new();
    let mut walk = WalkDir::new(root).min_depth(1).max_depth(DEPTH_MAX).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = entry.map_err(|source| GenerateError::Walk { path: root.display().to_string(), source })?;
        if entry.file_name() == ".sourceignore" && !ignored {
            return Err(GenerateError::SourceIgnore { path: entry.path().display().to_string() });
        }
        if entry.file_type().is_dir() {
            if SKIPPED_DIRECTORIES.iter().any(|name| entry.file_name() == *name) {
                walk.skip_current_dir();
            } else if has_kustomization(entry.path()) {
                resources.push(resource(root, &entry)?);
                walk.skip_current_dir();
            }
        } else if is_manifest(&entry) {
            resources.push(resource(root, &entry)?);
        }
        if resources.len() > FILES_MAX {
            return Err(GenerateError::TooMany { path: root.display().to_string() });
        }
    }
    let list = serde_json::Value::from(resources);
    // JSON is YAML: no name needs quoting rules of its own.
    Ok(format!("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: {list}\n"))
}

fn is_manifest(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let extension = Path::new(name.as_ref()).extension();
    let yaml = extension.is_some_and(|extension| extension == "yaml" || extension == "yml");
    yaml && !SKIPPED_FILES.contains(&name.as_ref())
}

fn resource(root: &Path, entry: &DirEntry) -> Result<String, GenerateError> {
    let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
    let text =
        relative.to_str().ok_or_else(|| GenerateError::Name { path: relative.to_string_lossy().into_owned() })?;
    Ok(format!("./{text}"))
}

/// A tree with one more file, which only exists in memory.
#[derive(Debug)]
pub struct WithGenerated<F> {
    inner: F,
    path: PathBuf,
    content: Vec<u8>,
}

impl<F: Files> WithGenerated<F> {
    /// `inner`, and `content` at the absolute, clean `path` in an existing directory.
    pub fn new(inner: F, path: PathBuf, content: impl Into<Vec<u8>>) -> Self {
        Self { inner, path, content: content.into() }
    }

    fn is_generated(&self, path: &Path) -> bool {
        kustomize::load::clean(path) == self.path
    }
}

impl<F: Files> Files for WithGenerated<F> {
    fn read(&self, path: &Path) -> Result<Cow<'_, [u8]>, FilesError> {
        if self.is_generated(path) { Ok(Cow::Borrowed(&self.content)) } else { self.inner.read(path) }
    }

    fn kind(&self, path: &Path) -> Kind {
        if self.is_generated(path) { Kind::File } else { self.inner.kind(path) }
    }

    fn list(&self, path: &Path) -> Result<Vec<String>, FilesError> {
        let mut names = self.inner.list(path)?;
        if self.path.parent() == Some(&kustomize::load::clean(path)) {
            names.extend(self.path.file_name().map(|name| name.to_string_lossy().into_owned()));
            names.sort();
        }
        Ok(names)
    }

    fn canonical(&self, path: &Path) -> Result<PathBuf, FilesError> {
        if self.is_generated(path) { Ok(self.path.clone()) } else { self.inner.canonical(path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::DiskFiles;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        dir
    }

    #[test]
    fn the_rules_of_flux_decide_what_is_a_resource() {
        let dir = tree(&[
            "b.yml",
            "a.yaml",
            "README.md",
            "c.YAML",
            "d.json",
            ".sops.yaml",
            ".git/config.yaml",
            ".github/workflows/x.yaml",
            "sub/deep/e.yaml",
            "app/kustomization.yaml",
            "app/not-listed.yaml",
            "app/inner/not-listed.yaml",
            "we ird'\".yaml",
        ]);
        assert_eq!(
            generate(dir.path(), false).unwrap(),
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: \
             [\"./a.yaml\",\"./app\",\"./b.yml\",\"./sub/deep/e.yaml\",\"./we ird'\\\".yaml\"]\n"
        );
    }

    #[test]
    fn an_ignore_file_is_not_passed_over() {
        let dir = tree(&["a.yaml", ".sourceignore"]);
        assert!(matches!(generate(dir.path(), false), Err(GenerateError::SourceIgnore { .. })));
        assert!(generate(dir.path(), true).is_ok(), "its rules were followed when the tree was checked out");
    }

    #[test]
    fn the_generated_file_exists_only_in_the_view() {
        let dir = tree(&["a.yaml"]);
        let root = std::fs::canonicalize(dir.path()).unwrap();
        let path = root.join("kustomization.yaml");
        let files = WithGenerated::new(DiskFiles::new(), path.clone(), "x");
        assert_eq!(files.read(&root.join("./kustomization.yaml")).unwrap().as_ref(), b"x");
        assert_eq!(files.kind(&path), Kind::File);
        assert_eq!(files.list(&root).unwrap(), ["a.yaml", "kustomization.yaml"]);
        assert_eq!(files.canonical(&path).unwrap(), path);
        assert!(!path.exists());
    }
}
