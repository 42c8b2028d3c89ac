//! What annotations of an object wish. Owns their names and values, ours and those of the tools we are compatible with.

use serde_json::Value;

use crate::inventory::marks::{self, Marked};

/// What happens to an object that leaves the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnLeave {
    /// Deleted, guards permitting.
    Prune,
    /// Deleted, whatever guards say (never namespaces of the cluster itself).
    PruneAnyway,
    /// Kept, and remembered.
    Keep(&'static str),
    /// Kept, and forgotten.
    Detach(&'static str),
}

/// How an object in the set is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Applied.
    Apply,
    /// Created if absent, never changed.
    CreateOnly,
    /// Left alone.
    Ignore,
}

const FLUX_PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
const FLUX_RECONCILE: &str = "kustomize.toolkit.fluxcd.io/reconcile";
const FLUX_SSA: &str = "kustomize.toolkit.fluxcd.io/ssa";
const FLUX_FORCE: &str = "kustomize.toolkit.fluxcd.io/force";
const ARGO_OPTIONS: &str = "argocd.argoproj.io/sync-options";
const HELM_POLICY: &str = "helm.sh/resource-policy";
const CLI_UTILS_DELETION: &str = "client.lifecycle.config.k8s.io/deletion";
const CLI_UTILS_MUTATION: &str = "client.lifecycle.config.k8s.io/mutation";
const CLI_UTILS_REMOVE: &str = "cli-utils.sigs.k8s.io/on-remove";

/// Reads the live object: what leaves the set is no longer in Git.
pub(super) fn on_leave(live: &impl Marked) -> OnLeave {
    match live.annotation(marks::PRUNE_ANNOTATION).map(str::to_ascii_lowercase).as_deref() {
        Some("disabled" | "false") => return OnLeave::Keep(marks::PRUNE_ANNOTATION),
        Some("detach") => return OnLeave::Detach(marks::PRUNE_ANNOTATION),
        Some("enabled" | "true") => return OnLeave::PruneAnyway,
        _ => {}
    }
    if is(live, FLUX_PRUNE, "disabled") {
        return OnLeave::Keep(FLUX_PRUNE);
    }
    if has_option(live, "Prune=false") || has_option(live, "Delete=false") {
        return OnLeave::Keep(ARGO_OPTIONS);
    }
    if is(live, HELM_POLICY, "keep") {
        return OnLeave::Keep(HELM_POLICY);
    }
    if is(live, CLI_UTILS_DELETION, "detach") {
        return OnLeave::Detach(CLI_UTILS_DELETION);
    }
    if is(live, CLI_UTILS_REMOVE, "keep") {
        return OnLeave::Detach(CLI_UTILS_REMOVE);
    }
    OnLeave::Prune
}

/// Reads the manifest and, where it exists, the live object: somebody may hold an object by hand.
pub(super) fn treatment(manifest: &impl Marked, live: Option<&impl Marked>) -> Treatment {
    let any = |name: &str, value: &str| is(manifest, name, value) || live.is_some_and(|live| is(live, name, value));
    if any(marks::RECONCILE_ANNOTATION, "disabled") || any(FLUX_RECONCILE, "disabled") || any(FLUX_SSA, "Ignore") {
        Treatment::Ignore
    } else if is(manifest, marks::RECONCILE_ANNOTATION, "create-only")
        || is(manifest, FLUX_SSA, "IfNotPresent")
        || is(manifest, CLI_UTILS_MUTATION, "ignore")
        // Applied again it would lose the values that were made when it was created.
        || manifest.annotation(marks::CREATE_ONCE_ANNOTATION).is_some()
    {
        Treatment::CreateOnly
    } else {
        Treatment::Apply
    }
}

/// May the object be deleted and created again when an immutable field changes?
pub(super) fn may_recreate(manifest: &Value) -> bool {
    is(manifest, marks::FORCE_ANNOTATION, "enabled")
        || is(manifest, FLUX_FORCE, "enabled")
        || has_option(manifest, "Replace=true,Force=true")
}

/// The sets that the object may be taken from.
pub(super) fn takes_from(manifest: &impl Marked) -> impl Iterator<Item = &str> {
    let sets = manifest.annotation(marks::TAKE_FROM_ANNOTATION).unwrap_or_default();
    sets.split(',').map(str::trim).filter(|set| !set.is_empty())
}

/// The number of deletions that an object of the set consents to.
pub(super) fn allowed_prunes(manifest: &impl Marked) -> Option<usize> {
    manifest.annotation(marks::ALLOW_PRUNE_ANNOTATION)?.trim().parse().ok()
}

fn is(object: &impl Marked, name: &str, value: &str) -> bool {
    object.annotation(name).is_some_and(|found| found.eq_ignore_ascii_case(value))
}

/// Argo CD's comma-separated options; `option` may name several that must all be there.
fn has_option(object: &impl Marked, option: &str) -> bool {
    let Some(options) = object.annotation(ARGO_OPTIONS) else { return false };
    option.split(',').all(|wanted| options.split(',').any(|found| found.trim() == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(name: &str, value: &str) -> Value {
        json!({"metadata": {"annotations": {name: value}}})
    }

    #[test]
    fn what_keeps_an_object() {
        for (name, value, wish) in [
            (marks::PRUNE_ANNOTATION, "disabled", OnLeave::Keep(marks::PRUNE_ANNOTATION)),
            (marks::PRUNE_ANNOTATION, "Disabled", OnLeave::Keep(marks::PRUNE_ANNOTATION)),
            (marks::PRUNE_ANNOTATION, "detach", OnLeave::Detach(marks::PRUNE_ANNOTATION)),
            (marks::PRUNE_ANNOTATION, "enabled", OnLeave::PruneAnyway),
            (marks::PRUNE_ANNOTATION, "", OnLeave::Prune),
            (FLUX_PRUNE, "disabled", OnLeave::Keep(FLUX_PRUNE)),
            (FLUX_PRUNE, "enabled", OnLeave::Prune),
            (ARGO_OPTIONS, "Validate=false, Prune=false", OnLeave::Keep(ARGO_OPTIONS)),
            (ARGO_OPTIONS, "Delete=false", OnLeave::Keep(ARGO_OPTIONS)),
            (ARGO_OPTIONS, "PruneLast=true", OnLeave::Prune),
            (HELM_POLICY, "keep", OnLeave::Keep(HELM_POLICY)),
            (CLI_UTILS_DELETION, "detach", OnLeave::Detach(CLI_UTILS_DELETION)),
            (CLI_UTILS_REMOVE, "keep", OnLeave::Detach(CLI_UTILS_REMOVE)),
            ("other", "disabled", OnLeave::Prune),
        ] {
            assert_eq!(on_leave(&with(name, value)), wish, "{name}: {value}");
        }
    }

    #[test]
    fn how_an_object_is_treated() {
        let plain = json!({"metadata": {}});
        for (manifest, live, expected) in [
            (&plain, None, Treatment::Apply),
            (&with(marks::RECONCILE_ANNOTATION, "disabled"), None, Treatment::Ignore),
            (&plain, Some(with(marks::RECONCILE_ANNOTATION, "disabled")), Treatment::Ignore),
            (&with(FLUX_SSA, "Ignore"), None, Treatment::Ignore),
            (&with(FLUX_SSA, "Merge"), None, Treatment::Apply),
            (&with(FLUX_SSA, "IfNotPresent"), None, Treatment::CreateOnly),
            (&with(CLI_UTILS_MUTATION, "ignore"), None, Treatment::CreateOnly),
            (&with(marks::RECONCILE_ANNOTATION, "create-only"), None, Treatment::CreateOnly),
            (&with(marks::CREATE_ONCE_ANNOTATION, "{}"), None, Treatment::CreateOnly),
            (&plain, Some(with(marks::RECONCILE_ANNOTATION, "create-only")), Treatment::Apply),
        ] {
            assert_eq!(treatment(manifest, live.as_ref()), expected, "{manifest} {live:?}");
        }
    }

    #[test]
    fn consent_is_a_number() {
        assert_eq!(allowed_prunes(&with(marks::ALLOW_PRUNE_ANNOTATION, "31")), Some(31));
        assert_eq!(allowed_prunes(&with(marks::ALLOW_PRUNE_ANNOTATION, "many")), None);
        assert!(may_recreate(&with(marks::FORCE_ANNOTATION, "enabled")));
        assert!(!may_recreate(&with(ARGO_OPTIONS, "Replace=true")));
    }
}
