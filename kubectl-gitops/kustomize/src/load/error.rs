//! Why a file or a base cannot be reached.

use super::around::Around;
use super::files::FilesError;
use super::remote::{InvalidUrl, UnsafeRequest};
use crate::outside::OutsideError;

/// A file or a base cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// As the user wrote it.
        path: String,
        /// What is there instead.
        nearby: Around,
        /// Why.
        #[source]
        source: FilesError,
    },
    /// A file lies outside of what the restriction allows.
    #[error("`{path}` is not in or below `{root}`")]
    OutsideRoot {
        /// As the user wrote it.
        path: String,
        /// The directory of the kustomization.
        root: String,
    },
    /// The content is not UTF-8 text.
    #[error("`{path}` is not UTF-8 text")]
    NotText {
        /// As the user wrote it.
        path: String,
    },
    /// A file is encrypted and cannot be opened.
    #[error("cannot open the encrypted file `{path}`")]
    Open {
        /// As the user wrote it.
        path: String,
        /// Why.
        #[source]
        source: OutsideError,
    },
    /// A base is missing, or is a file.
    #[error("cannot use `{path}` as a directory")]
    Directory {
        /// As the user wrote it.
        path: String,
        /// What is there instead.
        nearby: Around,
        /// Why.
        #[source]
        source: FilesError,
    },
    /// A base is given by an absolute path.
    #[error("`{path}` is absolute; a base must be given relative to the kustomization")]
    AbsoluteDirectory {
        /// As the user wrote it.
        path: String,
    },
    /// A base is given by an empty path.
    #[error("the path is empty")]
    EmptyPath,
    /// A base is, or contains, what refers to it.
    #[error("`{path}` is or contains `{visited}`, which refers to it")]
    Cycle {
        /// As the user wrote it.
        path: String,
        /// The directory that is being built.
        visited: String,
    },
    /// Bases lie deeper in one another than anybody needs.
    #[error("bases refer to bases more than {limit} levels deep")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// More bases than anybody has: each level of a tree of bases can double them.
    #[error("bases are used more than {limit} times")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// What looks like an URL of a file is none.
    #[error("cannot fetch `{url}`")]
    Url {
        /// Without credentials.
        url: String,
        /// Why.
        #[source]
        source: InvalidUrl,
    },
    /// A file on a web server.
    #[error("cannot fetch `{url}`")]
    Fetch {
        /// Without credentials.
        url: String,
        /// Why.
        #[source]
        source: OutsideError,
    },
    /// A Git repository.
    #[error("cannot fetch the repository `{url}`")]
    Repository {
        /// Without credentials.
        url: String,
        /// Why.
        #[source]
        source: OutsideError,
    },
    /// Something that is neither a file on a web server nor a Git repository.
    #[error("cannot fetch `{url}`, neither as a file ({file}) nor as a repository")]
    Neither {
        /// Without credentials.
        url: String,
        /// Why not as a file.
        file: OutsideError,
        /// Why not as a repository.
        #[source]
        source: OutsideError,
    },
    /// A repository's address that must not reach git.
    #[error("`{url}` is refused")]
    Unsafe {
        /// Without credentials.
        url: String,
        /// Why.
        #[source]
        source: UnsafeRequest,
    },
    /// A repository's kustomization refers to the same repository again.
    #[error("`{url}` refers to itself, by way of `{visited}`")]
    RepositoryCycle {
        /// Without credentials.
        url: String,
        /// The repository that is being built.
        visited: String,
    },
    /// A directory outside of the repository.
    #[error("`{path}` leads out of the repository `{repository}`")]
    OutsideRepository {
        /// As the user wrote it, without credentials.
        path: String,
        /// The repository.
        repository: String,
    },
}

impl LoadError {
    /// What stands around a path that leads nowhere, if anything is known.
    pub fn around(&self) -> Option<&Around> {
        match self {
            Self::Read { nearby, .. } | Self::Directory { nearby, .. } if !nearby.is_empty() => Some(nearby),
            _ => None,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { nearby, .. } | Self::Directory { nearby, .. } if nearby.meant.is_some() => nearby.hint(),
            Self::OutsideRoot { .. } => Some(
                "move the file, make its directory a base, or build with `--load-restrictor LoadRestrictionsNone`"
                    .to_owned(),
            ),
            Self::Cycle { .. } => Some("a base must lie beside or below, not around, what uses it".to_owned()),
            Self::AbsoluteDirectory { .. } => Some("write it as `../…`".to_owned()),
            Self::Open { source, .. }
            | Self::Fetch { source, .. }
            | Self::Repository { source, .. }
            | Self::Neither { source, .. } => source.hint().map(str::to_owned),
            Self::RepositoryCycle { .. } => Some("refer to its directories by relative paths".to_owned()),
            Self::Read { source: FilesError::IsDirectory, .. } => Some("name a file in it".to_owned()),
            Self::Directory { source: FilesError::IsFile, .. } => {
                Some("a file that holds resources belongs in `resources`".to_owned())
            }
            Self::NotText { .. } => {
                Some("write it as UTF-8; what is no text belongs in a generator's `files`".to_owned())
            }
            Self::EmptyPath => Some("remove the item, or name a directory".to_owned()),
            Self::TooDeep { .. } | Self::TooMany { .. } => {
                Some("name a base that several use once, above all of them".to_owned())
            }
            Self::OutsideRepository { .. } => Some("a repository's kustomization uses what is in it only".to_owned()),
            Self::Read { .. } | Self::Directory { .. } | Self::Url { .. } | Self::Unsafe { .. } => None,
        }
    }
}
