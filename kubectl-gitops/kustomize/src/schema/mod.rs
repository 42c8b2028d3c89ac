//! What a strategic merge and the namespace transformer know about kinds: the fields of a type, how its lists merge, and
//! whether it lives in a namespace. Owns the lookups over embedded tables (Kubernetes 1.21.2, which is what kustomize 5.8.1
//! knows); must not know resources, files or patches. Always passed as an argument.

mod table;

use std::borrow::Cow;

use table::{Table, find_kind, find_line};

const DEFINITIONS: &str = include_str!("definitions.tsv");
const KINDS: &str = include_str!("kinds.tsv");

/// Types by name and by kind. Nothing is parsed before it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Asked in order; a later one answers for what the earlier ones lack.
    tables: Vec<Table>,
}

/// Where objects of a kind live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// Outside of namespaces, for certain.
    Cluster,
    /// Not known: treated as namespaced.
    Unknown,
}

/// What is known about a value. Even a type of which nothing more is known ends the search for a type by kind.
#[derive(Debug, Clone, Copy)]
pub struct Type<'s> {
    schema: &'s Schema,
    /// In the grammar of `definitions.tsv`, or the bare name of a definition.
    text: &'s str,
}

/// The fields of a type, found once for all of them.
#[derive(Debug, Clone, Copy)]
pub enum Fields<'s> {
    /// No field has a type.
    None,
    /// A definition: its columns, sorted by field name.
    Named(&'s Schema, &'s str),
    /// Every field has the same type.
    Every(Type<'s>),
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

impl Default for Schema {
    fn default() -> Self {
        Self { tables: vec![Table { definitions: Cow::Borrowed(DEFINITIONS), kinds: Cow::Borrowed(KINDS) }] }
    }
}

impl Schema {
    /// What kustomize 5.8.1 knows by itself.
    pub fn builtin() -> Self {
        Self::default()
    }

    /// The type of objects of a kind.
    pub fn of_kind(&self, api_version: &str, kind: &str) -> Option<Type<'_>> {
        let name = self.kind_columns(api_version, kind)?.nth(1).filter(|name| *name != "-")?;
        Some(Type { schema: self, text: name })
    }

    /// Where objects of a kind live.
    pub fn scope(&self, api_version: &str, kind: &str) -> Scope {
        match self.kind_columns(api_version, kind).and_then(|mut columns| columns.next()) {
            Some("n") => Scope::Namespaced,
            Some("c") => Scope::Cluster,
            _ => Scope::Unknown,
        }
    }

    /// Do objects of this kind certainly live outside of namespaces?
    pub fn is_cluster_scoped(&self, gvk: &krm::Gvk) -> bool {
        is_cluster(self.tables.iter().find_map(|table| find_kind(&table.kinds, &gvk.group, &gvk.version, &gvk.kind)))
    }

    fn kind_columns(&self, api_version: &str, kind: &str) -> Option<std::str::Split<'_, char>> {
        // Not taken apart: `/v1` is no other spelling of `v1`.
        self.tables.iter().find_map(|table| find_kind(&table.kinds, "", api_version, kind)).map(|row| row.split('\t'))
    }

    /// The columns of a definition.
    fn definition(&self, name: &str) -> Option<&str> {
        let is_its = |line: &str| line.split('\t').next().unwrap_or_default().cmp(name);
        self.tables
            .iter()
            .find_map(|table| find_line(&table.definitions, is_its)?.split_once('\t'))
            .map(|(_, rest)| rest)
    }
}

/// Does the row of a kind say that its objects live outside of namespaces?
fn is_cluster(row: Option<&str>) -> bool {
    row.is_some_and(|row| row.split('\t').next() == Some("c"))
}

/// The same question to the built-in table alone.
pub fn is_builtin_cluster_scoped(gvk: &krm::Gvk) -> bool {
    is_cluster(find_kind(KINDS, &gvk.group, &gvk.version, &gvk.kind))
}

impl<'s> Type<'s> {
    /// Its fields.
    pub fn fields(self) -> Fields<'s> {
        let definition = match self.text.as_bytes().first() {
            Some(b'=') => self.schema.definition(&self.text[1..]),
            Some(b'{') => return Fields::Every(Type { text: &self.text[1..], ..self }),
            Some(b'[') | None => None,
            Some(_) => self.schema.definition(self.text),
        };
        match definition {
            None => Fields::None,
            Some(columns) => match columns.strip_prefix("*:") {
                Some(text) => Fields::Every(Type { text, ..self }),
                None => Fields::Named(self.schema, columns),
            },
        }
    }

    /// The type of a field.
    pub fn field(self, name: &str) -> Option<Type<'s>> {
        self.fields().get(name)
    }

    /// The type of a list's items.
    pub fn element(self) -> Option<Type<'s>> {
        let rest = self.text.strip_prefix('[')?;
        let text = match rest.strip_prefix('!') {
            // [!K1,K2!T and [!T: a type's own text never holds a `!` except in a list inside of it.
            Some(keyed) => split_keys(keyed).1,
            None => rest,
        };
        Some(Type { text, ..self })
    }

    /// How a patch changes the list; [`ListKind::Replaced`] for everything that is no list.
    pub fn list_kind(self) -> ListKind<'s> {
        let Some(keyed) = self.text.strip_prefix("[!") else { return ListKind::Replaced };
        match split_keys(keyed).0 {
            "" => ListKind::Set,
            keys => ListKind::Keyed(keys.split(',').collect()),
        }
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
    /// The type of a field.
    pub fn get(self, name: &str) -> Option<Type<'s>> {
        match self {
            Self::None => None,
            Self::Every(each) => Some(each),
            Self::Named(schema, columns) => {
                let column = columns
                    .split('\t')
                    .find(|column| column.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')))?;
                Some(Type { schema, text: &column[name.len() + 1..] })
            }
        }
    }
}

#[cfg(test)]
mod tests;
