//! The lock while a run works. Owns the stored root during a run, every write of it, and its renewal; must not decide who may
//! take a lock (`inventory::lock` does).

use std::cell::{Cell, RefCell};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::cluster::root::resource_version;
use crate::cluster::{Cluster, ClusterError, Code, Gate, RootError, Transport, Verb};
use crate::inventory::{Inventory, Lock, Phase, codec};

/// How often the renewal is thought about.
const LOOK: Duration = Duration::from_millis(500);
/// Somebody may label the root by hand while we work: take their version over so often before giving up.
const FOREIGN_EDITS_MAX: usize = 3;

/// The root as this run last wrote it. One writer at a time.
#[derive(Debug)]
pub(super) struct Lease {
    root: Mutex<Value>,
    inventory: RefCell<Inventory>,
    /// When the last renewal that succeeded was *sent*.
    renewed: Cell<Instant>,
    lost: RefCell<Option<String>>,
}

impl Lease {
    /// Claims: writes `claimed`, which holds our lock, over what was read, which said `before`.
    pub(super) async fn claim<T: Transport>(
        cluster: &Cluster<T>,
        before: &Inventory,
        claimed: Inventory,
        previous: Option<&Value>,
    ) -> Result<Self, RootError> {
        let mut locked = None;
        if codec::is_split(&claimed) && !codec::is_split(before) {
            // Shards come before the root that names them. A root that never had any says first that a run is under way, or
            // nobody would look for those of a run that came no further.
            let (run_id, lock) = (claimed.run_id.clone(), claimed.lock.clone());
            let first = Inventory { run_id, lock, phase: Phase::Applying, ..before.clone() };
            locked = Some(cluster.write_root(&first, previous).await?);
        }
        let sent = Instant::now();
        let root = cluster.write_root(&claimed, locked.as_ref().or(previous)).await?;
        let lease = Self {
            root: Mutex::new(root),
            inventory: RefCell::new(claimed),
            renewed: Cell::new(sent),
            lost: RefCell::new(None),
        };
        lease.limit(cluster);
        Ok(lease)
    }

    /// Why the lock is lost, if it is.
    pub(super) fn lost(&self) -> Option<String> {
        self.lost.borrow().clone()
    }

    /// What the root says now.
    pub(super) fn inventory(&self) -> Inventory {
        self.inventory.borrow().clone()
    }

    /// Is the stored form split?
    pub(super) fn has_shards(&self) -> bool {
        self.root.try_lock().is_ok_and(|root| codec::shards(&root).is_ok_and(|shards| !shards.is_empty()))
    }

    /// Entries of the union.
    pub(super) fn entries(&self) -> usize {
        self.inventory.borrow().entries.len()
    }

    /// Renews as long as it is polled; ends only when the lock is lost.
    pub(super) async fn keep<T: Transport>(&self, cluster: &Cluster<T>) {
        loop {
            tokio::time::sleep(LOOK).await;
            let due = self.lock().is_some_and(|lock| lock.renewal_due(self.renewed.get().elapsed()));
            if !due {
                continue;
            }
            let mut next = self.inventory();
            next.lock = next.lock.as_ref().map(Lock::renewed);
            if let Err(error) = self.write(cluster, next).await
                && error.is_lost_race()
            {
                return;
            }
        }
    }

    /// Writes `next` over what this run wrote last. A lost race means that the lock is lost.
    pub(super) async fn write<T: Transport>(&self, cluster: &Cluster<T>, next: Inventory) -> Result<Value, RootError> {
        let mut root = self.root.lock().await;
        if let Some(reason) = self.lost() {
            let error = ClusterError::local(Code::LeaseLost, Verb::Update, "the inventory", &reason);
            return Err(RootError::Request(error));
        }
        for _ in 0..FOREIGN_EDITS_MAX {
            let sent = Instant::now();
            match cluster.write_root(&next, Some(&root)).await {
                Ok(written) => {
                    *root = written.clone();
                    *self.inventory.borrow_mut() = next;
                    self.renewed.set(sent);
                    self.limit(cluster);
                    return Ok(written);
                }
                Err(error) if error.is_lost_race() => {
                    let Some(now) = self.as_written(cluster).await? else {
                        self.lose(cluster, "its inventory was changed or removed by somebody else");
                        return Err(error);
                    };
                    *root = now;
                }
                Err(error) => return Err(error),
            }
        }
        self.lose(cluster, "its inventory is edited by somebody else again and again");
        let error = ClusterError::local(Code::Conflict, Verb::Update, "the inventory", "edited again and again");
        Err(RootError::Request(error))
    }

    /// The stored root, if its content is still what this run wrote. One more renewal may be in it than we know of: the work
    /// may have ended while it was under way.
    async fn as_written<T: Transport>(&self, cluster: &Cluster<T>) -> Result<Option<Value>, RootError> {
        let ours = self.inventory();
        let not_renewed = |inventory: &Inventory| Inventory {
            lock: inventory.lock.clone().map(|lock| Lock { renew: 0, ..lock }),
            ..inventory.clone()
        };
        match cluster.read_root(&ours.root).await {
            Ok(Some(stored)) if not_renewed(&stored.inventory) == not_renewed(&ours) => Ok(Some(stored.object)),
            Ok(_) | Err(RootError::Decode(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes the root, as this run wrote it last.
    pub(super) async fn delete<T: Transport>(&self, cluster: &Cluster<T>) -> Result<(), ClusterError> {
        let root = self.root.lock().await;
        // The root passes the gate like any object's deletion: renew it by the fact that we hold the mutex and its version.
        cluster.set_gate(Gate::Open);
        debug_assert!(!resource_version(&root).is_empty());
        cluster.delete_root(&root).await
    }

    fn lock(&self) -> Option<Lock> {
        self.inventory.borrow().lock.clone()
    }

    fn limit<T: Transport>(&self, cluster: &Cluster<T>) {
        let gate = match self.lock() {
            Some(lock) => Gate::Until(self.renewed.get() + lock.ttl() / 2),
            None => Gate::Shut,
        };
        cluster.set_gate(gate);
    }

    fn lose<T: Transport>(&self, cluster: &Cluster<T>, reason: &str) {
        cluster.set_gate(Gate::Shut);
        self.lost.borrow_mut().get_or_insert_with(|| reason.to_owned());
    }
}
