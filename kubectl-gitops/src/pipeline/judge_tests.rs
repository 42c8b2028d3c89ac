//! Judging while another run works on the same set.

use std::cell::RefCell;
use std::rc::Rc;

use krm::Origin;
use serde_json::json;

use super::*;
use crate::cluster::Patience;
use crate::cluster::scripted::{Scripted, Store};
use crate::execute::{Execution, Interrupt, Job, Options, Turn, execute};
use crate::inventory::{Phase, Source};
use crate::plan::Refusal;

fn identity() -> Identity {
    Identity {
        root: RootRef::of_set("default", "demo"),
        derived: true,
        source: Source::Directory { path: "/srv/demo".to_owned() },
        revision: String::new(),
    }
}

fn set() -> Vec<Desired> {
    let map = |name: &str| {
        let metadata = json!({"name": name, "namespace": "default"});
        Desired::new(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"k": name}}),
            Origin::default(),
        )
    };
    ["a", "b", "c"].map(map).into()
}

fn client(wire: &Scripted) -> Cluster<Scripted> {
    Cluster::new(wire.clone(), Patience::default(), Box::new(|_| {}))
}

/// Every state that a first apply of the set leads through.
async fn first_apply() -> Vec<Store> {
    let wire = Scripted::new();
    let states = Rc::new(RefCell::new(Vec::new()));
    let sink = Rc::clone(&states);
    wire.set_hook(move |_, _, store| {
        sink.borrow_mut().push(store.clone());
        None
    });
    let (cluster, policy, mut desired) = (client(&wire), Policy::default(), set());
    let judged = judge(&cluster, &identity(), &mut desired, &policy).await.unwrap();
    let (_raise, interrupt) = Interrupt::channel();
    let options = Options { source: Some(identity().source), ..Options::default() };
    let job = Job {
        plan: &judged.plan,
        inventory: &judged.inventory,
        root: None,
        discovery: Rc::clone(&judged.seen.discovery),
        policy: &policy,
        options: &options,
    };
    let mut turn = Turn::new();
    let executed =
        execute(Execution { cluster: &cluster, job: &job, turn: &mut turn, interrupt: &interrupt, events: &|_| {} })
            .await;
    assert!(executed.succeeded(), "{executed:#?}");
    let last = wire.store.borrow().clone();
    let mut states = states.take();
    states.push(last);
    states
}

fn in_virtual_time<F: Future<Output = ()>>(test: F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without I/O can always be made").block_on(test);
}

/// Three runs at once: two judge while the first one claims and writes, as far as it gets. Its objects are no stranger's.
#[test]
fn another_run_of_the_same_set_is_no_other_set() {
    in_virtual_time(async {
        let states = first_apply().await;
        for (reached, state) in states.iter().enumerate() {
            for at in 0..9 {
                let wire = Scripted::new();
                let state = state.clone();
                wire.set_hook(move |_, index, store| {
                    if index == at {
                        *store = state.clone();
                    }
                    None
                });
                let judged = judge(&client(&wire), &identity(), &mut set(), &Policy::default()).await.unwrap();
                assert_eq!(judged.plan.refusal, None, "the other run at step {reached}, before request {at}");
            }
        }
    });
}

/// What really is another set's stays so, after one more look at the root.
#[test]
fn another_set_s_objects_stay_refused() {
    in_virtual_time(async {
        let wire = Scripted::new();
        *wire.store.borrow_mut() = first_apply().await.pop().expect("a last state");
        let other = Identity { root: RootRef::of_set("default", "other"), ..identity() };
        let judged = judge(&client(&wire), &other, &mut set(), &Policy::default()).await.unwrap();
        assert!(matches!(judged.plan.refusal, Some(Refusal::Objects { refused: 3, .. })), "{:?}", judged.plan.refusal);
    });
}

/// After a first apply, whose root somebody deleted.
async fn rootless() -> Scripted {
    let wire = Scripted::new();
    *wire.store.borrow_mut() = first_apply().await.pop().expect("a last state");
    let root = krm::ObjectKey::new("", "ConfigMap", "default", "gitops-demo");
    assert!(wire.store.borrow().objects.contains_key(&root));
    wire.store.borrow_mut().remove(&root);
    wire
}

/// A deletion whose root somebody took away makes no other one.
#[test]
fn nothing_is_deleted_of_a_set_whose_inventory_is_gone() {
    in_virtual_time(async {
        let wire = rootless().await;
        let policy = Policy { delete_all: true, ..Policy::default() };
        let error = judge(&client(&wire), &identity(), &mut [], &policy).await.unwrap_err();
        assert_eq!(error.code, Code::SetNotFound);
    });
}

/// A root that was made in place of a lost one, by a run that came no further, hides nothing of what the lost one held.
#[test]
fn a_run_that_was_interrupted_at_once_leaves_the_set_to_be_found() {
    in_virtual_time(async {
        for phase in [Phase::Stable, Phase::Applying, Phase::Pruning] {
            let wire = rootless().await;
            let blank = Inventory { phase, ..Inventory::new(new_id(&identity().root).unwrap(), identity().root) };
            client(&wire).write_root(&blank, None).await.unwrap();
            let judged = judge(&client(&wire), &identity(), &mut set(), &Policy::default()).await.unwrap();
            assert_eq!((judged.plan.refusal, judged.inventory.rebuilt), (None, true), "{phase:?}");
        }
    });
}
