//! What the embedded tables answer.

use super::*;

fn walk<'s>(schema: &'s Schema, api_version: &str, kind: &str, path: &str) -> Option<Type<'s>> {
    let start = schema.of_kind(api_version, kind);
    path.split('/').filter(|step| !step.is_empty()).fold(start, |at, step| match step {
        "[]" => at?.element(),
        field => at?.field(field),
    })
}

#[test]
fn lists_merge_as_kubernetes_1_21_says() {
    let schema = Schema::builtin();
    let pod = "spec/template/spec/containers";
    for (api_version, kind, path, expected) in [
        ("apps/v1", "Deployment", pod, ListKind::Keyed(vec!["name"])),
        (
            "apps/v1",
            "Deployment",
            "spec/template/spec/containers/[]/ports",
            ListKind::Keyed(vec!["containerPort", "protocol"]),
        ),
        ("apps/v1", "Deployment", "spec/template/spec/containers/[]/args", ListKind::Replaced),
        ("apps/v1", "Deployment", "spec/template/spec/tolerations", ListKind::Replaced),
        (
            "apps/v1",
            "Deployment",
            "spec/template/spec/topologySpreadConstraints",
            ListKind::Keyed(vec!["topologyKey", "whenUnsatisfiable"]),
        ),
        ("apps/v1", "Deployment", "metadata/finalizers", ListKind::Set),
        ("v1", "Service", "spec/ports", ListKind::Keyed(vec!["port", "protocol"])),
        ("batch/v1", "CronJob", "spec/jobTemplate/spec/template/spec/volumes", ListKind::Keyed(vec!["name"])),
    ] {
        let found = walk(&schema, api_version, kind, path).unwrap_or_else(|| panic!("{kind} {path}"));
        assert_eq!(found.list_kind(), expected, "{kind} {path}");
    }
}

#[test]
fn what_is_newer_is_unknown() {
    let schema = Schema::builtin();
    assert!(schema.of_kind("resource.k8s.io/v1", "ResourceClaim").is_none());
    assert!(schema.of_kind("apps/v1", "deployment").is_none());
    assert!(schema.of_kind("", "").is_none());
    assert!(walk(&schema, "apps/v1", "Deployment", "spec/nonsense").is_none());
}

#[test]
fn maps_give_one_type_to_every_field() {
    let schema = Schema::builtin();
    assert!(walk(&schema, "apps/v1", "Deployment", "metadata/labels/anything").is_some());
    assert!(walk(&schema, "apps/v1", "Deployment", "metadata/labels/anything/below").is_none());
}

#[test]
fn scope_is_that_of_kubernetes_1_21() {
    for (group, version, kind, expected) in [
        ("", "v1", "Namespace", Scope::Cluster),
        ("", "v1", "ConfigMap", Scope::Namespaced),
        ("rbac.authorization.k8s.io", "v1", "ClusterRole", Scope::Cluster),
        ("rbac.authorization.k8s.io", "v1", "Role", Scope::Namespaced),
        ("apiextensions.k8s.io", "v1", "CustomResourceDefinition", Scope::Cluster),
        ("example.com", "v1", "Widget", Scope::Unknown),
        ("", "v9", "Namespace", Scope::Unknown),
        ("", "", "", Scope::Unknown),
    ] {
        assert_eq!(Schema::builtin().scope(&Gvk::new(group, version, kind)), expected, "{group}/{version} {kind}");
    }
}

#[test]
fn every_name_in_the_tables_is_found() {
    let schema = Schema::builtin();
    for line in table::KINDS.rows() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [api_version, kind, scope, definition] = columns[..] else { panic!("{line}") };
        let expected = match scope {
            "n" => Scope::Namespaced,
            "c" => Scope::Cluster,
            _ => Scope::Unknown,
        };
        assert_eq!(schema.scope(&Gvk::from_api_version(api_version, kind)), expected, "{line}");
        assert_eq!(schema.of_kind(api_version, kind).is_some(), definition != "-", "{line}");
        assert!(definition == "-" || knowledge::builtin_short(definition).is_some(), "{line}");
    }
    for line in table::DEFINITIONS.rows() {
        let (name, columns) = line.split_once('\t').unwrap();
        assert!(matches!(schema.short(name), Some(Found::Columns(found)) if found == columns), "{name}");
    }
}

const WIDGETS: &str = r##"{"definitions": {
    "com.example.v1.Widget": {
        "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Widget"}],
        "properties": {
            "spec": {"$ref": "#/definitions/com.example.v1.Spec"},
            "circle": {"$ref": "#/definitions/com.example.v1.Circle"},
            "nowhere": {"$ref": "#/definitions/missing"},
            "pod": {"$ref": "#/definitions/io.k8s.api.core.v1.PodSpec"},
            "deep": {"$ref": "#/definitions/com.example.v1.Spec/properties/parts"}}},
    "com.example.v1.Spec": {"properties": {
        "parts": {"type": "array", "items": {"$ref": "#/definitions/com.example.v1.Part"},
            "x-kubernetes-patch-strategy": "merge,retainKeys", "x-kubernetes-patch-merge-key": "id"},
        "pairs": {"type": "array", "items": {}, "x-kubernetes-patch-strategy": "merge",
            "x-kubernetes-patch-merge-key": "a", "x-kubernetes-list-map-keys": ["a", "b"]},
        "words": {"type": ["array"], "items": {"type": "string"}, "x-kubernetes-patch-strategy": "merge"},
        "typed": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"]}}},
    "com.example.v1.Part": {"additionalProperties": {"type": "string"}},
    "com.example.v1.Circle": {"$ref": "#/definitions/com.example.v1.Circle"}},
  "paths": {
    "/apis/example.com/v1/gadgets": {"get": {"x-kubernetes-group-version-kind":
        {"group": "example.com", "version": "v1", "kind": "Gadget"}}},
    "/apis/example.com/v1/namespaces/{namespace}/widgets": {"get": {"x-kubernetes-group-version-kind":
        {"group": "example.com", "version": "v1", "kind": "Widget"}}},
    "/apis/example.com/v1/widgets": {"get": {"x-kubernetes-group-version-kind":
        {"group": "example.com", "version": "v1", "kind": "Widget"}}}}}"##;

fn chosen(text: &str) -> Schema {
    let schema = Schema::of_build();
    schema.choose_custom(text, "schema.json".to_owned());
    schema
}

#[test]
fn lists_of_a_schema_of_ones_own_merge_as_its_extensions_say() {
    let schema = chosen(WIDGETS);
    let kind = |path| walk(&schema, "example.com/v1", "Widget", path).map(Type::list_kind);
    assert_eq!(kind("spec/parts"), Some(ListKind::Keyed(vec!["id"])));
    assert_eq!(kind("deep"), Some(ListKind::Keyed(vec!["id"])));
    assert_eq!(kind("spec/pairs"), Some(ListKind::Keyed(vec!["a", "b"])));
    assert_eq!(kind("spec/words"), Some(ListKind::Set));
    assert_eq!(kind("spec/typed"), Some(ListKind::Replaced));
    assert_eq!(kind("spec/parts/[]/anything"), Some(ListKind::Replaced));
    assert_eq!(kind("nowhere"), None);
    assert_eq!(schema.check(), Ok(()));
    assert_eq!(kind("circle"), None);
    assert!(matches!(schema.check().unwrap_err().problem, SchemaProblem::Circle { .. }));
}

#[test]
fn what_was_read_before_a_schema_was_chosen_stays() {
    let knows = |schema: &Schema| walk(schema, "apps/v1", "Deployment", "spec").is_some();
    let widget = Gvk::new("example.com", "v1", "Widget");
    assert!(!knows(&chosen(WIDGETS)), "alone");
    assert!(walk(&chosen(WIDGETS), "example.com/v1", "Widget", "pod").is_none(), "alone");
    for before in [
        |schema: &Schema| schema.of_kind("apps/v1", "Deployment").is_some(),
        |schema: &Schema| schema.scope(&Gvk::new("example.com", "v1", "Other")) == Scope::Unknown,
    ] {
        let schema = Schema::of_build();
        assert!(before(&schema));
        schema.choose_custom(WIDGETS, "schema.json".to_owned());
        assert!(knows(&schema));
        assert!(walk(&schema, "example.com/v1", "Widget", "pod/containers/[]/ports").is_some());
        assert_eq!(schema.scope(&widget), Scope::Namespaced);
        assert!(schema.is_cluster_scoped(&Gvk::new("example.com", "v1", "Gadget")));
    }
}

#[test]
fn kinds_of_kustomize_are_known_beside_any_schema() {
    let schema = chosen("{}");
    let lists = walk(&schema, "kustomize.config.k8s.io/v1beta1", "Kustomization", "configMapGenerator").unwrap();
    assert_eq!(lists.list_kind(), ListKind::Keyed(vec!["name"]));
}

#[test]
fn a_malformed_schema_counts_only_if_it_is_needed() {
    for text in [
        "",
        "{",
        "[]",
        r#"{"definitions": []}"#,
        r#"{"definitions": {"A": {"description": 1}}}"#,
        r#"{"definitions": {"A": {"minLength": 1.5}}}"#,
        r#"{"definitions": {"A": {}, "A": {}}}"#,
        r#"{"definitions": {"A": {"x-kubernetes-group-version-kind": [{"kind": "A"}]}}}"#,
        "definitions: {A: {type: {}}}",
    ] {
        let schema = chosen(text);
        schema.scope(&Gvk::new("", "v1", "ConfigMap"));
        assert_eq!(schema.check(), Ok(()), "{text}");
        schema.scope(&Gvk::new("example.com", "v1", "Widget"));
        assert!(schema.check().is_err(), "{text}");
    }
    for text in [
        "{}",
        "null",
        "definitions: {A: null}",
        r#"{"definitions": {"A": {"items": true, "additionalProperties": false, "type": null}}, "other": 1}"#,
        r#"{"definitions": {"A": {"x-kubernetes-group-version-kind": {"kind": "A"}}}}"#,
    ] {
        let schema = chosen(text);
        schema.scope(&Gvk::new("example.com", "v1", "Widget"));
        assert_eq!(schema.check(), Ok(()), "{text}");
    }
}

#[test]
fn the_first_choice_counts() {
    let schema = Schema::of_build();
    assert!(schema.choose_version("v1.20.0").is_err());
    schema.choose_version("v1.21.2").unwrap();
    schema.choose_custom(WIDGETS, String::new());
    assert!(schema.of_kind("example.com/v1", "Widget").is_none());
    assert!(schema.of_kind("apps/v1", "Deployment").is_some());
}
