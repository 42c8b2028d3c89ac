//! Which resources a patch or a replacement means. Owns the patterns of group, version, kind, name and namespace, anchored at
//! both ends, and the selectors of labels and annotations.

use krm::{Node, namespace_or_default};
use regex::Regex;

use super::label_selector::{LabelSelector, SelectorError};
use super::pattern;
use crate::draft::Draft;
use crate::kustomization::Selector;

/// A selector, compiled once.
#[derive(Debug)]
pub struct Selection {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    /// An error shows only once something else has matched.
    labels: Result<LabelSelector, SelectorError>,
    annotations: Result<LabelSelector, SelectorError>,
}

/// A field of a selector, compiled.
#[derive(Debug)]
pub(crate) enum Pattern {
    /// Nothing was said.
    Any,
    /// A text in which a dot is any character.
    Text(String),
    /// Anything else.
    Regex(Regex),
}

/// A selector cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// A field is no regular expression.
    #[error("`{field}: {text}` is no regular expression: {problem}")]
    Pattern {
        /// The field.
        field: &'static str,
        /// Its text.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A label or annotation selector is wrong.
    #[error(transparent)]
    Labels(#[from] SelectorError),
}

impl SelectionError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Pattern { .. } => "these fields are regular expressions: escape a sign that is only a sign with `\\`",
            Self::Labels(_) => {
                "write it as `key=value`, `key!=value`, `key in (a,b)`, `key` or `!key`, joined by commas"
            }
        }
    }
}

impl Selection {
    /// Compiles a selector; empty fields match anything.
    ///
    /// # Errors
    /// A field is no regular expression.
    pub fn compile(selector: &Selector) -> Result<Self, SelectionError> {
        Ok(Self {
            group: Pattern::compile("group", &selector.group)?,
            version: Pattern::compile("version", &selector.version)?,
            kind: Pattern::compile("kind", &selector.kind)?,
            name: Pattern::compile("name", &selector.name)?,
            namespace: Pattern::compile("namespace", &selector.namespace)?,
            labels: LabelSelector::parse(&selector.label_selector),
            annotations: LabelSelector::parse(&selector.annotation_selector),
        })
    }

    /// The one name that it can mean, if its pattern is no more than that.
    pub fn only_name(&self) -> Option<&str> {
        self.name.only_text()
    }

    /// Does it mean this draft? Name and namespace may be the first or the present ones.
    ///
    /// # Errors
    /// Everything else matches, and a label or annotation selector is wrong.
    pub fn matches(&self, draft: &Draft) -> Result<bool, SelectionError> {
        let (group, version) = draft.api_version().split_once('/').unwrap_or(("", draft.api_version()));
        if !(self.kind.matches(draft.kind()) && self.group.matches(group) && self.version.matches(version)) {
            return Ok(false);
        }
        let first = draft.history().first();
        let name_matches =
            self.name.matches(draft.name()) || first.is_some_and(|former| self.name.matches(&former.name));
        if !name_matches || !self.matches_namespace(draft) {
            return Ok(false);
        }
        Ok(holds(&self.labels, draft, "labels")? && holds(&self.annotations, draft, "annotations")?)
    }

    fn matches_namespace(&self, draft: &Draft) -> bool {
        let first = draft.history().first();
        matches!(self.namespace, Pattern::Any)
            || self.namespace.matches(&draft.effective_namespace())
            || first.is_some_and(|former| self.namespace.matches(namespace_or_default(&former.namespace)))
    }
}

/// Do the labels or annotations match?
pub(crate) fn holds(
    selector: &Result<LabelSelector, SelectorError>,
    draft: &Draft,
    field: &str,
) -> Result<bool, SelectionError> {
    let selector = selector.as_ref().map_err(Clone::clone)?;
    let map = draft.node.at(&["metadata", field]).and_then(Node::as_map);
    Ok(selector.matches(|key| match map?.get(key)? {
        Node::Scalar(scalar) => Some(scalar.text.as_str()),
        Node::Map(_) | Node::Seq(_) => Some(""),
    }))
}

impl Pattern {
    pub(crate) fn compile(field: &'static str, text: &str) -> Result<Self, SelectionError> {
        if text.is_empty() {
            return Ok(Self::Any);
        }
        if pattern::is_text(text) {
            return Ok(Self::Text(text.to_owned()));
        }
        let compiled = pattern::compile(&format!("^(?:{text})$"));
        compiled.map(Self::Regex).map_err(|problem| SelectionError::Pattern { field, text: text.to_owned(), problem })
    }

    /// The one text that it can mean, if it is no more than that.
    pub(crate) fn only_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.contains('.') => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_any(&self) -> bool {
        matches!(self, Self::Any)
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Text(pattern) => pattern::rest_after_text(pattern, text).is_some_and(str::is_empty),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}
