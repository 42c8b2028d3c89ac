//! Whole plans as text.

use super::*;

fn deployment(name: &str, namespace: &str) -> Value {
    manifest("apps/v1", "Deployment", namespace, name, json!({"spec": {"replicas": 1}}))
}

#[test]
fn a_first_apply_goes_in_waves() {
    let mut world = World::empty();
    for (api_version, kind, namespace, name) in [
        ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "", "guard"),
        ("apps/v1", "Deployment", "app", "web"),
        ("v1", "Service", "app", "web"),
        ("v1", "Secret", "app", "db"),
        ("v1", "ServiceAccount", "app", "web"),
        ("rbac.authorization.k8s.io/v1", "Role", "app", "web"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding", "app", "web"),
        ("networking.k8s.io/v1", "Ingress", "app", "web"),
        ("storage.k8s.io/v1", "StorageClass", "", "fast"),
        ("v1", "Namespace", "", "app"),
    ] {
        world = world.want(&manifest(api_version, kind, namespace, name, json!({})));
    }
    let definition = manifest(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "",
        "widgets.x.io",
        json!({"spec": {"group": "x.io", "scope": "Namespaced", "names": {"kind": "Widget"}}}),
    );
    let widget = manifest("x.io/v1", "Widget", "app", "w", json!({}));
    let migrated = manifest("batch/v1", "Job", "app", "migrate", json!({}));
    let mut late = deployment("late", "app");
    late["metadata"]["annotations"][marks::DEPENDS_ON_ANNOTATION] = json!("batch/namespaces/app/Job/migrate");
    world = world.want(&definition).want(&widget).see(&widget, Observed::NotServed).want(&migrated).want(&late);
    world.observation.namespaces.insert("app".into(), NamespaceState::Absent);
    insta::assert_snapshot!(show(&world.plan()));
}

#[test]
fn a_run_with_everything_in_it() {
    let mut world = World::empty()
        .want(&config_map("same", "1"))
        .member(&stored(&config_map("same", "1")))
        .want(&config_map("changed", "2"))
        .member(&stored(&config_map("changed", "1")))
        .want(&config_map("adopted", "1"))
        .live(&made_by("kubectl-client-side-apply", "Update", &config_map("adopted", "1")))
        .want(&deployment("new", "fresh"))
        .policy(|policy| policy.create_namespace = true);
    world.observation.namespaces.insert("fresh".into(), NamespaceState::Absent);
    for (api_version, kind, namespace, name) in [
        ("apps/v1", "Deployment", "old", "web"),
        ("v1", "Service", "old", "web"),
        ("v1", "ConfigMap", "old", "web"),
        ("v1", "PersistentVolumeClaim", "shop", "data"),
        ("v1", "Namespace", "", "old"),
    ] {
        world = world.member(&stored(&manifest(api_version, kind, namespace, name, json!({}))));
    }
    let mut dependent = manifest("v1", "ConfigMap", "old", "dependent", json!({}));
    dependent["metadata"]["annotations"][marks::DEPENDS_ON_ANNOTATION] = json!("apps/namespaces/old/Deployment/web");
    world = world.member(&stored(&dependent)).live(&stored(&config_map("stray", "1")));
    let gone = stored(&config_map("gone", "1"));
    world = world.remember(&gone, entry_of(&gone));
    let old = desired(&namespace("old")).key;
    world.observation.foreign_content.insert(old, Foreign::None);
    insta::assert_snapshot!(show(&world.plan()));
}

#[test]
fn nothing_to_do() {
    let world = World::empty().want(&config_map("same", "1")).member(&stored(&config_map("same", "1")));
    let plan = world.plan();
    assert!(plan.is_noop());
    assert_eq!(plan.counts(), Counts { unchanged: 1, ..Counts::default() });
    assert!(plan.observed(&world.inventory).is_empty());
}
