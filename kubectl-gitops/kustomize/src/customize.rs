//! The transformers of one kustomization, in order. Owns that order and which fields they change; must not know how any of
//! them works.
//!
//! Everything is read before anything is changed, so that a missing patch file is reported before a patch that does not apply.

use std::sync::OnceLock;

use krm::Mark;

use crate::draft::DraftSet;
use crate::fieldspec::{Section, Spec, defaults};
use crate::kustomization::Kustomization;
use crate::load::Loader;
use crate::schema::Schema;
use crate::transform::TransformError;
use crate::transform::namespace::{self, Namespace, Subjects};
use crate::transform::patches::{Loaded, PatchError};
use crate::transform::{annotations, images, labels, prefix_suffix, replicas};

/// What transformers know besides their configuration: the types of kinds.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    schema: Schema,
}

/// The specifications of a transformer, read when first asked for.
fn specs_of(section: Section) -> &'static [Spec] {
    static DEFAULTS: [OnceLock<Vec<Spec>>; Section::COUNT] = [const { OnceLock::new() }; Section::COUNT];
    DEFAULTS[section as usize].get_or_init(|| defaults(section))
}

/// A transformer cannot do what it is told, and where it was told.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: TransformError,
    pub(crate) field: String,
    pub(crate) mark: Mark,
}

impl Failed {
    fn at(error: impl Into<TransformError>, field: impl Into<String>, mark: Mark) -> Self {
        Self { error: error.into(), field: field.into(), mark }
    }
}

/// Runs them over `drafts`.
pub(crate) fn run(
    drafts: &mut DraftSet,
    k: &Kustomization,
    tables: &Tables,
    loader: &Loader<'_>,
) -> Result<(), Failed> {
    let patches = Patches::read(k, loader)?;
    patches.apply_merges(drafts, tables)?;
    patches.apply_patches(drafts, tables)?;
    set_namespace(drafts, k, tables)?;
    rename(drafts, k)?;
    put_labels(drafts, k)?;
    annotations::put(drafts, &k.common_annotations, specs_of(Section::CommonAnnotations))
        .map_err(|error| Failed::at(error, "commonAnnotations", k.mark))?;
    patches.apply_json(drafts, tables)?;
    for (index, replica) in k.replicas.iter().enumerate() {
        replicas::set(drafts, replica, specs_of(Section::Replicas))
            .map_err(|error| Failed::at(error, format!("replicas[{index}]"), replica.mark))?;
    }
    for (index, image) in k.images.iter().enumerate() {
        images::set(drafts, image, specs_of(Section::Images))
            .map_err(|error| Failed::at(error, format!("images[{index}]"), image.mark))?;
    }
    Ok(())
}

fn set_namespace(drafts: &mut DraftSet, k: &Kustomization, tables: &Tables) -> Result<(), Failed> {
    let namespace = Namespace {
        name: &k.namespace,
        specs: specs_of(Section::Namespace),
        unset_only: false,
        subjects: Subjects::DefaultOnly,
    };
    namespace::set(drafts, namespace, &tables.schema).map_err(|error| Failed::at(error, "namespace", k.mark))
}

fn rename(drafts: &mut DraftSet, k: &Kustomization) -> Result<(), Failed> {
    if !k.name_prefix.is_empty() {
        prefix_suffix::prefix(drafts, &k.name_prefix, specs_of(Section::NamePrefix))
            .map_err(|error| Failed::at(error, "namePrefix", k.mark))?;
    }
    if !k.name_suffix.is_empty() {
        prefix_suffix::suffix(drafts, &k.name_suffix, specs_of(Section::NameSuffix))
            .map_err(|error| Failed::at(error, "nameSuffix", k.mark))?;
    }
    Ok(())
}

fn put_labels(drafts: &mut DraftSet, k: &Kustomization) -> Result<(), Failed> {
    let places = labels::Tables {
        labels: &[],
        common_labels: specs_of(Section::CommonLabels),
        template_labels: specs_of(Section::TemplateLabels),
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
    fn read(k: &Kustomization, loader: &Loader<'_>) -> Result<Self, Failed> {
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
        self.merges.iter().try_for_each(|named| named.done(named.patch.apply_merge(drafts, &tables.schema)))?;
        drafts.drop_deleted();
        Ok(())
    }

    fn apply_patches(&self, drafts: &mut DraftSet, tables: &Tables) -> Result<(), Failed> {
        for named in &self.either {
            named.done(named.patch.apply(drafts, &tables.schema))?;
            drafts.drop_deleted();
        }
        Ok(())
    }

    fn apply_json(&self, drafts: &mut DraftSet, tables: &Tables) -> Result<(), Failed> {
        for named in &self.json {
            named.done(named.patch.apply(drafts, &tables.schema))?;
            drafts.drop_deleted();
        }
        Ok(())
    }
}

impl Named {
    fn done(&self, result: Result<(), TransformError>) -> Result<(), Failed> {
        result.map_err(|error| Failed::at(error, self.field.clone(), self.mark))
    }
}
