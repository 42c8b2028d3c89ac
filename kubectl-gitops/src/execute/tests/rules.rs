//! What a run without faults must do and must not do.

use super::*;
use crate::cluster::scripted::Fault;

#[test]
fn a_first_apply_converges_in_waves_and_the_second_writes_nothing() {
    in_virtual_time(async {
        let mut world = World::new();
        let executed = world.run(&full()).await.unwrap();
        assert!(executed.succeeded(), "{executed:#?}");
        assert_eq!(executed.count(Done::Created), 6);
        world.check_converged(&full(), "first");
        // No create came too early: nothing was refused, so nothing was repeated.
        let retried = world.events.borrow().iter().any(|event| matches!(event, Event::Retrying { .. }));
        assert!(!retried, "{:#?}", world.events.borrow());
        let applied: Vec<String> = world.wire.store.borrow().commits.iter().map(|c| c.key.kind.to_string()).collect();
        let place = |kind: &str| applied.iter().position(|applied| applied == kind).unwrap();
        assert!(place("Namespace") < place("Secret") && place("CustomResourceDefinition") < place("Widget"));

        let again = world.run(&full()).await.unwrap();
        assert_eq!(again.count(Done::Unchanged), 6);
        assert_eq!(again.traffic.writes(), 0);
        let kinds = 5;
        assert!(again.traffic.total() <= kinds + 6, "{:?}", again.traffic);
    });
}

#[test]
fn a_change_of_one_object_costs_three_writes() {
    in_virtual_time(async {
        let mut world = World::after(&full()).await;
        let mut set = full();
        set[2] = config_map("b", "changed");
        let executed = world.run(&set).await.unwrap();
        assert_eq!((executed.count(Done::Configured), executed.count(Done::Unchanged)), (1, 5));
        assert_eq!(world.wire.store.borrow().commits.len(), 3, "claim, the object, settle");
    });
}

#[test]
fn outcomes_are_what_the_server_saw() {
    in_virtual_time(async {
        let mut world = World::after(&previous()).await;
        let executed = world.run(&without_b()).await.unwrap();
        assert!(executed.succeeded());
        let count = |deed: &str| {
            let store = world.wire.store.borrow();
            store.commits.iter().filter(|commit| commit.deed == deed && commit.key != root_key()).count()
        };
        assert_eq!(executed.count(Done::Configured), count("apply"));
        assert_eq!(executed.count(Done::Pruned), count("delete"));
    });
}

#[test]
fn delete_leaves_nothing() {
    in_virtual_time(async {
        let mut world = World::after(&full()).await;
        world.policy.delete_all = true;
        world.policy.allow.empty = true;
        let executed = world.run(&[]).await.unwrap();
        assert!(executed.succeeded(), "{executed:#?}");
        let left: Vec<String> = world.wire.store.borrow().objects.keys().map(ToString::to_string).collect();
        assert_eq!(left, ["Namespace/default"]);
        world.check_violations("delete");
    });
}

#[test]
fn delete_survives_being_killed_anywhere() {
    in_virtual_time(async {
        let before = World::after(&full()).await;
        for at in 0..200 {
            for fault in [Fault::KillBefore, Fault::KillAfter, Fault::DropReply] {
                let mut world = before.fork();
                world.policy.delete_all = true;
                world.policy.allow.empty = true;
                world.wire.set_hook(move |_, index, _| (index == at).then_some(fault));
                let ended = world.run(&[]).await;
                let reached = world.wire.sent() > at;
                world.wire.clear_hook();
                let cell = format!("{fault:?} at {at}");
                assert!(ended.is_none_or(|executed| executed.succeeded()), "{cell}");
                let again = world.run(&[]).await.unwrap();
                assert!(again.succeeded(), "{cell}: {again:#?}");
                let left: Vec<String> = world.wire.store.borrow().objects.keys().map(ToString::to_string).collect();
                assert_eq!(left, ["Namespace/default"], "{cell}");
                world.check_violations(&cell);
                if !reached {
                    return;
                }
            }
        }
    });
}

#[test]
fn a_dry_run_sends_nothing_that_changes() {
    in_virtual_time(async {
        let mut world = World::after(&previous()).await;
        let before = world.wire.store.borrow().objects.clone();
        world.dry_run = DryRun::Server;
        let executed = world.run(&without_b()).await.unwrap();
        assert!(executed.succeeded(), "{executed:#?}");
        assert_eq!((executed.count(Done::Configured), executed.count(Done::Pruned)), (2, 1));
        assert_eq!(executed.traffic.writes(), 0);
        assert!(executed.traffic.of(Verb::DryRun) >= 3);
        assert_eq!(world.wire.store.borrow().objects, before);
        assert_eq!(world.wire.store.borrow().commits.len(), 0);
    });
}

#[test]
fn a_dry_run_knows_what_comes_with_the_run_itself() {
    in_virtual_time(async {
        // A namespace and a kind of the set's own.
        let mut world = World::new();
        world.dry_run = DryRun::Server;
        let executed = world.run(&full()).await.unwrap();
        assert!(executed.succeeded(), "{executed:#?}");
        // What the server was asked about, and what nobody could be asked about.
        assert_eq!((executed.count(Done::Configured), executed.count(Done::Created)), (2, 4), "{executed:#?}");
        assert_eq!(executed.traffic.writes(), 0);
        // A namespace that is made on request; without the request it is missing.
        let mut world = World::new();
        world.dry_run = DryRun::Server;
        world.policy.create_namespace = true;
        let set = [config_map("a", "b")];
        let executed = world.run(&set).await.unwrap();
        assert!(executed.succeeded(), "{executed:#?}");
        assert_eq!((executed.count(Done::Created), executed.traffic.writes()), (1, 0));
        world.policy.create_namespace = false;
        assert!(!world.run(&set).await.unwrap().succeeded());
    });
}

#[test]
fn a_patch_that_fits_no_schema_is_sent_once_and_stops_pruning() {
    in_virtual_time(async {
        let mut world = World::after(&full()).await;
        let mut set = without_b();
        set[1]["broken"] = json!(7);
        let executed = world.run(&set).await.unwrap();
        assert_eq!(executed.count(Done::Failed), 1);
        assert_eq!(executed.count(Done::Pruned), 0);
        assert_eq!(executed.traffic.of(Verb::Delete), 0);
        assert_eq!(executed.traffic.of(Verb::Apply), 1);
        assert!(world.wire.store.borrow().objects.contains_key(&key_of(&config_map("b", "same"))));
        world.settle_on(&without_b(), "repaired").await;
    });
}

#[test]
fn what_needs_a_failed_object_is_skipped_by_name() {
    in_virtual_time(async {
        let mut world = World::new();
        let namespace = key_of(&full()[0]);
        world.wire.set_hook(|request, _, _| {
            let namespace = request.path.starts_with("/api/v1/namespaces/shop?") && request.verb == Verb::Apply;
            namespace.then_some(Fault::Status(403))
        });
        let executed = world.run(&full()).await.unwrap();
        let failed: Vec<&ObjectKey> =
            executed.outcomes.iter().filter(|o| o.done == Done::Failed).map(|o| &o.key).collect();
        assert_eq!(failed, [&namespace]);
        assert_eq!(executed.count(Done::Skipped), 4, "all that lives in it: {executed:#?}");
        assert_eq!(executed.count(Done::Created), 1, "the definition does not need it");
        world.settle_on(&full(), "allowed again").await;
    });
}

#[test]
fn an_unreadable_kind_keeps_its_entries() {
    in_virtual_time(async {
        let mut world = World::after(&full()).await;
        // Secrets cannot be listed or read at all, and the Secret left the set.
        world.wire.set_hook(|request, _, _| request.path.contains("/secrets").then_some(Fault::Status(403)));
        let set: Set = full().into_iter().filter(|object| object["kind"] != "Secret").collect();
        let executed = world.run(&set).await.unwrap();
        assert!(executed.stop.is_none(), "{executed:#?}");
        let secret = key_of(&full()[3]);
        assert!(world.inventory().unwrap().entries.contains_key(&secret));
        assert!(world.wire.store.borrow().objects.contains_key(&secret));
        world.settle_on(&set, "allowed again").await;
    });
}

#[test]
fn a_signal_stops_the_run_and_the_union_stays() {
    in_virtual_time(async {
        for at in 6..20 {
            let cell = format!("signal at {at}");
            let mut world = World::new();
            let (raise, interrupt) = Interrupt::channel();
            world.wire.set_hook(move |_, index, _| {
                if index == at {
                    raise.raise(crate::execute::Signal::Terminate);
                }
                None
            });
            let cluster = world.client();
            let options = Options { holder: "a".into(), run_id: "a".into(), ..Options::default() };
            let set = full();
            let begin = tokio::time::Instant::now();
            let run = invoke_with(&cluster, &set, 9, &world.policy, &options, &interrupt, &world.events);
            let executed = run.await;
            assert!(begin.elapsed() < Duration::from_secs(5), "{cell}: {:?}", begin.elapsed());
            if !executed.succeeded() {
                assert_eq!(executed.stop, Some(Stop::Interrupted(crate::execute::Signal::Terminate)), "{cell}");
            }
            if let Some(inventory) = world.inventory() {
                assert_eq!(inventory.lock, None, "{cell}: the lock is released");
            }
            world.check_violations(&cell);
            world.settle_on(&full(), &cell).await;
        }
    });
}

#[test]
fn secrets_appear_in_no_event_and_no_inventory() {
    in_virtual_time(async {
        let mut world = World::new();
        world.run(&previous()).await.unwrap();
        let executed = world.run(&full()).await.unwrap();
        let root = world.wire.store.borrow().objects[&root_key()].clone();
        let told = format!("{executed:?} {:?} {root}", world.events.borrow());
        for value in ["hunter2", "aHVudGVyMg", "b2xk"] {
            assert!(!told.contains(value), "{value}");
        }
    });
}

#[test]
fn a_namespace_that_does_not_exist_is_refused_or_made() {
    in_virtual_time(async {
        let mut world = World::new();
        let set = vec![config_map("a", "new")];
        let refused = world.run(&set).await.unwrap();
        assert!(matches!(refused.stop, Some(Stop::Refused(_))), "{refused:#?}");
        assert_eq!(refused.traffic.writes(), 0);
        world.policy.create_namespace = true;
        world.settle_on(&set, "made").await;
    });
}

#[test]
fn no_object_is_written_under_a_lock_that_is_not_good() {
    in_virtual_time(async {
        use crate::cluster::{Code, Endpoint, Gate, Guard};

        let world = World::new();
        let cluster = world.client();
        let mut object = config_map("x", "y");
        object["metadata"]["namespace"] = json!("default");
        let endpoint = Endpoint::config_maps();
        let write = || cluster.apply(&endpoint, &object, &Guard::CreateOnly, false, DryRun::No);

        cluster.set_gate(Gate::Shut);
        assert_eq!(write().await.unwrap_err().code, Code::LeaseLost);
        // A lock that was not renewed in time: the write waits for the renewal, and is not sent if none comes.
        cluster.set_gate(Gate::Until(tokio::time::Instant::now()));
        assert_eq!(write().await.unwrap_err().code, Code::LeaseLost);
        assert_eq!(world.wire.store.borrow().writes, 0);

        let now = tokio::time::Instant::now();
        cluster.set_gate(Gate::Until(now));
        let renew = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            cluster.set_gate(Gate::Until(now + Duration::from_mins(1)));
        };
        let (written, ()) = futures::join!(write(), renew);
        assert!(written.unwrap().created);
    });
}

#[test]
fn what_is_made_once_is_made_in_the_cluster_and_never_again() {
    in_virtual_time(async {
        let secret = |annotation: &str| {
            let content = json!({"data": {"user": "YXBw"}});
            let mut secret = object("v1", "Secret", "shop", "db", &content);
            secret["metadata"]["annotations"] = json!({crate::inventory::marks::CREATE_ONCE_ANNOTATION: annotation});
            secret
        };
        let wanted = r#"{"keys":{"password":{"length":20}},"compose":{"url":"db://$(user):$(password)@db"}}"#;
        let mut set = full();
        set.push(secret(wanted));
        let mut world = World::new();
        let executed = world.run(&set).await.unwrap();
        assert!(executed.succeeded(), "{executed:#?}");
        let live = |world: &World| {
            let store = world.wire.store.borrow();
            store.objects.get(&key_of(&secret(wanted))).cloned().unwrap()["data"].clone()
        };
        let text = |value: &Value| {
            use base64::Engine as _;
            let bytes = base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap()).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        let made = live(&world);
        let password = text(&made["password"]);
        assert_eq!((password.len(), text(&made["url"])), (20, format!("db://app:{password}@db")));
        let shown = format!("{executed:?}{:?}", world.events.borrow());
        assert!(!shown.contains(&password), "a value is shown");

        // Another wish changes nothing: what is there stays.
        for annotation in [wanted, r#"{"keys":{"password":{"length":40}}}"#] {
            *set.last_mut().unwrap() = secret(annotation);
            let again = world.run(&set).await.unwrap();
            assert!(again.succeeded() && again.count(Done::Created) + again.count(Done::Configured) == 0, "{again:#?}");
            assert_eq!(live(&world), made);
        }
        let mut elsewhere = World::new();
        elsewhere.run(&set).await.unwrap();
        assert_ne!(text(&live(&elsewhere)["password"]), password);
    });
}

/// Only what carries our marks is ever deleted: an object that lost them is marked again before it is replaced.
#[test]
fn what_lost_its_marks_is_marked_before_it_is_replaced() {
    in_virtual_time(async {
        let set = |value: &str| {
            let mut fixed = config_map("a", value);
            fixed["immutable"] = json!(true);
            fixed["metadata"]["annotations"] = json!({ marks::FORCE_ANNOTATION: "enabled" });
            vec![object("v1", "Namespace", "", "shop", &json!({})), fixed]
        };
        let mut world = World::after(&set("old")).await;
        let key = key_of(&config_map("a", ""));
        {
            let mut store = world.wire.store.borrow_mut();
            let mut stripped = store.objects[&key].clone();
            stripped["metadata"]["annotations"] = json!({ marks::FORCE_ANNOTATION: "enabled" });
            store.put(key.clone(), stripped);
        }
        let executed = world.run(&set("new")).await.unwrap();
        assert_eq!((executed.count(Done::Recreated), executed.succeeded()), (1, true), "{executed:#?}");
        let commits = world.wire.store.borrow().commits.clone();
        let deeds: Vec<&str> = commits.iter().filter(|commit| commit.key == key).map(|commit| commit.deed).collect();
        assert_eq!(deeds, ["patch", "delete", "apply"]);
        world.settle_on(&set("new"), "replaced").await;
    });
}

fn operator() -> Value {
    object("apps/v1", "Deployment", "shop", "operator", &json!({"spec": {"replicas": 1}}))
}

/// A namespace, an operator, and an object of a kind that only the operator brings.
fn with_an_operator() -> Set {
    vec![
        object("v1", "Namespace", "", "shop", &json!({})),
        operator(),
        object("example.com/v1", "Widget", "shop", "w", &json!({"spec": {"size": 1}})),
    ]
}

#[test]
fn a_kind_that_an_operator_of_the_set_brings_is_waited_for() {
    in_virtual_time(async {
        let mut world = World::new();
        // The operator needs a while, then it makes its definition.
        world.wire.set_hook(|_, index, store| {
            if index == 30 {
                store.put(key_of(&definition()), definition());
            }
            None
        });
        let executed = world.run(&with_an_operator()).await.unwrap();
        assert!(executed.succeeded(), "{executed:#?}");
        assert!(world.wire.sent() > 30);
        world.settle_on(&with_an_operator(), "an operator").await;
    });
}

#[test]
fn a_kind_that_never_comes_fails_by_name_and_holds_up_nothing_else() {
    in_virtual_time(async {
        let mut world = World::new();
        let executed = world.run(&with_an_operator()).await.unwrap();
        assert_eq!((executed.count(Done::Created), executed.count(Done::Failed)), (2, 1), "{executed:#?}");
        let failed = executed.outcomes.iter().find(|outcome| outcome.done == Done::Failed).unwrap();
        assert!(failed.reason.contains("does not serve") && failed.key.kind == "Widget", "{failed:?}");
        // It may still come: the operator is there.
        let again = world.run(&with_an_operator()).await.unwrap();
        assert_eq!((again.count(Done::Unchanged), again.count(Done::Failed)), (2, 1), "{again:#?}");
        // Where nothing is started that could bring it, it is a mistake.
        let mistake: Set = with_an_operator().into_iter().filter(|object| object["kind"] != "Deployment").collect();
        let refused = World::new().run(&mistake).await.unwrap();
        assert!(matches!(refused.stop, Some(Stop::Refused(_))), "{refused:#?}");
    });
}
