//! The form of an OpenAPI (Swagger 2) document: what of it counts for a build, read straight into compact types. Owns which
//! content makes a document malformed, as kustomize's own reader sees it; must not know kinds or references.
//!
//! Fields that do not count are looked at and forgotten, because content of a wrong type in them is an error as well.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A document.
#[derive(Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct Document {
    pub(crate) definitions: Option<Definitions>,
    pub(crate) paths: Option<Paths>,
    swagger: Text,
    info: Dropped<Option<Info>>,
}

/// A schema. A null one has no content.
#[derive(Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct Definition {
    #[serde(rename = "$ref")]
    pub(crate) reference: Extension,
    #[serde(rename = "type")]
    pub(crate) types: Types,
    pub(crate) properties: Option<Definitions>,
    #[serde(rename = "additionalProperties")]
    pub(crate) additional: Option<Additional>,
    pub(crate) items: Option<Items>,
    #[serde(rename = "x-kubernetes-patch-strategy")]
    pub(crate) strategy: Extension,
    #[serde(rename = "x-kubernetes-patch-merge-key")]
    pub(crate) merge_key: Extension,
    #[serde(rename = "x-kubernetes-list-map-keys")]
    pub(crate) map_keys: Option<Box<Value>>,
    #[serde(rename = "x-kubernetes-group-version-kind")]
    pub(crate) kinds: Option<Box<Value>>,
    #[serde(rename = "x-kubernetes-annotation")]
    pub(crate) annotation: Extension,
    #[serde(rename = "x-kubernetes-label-selector")]
    pub(crate) label_selector: Extension,
    #[serde(rename = "x-kubernetes-identity")]
    pub(crate) identity: Extension,
    #[serde(rename = "x-kubernetes-object-ref-api-version")]
    pub(crate) target_version: Extension,
    #[serde(rename = "x-kubernetes-object-ref-kind")]
    pub(crate) target_kind: Extension,
    #[serde(rename = "x-kubernetes-object-ref-name-key")]
    pub(crate) target_name_key: Extension,
    id: Text,
    description: Text,
    format: Text,
    title: Text,
    pattern: Text,
    discriminator: Text,
    nullable: Flag,
    #[serde(rename = "exclusiveMaximum")]
    exclusive_maximum: Flag,
    #[serde(rename = "exclusiveMinimum")]
    exclusive_minimum: Flag,
    #[serde(rename = "uniqueItems")]
    unique_items: Flag,
    #[serde(rename = "readOnly")]
    read_only: Flag,
    maximum: Number,
    minimum: Number,
    #[serde(rename = "multipleOf")]
    multiple_of: Number,
    #[serde(rename = "maxLength")]
    max_length: Whole,
    #[serde(rename = "minLength")]
    min_length: Whole,
    #[serde(rename = "maxItems")]
    max_items: Whole,
    #[serde(rename = "minItems")]
    min_items: Whole,
    #[serde(rename = "maxProperties")]
    max_properties: Whole,
    #[serde(rename = "minProperties")]
    min_properties: Whole,
    required: Dropped<Option<Vec<Text>>>,
    #[serde(rename = "enum")]
    values: Dropped<Option<Vec<IgnoredAny>>>,
    #[serde(rename = "allOf")]
    all_of: Dropped<Option<Vec<Option<Definition>>>>,
    #[serde(rename = "oneOf")]
    one_of: Dropped<Option<Vec<Option<Definition>>>>,
    #[serde(rename = "anyOf")]
    any_of: Dropped<Option<Vec<Option<Definition>>>>,
    not: Dropped<Option<Box<Definition>>>,
    #[serde(rename = "patternProperties")]
    pattern_properties: Dropped<Option<Definitions>>,
    #[serde(rename = "additionalItems")]
    additional_items: Dropped<Option<Additional>>,
    definitions: Dropped<Option<Definitions>>,
}

/// Schemas by name. No name comes twice.
#[derive(Debug, Default)]
pub(crate) struct Definitions(BTreeMap<Box<str>, Option<Definition>>);

/// What stands under `additionalProperties`.
#[derive(Debug)]
pub(crate) enum Additional {
    /// A boolean.
    Any,
    /// The schema of every value.
    Each(Box<Definition>),
}

/// What stands under `items`.
#[derive(Debug)]
pub(crate) enum Items {
    /// The schema of every item.
    Each(Box<Definition>),
    /// Anything else: no build can do anything with it.
    Other,
}

/// The value of a field that may hold anything, of which only texts count.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Extension {
    /// The field is not there.
    #[default]
    Absent,
    /// A text.
    Text(Box<str>),
    /// Something else.
    Other,
}

/// What stands under `type`: a text, or a list of texts.
#[derive(Debug, Default)]
pub(crate) struct Types {
    /// Is it `array` and nothing else?
    pub(crate) is_array: bool,
}

/// The operations that read, each with the kind it reads.
#[derive(Debug, Default)]
pub(crate) struct Paths(pub(crate) Vec<ReadKind>);

/// A kind that some path reads.
#[derive(Debug)]
pub(crate) struct ReadKind {
    /// Does the path lead through a namespace?
    pub(crate) namespaced: bool,
    /// The kind, as it is written.
    pub(crate) kind: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
struct Info {
    title: Text,
    version: Text,
    description: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
struct PathItem {
    get: Option<Operation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
struct Operation {
    #[serde(rename = "x-kubernetes-group-version-kind")]
    kind: Option<Value>,
}

/// A record is a map: serde would take a list of its fields as well.
macro_rules! from_maps_only {
    ($($record:ident)*) => {$(
        impl<'de> Deserialize<'de> for $record {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct MapOnly;
                impl<'de> Visitor<'de> for MapOnly {
                    type Value = $record;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a map")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<$record, A::Error> {
                        $record::deserialize(MapAccessDeserializer::new(map))
                    }
                }
                from.deserialize_map(MapOnly)
            }
        }
    )*};
}

from_maps_only! { Document Definition Info PathItem Operation }

impl Definitions {
    pub(crate) fn get(&self, name: &str) -> Option<&Definition> {
        self.0.get(name).map(|definition| or_empty(definition.as_ref()))
    }

    /// Sorted by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Definition)> {
        self.0.iter().map(|(name, definition)| (&**name, or_empty(definition.as_ref())))
    }
}

fn or_empty(definition: Option<&Definition>) -> &Definition {
    static EMPTY: std::sync::LazyLock<Definition> = std::sync::LazyLock::new(Definition::default);
    definition.unwrap_or(&EMPTY)
}

/// Read, found to be well formed, and forgotten.
struct Dropped<T>(PhantomData<fn() -> T>);

impl<T> fmt::Debug for Dropped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl<T> Default for Dropped<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Dropped<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(from).map(|_| Self(PhantomData))
    }
}

/// Types of content that is looked at and forgotten; a null is well formed everywhere.
macro_rules! forgotten {
    ($($(#[$meta:meta])* $name:ident, $expected:literal, { $($method:ident: $type:ty),* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Default)]
        struct $name;

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Seen;
                impl Visitor<'_> for Seen {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }
                    $(fn $method<E: Error>(self, _: $type) -> Result<$name, E> {
                        Ok($name)
                    })*
                    fn visit_unit<E: Error>(self) -> Result<$name, E> {
                        Ok($name)
                    }
                }
                from.deserialize_any(Seen)
            }
        }
    )*};
}

forgotten! {
    /// A text.
    Text, "a string", { visit_str: &str }
    /// True or false.
    Flag, "true or false", { visit_bool: bool }
    /// Any number.
    Number, "a number", { visit_i64: i64, visit_u64: u64, visit_f64: f64 }
    /// A number without a fraction.
    Whole, "a whole number", { visit_i64: i64, visit_u64: u64 }
}

impl<'de> Deserialize<'de> for Definitions {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Named;
        impl<'de> Visitor<'de> for Named {
            type Value = Definitions;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("schemas by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Definitions, A::Error> {
                let mut named = BTreeMap::new();
                while let Some(name) = map.next_key::<Box<str>>()? {
                    match named.entry(name) {
                        Entry::Occupied(there) => {
                            return Err(A::Error::custom(format_args!("`{}` comes twice", there.key())));
                        }
                        Entry::Vacant(free) => free.insert(map.next_value::<Option<Definition>>()?),
                    };
                }
                Ok(Definitions(named))
            }
        }
        from.deserialize_map(Named)
    }
}

impl<'de> Deserialize<'de> for Additional {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Additional;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a schema, true or false")
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Additional, E> {
                Ok(Additional::Any)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Additional, A::Error> {
                <Definition as Deserialize>::deserialize(MapAccessDeserializer::new(map))
                    .map(|each| Additional::Each(Box::new(each)))
            }
        }
        from.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for Items {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Items;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a schema")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Items, A::Error> {
                <Definition as Deserialize>::deserialize(MapAccessDeserializer::new(map))
                    .map(|each| Items::Each(Box::new(each)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Items, A::Error> {
                Vec::<Option<Definition>>::deserialize(SeqAccessDeserializer::new(seq)).map(|_| Items::Other)
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Items, E> {
                Ok(Items::Other)
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<Items, E> {
                Ok(Items::Other)
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<Items, E> {
                Ok(Items::Other)
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Items, E> {
                Ok(Items::Other)
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Items, E> {
                Ok(Items::Other)
            }
        }
        from.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for Extension {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Value::deserialize(from).map(|value| match value {
            Value::String(text) => Self::Text(text.into()),
            _ => Self::Other,
        })
    }
}

impl<'de> Deserialize<'de> for Types {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let malformed = || D::Error::custom("`type` must be a string or a list of strings");
        let is_array = match Value::deserialize(from)? {
            Value::Null => false,
            Value::String(one) => one == "array",
            Value::Array(several) if several.iter().all(|item| item.is_string() || item.is_null()) => {
                matches!(several.as_slice(), [Value::String(one)] if one == "array")
            }
            _ => return Err(malformed()),
        };
        Ok(Self { is_array })
    }
}

impl<'de> Deserialize<'de> for Paths {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ByPath;
        impl<'de> Visitor<'de> for ByPath {
            type Value = Paths;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("operations by path")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Paths, A::Error> {
                let mut read = Vec::new();
                while let Some(path) = map.next_key::<String>()? {
                    if !path.starts_with('/') {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    let item = map.next_value::<Option<PathItem>>()?.unwrap_or_default();
                    if let Some(kind) = item.get.and_then(|operation| operation.kind) {
                        read.push(ReadKind { namespaced: path.contains("namespaces/{namespace}"), kind });
                    }
                }
                Ok(Paths(read))
            }
        }
        from.deserialize_map(ByPath)
    }
}
