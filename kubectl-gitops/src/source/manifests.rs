//! `-f`: manifests as they are, from files, directories, standard input and URLs. Owns which files of a directory are taken
//! (kubectl's rules) and the reading within bounds; must not parse.

use std::fs;
use std::path::Path;

use kustomize::load::FilesError;
use walkdir::WalkDir;

use super::disk::{convert, read_bounded};
use super::{FILE_BYTES_MAX, download, nearby};
use crate::settings::InputPart;

/// Most bytes of all inputs together.
const TOTAL_BYTES_MAX: u64 = 4 * FILE_BYTES_MAX;

/// Text with the name to show for it. The text may be a Secret's: `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct ManifestFile {
    /// As the user named it.
    pub name: String,
    /// Its content.
    pub text: String,
}

impl std::fmt::Debug for ManifestFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ManifestFile").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a manifest cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A file.
    #[error("cannot read `{path}`")]
    Read {
        /// As given.
        path: String,
        /// What is there instead.
        nearby: Vec<String>,
        /// Why.
        #[source]
        source: FilesError,
    },
    /// A directory.
    #[error("the directory `{path}` cannot be searched for manifests")]
    Walk {
        /// As given.
        path: String,
        /// Why.
        #[source]
        source: walkdir::Error,
    },
    /// A directory without any manifest.
    #[error("`{path}` holds no file that ends in .yaml, .yml or .json{}", if *.deeper { "; -R searches its sub-directories" } else { "" })]
    Empty {
        /// As given.
        path: String,
        /// Sub-directories exist and were not searched.
        deeper: bool,
    },
    /// Not text.
    #[error("`{path}` is not UTF-8 text")]
    NotText {
        /// As given.
        path: String,
    },
    /// All inputs together are too large.
    #[error("the input is larger than {TOTAL_BYTES_MAX} bytes in total")]
    TooLarge,
    /// A URL.
    #[error("cannot fetch `{url}`")]
    Download {
        /// Without credentials.
        url: String,
        /// Why.
        #[source]
        source: download::DownloadError,
    },
}

/// The content of every part, in order.
pub(super) fn read_all(parts: &[InputPart], recursive: bool) -> Result<Vec<ManifestFile>, ManifestError> {
    let mut files = Vec::new();
    for part in parts {
        match part {
            InputPart::Stdin => files.push(text("standard input", read_stdin()?)?),
            InputPart::Url(url) => {
                let shown = download::without_credentials(url);
                let content =
                    download::fetch(url).map_err(|source| ManifestError::Download { url: shown.clone(), source })?;
                files.push(text(&shown, content)?);
            }
            InputPart::File(path) | InputPart::Directory(path) | InputPart::Kustomization(path) => {
                read_path(path, recursive, &mut files)?;
            }
        }
        let total: u64 = files.iter().map(|file| file.text.len() as u64).sum();
        if total > TOTAL_BYTES_MAX {
            return Err(ManifestError::TooLarge);
        }
    }
    Ok(files)
}

fn read_path(path: &Path, recursive: bool, files: &mut Vec<ManifestFile>) -> Result<(), ManifestError> {
    let refused =
        |path: &Path, source| ManifestError::Read { path: path.display().to_string(), nearby: nearby(path), source };
    let metadata = fs::metadata(path).map_err(|error| refused(path, convert(&error)))?;
    if !metadata.is_dir() {
        // A pipe is welcome here: `-f <(command)`.
        let file = fs::File::open(path).map_err(|error| refused(path, convert(&error)))?;
        let expected = if metadata.is_file() { metadata.len() } else { 0 };
        let content = read_bounded(file, expected).map_err(|source| refused(path, source))?;
        files.push(text(&path.display().to_string(), content)?);
        return Ok(());
    }
    let depth = if recursive { usize::MAX } else { 1 };
    let before = files.len();
    let mut deeper = false;
    for entry in WalkDir::new(path).min_depth(1).max_depth(depth).sort_by_file_name() {
        let entry = entry.map_err(|source| ManifestError::Walk { path: path.display().to_string(), source })?;
        if entry.file_type().is_dir() {
            deeper = !recursive;
        } else if is_manifest(entry.path()) {
            // A link out of the directory is read as kubectl reads it: the user named the directory.
            read_path(entry.path(), false, files)?;
        }
    }
    if files.len() == before {
        return Err(ManifestError::Empty { path: path.display().to_string(), deeper });
    }
    Ok(())
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
}

fn read_stdin() -> Result<Vec<u8>, ManifestError> {
    read_bounded(std::io::stdin().lock(), 0).map_err(|source| ManifestError::Read {
        path: "standard input".to_owned(),
        nearby: Vec::new(),
        source,
    })
}

fn text(name: &str, content: Vec<u8>) -> Result<ManifestFile, ManifestError> {
    let text = String::from_utf8(content).map_err(|_| ManifestError::NotText { path: name.to_owned() })?;
    Ok(ManifestFile { name: name.to_owned(), text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_read_by_kubectls_rules() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        for (name, content) in [("b.yaml", "b"), ("a.json", "a"), ("c.txt", "c"), ("sub/d.yml", "d")] {
            fs::write(dir.path().join(name), content).unwrap();
        }
        let read = |recursive| {
            let files = read_all(&[InputPart::File(dir.path().to_owned())], recursive).unwrap();
            files.into_iter().map(|file| file.text).collect::<String>()
        };
        assert_eq!(read(false), "ab");
        assert_eq!(read(true), "abd");
    }

    #[test]
    fn an_empty_directory_and_a_typo_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        let empty = read_all(&[InputPart::File(dir.path().to_owned())], false).unwrap_err();
        assert!(empty.to_string().ends_with("-R searches its sub-directories"), "{empty}");
        fs::write(dir.path().join("deployment.yaml"), "").unwrap();
        let typo = read_all(&[InputPart::File(dir.path().join("deploymnt.yaml"))], false).unwrap_err();
        assert!(matches!(typo, ManifestError::Read { nearby, .. } if nearby[0].ends_with("deployment.yaml")));
    }
}
