//! From the model of a tree to its files. Owns the special values by which the model says what JSON cannot.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::dice::Dice;
use crate::model::Tree;
use crate::style::{self, flow};

/// A text that starts so is a plain YAML scalar, written as it is.
pub(crate) const RAW: char = '\u{1}';
/// `{INLINE: value}` is the text of the value.
pub(crate) const INLINE: &str = "\u{1}inline";
/// `{FILE: value}` is the name of a file that holds the value; a list holds several documents.
pub(crate) const FILE: &str = "\u{1}file";
/// `{TEXT: "..."}` is the name of a file with this text.
pub(crate) const TEXT: &str = "\u{1}text";
/// `{BINARY: "..."}` is the name of a file with the bytes that this base64 text stands for; its name ends in `.bin`.
pub(crate) const BINARY: &str = "\u{1}binary";
/// `{KEYED: [key, file]}` is the name of the file with a key before it.
pub(crate) const KEYED: &str = "\u{1}keyed";
/// `{LAYER: n}` is the path to another layer.
pub(crate) const LAYER: &str = "\u{1}layer";

/// The files of a tree by path.
pub(crate) type Files = BTreeMap<String, String>;

/// Is the text of this file the base64 form of its bytes?
pub(crate) fn is_binary(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == "bin")
}

/// The bytes of a file.
pub(crate) fn bytes(name: &str, text: &str) -> Vec<u8> {
    if !is_binary(name) {
        return text.as_bytes().to_vec();
    }
    STANDARD.decode(text).expect("the generator writes base64")
}

/// Writes every layer into a directory of its own; the first is the root.
pub(crate) fn files(tree: &Tree) -> Files {
    let mut files = Files::new();
    for (index, layer) in tree.layers.iter().enumerate() {
        let dice = tree.style.map(|seed| Dice::new(seed.wrapping_add(index as u64)));
        let mut writer = Writer { directory: format!("l{index}"), files: &mut files, next: 0, dice };
        let mut text = String::new();
        if layer.component {
            text.push_str("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n");
        } else if index % 2 == 1 {
            text.push_str("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n");
        }
        let fields = layer.fields().into_iter().map(|(field, value)| (field.to_owned(), writer.resolve(&value)));
        let fields: Map<String, Value> = fields.collect();
        match &mut writer.dice {
            Some(dice) if !fields.is_empty() => {
                text.push_str(&style::document(&Value::Object(fields), dice));
                if dice.chance(3) {
                    text = text.replace('\n', "\r\n");
                }
            }
            _ => {
                for (field, value) in &fields {
                    writeln!(text, "{field}: {}", flow(value)).expect("a text takes everything");
                }
            }
        }
        files.insert(format!("l{index}/kustomization.yaml"), text);
    }
    files
}

struct Writer<'a> {
    directory: String,
    files: &'a mut Files,
    next: usize,
    dice: Option<Dice>,
}

impl Writer<'_> {
    /// The value with every special form replaced by what it stands for.
    fn resolve(&mut self, value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| self.resolve(item)).collect(),
            Value::Object(map) => match map.iter().next() {
                Some((key, inner)) if key.starts_with(RAW) => self.special(key, inner),
                _ => Value::Object(
                    map.iter().map(|(key, inner)| (key.clone(), self.resolve(inner))).collect::<Map<_, _>>(),
                ),
            },
            other => other.clone(),
        }
    }

    fn special(&mut self, key: &str, inner: &Value) -> Value {
        if let Some(layer) = inner.as_u64().filter(|_| key == LAYER) {
            return format!("../l{layer}").into();
        }
        if let Some([name, file]) = inner.as_array().map(Vec::as_slice).filter(|_| key == KEYED) {
            let file = self.resolve(file);
            return format!("{}={}", name.as_str().unwrap_or_default(), file.as_str().unwrap_or_default()).into();
        }
        // What it holds may be files of its own.
        let inner = &self.resolve(inner);
        let is_operations = |items: &[Value]| items.iter().all(|item| item.get("op").is_some());
        let text = match (inner, &mut self.dice) {
            (Value::String(text), _) if key == TEXT || key == BINARY => text.clone(),
            (Value::Array(items), Some(dice)) if !is_operations(items) => style::documents(items, dice),
            (other, Some(dice)) => style::document(other, dice),
            // A JSON patch is recognised by its first character, so it is written as a block.
            (Value::Array(items), None) if is_operations(items) => operations(items),
            (Value::Array(items), None) => documents(items),
            (other, None) => flow(other) + "\n",
        };
        if key == INLINE {
            return text.into();
        }
        self.next += 1;
        let name = format!("f{}.{}", self.next, if key == BINARY { "bin" } else { "yaml" });
        self.files.insert(format!("{}/{name}", self.directory), text);
        name.into()
    }
}

/// One operation a line, as an item of a block sequence.
fn operations(items: &[Value]) -> String {
    let lines: Vec<_> = items.iter().map(|item| format!("- {}", flow(item))).collect();
    lines.join("\n") + "\n"
}

fn documents(items: &[Value]) -> String {
    let texts: Vec<_> = items.iter().map(|item| flow(item) + "\n").collect();
    texts.join("---\n")
}
