//! A file of `crds`: definitions of types by name, whose extensions say which of their fields hold labels, annotations, parts
//! of the name, or names of other objects. Owns what those extensions mean; must not know how the result is merged.
//!
//! It is the form that Kubernetes' `openapi-gen` writes, not the manifest of a CustomResourceDefinition.

use std::collections::BTreeMap;

use krm::Gvk;
use krm::yaml::{Limits, parse_first_document, to_json};
use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::{Tables, TablesError};
use crate::fieldspec::{Conflict, Section, Spec, merge_one};
use crate::kustomization::decode::in_json_words;
use crate::reference::{Rule, Rules};
use crate::schema::document::{Definition, Definitions, Extension};

/// References from type to type: nobody has more, and a stack is not endless.
const DEPTH_MAX: usize = 200;

/// Fields that one file may describe: a few types that refer to one another twice each are enough for billions.
const FIELDS_MAX: usize = 100_000;

/// A file of `crds` is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrdError {
    /// Nothing is in it.
    #[error("the file is empty")]
    Empty,
    /// It is not of the form.
    #[error("these are no OpenAPI definitions: {reason}")]
    Content {
        /// Where and why.
        reason: String,
    },
    /// A type that contains itself has no end of fields.
    #[error("`{name}` contains itself, through {}", chain.join(" -> "))]
    Circle {
        /// The type.
        name: String,
        /// The types on the way back to it.
        chain: Vec<String>,
    },
    /// Types lie deeper in one another than anybody needs.
    #[error("types refer to types more than {DEPTH_MAX} levels deep")]
    TooDeep,
    /// More fields than anybody has.
    #[error("the definitions describe more than {FIELDS_MAX} fields")]
    TooMany,
    /// Two specifications disagree.
    #[error(transparent)]
    Tables(#[from] TablesError),
}

impl CrdError {
    /// What to do about it, where something can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Empty => Some("remove it from `crds`".to_owned()),
            Self::Content { .. } => Some(
                "`crds` takes files of OpenAPI definitions; name the manifest of a CustomResourceDefinition in `resources`"
                    .to_owned(),
            ),
            Self::Circle { .. } => Some("take the `$ref` out of the field that leads back".to_owned()),
            Self::TooDeep | Self::TooMany | Self::Tables(_) => None,
        }
    }
}

type Types = BTreeMap<String, Definition>;

/// Reads such a file: JSON if it starts with a brace, else YAML.
///
/// # Errors
/// It is not of the form, or a type in it contains itself.
pub(super) fn read(text: &str) -> Result<Tables, CrdError> {
    let types = types(text)?;
    let mut tables = Tables::default();
    let mut fields = 0;
    for (name, definition) in &types {
        let is_object = |properties: &Definitions| {
            ["kind", "apiVersion", "metadata"].iter().all(|field| properties.get(field).is_some())
        };
        if !definition.properties.as_ref().is_some_and(is_object) {
            continue;
        }
        let kind = name.rsplit('.').next().unwrap_or(name);
        let mut walk = Walk { types: &types, kind, found: Found::default(), fields: &mut fields };
        walk.enter(name, &mut Vec::new(), &mut String::new())?;
        tables.merge(&walk.found.into_tables())?;
    }
    Ok(tables)
}

fn types(text: &str) -> Result<Types, CrdError> {
    let failed = |reason: String| CrdError::Content { reason };
    if text.is_empty() {
        return Err(CrdError::Empty);
    }
    let value: Value = if text.starts_with('{') {
        serde_json::from_str(text).map_err(|error| failed(error.to_string()))?
    } else {
        let node = parse_first_document(text, "", &Limits { depth_max: 120, ..Limits::default() })
            .map_err(|error| failed(format!("{} at line {}", error.problem, error.mark.line)))?;
        to_json(&in_json_words(node)).map_err(|error| failed(error.to_string()))?
    };
    let mut types = Types::new();
    let records = Option::<BTreeMap<String, Option<Map<String, Value>>>>::deserialize(value);
    for (name, record) in records.map_err(|error| failed(error.to_string()))?.unwrap_or_default() {
        let in_type = |error: serde_json::Error| failed(format!("`{name}`: {error}"));
        let mut definition = Definition::default();
        for (field, value) in record.unwrap_or_default() {
            if field.eq_ignore_ascii_case("schema") {
                definition = Option::<Definition>::deserialize(value).map_err(in_type)?.unwrap_or_default();
            } else if field.eq_ignore_ascii_case("dependencies") {
                Option::<Vec<Option<String>>>::deserialize(value).map_err(in_type)?;
            }
        }
        types.insert(name, definition);
    }
    Ok(types)
}

/// What the fields of one kind turned out to hold.
#[derive(Default)]
struct Found {
    annotations: Vec<Spec>,
    labels: Vec<Spec>,
    names: Vec<Spec>,
    references: Rules,
}

impl Found {
    fn into_tables(self) -> Tables {
        let sections = [
            (Section::CommonAnnotations, self.annotations),
            (Section::CommonLabels, self.labels),
            (Section::NamePrefix, self.names),
        ];
        Tables::of_user(sections, self.references.into_vec())
    }
}

struct Walk<'t> {
    types: &'t Types,
    kind: &'t str,
    found: Found,
    fields: &'t mut usize,
}

impl<'t> Walk<'t> {
    /// Looks at the fields of a type that is found at `path`, `chain` being the types around it.
    fn enter(&mut self, name: &'t str, chain: &mut Vec<&'t str>, path: &mut String) -> Result<(), CrdError> {
        let Some((name, definition)) = self.types.get_key_value(name) else { return Ok(()) };
        if let Some(at) = chain.iter().position(|outer| outer == name) {
            let chain = chain[at..].iter().chain([&name.as_str()]).map(|name| (*name).to_owned()).collect();
            return Err(CrdError::Circle { name: name.clone(), chain });
        }
        if chain.len() >= DEPTH_MAX {
            return Err(CrdError::TooDeep);
        }
        chain.push(name);
        for (field, property) in definition.properties.iter().flat_map(Definitions::iter) {
            *self.fields += 1;
            if *self.fields > FIELDS_MAX {
                return Err(CrdError::TooMany);
            }
            let length = path.len();
            if length > 0 {
                path.push('/');
            }
            path.push_str(field);
            self.note(property, path).map_err(|source| TablesError { section: "crds", source })?;
            if let Extension::Text(reference) = &property.reference {
                self.enter(reference, chain, path)?;
            }
            path.truncate(length);
        }
        chain.pop();
        Ok(())
    }

    fn note(&mut self, property: &Definition, path: &str) -> Result<(), Conflict> {
        let spec = || Spec::new("", "", self.kind, path, false);
        let found = &mut self.found;
        for (extension, specs) in [
            (&property.annotation, &mut found.annotations),
            (&property.label_selector, &mut found.labels),
            (&property.identity, &mut found.names),
        ] {
            if matches!(extension, Extension::Text(_)) {
                merge_one(specs, spec())?;
            }
        }
        let (Extension::Text(version), Extension::Text(kind)) = (&property.target_version, &property.target_kind)
        else {
            return Ok(());
        };
        let key = if let Extension::Text(key) = &property.target_name_key { key } else { "name" };
        let referrer = Spec::new("", "", self.kind, &format!("{path}/{key}"), false);
        let target = Gvk::new("", &**version, &**kind);
        found.references.merge([Rule { target, referrers: vec![referrer] }])
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    const TYPES: &str = r#"{
        "example.com/v1.Bee": {"Schema": {"properties": {
            "kind": {"type": "string"}, "apiVersion": {"type": "string"}, "metadata": {"$ref": "ObjectMeta"},
            "spec": {"$ref": "example.com/v1.BeeSpec"}}}, "Dependencies": ["example.com/v1.BeeSpec"]},
        "example.com/v1.BeeSpec": {"schema": {"properties": {
            "hive": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "Hive"},
            "queen": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "Queen",
                      "x-kubernetes-object-ref-name-key": "called"},
            "marks": {"x-kubernetes-annotation": ""}, "picks": {"x-kubernetes-label-selector": ""},
            "self": {"x-kubernetes-identity": ""}, "not": {"x-kubernetes-identity": true}}}}
    }"#;

    #[test]
    fn extensions_say_what_fields_hold() {
        let tables = read(TYPES).unwrap();
        let spec = |path| Spec::new("", "", "Bee", path, false);
        assert_eq!(tables.specs(Section::CommonAnnotations), [spec("spec/marks")]);
        assert_eq!(tables.specs(Section::CommonLabels), [spec("spec/picks")]);
        assert_eq!(tables.specs(Section::NamePrefix), [spec("spec/self")]);
        let referrers = |kind: &str| {
            tables.rules().as_slice().iter().find(|rule| rule.target.kind == kind).map(|rule| rule.referrers.clone())
        };
        assert_eq!(referrers("Hive"), Some(vec![spec("spec/hive/name")]));
        assert_eq!(referrers("Queen"), Some(vec![spec("spec/queen/called")]));
    }

    #[test]
    fn a_type_that_contains_itself_is_an_error_and_no_endless_walk() {
        let text = TYPES.replace(r#""hive": {"#, r#""hive": {"$ref": "example.com/v1.Bee", "#);
        let Err(CrdError::Circle { chain, .. }) = read(&text) else { panic!("not refused") };
        assert_eq!(chain, ["example.com/v1.Bee", "example.com/v1.BeeSpec", "example.com/v1.Bee"]);
    }

    #[test]
    fn types_that_multiply_are_an_error_and_no_endless_walk() {
        let mut text = String::from(
            "Top: {Schema: {properties: {kind: {}, apiVersion: {}, metadata: {}, a: {$ref: t0}, b: {$ref: t0}}}}\n",
        );
        for at in 0..60 {
            let next = at + 1;
            writeln!(text, "t{at}: {{Schema: {{properties: {{a: {{$ref: t{next}}}, b: {{$ref: t{next}}}}}}}}}")
                .unwrap();
        }
        assert_eq!(read(&text).unwrap_err(), CrdError::TooMany);
    }

    #[test]
    fn other_content_is_refused() {
        for text in
            ["", "{", "[]", "apiVersion: v1\nkind: X\n", "A: {Schema: {properties: []}}", "A: {Dependencies: x}"]
        {
            assert!(read(text).is_err(), "{text}");
        }
        for text in ["{}", "null", "A: null", "A: {Schema: null}", "A: {Nonsense: 1}", "---\nA: {}\n"] {
            assert!(read(text).is_ok(), "{text}");
        }
    }
}
