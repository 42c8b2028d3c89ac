//! What is done once, at the very end, to the whole: hashes into names, present names into references, values into vars, what is for
//! local use only out, order, books closed. Must not be part of the recursion through bases.

use krm::{Mapping, Node, Style, Tag};

use crate::draft::{Conflict, Draft, DraftSet, INTERNAL_ANNOTATIONS};
use crate::error::{BuildError, Place, Problem};
use crate::fieldspec::{Section, Spec};
use crate::kustomization::Kustomization;
use crate::provenance::{ORIGIN, TRANSFORMATIONS};
use crate::reference;
use crate::resources::ResourceError;
use crate::sort;
use crate::target::Accumulated;
use crate::transform::{hashes, labels};
use crate::{Options, resources};

/// Marks what stays out of the output.
const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";
/// Says what tool made an object.
const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "kustomize-v5.8.1");

/// Takes the accumulated drafts of the top to what is printed; gives what is for local use only.
///
/// # Errors
/// A reference is ambiguous, a var has no value, two resources end up with one name, or the wanted order makes no sense.
pub(crate) fn finish(
    all: &mut Accumulated,
    top: &Kustomization,
    options: &Options,
    file: &str,
) -> Result<Vec<Draft>, BuildError> {
    let Accumulated { drafts: set, tables, vars, warnings } = all;
    hashes::append(set).map_err(|error| {
        let place = Place::origin(error.origin());
        BuildError::new(Problem::Transform(error.into()), place)
    })?;
    reference::fix(set, tables.rules()).map_err(|error| {
        let place = Place::origin(&error.origin);
        BuildError::new(error, place)
    })?;
    let resolved = vars.resolve(set, tables.specs(Section::VarReference));
    warnings.extend(resolved.map_err(|failed| BuildError::new(failed.error, failed.place))?);
    let local = drop_local(set)?;
    let order = sort::sort(set, top.sort_options.as_ref(), options.reorder);
    let mark = top.sort_options.as_ref().map(|options| options.mark).unwrap_or_default();
    order.map_err(|error| BuildError::new(error, Place::field(file, "sortOptions", mark)))?;
    let asks_for = |word: &str| top.build_metadata.iter().any(|option| option.text == word);
    if options.managed_by_label || asks_for("managedByLabel") {
        label_as_managed(set)?;
    }
    let provenance = [(ORIGIN, asks_for("originAnnotations")), (TRANSFORMATIONS, asks_for("transformerAnnotations"))];
    let unwanted: Vec<&str> = provenance.into_iter().filter(|(_, asked)| !asked).map(|(key, _)| key).collect();
    set.iter_mut().try_for_each(|draft| close_books(draft, &unwanted))?;
    Ok(local)
}

fn nowhere(problem: impl Into<Problem>) -> BuildError {
    BuildError::new(problem, Place::default())
}

fn label_as_managed(set: &mut DraftSet) -> Result<(), BuildError> {
    let (key, value) = MANAGED_BY;
    let place = Spec::new("", "", "", "metadata/labels", true);
    let labels = [(key.to_owned(), value.to_owned())].into_iter().collect();
    labels::put(set, &labels, &[place]).map_err(nowhere)
}

/// Takes out what is for local use only. What functions made so, their own configurations among it, is of no use to anybody.
fn drop_local(set: &mut DraftSet) -> Result<Vec<Draft>, BuildError> {
    set.retain(|draft| !draft.is_empty());
    for draft in set.iter() {
        resources::validate(&draft.node, &draft.origin)
            .map_err(|error| BuildError::new(error, Place::origin(&draft.origin)))?;
    }
    let local = set.iter().filter(|draft| is_local(draft) && !draft.generated).cloned().collect();
    set.retain(|draft| !is_local(draft));
    set.check_unique().map_err(|conflict: Conflict| nowhere(conflict))?;
    Ok(local)
}

fn is_local(draft: &Draft) -> bool {
    let value = draft.node.at(&["metadata", "annotations", LOCAL_CONFIG]);
    value.is_some_and(|value| value.as_str() != Some("false"))
}

/// Annotations become what kustomize makes of them when it takes its own out: strings all, and none at all if empty.
fn close_books(draft: &mut Draft, unwanted: &[&str]) -> Result<(), BuildError> {
    let Some(root) = draft.node.as_map_mut() else { return Ok(()) };
    let metadata = match root.entry_or_insert_with("metadata", Node::map) {
        Node::Map(metadata) => metadata,
        node if node.is_null() => return Ok(()),
        node => {
            let found = node.kind_name();
            let error = ResourceError::Metadata { origin: draft.origin.clone(), found };
            return Err(BuildError::new(error, Place::origin(&draft.origin)));
        }
    };
    if draft.has_twins {
        join_twins(metadata, 1 + unwanted.len());
    }
    let Some(annotations) = metadata.get_mut("annotations") else { return Ok(()) };
    let Some(map) = annotations.as_map_mut() else {
        metadata.remove("annotations");
        return Ok(());
    };
    let own = |key: &str| INTERNAL_ANNOTATIONS.contains(&key) || unwanted.contains(&key);
    map.entries.retain(|entry| !own(&entry.key.text));
    if map.is_empty() {
        metadata.remove("annotations");
    } else {
        strings_only(map);
    }
    Ok(())
}

/// kustomize writes annotations anew each time it takes some out. Of a key that is there twice the last value counts then; and
/// where there are two maps of annotations, the first goes into the second.
fn join_twins(metadata: &mut Mapping, times: usize) {
    for _ in 0..times {
        let Some(Node::Map(first)) = metadata.get_mut("annotations") else { return };
        let mut texts = Mapping::default();
        for entry in std::mem::take(&mut first.entries) {
            texts.set(entry.key.text, entry.value);
        }
        if texts.is_empty() {
            return;
        }
        let twins = metadata.entries.iter().filter(|entry| entry.key.text == "annotations").count();
        if twins > 1 {
            metadata.remove("annotations");
        }
        if let Some(Node::Map(second)) = metadata.get_mut("annotations") {
            texts.entries.into_iter().for_each(|entry| drop(second.set(entry.key.text, entry.value)));
        }
    }
}

/// Annotations as kustomize writes them: every value is a text.
pub(crate) fn strings_only(map: &mut Mapping) {
    for entry in &mut map.entries {
        // Written anew, a key loses its quotes.
        entry.key.tag = Tag::Unset;
        entry.key.style = Style::Plain;
        let text = match &entry.value {
            Node::Scalar(scalar) if scalar.tag == Tag::Str => continue,
            Node::Scalar(scalar) => scalar.text.clone(),
            Node::Seq(_) | Node::Map(_) => krm::Text::default(),
        };
        entry.value = Node::string(text);
    }
}
