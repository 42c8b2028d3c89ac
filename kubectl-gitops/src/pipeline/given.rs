//! Credentials and keys that flags name, read: files and standard input. Nothing of them is told.

use std::collections::BTreeMap;

use krm::Masked;

use crate::error::{CliError, Code, Result};
use crate::install::Credentials;
use crate::settings::{Access, Given, InstallSettings, InstallVerify, Keys, TrustedKeys};
use crate::source::{read_credential, trusted_files};

/// The settings with values where they named files.
pub(super) fn with_values(settings: &InstallSettings) -> Result<InstallSettings> {
    let mut settings = settings.clone();
    if let Keys::File(path) = &settings.keys {
        settings.keys = Keys::Given(read_credential(&Given::File(path.clone()))?);
    }
    let Access::Flags(flags) = &settings.access else { return Ok(settings) };
    let mut values = Credentials::new();
    for (credential, given) in flags {
        let mut value = read_credential(given)?;
        if credential.is_line() {
            let bytes = value.expose_mut();
            if bytes.last() == Some(&b'\n') {
                bytes.pop();
            }
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        values.insert(*credential, value);
    }
    Ok(InstallSettings { access: Access::Given(values), ..settings })
}

/// The same for a pod, which sees no files of this machine.
pub(super) fn for_pod(settings: &InstallSettings) -> Result<InstallSettings> {
    let mut settings = with_values(settings)?;
    if let Some(InstallVerify { keys, .. }) = &mut settings.verify
        && let TrustedKeys::Files(paths) = keys
    {
        let mut given = BTreeMap::new();
        for (path, key) in trusted_files(paths)? {
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            if given.insert(name.clone(), Masked::new(key)).is_some() {
                return Err(CliError::new(Code::Usage, format!("two files of `--verify-keys` are called `{name}`")));
            }
        }
        *keys = TrustedKeys::Given(given);
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Credential;

    fn given(credential: Credential, text: &str) -> Result<Vec<u8>> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("value");
        std::fs::write(&path, text).unwrap();
        let access = Access::Flags([(credential, Given::File(path))].into());
        let settings = with_values(&InstallSettings { access, ..InstallSettings::default() })?;
        let Access::Given(values) = settings.access else { panic!("values") };
        Ok(values[&credential].expose().clone())
    }

    #[test]
    fn a_line_end_is_not_part_of_a_password_and_is_part_of_a_key() {
        assert_eq!(given(Credential::Password, "hunter2\n").unwrap(), b"hunter2");
        assert_eq!(given(Credential::Password, "hunter2\r\n").unwrap(), b"hunter2");
        assert_eq!(given(Credential::Password, "hunter2\n\n").unwrap(), b"hunter2\n");
        assert_eq!(given(Credential::Identity, "key\n").unwrap(), b"key\n");
    }

    #[test]
    fn what_cannot_be_read_or_is_no_credential_is_refused() {
        let large = given(Credential::Password, &"x".repeat((4 << 20) + 1)).unwrap_err();
        assert_eq!(large.code, Code::Credentials);
        let access = Access::Flags([(Credential::Password, Given::File("/nowhere/hunter".into()))].into());
        let missing = with_values(&InstallSettings { access, ..InstallSettings::default() }).unwrap_err();
        assert_eq!(missing.code, Code::Credentials);
    }
}
