//! What the YAML module makes of a stream, and when that equals kustomize's answer.

use krm::yaml::{self, Limits};

/// Text or refusal.
#[derive(Debug, PartialEq, Clone)]
pub(crate) enum Answer {
    Out(String),
    Err(String),
}

/// Reads `text` and writes it in one of the profiles, as the oracle does.
pub(crate) fn ours(text: &str, function: bool) -> Answer {
    let documents = match yaml::parse_documents(text, "in", &Limits::default()) {
        Ok(documents) => documents,
        Err(error) => return Answer::Err(error.to_string()),
    };
    let mut out = String::new();
    for document in documents.iter().filter(|d| !d.root.is_null()) {
        // kustomize passes over what is empty and refuses what is no resource before it looks any closer.
        let root = &document.root;
        let empty = root.as_map().is_some_and(krm::Mapping::is_empty) || root.as_seq().is_some_and(<[_]>::is_empty);
        if !function && empty {
            continue;
        }
        if !function && (root.str_at(&["kind"]).is_none() || root.str_at(&["metadata", "name"]).is_none()) {
            return Answer::Err("not a resource".to_owned());
        }
        if !out.is_empty() {
            out.push_str("---\n");
        }
        let written = if function {
            yaml::emit_function(&document.root, &mut out)
        } else {
            yaml::emit_build(&document.root, &mut out)
        };
        if let Err(error) = written {
            return Answer::Err(error.to_string());
        }
    }
    Answer::Out(out)
}

/// Equal texts, or both refuse.
pub(crate) fn same(a: &Answer, b: &Answer) -> bool {
    match (a, b) {
        (Answer::Out(a), Answer::Out(b)) => a == b,
        (Answer::Err(_), Answer::Err(_)) => true,
        _ => false,
    }
}
