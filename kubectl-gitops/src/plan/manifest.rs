//! What is sent for one object. Owns [`Manifest`], which is packed while nobody works on it: a set of thousands of objects is held
//! as text, and what is asked of every one of them is at hand.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::inventory::marks::{self, Marked};

/// A manifest. Shared, because plans and diffs refer to it. May be a Secret's: keep it out of output.
#[derive(Clone)]
pub struct Manifest(Form);

#[derive(Clone)]
enum Form {
    Open(Arc<Value>),
    Packed(Arc<Packed>),
}

struct Packed {
    text: Box<[u8]>,
    labels: Box<[(String, String)]>,
    annotations: Box<[(String, String)]>,
    scales: bool,
}

impl Manifest {
    /// The manifest itself. Of a packed one it is made for this call.
    pub fn open(&self) -> Arc<Value> {
        match &self.0 {
            Form::Open(value) => Arc::clone(value),
            Form::Packed(packed) => {
                Arc::new(serde_json::from_slice(&packed.text).expect("it was written from a value"))
            }
        }
    }

    /// To change it: it is open from then on.
    pub fn make_mut(&mut self) -> &mut Value {
        if let Form::Packed(_) = &self.0 {
            self.0 = Form::Open(self.open());
        }
        match &mut self.0 {
            Form::Open(value) => Arc::make_mut(value),
            Form::Packed(_) => unreachable!("it was just opened"),
        }
    }

    /// The same, packed.
    #[must_use]
    pub fn packed(&self) -> Self {
        let value = match &self.0 {
            Form::Open(value) => value,
            Form::Packed(_) => return self.clone(),
        };
        let text = serde_json::to_vec(&**value).expect("a JSON value always has a text").into_boxed_slice();
        let texts = |field: &str| {
            let entries = value.get("metadata").and_then(|metadata| metadata.get(field)).and_then(Value::as_object);
            let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
            entries.into_iter().flatten().filter_map(text).collect()
        };
        let (labels, annotations) = (texts("labels"), texts("annotations"));
        Self(Form::Packed(Arc::new(Packed { text, labels, annotations, scales: scales(value) })))
    }

    /// Does it say how many replicas there are to be?
    pub fn scales(&self) -> bool {
        match &self.0 {
            Form::Open(value) => scales(value),
            Form::Packed(packed) => packed.scales,
        }
    }
}

fn scales(manifest: &Value) -> bool {
    manifest.pointer("/spec/replicas").is_some()
}

fn find<'a>(entries: &'a [(String, String)], name: &str) -> Option<&'a str> {
    entries.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

impl Marked for Manifest {
    fn annotation(&self, name: &str) -> Option<&str> {
        match &self.0 {
            Form::Open(value) => marks::annotation(value, name),
            Form::Packed(packed) => find(&packed.annotations, name),
        }
    }

    fn label(&self, name: &str) -> Option<&str> {
        match &self.0 {
            Form::Open(value) => marks::label(value, name),
            Form::Packed(packed) => find(&packed.labels, name),
        }
    }
}

/// The content stays out: it may be a Secret's.
impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manifest").finish_non_exhaustive()
    }
}

impl From<Value> for Manifest {
    fn from(value: Value) -> Self {
        Self(Form::Open(Arc::new(value)))
    }
}

impl From<Arc<Value>> for Manifest {
    fn from(value: Arc<Value>) -> Self {
        Self(Form::Open(value))
    }
}

impl PartialEq for Manifest {
    fn eq(&self, other: &Self) -> bool {
        self.open() == other.open()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_packed_manifest_says_the_same() {
        let value = json!({"kind": "X", "metadata": {"labels": {"a": "b", "n": 1}, "annotations": {"c": "d"}},
            "spec": {"replicas": 0, "z": [1.5, "é", null], "a": u64::MAX}});
        let open = Manifest::from(value.clone());
        let packed = open.packed();
        for manifest in [&open, &packed] {
            assert_eq!(*manifest.open(), value);
            assert_eq!((manifest.annotation("c"), manifest.annotation("a")), (Some("d"), None));
            assert_eq!((manifest.label("a"), manifest.label("n")), (Some("b"), None));
            assert!(manifest.scales());
        }
        assert!(open == packed);
        let mut changed = packed.clone();
        changed.make_mut()["spec"] = json!({});
        assert!(changed != packed && !changed.scales() && !changed.packed().scales());
    }
}
