//! Where manifests come from: directories, files, standard input, URLs. Owns reading them within bounds, the generated
//! kustomization of plain directories, and what is known of their origin (repository, revision, the set's derived name).
//! Must not know what a manifest means.

mod bases;
mod beyond;
mod credentials;
mod disk;
mod download;
mod folder;
mod function_run;
mod generate;
mod manifests;
mod name;
mod past;
mod process;
mod remote;
mod repository;
mod surroundings;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kustomize::load::{Files, FilesError};
use kustomize::{BuildError, Directory, Place, RepositoryRequest};

pub use bases::Bases;
pub use beyond::Beyond;
pub use credentials::{CredentialError, Credentials, SecretData, Secrets, read_credential, trusted_files};
pub use disk::DiskFiles;
pub use folder::{Folder, NoFolder, WithOperatorFiles};
pub use function_run::FunctionRun;
pub use generate::{GenerateError, WithGenerated, generate};
pub use manifests::{ManifestError, ManifestFile};
pub use name::{InvalidName, NAME_MAX, derive_name, validate_name};
pub use past::{Past, PastError};
pub use process::{current_user, plugin_home};
pub use remote::{RemoteError, Revision, Tree, check_out, resolve, shown_url};
pub use repository::Checkout;
pub use surroundings::Surroundings;
pub(crate) use surroundings::operator_file;

use crate::settings::{BuildSettings, InputPart};

/// The names under which kustomize finds a kustomization, in its order.
pub const KUSTOMIZATION_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Largest single input: as much as the YAML reader accepts.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Something to build.
pub enum Material {
    /// A kustomization (one on disk, or one generated for a plain directory).
    Kustomization {
        /// The tree it lives in.
        files: Box<dyn Files>,
        /// Its directory, absolute.
        root: Directory,
        /// It was generated: the directory has none.
        generated: bool,
    },
    /// Manifests as they are.
    Manifests(Vec<ManifestFile>),
}

/// What the input is, before it is built.
pub struct Input {
    /// What to build.
    pub material: Material,
    /// As the user named it, for messages.
    pub shown: String,
    /// The directory, absolute, if the input is one.
    pub directory: Option<PathBuf>,
    /// Where the directory came from, if it was fetched.
    pub checkout: Option<Checkout>,
    /// How repositories are reached. Directories that came from one are there as long as this is.
    pub bases: Arc<Bases>,
}

/// Contents may be Secrets: they stay out.
impl std::fmt::Debug for Material {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Kustomization { root, generated, .. } => f
                .debug_struct("Kustomization")
                .field("root", root)
                .field("generated", generated)
                .finish_non_exhaustive(),
            Self::Manifests(files) => f.debug_tuple("Manifests").field(files).finish(),
        }
    }
}

/// The content may be a Secret's: it stays out.
impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("shown", &self.shown).finish_non_exhaustive()
    }
}

/// Why an input cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A directory does not exist or is none.
    #[error("`{path}` cannot be used as a directory")]
    Directory {
        /// As given.
        path: String,
        /// What is there instead.
        nearby: Vec<String>,
        /// Why.
        #[source]
        source: FilesError,
    },
    /// `-k` on a directory without a kustomization.
    #[error("`{path}` holds no kustomization ({})", KUSTOMIZATION_NAMES.join(", "))]
    NoKustomization {
        /// As given.
        path: String,
    },
    /// A repository in place of a directory.
    #[error(transparent)]
    Repository(#[from] Box<BuildError>),
    /// A file of the input.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The generated kustomization of a plain directory.
    #[error(transparent)]
    Generate(#[from] GenerateError),
}

/// Opens what the settings name. `plain` allows directories without a kustomization.
///
/// # Errors
/// Something does not exist, cannot be read or is over a limit.
pub fn open(settings: &BuildSettings, plain: bool) -> Result<Input, SourceError> {
    let bases = Arc::new(Bases::of_user(settings.engine.cache_dir.as_deref()));
    match settings.input.parts.as_slice() {
        [InputPart::Directory(path)] => open_directory(path, plain, bases),
        [InputPart::Kustomization(path)] => {
            let input = open_directory(path, false, bases)?;
            let here = input.directory.as_deref().is_some_and(has_kustomization);
            if here { Ok(input) } else { Err(SourceError::NoKustomization { path: path.display().to_string() }) }
        }
        parts => {
            let files = manifests::read_all(parts, settings.input.recursive)?;
            let shown = parts.iter().map(shown_part).collect::<Vec<_>>().join(", ");
            Ok(Input { material: Material::Manifests(files), shown, directory: None, checkout: None, bases })
        }
    }
}

/// Does the directory hold a kustomization?
pub fn has_kustomization(directory: &Path) -> bool {
    KUSTOMIZATION_NAMES.iter().any(|name| directory.join(name).is_file())
}

fn open_directory(path: &Path, plain: bool, bases: Arc<Bases>) -> Result<Input, SourceError> {
    let files = DiskFiles::new();
    let shown = path.display().to_string();
    // What can be a repository is one, whatever lies on the disk: so kustomize has it.
    if let Ok(request) = RepositoryRequest::parse(&shown) {
        let beyond = Beyond::new(Arc::clone(&bases));
        let fetched = Directory::fetch(&files, &beyond, request.clone());
        let root = fetched.map_err(|error| Box::new(BuildError::new(error, Place::default())))?;
        let checkout = root.top().and_then(|top| bases.checkout_of(top, &request));
        return Ok(Input { checkout, ..input(files, root, request.shown(), plain, bases)? });
    }
    let refused = |source| SourceError::Directory { path: shown.clone(), nearby: nearby(path), source };
    let root = files.canonical(path).map_err(refused)?;
    if files.kind(&root) != kustomize::load::Kind::Directory {
        return Err(SourceError::Directory { path: shown, nearby: Vec::new(), source: FilesError::NotADirectory });
    }
    input(files, Directory::local(root), shown, plain, bases)
}

fn input(
    files: DiskFiles,
    root: Directory,
    shown: String,
    plain: bool,
    bases: Arc<Bases>,
) -> Result<Input, SourceError> {
    let directory = Some(root.root().to_owned());
    let material = material(files, root, plain, false)?;
    Ok(Input { material, shown, directory, checkout: None, bases })
}

/// What the directory `root` holds. `ignored`: what `.sourceignore` leaves out is gone already.
fn material(files: DiskFiles, root: Directory, plain: bool, ignored: bool) -> Result<Material, SourceError> {
    if !plain || has_kustomization(root.root()) {
        return Ok(Material::Kustomization { files: Box::new(files), root, generated: false });
    }
    let content = generate(root.root(), ignored)?;
    let files = WithGenerated::new(files, root.root().join(KUSTOMIZATION_NAMES[0]), content);
    Ok(Material::Kustomization { files: Box::new(files), root, generated: true })
}

fn shown_part(part: &InputPart) -> String {
    match part {
        InputPart::Directory(path) | InputPart::Kustomization(path) | InputPart::File(path) => {
            path.display().to_string()
        }
        InputPart::Stdin => "standard input".to_owned(),
        InputPart::Url(url) => download::without_credentials(url),
    }
}

/// Names beside a missing path that may have been meant.
pub(crate) fn nearby(path: &Path) -> Vec<String> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .take(1000)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|other| similar::TextDiff::from_chars(name.as_str(), other.as_str()).ratio() > 0.7)
        .collect();
    names.sort_by(|a, b| {
        let ratio = |other: &str| similar::TextDiff::from_chars(name.as_str(), other).ratio();
        ratio(b).total_cmp(&ratio(a)).then_with(|| a.cmp(b))
    });
    names.truncate(3);
    names.into_iter().map(|other| path.with_file_name(other).display().to_string()).collect()
}
