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
fn every_name_in_the_tables_is_found() {
    let schema = Schema::builtin();
    for line in KINDS.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [api_version, kind, scope, definition] = columns[..] else { panic!("{line}") };
        let expected = match scope {
            "n" => Scope::Namespaced,
            "c" => Scope::Cluster,
            _ => Scope::Unknown,
        };
        assert_eq!(schema.scope(api_version, kind), expected, "{line}");
        assert_eq!(schema.of_kind(api_version, kind).is_some(), definition != "-", "{line}");
        assert!(definition == "-" || schema.definition(definition).is_some(), "{line}");
    }
    for line in DEFINITIONS.lines().filter(|line| !line.starts_with('#')) {
        let (name, columns) = line.split_once('\t').unwrap();
        assert_eq!(schema.definition(name), Some(columns));
    }
}
