//! Values that are made once, in the cluster: what a SecretGenerator asks for in an annotation is made here, each time anew, and
//! counts only where the Secret is created, because such a Secret is never changed. Owns that this holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::Masked;
use krm_functions::secret::{CREATE_ONCE_ANNOTATION, create_once};
use serde_json::{Map, Value};

use crate::error::{CliError, Code, Result};
use crate::inventory::marks;
use crate::plan::Desired;

/// The word that keeps an object from ever being changed.
const CREATE_ONLY: &str = "create-only";

/// Puts the values that the Secret asks for into it.
///
/// # Errors
/// The annotation is not what SecretGenerator writes, or the Secret could be changed later, which would rotate its values each time.
pub(super) fn make(desired: &mut Desired) -> Result<()> {
    let annotation = |name: &str| desired.manifest["metadata"]["annotations"][name].as_str();
    let Some(wanted) = annotation(CREATE_ONCE_ANNOTATION).filter(|_| desired.is_secret()) else { return Ok(()) };
    let refused = |text: String| CliError::new(Code::Function, text).at(&desired.origin);
    if annotation(marks::RECONCILE_ANNOTATION) != Some(CREATE_ONLY) {
        let text = format!("`{}` asks for values that are made once, and may be changed later", desired.key);
        let hint =
            format!("annotate it with `{}: {CREATE_ONLY}`, as SecretGenerator does", marks::RECONCILE_ANNOTATION);
        return Err(refused(text).hint(hint));
    }
    let data =
        data_of(&desired.manifest).ok_or_else(|| refused(format!("`data` of `{}` is not base64", desired.key)))?;
    let made = create_once(wanted, &data, &mut |bytes| getrandom::fill(bytes).is_ok())
        .map_err(|error| refused(format!("the values of `{}` cannot be made: {error}", desired.key)))?;
    let manifest = Arc::make_mut(&mut desired.manifest);
    if !manifest["data"].is_object() {
        manifest["data"] = Value::Object(Map::new());
    }
    for (key, value) in made {
        manifest["data"][key] = Value::String(STANDARD.encode(value.expose()));
    }
    Ok(())
}

fn data_of(secret: &Value) -> Option<BTreeMap<String, Masked<Vec<u8>>>> {
    let data = secret["data"].as_object().into_iter().flatten();
    data.map(|(key, value)| {
        let text: String = value.as_str()?.split_ascii_whitespace().collect();
        Some((key.clone(), Masked::new(STANDARD.decode(text).ok()?)))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use krm::Origin;
    use serde_json::json;

    fn secret(annotations: &Value) -> Desired {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "annotations": annotations},
            "data": {"user": "YXBw"}});
        Desired::new(secret, Origin::default())
    }

    const WANTED: &str = r#"{"keys":{"password":{"length":20}},"compose":{"url":"$(user):$(password)"}}"#;

    #[test]
    fn values_are_made_and_never_the_same() {
        let make_one = || {
            let mut desired =
                secret(&json!({CREATE_ONCE_ANNOTATION: WANTED, marks::RECONCILE_ANNOTATION: CREATE_ONLY}));
            make(&mut desired).unwrap();
            let text = |key: &str| {
                String::from_utf8(STANDARD.decode(desired.manifest["data"][key].as_str().unwrap()).unwrap()).unwrap()
            };
            assert_eq!(text("url"), format!("app:{}", text("password")));
            text("password")
        };
        let (one, other) = (make_one(), make_one());
        assert_eq!(one.len(), 20);
        assert_ne!(one, other);
    }

    #[test]
    fn a_secret_that_may_change_later_is_refused() {
        let mut desired = secret(&json!({CREATE_ONCE_ANNOTATION: WANTED}));
        assert!(make(&mut desired).unwrap_err().to_string().contains("may be changed later"));
        let mut desired = secret(&json!({CREATE_ONCE_ANNOTATION: "hunter2", marks::RECONCILE_ANNOTATION: CREATE_ONLY}));
        let error = make(&mut desired).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        let mut other = secret(&json!({}));
        make(&mut other).unwrap();
        assert_eq!(other.manifest["data"], json!({"user": "YXBw"}));
    }
}
