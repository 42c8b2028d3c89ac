//! Everything before a plan, in order: the root, the marked set, the read pass; and once more with the old identity if the
//! set turns out to have lost its root. Owns this order; must not plan.

use krm::ObjectKey;

use super::lost::{lost_inventory, rebuild};
use super::{Look, Seen};
use crate::cluster::client::Cluster;
use crate::cluster::root::{RootError, StoredRoot};
use crate::cluster::transport::Transport;
use crate::inventory::{Inventory, InventoryId, RootRef};
use crate::plan::Desired;

/// What a plan is made from.
#[derive(Debug)]
pub struct Survey {
    /// The root as it is stored; none if there is none yet.
    pub root: Option<StoredRoot>,
    /// Its content; a new or a rebuilt inventory without it.
    pub inventory: Inventory,
    /// The set, marked with the inventory's id.
    pub desired: Vec<Desired>,
    /// What was seen.
    pub seen: Seen,
}

impl Survey {
    /// Members that are not desired any more.
    pub fn leaving(&self) -> impl Iterator<Item = &ObjectKey> {
        let desired: std::collections::BTreeSet<&ObjectKey> = self.desired.iter().map(|object| &object.key).collect();
        self.inventory.entries.keys().filter(move |key| !desired.contains(key))
    }
}

impl<T: Transport> Cluster<T> {
    /// Reads everything for a plan. `fresh` becomes the identity of a set that has none yet; `mark` makes the set, marked
    /// with the identity it is given.
    pub async fn survey(
        &self,
        root: &RootRef,
        fresh: InventoryId,
        mark: impl Fn(&InventoryId) -> Vec<Desired>,
    ) -> Result<Survey, RootError> {
        let stored = self.read_root(root).await?;
        let mut inventory = match &stored {
            Some(stored) => stored.inventory.clone(),
            None => Inventory::new(fresh, root.clone()),
        };
        let mut desired = mark(&inventory.id);
        let look = Look { desired: &desired, inventory: &inventory, recorded: stored.is_some() };
        let mut seen = self.observe(&look).await?;
        let lost = lost_inventory(&desired, &seen.observation).filter(|_| stored.is_none());
        if let Some(id) = lost {
            inventory = rebuild(self, &seen.discovery, id, root.clone()).await?;
            desired = mark(&id);
            let look = Look { desired: &desired, inventory: &inventory, recorded: true };
            seen = self.observe(&look).await?;
        }
        Ok(Survey { root: stored, inventory, desired, seen })
    }
}
