//! A text that names a directory of a Git repository, taken apart as kustomize does.
//!
//! A scheme, `user@host:`, or GitHub's host comes first; then a path of which `_git/NAME`, what stands before `//`, what ends
//! in `.git` or, failing those, two segments are the repository; the rest is the directory in it; a query may name the
//! revision. Owns this grammar and the refusal of what would be dangerous to hand to git.

use std::time::Duration;

use super::{host, query};

/// What to fetch, as the user asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryRequest {
    /// As written in the kustomization.
    pub written: String,
    /// What git clones: the host's part with the repository's path.
    pub clone_url: String,
    /// The directory of the kustomization in the repository; empty for its top.
    pub path: String,
    /// Branch, tag or commit; empty for what the server's `HEAD` names.
    pub reference: String,
    /// Are submodules wanted?
    pub submodules: bool,
    /// How long each step may take.
    pub timeout: Duration,
}

/// Why a text names no repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotARepository {
    /// It is an absolute path.
    #[error("it is an absolute path")]
    AbsolutePath,
    /// Nothing says how to reach it.
    #[error("it has no scheme (https://, ssh://, file://) and no `user@host:`")]
    NoScheme,
    /// Nothing says where it is.
    #[error("it has no host")]
    NoHost,
    /// The host is there, the repository is not.
    #[error("it has no path of a repository (`org/repo`) after the host")]
    NoRepository,
    /// The directory is outside.
    #[error("its path leads out of the repository")]
    LeavesRepository,
}

/// A request that must not reach git.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsafeRequest {
    /// Git would take the revision for an option.
    #[error("the revision `{reference}` begins with a dash, which git takes for an option")]
    Reference {
        /// The revision.
        reference: String,
    },
    /// Ssh would take the host for an option.
    #[error("the host begins with a dash, which ssh takes for an option")]
    Host,
    /// No name has such characters, programs choke on them.
    #[error("it holds a control character")]
    ControlCharacter,
}

impl RepositoryRequest {
    /// Takes a text apart.
    ///
    /// # Errors
    /// It names no repository. In a list of resources it is then a file or a directory.
    pub fn parse(written: &str) -> Result<Self, NotARepository> {
        if written.starts_with('/') {
            return Err(NotARepository::AbsolutePath);
        }
        let (location, query) = written.split_once('?').unwrap_or((written, ""));
        let query = query::parse(query);
        let (host, rest) = host::extract(location)?;
        let (repository, path) = split(rest, host == host::FILE_SCHEME)?;
        Ok(Self {
            written: written.to_owned(),
            clone_url: format!("{host}{repository}"),
            path: path.to_owned(),
            reference: query.reference,
            submodules: query.submodules,
            timeout: query.timeout,
        })
    }

    /// Is it fit to be handed to git?
    ///
    /// # Errors
    /// A part of it would be taken for an option, or holds a control character.
    pub fn check(&self) -> Result<(), UnsafeRequest> {
        let texts = [&self.clone_url, &self.path, &self.reference];
        if texts.iter().any(|text| text.chars().any(char::is_control)) {
            return Err(UnsafeRequest::ControlCharacter);
        }
        if self.reference.starts_with('-') {
            return Err(UnsafeRequest::Reference { reference: self.reference.clone() });
        }
        let after_scheme = self.clone_url.split_once("://").map_or(self.clone_url.as_str(), |(_, rest)| rest);
        let authority = after_scheme.split('/').next().unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        if authority.starts_with('-') || host.starts_with('-') {
            return Err(UnsafeRequest::Host);
        }
        Ok(())
    }

    /// A kustomization of this request that asks for `other` again would never end. As kustomize decides it, by the texts.
    pub fn repeats(&self, other: &Self) -> bool {
        self.written.starts_with(&other.written)
    }

    /// For messages: without credentials.
    pub fn shown(&self) -> String {
        super::without_credentials(&self.written)
    }
}

/// The repository and the directory in it.
fn split(path: &str, takes_all: bool) -> Result<(&str, &str), NotARepository> {
    const AZURE: &str = "_git/";
    const SUFFIX: &str = ".git";
    let (repository, inside) = if let Some(at) = path.find(AZURE) {
        let name = at + AZURE.len();
        path[name..].find('/').map_or((path, ""), |slash| (&path[..name + slash], &path[name + slash + 1..]))
    } else if let Some(parts) = path.split_once("//") {
        parts
    } else if let Some(at) = path.find(SUFFIX) {
        path.split_at(at + SUFFIX.len())
    } else if takes_all {
        (path, "")
    } else {
        two_segments(path).ok_or(NotARepository::NoRepository)?
    };
    if repository.is_empty() {
        return Err(NotARepository::NoRepository);
    }
    let inside_without = inside.strip_prefix('/').unwrap_or(inside);
    if leaves(inside_without) { Err(NotARepository::LeavesRepository) } else { Ok((repository, inside_without)) }
}

/// GitHub's form: `org/repo`, then the rest.
fn two_segments(path: &str) -> Option<(&str, &str)> {
    let first = path.find('/')?;
    let Some(second) = path[first + 1..].find('/') else { return Some((path, "")) };
    Some((&path[..=first + second], &path[first + second + 2..]))
}

/// Does the path go above where it starts? What still begins with a slash is cut off at the root, so it never does; the
/// loader refuses what lies outside once it is there.
fn leaves(path: &str) -> bool {
    let mut depth = 0_i64;
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return !path.starts_with('/');
        }
    }
    false
}
