//! Values that are made once, in the cluster: the generator writes down what is wanted into an annotation, and the apply engine
//! makes it when it creates the Secret. Owns the annotation's form and what is made of it; the bytes come from the caller.

use std::collections::BTreeMap;

use krm::Masked;
use serde::{Deserialize, Serialize};

use super::compose::Template;
use super::config::Problems;
use super::policy;

/// Annotation of a Secret: what the apply engine makes when it creates it.
pub const CREATE_ONCE_ANNOTATION: &str = "kubectl-gitops.dev/create-once";

/// The annotation's value, as JSON.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wanted {
    keys: BTreeMap<String, policy::Written>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    compose: BTreeMap<String, String>,
}

/// Why nothing is made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OnceError {
    /// The annotation is not what the generator writes.
    #[error("the annotation `{CREATE_ONCE_ANNOTATION}` is not what SecretGenerator writes")]
    Annotation,
    /// A key that has a value.
    #[error("`{key}` is to be made and has a value already")]
    HasValue {
        /// The key.
        key: String,
    },
    /// The source of random bytes gives none.
    #[error("there are no random bytes to be had")]
    NoRandomness,
    /// A text of other keys cannot be joined.
    #[error("`{key}` cannot be joined from other keys: {problem}")]
    Compose {
        /// The key.
        key: String,
        /// Why.
        problem: String,
    },
}

/// The annotation's value.
pub(super) fn annotation(keys: &BTreeMap<String, policy::Written>, late: &BTreeMap<String, Template>) -> String {
    let compose = late.iter().map(|(key, template)| (key.clone(), template.text().expose().clone())).collect();
    serde_json::to_string(&Wanted { keys: keys.clone(), compose }).expect("texts and numbers have a JSON form")
}

/// Makes what the annotation wants; `data` is what the Secret has. Only what is new is returned.
///
/// # Errors
/// The annotation is not one of ours, a key has a value already, or there are no random bytes.
pub fn create_once(
    annotation: &str,
    data: &BTreeMap<String, Masked<Vec<u8>>>,
    random: &mut dyn FnMut(&mut [u8]) -> bool,
) -> Result<BTreeMap<String, Masked<Vec<u8>>>, OnceError> {
    let wanted: Wanted = serde_json::from_str(annotation).map_err(|_| OnceError::Annotation)?;
    let mut made: BTreeMap<String, Masked<Vec<u8>>> = BTreeMap::new();
    for (key, written) in wanted.keys {
        if data.contains_key(&key) {
            return Err(OnceError::HasValue { key });
        }
        let mut problems = Problems::default();
        let shape = written.shape("", &mut problems);
        if !problems.is_empty() {
            return Err(OnceError::Annotation);
        }
        made.insert(key, shape.make(random).map_err(|_| OnceError::NoRandomness)?);
    }
    let mut open: BTreeMap<String, Template> = BTreeMap::new();
    for (key, text) in wanted.compose {
        if data.contains_key(&key) || made.contains_key(&key) {
            return Err(OnceError::HasValue { key });
        }
        open.insert(key, Template::parse(&text).map_err(|_| OnceError::Annotation)?);
    }
    // One may stand in another.
    while !open.is_empty() {
        let ready = |template: &Template| !template.keys().iter().any(|key| open.contains_key(*key));
        let Some(key) = open.iter().find(|(_, template)| ready(template)).map(|(key, _)| key.clone()) else {
            return Err(OnceError::Annotation);
        };
        let Some(template) = open.remove(&key) else { return Err(OnceError::Annotation) };
        let value = template.fill(&|part| made.get(part).or_else(|| data.get(part)));
        let value = value.map_err(|error| OnceError::Compose { key: key.clone(), problem: error.to_string() })?;
        made.insert(key, value);
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(annotation: &str, data: &[(&str, &str)]) -> Result<Vec<(String, String)>, OnceError> {
        let data =
            data.iter().map(|(key, value)| ((*key).to_owned(), Masked::new(value.as_bytes().to_vec()))).collect();
        let mut next = 0u8;
        let made = create_once(annotation, &data, &mut |bytes| {
            bytes.fill_with(|| {
                next = next.wrapping_add(1);
                next
            });
            true
        })?;
        let text = |value: Masked<Vec<u8>>| String::from_utf8(value.into_exposed()).unwrap();
        Ok(made.into_iter().map(|(key, value)| (key, text(value))).collect())
    }

    #[test]
    fn keys_are_made_and_joined() {
        let annotation = r#"{"keys":{"p":{"as":"hex","bytes":16}},"compose":{"a":"<$(url)>","url":"$(user):$(p)"}}"#;
        let hex = "0102030405060708090a0b0c0d0e0f10";
        let expected = [("a", format!("<app:{hex}>")), ("p", hex.to_owned()), ("url", format!("app:{hex}"))];
        let expected = expected.map(|(key, value)| (key.to_owned(), value));
        assert_eq!(made(annotation, &[("user", "app")]).unwrap(), expected);
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        for annotation in [
            "",
            "{}",
            r#"{"keys":{"p":{"as":"nothing"}}}"#,
            r#"{"keys":{"p":{"as":"hex","bytes":1}}}"#,
            r#"{"keys":{"p":{}},"compose":{"a":"$(b)","b":"$(a)"}}"#,
            r#"{"keys":{},"more":{}}"#,
        ] {
            assert_eq!(made(annotation, &[]), Err(OnceError::Annotation), "{annotation}");
        }
        assert_eq!(made(r#"{"keys":{"p":{}}}"#, &[("p", "x")]), Err(OnceError::HasValue { key: "p".to_owned() }));
        let none = create_once(r#"{"keys":{"p":{}}}"#, &BTreeMap::new(), &mut |_| false);
        assert_eq!(none, Err(OnceError::NoRandomness));
        assert!(matches!(made(r#"{"keys":{},"compose":{"a":"$(b)"}}"#, &[]), Err(OnceError::Compose { .. })));
    }
}
