//! Second looks after a conflict, and what the executor may do then.

use super::*;

fn planned(world: &World) -> Action {
    world.plan().actions.remove(0)
}

fn now(object: &Value) -> Observed {
    Observed::Present(Live::new(object.clone()).unwrap())
}

fn text(verdict: Verdict) -> String {
    let action = Action {
        key: ObjectKey::default(),
        deed: verdict.deed,
        reason: verdict.reason,
        body: None,
        adopted: false,
        seen: None,
        after: Vec::new(),
    };
    brief(&action)
}

#[test]
fn a_create_that_met_an_object_judges_its_owner() {
    let map = config_map("a", "1");
    let world = World::empty().want(&map);
    let action = planned(&world);
    let mut theirs = stored(&map);
    theirs["metadata"]["annotations"][marks::OWNER_ANNOTATION] = json!(OTHER.to_string());
    for (name, seen, expected) in [
        ("gone again", Observed::Absent, "create: new"),
        ("our own lost reply", now(&stored(&map)), "update: no finished apply is on record"),
        ("claimed by another set", now(&theirs), "refuse: belongs to inventory cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"),
        (
            "made by kubectl",
            now(&made_by("kubectl-create", "Update", &map)),
            "update takeover: existed before and is adopted from kubectl-create",
        ),
        (
            "made by an operator",
            now(&made_by("operator", "Update", &map)),
            "refuse: exists and is not ours (managed by operator)",
        ),
    ] {
        assert_eq!(text(recheck(&action, &seen, &world.inventory, &world.policy)), expected, "{name}");
    }
}

#[test]
fn an_update_takes_the_new_resource_version_or_stops() {
    let live = stored(&config_map("a", "1"));
    let world = World::empty().want(&config_map("a", "2")).member(&live);
    let action = planned(&world);
    let mut newer = live.clone();
    newer["metadata"]["resourceVersion"] = json!("11");
    let verdict = recheck(&action, &now(&newer), &world.inventory, &world.policy);
    let expected = Deed::Update { uid: "uid-a".into(), resource_version: "11".into(), force: false, takeover: false };
    assert_eq!(verdict.deed, expected);
    let mut stolen = newer;
    stolen["metadata"]["annotations"][marks::OWNER_ANNOTATION] = json!(OTHER.to_string());
    assert_eq!(recheck(&action, &now(&stolen), &world.inventory, &world.policy).deed, Deed::Refuse);
}

#[test]
fn a_conflict_that_was_not_foreseen_is_forced_only_over_drift() {
    let live = stored(&config_map("a", "1"));
    let world = World::empty().want(&config_map("a", "2")).member(&live);
    let action = planned(&world);
    let fields = vec![".data.key".to_owned()];
    let with = |manager: &str, operation: &str| {
        let mut object = live.clone();
        object["metadata"]["managedFields"].as_array_mut().unwrap().push(
            json!({"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": {"f:metadata": {"f:labels": {"f:x": {}}}}}));
        text(on_conflict(&action, &now(&object), &fields, &world.inventory, &world.policy))
    };
    assert_eq!(with("script", "Update"), "update forced: changed in the set");
    assert_eq!(with("operator", "Apply"), "refuse: `operator` applies other values of .data.key");
    let forcing = Policy { force_conflicts: true, ..Policy::default() };
    let seen = now(&live);
    assert_eq!(
        text(on_conflict(&action, &seen, &fields, &world.inventory, &forcing)),
        "update forced: changed in the set"
    );
}

#[test]
fn an_immutable_field_is_recreated_only_by_annotation() {
    let job = |force: &str| {
        manifest(
            "batch/v1",
            "Job",
            "shop",
            "j",
            json!({"metadata": {"annotations": {marks::FORCE_ANNOTATION: force}}, "spec": {"x": 1}}),
        )
    };
    for (force, expected) in [
        ("disabled", "refuse: spec.template is immutable"),
        ("enabled", "recreate: spec.template is immutable: deleted and created again"),
    ] {
        let live = Live::new(stored(&job(force))).unwrap();
        let action = planned(&World::empty().want(&job(force)));
        assert_eq!(text(on_immutable(&action, &live, "spec.template")), expected);
    }
}

#[test]
fn a_deletion_is_decided_again_for_the_judged_object_only() {
    let live = stored(&config_map("gone", "1"));
    let world = World::empty().member(&live).policy(|policy| policy.delete_all = true);
    let action = planned(&world);
    let recheck = |seen: &Observed| text(prune_recheck(&action, seen, &world.inventory, &world.policy));
    let edit = |edit: fn(&mut Value)| {
        let mut object = live.clone();
        edit(&mut object);
        now(&object)
    };
    assert_eq!(recheck(&Observed::Absent), "forget: is already gone");
    assert_eq!(recheck(&edit(|o| o["metadata"]["resourceVersion"] = json!("11"))), "prune: the set is deleted");
    assert_eq!(recheck(&edit(|o| o["metadata"]["uid"] = json!("new"))), "keep: was left by an interrupted run");
    assert_eq!(recheck(&edit(unmark)), "forget: no longer carries our owner annotation");
    assert_eq!(
        recheck(&edit(|o| o["metadata"]["annotations"][marks::PRUNE_ANNOTATION] = json!("disabled"))),
        "detach: `kubectl-gitops.dev/prune` hands it over"
    );
    let other = edit(|o| o["metadata"]["annotations"][marks::OWNER_ANNOTATION] = json!(OTHER.to_string()));
    assert!(recheck(&other).starts_with("forget: belongs to "));
    let unreadable = Observed::Unreadable { reason: "503".into() };
    assert_eq!(recheck(&unreadable), "keep: could not be read: 503");
}
