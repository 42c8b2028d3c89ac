//! Finding applied sets by name. Owns the search in all namespaces, falling back to one, and what is ambiguous.

use serde_json::Value;

use super::identity::Identity;
use super::session::Session;
use crate::cluster::Code as Answer;
use crate::error::{CliError, Code, Result};
use crate::inventory::{RootRef, Source};

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

/// Where a root lies.
pub(super) fn root_ref(root: &Value) -> RootRef {
    let text = |field: &str| root["metadata"][field].as_str().unwrap_or_default().to_owned();
    RootRef { namespace: text("namespace"), name: text("name") }
}

/// The one set called `name` (or `namespace/name`).
pub(super) async fn identity(session: &Session, name: &str, namespace: Option<&str>) -> Result<Identity> {
    let (qualified, wanted) = name.rsplit_once('/').map_or((None, name), |(namespace, name)| (Some(namespace), name));
    let namespace = namespace.or(qualified);
    let roots: Vec<RootRef> = roots(session, namespace).await?.iter().map(root_ref).collect();
    let found: Vec<&RootRef> = roots
        .iter()
        .filter(|root| root.set_name() == wanted && namespace.is_none_or(|namespace| root.namespace == namespace))
        .collect();
    match found.as_slice() {
        [root] => {
            Ok(Identity { root: (*root).clone(), derived: false, source: Source::Files, revision: String::new() })
        }
        [] => Err(not_found(name, &roots)),
        several => {
            let places: Vec<&str> = several.iter().map(|root| root.namespace.as_str()).collect();
            let text = format!("`{name}` names sets in several namespaces: {}", places.join(", "));
            let hint = format!("say which one: `-n {}`", places[0]);
            Err(CliError::new(Code::SetAmbiguous, text).hint(hint))
        }
    }
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
