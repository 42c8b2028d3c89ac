//! What requests make that arrive when their run is over: objects of kinds that nobody lists any more, shards that no root names.
//! They go with the next runs, and a run that finds none writes nothing.

use super::*;
use crate::cluster::scripted::Fault;
use crate::cluster::transport::Method;

fn widget_key() -> ObjectKey {
    ObjectKey::new("example.com", "Widget", "shop", "w")
}

/// So many that their lines do not fit into the root.
fn many() -> Set {
    (0..200).map(|number| config_map(&format!("m{number:03}"), "many")).chain(full()).collect()
}

fn shard_keys(world: &World) -> Vec<ObjectKey> {
    let store = world.wire.store.borrow();
    let shards = store.objects.iter().filter(|(_, object)| marks::label(object, marks::SHARD_LABEL).is_some());
    shards.map(|(key, _)| key.clone()).collect()
}

/// Puts an object back, as a request would that was given up and arrives now: another uid, the same content.
fn arrive(world: &World, key: &ObjectKey, mut object: Value) {
    object["metadata"]["uid"] = json!("");
    world.wire.store.borrow_mut().put(key.clone(), object);
}

fn without_the_widget() -> Set {
    full().into_iter().filter(|object| object["kind"] != "Widget").collect()
}

#[test]
fn a_creation_that_arrives_when_its_kind_has_left_the_set_is_found() {
    in_virtual_time(async {
        let mut world = World::after(&full()).await;
        let late = world.wire.store.borrow().objects[&widget_key()].clone();
        let pruned = world.run(&without_the_widget()).await.unwrap();
        assert_eq!(pruned.count(Done::Pruned), 1, "{pruned:#?}");
        world.settle_on(&without_the_widget(), "nothing came").await;
        arrive(&world, &widget_key(), late);
        let found = world.run(&without_the_widget()).await.unwrap();
        assert_eq!(found.count(Done::Pruned), 1, "{found:#?}");
        world.settle_on(&without_the_widget(), "it came").await;
    });
}

#[test]
fn a_kind_that_left_is_asked_for_until_something_else_changes_later() {
    in_virtual_time(async {
        let mut world = World::after(&full()).await;
        world.run(&without_the_widget()).await.unwrap();
        assert_eq!(world.inventory().unwrap().left.kinds.len(), 1);
        let late = {
            let mut other = World::after(&full()).await;
            other.run(&full()).await.unwrap();
            other.wire.store.borrow().objects[&widget_key()].clone()
        };
        let mut set = without_the_widget();
        // At once: what was sent before may still come, and is found.
        for (data, times) in [("newer", 1), ("newest", 2)] {
            world.invocations = 1;
            set[1] = config_map("a", data);
            world.run(&set).await.unwrap();
            assert_eq!(world.inventory().unwrap().left.kinds.len(), 1, "{times} runs that changed something");
        }
        let mut late = late;
        late["metadata"]["annotations"][marks::OWNER_ANNOTATION] = json!(world.inventory().unwrap().id.to_string());
        late["metadata"]["labels"][marks::MEMBER_LABEL] = json!(world.inventory().unwrap().id.short());
        arrive(&world, &widget_key(), late);
        assert_eq!(world.run(&set).await.unwrap().count(Done::Pruned), 1);
        // An hour later.
        set[1] = config_map("a", "last");
        world.run(&set).await.unwrap();
        assert!(world.inventory().unwrap().left.kinds.is_empty());
        let asks = |world: &World| world.last_traffic.total();
        world.run(&set).await.unwrap();
        let kinds = 4;
        assert!(asks(&world) <= kinds + 6, "{:?}", world.last_traffic);
    });
}

#[test]
fn a_shard_that_no_root_names_goes_with_the_next_run() {
    in_virtual_time(async {
        let mut world = World::after(&many()).await;
        let (key, shard) = {
            let store = world.wire.store.borrow();
            let key = shard_keys(&world).pop().expect("a large set has shards");
            (key.clone(), store.objects[&key].clone())
        };
        let stray = ObjectKey::new("", "ConfigMap", "default", "gitops-demo-000000000000");
        let mut copy = shard.clone();
        copy["metadata"]["name"] = json!(stray.name.as_str());
        arrive(&world, &stray, copy);
        world.run(&many()).await.unwrap();
        assert_eq!(shard_keys(&world), std::slice::from_ref(&key));
        world.settle_on(&many(), "of a set with shards").await;

        world.policy.allow.prunes = Some(1000);
        world.run(&full()).await.unwrap();
        assert_eq!(shard_keys(&world), []);
        arrive(&world, &key, shard);
        world.run(&full()).await.unwrap();
        assert_eq!(shard_keys(&world), []);
        world.settle_on(&full(), "of a set that has none any more").await;
    });
}

#[test]
fn a_set_that_begins_to_need_shards_leaves_none_wherever_it_dies() {
    in_virtual_time(async {
        let before = World::after(&full()).await;
        for at in 0..16 {
            for fault in [Fault::KillBefore, Fault::KillAfter, Fault::Status(403)] {
                let mut world = before.fork();
                world.policy.allow.prunes = Some(1000);
                world.wire.set_hook(move |_, index, _| (index == at).then_some(fault));
                world.run(&many()).await;
                let cell = format!("{fault:?} at {at}");
                world.settle_on(&full(), &cell).await;
                assert_eq!(shard_keys(&world), [], "{cell}");
            }
        }
    });
}

/// A run that dies between deciding to delete a shard and deleting it may have the deletion under way still.
#[test]
fn a_shard_that_is_used_again_is_not_what_an_earlier_deletion_is_about() {
    in_virtual_time(async {
        let mut world = World::after(&full()).await;
        world.wire.set_hook(|request, _, store| {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let is_shard = marks::label(&body, marks::SHARD_LABEL).is_some();
            if request.method == Method::Post && is_shard {
                let name = body["metadata"]["name"].as_str().unwrap_or_default().to_owned();
                let key = ObjectKey::new("", "ConfigMap", "default", name);
                if !store.objects.contains_key(&key) {
                    store.put(key, body);
                }
                // And it takes so long that the lock is not fresh any more: an inventory is written all the same.
                return Some(Fault::Slow(Duration::from_secs(20)));
            }
            None
        });
        let executed = world.run(&many()).await.unwrap();
        assert!(executed.succeeded(), "{executed:#?}");
        world.wire.clear_hook();
        world.check_converged(&many(), "with shards that were there");
        let store = world.wire.store.borrow();
        let shards: Vec<&ObjectKey> = store.objects.keys().filter(|key| key.name.starts_with("gitops-demo-")).collect();
        assert!(!shards.is_empty());
        for key in shards {
            let patched = store.commits.iter().any(|commit| commit.deed == "patch" && commit.key == *key);
            assert!(patched, "{key} has the version in which it was found");
        }
    });
}
