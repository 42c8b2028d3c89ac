//! Objects that left the set, and the guards that keep them.

use super::*;

fn edited(object: &Value, edit: impl FnOnce(&mut Value)) -> Value {
    let mut object = object.clone();
    edit(&mut object);
    object
}

/// A set in which something else stays desired and unchanged.
fn set() -> World {
    World::empty().want(&config_map("stays", "1")).member(&stored(&config_map("stays", "1")))
}

#[test]
fn only_what_is_ours_is_deleted() {
    let live = stored(&config_map("gone", "1"));
    let other_uid = Entry { uid: Some("old".into()), ..entry_of(&live) };
    let intent = Entry { uid: None, state: State::Intent, desired_hash: None, live_digest: None, ..entry_of(&live) };
    let foreign = edited(&live, |o| o["metadata"]["annotations"][marks::OWNER_ANNOTATION] = json!(OTHER.to_string()));
    let wiped = edited(&live, |o| o["metadata"]["managedFields"] = json!([]));
    let child = edited(&live, |o| {
        o["metadata"]["ownerReferences"] = json!([{"kind": "X", "name": "y", "controller": true}]);
    });
    let addon = edited(&live, |o| {
        o["metadata"]["annotations"]["objectset.rio.cattle.io/owner-gvk"] = json!("k3s.cattle.io/v1, Kind=Addon");
    });
    for (name, world, expected) in [
        ("ours", set().member(&live), "prune: is no longer in the set"),
        (
            "created by an interrupted run",
            set().remember(&live, intent.clone()).live(&live),
            "prune: is no longer in the set",
        ),
        (
            "recreated by an interrupted run of ours",
            set().remember(&live, other_uid.clone()).live(&live),
            "prune: is no longer in the set",
        ),
        (
            "restored by others with our annotation",
            set().remember(&live, other_uid).live(&wiped),
            "forget: another object has its name now",
        ),
        ("never created", set().remember(&live, intent), "forget: is already gone"),
        ("already gone", set().remember(&live, entry_of(&live)), "forget: is already gone"),
        (
            "moved to another set",
            set().remember(&live, entry_of(&live)).live(&foreign),
            "forget: belongs to inventory cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd now",
        ),
        (
            "annotation removed by hand",
            set().remember(&live, entry_of(&live)).live(&edited(&live, unmark)),
            "forget: no longer carries our owner annotation",
        ),
        ("adopted by a controller", set().member(&child), "forget: is controlled by X/y"),
        ("a K3s addon", set().member(&addon), "forget: belongs to K3s addon unknown now"),
        (
            "unreadable",
            set().remember(&live, entry_of(&live)).see(&live, Observed::Unreadable { reason: "forbidden".into() }),
            "keep: could not be read: forbidden",
        ),
        (
            "kind not served now",
            set().remember(&live, entry_of(&live)).see(&live, Observed::NotServed),
            "keep: its kind is not served now",
        ),
        (
            "on its way out",
            set().member(&edited(&live, |o| o["metadata"]["deletionTimestamp"] = json!("now"))),
            "prune terminating: is no longer in the set",
        ),
        ("pruning off", set().member(&live).policy(|p| p.prune = false), "keep: pruning is off"),
        (
            "an inventory",
            set().member(&edited(&live, |o| o["metadata"]["labels"][marks::ROOT_LABEL] = json!("true"))),
            "keep: is an inventory",
        ),
    ] {
        assert_eq!(world.on("gone"), expected.replace("inventory cdcd", "cdcd"), "{name}");
    }
}

#[test]
fn a_rebuilt_inventory_deletes_nothing() {
    let mut world = set().member(&stored(&config_map("gone", "1")));
    world.inventory.rebuilt = true;
    assert_eq!(world.on("gone"), "keep: the inventory was rebuilt in this run");
}

#[test]
fn a_kind_that_is_gone_took_its_objects_along() {
    let widget = stored(&manifest("x.io/v1", "Widget", "shop", "w", json!({})));
    let mut world = set().remember(&widget, entry_of(&widget)).see(&widget, Observed::NotServed);
    world.observation.kinds_gone.insert(krm::GroupKind::new("x.io", "Widget"));
    assert_eq!(world.on("w"), "forget: its kind is gone");
}

#[test]
fn a_zombies_creation_does_not_leak() {
    let live = stored(&config_map("stray", "1"));
    let world = set().live(&live);
    let plan = world.plan();
    assert_eq!(world.on("stray"), "prune: was left by an interrupted run");
    assert_eq!(plan.strays.len(), 1);
    assert!(!plan.is_noop());
    let claim = plan.claim();
    assert_eq!((claim.prunes.len(), claim.prunes[0].uid.as_str()), (1, "uid-stray"));
    let kept = set().live(&live).policy(|policy| policy.prune = false).plan();
    assert_eq!((kept.claim().keeps.len(), kept.claim().prunes.len(), kept.strays.len()), (1, 0, 1));
    let copied = edited(&live, |o| o["metadata"]["managedFields"][0]["manager"] = json!("velero"));
    assert!(set().live(&copied).plan().strays.is_empty(), "an annotation alone can be copied");
}

#[test]
fn annotations_keep_and_detach() {
    let with = |value: &str| {
        edited(&stored(&config_map("gone", "1")), |o| {
            o["metadata"]["annotations"][marks::PRUNE_ANNOTATION] = json!(value);
        })
    };
    let key = "kubectl-gitops.dev/prune";
    assert_eq!(set().member(&with("disabled")).on("gone"), format!("keep: `{key}` keeps it"));
    assert_eq!(set().member(&with("detach")).on("gone"), format!("detach: `{key}` hands it over"));
    let deleting = World::empty().member(&with("disabled")).policy(|policy| policy.delete_all = true);
    assert_eq!(deleting.only(), format!("detach: `{key}` hands it over"), "nothing is left to remember it");
}

#[test]
fn what_holds_more_than_itself_is_guarded() {
    let claim = stored(&manifest("v1", "PersistentVolumeClaim", "shop", "data", json!({})));
    let system = stored(&namespace("kube-extra"));
    let consent =
        |object: &Value| edited(object, |o| o["metadata"]["annotations"][marks::PRUNE_ANNOTATION] = json!("enabled"));
    assert_eq!(set().member(&claim).on("data"), "keep: it holds data");
    assert_eq!(set().member(&claim).policy(|p| p.allow.volumes = true).on("data"), "prune: is no longer in the set");
    assert_eq!(set().member(&consent(&claim)).on("data"), "prune: is no longer in the set");
    assert_eq!(set().member(&system).on("kube-extra"), "keep: it is a namespace of the cluster itself");
    assert_eq!(
        set().member(&consent(&system)).policy(|p| p.allow.namespaces = true).on("kube-extra"),
        "keep: it is a namespace of the cluster itself"
    );
    let warnings = set().member(&claim).plan().warnings;
    assert!(warnings[0].text.contains("--allow-delete=pvc"), "{warnings:?}");
}

#[test]
fn a_namespace_goes_only_when_it_is_empty_of_others() {
    let old = stored(&namespace("old"));
    let key = desired(&old).key;
    let with = |foreign: Option<Foreign>| {
        let mut world = set().member(&old);
        world.observation.foreign_content.extend(foreign.map(|foreign| (key.clone(), foreign)));
        world
    };
    let pod = ObjectKey::new("", "Pod", "old", "theirs");
    let some = Foreign::Some(vec![pod.clone(), pod.clone(), pod.clone(), pod.clone(), pod]);
    assert_eq!(with(Some(Foreign::None)).on("old"), "prune: is no longer in the set");
    assert_eq!(
        with(Some(some.clone())).on("old"),
        "keep: the namespace holds Pod/old/theirs, Pod/old/theirs, Pod/old/theirs, 2 more"
    );
    assert_eq!(with(None).on("old"), "keep: the namespace holds what was not searched");
    let unknown = Foreign::Unknown { reason: "forbidden".into() };
    assert_eq!(with(Some(unknown)).on("old"), "keep: the namespace holds what could not be searched: forbidden");
    assert_eq!(with(Some(some)).policy(|p| p.allow.namespaces = true).on("old"), "prune: is no longer in the set");
}

#[test]
fn a_namespace_stays_while_ours_stay_in_it() {
    let old = stored(&namespace("old"));
    let key = desired(&old).key;
    let inside = |kind: &str| manifest("v1", kind, "old", "inside", json!({}));
    let base = || {
        let mut world = set().member(&old);
        world.observation.foreign_content.insert(key.clone(), Foreign::None);
        // Consent to deleting others' content is no consent to deleting what this set wants or keeps.
        world.policy(|policy| policy.allow.namespaces = true)
    };
    assert_eq!(base().want(&inside("ConfigMap")).on("old"), "keep: the namespace holds ConfigMap/old/inside");
    assert_eq!(
        base().member(&stored(&inside("PersistentVolumeClaim"))).on("old"),
        "keep: the namespace holds PersistentVolumeClaim/old/inside"
    );
    assert_eq!(base().member(&stored(&inside("ConfigMap"))).on("old"), "prune: is no longer in the set");
}

#[test]
fn a_definition_goes_only_when_nobody_uses_it() {
    let definition = stored(&manifest(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "",
        "widgets.x.io",
        json!({"spec": {"group": "x.io", "scope": "Namespaced", "names": {"kind": "Widget"}}}),
    ));
    let widget = manifest("x.io/v1", "Widget", "shop", "w", json!({}));
    let key = desired(&definition).key;
    let with = |foreign: Foreign| {
        let mut world = set().member(&definition);
        world.observation.foreign_instances.insert(key.clone(), foreign);
        world
    };
    assert_eq!(with(Foreign::None).on("widgets.x.io"), "prune: is no longer in the set");
    let theirs = Foreign::Some(vec![ObjectKey::new("x.io", "Widget", "b", "theirs")]);
    assert_eq!(with(theirs.clone()).on("widgets.x.io"), "keep: objects of its kind exist: Widget/b/theirs");
    assert_eq!(with(theirs).policy(|p| p.allow.crds = true).on("widgets.x.io"), "prune: is no longer in the set");
    assert_eq!(with(Foreign::None).want(&widget).on("widgets.x.io"), "keep: objects of its kind exist: Widget/shop/w");
    assert_eq!(with(Foreign::None).member(&stored(&widget)).on("widgets.x.io"), "prune: is no longer in the set");
}

/// Deleted after its APIService it could not be reached any more, and would come back with it.
#[test]
fn what_an_api_service_brings_comes_after_it_and_goes_before_it() {
    let spec = json!({"spec": {"group": "x.io", "version": "v1", "service": {"name": "backend", "namespace": "shop"}}});
    let service = manifest("apiregistration.k8s.io/v1", "APIService", "", "v1.x.io", spec);
    let (thing, backend) =
        (manifest("x.io/v1", "Thing", "shop", "t", json!({})), manifest("v1", "Service", "shop", "backend", json!({})));
    let sequence =
        |plan: &Plan| -> Vec<String> { plan.actions.iter().map(|action| action.key.kind.to_string()).collect() };

    let unserved = World::empty().want(&thing).want(&service).want(&backend).see(&stored(&thing), Observed::NotServed);
    let plan = unserved.plan();
    assert_eq!(plan.refusal, None);
    assert_eq!(sequence(&plan), ["Service", "APIService", "Thing"]);
    assert_eq!(plan.waves[1].ready.len(), 1, "it has to answer before the thing is sent");
    assert_eq!(unserved.on("t"), "apply-blind: its kind comes with APIService/v1.x.io");
    let alone = World::empty().want(&thing).see(&stored(&thing), Observed::NotServed);
    assert!(alone.plan().refusal.is_some());

    let all = World::empty().member(&stored(&service)).member(&stored(&thing)).member(&stored(&backend));
    let plan = all.policy(|policy| policy.delete_all = true).plan();
    assert_eq!(sequence(&plan), ["Thing", "APIService", "Service"]);
    assert_eq!(plan.actions[1].after, [0]);
}

#[test]
fn one_object_under_two_groups_is_not_deleted() {
    let ingress = |api_version: &str| manifest(api_version, "Ingress", "shop", "web", json!({}));
    let world = World::empty()
        .want(&ingress("networking.k8s.io/v1"))
        .live(&stored(&ingress("networking.k8s.io/v1")))
        .member(&stored(&ingress("extensions/v1beta1")));
    let plan = world.plan();
    let old = plan.actions.iter().find(|action| action.key.group == "extensions").unwrap();
    assert_eq!(brief(old), "forget: is the same object as Ingress.networking.k8s.io/shop/web");
}

#[test]
fn an_empty_set_needs_consent() {
    let world = World::empty().member(&stored(&config_map("a", "1")));
    let refusal = world.plan().refusal.unwrap();
    assert_eq!(
        (refusal.to_string().as_str(), refusal.class()),
        ("the set is empty, this run would delete all 1 objects of its inventory", Class::Guard)
    );
    assert_eq!(world.clone().policy(|p| p.allow.empty = true).plan().refusal, None);
    assert_eq!(world.clone().policy(|p| p.delete_all = true).plan().refusal, None);
    assert_eq!(world.policy(|p| p.delete_all = true).only(), "prune: the set is deleted");
    assert_eq!(World::empty().plan().refusal, None, "empty against empty");
}

#[test]
fn many_deletions_need_consent_by_number() {
    let many = |leaving: usize, staying: usize| {
        let mut world = World::empty();
        for index in 0..leaving {
            world = world.member(&stored(&config_map(&format!("gone-{index}"), "1")));
        }
        for index in 0..staying {
            let map = config_map(&format!("stays-{index}"), "1");
            world = world.want(&map).member(&stored(&map));
        }
        world
    };
    for (leaving, staying, refused) in
        [(10, 1, false), (11, 11, false), (12, 11, true), (11, 1, true), (60, 100, false)]
    {
        let plan = many(leaving, staying).plan();
        assert_eq!(plan.refusal.is_some(), refused, "{leaving} of {}", leaving + staying);
    }
    let refusal = many(12, 2).plan().refusal.unwrap();
    assert_eq!(refusal.to_string(), "this run would delete 12 of 14 objects");
    assert!(refusal.hint().unwrap().contains("--allow-prune=12"));
    assert!(many(12, 2).policy(|p| p.allow.prunes = Some(11)).plan().refusal.is_some(), "consent to fewer");
    assert_eq!(many(12, 2).policy(|p| p.allow.prunes = Some(12)).plan().refusal, None);
    let mut consenting = config_map("note", "1");
    consenting["metadata"]["annotations"][marks::ALLOW_PRUNE_ANNOTATION] = json!("12");
    assert_eq!(many(12, 2).want(&consenting).plan().refusal, None);
}

#[test]
fn what_holds_others_goes_after_them() {
    let definition = manifest(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "",
        "widgets.x.io",
        json!({"spec": {"group": "x.io", "scope": "Namespaced", "names": {"kind": "Widget"}}}),
    );
    let mut old = namespace("old");
    // An annotation that would delete the namespace before what is in it.
    old["metadata"]["annotations"][marks::DEPENDS_ON_ANNOTATION] = json!("/namespaces/old/ConfigMap/inside");
    let mut world = set();
    for manifest in [
        &definition,
        &old,
        &manifest("x.io/v1", "Widget", "old", "w", json!({})),
        &manifest("v1", "ConfigMap", "old", "inside", json!({})),
    ] {
        world = world.member(&stored(manifest));
    }
    world.observation.foreign_content.insert(desired(&old).key, Foreign::None);
    world.observation.foreign_instances.insert(desired(&definition).key, Foreign::None);
    let plan = world.plan();
    assert_eq!(plan.refusal, None, "{}", show(&plan));
    let place = |name: &str| plan.actions.iter().position(|action| action.key.name == name).unwrap();
    let after = |name: &str| plan.actions[place(name)].after.clone();
    assert_eq!(after("old"), [place("w"), place("inside")]);
    assert_eq!(after("widgets.x.io"), [place("w")]);
    assert!(place("inside") < place("old") && place("w") < place("widgets.x.io"));
    assert_eq!(plan.warnings.len(), 1, "the cycle is told: {:?}", plan.warnings);
}
