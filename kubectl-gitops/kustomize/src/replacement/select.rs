//! Which resource a replacement reads, and which it writes. A source is chosen by equal names, a target by patterns; both by
//! every name that a resource ever had.

use krm::{Gvk, Mark, ResId, Text, namespace_or_default};

use super::ReplacementError;
use crate::draft::{Draft, DraftSet};
use crate::kustomization::{Selector, SourceSelector};
use crate::transform::label_selector::{LabelSelector, SelectorError};
use crate::transform::selection::{Pattern, SelectionError, holds};

/// More than these help nobody.
const NAMED_MAX: usize = 5;

/// What `source` says; empty parts match anything.
#[derive(Debug)]
pub(super) struct SourceSelection {
    gvk: Gvk,
    name: Text,
    namespace: Text,
}

impl SourceSelection {
    pub(super) fn new(selector: &SourceSelector) -> Self {
        Self {
            gvk: Gvk::new(selector.group.as_str(), selector.version.as_str(), selector.kind.as_str()),
            name: selector.name.as_str().into(),
            namespace: selector.namespace.as_str().into(),
        }
    }

    /// The position of the one resource that is meant.
    pub(super) fn find(&self, drafts: &DraftSet) -> Result<usize, ReplacementError> {
        let mut found: Vec<usize> = Vec::new();
        let mut look_at = |position: usize, draft: &Draft| {
            if found.len() < NAMED_MAX && self.selects(draft) {
                found.push(position);
            }
        };
        if self.name.is_empty() {
            drafts.iter().enumerate().for_each(|(position, draft)| look_at(position, draft));
        } else {
            for position in drafts.positions_called(&self.name) {
                drafts.get(*position).into_iter().for_each(|draft| look_at(*position, draft));
            }
        }
        match found.as_slice() {
            [position] => Ok(*position),
            [] => Err(ReplacementError::SourceMissing { wanted: self.shown(), candidates: self.candidates(drafts) }),
            several => {
                let id = |position: &usize| drafts.get(*position).map(|draft| format!("`{}`", draft.id()));
                let matches = several.iter().filter_map(id).collect();
                Err(ReplacementError::SourceAmbiguous { wanted: self.shown(), matches })
            }
        }
    }

    fn selects(&self, draft: &Draft) -> bool {
        let same = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
        any_id(draft, |id| {
            same(&self.gvk.kind, id.kind)
                && same(&self.gvk.group, id.group)
                && same(&self.gvk.version, id.version)
                && same(&self.name, id.name)
                && (self.namespace.is_empty()
                    || namespace_or_default(&self.namespace) == namespace_or_default(id.namespace))
        })
    }

    fn candidates(&self, drafts: &DraftSet) -> Vec<String> {
        let id = ResId { gvk: self.gvk.clone(), namespace: self.namespace.clone(), name: self.name.clone() };
        drafts.candidates(&id).into_iter().map(|text| format!("`{text}`")).collect()
    }

    fn shown(&self) -> String {
        let mut text = String::new();
        let mut part = |label: &str, value: &str| {
            if !value.is_empty() {
                text.extend([if text.is_empty() { "" } else { ", " }, label, " `", value, "`"]);
            }
        };
        part("group", &self.gvk.group);
        part("version", &self.gvk.version);
        part("kind", &self.gvk.kind);
        part("name", &self.name);
        part("namespace", &self.namespace);
        if text.is_empty() { "an empty source".to_owned() } else { text }
    }
}

/// What a resource is or was called.
struct Called<'a> {
    group: &'a str,
    version: &'a str,
    kind: &'a str,
    name: &'a str,
    namespace: &'a str,
}

/// Does anything that the resource is or was called pass? Group and version are always those it has now.
fn any_id(draft: &Draft, passes: impl Fn(Called<'_>) -> bool) -> bool {
    if draft.is_empty() {
        return false;
    }
    let (group, version) = draft.api_version().split_once('/').unwrap_or(("", draft.api_version()));
    let now = Called { group, version, kind: draft.kind(), name: draft.name(), namespace: draft.namespace() };
    passes(now)
        || draft.history().iter().any(|former| {
            passes(Called { group, version, kind: &former.kind, name: &former.name, namespace: &former.namespace })
        })
}

/// What `select` and `reject` say, compiled.
#[derive(Debug)]
pub(super) struct TargetSelection {
    select: Selection,
    reject: Vec<Selection>,
}

#[derive(Debug)]
struct Selection {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    /// An error shows only once there is a resource.
    annotations: Option<Result<LabelSelector, SelectorError>>,
    labels: Option<Result<LabelSelector, SelectorError>>,
}

type Refused = (String, Mark, ReplacementError);

impl TargetSelection {
    pub(super) fn compile(select: &Selector, reject: &[Option<Selector>]) -> Result<Self, Refused> {
        let selected = Selection::compile(select).map_err(|error| ("select".to_owned(), select.mark, error.into()))?;
        let mut rejected = Vec::with_capacity(reject.len());
        for (index, selector) in reject.iter().enumerate() {
            let field = format!("reject[{index}]");
            let Some(selector) = selector else { return Err((field, Mark::default(), ReplacementError::EmptyReject)) };
            rejected.push(Selection::compile(selector).map_err(|error| (field, selector.mark, error.into()))?);
        }
        Ok(Self { select: selected, reject: rejected })
    }

    /// Positions of all that may be meant.
    ///
    /// # Errors
    /// The label or annotation selector is wrong, and there are resources.
    pub(super) fn candidates(&self, drafts: &DraftSet) -> Result<Vec<usize>, ReplacementError> {
        if !drafts.is_empty() {
            for selector in [&self.select.annotations, &self.select.labels].into_iter().flatten() {
                selector.as_ref().map_err(|error| SelectionError::Labels(error.clone()))?;
            }
        }
        Ok(match self.select.name.only_text() {
            Some(name) => drafts.positions_called(name).to_vec(),
            None => (0..drafts.len()).collect(),
        })
    }

    /// Is the resource meant?
    ///
    /// # Errors
    /// A label or annotation selector is wrong.
    pub(super) fn selects(&self, draft: &Draft) -> Result<bool, ReplacementError> {
        if draft.is_empty() || !self.select.holds(draft)? {
            return Ok(false);
        }
        for reject in &self.reject {
            if (reject.annotations.is_some() || reject.labels.is_some()) && reject.holds(draft)? {
                return Ok(false);
            }
        }
        let rejected = |reject: &Selection| !reject.is_about_labels_only() && any_id(draft, |id| reject.names(&id));
        Ok(any_id(draft, |id| self.select.names(&id)) && !self.reject.iter().any(rejected))
    }
}

impl Selection {
    fn compile(selector: &Selector) -> Result<Self, SelectionError> {
        let parsed = |text: &str| (!text.is_empty()).then(|| LabelSelector::parse(text));
        Ok(Self {
            group: Pattern::compile("group", &selector.group)?,
            version: Pattern::compile("version", &selector.version)?,
            kind: Pattern::compile("kind", &selector.kind)?,
            name: Pattern::compile("name", &selector.name)?,
            namespace: Pattern::compile("namespace", &selector.namespace)?,
            annotations: parsed(&selector.annotation_selector),
            labels: parsed(&selector.label_selector),
        })
    }

    fn names(&self, id: &Called<'_>) -> bool {
        self.name.matches(id.name)
            && self.kind.matches(id.kind)
            && self.group.matches(id.group)
            && self.version.matches(id.version)
            && self.namespace.matches(id.namespace)
    }

    fn holds(&self, draft: &Draft) -> Result<bool, SelectionError> {
        let passes = |selector: &Option<_>, field| selector.as_ref().map_or(Ok(true), |s| holds(s, draft, field));
        Ok(passes(&self.annotations, "annotations")? && passes(&self.labels, "labels")?)
    }

    /// It names no resource.
    fn is_about_labels_only(&self) -> bool {
        [&self.group, &self.version, &self.kind, &self.name, &self.namespace].into_iter().all(Pattern::is_any)
    }
}
