//! Laws over random worlds: one action per key, nothing foreign deleted, no dependence on the order of the input.

use proptest::prelude::*;

use super::*;
use crate::inventory::Settled;

/// How one object stands in Git, in the inventory and in the cluster.
#[derive(Debug, Clone)]
struct Case {
    kind: usize,
    namespace: usize,
    name: usize,
    wanted: bool,
    version: u8,
    remembered: Option<State>,
    live: usize,
    depends_on: Option<usize>,
}

fn case() -> impl Strategy<Value = Case> {
    let state = prop::option::of(prop::sample::select(vec![State::Intent, State::Owned, State::Pruning]));
    (0..KINDS.len(), 0..2_usize, 0..6_usize, any::<bool>(), 0..2_u8, state, 0..10_usize, prop::option::of(0..6_usize))
        .prop_map(|(kind, namespace, name, wanted, version, remembered, live, depends_on)| Case {
            kind,
            namespace,
            name,
            wanted,
            version,
            remembered,
            live,
            depends_on,
        })
}

const KINDS: [(&str, &str, bool); 6] = [
    ("v1", "ConfigMap", true),
    ("v1", "Secret", true),
    ("apps/v1", "Deployment", true),
    ("v1", "Namespace", false),
    ("v1", "PersistentVolumeClaim", true),
    ("x.io/v1", "Widget", true),
];

fn build(case: &Case, value: u8) -> Value {
    let (api_version, kind, namespaced) = KINDS[case.kind];
    let namespace = if namespaced { ["shop", "n1"][case.namespace] } else { "" };
    let name = if namespaced { format!("o{}", case.name) } else { format!("n{}", case.name % 3) };
    let mut object = manifest(api_version, kind, namespace, &name, json!({"data": {"key": format!("v{value}")}}));
    if let Some(on) = case.depends_on {
        object["metadata"]["annotations"][marks::DEPENDS_ON_ANNOTATION] =
            json!(format!("/namespaces/shop/ConfigMap/o{on}"));
    }
    object
}

fn world(cases: &[Case], policy: Policy) -> World {
    let mut world = World::empty();
    world.observation.namespaces.insert("n1".into(), NamespaceState::Active);
    for case in cases {
        let wanted = build(case, case.version);
        let object = stored(&build(case, 0));
        let key = desired(&wanted).key;
        if world.observation.objects.contains_key(&key) {
            continue;
        }
        world.observation.objects.insert(key, Observed::Absent);
        if case.wanted {
            world = world.want(&wanted);
        }
        if let Some(state) = case.remembered {
            let uid = (case.version == 0).then(|| object["metadata"]["uid"].as_str().unwrap().to_owned());
            world = world.remember(&object, Entry { uid, state, ..entry_of(&object) });
        }
        world = look(world, case.live, &object);
    }
    World { policy, ..world }
}

fn look(world: World, how: usize, object: &Value) -> World {
    let mut object = object.clone();
    match how {
        0 | 1 => world.live(&object),
        2 => world.live(&made_by("kubectl", "Update", &object)),
        3 => world.live(&made_by("operator", "Apply", &object)),
        4 => {
            object["metadata"]["annotations"][marks::OWNER_ANNOTATION] = json!(OTHER.to_string());
            world.live(&object)
        }
        5 => {
            object["metadata"]["deletionTimestamp"] = json!("now");
            world.live(&object)
        }
        6 => {
            object["metadata"]["ownerReferences"] = json!([{"kind": "X", "name": "y", "controller": true}]);
            world.live(&object)
        }
        7 => world.see(&object, Observed::Unreadable { reason: "503".into() }),
        8 => world.see(&object, Observed::NotServed),
        _ => world,
    }
}

fn policy() -> impl Strategy<Value = Policy> {
    let adopt = prop::sample::select(vec![Adopt::Auto, Adopt::Never, Adopt::All]);
    (adopt, any::<[bool; 5]>()).prop_map(|(adopt, [force_conflicts, prune, delete_all, full, allow])| Policy {
        adopt,
        force_conflicts,
        prune,
        delete_all,
        full,
        allow: Allow { empty: allow, volumes: allow, namespaces: allow, ..Allow::default() },
        ..Policy::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// P1 to P4 and P6 are checked by `plan` itself on every one of these.
    #[test]
    fn a_plan_does_not_depend_on_the_order_of_its_input(
        cases in prop::collection::vec(case(), 0..24), policy in policy(), seed in any::<u64>(),
    ) {
        let world = world(&cases, policy);
        let mut shuffled = world.clone();
        let length = shuffled.desired.len().max(1);
        shuffled.desired.rotate_left(usize::try_from(seed % 1_000).unwrap() % length);
        if seed % 2 == 0 {
            shuffled.desired.reverse();
        }
        prop_assert_eq!(world.plan(), shuffled.plan());
    }

    #[test]
    fn what_is_deleted_was_ours_and_is_not_wanted(cases in prop::collection::vec(case(), 0..24), policy in policy()) {
        let world = world(&cases, policy);
        let plan = world.plan();
        for action in plan.actions.iter().filter(|action| matches!(action.deed, Deed::Prune { .. } | Deed::Detach { .. })) {
            let live = world.observation.get(&action.key).live().expect("only what was seen is deleted");
            prop_assert_eq!(live.owner().map(str::to_owned), Some(ID.to_string()));
            prop_assert!(live.controller_owner().is_none());
            prop_assert!(world.desired.iter().all(|desired| desired.key != action.key));
        }
    }

    #[test]
    fn what_could_not_be_read_keeps_its_entry(cases in prop::collection::vec(case(), 0..24), policy in policy()) {
        let world = world(&cases, policy);
        let plan = world.plan();
        let after = world.inventory.claim(&plan.claim(), "r", crate::inventory::Lock::taken("me", 30)).settle(&plan.observed(&world.inventory));
        for key in world.inventory.entries.keys() {
            if matches!(world.observation.get(key), Observed::Unreadable { .. } | Observed::NotServed) {
                prop_assert!(after.entries.contains_key(key), "{}", key);
            }
        }
    }

    #[test]
    fn everything_written_is_in_the_claim(cases in prop::collection::vec(case(), 0..24), policy in policy()) {
        let world = world(&cases, policy);
        let plan = world.plan();
        let claimed = world.inventory.claim(&plan.claim(), "r", crate::inventory::Lock::taken("me", 30));
        for action in plan.actions.iter().filter(|action| action.deed.mutates()) {
            prop_assert!(claimed.entries.contains_key(&action.key), "{}", action.key);
        }
        for key in world.inventory.entries.keys() {
            prop_assert!(claimed.entries.contains_key(key), "{}", key);
        }
    }
}

proptest! {
    // Most random worlds hold something that is refused; those are thrown away.
    #![proptest_config(ProptestConfig { cases: 96, max_global_rejects: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn a_run_that_went_well_leaves_nothing_to_do(cases in prop::collection::vec(case(), 1..24)) {
        let world = world(&cases, Policy { adopt: Adopt::All, force_conflicts: true, ..Policy::default() });
        let plan = world.plan();
        prop_assume!(plan.refusal.is_none());
        let after = perform(&world, &plan);
        let again = after.plan();
        prop_assert!(again.is_noop(), "{}\nthen\n{}", show(&plan), show(&again));
        prop_assert!(!after.inventory.differs(&after.inventory.clone().settle(&again.observed(&after.inventory))));
    }
}

/// A perfect executor on a perfect server.
fn perform(world: &World, plan: &Plan) -> World {
    let mut after = world.clone();
    let mut settled = plan.observed(&world.inventory);
    for action in &plan.actions {
        match (&action.deed, &action.body) {
            (Deed::Create | Deed::Update { .. } | Deed::Recreate { .. } | Deed::ApplyBlind, Some(body)) => {
                let object = stored(&body.manifest.open());
                let secret = is_secret(&action.key);
                settled.insert(
                    action.key.clone(),
                    Settled::Applied {
                        version: body.gvk.version.to_string(),
                        uid: object["metadata"]["uid"].as_str().unwrap().to_owned(),
                        adopted: action.adopted,
                        desired_hash: body.desired_hash,
                        live_digest: if secret { None } else { digest::live_digest(&object) },
                    },
                );
                after = after.live(&object);
            }
            (Deed::Prune { .. }, _) => {
                settled.insert(action.key.clone(), Settled::Gone);
                after.observation.objects.insert(action.key.clone(), Observed::Absent);
            }
            _ => {}
        }
    }
    after.inventory =
        after.inventory.claim(&plan.claim(), "r", crate::inventory::Lock::taken("me", 30)).settle(&settled);
    after.inventory.lock = None;
    after
}

#[test]
fn twelve_thousand_objects_are_one_plan() {
    let mut world = World::empty();
    for index in 0..12_000 {
        let map = config_map(&format!("o{index}"), "1");
        world = world.want(&map).member(&stored(&map));
    }
    let plan = world.plan();
    assert!(plan.is_noop() && plan.actions.len() == 12_000);
}
