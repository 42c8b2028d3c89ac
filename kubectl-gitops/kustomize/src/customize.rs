//! The transformers of one kustomization, in order. Owns that order and which fields they change; must not know how any of
//! them works.
//!
//! Everything is read before anything is changed, so that a missing patch file is reported before a patch that does not apply.

use krm::Mark;

use crate::draft::DraftSet;
use crate::fieldspec::Section;
use crate::kustomization::Kustomization;
use crate::load::Loader;
use crate::provenance::ProvenanceError;
use crate::replacement::{self, Replacement, Written};
use crate::tables::Tables;
use crate::transform::TransformError;
use crate::transform::namespace::{self, Namespace, Subjects};
use crate::transform::patches::{Loaded, PatchError};
use crate::transform::{annotations, images, labels, prefix_suffix, replicas};

/// A transformer cannot do what it is told, and where it was told.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: TransformError,
    /// The file, if it is not the kustomization's.
    pub(crate) file: Option<String>,
    pub(crate) field: String,
    pub(crate) mark: Mark,
}

impl Failed {
    fn at(error: impl Into<TransformError>, field: impl Into<String>, mark: Mark) -> Self {
        Self { error: error.into(), file: None, field: field.into(), mark }
    }
}

impl From<replacement::Failed> for Failed {
    fn from(failed: replacement::Failed) -> Self {
        let replacement::Failed { error, file, field, mark } = failed;
        Self { error: error.into(), file, field, mark }
    }
}

/// Notes that the drafts went through a transformer of this kind.
pub(crate) type Note<'a> = &'a dyn Fn(&mut DraftSet, &str) -> Result<(), ProvenanceError>;

/// What transformers have in files of their own.
pub(crate) struct FromFiles {
    patches: Patches,
    replacements: Vec<Replacement>,
}

impl FromFiles {
    /// Reads it all.
    pub(crate) fn read(k: &Kustomization, loader: &Loader<'_>) -> Result<Self, Failed> {
        let patches = Patches::read(k, loader)?;
        Ok(Self { patches, replacements: replacement::read(&k.replacements, Written::InKustomization, loader)? })
    }
}

/// Runs them over `drafts`.
pub(crate) fn run(
    drafts: &mut DraftSet,
    k: &Kustomization,
    tables: &Tables,
    files: &FromFiles,
    note: Note<'_>,
) -> Result<(), Failed> {
    let done = |drafts: &mut DraftSet, kind: &str, count: usize| {
        (0..count).try_for_each(|_| note(drafts, kind)).map_err(|error| Failed::at(error, "", k.mark))
    };
    let once = |empty: bool| usize::from(!empty);
    let FromFiles { patches, replacements } = files;
    patches.apply_merges(drafts, tables)?;
    done(drafts, "PatchStrategicMergeTransformer", once(k.patches_strategic_merge.is_empty()))?;
    apply_all(&patches.either, drafts, tables, &|drafts| done(drafts, "PatchTransformer", 1))?;
    set_namespace(drafts, k, tables)?;
    done(drafts, "NamespaceTransformer", once(k.namespace.is_empty()))?;
    rename(drafts, k, tables)?;
    done(drafts, "PrefixTransformer", once(k.name_prefix.is_empty()))?;
    done(drafts, "SuffixTransformer", once(k.name_suffix.is_empty()))?;
    put_labels(drafts, k, tables)?;
    // Where there are labels of any sort there is a transformer for the common ones, too.
    let labels = once(k.labels.is_empty() && k.common_labels.is_empty());
    done(drafts, "LabelTransformer", k.labels.len() + labels)?;
    annotations::put(drafts, &k.common_annotations, tables.specs(Section::CommonAnnotations))
        .map_err(|error| Failed::at(error, "commonAnnotations", k.mark))?;
    done(drafts, "AnnotationsTransformer", once(k.common_annotations.is_empty()))?;
    apply_all(&patches.json, drafts, tables, &|drafts| done(drafts, "PatchJson6902Transformer", 1))?;
    for (index, replica) in k.replicas.iter().enumerate() {
        replicas::set(drafts, replica, tables.specs(Section::Replicas))
            .map_err(|error| Failed::at(error, format!("replicas[{index}]"), replica.mark))?;
    }
    done(drafts, "ReplicaCountTransformer", k.replicas.len())?;
    for (index, image) in k.images.iter().enumerate() {
        images::set(drafts, image, tables.specs(Section::Images))
            .map_err(|error| Failed::at(error, format!("images[{index}]"), image.mark))?;
    }
    done(drafts, "ImageTagTransformer", k.images.len())?;
    replacement::run(drafts, replacements)?;
    done(drafts, "ReplacementTransformer", once(k.replacements.is_empty()))
}

fn set_namespace(drafts: &mut DraftSet, k: &Kustomization, tables: &Tables) -> Result<(), Failed> {
    let namespace = Namespace {
        name: &k.namespace,
        specs: tables.specs(Section::Namespace),
        unset_only: false,
        subjects: Subjects::DefaultOnly,
    };
    namespace::set(drafts, namespace, tables.schema()).map_err(|error| Failed::at(error, "namespace", k.mark))
}

fn rename(drafts: &mut DraftSet, k: &Kustomization, tables: &Tables) -> Result<(), Failed> {
    if !k.name_prefix.is_empty() {
        prefix_suffix::prefix(drafts, &k.name_prefix, tables.specs(Section::NamePrefix))
            .map_err(|error| Failed::at(error, "namePrefix", k.mark))?;
    }
    if !k.name_suffix.is_empty() {
        prefix_suffix::suffix(drafts, &k.name_suffix, tables.specs(Section::NameSuffix))
            .map_err(|error| Failed::at(error, "nameSuffix", k.mark))?;
    }
    Ok(())
}

fn put_labels(drafts: &mut DraftSet, k: &Kustomization, tables: &Tables) -> Result<(), Failed> {
    let places = labels::Tables {
        labels: tables.specs(Section::Labels),
        common_labels: tables.specs(Section::CommonLabels),
        template_labels: tables.specs(Section::TemplateLabels),
    };
    for (index, item) in k.labels.iter().enumerate() {
        let failed = |error| Failed::at(error, format!("labels[{index}]"), item.mark);
        let specs = labels::places(item, places).map_err(failed)?;
        labels::put(drafts, &item.pairs, &specs).map_err(failed)?;
    }
    labels::put(drafts, &k.common_labels, places.common_labels)
        .map_err(|error| Failed::at(error, "commonLabels", k.mark))
}

/// A patch and where the kustomization names it.
struct Named {
    patch: Loaded,
    field: String,
    mark: Mark,
}

/// The patches of a kustomization, read.
struct Patches {
    merges: Vec<Named>,
    either: Vec<Named>,
    json: Vec<Named>,
}

impl Patches {
    pub(crate) fn read(k: &Kustomization, loader: &Loader<'_>) -> Result<Self, Failed> {
        let named = |patch, field: String, mark| Named { patch, field, mark };
        let mut merges = Vec::new();
        for (index, text) in k.patches_strategic_merge.iter().enumerate() {
            let field = format!("patchesStrategicMerge[{index}]");
            let read = Loaded::read_merge(text, loader).map_err(|error| Failed::at(error, field.clone(), text.mark))?;
            merges.extend(read.into_iter().map(|patch| named(patch, field.clone(), text.mark)));
        }
        if merges.is_empty() && !k.patches_strategic_merge.is_empty() {
            let error = PatchError::Empty { patch: "the list".to_owned() };
            return Err(Failed::at(error, "patchesStrategicMerge", k.mark));
        }
        let mut either = Vec::with_capacity(k.patches.len());
        for (index, patch) in k.patches.iter().enumerate() {
            let field = format!("patches[{index}]");
            let read = Loaded::read(patch, loader).map_err(|error| Failed::at(error, field.clone(), patch.mark))?;
            either.push(named(read, field, patch.mark));
        }
        let mut json = Vec::with_capacity(k.patches_json6902.len());
        for (index, patch) in k.patches_json6902.iter().enumerate() {
            let field = format!("patchesJson6902[{index}]");
            let read =
                Loaded::read_json(patch, loader).map_err(|error| Failed::at(error, field.clone(), patch.mark))?;
            json.push(named(read, field, patch.mark));
        }
        Ok(Self { merges, either, json })
    }

    fn apply_merges(&self, drafts: &mut DraftSet, tables: &Tables) -> Result<(), Failed> {
        self.merges.iter().try_for_each(|named| named.done(named.patch.apply_merge(drafts, tables.schema())))?;
        drafts.drop_deleted();
        Ok(())
    }
}

fn apply_all(
    patches: &[Named],
    drafts: &mut DraftSet,
    tables: &Tables,
    done: &dyn Fn(&mut DraftSet) -> Result<(), Failed>,
) -> Result<(), Failed> {
    for named in patches {
        named.done(named.patch.apply(drafts, tables.schema()))?;
        done(drafts)?;
        drafts.drop_deleted();
    }
    Ok(())
}

impl Named {
    fn done(&self, result: Result<(), TransformError>) -> Result<(), Failed> {
        result.map_err(|error| Failed::at(error, self.field.clone(), self.mark))
    }
}
