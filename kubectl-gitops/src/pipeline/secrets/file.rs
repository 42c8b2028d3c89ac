//! Reading a file or standard input that may be secret, and writing a file whole or not at all. Owns modes and the name aside.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use krm::Masked;
use krm_functions::sops::SIZE_MAX;

use crate::error::{CliError, Code, Place, Result};

#[derive(Debug, thiserror::Error)]
#[error("cannot {deed} `{path}`")]
struct FileProblem {
    deed: &'static str,
    path: String,
    #[source]
    source: std::io::Error,
}

/// The content of a file of bounded size.
pub(super) fn read(path: &Path) -> Result<Masked<Vec<u8>>> {
    let missing = |source: std::io::Error| {
        let code = if source.kind() == std::io::ErrorKind::NotFound { Code::FileMissing } else { Code::Unreadable };
        let shown = path.to_string_lossy().into_owned();
        CliError::new(code, FileProblem { deed: "read", path: shown.clone(), source }).at(Place::file(shown))
    };
    let file = fs::File::open(path).map_err(missing)?;
    let size = file.metadata().map_err(missing)?.len();
    let mut content = Masked::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0).min(SIZE_MAX) + 1));
    file.take(SIZE_MAX as u64 + 1).read_to_end(content.expose_mut()).map_err(missing)?;
    if content.expose().len() > SIZE_MAX {
        let text =
            format!("`{}` is larger than {SIZE_MAX} bytes, which is the limit for encrypted files", path.display());
        return Err(CliError::new(Code::TooLarge, text));
    }
    Ok(content)
}

/// What standard input holds, of bounded size.
pub(super) fn read_stdin() -> Result<Masked<Vec<u8>>> {
    let mut content = Masked::new(Vec::with_capacity(64 << 10));
    let mut rest = std::io::stdin().lock().take(SIZE_MAX as u64 + 1);
    // A vector that grows leaves copies behind, so it gets more room here, where the old one is overwritten.
    loop {
        let room = content.expose().capacity() - content.expose().len();
        let read = rest.by_ref().take(room as u64).read_to_end(content.expose_mut());
        let read = read.map_err(|source| {
            CliError::new(Code::Unreadable, FileProblem { deed: "read", path: STDIN.to_owned(), source })
        })?;
        if read < room {
            break;
        }
        let mut larger = Masked::new(Vec::with_capacity(content.expose().capacity() * 2));
        larger.expose_mut().extend_from_slice(content.expose());
        content = larger;
    }
    if content.expose().len() > SIZE_MAX {
        let text = format!("{STDIN} is larger than {SIZE_MAX} bytes, which is the limit for encrypted files");
        return Err(CliError::new(Code::TooLarge, text));
    }
    Ok(content)
}

/// What standard input is called.
pub(super) const STDIN: &str = "standard input";

/// Writes in the place of a file, which keeps its mode; a link stays one.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let put = || -> std::io::Result<()> {
        let path = fs::canonicalize(path)?;
        let permissions = fs::metadata(&path)?.permissions();
        put_aside(&path, bytes, Some(permissions))
    };
    put().map_err(|source| unwritten(path, source))
}

/// Writes a file that may be there or not; a new one only its owner can read.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let put = || -> std::io::Result<()> {
        match fs::metadata(path) {
            // A pipe or a device takes what it is given.
            Ok(found) if !found.is_file() => fs::OpenOptions::new().write(true).open(path)?.write_all(bytes),
            Ok(found) => put_aside(&fs::canonicalize(path)?, bytes, Some(found.permissions())),
            Err(_) => put_aside(path, bytes, None),
        }
    };
    put().map_err(|source| unwritten(path, source))
}

fn put_aside(path: &Path, bytes: &[u8], permissions: Option<fs::Permissions>) -> std::io::Result<()> {
    let directory =
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(PathBuf::from("."), Path::to_owned);
    // Made for its owner alone, and gone again if anything fails.
    let mut aside = tempfile::NamedTempFile::new_in(directory)?;
    aside.write_all(bytes)?;
    if let Some(permissions) = permissions {
        aside.as_file().set_permissions(permissions)?;
    }
    aside.as_file().sync_all()?;
    aside.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn unwritten(path: &Path, source: std::io::Error) -> CliError {
    CliError::new(Code::Output, FileProblem { deed: "write", path: path.to_string_lossy().into_owned(), source })
}
