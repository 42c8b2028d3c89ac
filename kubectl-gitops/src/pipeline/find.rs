//! Finding applied sets by name. Owns the search in all namespaces, falling back to one, and what is ambiguous.

use serde_json::Value;

use super::identity::Identity;
use super::session::Session;
use crate::cluster::Code as Answer;
use crate::error::{CliError, Code, Result};
use crate::inventory::{RootRef, Source};
use crate::settings::SYSTEM_NAMESPACE;

/// All roots that the account can see, or those of `namespace`, else of the one asked for with `-n`.
pub(super) async fn roots(session: &Session, namespace: Option<&str>) -> Result<Vec<Value>> {
    let asked = namespace.or(session.asked());
    match session.cluster.list_roots(asked).await {
        Ok(roots) => Ok(roots),
        // Without the right to look everywhere, look at home.
        Err(error) if error.code == Answer::Forbidden && asked.is_none() => {
            Ok(session.cluster.list_roots(Some(session.namespace())).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Those that `status` shows: of a namespace also the ones that `sync` keeps for it elsewhere.
pub(super) async fn shown(session: &Session) -> Result<Vec<Value>> {
    let mut found = roots(session, None).await?;
    if let Some(asked) = session.asked().filter(|asked| *asked != SYSTEM_NAMESPACE) {
        // Who may not look there has nothing there.
        let elsewhere = session.cluster.list_roots(Some(SYSTEM_NAMESPACE)).await.unwrap_or_default();
        found.extend(elsewhere.into_iter().filter(|root| synced(&root_ref(root)).is_some_and(|(of, _)| of == asked)));
    }
    Ok(found)
}

/// Where a root lies.
pub(super) fn root_ref(root: &Value) -> RootRef {
    let text = |field: &str| root["metadata"][field].as_str().unwrap_or_default().to_owned();
    RootRef { namespace: text("namespace"), name: text("name") }
}

/// The one set called `name` (or `namespace/name`).
pub(super) async fn identity(session: &Session, name: &str, namespace: Option<&str>) -> Result<Identity> {
    let (qualified, wanted) = name.rsplit_once('/').map_or((None, name), |(namespace, name)| (Some(namespace), name));
    let namespace = namespace.or(qualified);
    // A set of `sync` is called by the namespace in its name, and lies elsewhere.
    let lies = namespace.filter(|_| qualified.is_none());
    let mut roots: Vec<RootRef> = roots(session, lies).await?.iter().map(root_ref).collect();
    let namespace = namespace.or(session.asked());
    if session.asked().is_some_and(|asked| asked != SYSTEM_NAMESPACE) {
        // Who may not look there has nothing there.
        let synced = session.cluster.list_roots(Some(SYSTEM_NAMESPACE)).await.unwrap_or_default();
        roots.extend(synced.iter().map(root_ref));
    }
    let found: Vec<&RootRef> = roots.iter().filter(|root| is_called(root, namespace, wanted)).collect();
    match found.as_slice() {
        [root] => {
            Ok(Identity { root: (*root).clone(), derived: false, source: Source::Files, revision: String::new() })
        }
        [] => Err(not_found(name, &roots)),
        several => {
            let place = |root: &RootRef| synced(root).map_or_else(|| root.namespace.clone(), |(of, _)| of.to_owned());
            let places: Vec<String> = several.iter().map(|root| place(root)).collect();
            let text = format!("`{name}` names sets in several namespaces: {}", places.join(", "));
            let hint = format!("say which one: `-n {}`", places[0]);
            Err(CliError::new(Code::SetAmbiguous, text).hint(hint))
        }
    }
}

fn is_called(root: &RootRef, namespace: Option<&str>, wanted: &str) -> bool {
    let here = |of: &str| namespace.is_none_or(|namespace| namespace == of);
    let as_synced = synced(root).is_some_and(|(of, name)| name == wanted && (here(of) || here(&root.namespace)));
    as_synced || (root.set_name() == wanted && here(&root.namespace))
}

/// Namespace and name of a set of `sync`.
fn synced(root: &RootRef) -> Option<(&str, &str)> {
    root.set_name().split_once('.').filter(|_| root.namespace == SYSTEM_NAMESPACE)
}

fn not_found(name: &str, roots: &[RootRef]) -> CliError {
    let error = CliError::new(Code::SetNotFound, format!("no applied set is called `{name}`"));
    let names: Vec<&str> = roots.iter().map(RootRef::set_name).take(10).collect();
    if names.is_empty() {
        error.hint("nothing was applied here yet; another namespace is named with -n")
    } else {
        error.hint(format!("there is {}", names.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_called_by_its_name_and_the_namespace_that_people_say() {
        let synced = RootRef::of_set(SYSTEM_NAMESPACE, "shop.web");
        let applied = RootRef::of_set("shop", "web");
        for (root, namespace, wanted, expected) in [
            (&synced, None, "web", true),
            (&synced, Some("shop"), "web", true),
            (&synced, None, "shop.web", true),
            (&synced, Some(SYSTEM_NAMESPACE), "shop.web", true),
            (&synced, Some(SYSTEM_NAMESPACE), "web", true),
            (&synced, Some("blog"), "web", false),
            (&applied, None, "web", true),
            (&applied, Some("shop"), "web", true),
            (&applied, Some(SYSTEM_NAMESPACE), "web", false),
            (&RootRef::of_set("other", "shop.web"), None, "web", false),
        ] {
            assert_eq!(is_called(root, namespace, wanted), expected, "{root} {namespace:?} {wanted}");
        }
    }
}
