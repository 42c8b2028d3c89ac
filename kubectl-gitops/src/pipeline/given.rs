//! Credentials that flags name, read: files and standard input. Owns their bounds; nothing of them is told.

use std::io::Read as _;
use std::path::Path;

use krm::Masked;

use crate::error::{CliError, Code, Place, Result};
use crate::install::Credentials;
use crate::settings::{Access, InstallSettings, ValueFrom};

/// Larger than any key or bundle of certificates; a Secret holds at most as much.
const VALUE_BYTES_MAX: u64 = 1 << 20;

/// A file with a credential that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("a credential cannot be read from {from}")]
struct Unreadable {
    from: String,
    #[source]
    source: std::io::Error,
}

/// The settings with values where they named files.
pub(super) fn with_values(settings: &InstallSettings) -> Result<InstallSettings> {
    let Access::Flags(flags) = &settings.access else { return Ok(settings.clone()) };
    let mut values = Credentials::new();
    for (name, from) in flags {
        let mut value = match from {
            ValueFrom::Text(text) => Masked::new(text.clone().into_bytes()),
            ValueFrom::File(path) => file(path)?,
            ValueFrom::Stdin => bounded(std::io::stdin().lock(), "standard input")?,
        };
        // The line end of a file is not part of a password.
        if ["username", "password", "bearerToken"].contains(name) {
            let bytes = value.expose_mut();
            if bytes.last() == Some(&b'\n') {
                bytes.pop();
            }
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        values.insert(*name, value);
    }
    Ok(InstallSettings { access: Access::Given(values), ..settings.clone() })
}

fn file(path: &Path) -> Result<Masked<Vec<u8>>> {
    let shown = path.display().to_string();
    let unreadable = |source| {
        let from = format!("`{shown}`");
        let code = if path.exists() { Code::Unreadable } else { Code::FileMissing };
        CliError::new(code, Unreadable { from, source }).at(Place::file(shown.clone()))
    };
    bounded(std::fs::File::open(path).map_err(unreadable)?, &format!("`{shown}`"))
}

fn bounded(from: impl std::io::Read, shown: &str) -> Result<Masked<Vec<u8>>> {
    let mut bytes = Masked::new(Vec::new());
    let read = from.take(VALUE_BYTES_MAX + 1).read_to_end(bytes.expose_mut());
    read.map_err(|source| CliError::new(Code::Unreadable, Unreadable { from: shown.to_owned(), source }))?;
    if bytes.expose().len() as u64 > VALUE_BYTES_MAX {
        return Err(CliError::new(
            Code::TooLarge,
            format!("what {shown} holds is no credential: it is larger than 1 MiB"),
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &'static str, text: &str) -> Result<Vec<u8>> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("value");
        std::fs::write(&path, text).unwrap();
        let access = Access::Flags([(name, ValueFrom::File(path))].into());
        let settings = with_values(&InstallSettings { access, ..InstallSettings::default() })?;
        let Access::Given(values) = settings.access else { panic!("values") };
        Ok(values[name].expose().clone())
    }

    #[test]
    fn a_line_end_is_not_part_of_a_password_and_is_part_of_a_key() {
        assert_eq!(given("password", "hunter2\n").unwrap(), b"hunter2");
        assert_eq!(given("password", "hunter2\r\n").unwrap(), b"hunter2");
        assert_eq!(given("password", "hunter2\n\n").unwrap(), b"hunter2\n");
        assert_eq!(given("identity", "key\n").unwrap(), b"key\n");
    }

    #[test]
    fn what_cannot_be_read_or_is_no_credential_is_refused() {
        let large = given("password", &"x".repeat((1 << 20) + 1)).unwrap_err();
        assert_eq!(large.code, Code::TooLarge);
        let access = Access::Flags([("password", ValueFrom::File("/nowhere/hunter".into()))].into());
        let missing = with_values(&InstallSettings { access, ..InstallSettings::default() }).unwrap_err();
        assert_eq!(missing.code, Code::FileMissing);
    }
}
