//! A tree of kustomizations: layers with parts. The parts of a field stay separate, so that a failing tree can lose them one
//! by one.

use serde_json::Value;

/// One field of a layer, or a piece of one.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) field: &'static str,
    pub(crate) value: Value,
}

/// One kustomization.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layer {
    pub(crate) component: bool,
    pub(crate) parts: Vec<Part>,
}

/// All layers; the first is built.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    pub(crate) layers: Vec<Layer>,
    /// From what the spelling of its files is drawn; without, they are written as JSON.
    pub(crate) style: Option<u64>,
}

impl Layer {
    /// The fields in the order of their first part: lists joined, maps merged, of scalars the last.
    pub(crate) fn fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields: Vec<(&'static str, Value)> = Vec::new();
        for part in &self.parts {
            match fields.iter_mut().find(|(name, _)| *name == part.field) {
                Some((_, Value::Array(all))) => all.extend(part.value.as_array().cloned().unwrap_or_default()),
                Some((_, Value::Object(all))) => all.extend(part.value.as_object().cloned().unwrap_or_default()),
                Some((_, scalar)) => *scalar = part.value.clone(),
                None => fields.push((part.field, part.value.clone())),
            }
        }
        fields
    }

    pub(crate) fn push(&mut self, field: &'static str, value: Value) {
        self.parts.push(Part { field, value });
    }
}
