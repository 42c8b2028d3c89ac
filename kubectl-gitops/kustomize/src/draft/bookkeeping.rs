//! The annotations in which kustomize keeps its books. Owns reading them off objects that carry them (people copy them out of
//! pipelines, functions set them), writing them for functions to see, and the list of those that never leave a build.

use krm::{Mapping, Node, Text};

use super::{Behavior, Draft, FormerId};

const PREFIX: &str = "internal.config.kubernetes.io/";

/// Annotations that a build takes off every object at its end.
pub const INTERNAL_ANNOTATIONS: &[&str] = &[
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
    HELM_GENERATED,
];

const HELM_GENERATED: &str = "internal.config.kubernetes.io/helm-generated";

/// Moves the books that the object carries in annotations into the draft.
pub fn take_bookkeeping(draft: &mut Draft) {
    let Some(annotations) = draft.node.at_mut(&["metadata", "annotations"]).and_then(Node::as_map_mut) else { return };
    if !annotations.iter().any(|(key, _)| key.starts_with(PREFIX)) {
        return;
    }
    let mut list = |key: &str| -> Vec<Text> {
        let text = take(annotations, key);
        text.map(|text| text.split(',').map(Text::from).collect()).unwrap_or_default()
    };
    let names = list("previousNames");
    let namespaces = list("previousNamespaces");
    let kinds = list("previousKinds");
    draft.prefixes = list("prefixes");
    draft.suffixes = list("suffixes");
    let enabled = |text: Option<Text>| text.is_some_and(|text| text == "enabled");
    draft.wants_hash = enabled(take(annotations, "needsHashSuffix"));
    draft.allows_name_change = enabled(take(annotations, "allowNameChange"));
    draft.allows_kind_change = enabled(take(annotations, "allowKindChange"));
    let behavior = take(annotations, "generatorBehavior");
    draft.generated = behavior.is_some();
    draft.behavior = behavior.map_or(Behavior::Unspecified, |word| Behavior::from_word(&word));
    draft.from_helm = annotations.get(HELM_GENERATED).and_then(Node::as_str) == Some("true");
    let former = names.into_iter().zip(namespaces).zip(kinds);
    draft.history = former.map(|((name, namespace), kind)| FormerId { kind, namespace, name }).collect();
}

/// The object with the books that the draft keeps about it in its annotations, as kustomize has it and as functions see it.
/// Where there are annotations, all are texts.
pub fn with_bookkeeping(draft: &Draft) -> Node {
    let mut books: Vec<(&str, String)> = Vec::new();
    let mut list = |key, texts: Vec<&str>| {
        if !texts.is_empty() {
            books.push((key, texts.join(",")));
        }
    };
    list("previousNames", draft.history.iter().map(|former| former.name.as_str()).collect());
    list("previousNamespaces", draft.history.iter().map(|former| former.namespace.as_str()).collect());
    list("previousKinds", draft.history.iter().map(|former| former.kind.as_str()).collect());
    list("prefixes", draft.prefixes.iter().map(Text::as_str).collect());
    list("suffixes", draft.suffixes.iter().map(Text::as_str).collect());
    let flags = [
        ("needsHashSuffix", draft.wants_hash),
        ("allowNameChange", draft.allows_name_change),
        ("allowKindChange", draft.allows_kind_change),
    ];
    books.extend(flags.into_iter().filter(|(_, set)| *set).map(|(key, _)| (key, "enabled".to_owned())));
    if draft.generated {
        books.push(("generatorBehavior", draft.behavior.word().to_owned()));
    }
    let mut copy = draft.clone();
    if books.is_empty() && !draft.from_helm {
        return copy.node;
    }
    copy.keep_annotations();
    if let Some(annotations) = copy.node.at_mut(&["metadata", "annotations"]).and_then(Node::as_map_mut) {
        for (key, text) in books {
            annotations.set(format!("{PREFIX}{key}"), Node::string(text));
        }
        if draft.from_helm {
            annotations.set(HELM_GENERATED, Node::string("true"));
        }
    }
    copy.node
}

fn take(annotations: &mut Mapping, key: &str) -> Option<Text> {
    let node = annotations.remove(&format!("{PREFIX}{key}"))?;
    node.as_str().map(Text::from)
}
