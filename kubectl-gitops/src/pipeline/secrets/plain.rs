//! Secrets in the clear: what in a file of manifests or settings should be encrypted. Pure; names keys and places, never values.

use krm::yaml::{Limits, parse_documents};
use krm::{Mapping, Node};

/// A Secret whose values can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlainSecret {
    /// Line of its first value, from 1.
    pub(super) line: u32,
    /// `namespace/name`, or the name.
    pub(super) name: String,
    /// Its keys.
    pub(super) keys: Vec<String>,
}

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// Objects of Kubernetes, with those Secrets that can be read.
    Manifests(Vec<PlainSecret>),
    /// Anything else.
    Other,
    /// It says that it is YAML, and is none: a template, for instance.
    Unreadable,
}

/// On an object: it may stay in the clear.
const ANNOTATION: &str = "kubectl-gitops.dev/encrypt";

/// Looks into a file of YAML or JSON.
pub(super) fn look(text: &str) -> Content {
    let Ok(documents) = parse_documents(text, "", &Limits::default()) else { return Content::Unreadable };
    let roots: Vec<&Node> = documents.iter().map(|document| &document.root).filter(|root| !root.is_null()).collect();
    if roots.is_empty() || roots.iter().any(|root| root.kind().is_empty() || root.api_version().is_empty()) {
        return Content::Other;
    }
    let mut found = Vec::new();
    for root in roots {
        let items = root.get("items").and_then(Node::as_seq).filter(|_| root.kind().ends_with("List"));
        for object in items.unwrap_or(std::slice::from_ref(root)) {
            found.extend(plain_secret(object));
        }
    }
    Content::Manifests(found)
}

fn plain_secret(object: &Node) -> Option<PlainSecret> {
    let is_secret = object.kind() == "Secret" && object.api_version() == "v1";
    let allowed = object.annotation(ANNOTATION).is_some_and(|value| value.eq_ignore_ascii_case("disabled"));
    if !is_secret || allowed || object.get("sops").is_some() {
        return None;
    }
    let mut keys = Vec::new();
    let mut line = 0;
    for (field, encoded) in [("data", true), ("stringData", false)] {
        for (key, value) in object.get(field).and_then(Node::as_map).into_iter().flat_map(Mapping::iter) {
            if value.as_str().is_some_and(|text| is_readable(text, encoded)) {
                line = if line == 0 { value.mark().line } else { line };
                keys.push(key.to_owned());
            }
        }
    }
    let (namespace, name) = (object.namespace(), object.name());
    let name = if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") };
    (!keys.is_empty()).then_some(PlainSecret { line, name, keys })
}

/// Neither empty, nor a placeholder as a whole, nor an encrypted file.
fn is_readable(text: &str, encoded: bool) -> bool {
    use base64::Engine as _;
    let text = text.trim();
    let placeholder = text.starts_with("${") && text.find('}') == Some(text.len().saturating_sub(1));
    if text.is_empty() || placeholder {
        return false;
    }
    let is_sops = |bytes: &[u8]| krm_functions::sops::Format::of_marker(bytes).is_some();
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    match base64::engine::general_purpose::STANDARD.decode(compact) {
        Ok(bytes) if encoded => !bytes.is_empty() && !is_sops(&bytes),
        _ => !is_sops(text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_the_clear_are_found() {
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: n}\ndata:\n  empty: ''\n  a: aHVudGVyMg==\nstringData: {b: '${B}', c: hunter2}\n";
        let expected = PlainSecret { line: 11, name: "n/s".into(), keys: vec!["a".into(), "c".into()] };
        assert_eq!(look(text), Content::Manifests(vec![expected]));
    }

    #[test]
    fn what_is_no_plain_secret_is_left_alone() {
        for text in [
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: kubernetes.io/service-account-token\n",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s, annotations: {kubectl-gitops.dev/encrypt: disabled}}\nstringData: {a: b}\n",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: ENC}\nsops: {mac: x}\n",
            "apiVersion: example.com/v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: b}\n",
        ] {
            assert_eq!(look(text), Content::Manifests(vec![]), "{text}");
        }
        assert_eq!(look("a: 1\n"), Content::Other);
        assert_eq!(look("{{ if .Values.x }}\nkind: Secret\n{{ end }}\n"), Content::Unreadable);
        let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: b}}\n";
        assert!(matches!(look(list), Content::Manifests(found) if found.len() == 1));
    }
}
