//! How the errors of the rooms become ends of the program: which code, which place, which hint.

use super::{CliError, Code, Place};
use crate::git::GitError;
use crate::source::{CredentialError, GenerateError, ManifestError, PastError, RemoteError, SourceError};
use kustomize::load::{FilesError, LoadError};
use kustomize::{BuildError, Problem, UnusableObject};

impl From<BuildError> for CliError {
    fn from(error: BuildError) -> Self {
        let failure = &*error;
        let code = match &failure.problem {
            Problem::Load(LoadError::Read { .. } | LoadError::Directory { .. }) => Code::FileMissing,
            Problem::Load(LoadError::OutsideRoot { .. } | LoadError::OutsideRepository { .. }) => Code::OutsideTree,
            Problem::Load(LoadError::Fetch { .. } | LoadError::Neither { .. } | LoadError::Repository { .. }) => {
                Code::Download
            }
            Problem::Load(LoadError::NotText { .. }) => Code::Unreadable,
            Problem::Parse(_) | Problem::Resource(kustomize::resources::ResourceError::Parse(_)) => Code::BadYaml,
            Problem::Resource(_) => Code::NotAnObject,
            Problem::Conflict(_) => Code::DuplicateObject,
            _ => Code::Build,
        };
        let place = Place {
            file: failure.place.file.clone(),
            line: failure.place.mark.line,
            column: failure.place.mark.column,
        };
        let field = failure.place.field.clone();
        let trail = failure.trail.join(" -> ");
        let hint = error.hint();
        let around = error.around().map(ToString::to_string);
        let mut converted = CliError::new(code, Headline(error)).at(place);
        if !field.is_empty() {
            converted = converted.note(format!("in the field `{field}`"));
        }
        if !trail.is_empty() {
            converted = converted.note(format!("reached through {trail}"));
        }
        if let Some(around) = around {
            converted = converted.note(around);
        }
        match hint {
            Some(hint) => converted.hint(hint),
            None => converted,
        }
    }
}

/// The problem of a build without its place, which is told apart.
#[derive(Debug)]
struct Headline(BuildError);

impl std::fmt::Display for Headline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0.problem {
            Problem::Parse(error) | Problem::Resource(kustomize::resources::ResourceError::Parse(error)) => {
                write!(f, "{}", error.problem)
            }
            problem => write!(f, "{problem}"),
        }
    }
}

impl std::error::Error for Headline {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.0)
    }
}

impl From<krm::yaml::ParseError> for CliError {
    fn from(error: krm::yaml::ParseError) -> Self {
        let place = Place { file: error.file.clone(), line: error.mark.line, column: error.mark.column };
        Self::new(Code::BadYaml, error.problem).at(place)
    }
}

impl From<UnusableObject> for CliError {
    fn from(error: UnusableObject) -> Self {
        match &error {
            UnusableObject::Invalid { origin, .. } => {
                let place = Place::from(origin);
                Self::new(Code::NotAnObject, error).at(place)
            }
            UnusableObject::Duplicate(_) => Self::new(Code::DuplicateObject, error),
        }
    }
}

impl From<SourceError> for CliError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Directory { path, nearby, source } => {
                let code = code_of(&source);
                suggest(Self::new(code, SourceError::Directory { path, nearby: Vec::new(), source }), &nearby)
            }
            SourceError::NoKustomization { .. } => Self::new(Code::FileMissing, error)
                .hint("without -k, the directory's manifests are applied as they are"),
            SourceError::Repository(error) => (*error).into(),
            SourceError::Manifest(error) => error.into(),
            SourceError::Generate(error) => error.into(),
        }
    }
}

impl From<GitError> for CliError {
    fn from(error: GitError) -> Self {
        let code = match &error {
            GitError::Address { .. }
            | GitError::Reference { .. }
            | GitError::TlsSetUp { .. }
            | GitError::PrivateKey { .. } => Code::RepositoryUrl,
            GitError::Proxy { .. }
            | GitError::Runtime(_)
            | GitError::Unreachable { .. }
            | GitError::Tls { .. }
            | GitError::HostKey { .. }
            | GitError::Local { .. }
            | GitError::Lost { .. }
            | GitError::Slow { .. }
            | GitError::Status { .. }
            | GitError::Redirect { .. }
            | GitError::Protocol { .. }
            | GitError::Said { .. } => Code::RepositoryUnreachable,
            GitError::Moved { .. } => Code::RepositoryMoved,
            GitError::Unauthorized { .. }
            | GitError::Forbidden { .. }
            | GitError::PushRefused { .. }
            | GitError::NotFound { .. } => Code::RepositoryDenied,
            GitError::NoReference { .. } | GitError::NoCommit { .. } | GitError::NoDirectory { .. } => {
                Code::ReferenceMissing
            }
            GitError::Pack { .. }
            | GitError::Object { .. }
            | GitError::Limit { .. }
            | GitError::Submodule { .. }
            | GitError::Signature { .. }
            | GitError::Hostile { .. } => Code::RepositoryRefused,
            GitError::Disk { .. } => Code::Output,
        };
        let hint = error.hint();
        let converted = Self::new(code, error);
        match hint {
            Some(hint) => converted.hint(hint),
            None => converted,
        }
    }
}

impl From<ManifestError> for CliError {
    fn from(error: ManifestError) -> Self {
        match error {
            ManifestError::Read { path, nearby, source } => {
                let code = code_of(&source);
                suggest(Self::new(code, ManifestError::Read { path, nearby: Vec::new(), source }), &nearby)
            }
            ManifestError::Walk { .. } => Self::new(Code::Unreadable, error),
            ManifestError::Empty { .. } => Self::new(Code::NoInput, error),
            ManifestError::NotText { .. } => Self::new(Code::BadYaml, error),
            ManifestError::TooLarge => Self::new(Code::TooLarge, error),
            ManifestError::Download { .. } => Self::new(Code::Download, error),
        }
    }
}

impl From<GenerateError> for CliError {
    fn from(error: GenerateError) -> Self {
        match error {
            GenerateError::Walk { .. } | GenerateError::Name { .. } => Self::new(Code::Unreadable, error),
            GenerateError::TooMany { .. } => Self::new(Code::TooLarge, error),
            GenerateError::SourceIgnore { .. } => {
                Self::new(Code::Build, error).hint("add a kustomization.yaml that lists the resources")
            }
        }
    }
}

impl From<PastError> for CliError {
    fn from(error: PastError) -> Self {
        match error {
            PastError::Remote(error) => error.into(),
            error @ PastError::NoRepository { .. } => Self::new(Code::RepositoryUrl, error)
                .hint("`--against` compares a directory of a Git checkout with another commit of it"),
        }
    }
}

impl From<RemoteError> for CliError {
    fn from(error: RemoteError) -> Self {
        match error {
            RemoteError::Git(error) => error.into(),
            RemoteError::Credentials(error) => error.into(),
            RemoteError::Directory(_) => Self::new(Code::Unreadable, error).hint("TMPDIR names another place"),
        }
    }
}

impl From<CredentialError> for CliError {
    fn from(error: CredentialError) -> Self {
        Self::new(Code::Credentials, error)
    }
}

fn code_of(error: &FilesError) -> Code {
    match error {
        FilesError::Missing => Code::FileMissing,
        FilesError::TooLarge { .. } => Code::TooLarge,
        FilesError::IsDirectory | FilesError::IsFile | FilesError::NotADirectory | FilesError::Unreadable { .. } => {
            Code::Unreadable
        }
    }
}

fn suggest(error: CliError, nearby: &[String]) -> CliError {
    match nearby.first() {
        Some(nearest) => error.hint(format!("did you mean `{nearest}`?")),
        None => error,
    }
}
