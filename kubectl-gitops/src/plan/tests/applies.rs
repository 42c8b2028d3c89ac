//! One desired object in every situation.

use super::*;

fn changed(object: &Value, edit: impl FnOnce(&mut Value)) -> Value {
    let mut object = object.clone();
    edit(&mut object);
    object
}

fn drift(manager: &str, operation: &str, object: &Value) -> Value {
    changed(object, |o| {
        o["data"]["key"] = json!("edited");
        let fields = o["metadata"]["managedFields"][0]["fieldsV1"].as_object_mut().unwrap();
        fields.shift_remove("f:data");
        o["metadata"]["managedFields"].as_array_mut().unwrap().push(json!({"manager": manager, "operation": operation,
            "apiVersion": "v1", "fieldsV1": {"f:data": {"f:key": {}}}}));
    })
}

#[test]
fn ours_as_applied_is_left_alone_and_everything_else_is_seen() {
    let map = config_map("a", "1");
    let live = stored(&map);
    let want = || World::empty().want(&map);
    let intent = Entry { uid: None, state: State::Intent, desired_hash: None, live_digest: None, ..entry_of(&live) };
    let other_uid = Entry { uid: Some("other".into()), ..entry_of(&live) };
    for (name, world, expected) in [
        ("new", want(), "create: new"),
        ("as applied", want().member(&live), "unchanged: as desired"),
        ("changed in Git", World::empty().want(&config_map("a", "2")).member(&live), "update: changed in the set"),
        ("deleted by somebody", want().remember(&live, entry_of(&live)), "create: was deleted by somebody"),
        ("an interrupted create", want().remember(&live, intent.clone()), "create: new"),
        (
            "an interrupted create that passed",
            want().remember(&live, intent).live(&live),
            "update: no finished apply is on record",
        ),
        (
            "recreated by a backup tool",
            want().remember(&live, other_uid).live(&live),
            "update: no finished apply is on record",
        ),
        ("inventory lost, marks there", want().live(&live), "update: no finished apply is on record"),
        (
            "edited by hand",
            want().remember(&live, entry_of(&live)).live(&drift("kubectl-edit", "Update", &live)),
            "update forced: changed in the cluster by kubectl-edit",
        ),
        (
            "edited by k9s",
            want().remember(&live, entry_of(&live)).live(&drift("k9s", "Update", &live)),
            "update forced: changed in the cluster by k9s",
        ),
        (
            "taken by another applier",
            want().remember(&live, entry_of(&live)).live(&drift("operator", "Apply", &live)),
            "refuse: `operator` applies other values of data.key",
        ),
        (
            "taken, and forced back",
            want()
                .remember(&live, entry_of(&live))
                .live(&drift("operator", "Apply", &live))
                .policy(|p| p.force_conflicts = true),
            "update forced: changed in the cluster by operator",
        ),
        (
            "marks stripped",
            want().remember(&live, entry_of(&live)).live(&changed(&live, unmark)),
            "update: lost our marks",
        ),
        (
            "everything once",
            want().member(&live).policy(|p| p.full = true),
            "update: everything is applied in this run",
        ),
        (
            "going away",
            want().member(&changed(&live, |o| o["metadata"]["deletionTimestamp"] = json!("now"))),
            "recreate terminating: is being deleted, is created again after that",
        ),
        (
            "unreadable",
            want().see(&map, Observed::Unreadable { reason: "forbidden".into() }),
            "refuse: could not be read: forbidden",
        ),
    ] {
        assert_eq!(world.only(), expected, "{name}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn what_existed_before_is_adopted_by_policy() {
    let map = config_map("a", "1");
    let older = config_map("a", "0");
    let annotated = |name: &str, value: &str| {
        changed(&made_by("kubectl", "Update", &older), |o| o["metadata"]["annotations"][name] = json!(value))
    };
    let kubectl = made_by("kubectl-client-side-apply", "Update", &older);
    let operator = made_by("operator", "Update", &older);
    let applier = made_by("operator", "Apply", &older);
    for (name, live, auto, never, all) in [
        (
            "kubectl apply",
            &kubectl,
            "update forced takeover: existed before and is adopted from kubectl-client-side-apply",
            "refuse: exists and is not ours (managed by kubectl-client-side-apply)",
            "update forced takeover: existed before and is adopted from kubectl-client-side-apply",
        ),
        (
            "flux",
            &made_by("kustomize-controller", "Apply", &map),
            "update takeover: existed before and is adopted from kustomize-controller",
            "refuse: exists and is not ours (managed by kustomize-controller)",
            "update takeover: existed before and is adopted from kustomize-controller",
        ),
        (
            "an operator",
            &operator,
            "refuse: exists and is not ours (managed by operator)",
            "refuse: exists and is not ours (managed by operator)",
            "update forced: existed before and is adopted from operator",
        ),
        (
            "an applier",
            &applier,
            "refuse: exists and is not ours (managed by operator)",
            "refuse: exists and is not ours (managed by operator)",
            "refuse: `operator` applies other values of data.key",
        ),
        (
            "helm",
            &annotated("meta.helm.sh/release-name", "web"),
            "refuse: belongs to Helm release /web",
            "refuse: belongs to Helm release /web",
            "refuse: belongs to Helm release /web",
        ),
        (
            "argo cd",
            &annotated("argocd.argoproj.io/tracking-id", "shop:apps/Deployment:shop/web"),
            "refuse: belongs to Argo CD application shop",
            "refuse: belongs to Argo CD application shop",
            "refuse: belongs to Argo CD application shop",
        ),
        (
            "k3s",
            &annotated("objectset.rio.cattle.io/owner-gvk", "k3s.cattle.io/v1, Kind=Addon"),
            "refuse: belongs to the K3s addon unknown",
            "refuse: belongs to the K3s addon unknown",
            "refuse: belongs to the K3s addon unknown",
        ),
        (
            "k3s helm chart",
            &annotated("objectset.rio.cattle.io/owner-gvk", "helm.cattle.io/v1, Kind=HelmChart"),
            "update forced takeover: existed before and is adopted from kubectl",
            "refuse: exists and is not ours (managed by kubectl)",
            "update forced takeover: existed before and is adopted from kubectl",
        ),
        (
            "a gone inventory",
            &annotated(marks::OWNER_ANNOTATION, &OTHER.to_string()),
            "refuse: belongs to inventory cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd, which is gone",
            "refuse: belongs to inventory cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd, which is gone",
            "update forced takeover: existed before and is adopted from kubectl",
        ),
    ] {
        for (adopt, expected) in [(Adopt::Auto, auto), (Adopt::Never, never), (Adopt::All, all)] {
            let world = World::empty().want(&map).live(live).policy(|policy| policy.adopt = adopt);
            assert_eq!(world.only(), expected, "{name} {adopt:?}");
        }
    }
}

#[test]
fn another_inventorys_object_is_never_taken() {
    let map = config_map("a", "1");
    let theirs =
        changed(&stored(&map), |o| o["metadata"]["annotations"][marks::OWNER_ANNOTATION] = json!(OTHER.to_string()));
    let mut world = World::empty().want(&map).live(&theirs).policy(|policy| {
        policy.adopt = Adopt::All;
        policy.force_conflicts = true;
    });
    world.observation.roots.insert(OTHER, RootRef::of_set("infra", "base"));
    assert_eq!(world.only(), "refuse: belongs to inventory infra/gitops-base");
    assert_eq!(world.plan().refusal.unwrap().class(), Class::Guard);
    world.observation.roots.clear();
    world.observation.roots_complete = false;
    assert_eq!(world.only(), "refuse: belongs to inventory cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd");
}

#[test]
fn an_object_moves_from_the_set_that_the_user_names() {
    let plain = config_map("a", "1");
    let noted = changed(&plain, |o| {
        o["metadata"]["annotations"][marks::TAKE_FROM_ANNOTATION] = json!("infra/old, infra/base");
    });
    let moves = "update: moves here from inventory infra/gitops-base";
    let refused = "refuse: belongs to inventory infra/gitops-base";
    for (name, map, flag, expected) in [
        ("nobody said so", &plain, None, refused),
        ("by flag", &plain, Some("infra/base"), moves),
        ("by annotation", &noted, None, moves),
        ("another set was named", &plain, Some("infra/other"), refused),
        ("its namesake here was named", &plain, Some("base"), refused),
    ] {
        let theirs = changed(&stored(map), |o| {
            o["metadata"]["annotations"][marks::OWNER_ANNOTATION] = json!(OTHER.to_string());
        });
        let world = World::empty().want(map).live(&theirs);
        let mut world = world.policy(|policy| policy.take_from.extend(flag.map(str::to_owned)));
        world.observation.roots.insert(OTHER, RootRef::of_set("infra", "base"));
        assert_eq!(world.only(), expected, "{name}");
    }
}

#[test]
fn a_controllers_child_is_never_a_member() {
    let map = config_map("a", "1");
    let child = changed(&stored(&map), |o| {
        o["metadata"]["ownerReferences"] = json!([{"kind": "Deployment", "name": "web", "controller": true}]);
    });
    assert_eq!(World::empty().want(&map).live(&child).only(), "refuse: is controlled by Deployment/web");
    assert!(World::empty().live(&child).plan().actions.is_empty(), "copied marks make no stray");
}

#[test]
fn an_adopted_object_says_so_and_stays_skipped() {
    let map = config_map("a", "1");
    let world = World::empty().want(&map).live(&made_by("kubectl", "Update", &map));
    let plan = world.plan();
    let action = &plan.actions[0];
    let body = action.body.as_ref().unwrap();
    assert!(action.adopted && plan.claim().applies[0].adopted);
    assert_eq!(marks::annotation(&body.manifest.open(), marks::ADOPTED_ANNOTATION), Some("true"));
    // The next run: the manifest from Git does not have the annotation, the entry remembers.
    let live = stored(&body.manifest.open());
    let entry = Entry { adopted: true, ..entry_of(&live) };
    let world = World::empty().want(&map).remember(&live, entry).live(&live);
    assert_eq!(world.only(), "unchanged: as desired");
}

#[test]
fn secrets_are_compared_by_data_and_never_digested() {
    let secret = |value: &str| manifest("v1", "Secret", "shop", "db", json!({"data": {"password": value}}));
    let live = stored(&secret("aHVudGVyMg=="));
    let entry = entry_of(&live);
    assert_eq!((entry.desired_hash, entry.live_digest), (None, None));
    let world = World::empty().want(&secret("aHVudGVyMg==")).member(&live);
    assert_eq!(world.only(), "unchanged: as desired");
    let world = World::empty().want(&secret("b3RoZXI=")).member(&live);
    assert_eq!(world.only(), "update: changed in the set");
    let plan = world.plan();
    assert_eq!(plan.actions[0].body.as_ref().unwrap().desired_hash, None);
    let debug = format!("{plan:?} {:?} {:?}", world.desired, world.observation);
    assert!(!debug.contains("b3RoZXI=") && !debug.contains("aHVudGVyMg=="), "{debug}");
}

#[test]
fn namespaces_must_be_there_or_come() {
    let map = config_map("a", "1");
    let with = |state: Option<NamespaceState>| {
        let mut world = World::empty().want(&map);
        world.observation.namespaces.clear();
        world.observation.namespaces.extend(state.map(|state| ("shop".into(), state)));
        world
    };
    assert_eq!(with(None).only(), "create: new", "forbidden to read: the server decides");
    let absent = with(Some(NamespaceState::Absent));
    assert_eq!(absent.only(), "refuse: namespace `shop` does not exist");
    let plan = absent.plan();
    assert_eq!(plan.refusal.unwrap().class(), Class::Input);
    assert!(plan.actions[0].reason.hint().unwrap().contains("--create-namespace"));
    let created = with(Some(NamespaceState::Absent)).policy(|policy| policy.create_namespace = true);
    assert_eq!(created.only(), "create: new");
    assert_eq!(created.plan().namespaces, ["shop"]);
    let brought = with(Some(NamespaceState::Absent)).want(&namespace("shop"));
    assert_eq!((brought.on("a").as_str(), brought.plan().namespaces.len()), ("create: new", 0));
    assert_eq!(with(Some(NamespaceState::Terminating)).only(), "refuse: namespace `shop` is being deleted");
    let dying = changed(&stored(&namespace("shop")), |o| o["metadata"]["deletionTimestamp"] = json!("now"));
    let reborn = with(Some(NamespaceState::Terminating)).want(&namespace("shop")).member(&dying).member(&stored(&map));
    assert_eq!(reborn.on("shop"), "recreate terminating: is being deleted, is created again after that");
    assert_eq!(reborn.on("a"), "apply-blind: its namespace is created again first");
}

#[test]
fn scopes_are_judged() {
    let placed = manifest("v1", "PersistentVolume", "shop", "disk", json!({}));
    let homeless = manifest("v1", "ConfigMap", "", "a", json!({}));
    for (manifest, scope, expected) in [
        (&placed, Scope::Cluster, "refuse: objects of its kind have no namespace"),
        (&homeless, Scope::Namespaced, "refuse: objects of its kind need a namespace"),
        (&homeless, Scope::Cluster, "create: new"),
    ] {
        let mut world = World::empty().want(manifest);
        world.observation.scopes.insert(world.desired[0].key.group_kind(), scope);
        assert_eq!(world.only(), expected);
    }
}

fn definition() -> Value {
    manifest(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "",
        "widgets.x.io",
        json!({"spec": {"group": "x.io", "scope": "Namespaced", "names": {"kind": "Widget"}}}),
    )
}

#[test]
fn a_kind_may_arrive_in_the_run() {
    let widget = manifest("x.io/v1", "Widget", "shop", "w", json!({}));
    let alone = World::empty().want(&widget).see(&widget, Observed::NotServed);
    assert_eq!(alone.only(), "refuse: the cluster does not know the kind `Widget.x.io`");
    assert_eq!(alone.plan().refusal.unwrap().class(), Class::Input);
    let together = alone.clone().want(&definition());
    assert_eq!(together.on("w"), "apply-blind: its kind comes with CustomResourceDefinition/widgets.x.io");
    let homeless = manifest("x.io/v1", "Widget", "", "w", json!({}));
    let world = World::empty().want(&homeless).see(&homeless, Observed::NotServed).want(&definition());
    assert_eq!(world.on("w"), "refuse: objects of its kind need a namespace");
}

#[test]
fn immutable_changes_are_refused_or_recreated() {
    let web = |app: &str, force: &str| {
        let annotations = json!({"annotations": {marks::FORCE_ANNOTATION: force}});
        manifest(
            "apps/v1",
            "Deployment",
            "shop",
            "web",
            json!({"metadata": annotations, "spec": {"selector": {"matchLabels": {"app": app}}}}),
        )
    };
    let world = |wanted: &Value| World::empty().want(wanted).member(&stored(&web("old", "disabled")));
    assert_eq!(world(&web("new", "disabled")).only(), "refuse: spec.selector is immutable");
    assert_eq!(world(&web("new", "enabled")).only(), "recreate: spec.selector is immutable: deleted and created again");
    assert_eq!(world(&web("old", "enabled")).only(), "update: changed in the set");
    let claim = |class: &str| {
        manifest(
            "v1",
            "PersistentVolumeClaim",
            "shop",
            "data",
            json!({"metadata": {"annotations": {marks::FORCE_ANNOTATION: "enabled"}}, "spec": {"storageClassName": class}}),
        )
    };
    let world = World::empty().want(&claim("b")).member(&stored(&claim("a")));
    assert_eq!(world.only(), "refuse: spec.storageClassName is immutable");
    assert_eq!(world.plan().actions[0].reason.hint(), None, "a claim is never recreated, so nothing is suggested");
}

#[test]
fn replicas_belong_to_the_autoscaler_while_it_holds_them() {
    let web = manifest("apps/v1", "Deployment", "shop", "web", json!({"spec": {"replicas": 3, "paused": false}}));
    let scaled = changed(&stored(&web), |o| {
        o["spec"]["replicas"] = json!(7);
        o["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"].as_object_mut().unwrap().shift_remove("f:replicas");
        o["metadata"]["managedFields"].as_array_mut().unwrap().push(json!({"manager": "kube-controller-manager",
            "operation": "Update", "subresource": "scale", "apiVersion": "apps/v1", "fieldsV1": {"f:spec": {"f:replicas": {}}}}));
    });
    let autoscaler = manifest(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "shop",
        "scaler",
        json!({"spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}}),
    );
    let sent = |world: &World| {
        let plan = world.plan();
        let action = plan.actions.iter().find(|action| action.key.name == "web").unwrap().clone();
        (brief(&action), action.body.unwrap().manifest.open().pointer("/spec/replicas").cloned())
    };
    let base = World::empty().want(&web).remember(&scaled, entry_of(&stored(&web))).live(&scaled);
    assert_eq!(
        sent(&base),
        ("update forced: changed in the cluster by kube-controller-manager".into(), Some(json!(3)))
    );
    let in_set = base.clone().want(&autoscaler);
    assert_eq!(sent(&in_set), ("update: changed in the set".into(), None));
    let mut in_cluster = base;
    in_cluster.observation.scaled.insert(in_cluster.desired[0].key.clone());
    assert_eq!(sent(&in_cluster).1, None);
    // Before the autoscaler ever scaled, leaving the field out would reset it to one.
    let fresh = World::empty().want(&web).member(&stored(&web)).want(&autoscaler);
    assert_eq!(sent(&fresh), ("unchanged: as desired".into(), Some(json!(3))));
}

#[test]
fn annotations_decide_how_an_object_is_treated() {
    let with = |name: &str, value: &str| {
        let mut map = config_map("a", "1");
        map["metadata"]["annotations"][name] = json!(value);
        map
    };
    let ignored = with(marks::RECONCILE_ANNOTATION, "disabled");
    let once = with(marks::RECONCILE_ANNOTATION, "create-only");
    let edited = |map: &Value| changed(&stored(map), |o| o["data"]["key"] = json!("2"));
    for (name, world, expected) in [
        ("ignored, absent", World::empty().want(&ignored), "keep: an annotation says to leave it alone"),
        (
            "ignored, live",
            World::empty().want(&ignored).member(&edited(&ignored)),
            "keep: an annotation says to leave it alone",
        ),
        (
            "held by hand",
            World::empty().want(&config_map("a", "1")).member(&edited(&ignored)),
            "keep: an annotation says to leave it alone",
        ),
        ("once, absent", World::empty().want(&once), "create: new"),
        ("once, ours", World::empty().want(&once).live(&edited(&once)), "unchanged: is only created, never changed"),
        (
            "once, foreign",
            World::empty().want(&once).live(&made_by("operator", "Apply", &once)),
            "keep: is only created, never changed",
        ),
    ] {
        assert_eq!(world.only(), expected, "{name}");
    }
}

#[test]
fn a_job_that_ran_and_was_removed_by_its_ttl_does_not_run_again() {
    let job = |image: &str, ttl: Value| {
        manifest(
            "batch/v1",
            "Job",
            "shop",
            "migrate",
            json!({"spec": {"ttlSecondsAfterFinished": ttl, "image": image}}),
        )
    };
    let world = |wanted: &Value, before: &Value| {
        World::empty().want(wanted).remember(&stored(before), entry_of(&stored(before)))
    };
    let before = job("a", json!(60));
    assert_eq!(world(&before, &before).only(), "unchanged: has run and was removed by its ttl");
    assert_eq!(world(&job("b", json!(60)), &before).only(), "create: was deleted by somebody");
    assert_eq!(world(&before, &before).policy(|p| p.full = true).only(), "create: was deleted by somebody");
    let lasting = job("a", Value::Null);
    assert_eq!(world(&lasting, &lasting).only(), "create: was deleted by somebody");
}

/// A field that the set gives away may be taken, and that is no change; what Git changes beside it goes out without it.
#[test]
fn a_field_that_was_given_away_is_neither_drift_nor_a_change() {
    let map = |given: &str, other: &str| {
        let annotations = json!({"metadata": {"annotations": {marks::IGNORE_FIELDS_ANNOTATION: "/data/given"}}});
        let mut map = manifest("v1", "ConfigMap", "shop", "a", annotations);
        map["data"] = json!({"given": given, "other": other});
        map
    };
    let before = map("1", "1");
    let taken = {
        let mut object = stored(&before);
        object["data"]["given"] = json!("theirs");
        let entries = object["metadata"]["managedFields"].as_array_mut().unwrap();
        entries[0]["fieldsV1"]["f:data"].as_object_mut().unwrap().shift_remove("f:given");
        entries.push(json!({"manager": "hpa", "operation": "Update", "apiVersion": "v1", "fieldsV1": {"f:data": {"f:given": {}}}}));
        object
    };
    let world = |wanted: &Value| World::empty().want(wanted).remember(&taken, entry_of(&stored(&before))).live(&taken);
    assert_eq!(world(&before).only(), "unchanged: as desired");
    let changed = world(&map("2", "2"));
    assert_eq!(changed.clone().only(), "update: changed in the set");
    let plan = changed.plan();
    assert_eq!(plan.actions[0].body.as_ref().unwrap().manifest.open()["data"], json!({"other": "2"}));
}

#[test]
fn wrong_input_is_refused_before_anything() {
    let own_root = manifest("v1", "ConfigMap", "shop", "gitops-prod", json!({}));
    let own_shard = manifest("v1", "ConfigMap", "shop", "gitops-prod-0123456789ab", json!({}));
    let any_root =
        manifest("v1", "ConfigMap", "other", "x", json!({"metadata": {"labels": {marks::ROOT_LABEL: "true"}}}));
    for map in [&own_root, &own_shard, &any_root] {
        assert_eq!(World::empty().want(map).only(), "refuse: is an inventory");
    }
    let near_miss = manifest("v1", "ConfigMap", "shop", "gitops-prod-settings", json!({}));
    assert_eq!(World::empty().want(&near_miss).only(), "create: new");
    let generated = manifest("v1", "Pod", "shop", "", json!({"metadata": {"generateName": "x-"}}));
    assert_eq!(World::empty().want(&generated).only(), "refuse: has no `metadata.name`");
    let twice = World::empty().want(&config_map("a", "1")).want(&config_map("a", "2"));
    assert_eq!(twice.only(), "refuse: stands in the set twice, also in set.yaml:1");
}

#[test]
fn dependencies_must_exist_and_form_no_circle() {
    let with = |name: &str, on: &str| {
        manifest(
            "v1",
            "ConfigMap",
            "shop",
            name,
            json!({"metadata": {"annotations": {marks::DEPENDS_ON_ANNOTATION: on}}}),
        )
    };
    let absent = with("a", "/namespaces/shop/ConfigMap/gone");
    let gone = manifest("v1", "ConfigMap", "shop", "gone", json!({}));
    let world = World::empty().want(&absent);
    assert_eq!(world.only(), "create: new", "nobody looked for the dependency: unknown is not absent");
    assert_eq!(
        world.clone().see(&gone, Observed::Absent).only(),
        "refuse: depends on ConfigMap/shop/gone, which does not exist"
    );
    assert_eq!(world.clone().live(&made_by("x", "Update", &gone)).only(), "create: new");
    assert_eq!(
        world.member(&stored(&gone)).on("a"),
        "refuse: depends on ConfigMap/shop/gone, which does not exist",
        "it is deleted by this very run"
    );
    assert_eq!(
        World::empty().want(&with("a", "nonsense")).only(),
        "refuse: `nonsense` in its depends-on annotation is no object"
    );
    let circle = World::empty()
        .want(&with("a", "/namespaces/shop/ConfigMap/b"))
        .want(&with("b", "/namespaces/shop/ConfigMap/a"))
        .want(&config_map("c", "1"));
    assert_eq!(circle.on("b"), "refuse: depends on itself: ConfigMap/shop/a -> ConfigMap/shop/b -> ConfigMap/shop/a");
    assert_eq!(circle.on("c"), "create: new");
    assert_eq!(circle.plan().refusal.unwrap().class(), Class::Input);
}

#[test]
fn rules_of_an_aggregated_role_belong_to_their_controller() {
    let role = |rules: Value| {
        manifest(
            "rbac.authorization.k8s.io/v1",
            "ClusterRole",
            "",
            "view-more",
            json!({"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}, "rules": rules}),
        )
    };
    let world = World::empty().want(&role(json!([])));
    let sent = world.plan().actions[0].body.clone().unwrap();
    assert_eq!(sent.manifest.open().get("rules"), None);
    let mut gathered = stored(&sent.manifest.open());
    gathered["rules"] = json!([{"verbs": ["get"]}]);
    gathered["metadata"]["managedFields"]
        .as_array_mut()
        .unwrap()
        .push(json!({"manager": "clusterrole-aggregation-controller",
        "operation": "Apply", "apiVersion": "rbac.authorization.k8s.io/v1", "fieldsV1": {"f:rules": {}}}));
    let world = World::empty()
        .want(&role(json!([])))
        .remember(&gathered, entry_of(&stored(&sent.manifest.open())))
        .live(&gathered);
    assert_eq!(world.only(), "unchanged: as desired");
    let plain = manifest("rbac.authorization.k8s.io/v1", "ClusterRole", "", "plain", json!({"rules": []}));
    assert!(
        World::empty().want(&plain).plan().actions[0].body.as_ref().unwrap().manifest.open().get("rules").is_some()
    );
}
