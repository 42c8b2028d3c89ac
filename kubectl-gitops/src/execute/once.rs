//! Values that are made once, in the cluster: what `SecretGenerator` wrote down for the moment when the Secret is created. Owns
//! the random bytes and the request body with the values in it, which lives as long as the request; the plan, the report and the
//! inventory never see one. What exists is never completed: the plan leaves it alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::Masked;
use krm_functions::secret::{OnceError, create_once};
use serde_json::{Map, Value};

use super::event::Done;
use super::run::Ending;
use crate::inventory::marks;
use crate::inventory::marks::Marked as _;
use crate::plan::Body;

/// The body of a creation: with the values that are made now, if the object wants any.
pub(super) fn completed(body: &Body) -> Result<Arc<Value>, Ending> {
    made(body).map_err(|error| failed(&error))
}

/// The same for who only asks what would come of it.
///
/// # Errors
/// The values cannot be made.
pub fn made(body: &Body) -> Result<Arc<Value>, OnceError> {
    let is_secret = body.gvk.group.is_empty() && body.gvk.kind == "Secret";
    let Some(wanted) = body.manifest.annotation(marks::CREATE_ONCE_ANNOTATION).filter(|_| is_secret) else {
        return Ok(body.manifest.open());
    };
    let made = create_once(wanted, &data_of(&body.manifest.open()), &mut |bytes| getrandom::fill(bytes).is_ok());
    let made = made?;
    let mut manifest = Value::clone(&body.manifest.open());
    let Some(root) = manifest.as_object_mut() else { return Ok(body.manifest.open()) };
    let data = root.entry("data").or_insert_with(|| Value::Object(Map::new()));
    if data.is_null() {
        *data = Value::Object(Map::new());
    }
    let Some(data) = data.as_object_mut() else { return Err(OnceError::Annotation) };
    for (key, value) in made {
        data.insert(key, Value::String(STANDARD.encode(value.expose())));
    }
    Ok(Arc::new(manifest))
}

fn failed(error: &OnceError) -> Ending {
    Ending { done: Done::Failed, reason: error.to_string(), code: None }
}

/// What the Secret holds already. What is no base64 is left to the API server, which refuses it.
fn data_of(manifest: &Value) -> BTreeMap<String, Masked<Vec<u8>>> {
    let entries = manifest.get("data").and_then(Value::as_object).into_iter().flatten();
    let bytes = |text: &str| {
        let joined: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
        Masked::new(STANDARD.decode(joined).unwrap_or_default())
    };
    entries.map(|(key, value)| (key.clone(), bytes(value.as_str().unwrap_or_default()))).collect()
}
