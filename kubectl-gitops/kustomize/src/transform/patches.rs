//! `patches`, `patchesStrategicMerge` and `patchesJson6902`. Owns telling a strategic merge from a JSON patch, what each of
//! the three fields allows, and which resources a patch is for; how a patch changes one resource is in `merge_patch` and
//! `json6902`.

use krm::yaml::find_twin_key;

use crate::draft::{Draft, DraftSet, LookupError};
use crate::json_patch::{ApplyError, JsonPatch, ReadError};
use crate::kustomization::{Patch, PatchOptions, Selector};
use crate::load::{LoadError, Loader};
use crate::merge::MergeError;
use crate::outside::Purpose;
use crate::resources::{ResourceError, read_drafts};
use crate::schema::Schema;

use super::selection::{Selection, SelectionError};
use super::{TransformError, json6902, merge_patch};

/// A patch that was read.
#[derive(Debug)]
pub struct Loaded {
    source: String,
    content: Content,
    target: Option<Selector>,
    /// JSON patches of `patches` note what a resource was called before; those of `patchesJson6902` do not.
    remembers: bool,
}

#[derive(Debug)]
enum Content {
    Merge(Vec<Draft>),
    Json(JsonPatch),
    /// An empty file.
    Nothing,
}

/// A patch cannot be read or applied. `patch` names it: its file, or `the inline patch`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PatchError {
    /// Neither `path` nor `patch`, or both.
    #[error("a patch needs either `path` or `patch`, {}", if *both { "this has both" } else { "this has neither" })]
    PathOrPatch {
        /// Has it both?
        both: bool,
    },
    /// Its file cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It is neither a strategic merge nor a JSON patch.
    #[error("{patch} is neither a strategic merge patch ({merge}) nor a JSON patch ({json})")]
    Neither {
        /// The patch.
        patch: String,
        /// Why it is no strategic merge.
        merge: ResourceError,
        /// Why it is no JSON patch.
        json: ReadError,
    },
    /// It is no strategic merge.
    #[error("{patch} is no strategic merge patch")]
    NotAMerge {
        /// The patch.
        patch: String,
        /// Why.
        #[source]
        source: ResourceError,
    },
    /// It is no JSON patch.
    #[error("{patch} is no JSON patch")]
    NotJson {
        /// The patch.
        patch: String,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// There is nothing in it.
    #[error("{patch} is empty")]
    Empty {
        /// The patch.
        patch: String,
    },
    /// A JSON patch that does not say for what it is.
    #[error("{patch} is a JSON patch, so it needs a `target`")]
    NoTarget {
        /// The patch.
        patch: String,
    },
    /// An item of `patchesJson6902` whose target has no name.
    #[error("the target of {patch} needs a `name`")]
    NoTargetName {
        /// The patch.
        patch: String,
    },
    /// Several patches that share one target.
    #[error("{patch} holds {count} strategic merge patches, so it cannot have a `target`")]
    SeveralWithTarget {
        /// The patch.
        patch: String,
        /// How many.
        count: usize,
    },
    /// Its target cannot be used.
    #[error("the target of {patch} cannot be used")]
    Selection {
        /// The patch.
        patch: String,
        /// Why.
        #[source]
        source: SelectionError,
    },
    /// Nothing, or more than one thing, is called as it is.
    #[error("{patch} is for {} resource", if matches!(source, LookupError::Ambiguous { .. }) { "more than one" } else { "no" })]
    NoResource {
        /// The patch.
        patch: String,
        /// What it is for.
        #[source]
        source: LookupError,
    },
    /// A strategic merge fails.
    #[error("{patch} cannot be merged into `{id}`")]
    Merge {
        /// The patch.
        patch: String,
        /// The resource.
        id: String,
        /// Where, and why.
        #[source]
        source: MergeError,
    },
    /// A JSON patch fails.
    #[error("{patch} does not apply to `{id}`")]
    Apply {
        /// The patch.
        patch: String,
        /// The resource.
        id: String,
        /// Which operation, and why.
        #[source]
        source: ApplyError,
    },
}

impl PatchError {
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::NoResource { source: LookupError::NoMatch { candidates, .. }, .. } if !candidates.is_empty() => {
                Some(format!("there is {}", candidates.join(", ")))
            }
            Self::NoResource { source: LookupError::Ambiguous { .. }, .. } => {
                Some("name it as it is called now, or say which with a `target`".to_owned())
            }
            Self::NoResource { .. } => {
                Some("apiVersion, kind, name and namespace must be those that the resource has or had".to_owned())
            }
            Self::SeveralWithTarget { .. } => Some("make each of them a patch of its own".to_owned()),
            Self::NoTarget { .. } => Some("add `target` with the kind and name of the resource".to_owned()),
            Self::Neither { json: ReadError::NotJson { .. }, .. } => {
                Some("write the list with `- op: …` lines, or as strict JSON with quotes".to_owned())
            }
            Self::Neither { .. } | Self::NotAMerge { .. } => Some(
                "a strategic merge is part of an object, with apiVersion, kind and name; a JSON patch is a list of operations"
                    .to_owned(),
            ),
            Self::NotJson { source: ReadError::NoJsonForm(error), .. } => error.hint().map(str::to_owned),
            Self::NotJson { .. } => Some("write the list with `- op: …` lines, or as strict JSON with quotes".to_owned()),
            Self::Load(error) => error.hint(),
            Self::PathOrPatch { both: true } => Some("keep one of them".to_owned()),
            Self::PathOrPatch { both: false } => Some("name a file in `path`, or write the patch itself in `patch`".to_owned()),
            Self::Empty { .. } => Some("remove it, or write what it should change".to_owned()),
            Self::NoTargetName { .. } => Some("here the name is no pattern; `patches` takes patterns".to_owned()),
            Self::Selection { source, .. } => Some(source.hint().to_owned()),
            Self::Merge { source, .. } => Some(source.problem.hint().to_owned()),
            Self::Apply { source, .. } => source.hint().map(str::to_owned),
        }
    }
}

impl Loaded {
    /// Reads an item of `patches`.
    ///
    /// # Errors
    /// It cannot be read, or is no patch.
    pub fn read(patch: &Patch, loader: &Loader<'_>) -> Result<Self, PatchError> {
        let inline = patch.patch.trim();
        let (text, file) = text_of(patch, inline, loader)?;
        let source = source_of(patch);
        let content = match (read_drafts(&text, &file), JsonPatch::read(&text, &file)) {
            (Ok(drafts), _) if drafts.is_empty() => Content::Nothing,
            (Ok(drafts), _) => {
                warn_of_twins(&drafts, &source, loader);
                Content::Merge(with_options(drafts, patch.options.as_ref()))
            }
            (Err(_), Ok(patch)) if patch.is_empty() => Content::Nothing,
            (Err(_), Ok(patch)) => Content::Json(patch),
            (Err(merge), Err(json)) => return Err(neither(source, merge, json)),
        };
        Ok(Self { source, content, target: patch.target.clone(), remembers: true })
    }

    /// Reads an item of `patchesStrategicMerge`: patches themselves, or the name of a file with patches. There may be several.
    ///
    /// # Errors
    /// It cannot be read, or is no patch.
    pub fn read_merge(text: &str, loader: &Loader<'_>) -> Result<Vec<Self>, PatchError> {
        let (drafts, source) = if let Ok(drafts) = read_drafts(text, INLINE) {
            (drafts, INLINE.to_owned())
        } else {
            let file = loader.shown(text);
            let content = loader.read_text(text)?;
            let drafts = read_drafts(&content, &file);
            (drafts.map_err(|source| PatchError::NotAMerge { patch: named(&file), source })?, named(&file))
        };
        warn_of_twins(&drafts, &source, loader);
        Ok(Self::merges(drafts, &source))
    }

    /// Reads patches that stand in a text of their own, not in a file.
    ///
    /// # Errors
    /// It is no patch.
    pub fn read_inline_merge(text: &str) -> Result<Vec<Self>, PatchError> {
        let drafts = read_drafts(text, INLINE);
        let drafts = drafts.map_err(|source| PatchError::NotAMerge { patch: INLINE.to_owned(), source })?;
        Ok(Self::merges(drafts, INLINE))
    }

    fn merges(drafts: Vec<Draft>, source: &str) -> Vec<Self> {
        let one = |draft| Self {
            source: source.to_owned(),
            content: Content::Merge(vec![draft]),
            target: None,
            remembers: true,
        };
        drafts.into_iter().map(one).collect()
    }

    /// Reads an item of `patchesJson6902`.
    ///
    /// # Errors
    /// It cannot be read, is empty or no patch, or has no target with a name.
    pub fn read_json(patch: &Patch, loader: &Loader<'_>) -> Result<Self, PatchError> {
        let source = source_of(patch);
        let target = patch.target.clone().ok_or_else(|| PatchError::NoTarget { patch: source.clone() })?;
        if target.name.is_empty() {
            return Err(PatchError::NoTargetName { patch: source });
        }
        let (text, file) = text_of(patch, &patch.patch, loader)?;
        let read = JsonPatch::read(&text, &file);
        let json = read.map_err(|error| PatchError::NotJson { patch: source.clone(), source: error })?;
        if json.is_empty() {
            return Err(PatchError::Empty { patch: source });
        }
        Ok(Self { source, content: Content::Json(json), target: Some(target), remembers: false })
    }

    /// Applies an item of `patches` or `patchesJson6902`.
    ///
    /// # Errors
    /// A patch does not apply, a merge without target is for no resource, or two resources end up with one id.
    pub fn apply(&self, drafts: &mut DraftSet, schema: &Schema) -> Result<(), TransformError> {
        match (&self.content, &self.target) {
            (Content::Nothing, _) => Ok(()),
            (Content::Merge(patches), None) => {
                patches.iter().try_for_each(|patch| self.merge_by_id(drafts, patch, schema))
            }
            (Content::Merge(patches), Some(target)) => self.merge_into(drafts, patches, target, schema),
            (Content::Json(_), None) => Err(PatchError::NoTarget { patch: self.source.clone() }.into()),
            (Content::Json(patch), Some(target)) => self.apply_json(drafts, patch, target),
        }
    }

    /// Applies an item of `patchesStrategicMerge`.
    ///
    /// # Errors
    /// It is for no resource, does not merge, or two resources end up with one id.
    pub fn apply_merge(&self, drafts: &mut DraftSet, schema: &Schema) -> Result<(), TransformError> {
        let Content::Merge(patches) = &self.content else { return Ok(()) };
        for patch in patches {
            let position = self.position(drafts, patch)?;
            let mut patch = merge_patch::Prepared::rewritten(patch);
            self.merge_at(drafts, position, &mut patch, schema)?;
            drafts.check_unique()?;
        }
        Ok(())
    }

    fn merge_by_id(&self, drafts: &mut DraftSet, patch: &Draft, schema: &Schema) -> Result<(), TransformError> {
        let position = self.position(drafts, patch)?;
        self.merge_at(drafts, position, &mut merge_patch::Prepared::as_is(patch), schema)
    }

    fn merge_into(
        &self,
        drafts: &mut DraftSet,
        patches: &[Draft],
        target: &Selector,
        schema: &Schema,
    ) -> Result<(), TransformError> {
        let [patch] = patches else {
            return Err(PatchError::SeveralWithTarget { patch: self.source.clone(), count: patches.len() }.into());
        };
        let mut patch = merge_patch::Prepared::rewritten(patch);
        for position in self.select(drafts, target)? {
            self.merge_at(drafts, position, &mut patch, schema)?;
        }
        drafts.check_unique()?;
        Ok(())
    }

    fn merge_at(
        &self,
        drafts: &mut DraftSet,
        position: usize,
        patch: &mut merge_patch::Prepared,
        schema: &Schema,
    ) -> Result<(), TransformError> {
        drafts.change(position, |draft| {
            let id = draft.id();
            let merged = merge_patch::apply(draft, patch, schema);
            merged.map_err(|source| PatchError::Merge { patch: self.source.clone(), id: id.to_string(), source }.into())
        })
    }

    fn apply_json(&self, drafts: &mut DraftSet, patch: &JsonPatch, target: &Selector) -> Result<(), TransformError> {
        for position in self.select(drafts, target)? {
            drafts.change(position, |draft| {
                let id = draft.id();
                if self.remembers {
                    draft.remember_id();
                }
                let applied = json6902::apply(draft, patch);
                applied.map_err(|source| PatchError::Apply { patch: self.source.clone(), id: id.to_string(), source })
            })?;
        }
        Ok(())
    }

    fn position(&self, drafts: &DraftSet, patch: &Draft) -> Result<usize, PatchError> {
        let found = drafts.position_of(&patch.original_id());
        found.map_err(|source| PatchError::NoResource { patch: self.source.clone(), source })
    }

    fn select(&self, drafts: &DraftSet, target: &Selector) -> Result<Vec<usize>, PatchError> {
        let failed = |source| PatchError::Selection { patch: self.source.clone(), source };
        let selection = Selection::compile(target).map_err(failed)?;
        let mut positions = Vec::new();
        let mut look_at = |position: usize| {
            let draft = drafts.get(position).filter(|draft| !draft.is_empty());
            if draft.map_or(Ok(false), |draft| selection.matches(draft)).map_err(failed)? {
                positions.push(position);
            }
            Ok::<(), PatchError>(())
        };
        match selection.only_name() {
            Some(name) => drafts.positions_called(name).iter().try_for_each(|position| look_at(*position))?,
            None => (0..drafts.len()).try_for_each(look_at)?,
        }
        Ok(positions)
    }
}

const INLINE: &str = "the inline patch";

fn source_of(patch: &Patch) -> String {
    if patch.path.is_empty() { INLINE.to_owned() } else { named(&patch.path.text) }
}

fn named(file: &str) -> String {
    format!("the patch `{file}`")
}

/// Of a key that comes twice in a patch the first value counts, as in kustomize. Hardly anybody means that.
fn warn_of_twins(patches: &[Draft], source: &str, loader: &Loader<'_>) {
    let twins = patches.iter().filter(|patch| patch.has_twins);
    for (key, first) in twins.filter_map(|patch| find_twin_key(&patch.node)) {
        let (key, line, first) = (&key.text, key.mark.line, first.line);
        loader.warn(format!("{source} has `{key}` in line {line} again: what it says in line {first} counts"));
    }
}

/// The patch's text and the name of its file.
fn text_of(patch: &Patch, inline: &str, loader: &Loader<'_>) -> Result<(String, String), PatchError> {
    match (inline.is_empty(), patch.path.is_empty()) {
        (true, true) => Err(PatchError::PathOrPatch { both: false }),
        (false, false) => Err(PatchError::PathOrPatch { both: true }),
        (false, true) => Ok((inline.to_owned(), INLINE.to_owned())),
        (true, false) => {
            let text = loader.read_opened_text(&patch.path, Purpose::Patch)?;
            Ok((text, loader.shown(&patch.path)))
        }
    }
}

/// What it looks like is what it was meant to be.
fn neither(patch: String, merge: ResourceError, json: ReadError) -> PatchError {
    match (&merge, &json) {
        (ResourceError::NotAMap { found: "a list", .. }, _) => PatchError::NotJson { patch, source: json },
        (_, ReadError::NotAList { found: "a map" }) => PatchError::NotAMerge { patch, source: merge },
        _ => PatchError::Neither { patch, merge, json },
    }
}

fn with_options(mut drafts: Vec<Draft>, options: Option<&PatchOptions>) -> Vec<Draft> {
    let Some(options) = options else { return drafts };
    for draft in &mut drafts {
        draft.allows_name_change |= options.allow_name_change;
        draft.allows_kind_change |= options.allow_kind_change;
        if options.allow_name_change || options.allow_kind_change {
            // The permission is written into the patch's annotations, which makes strings of them all.
            super::annotations::rewrite(draft.metadata_mut(), "annotations");
        }
    }
    drafts
}
