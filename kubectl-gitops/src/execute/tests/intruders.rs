//! Somebody else at work between any two of our requests.

use super::*;
use crate::cluster::scripted::Fault;

/// What an intruder does to the object under a key.
type Deed = fn(&mut Store, &ObjectKey);

fn edit(store: &mut Store, key: &ObjectKey, change: impl Fn(&mut Value)) {
    if let Some(mut object) = store.objects.get(key).cloned() {
        change(&mut object);
        store.put(key.clone(), object);
    }
}

fn victim() -> ObjectKey {
    key_of(&config_map("b", "same"))
}

/// Runs `wants` with the intruder before each request in turn, and then `then`.
async fn with_intruder(before: &[Value], wants: &[Value], deed: Deed, then: impl AsyncFn(&mut World, &str, &Executed)) {
    let before = World::after(before).await;
    let requests = {
        let mut world = before.fork();
        world.wire.clear_hook();
        world.run(wants).await.expect("nothing kills a run without faults");
        world.wire.sent()
    };
    for at in 0..requests {
        let cell = format!("intruder before request {at} of {requests}");
        let mut world = before.fork();
        world.wire.set_hook(move |_, index, store| {
            if index == at {
                deed(store, &victim());
            }
            None
        });
        let executed = world.run(wants).await.expect("an intruder kills nobody");
        assert!(matches!(executed.stop, None | Some(Stop::Refused(_))), "{cell}: {executed:#?}");
        world.check_violations(&cell);
        world.wire.clear_hook();
        then(&mut world, &cell, &executed).await;
    }
}

fn changed_b() -> Set {
    let mut set = full();
    set[2] = config_map("b", "changed");
    set
}

#[test]
fn what_is_deleted_by_hand_comes_back() {
    in_virtual_time(async {
        let deed: Deed = |store, key| drop(store.objects.remove(key));
        with_intruder(&full(), &changed_b(), deed, async |world, cell, executed| {
            assert!(executed.succeeded(), "{cell}: {executed:#?}");
            world.settle_on(&changed_b(), cell).await;
        })
        .await;
    });
}

#[test]
fn what_is_deleted_and_made_again_by_somebody_is_not_deleted_on_the_old_uid() {
    in_virtual_time(async {
        let deed: Deed = |store, key| {
            store.objects.remove(key);
            let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"k": "theirs"},
                "metadata": {"name": key.name.as_str(), "namespace": "shop"}});
            store.put(key.clone(), object);
        };
        with_intruder(&full(), &without_b(), deed, async |world, cell, _| {
            world.settle_on(&without_b(), cell).await;
            let store = world.wire.store.borrow();
            let theirs = store.objects.get(&victim()).map(|object| object["data"]["k"].clone());
            // Unless the intruder came after the deletion, nothing of theirs was touched.
            assert_eq!(theirs, Some(json!("theirs")), "{cell}");
        })
        .await;
    });
}

#[test]
fn what_another_inventory_takes_is_neither_written_nor_deleted() {
    in_virtual_time(async {
        let deed: Deed = |store, key| {
            edit(store, key, |object| {
                object["metadata"]["annotations"][marks::OWNER_ANNOTATION] = json!("ff".repeat(16));
                object["metadata"]["labels"][marks::MEMBER_LABEL] = json!("ff".repeat(8));
                object["data"]["k"] = json!("theirs");
            });
        };
        for wants in [changed_b(), without_b()] {
            with_intruder(&full(), &wants, deed, async |world, cell, _| {
                let again = world.run(&without_b()).await.expect("nothing kills a run without faults");
                assert!(again.stop.is_none(), "{cell}: {again:#?}");
                world.check_violations(cell);
                let store = world.wire.store.borrow();
                // Unless our own deletion came first, it is there, and as they left it.
                if let Some(object) = store.objects.get(&victim()) {
                    assert_eq!(object["data"]["k"], "theirs", "{cell}");
                }
                let inventory = world.inventory().expect("a run makes a root");
                assert!(!inventory.entries.contains_key(&victim()), "{cell}: what is theirs stays on our record");
            })
            .await;
        }
    });
}

#[test]
fn a_stripped_label_does_not_hide_a_member() {
    in_virtual_time(async {
        let deed: Deed = |store, key| {
            edit(store, key, |object| {
                if let Some(labels) = object["metadata"]["labels"].as_object_mut() {
                    labels.remove(marks::MEMBER_LABEL);
                }
            });
        };
        for wants in [changed_b(), without_b()] {
            with_intruder(&full(), &wants, deed, async |world, cell, executed| {
                assert!(executed.succeeded(), "{cell}: {executed:#?}");
                world.settle_on(&wants, cell).await;
            })
            .await;
        }
    });
}

#[test]
fn a_finalizer_keeps_the_entry_until_it_is_gone() {
    in_virtual_time(async {
        let deed: Deed = |store, key| edit(store, key, |object| object["metadata"]["finalizers"] = json!(["x/y"]));
        with_intruder(&full(), &without_b(), deed, async |world, cell, _| {
            let held = world.wire.store.borrow().objects.contains_key(&victim());
            let recorded = world.inventory().is_some_and(|inventory| inventory.entries.contains_key(&victim()));
            assert!(!held || recorded, "{cell}: a held object left the inventory");
            let freed = world.wire.store.borrow_mut().objects.remove(&victim());
            assert_eq!(freed.is_some(), held, "{cell}");
            world.settle_on(&without_b(), cell).await;
        })
        .await;
    });
}

#[test]
fn an_edit_by_hand_is_corrected() {
    in_virtual_time(async {
        let deed: Deed = |store, key| {
            edit(store, key, |object| {
                let mut after = object.clone();
                after["data"]["k"] = json!("by hand");
                *object = crate::cluster::scripted::updated(object, after, "kubectl-edit");
            });
        };
        with_intruder(&full(), &changed_b(), deed, async |world, cell, executed| {
            assert!(executed.succeeded(), "{cell}: {executed:#?}");
            world.settle_on(&changed_b(), cell).await;
        })
        .await;
    });
}

#[test]
fn a_lost_root_never_deletes() {
    in_virtual_time(async {
        let deed: Deed = |store, _| drop(store.objects.remove(&root_key()));
        let requests = 40;
        for at in 0..requests {
            let cell = format!("root removed before request {at}");
            let mut world = World::after(&full()).await;
            world.wire.set_hook(move |_, index, store| {
                if index == at {
                    deed(store, &victim());
                }
                None
            });
            world.run(&without_b()).await.expect("an intruder kills nobody");
            world.wire.clear_hook();
            world.wire.store.borrow_mut().commits.clear();
            let gone_before = !world.wire.store.borrow().objects.contains_key(&root_key());
            let executed = world.run(&without_b()).await.expect("nothing kills a run without faults");
            let deleted = world.wire.store.borrow().commits.iter().any(|commit| commit.deed == "delete");
            assert!(!(gone_before && deleted), "{cell}: a run without an inventory deleted something");
            assert!(executed.stop.is_none(), "{cell}: {executed:#?}");
            world.settle_on(&without_b(), &cell).await;
        }
    });
}

/// Holders of the lock, in the order in which the root named them; an empty name is no lock.
fn holders(store: &Store) -> Vec<String> {
    let holder = |root: &Value| root["data"]["lock.holder"].as_str().unwrap_or_default().to_owned();
    let commits = store.commits.iter().filter(|commit| commit.key == root_key());
    let mut holders: Vec<String> = commits.map(|commit| holder(&commit.before)).collect();
    holders.extend(store.objects.get(&root_key()).map(holder));
    holders.dedup();
    holders
}

#[test]
fn two_runs_at_once_take_turns() {
    in_virtual_time(async {
        let before = World::after(&previous()).await;
        for offset in (0..1000).step_by(40) {
            let cell = format!("second run {offset} ms later");
            let mut world = before.fork();
            // Each write takes its time, so that the lock is held while the other run looks and plans.
            world.wire.set_hook(|request, _, _| {
                (request.verb == Verb::Apply).then_some(Fault::Slow(Duration::from_millis(300)))
            });
            let (one, two) = (world.client(), world.client());
            let (policy, events) = (Policy::default(), Rc::clone(&world.events));
            let (first, second) = (full(), without_b());
            let late = async {
                tokio::time::sleep(Duration::from_millis(offset)).await;
                invoke(&two, &second, 202, &policy, DryRun::No, &events).await
            };
            let (a, b) = futures::join!(invoke(&one, &first, 201, &policy, DryRun::No, &events), late);
            world.check_violations(&cell);
            assert!(a.succeeded() && b.succeeded(), "{cell}: {a:#?} {b:#?}");
            let holders = holders(&world.wire.store.borrow());
            let stolen = holders.windows(2).any(|pair| !pair[0].is_empty() && !pair[1].is_empty());
            assert!(!stolen, "{cell}: the lock of a run that lives changed hands: {holders:?}");
            // Either may come last; what the cluster holds is one of the two sets, and the next run makes it this one.
            world.settle_on(&second, &cell).await;
        }
    });
}

/// The work ends while a renewal of the lock is under way: what it wrote is our own.
#[test]
fn a_renewal_at_the_very_end_is_no_strangers_write() {
    in_virtual_time(async {
        let mut world = World::after(&previous()).await;
        let (renewed, slow) = (Rc::new(std::cell::Cell::new(false)), std::cell::Cell::new(false));
        let seen = Rc::clone(&renewed);
        world.wire.set_hook(move |request, _, _| {
            let body = String::from_utf8_lossy(&request.body);
            if request.verb == Verb::Update && body.contains("\"lock.renew\":\"1\"") {
                seen.set(true);
                return Some(Fault::SlowReply(Duration::from_secs(20)));
            }
            let first = request.verb == Verb::Apply && !slow.replace(true);
            first.then_some(Fault::Slow(Duration::from_secs(12)))
        });
        let executed = world.run(&full()).await.unwrap();
        assert!(renewed.get(), "the run was long enough for a renewal");
        assert!(executed.succeeded(), "{executed:#?}");
        world.check_converged(&full(), "renewed at the end");
    });
}

/// A holder that stalls for longer than its lock lives must not write any more when it wakes up.
#[test]
fn a_run_that_lost_its_lock_stops_writing() {
    in_virtual_time(async {
        let mut world = World::after(&previous()).await;
        let stalled = Rc::new(std::cell::Cell::new(false));
        let once = Rc::clone(&stalled);
        // After its claim nothing of the first run reaches the root for a minute, and its first write of an object hangs.
        let begin = tokio::time::Instant::now();
        world.wire.set_hook(move |request, _, _| {
            let body = String::from_utf8_lossy(&request.body);
            let root = request.verb == Verb::Update && body.contains("\"run\":\"run-201\"");
            if root && !body.contains("\"lock.renew\":\"0\"") && begin.elapsed() < Duration::from_mins(1) {
                return Some(Fault::Timeout);
            }
            let hangs = request.verb == Verb::Apply && !once.replace(true);
            hangs.then_some(Fault::Slow(Duration::from_secs(29)))
        });
        let (one, two) = (world.client(), world.client());
        let (policy, events) = (Policy::default(), Rc::clone(&world.events));
        let (first, second) = (full(), without_b());
        let late = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            invoke(&two, &second, 202, &policy, DryRun::No, &events).await
        };
        let (a, b) = futures::join!(invoke(&one, &first, 201, &policy, DryRun::No, &events), late);
        world.check_violations("stalled");
        assert!(stalled.get());
        assert!(!a.succeeded(), "{a:#?}");
        assert!(b.succeeded(), "{b:#?}");
        world.settle_on(&second, "stalled").await;
    });
}
