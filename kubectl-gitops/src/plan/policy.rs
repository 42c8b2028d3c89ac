//! What the user allows. Owns [`Policy`]; must not know flags or configuration files.

use std::collections::BTreeSet;

/// Choices that a plan depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What to do with objects that exist and that nobody of ours owns.
    pub adopt: Adopt,
    /// Sets whose objects may move here, as `NAME` (of our inventory's namespace) or `NAMESPACE/NAME`.
    pub take_from: BTreeSet<String>,
    /// Take fields from other Apply managers. Never over another inventory's owner annotation.
    pub force_conflicts: bool,
    /// Delete members that left the set.
    pub prune: bool,
    /// Delete the set: a plan of nothing is what was asked for.
    pub delete_all: bool,
    /// Create namespaces that objects name and nobody has.
    pub create_namespace: bool,
    /// Apply everything once, whatever the digests say; Jobs that ran and are gone, too.
    pub full: bool,
    /// Apply every object that is there once, whatever the digests say.
    pub refresh: bool,
    /// Roll workloads of others that ask for it when a ConfigMap or Secret of the set changes.
    pub reload: bool,
    /// Consent to deletions that guards stop.
    pub allow: Allow,
}

/// Adoption of existing objects without an owner annotation of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Adopt {
    /// Those that kubectl or Flux applied; others are refused.
    Auto,
    /// None.
    Never,
    /// All that Helm, Argo CD or another inventory does not own.
    All,
}

/// Numbered or named consent; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allow {
    /// An empty set may empty a non-empty inventory.
    pub empty: bool,
    /// Exactly this many deletions (or fewer) are wanted.
    pub prunes: Option<usize>,
    /// PersistentVolumeClaims and PersistentVolumes may be deleted.
    pub volumes: bool,
    /// Namespaces with foreign content may be deleted with it.
    pub namespaces: bool,
    /// CustomResourceDefinitions with foreign instances may be deleted with them.
    pub crds: bool,
}

/// The policy of `apply` without flags.
impl Default for Policy {
    fn default() -> Self {
        Self {
            adopt: Adopt::Auto,
            take_from: BTreeSet::new(),
            force_conflicts: false,
            prune: true,
            delete_all: false,
            create_namespace: false,
            full: false,
            refresh: false,
            reload: true,
            allow: Allow::default(),
        }
    }
}
