//! Reasons in words. Owns the stable codes, the sentences, the hints and the class of each refusal; must not decide.

use std::fmt;

use super::reason::{Class, Reason};

impl Reason {
    /// Stable, for machines and for the documentation.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Vanished => "Vanished",
            Self::Changed => "Changed",
            Self::Drifted { .. } => "Drifted",
            Self::Unconfirmed => "Unconfirmed",
            Self::Unmarked => "Unmarked",
            Self::Adopted { .. } => "Adopted",
            Self::Moved { .. } => "Moved",
            Self::FullRun => "FullRun",
            Self::Same => "Same",
            Self::GoingAway => "GoingAway",
            Self::NamespaceGoingAway => "NamespaceGoingAway",
            Self::ImmutableRecreate { .. } => "ImmutableRecreate",
            Self::KindArrives { .. } => "KindArrives",
            Self::KindExpected { .. } => "KindExpected",
            Self::JobDone => "JobDone",
            Self::CreateOnly => "CreateOnly",
            Self::ReconcileDisabled => "ReconcileDisabled",
            Self::LeftSet => "LeftSet",
            Self::Stray => "Stray",
            Self::SetDeleted => "SetDeleted",
            Self::Gone => "Gone",
            Self::KindGone => "KindGone",
            Self::Replaced => "Replaced",
            Self::SameObject { .. } => "SameObject",
            Self::OwnedElsewhere { .. } => "OwnedElsewhere",
            Self::Released => "Released",
            Self::ControllerOwned { .. } => "ControllerOwned",
            Self::Disowned { .. } => "Disowned",
            Self::Protected { .. } => "Protected",
            Self::PruneOff => "PruneOff",
            Self::Rebuilt => "Rebuilt",
            Self::NamespaceInUse { .. } => "NamespaceInUse",
            Self::DefinitionInUse { .. } => "DefinitionInUse",
            Self::Volume => "Volume",
            Self::SystemNamespace => "SystemNamespace",
            Self::Unreadable { .. } => "Unreadable",
            Self::KindNotServed => "KindNotServed",
            Self::OtherInventory { .. } => "OtherInventory",
            Self::OtherTool { .. } => "OtherTool",
            Self::K3sAddon { .. } => "K3sAddon",
            Self::NotAdopted { .. } => "NotAdopted",
            Self::Conflict { .. } => "Conflict",
            Self::Immutable { .. } => "Immutable",
            Self::Rejected { .. } => "Rejected",
            Self::KindUnknown { .. } => "KindUnknown",
            Self::NamespaceMissing { .. } => "NamespaceMissing",
            Self::NamespaceTerminating { .. } => "NamespaceTerminating",
            Self::NeedsNamespace => "NeedsNamespace",
            Self::HasNamespace => "HasNamespace",
            Self::Nameless => "Nameless",
            Self::Misfit { .. } => "Misfit",
            Self::NoField { .. } => "NoField",
            Self::NoExpression { .. } => "NoExpression",
            Self::Duplicate { .. } => "Duplicate",
            Self::Inventory => "Inventory",
            Self::DependencyMissing { .. } => "DependencyMissing",
            Self::DependencyMalformed { .. } => "DependencyMalformed",
            Self::DependencyCycle { .. } => "DependencyCycle",
        }
    }

    /// What kind of refusal it is, if it stands beside [`super::Deed::Refuse`].
    pub const fn class(&self) -> Class {
        match self {
            Self::KindUnknown { .. }
            | Self::NamespaceMissing { .. }
            | Self::Rejected { .. }
            | Self::NeedsNamespace
            | Self::HasNamespace
            | Self::Nameless
            | Self::Misfit { .. }
            | Self::NoField { .. }
            | Self::NoExpression { .. }
            | Self::Duplicate { .. }
            | Self::Inventory
            | Self::Immutable { .. }
            | Self::DependencyMissing { .. }
            | Self::DependencyMalformed { .. }
            | Self::DependencyCycle { .. } => Class::Input,
            Self::Unreadable { .. } => Class::Unreachable,
            _ => Class::Guard,
        }
    }

    /// What to do next, where there is one thing to do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NamespaceMissing { namespace } => {
                format!("add a Namespace `{namespace}` to the set, or pass `--create-namespace`")
            }
            Self::NamespaceTerminating { namespace } => {
                format!("wait until the namespace is gone: `kubectl get namespace {namespace}`")
            }
            Self::KindUnknown { kind } => {
                format!("install the CustomResourceDefinition of `{kind}` first, or add it to the set")
            }
            Self::NotAdopted { .. } => {
                "if this set should own it, pass `--adopt=all` once; otherwise remove it from the set".to_owned()
            }
            Self::OtherInventory { gone: true, .. } => {
                "the inventory that owned it is gone; `--adopt=all` takes its objects over".to_owned()
            }
            Self::OtherInventory { owner, gone: false } => {
                let set = owner.replacen(&format!("/{}", crate::inventory::marks::ROOT_PREFIX), "/", 1);
                format!(
                    "remove it from one of the two sets, or move it here: `--take-from {set}`, and the other set lets go of it"
                )
            }
            Self::OtherTool { .. } => "uninstall it there (keeping the object), or remove it from this set".to_owned(),
            Self::K3sAddon { .. } => {
                "K3s rewrites it at each start: use a HelmChartConfig, or start K3s with `--disable`".to_owned()
            }
            Self::Conflict { .. } => "pass `--force-conflicts` to take the fields over".to_owned(),
            Self::Immutable { recreatable: true, .. } => {
                "put the annotation `kubectl-gitops.dev/force: enabled` on it to delete and create it again".to_owned()
            }
            Self::NeedsNamespace => "set `metadata.namespace`, or pass `-n`".to_owned(),
            Self::HasNamespace => "remove `metadata.namespace`".to_owned(),
            Self::Volume => "pass `--allow-delete=pvc` to delete it with its data".to_owned(),
            Self::NamespaceInUse { .. } => "pass `--allow-delete=namespace` to delete everything in it".to_owned(),
            Self::DefinitionInUse { .. } => "pass `--allow-delete=crd` to delete all its objects".to_owned(),
            _ => return None,
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("new"),
            Self::Vanished => f.write_str("was deleted by somebody"),
            Self::Changed => f.write_str("changed in the set"),
            Self::Drifted { by } if by.is_empty() => f.write_str("changed in the cluster"),
            Self::Drifted { by } => write!(f, "changed in the cluster by {}", by.join(", ")),
            Self::Unconfirmed => f.write_str("no finished apply is on record"),
            Self::Unmarked => f.write_str("lost our marks"),
            Self::Adopted { from } if from.is_empty() => f.write_str("existed before and is adopted"),
            Self::Adopted { from } => write!(f, "existed before and is adopted from {}", from.join(", ")),
            Self::Moved { from } => write!(f, "moves here from inventory {from}"),
            Self::FullRun => f.write_str("everything is applied in this run"),
            Self::Same => f.write_str("as desired"),
            Self::GoingAway => f.write_str("is being deleted, is created again after that"),
            Self::NamespaceGoingAway => f.write_str("its namespace is created again first"),
            Self::ImmutableRecreate { field } => write!(f, "{field} is immutable: deleted and created again"),
            Self::KindArrives { definition } => write!(f, "its kind comes with {}", definition.short()),
            Self::KindExpected { kind } => write!(f, "the kind `{kind}` is expected from what this run starts"),
            Self::JobDone => f.write_str("has run and was removed by its ttl"),
            Self::CreateOnly => f.write_str("is only created, never changed"),
            Self::ReconcileDisabled => f.write_str("an annotation says to leave it alone"),
            _ => self.leaving(f),
        }
    }
}

impl Reason {
    /// Sentences for objects that left the set.
    fn leaving(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftSet => f.write_str("is no longer in the set"),
            Self::Stray => f.write_str("was left by an interrupted run"),
            Self::SetDeleted => f.write_str("the set is deleted"),
            Self::Gone => f.write_str("is already gone"),
            Self::KindGone => f.write_str("its kind is gone"),
            Self::Replaced => f.write_str("another object has its name now"),
            Self::SameObject { key } => write!(f, "is the same object as {key}"),
            Self::OwnedElsewhere { owner } => write!(f, "belongs to {owner} now"),
            Self::Released => f.write_str("no longer carries our owner annotation"),
            Self::ControllerOwned { owner } => write!(f, "is controlled by {owner}"),
            Self::Disowned { annotation } => write!(f, "`{annotation}` hands it over"),
            Self::Protected { annotation } => write!(f, "`{annotation}` keeps it"),
            Self::PruneOff => f.write_str("pruning is off"),
            Self::Rebuilt => f.write_str("the inventory was rebuilt in this run"),
            Self::NamespaceInUse { found } => write!(f, "the namespace holds {found}"),
            Self::DefinitionInUse { found } => write!(f, "objects of its kind exist: {found}"),
            Self::Volume => f.write_str("it holds data"),
            Self::SystemNamespace => f.write_str("it is a namespace of the cluster itself"),
            Self::Unreadable { why } => write!(f, "could not be read: {why}"),
            Self::KindNotServed => f.write_str("its kind is not served now"),
            _ => self.refusing(f),
        }
    }

    /// Sentences for refusals.
    fn refusing(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherInventory { owner, gone: false } => write!(f, "belongs to inventory {owner}"),
            Self::OtherInventory { owner, gone: true } => write!(f, "belongs to inventory {owner}, which is gone"),
            Self::OtherTool { tool } => write!(f, "belongs to {tool}"),
            Self::K3sAddon { addon } => write!(f, "belongs to the K3s addon {addon}"),
            Self::NotAdopted { managers } if managers.is_empty() => f.write_str("exists and is not ours"),
            Self::NotAdopted { managers } => {
                write!(f, "exists and is not ours (managed by {})", managers.join(", "))
            }
            Self::Conflict { manager, fields } => {
                write!(f, "`{manager}` applies other values of {}", fields.join(", "))
            }
            Self::Immutable { field, .. } => write!(f, "{field} is immutable"),
            Self::Rejected { message } => write!(f, "the API server refuses it: {message}"),
            Self::KindUnknown { kind } => write!(f, "the cluster does not know the kind `{kind}`"),
            Self::NamespaceMissing { namespace } => write!(f, "namespace `{namespace}` does not exist"),
            Self::NamespaceTerminating { namespace } => write!(f, "namespace `{namespace}` is being deleted"),
            Self::NeedsNamespace => f.write_str("objects of its kind need a namespace"),
            Self::HasNamespace => f.write_str("objects of its kind have no namespace"),
            Self::Nameless => f.write_str("has no `metadata.name`"),
            Self::Misfit { field, wanted } => write!(f, "{field} must be {wanted}"),
            Self::NoField { part } => {
                write!(f, "`{part}` in its ignore-fields annotation is no field that can be ignored")
            }
            Self::NoExpression { annotation, error } => write!(f, "`{annotation}` holds no expression: {error}"),
            Self::Duplicate { other } => write!(f, "stands in the set twice, also in {other}"),
            Self::Inventory => f.write_str("is an inventory"),
            Self::DependencyMissing { dependency } => write!(f, "depends on {dependency}, which does not exist"),
            Self::DependencyMalformed { part } => write!(f, "`{part}` in its depends-on annotation is no object"),
            Self::DependencyCycle { cycle } => {
                let names: Vec<String> = cycle.iter().map(krm::ObjectKey::short).collect();
                write!(f, "depends on itself: {}", names.join(" -> "))
            }
            // Every other variant is printed by the callers of this one.
            _ => f.write_str(self.code()),
        }
    }
}
