//! The Kustomization and the Component as written in their files: every field of kustomize 5.8. Owns names and shapes; must
//! not know what a field does.

use std::collections::BTreeMap;

use super::decode::{Located, record};
use super::generators::{GeneratorArgs, GeneratorOptions, SecretArgs};
use super::helm::{HelmChart, HelmChartArgs, HelmGlobals};

record! {
    /// A Kustomization or a Component.
    Kustomization {
        /// `kind`: Kustomization (also if absent) or Component.
        kind: String = "kind",
        /// `apiVersion`
        api_version: String = "apiVersion",
        /// `metadata`: only its name and annotations are of use, to those who embed the engine.
        metadata: Option<ObjectMeta> = "metadata",
        /// `openapi`: `path` or `version` of a schema.
        openapi: BTreeMap<String, String> = "openapi",
        /// `namePrefix`
        name_prefix: String = "namePrefix",
        /// `nameSuffix`
        name_suffix: String = "nameSuffix",
        /// `namespace`
        namespace: String = "namespace",
        /// `commonLabels` (deprecated: `labels` with `includeSelectors`)
        common_labels: BTreeMap<String, String> = "commonLabels",
        /// `labels`
        labels: Vec<LabelPairs> = "labels",
        /// `commonAnnotations`
        common_annotations: BTreeMap<String, String> = "commonAnnotations",
        /// `patchesStrategicMerge` (deprecated: `patches`): file names or patches themselves
        patches_strategic_merge: Vec<Located> = "patchesStrategicMerge",
        /// `patchesJson6902` (deprecated: `patches`)
        patches_json6902: Vec<Patch> = "patchesJson6902",
        /// `patches`
        patches: Vec<Patch> = "patches",
        /// `images`
        images: Vec<Image> = "images",
        /// `imageTags` (deprecated: `images`)
        image_tags: Vec<Image> = "imageTags",
        /// `replacements`
        replacements: Vec<Replacement> = "replacements",
        /// `replicas`
        replicas: Vec<Replica> = "replicas",
        /// `vars` (deprecated: `replacements`)
        vars: Vec<Var> = "vars",
        /// `sortOptions`
        sort_options: Option<SortOptions> = "sortOptions",
        /// `resources`: files, directories, URLs
        resources: Vec<Located> = "resources",
        /// `components`: directories, URLs
        components: Vec<Located> = "components",
        /// `crds`: files of OpenAPI definitions
        crds: Vec<Located> = "crds",
        /// `bases` (deprecated: `resources`)
        bases: Vec<Located> = "bases",
        /// `configMapGenerator`
        config_map_generator: Vec<GeneratorArgs> = "configMapGenerator",
        /// `secretGenerator`
        secret_generator: Vec<SecretArgs> = "secretGenerator",
        /// `helmGlobals`
        helm_globals: Option<HelmGlobals> = "helmGlobals",
        /// `helmCharts`
        helm_charts: Vec<HelmChart> = "helmCharts",
        /// `helmChartInflationGenerator` (deprecated: `helmCharts`)
        helm_chart_inflation_generator: Vec<HelmChartArgs> = "helmChartInflationGenerator",
        /// `generatorOptions`
        generator_options: Option<GeneratorOptions> = "generatorOptions",
        /// `configurations`: files of field specifications
        configurations: Vec<Located> = "configurations",
        /// `generators`: files, directories or objects
        generators: Vec<Located> = "generators",
        /// `transformers`: files, directories or objects
        transformers: Vec<Located> = "transformers",
        /// `validators`: files, directories or objects
        validators: Vec<Located> = "validators",
        /// `buildMetadata`
        build_metadata: Vec<Located> = "buildMetadata",
    }
}

record! {
    /// Metadata of a kustomization, or of a transformer's configuration.
    ObjectMeta {
        /// `name`
        name: String = "name",
        /// `namespace`
        namespace: String = "namespace",
        /// `labels`
        labels: BTreeMap<String, String> = "labels",
        /// `annotations`
        annotations: BTreeMap<String, String> = "annotations",
    }
}

record! {
    /// Which field of which kinds a transformer changes. Empty group, version or kind match anything.
    FieldSpec {
        /// `group`
        group: String = "group" [embedded],
        /// `version`
        version: String = "version" [embedded],
        /// `kind`
        kind: String = "kind" [embedded],
        /// `path`: names joined by `/`, a literal slash written `\/`
        path: String = "path",
        /// `create`: make the fields of the path that are missing
        create: bool = "create",
    }
}

record! {
    /// One item of `labels`.
    LabelPairs {
        /// `pairs`
        pairs: BTreeMap<String, String> = "pairs",
        /// `includeSelectors`
        include_selectors: bool = "includeSelectors",
        /// `includeTemplates`
        include_templates: bool = "includeTemplates",
        /// `fields`: further places for the labels
        fields: Vec<FieldSpec> = "fields",
    }
}

record! {
    /// One item of `patches` or `patchesJson6902`: a strategic merge or a JSON patch.
    Patch {
        /// `path`: the file that holds the patch
        path: Located = "path",
        /// `patch`: the patch itself
        patch: Located = "patch",
        /// `target`: what it applies to
        target: Option<Selector> = "target",
        /// `options`
        options: Option<PatchOptions> = "options",
    }
}

record! {
    /// `options` of a patch.
    PatchOptions {
        /// `allowNameChange`
        allow_name_change: bool = "allowNameChange",
        /// `allowKindChange`
        allow_kind_change: bool = "allowKindChange",
    }
}

record! {
    /// Which resources something applies to. Where it is a pattern (patches, replacement targets), the fields are regular
    /// expressions anchored at both ends; empty ones match anything.
    Selector {
        /// `group`
        group: String = "group" [embedded],
        /// `version`
        version: String = "version" [embedded],
        /// `kind`
        kind: String = "kind" [embedded],
        /// `name`
        name: String = "name" [embedded],
        /// `namespace`
        namespace: String = "namespace" [embedded],
        /// `annotationSelector`
        annotation_selector: String = "annotationSelector",
        /// `labelSelector`
        label_selector: String = "labelSelector",
    }
}

record! {
    /// One item of `images`.
    Image {
        /// `name`: the image to change, without tag
        name: String = "name",
        /// `newName`
        new_name: String = "newName",
        /// `tagSuffix`
        tag_suffix: String = "tagSuffix",
        /// `newTag`
        new_tag: String = "newTag",
        /// `digest`
        digest: String = "digest",
    }
}

record! {
    /// One item of `replicas`.
    Replica {
        /// `name`
        name: String = "name",
        /// `count`
        count: i64 = "count",
    }
}

record! {
    /// One item of `replacements`.
    Replacement {
        /// `source`
        source: Option<SourceSelector> = "source" [embedded],
        /// `targets`; an empty list may be something else than none
        targets: Option<Vec<TargetSelector>> = "targets" [embedded],
        /// `sourceValue`
        source_value: Option<String> = "sourceValue" [embedded],
        /// `path`: the file that holds the replacement, instead of the fields
        path: Located = "path",
    }
}

record! {
    /// A replacement in a file of its own.
    ReplacementFile {
        /// `source`
        source: Option<SourceSelector> = "source",
        /// `targets`; an empty list is not none
        targets: Option<Vec<TargetSelector>> = "targets",
        /// `sourceValue`
        source_value: Option<String> = "sourceValue",
    }
}

impl From<ReplacementFile> for Replacement {
    fn from(file: ReplacementFile) -> Self {
        let ReplacementFile { source, targets, source_value, mark } = file;
        Self { source, targets, source_value, mark, ..Self::default() }
    }
}

record! {
    /// Where a replacement reads.
    SourceSelector {
        /// `group`
        group: String = "group" [embedded],
        /// `version`
        version: String = "version" [embedded],
        /// `kind`
        kind: String = "kind" [embedded],
        /// `name`
        name: String = "name" [embedded],
        /// `namespace`
        namespace: String = "namespace" [embedded],
        /// `fieldPath`; `metadata.name` if empty
        field_path: String = "fieldPath",
        /// `options`
        options: Option<FieldOptions> = "options",
    }
}

record! {
    /// Where a replacement writes.
    TargetSelector {
        /// `select`
        select: Option<Selector> = "select",
        /// `reject`; an item may be missing
        reject: Vec<Option<Selector>> = "reject",
        /// `fieldPaths`
        field_paths: Vec<Located> = "fieldPaths",
        /// `options`
        options: Option<FieldOptions> = "options",
    }
}

record! {
    /// How a replacement reads from or writes into a field.
    FieldOptions {
        /// `delimiter`
        delimiter: String = "delimiter",
        /// `index`
        index: i64 = "index",
        /// `encoding`
        encoding: String = "encoding",
        /// `create`
        create: bool = "create",
    }
}

record! {
    /// One item of `vars`.
    Var {
        /// `name`
        name: String = "name",
        /// `objref`
        objref: ObjectReference = "objref",
        /// `fieldref`
        fieldref: FieldReference = "fieldref",
    }
}

record! {
    /// The object a var reads from.
    ObjectReference {
        /// `apiVersion`, which wins over group and version
        api_version: String = "apiVersion",
        /// `group`
        group: String = "group",
        /// `version`
        version: String = "version",
        /// `kind`
        kind: String = "kind",
        /// `name`
        name: String = "name",
        /// `namespace`
        namespace: String = "namespace",
    }
}

record! {
    /// The field a var reads.
    FieldReference {
        /// `fieldPath`; `metadata.name` if empty
        field_path: String = "fieldPath",
    }
}

record! {
    /// `sortOptions`
    SortOptions {
        /// `order`: `legacy` or `fifo`
        order: String = "order",
        /// `legacySortOptions`
        legacy_sort_options: Option<LegacySortOptions> = "legacySortOptions",
    }
}

record! {
    /// `legacySortOptions`
    LegacySortOptions {
        /// `orderFirst`: kinds
        order_first: Vec<String> = "orderFirst",
        /// `orderLast`: kinds
        order_last: Vec<String> = "orderLast",
    }
}
