//! What names, paths and references must look like, to become parts of objects, units and command lines.

use super::{InstallError, command};
use crate::settings::Reference;

/// A directory below the repository's top, without `./` and slashes around it.
pub(super) fn path(text: &str) -> Result<String, InstallError> {
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") || text.chars().any(char::is_control) || text.contains('\\') {
        return Err(InstallError::Path(text.escape_debug().to_string()));
    }
    Ok(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

/// What Git's own rules for names of references exclude, as far as it does harm.
pub(super) fn check_reference(reference: &Reference, problems: &mut Vec<InstallError>) {
    let is_name = |text: &str| {
        let odd = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c);
        !text.is_empty() && !text.contains("..") && !text.starts_with('-') && !text.chars().any(odd)
    };
    for (flag, text) in command::reference_flags(reference) {
        let fits = match flag {
            "--commit" => Reference::is_commit(text),
            "--semver" => !text.trim().is_empty() && !text.chars().any(char::is_control),
            _ => is_name(text),
        };
        if !fits {
            problems.push(InstallError::Reference { flag, text: text.escape_debug().to_string() });
        }
    }
}

pub(super) fn wrong_name(flag: &'static str, text: &str, what: &'static str) -> Option<InstallError> {
    let label = |part: &str| is_label(part, 253);
    let fits = text.len() <= 253 && text.split('.').all(label);
    (!fits).then(|| InstallError::ObjectName { flag, text: text.escape_debug().to_string(), what })
}

pub(super) fn wrong_label(flag: &'static str, text: &str, what: &'static str) -> Option<InstallError> {
    (!is_label(text, 63)).then(|| InstallError::ObjectName { flag, text: text.escape_debug().to_string(), what })
}

fn is_label(text: &str, most: usize) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.len() <= most && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

pub(super) fn is_image(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_/:@".contains(c);
    !text.is_empty() && text.chars().all(plain) && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}
