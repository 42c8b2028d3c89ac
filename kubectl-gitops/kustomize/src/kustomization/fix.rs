//! Old spellings become today's, and the missing `kind` and `apiVersion` are filled in. Owns what is deprecated.

use krm::{Mapping, Node};

use super::{HelmChart, HelmChartArgs, HelmGlobals, Kustomization};

/// Deprecated fields and what took their place.
const DEPRECATED: [(&str, &str); 6] = [
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("imageTags", "images"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
    ("vars", "replacements"),
];

/// One warning for each deprecated field that is set.
pub(super) fn deprecations(root: &Node, file: &str) -> Vec<String> {
    let is_set = |field: &str| fields(root).any(|(key, value)| key.eq_ignore_ascii_case(field) && !value.is_null());
    let set = DEPRECATED.iter().filter(|(field, _)| is_set(field));
    set.map(|(field, instead)| format!("{file}: `{field}` is deprecated, use `{instead}`")).collect()
}

/// Is nothing set besides `kind` and `apiVersion`? Lists and maps count even if nothing is in them, except those old ones that
/// are folded away.
pub(super) fn is_empty(root: &Node) -> bool {
    let folded =
        |key: &str| ["bases", "imageTags", "helmChartInflationGenerator"].iter().any(|f| key.eq_ignore_ascii_case(f));
    fields(root).all(|(key, value)| {
        if key.eq_ignore_ascii_case("kind") || key.eq_ignore_ascii_case("apiVersion") {
            return true;
        }
        match value {
            Node::Scalar(scalar) => scalar.is_null() || scalar.text.is_empty(),
            Node::Seq(seq) => folded(key) && seq.items.is_empty(),
            Node::Map(_) => false,
        }
    })
}

fn fields(root: &Node) -> impl Iterator<Item = (&str, &Node)> {
    root.as_map().into_iter().flat_map(Mapping::iter)
}

/// Folds old spellings into today's.
pub(crate) fn fold(k: &mut Kustomization) {
    if k.kind.is_empty() {
        "Kustomization".clone_into(&mut k.kind);
    }
    if k.api_version.is_empty() {
        let version = if k.kind == "Component" { "v1alpha1" } else { "v1beta1" };
        k.api_version = format!("kustomize.config.k8s.io/{version}");
    }
    k.resources.append(&mut k.bases);
    k.images.append(&mut k.image_tags);
    for args in &mut k.config_map_generator {
        if !args.env.is_empty() {
            args.envs.push(std::mem::take(&mut args.env));
        }
    }
    for args in &mut k.secret_generator {
        if !args.env.is_empty() {
            args.envs.push(std::mem::take(&mut args.env));
        }
    }
    fold_helm(k);
}

fn fold_helm(k: &mut Kustomization) {
    let old = std::mem::take(&mut k.helm_chart_inflation_generator);
    let last = |field: fn(&HelmChartArgs) -> &String| {
        old.iter().map(field).rfind(|text| !text.is_empty()).cloned().unwrap_or_default()
    };
    let (chart_home, config_home) = (last(|a| &a.chart_home), last(|a| &a.helm_home));
    if k.helm_globals.is_none() && !(chart_home.is_empty() && config_home.is_empty()) {
        k.helm_globals = Some(HelmGlobals { chart_home, config_home, ..HelmGlobals::default() });
    }
    k.helm_charts.extend(old.into_iter().map(|args| HelmChart {
        name: args.chart_name,
        version: args.chart_version,
        repo: args.chart_repo_url,
        values_file: args.values,
        values_inline: args.values_local,
        values_merge: args.values_merge,
        release_name: args.release_name,
        mark: args.mark,
        ..HelmChart::default()
    }));
}
