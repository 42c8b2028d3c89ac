//! What a kustomization knows about fields: which ones each transformer changes, and which ones hold names of other objects.
//! Owns the built-in tables, and how those of several kustomizations become one; must not know files (see `configuration`)
//! or transformers.
//!
//! Tables that nobody configured are borrowed: asking for them costs nothing. Merging does what kustomize does, step by step,
//! because its result depends on the steps: a specification that is covered by a more general one is kept or passed over by
//! which of the two came first, and a base's tables come before those of its user.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::fieldspec::{Conflict, Section, Spec, defaults, merge_all};
use crate::reference::Rules;
use crate::schema::Schema;
use crate::sort::by_type;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    sections: [Cow<'static, [Spec]>; Section::COUNT],
    rules: Cow<'static, Rules>,
    schema: Schema,
}

/// The built-in specifications of a section, read when first asked for.
fn default_specs(section: Section) -> &'static [Spec] {
    static DEFAULTS: [OnceLock<Vec<Spec>>; Section::COUNT] = [const { OnceLock::new() }; Section::COUNT];
    DEFAULTS[section as usize].get_or_init(|| defaults(section))
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            sections: [const { Cow::Borrowed(&[] as &[Spec]) }; Section::COUNT],
            rules: Cow::Borrowed(Rules::none()),
            schema: Schema::default(),
        }
    }
}

impl Tables {
    /// What kustomize knows by itself.
    pub fn builtin() -> Self {
        Self {
            sections: Section::ALL.map(|section| Cow::Borrowed(default_specs(section))),
            rules: Cow::Borrowed(Rules::defaults()),
            schema: Schema::default(),
        }
    }

    /// The fields that a transformer changes, in the order in which it walks them.
    pub fn specs(&self, section: Section) -> &[Spec] {
        &self.sections[section as usize]
    }

    /// The fields that hold names of other objects.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The types of kinds.
    pub fn schema(&self) -> &Schema {
        &self.schema
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

    fn merge_section(&mut self, section: Section, other: &Self) -> Result<(), Conflict> {
        let (into, new) = (&mut self.sections[section as usize], &other.sections[section as usize]);
        if is_nothing_new(into, new, <[Spec]>::is_empty) {
            into.clone_from(new);
        } else if !new.is_empty() {
            let mut merged = std::mem::take(into).into_owned();
            merge_all(&mut merged, new.iter().cloned())?;
            merged.sort_by(|a, b| by_type(&a.gvk(), &b.gvk()));
            *into = Cow::Owned(merged);
        }
        Ok(())
    }

    fn merge_rules(&mut self, other: &Self) -> Result<(), Conflict> {
        if is_nothing_new(&self.rules, &other.rules, Rules::is_empty) {
            self.rules.clone_from(&other.rules);
        } else if !other.rules.is_empty() {
            let merged = self.rules.to_mut();
            merged.merge(other.rules.as_slice().iter().cloned())?;
            merged.sort();
        }
        Ok(())
    }
}

/// Built-in tables hold no specification that covers another one: merging them with nothing or with themselves makes nothing
/// else of them.
#[expect(clippy::ptr_arg, reason = "whether it is borrowed is the question")]
fn is_nothing_new<T: ToOwned + ?Sized>(
    there: &Cow<'static, T>,
    new: &Cow<'static, T>,
    is_empty: impl Fn(&T) -> bool,
) -> bool {
    let (Cow::Borrowed(there), Cow::Borrowed(new)) = (there, new) else { return false };
    is_empty(there) && !is_empty(new) || std::ptr::eq(*there, *new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(tables: &Tables) -> Tables {
        Tables {
            sections: tables.sections.clone().map(|specs| Cow::Owned(specs.into_owned())),
            rules: Cow::Owned(tables.rules.clone().into_owned()),
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
    fn what_nobody_configured_is_borrowed() {
        let mut tables = Tables::default();
        tables.merge(&Tables::builtin()).unwrap();
        tables.merge(&Tables::builtin()).unwrap();
        assert!(tables.sections.iter().all(|specs| matches!(specs, Cow::Borrowed(_))));
        assert!(matches!(tables.rules, Cow::Borrowed(_)));
    }
}
