//! What a replaced object's successor would be told: the API server is asked to make it, under another name and not in earnest.

use serde_json::Value;

use crate::cluster::{Cluster, ClusterError, Code, DryRun, Endpoint, Transport};
use crate::inventory::marks;

/// Leaves room for a suffix in the names of every kind.
const NAME_MAX: usize = 40;

/// Nothing is deleted whose successor would be refused. Only a plain no counts: what lies with the name, or with a server that cannot
/// rehearse, is no reason.
///
/// # Errors
/// The server refuses it, or does not answer.
pub async fn rehearse<T: Transport>(
    cluster: &Cluster<T>,
    endpoint: &Endpoint,
    name: &str,
    manifest: &Value,
) -> Result<(), ClusterError> {
    let mut manifest = manifest.clone();
    let name: String = name.chars().take(NAME_MAX).collect();
    marks::rename(&mut manifest, &format!("{name}-rehearsal"));
    match cluster.create(endpoint, &manifest, DryRun::Server).await {
        Err(error) if error.status == Some(422) && !error.causes.iter().any(|c| c.field == "metadata.name") => {
            Err(error)
        }
        Err(error) if matches!(error.code, Code::Unreachable | Code::Timeout | Code::Unauthorized) => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}
