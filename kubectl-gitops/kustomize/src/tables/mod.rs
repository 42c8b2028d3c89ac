//! What a kustomization knows about fields: which ones each transformer changes, and which ones hold names of other objects.
//! Owns the built-in tables, and how those of several kustomizations become one; must not know transformers. `configuration`
//! and `crd` know the forms of files, `gather` alone how those are found.
//!
//! Built-in tables are read when first asked for and never copied: naming and merging them costs nothing. Merging does what
//! kustomize does, step by step, because its result depends on the steps: a specification that is covered by a more general
//! one is kept or passed over by which of the two came first, and a base's tables come before those of its user.

pub mod configuration;
mod crd;
mod gather;

use std::sync::OnceLock;

use crate::fieldspec::{Conflict, Section, Spec, defaults, merge_all};
use crate::reference::{Rule, Rules};
use crate::schema::Schema;
use crate::sort::by_type;

pub use crd::CrdError;
pub(crate) use gather::gather;

/// Two tables disagree about a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {section} of two configurations disagree")]
pub struct TablesError {
    /// Which part of them, as it is called in files of `configurations`.
    pub section: &'static str,
    /// About which field.
    #[source]
    pub source: Conflict,
}

/// Specifications by section, and the rules of references. Nothing is in them at first.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    sections: [Held<Vec<Spec>>; Section::COUNT],
    rules: Held<Rules>,
    schema: Schema,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Held<T> {
    /// Nothing is in it.
    #[default]
    Empty,
    /// What kustomize knows by itself.
    Builtin,
    /// What somebody configured is in it.
    Own(T),
}

impl PartialEq for Tables {
    fn eq(&self, other: &Self) -> bool {
        Section::ALL.into_iter().all(|section| self.specs(section) == other.specs(section))
            && self.rules() == other.rules()
            && self.schema == other.schema
    }
}

impl Eq for Tables {}

/// The built-in specifications of a section, read when first asked for.
fn default_specs(section: Section) -> &'static [Spec] {
    static DEFAULTS: [OnceLock<Vec<Spec>>; Section::COUNT] = [const { OnceLock::new() }; Section::COUNT];
    DEFAULTS[section as usize].get_or_init(|| defaults(section))
}

impl Tables {
    /// What kustomize knows by itself.
    pub fn builtin() -> Self {
        Self { sections: [const { Held::Builtin }; Section::COUNT], rules: Held::Builtin, schema: Schema::default() }
    }

    /// What a file says, as it is, but in the order of types.
    fn of_user(sections: impl IntoIterator<Item = (Section, Vec<Spec>)>, rules: Vec<Rule>) -> Self {
        let mut tables = Self::default();
        for (section, mut specs) in sections {
            sort_specs(&mut specs);
            tables.sections[section as usize] = if specs.is_empty() { Held::Empty } else { Held::Own(specs) };
        }
        let mut rules = Rules::from(rules);
        rules.sort();
        tables.rules = if rules.is_empty() { Held::Empty } else { Held::Own(rules) };
        tables
    }

    /// The fields that a transformer changes, in the order in which it walks them.
    pub fn specs(&self, section: Section) -> &[Spec] {
        match &self.sections[section as usize] {
            Held::Empty => &[],
            Held::Builtin => default_specs(section),
            Held::Own(specs) => specs,
        }
    }

    /// The fields that hold names of other objects.
    pub fn rules(&self) -> &Rules {
        match &self.rules {
            Held::Empty => Rules::none(),
            Held::Builtin => Rules::defaults(),
            Held::Own(rules) => rules,
        }
    }

    /// The types of kinds.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The types of kinds are those of the build from now on.
    pub fn use_schema(&mut self, schema: &Schema) {
        self.schema = schema.clone();
    }

    /// Adds another one's content to this one's.
    ///
    /// # Errors
    /// One says that a field is created where it is missing, the other says that it is not.
    pub fn merge(&mut self, other: &Self) -> Result<(), TablesError> {
        for section in Section::ALL {
            self.merge_section(section, other).map_err(|source| TablesError { section: section.name(), source })?;
        }
        self.merge_rules(other).map_err(|source| TablesError { section: "nameReference", source })
    }

    /// Merges them into empty ones, as kustomize does with what a component has gathered: a specification is dropped whose
    /// fields a less general one before it has.
    ///
    /// # Errors
    /// See [`Tables::merge`].
    pub fn settle(&mut self) -> Result<(), TablesError> {
        let mut fresh = Self { schema: self.schema.clone(), ..Self::default() };
        fresh.merge(self)?;
        *self = fresh;
        Ok(())
    }

    fn merge_section(&mut self, section: Section, other: &Self) -> Result<(), Conflict> {
        let new = &other.sections[section as usize];
        if let Some(taken) = taken_whole(&self.sections[section as usize], new) {
            self.sections[section as usize] = taken;
        } else if *new != Held::Empty {
            let mut merged = self.specs(section).to_vec();
            merge_all(&mut merged, other.specs(section).iter().cloned())?;
            sort_specs(&mut merged);
            self.sections[section as usize] = Held::Own(merged);
        }
        Ok(())
    }

    fn merge_rules(&mut self, other: &Self) -> Result<(), Conflict> {
        if let Some(taken) = taken_whole(&self.rules, &other.rules) {
            self.rules = taken;
        } else if other.rules != Held::Empty {
            let mut merged = self.rules().clone();
            merged.merge(other.rules().as_slice().iter().cloned())?;
            merged.sort();
            self.rules = Held::Own(merged);
        }
        Ok(())
    }
}

fn sort_specs(specs: &mut [Spec]) {
    specs.sort_by(|a, b| by_type(&a.gvk(), &b.gvk()));
}

/// Built-in tables hold no specification that covers another one: merging them with nothing or with themselves makes nothing
/// else of them.
fn taken_whole<T>(there: &Held<T>, new: &Held<T>) -> Option<Held<T>> {
    matches!((there, new), (Held::Empty | Held::Builtin, Held::Builtin)).then_some(Held::Builtin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(tables: &Tables) -> Tables {
        Tables {
            sections: Section::ALL.map(|section| Held::Own(tables.specs(section).to_vec())),
            rules: Held::Own(tables.rules().clone()),
            schema: Schema::default(),
        }
    }

    #[test]
    fn merging_the_built_in_tables_step_by_step_changes_nothing() {
        // That is what the shortcuts in `merge` rely on.
        let builtin = Tables::builtin();
        let mut from_nothing = Tables::default();
        from_nothing.merge(&owned(&builtin)).unwrap();
        assert_eq!(from_nothing, builtin);
        let mut twice = owned(&builtin);
        twice.merge(&owned(&builtin)).unwrap();
        assert_eq!(twice, builtin);
    }

    #[test]
    fn what_nobody_configured_is_never_copied() {
        let mut tables = Tables::default();
        tables.merge(&Tables::builtin()).unwrap();
        tables.merge(&Tables::builtin()).unwrap();
        assert!(tables.sections.iter().all(|specs| matches!(specs, Held::Builtin)));
        assert!(matches!(tables.rules, Held::Builtin));
    }
}
