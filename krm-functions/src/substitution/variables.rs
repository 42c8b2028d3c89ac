//! Variables and their values. Owns the rule for names and what a value is without its line breaks; must not know where values
//! come from.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use krm::{Masked, nearest};

use super::Dialect;

/// Variables by name. Of several values the one that was set last counts.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    known: BTreeMap<String, Variable>,
}

#[derive(Debug, Clone)]
struct Variable {
    value: Masked<String>,
    from: String,
}

impl Variables {
    /// Sets a variable; `from` says where its value comes from, as `ConfigMap/shop/settings`.
    pub fn set(&mut self, name: impl Into<String>, value: Masked<String>, from: impl Into<String>) {
        self.known.insert(name.into(), Variable { value, from: from.into() });
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.known.keys().map(String::as_str)
    }

    /// Where the value of a variable comes from.
    pub fn from(&self, name: &str) -> Option<&str> {
        self.known.get(name).map(|variable| variable.from.as_str())
    }

    /// The value of a variable, as it was set.
    pub fn value(&self, name: &str) -> Option<&Masked<String>> {
        self.known.get(name).map(|variable| &variable.value)
    }

    /// Removes what no template can name.
    pub(super) fn retain_valid(&mut self) {
        self.known.retain(|name, _| is_valid(name));
    }
}

/// May a variable be called so? `[_[:alpha:]][_[:alpha:][:digit:]]*` in ASCII.
pub fn is_valid(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The values as a dialect puts them in. Borrowed where they are as they were set; no `Debug`.
pub(crate) struct Values<'v> {
    known: BTreeMap<&'v str, Cow<'v, str>>,
    /// Names that count without a value.
    declared: &'v BTreeSet<String>,
}

impl<'v> Values<'v> {
    pub(crate) fn new(variables: &'v Variables, declared: &'v BTreeSet<String>, dialect: Dialect) -> Self {
        let text = |value: &'v str| match dialect {
            // Flux takes all of them out.
            Dialect::Flux if value.contains('\n') => Cow::Owned(value.replace('\n', "")),
            Dialect::Flux => Cow::Borrowed(value),
            // As a shell does with the output of a command.
            Dialect::Typed => Cow::Borrowed(value.trim_end_matches('\n')),
        };
        let known = variables.known.iter();
        Self { known: known.map(|(name, v)| (name.as_str(), text(v.value.expose()))).collect(), declared }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.known.get(name).map(AsRef::as_ref)
    }

    /// Has it a value, or is it meant to have one?
    pub(crate) fn is_declared(&self, name: &str) -> bool {
        self.known.contains_key(name) || self.declared.contains(name)
    }

    /// `, did you mean …?`, or nothing.
    pub(crate) fn suggestion(&self, name: &str) -> String {
        let known = self.known.keys().copied().chain(self.declared.iter().map(String::as_str));
        let names: Vec<&str> = known.filter(|known| *known != name).collect();
        nearest(name, &names).map_or_else(String::new, |near| format!(", did you mean `{near}`?"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_go_by_dialect_and_nothing_shows_a_value() {
        let mut variables = Variables::default();
        variables.set("KEY", Masked::new("hunt\ner2\n\n".to_owned()), "Secret/keys");
        let declared = BTreeSet::new();
        let flux = Values::new(&variables, &declared, Dialect::Flux);
        assert_eq!(flux.get("KEY"), Some("hunter2"));
        assert_eq!(Values::new(&variables, &declared, Dialect::Typed).get("KEY"), Some("hunt\ner2"));
        assert_eq!(flux.suggestion("KEYS"), ", did you mean `KEY`?");
        assert!(!format!("{variables:?}").contains("er2"));
    }

    #[test]
    fn names_are_words() {
        for name in ["a", "_", "A_1", "__"] {
            assert!(is_valid(name), "{name}");
        }
        for name in ["", "1a", "a-b", "a.b", "é", "a ", "a\n"] {
            assert!(!is_valid(name), "{name}");
        }
    }
}
