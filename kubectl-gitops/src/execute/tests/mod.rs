//! Runs against the fake API server. Owns the harness: one invocation as the pipeline makes it, repeated to a fixpoint, with
//! the invariants checked after every committed write.

mod faults;
mod intruders;
mod leftovers;
mod rolls;
mod rules;
mod waits;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use krm::{ObjectKey, Origin};
use serde_json::{Value, json};

use super::{Done, Event, Executed, Execution, Interrupt, Job, Options, Stop, Turn, execute};
use crate::cluster::scripted::{Scripted, Store};
use crate::cluster::{Cluster, DryRun, Look, Patience, RootError, Seen, StoredRoot, Verb, lost_inventory, rebuild};
use crate::inventory::{Inventory, InventoryId, Phase, RootRef, codec, marks};
use crate::plan::{Desired, Plan, Policy, plan};

/// A set as a directory would give it.
type Set = Vec<Value>;

fn object(api_version: &str, kind: &str, namespace: &str, name: &str, content: &Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}});
    if !namespace.is_empty() {
        object["metadata"]["namespace"] = json!(namespace);
    }
    for (field, value) in content.as_object().into_iter().flatten() {
        object[field] = value.clone();
    }
    object
}

fn config_map(name: &str, value: &str) -> Value {
    object("v1", "ConfigMap", "shop", name, &json!({"data": {"k": value}}))
}

fn definition() -> Value {
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    object(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "",
        "widgets.example.com",
        &json!({"spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}],
        }}),
    )
}

/// A namespace, two ConfigMaps, a Secret, a definition and an object of it.
fn full() -> Set {
    vec![
        object("v1", "Namespace", "", "shop", &json!({})),
        config_map("a", "new"),
        config_map("b", "same"),
        object("v1", "Secret", "shop", "s", &json!({"data": {"password": "aHVudGVyMg=="}})),
        definition(),
        object("example.com/v1", "Widget", "shop", "w", &json!({"spec": {"size": 1}})),
    ]
}

/// The state before: one ConfigMap has another value, the Secret too.
fn previous() -> Set {
    let mut set = full();
    set[1] = config_map("a", "old");
    set[3]["data"]["password"] = json!("b2xk");
    set
}

/// Without one ConfigMap.
fn without_b() -> Set {
    full().into_iter().filter(|object| object["metadata"]["name"] != "b").collect()
}

/// Without the definition and its object.
fn without_widgets() -> Set {
    full()
        .into_iter()
        .filter(|object| object["kind"] != "Widget" && object["kind"] != "CustomResourceDefinition")
        .collect()
}

fn key_of(object: &Value) -> ObjectKey {
    Desired::new(object.clone(), Origin::default()).key
}

fn root_ref() -> RootRef {
    RootRef::of_set("default", "demo")
}

fn root_key() -> ObjectKey {
    let root = root_ref();
    ObjectKey::new("", "ConfigMap", root.namespace.as_str(), root.name.as_str())
}

/// A server, and invocations against it.
struct World {
    wire: Scripted,
    invocations: u8,
    policy: Policy,
    dry_run: DryRun,
    events: Rc<RefCell<Vec<Event>>>,
    last_traffic: crate::cluster::Traffic,
}

impl World {
    fn new() -> Self {
        let wire = Scripted::new();
        wire.store.borrow_mut().watch = Some(invariants);
        Self {
            wire,
            invocations: 0,
            policy: Policy::default(),
            dry_run: DryRun::No,
            events: Rc::default(),
            last_traffic: crate::cluster::Traffic::default(),
        }
    }

    /// A world in which `set` was applied.
    async fn after(set: &[Value]) -> Self {
        let mut world = Self::new();
        let executed = world.run(set).await.expect("nothing kills a run without faults");
        assert!(executed.succeeded(), "{executed:#?}");
        world.wire.store.borrow_mut().commits.clear();
        world
    }

    /// A world that is where `self` is now and goes its own way from here.
    fn fork(&self) -> Self {
        let world = Self::new();
        *world.wire.store.borrow_mut() = self.wire.store.borrow().clone();
        Self { invocations: self.invocations, policy: self.policy.clone(), dry_run: self.dry_run, ..world }
    }

    /// One invocation; `None` if it was killed.
    async fn run(&mut self, set: &[Value]) -> Option<Executed> {
        self.invocations += 1;
        let cluster = self.client();
        let executed = tokio::select! {
            executed = invoke(&cluster, set, self.invocations, &self.policy, self.dry_run, &self.events) => Some(executed),
            () = self.wire.killed() => None,
        };
        self.last_traffic = cluster.traffic();
        executed
    }

    fn client(&self) -> Cluster<Scripted> {
        let events = Rc::clone(&self.events);
        let notice = Box::new(move |notice: crate::cluster::Notice| events.borrow_mut().push(notice.into()));
        Cluster::new(self.wire.clone(), Patience::default(), notice)
    }

    /// Runs until a run succeeds, then once more: that one must write nothing.
    async fn settle_on(&mut self, set: &[Value], cell: &str) {
        self.wire.clear_hook();
        for attempt in 1.. {
            let executed = self.run(set).await.expect("nothing kills a run without faults");
            if executed.succeeded() {
                break;
            }
            assert!(attempt < 4, "{cell}: no fixpoint: {executed:#?}");
        }
        self.check_converged(set, cell);
        let writes = self.wire.store.borrow().writes;
        let again = self.run(set).await.expect("nothing kills a run without faults");
        assert!(again.succeeded(), "{cell}: {again:#?}");
        assert_eq!(self.wire.store.borrow().writes, writes, "{cell}: a run without a change wrote");
        self.check_violations(cell);
    }

    fn check_violations(&self, cell: &str) {
        let violations = self.wire.store.borrow().violations.clone();
        assert!(violations.is_empty(), "{cell}: {violations:#?}");
    }

    fn inventory(&self) -> Option<Inventory> {
        inventory_of(&self.wire.store.borrow(), &root_key()).expect("a stored inventory can be read")
    }

    /// The cluster is what the set says, and the inventory says so.
    fn check_converged(&self, set: &[Value], cell: &str) {
        let store = self.wire.store.borrow();
        let inventory = self.inventory().expect("a run makes a root");
        assert_eq!((inventory.phase, inventory.lock.clone()), (Phase::Stable, None), "{cell}: the root is not settled");
        let wanted: BTreeMap<ObjectKey, &Value> = set.iter().map(|object| (key_of(object), object)).collect();
        let recorded: Vec<&ObjectKey> = inventory.entries.keys().collect();
        assert_eq!(recorded, wanted.keys().collect::<Vec<_>>(), "{cell}: the inventory is not the set");
        for (key, wanted) in wanted {
            let live = store.objects.get(&key).unwrap_or_else(|| panic!("{cell}: {key} is missing"));
            for field in ["data", "spec"] {
                assert_eq!(live.get(field), wanted.get(field), "{cell}: {key}");
            }
            assert_eq!(marks::annotation(live, marks::OWNER_ANNOTATION), Some(inventory.id.to_string().as_str()));
        }
        for (key, live) in &store.objects {
            let ours = marks::annotation(live, marks::OWNER_ANNOTATION).is_some();
            assert!(!ours || inventory.entries.contains_key(key), "{cell}: {key} leaked");
        }
    }
}

/// What `kubectl gitops apply` does between build and report.
async fn invoke(
    cluster: &Cluster<Scripted>,
    set: &[Value],
    run: u8,
    policy: &Policy,
    dry_run: DryRun,
    events: &Rc<RefCell<Vec<Event>>>,
) -> Executed {
    let options = Options {
        holder: format!("run-{run}"),
        run_id: format!("run-{run}"),
        dry_run,
        revision: "r1".to_owned(),
        delete_root: policy.delete_all,
        wait: None,
        prune_timeout: Duration::from_secs(20),
        // An hour between runs.
        clock: Box::new(move || jiff::Timestamp::from_second(i64::from(run) * 3600).expect("a time").to_string()),
        ..Options::default()
    };
    let (_raise, interrupt) = Interrupt::channel();
    invoke_with(cluster, set, run, policy, &options, &interrupt, events).await
}

async fn invoke_with(
    cluster: &Cluster<Scripted>,
    set: &[Value],
    run: u8,
    policy: &Policy,
    options: &Options,
    interrupt: &Interrupt,
    events: &Rc<RefCell<Vec<Event>>>,
) -> Executed {
    let mark = |id: &InventoryId| -> Vec<Desired> {
        let marked = |object: &Value| {
            let mut object = object.clone();
            marks::mark_member(&mut object, id);
            Desired::new(object, Origin::default())
        };
        set.iter().map(marked).collect()
    };
    let sink = |event: Event| events.borrow_mut().push(event);
    let mut turn = Turn::new();
    loop {
        let judged = match judge(cluster, &mark, run, policy).await {
            Ok(judged) => judged,
            Err(RootError::Request(source)) => {
                return Executed { stop: Some(Stop::Inventory { deed: "read", source }), ..Executed::default() };
            }
            Err(other) => panic!("{other:?}"),
        };
        let (plan, inventory) = (&judged.plan, &judged.inventory);
        let job = Job {
            plan,
            inventory,
            root: judged.root.as_ref().map(|root| &root.object),
            discovery: Rc::clone(&judged.seen.discovery),
            policy,
            options,
        };
        let executed = execute(Execution { cluster, job: &job, turn: &mut turn, interrupt, events: &sink }).await;
        if executed.stop == Some(Stop::Moved) && turn.again() {
            continue;
        }
        if executed.stop != Some(Stop::Moved) {
            assert_eq!(executed.outcomes.len(), plan.actions.len(), "one outcome per action: {executed:#?}");
        }
        return executed;
    }
}

struct Judged {
    plan: Plan,
    inventory: Inventory,
    root: Option<StoredRoot>,
    seen: Seen,
}

/// What the pipeline does before a run: root, marks, observation, plan; again with the old identity if the root was lost.
async fn judge(
    cluster: &Cluster<Scripted>,
    mark: impl Fn(&InventoryId) -> Vec<Desired>,
    run: u8,
    policy: &Policy,
) -> Result<Judged, RootError> {
    let root = cluster.read_root(&root_ref()).await?;
    let mut inventory = match &root {
        Some(stored) => stored.inventory.clone(),
        None => Inventory::new(InventoryId::mint([run; 16], &root_ref()), root_ref()),
    };
    loop {
        let desired = mark(&inventory.id);
        let recorded = root.is_some() || inventory.rebuilt;
        let look = Look { desired: &desired, inventory: &inventory, recorded };
        let mut seen = cluster.observe(&look).await?;
        if !recorded && let Some(lost) = lost_inventory(&desired, &seen.observation, &root_ref()) {
            inventory = rebuild(cluster, &seen.discovery, lost, root_ref()).await?;
            continue;
        }
        let mut decided = plan(&desired, &inventory, &seen.observation, policy);
        let unsure = decided.rests_on();
        if !unsure.is_empty() && cluster.observe_again(&look, &unsure, &mut seen).await? {
            decided = plan(&desired, &inventory, &seen.observation, policy);
        }
        return Ok(Judged { plan: decided, inventory, root, seen });
    }
}

fn inventory_of(store: &Store, root: &ObjectKey) -> Result<Option<Inventory>, codec::DecodeError> {
    let Some(object) = store.objects.get(root) else { return Ok(None) };
    let shards = store.objects.iter().filter(|(key, _)| key.kind == "ConfigMap" && key.namespace == root.namespace);
    let shards = shards.map(|(key, shard)| (key.name.to_string(), shard.clone())).collect();
    codec::decode(object, &shards).map(Some)
}

/// What must hold after every committed write.
fn invariants(store: &Store) -> Option<String> {
    let commit = store.commits.last()?;
    if commit.deed == "delete" {
        let before = &commit.before;
        let own = marks::annotation(before, marks::OWNER_ANNOTATION).is_some()
            || marks::label(before, marks::ROOT_LABEL).is_some()
            || marks::label(before, marks::SHARD_LABEL).is_some();
        if !own {
            return Some(format!("{} was deleted and was not ours", commit.key));
        }
        if commit.preconditions["uid"] != before["metadata"]["uid"] {
            return Some(format!("{} was deleted under another uid", commit.key));
        }
    }
    let inventory = match inventory_of(store, &root_key()) {
        Ok(Some(inventory)) => inventory,
        // No root: nothing was claimed yet, or an intruder took it.
        Ok(None) => return None,
        Err(error) => return Some(format!("the root is not readable: {error}")),
    };
    let id = inventory.id.to_string();
    let unrecorded = store.objects.iter().find(|(key, object)| {
        marks::annotation(object, marks::OWNER_ANNOTATION) == Some(id.as_str()) && !inventory.entries.contains_key(key)
    });
    unrecorded.map(|(key, _)| format!("after {} {}: {key} is ours and not on record", commit.deed, commit.key))
}

/// Runs a test in virtual time: waiting for a dead holder takes no time at all.
fn in_virtual_time<F: Future<Output = ()>>(test: F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without I/O can always be made").block_on(test);
}
