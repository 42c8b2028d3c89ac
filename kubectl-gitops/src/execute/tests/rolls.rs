//! Workloads of others that use what the set changes: they roll once, whatever happens to the run, and nothing else does.

use super::*;
use crate::cluster::scripted::Fault;
use crate::cluster::transport::Method;

const HASH: &str = "kubectl-gitops.dev/hash.secret.s";

fn web_key() -> ObjectKey {
    ObjectKey::new("apps", "Deployment", "shop", "web")
}

/// A workload that somebody else applied, and that uses the Secret.
fn web(annotations: &Value) -> Value {
    let mut web = object(
        "apps/v1",
        "Deployment",
        "shop",
        "web",
        &json!({"spec": {"replicas": 2, "template": {"spec": {"containers": [
            {"name": "web", "envFrom": [{"secretRef": {"name": "s"}}]}]}}}}),
    );
    web["metadata"]["annotations"] = annotations.clone();
    web
}

fn auto() -> Value {
    json!({"reloader.stakater.com/auto": "true"})
}

/// A world in which the old set was applied, with that workload beside it.
async fn world_with(workload: &Value) -> World {
    let world = World::after(&previous()).await;
    world.wire.store.borrow_mut().put(web_key(), workload.clone());
    world
}

fn hash_of(world: &World) -> Option<String> {
    let store = world.wire.store.borrow();
    let annotations = store.objects[&web_key()].pointer("/spec/template/metadata/annotations")?;
    annotations.get(HASH).and_then(Value::as_str).map(str::to_owned)
}

fn writes_of_web(world: &World) -> usize {
    world.wire.store.borrow().commits.iter().filter(|commit| commit.key == web_key()).count()
}

#[test]
fn a_user_of_a_changed_secret_rolls_once_and_keeps_the_rest() {
    in_virtual_time(async {
        let mut world = world_with(&web(&auto())).await;
        assert_eq!(hash_of(&world), None);
        world.wire.store.borrow_mut().commits.clear();
        let executed = world.run(&full()).await.unwrap();
        assert!(executed.succeeded(), "{executed:#?}");
        assert_eq!(executed.rolled.iter().map(|rolled| &rolled.key).collect::<Vec<_>>(), [&web_key()]);
        let first = hash_of(&world).expect("a hash");
        let mut rest = world.wire.store.borrow().objects[&web_key()].clone();
        rest["spec"]["template"].as_object_mut().unwrap().remove("metadata");
        assert_eq!((&rest["spec"], &rest["metadata"]["annotations"]), (&web(&auto())["spec"], &auto()));
        let managers = rest["metadata"]["managedFields"].to_string();
        assert!(
            managers.contains("\"kubectl-gitops-reload\"") && !managers.contains("\"kubectl-gitops\""),
            "{managers}"
        );
        world.settle_on(&full(), "again").await;
        assert_eq!((hash_of(&world), writes_of_web(&world)), (Some(first.clone()), 1));
        world.settle_on(&previous(), "back").await;
        let second = hash_of(&world).expect("a hash");
        assert_ne!(second, first);
        assert_eq!(writes_of_web(&world), 2);
    });
}

#[test]
fn whatever_happens_to_the_run_its_users_roll() {
    in_virtual_time(async {
        let before = world_with(&web(&auto())).await;
        let mut smooth = before.fork();
        smooth.wire.clear_hook();
        smooth.run(&full()).await.unwrap();
        let (requests, expected) = (smooth.wire.sent(), hash_of(&smooth));
        assert!(expected.is_some() && requests > 10);
        for at in 0..requests {
            for fault in [
                Fault::KillBefore,
                Fault::KillAfter,
                Fault::DropReply,
                Fault::Lost,
                Fault::Status(500),
                Fault::Status(409),
            ] {
                let cell = format!("{fault:?} at {at}");
                let mut world = before.fork();
                world.wire.set_hook(move |_, index, _| (index == at).then_some(fault));
                drop(world.run(&full()).await);
                world.settle_on(&full(), &cell).await;
                assert_eq!(hash_of(&world), expected, "{cell}");
                assert_eq!(writes_of_web(&world), 1, "{cell}: it rolled more than once");
                assert!(world.inventory().unwrap().reload.is_empty(), "{cell}");
            }
        }
    });
}

#[test]
fn what_nobody_asked_for_is_not_touched() {
    let owned = json!({"reloader.stakater.com/auto": "true", "kubectl-gitops.dev/owner": "0".repeat(32)});
    let other = json!({"secret.reloader.stakater.com/reload": "other"});
    in_virtual_time(async {
        for (name, annotations) in [("no wish", json!({})), ("an inventory's", owned), ("another Secret", other)] {
            let mut world = world_with(&web(&annotations)).await;
            world.wire.store.borrow_mut().commits.clear();
            assert!(world.run(&full()).await.unwrap().succeeded(), "{name}");
            assert_eq!((hash_of(&world), writes_of_web(&world)), (None, 0), "{name}");
        }
        let mut off = world_with(&web(&auto())).await;
        off.policy.reload = false;
        off.settle_on(&full(), "off").await;
        assert_eq!(hash_of(&off), None);
        assert!(off.inventory().unwrap().reload.is_empty());

        // What is new, and what only gets a label, has no old content.
        let mut new = World::new();
        new.wire.store.borrow_mut().put(web_key(), web(&auto()));
        new.settle_on(&full(), "new").await;
        assert_eq!(hash_of(&new), None);
        let mut labelled = full();
        labelled[3]["metadata"]["labels"] = json!({"a": "b"});
        new.settle_on(&labelled, "labelled").await;
        assert_eq!(hash_of(&new), None);
    });
}

#[test]
fn an_account_that_may_not_roll_them_is_told_so_once() {
    in_virtual_time(async {
        let mut world = world_with(&web(&auto())).await;
        world.wire.set_hook(|request, _, _| {
            let rolls = request.method == Method::Patch && request.path.contains("/deployments/");
            rolls.then_some(Fault::Status(403))
        });
        let executed = world.run(&full()).await.unwrap();
        assert!(executed.succeeded() && executed.rolled.is_empty(), "{executed:#?}");
        let told = format!("{:?}", world.events.borrow());
        assert!(told.contains("not rolled: ") && told.contains("`--reload=own`"), "{told}");
        assert!(!told.contains("hunter2") && !told.contains("aHVudGVyMg"));
        assert!(world.inventory().unwrap().reload.is_empty(), "it is not tried again in every run");
    });
}
