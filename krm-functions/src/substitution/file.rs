//! Variables from a file: `NAME=value` lines, or manifests of ConfigMaps and Secrets, in the clear or encrypted. Owns what a file is taken
//! for; must not know where it lies. What is said of it never shows a value.

use krm::yaml::{Limits, parse_documents};
use krm::{Masked, Node, ObjectKey};
use zeroize::Zeroize as _;

use super::env_file;
use super::sources::{Kind, add_object};
use super::variables::Variables;
use crate::encrypted::open_if_encrypted;
use crate::sops::{Format, Keyring};
use crate::{Finding, Inputs};

/// Adds what the file holds. `keys` are asked for where it is encrypted. The findings are errors.
pub(super) fn add<'k>(
    variables: &mut Variables,
    path: &str,
    inputs: &dyn Inputs,
    keys: impl FnOnce() -> &'k Keyring,
) -> Vec<Finding> {
    let unread = |why: String| vec![refused(format!("the variables in {path} cannot be read: {why}"))];
    let content = match inputs.tree_file(path) {
        Ok(content) => content,
        Err(error) => return unread(error.to_string()),
    };
    let content = match open_if_encrypted(path, content, keys) {
        Ok(content) => content,
        Err(error) => return unread(error.to_string()),
    };
    let Ok(text) = std::str::from_utf8(content.expose()) else {
        return unread("the file is no UTF-8 text".to_owned());
    };
    match Format::of_name(path) {
        Format::Yaml | Format::Json => add_manifests(variables, path, text),
        Format::Dotenv | Format::Ini | Format::Binary => add_lines(variables, path, text),
    }
}

fn refused(message: String) -> Finding {
    Finding::error(ObjectKey::default(), "", message)
}

fn add_lines(variables: &mut Variables, path: &str, text: &str) -> Vec<Finding> {
    match env_file::parse(text) {
        Ok(pairs) => {
            for (name, value) in pairs {
                variables.set(name, Masked::new(value.to_owned()), path);
            }
            Vec::new()
        }
        Err(errors) => errors.iter().map(|error| refused(format!("{path}: {error}"))).collect(),
    }
}

fn add_manifests(variables: &mut Variables, path: &str, text: &str) -> Vec<Finding> {
    let documents = match parse_documents(text, path, &Limits::default()) {
        Ok(documents) => documents,
        Err(error) => return vec![refused(format!("{path}: line {}: {}", error.mark.line, error.problem))],
    };
    let mut findings = Vec::new();
    let mut any = false;
    for mut document in documents {
        let root = &document.root;
        let items = root.get("items").and_then(Node::as_seq).filter(|_| root.kind().ends_with("List"));
        for object in items.unwrap_or(std::slice::from_ref(root)).iter().filter(|object| !object.is_null()) {
            any = true;
            let of_ours = [Kind::ConfigMap, Kind::Secret].iter().any(|kind| object.kind() == kind.as_str());
            if of_ours && object.api_version() == "v1" {
                findings.extend(add_object(variables, object));
            } else {
                let line = object.mark().line;
                findings.push(refused(format!("{path}: line {line}: only a ConfigMap or a Secret holds variables")));
            }
        }
        document.root.zeroize();
    }
    if !any {
        findings.push(refused(format!("{path}: there is no ConfigMap and no Secret in it")));
    }
    findings
}
