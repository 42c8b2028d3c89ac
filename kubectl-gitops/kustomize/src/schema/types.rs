//! What is known about one value. Owns the grammar of the embedded tables, and what the fields and extensions of a user's
//! definition mean for a merge; must not know which tables count.

use serde_json::Value;

use super::document::{Additional, Definition, Extension, Items};
use super::knowledge::Found;
use super::{Schema, SchemaProblem};

const STRATEGY: &str = "x-kubernetes-patch-strategy";
const MERGE_KEY: &str = "x-kubernetes-patch-merge-key";
const MAP_KEYS: &str = "x-kubernetes-list-map-keys";

/// What is known about a value. Even a type of which nothing more is known ends the search for a type by kind.
#[derive(Debug, Clone, Copy)]
pub struct Type<'s> {
    schema: &'s Schema,
    form: Form<'s>,
}

#[derive(Debug, Clone, Copy)]
enum Form<'s> {
    /// The columns of a definition.
    Columns(&'static str),
    /// A type in the grammar of `definitions.tsv`.
    Text(&'static str),
    /// A definition of the user's that is no reference.
    Custom(&'s Definition),
}

/// The fields of a type, found once for all of them.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'s>(Source<'s>);

#[derive(Debug, Clone, Copy)]
enum Source<'s> {
    /// No field has a type.
    None,
    /// A definition: its columns, sorted by field name.
    Named(&'s Schema, &'static str),
    /// Every field has the same type.
    Every(&'s Schema, &'static str),
    /// A definition of the user's.
    Custom(&'s Schema, &'s Definition),
}

/// How a patch changes a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListKind<'s> {
    /// It takes the list's place.
    Replaced,
    /// Its scalars are added.
    Set,
    /// Items that agree in these fields are merged.
    Keyed(Vec<&'s str>),
}

impl<'s> Type<'s> {
    pub(super) fn of_found(schema: &'s Schema, found: Found<'s>) -> Self {
        let form = match found {
            Found::Columns(columns) => Form::Columns(columns),
            Found::Custom(definition) => Form::Custom(definition),
        };
        Self { schema, form }
    }

    pub(super) fn custom(schema: &'s Schema, definition: &'s Definition) -> Self {
        Self { schema, form: Form::Custom(definition) }
    }

    /// One of which nothing more is known.
    pub(super) fn opaque(schema: &'s Schema) -> Self {
        Self { schema, form: Form::Text("") }
    }

    /// A type in the grammar of the tables. Where the user's definitions count, a name may mean one of those.
    fn of_text(schema: &'s Schema, text: &'static str) -> Option<Self> {
        if schema.has_custom()
            && let Some(name) = text.strip_prefix('=')
            && let Found::Custom(definition) = schema.short(name)?
        {
            return schema.resolve(definition);
        }
        Some(Self { schema, form: Form::Text(text) })
    }

    /// Its fields.
    pub fn fields(self) -> Fields<'s> {
        let columns = match self.form {
            Form::Custom(definition) => return Fields(Source::Custom(self.schema, definition)),
            Form::Columns(columns) => columns,
            Form::Text(text) => match (text.as_bytes().first(), text.get(1..)) {
                (Some(b'{'), Some(each)) => return Fields(Source::Every(self.schema, each)),
                (Some(b'='), Some(name)) => match self.schema.short(name) {
                    Some(Found::Columns(columns)) => columns,
                    _ => return Fields::NONE,
                },
                _ => return Fields::NONE,
            },
        };
        Fields(match columns.strip_prefix("*:") {
            Some(each) => Source::Every(self.schema, each),
            None => Source::Named(self.schema, columns),
        })
    }

    /// The type of a field.
    pub fn field(self, name: &str) -> Option<Type<'s>> {
        self.fields().get(name)
    }

    /// The type of a list's items.
    pub fn element(self) -> Option<Type<'s>> {
        let text = match self.form {
            Form::Custom(definition) => return self.element_of(definition),
            Form::Columns(_) => return None,
            Form::Text(text) => text.strip_prefix('[')?,
        };
        let text = match text.strip_prefix('!') {
            // [!K1,K2!T and [!T: a type's own text never holds a `!` except in a list inside of it.
            Some(keyed) => split_keys(keyed).1,
            None => text,
        };
        Self::of_text(self.schema, text)
    }

    fn element_of(self, list: &'s Definition) -> Option<Type<'s>> {
        if !list.types.is_array {
            return None;
        }
        match list.items.as_ref()? {
            Items::Each(each) => self.schema.resolve(each),
            Items::Other => {
                self.schema.misused(SchemaProblem::Items);
                None
            }
        }
    }

    /// How a patch changes the list; [`ListKind::Replaced`] for everything that is no list.
    pub fn list_kind(self) -> ListKind<'s> {
        let keyed = match self.form {
            Form::Custom(definition) => {
                return list_kind_of(definition).unwrap_or_else(|problem| {
                    self.schema.misused(problem);
                    ListKind::Replaced
                });
            }
            Form::Columns(_) => return ListKind::Replaced,
            Form::Text(text) => text.strip_prefix("[!"),
        };
        match keyed.map(|keyed| split_keys(keyed).0) {
            None => ListKind::Replaced,
            Some("") => ListKind::Set,
            Some(keys) => ListKind::Keyed(keys.split(',').collect()),
        }
    }
}

/// What the extensions of a user's definition say; `x-kubernetes-list-type` does not count.
fn list_kind_of(definition: &Definition) -> Result<ListKind<'_>, SchemaProblem> {
    let Some(strategy) = text_of(&definition.strategy, STRATEGY)? else { return Ok(ListKind::Replaced) };
    let merge_key = text_of(&definition.merge_key, MERGE_KEY)?;
    if !strategy.split(',').any(|word| word == "merge") {
        return Ok(ListKind::Replaced);
    }
    let keys = match definition.map_keys.as_deref() {
        Some(Value::Array(keys)) => keys.iter().map(Value::as_str).collect::<Option<Vec<_>>>(),
        Some(_) => None,
        None => return Ok(merge_key.map_or(ListKind::Set, |key| ListKind::Keyed(vec![key]))),
    };
    match keys {
        Some(keys) if keys.is_empty() => Ok(ListKind::Set),
        Some(keys) => Ok(ListKind::Keyed(keys)),
        None => Err(SchemaProblem::Extension { extension: MAP_KEYS, expected: "a list of strings" }),
    }
}

fn text_of<'s>(extension: &'s Extension, name: &'static str) -> Result<Option<&'s str>, SchemaProblem> {
    match extension {
        Extension::Absent => Ok(None),
        Extension::Text(text) => Ok(Some(text)),
        Extension::Other => Err(SchemaProblem::Extension { extension: name, expected: "a string" }),
    }
}

/// Splits `K1,K2!T` into keys and type; `T` without keys is a set.
fn split_keys(text: &str) -> (&str, &str) {
    let first = text.bytes().next();
    // A type starts with one of these signs or is empty; a key never does.
    if matches!(first, None | Some(b'=' | b'{' | b'[')) {
        return ("", text);
    }
    text.split_once('!').unwrap_or((text, ""))
}

impl<'s> Fields<'s> {
    /// Those of a value of which nothing is known.
    pub const NONE: Self = Self(Source::None);

    /// The type of a field.
    pub fn get(self, name: &str) -> Option<Type<'s>> {
        match self.0 {
            Source::None => None,
            Source::Every(schema, each) => Type::of_text(schema, each),
            Source::Named(schema, columns) => {
                let column = columns
                    .split('\t')
                    .find(|column| column.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')))?;
                Type::of_text(schema, &column[name.len() + 1..])
            }
            Source::Custom(schema, definition) => {
                let named = definition.properties.as_ref().and_then(|properties| properties.get(name));
                let field = named.or(match &definition.additional {
                    Some(Additional::Each(each)) => Some(each),
                    _ => None,
                })?;
                schema.resolve(field)
            }
        }
    }
}
