//! A program of the user's that shows differences, as kubectl starts it: with two directories of one file per object. Owns the
//! directories, which only their owner may read and which are gone afterwards. Values of Secrets are not in them.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Command, Stdio};

use krm::ObjectKey;
use serde_json::Value;
use tempfile::TempDir;

use super::compare::Comparison;
use crate::error::{CliError, Code, Result};

/// Longest name of a file that every file system takes, with something to spare.
const NAME_MAX: usize = 200;

/// What may go wrong with it.
#[derive(Debug, thiserror::Error)]
enum ExternalError {
    #[error("the files for `{program}` cannot be written")]
    Write {
        program: String,
        #[source]
        source: std::io::Error,
    },
    #[error("`{program}`, which KUBECTL_EXTERNAL_DIFF names, cannot be run")]
    Run {
        program: String,
        #[source]
        source: std::io::Error,
    },
    #[error("`{program}`, which KUBECTL_EXTERNAL_DIFF names, ended with {status}")]
    Failed { program: String, status: std::process::ExitStatus },
}

impl From<ExternalError> for CliError {
    fn from(error: ExternalError) -> Self {
        Self::new(Code::ExternalDiff, error)
    }
}

/// Shows the differences by `command`: a program and its arguments, no shell.
pub(super) fn show(command: &str, comparison: &Comparison) -> Result<()> {
    let mut words = command.split_whitespace();
    let Some(program) = words.next() else { return Ok(()) };
    let written = |source| ExternalError::Write { program: program.to_owned(), source };
    let (live, merged) = written_out(comparison).map_err(written)?;
    let status = Command::new(program)
        .args(words)
        .args([live.path(), merged.path()])
        .stdin(Stdio::inherit())
        .status()
        .map_err(|source| ExternalError::Run { program: program.to_owned(), source })?;
    // As diff has it: 1 says that there are differences.
    match status.code() {
        Some(0 | 1) => Ok(()),
        _ => Err(ExternalError::Failed { program: program.to_owned(), status }.into()),
    }
}

fn written_out(comparison: &Comparison) -> std::io::Result<(TempDir, TempDir)> {
    let only_mine = std::fs::Permissions::from_mode(0o700);
    let directory = |prefix: &str| tempfile::Builder::new().prefix(prefix).permissions(only_mine.clone()).tempdir();
    let (live, merged) = (directory("LIVE-")?, directory("MERGED-")?);
    for (index, (key, [before, after])) in comparison.pairs().enumerate() {
        let name = file_name(key, after.as_ref().or(before.as_ref()), index);
        write(&live.path().join(&name), before.as_ref())?;
        write(&merged.path().join(&name), after.as_ref())?;
    }
    Ok((live, merged))
}

/// As kubectl names them: `apps.v1.Deployment.shop.web`.
pub(super) fn file_name(key: &ObjectKey, object: Option<&Value>, index: usize) -> String {
    let api_version = object.and_then(|object| object["apiVersion"].as_str()).unwrap_or_default();
    let version = api_version.rsplit('/').next().unwrap_or_default();
    let group = if key.group.is_empty() { String::new() } else { format!("{}.", key.group) };
    let name = format!("{group}{version}.{}.{}.{}", key.kind, key.namespace, key.name).replace('/', "_");
    if name.len() <= NAME_MAX {
        name
    } else {
        format!("{}.{index}", name.chars().take(NAME_MAX / 4).collect::<String>())
    }
}

/// An object that is not there is an empty file, as in kubectl.
fn write(path: &Path, object: Option<&Value>) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let Some(object) = object else { return Ok(()) };
    file.write_all(text_of(object)?.as_bytes())
}

/// As a build prints it.
pub(super) fn text_of(object: &Value) -> std::io::Result<String> {
    let mut text = String::new();
    krm::yaml::emit_build(&krm::yaml::from_json(object), &mut text).map_err(std::io::Error::other)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_kubectl_names_them() {
        let object = serde_json::json!({"apiVersion": "apps/v1"});
        let key = ObjectKey::new("apps", "Deployment", "shop", "web");
        assert_eq!(file_name(&key, Some(&object), 0), "apps.v1.Deployment.shop.web");
        let core = ObjectKey::new("", "Namespace", "", "shop");
        assert_eq!(file_name(&core, Some(&serde_json::json!({"apiVersion": "v1"})), 0), "v1.Namespace..shop");
        let long = ObjectKey::new("apps", "Deployment", "n", "x".repeat(250));
        assert!(file_name(&long, Some(&object), 7).ends_with("x.7"));
    }
}
