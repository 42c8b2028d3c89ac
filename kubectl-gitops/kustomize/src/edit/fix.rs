//! Old spellings become today's.

use krm::{Mapping, Node};

use super::EditError;
use super::fields::{Fields, key_in, text_in};
use super::generators::{Generator, fold_env};

/// Lists that only changed their name.
const RENAMED: [(&str, &str); 4] = [
    ("bases", "resources"),
    ("imageTags", "images"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
];

pub(super) fn fix(fields: &mut Fields<'_>, patch_files: &[String]) -> Result<(), EditError> {
    let version = fields.get("apiVersion").is_none();
    let component = fields.get("kind").and_then(Node::as_str) == Some("Component");
    strategic_merges(fields, patch_files);
    for (old, new) in RENAMED {
        fields.fold_list(old, new);
    }
    for generator in [Generator::ConfigMap, Generator::Secret] {
        let mut items = fields.items(generator.field());
        items.iter_mut().filter_map(Node::as_map_mut).for_each(fold_env);
        fields.set_items(generator.field(), items);
    }
    helm(fields);
    common_labels(fields)?;
    if version {
        let version = if component { "v1alpha1" } else { "v1beta1" };
        fields.set_text("apiVersion", &format!("kustomize.config.k8s.io/{version}"));
    }
    if fields.get("kind").is_none() {
        fields.set_text("kind", "Kustomization");
    }
    Ok(())
}

/// Names of files and patches themselves become items of the form that `patches` has.
fn strategic_merges(fields: &mut Fields<'_>, files: &[String]) {
    let mut items = fields.items("patchesStrategicMerge");
    for item in &mut items {
        let text = item.as_str().unwrap_or_default().to_owned();
        let field = if files.contains(&text) { "path" } else { "patch" };
        let mut map = Mapping::default();
        let mut value = std::mem::replace(item, Node::null());
        if let Node::Scalar(scalar) = &mut value
            && let Some(extra) = &mut scalar.extra
        {
            let head_comment = std::mem::take(&mut extra.head_comment);
            map.extra.get_or_insert_default().head_comment = head_comment;
        }
        map.set(field, value);
        *item = Node::Map(map);
    }
    fields.set_items("patchesStrategicMerge", items);
}

fn common_labels(fields: &mut Fields<'_>) -> Result<(), EditError> {
    let Some(Node::Map(pairs)) = fields.remove("commonLabels").filter(|value| !value.is_null()) else { return Ok(()) };
    if pairs.is_empty() {
        return Ok(());
    }
    let mut items = fields.items("labels");
    for item in &items {
        let known = item.as_map().and_then(|map| map.get(&key_in(map, "pairs")?)).and_then(Node::as_map);
        if let Some((name, _)) = known.into_iter().flat_map(Mapping::iter).find(|(name, _)| pairs.contains_key(name)) {
            return Err(EditError::TwiceLabelled { name: name.to_owned() });
        }
    }
    let mut item = Mapping::default();
    item.set("includeSelectors", Node::bool(true));
    item.set("pairs", Node::Map(pairs));
    items.push(Node::Map(item));
    fields.set_items("labels", items);
    Ok(())
}

/// `helmChartInflationGenerator` becomes `helmCharts`, its directories `helmGlobals`.
fn helm(fields: &mut Fields<'_>) {
    const NAMES: [(&str, &str); 7] = [
        ("chartName", "name"),
        ("chartVersion", "version"),
        ("chartRepoUrl", "repo"),
        ("values", "valuesFile"),
        ("valuesLocal", "valuesInline"),
        ("valuesMerge", "valuesMerge"),
        ("releaseName", "releaseName"),
    ];
    let old = fields.items("helmChartInflationGenerator");
    fields.remove("helmChartInflationGenerator");
    let last =
        |name: &str| old.iter().map(|item| text_in(item, name)).rfind(|text| !text.is_empty()).map(str::to_owned);
    let globals = [("chartHome", last("chartHome")), ("configHome", last("helmHome"))];
    if fields.get("helmGlobals").is_none() {
        let mut map = Mapping::default();
        for (name, text) in globals {
            if let Some(text) = text {
                map.set(name, Node::string(text));
            }
        }
        fields.set("helmGlobals", Node::Map(map));
    }
    let mut charts = fields.items("helmCharts");
    charts.extend(old.iter().filter_map(Node::as_map).map(|item| {
        let mut chart = Mapping::default();
        for (from, to) in NAMES {
            if let Some(value) = key_in(item, from).and_then(|key| item.get(&key)).filter(|value| !value.is_null()) {
                chart.set(to, value.clone());
            }
        }
        Node::Map(chart)
    }));
    fields.set_items("helmCharts", charts);
}

/// The text with those keys renamed that stand at the same place under another name, and its tree.
pub(super) fn renamed_in_place(text: &str, old: &Node, new: &Node) -> Option<(String, Node)> {
    let (Node::Map(was), Node::Map(will)) = (old, new) else { return None };
    let mut text = text.to_owned();
    let mut tree = was.clone();
    for (from, to) in RENAMED {
        let Some(key) = key_in(was, from) else { continue };
        if will.contains_key(&key) || !will.contains_key(to) || key_in(&tree, to).is_some() {
            continue;
        }
        let start = text.match_indices(&key).find(|(at, _)| {
            let line_start = text[..*at].rfind('\n').map_or(0, |at| at + 1);
            line_start == *at && text[at + key.len()..].starts_with(':')
        })?;
        let range = start.0..start.0 + key.len();
        text.replace_range(range, to);
        tree.entries
            .iter_mut()
            .filter(|entry| entry.key.text == key.as_str())
            .for_each(|entry| entry.key.text = to.into());
    }
    if tree == *was {
        return None;
    }
    let limits = krm::yaml::Limits::default();
    let read = krm::yaml::parse_first_document(&text, "", &limits).ok()?;
    (read == Node::Map(tree)).then_some((text, read))
}
