//! Expansions of the dialect `typed` with their values, as a shell does them; lengths and offsets count characters. Owns the
//! operators; must not know YAML.

use std::borrow::Cow;

use super::pattern::Pattern;
use super::template::{Expression, Operation, Part, Which};
use crate::substitution::budget::{Budget, Exceeded};
use crate::substitution::letter_case::{to_lower, to_upper};
use crate::substitution::variables::Values;

/// Why there is no result. Shows no values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ExpandError {
    #[error("the variable `{name}` is not set{suggestion}")]
    Unset { name: String, suggestion: String },
    #[error("the variable `{name}` must be set: {message}")]
    Required { name: String, message: String },
    #[error("the {what} of `{name}` is no whole number")]
    NotANumber { name: String, what: &'static str },
    #[error("the substring of `{name}` ends before it starts")]
    EndsBeforeStart { name: String },
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
}

pub(super) struct Expander<'e, 'v> {
    pub(super) values: &'e Values<'v>,
    pub(super) strict: bool,
    pub(super) budget: &'e mut Budget,
    /// Names without a value for which nothing stands.
    pub(super) unset: Vec<String>,
}

type Expanded<T> = Result<T, ExpandError>;

impl<'e> Expander<'e, '_> {
    /// The pieces put together.
    pub(super) fn parts(&mut self, parts: &[Part<'_>]) -> Expanded<String> {
        let mut out = String::new();
        for part in parts {
            match part {
                Part::Text(text) => self.write(&mut out, text)?,
                Part::Expression(expression) => {
                    let text = self.expression(expression)?;
                    self.write(&mut out, &text)?;
                }
            }
        }
        Ok(out)
    }

    fn write(&mut self, out: &mut String, text: &str) -> Expanded<()> {
        self.budget.write(text.len())?;
        out.push_str(text);
        Ok(())
    }

    /// The text that an expression stands for.
    pub(super) fn expression(&mut self, expression: &Expression<'_>) -> Expanded<Cow<'e, str>> {
        let name = expression.name;
        let values = self.values;
        let value = values.get(name);
        let present = |or_empty: bool| value.filter(|text| !or_empty || !text.is_empty());
        match &expression.operation {
            Operation::Default { or_empty, word, .. } => match present(*or_empty) {
                Some(value) => Ok(value.into()),
                None => self.parts(word).map(Cow::Owned),
            },
            Operation::Alternative { or_empty, word } => match present(*or_empty) {
                Some(_) => self.parts(word).map(Cow::Owned),
                None => Ok("".into()),
            },
            Operation::Required { or_empty, message } => match present(*or_empty) {
                Some(value) => Ok(value.into()),
                None => Err(ExpandError::Required { name: name.to_owned(), message: (*message).to_owned() }),
            },
            operation => {
                let Some(value) = value else { return self.nothing(name) };
                self.changed(name, value, operation)
            }
        }
    }

    fn nothing(&mut self, name: &str) -> Expanded<Cow<'e, str>> {
        if self.strict {
            let suggestion = self.values.suggestion(name);
            return Err(ExpandError::Unset { name: name.to_owned(), suggestion });
        }
        self.unset.push(name.to_owned());
        Ok("".into())
    }

    fn changed(&mut self, name: &str, value: &'e str, operation: &Operation<'_>) -> Expanded<Cow<'e, str>> {
        Ok(match operation {
            Operation::Length => value.chars().count().to_string().into(),
            Operation::Substring { offset, length } => {
                let offset = self.number(name, "offset", offset)?;
                let length = length.as_ref().map(|word| self.number(name, "length", word)).transpose()?;
                substring(name, value, offset, length)?.into()
            }
            Operation::Trim { suffix, longest, pattern } => {
                let pattern = Pattern::new(&self.parts(pattern)?);
                self.trimmed(value, pattern, *suffix, *longest)?.into()
            }
            Operation::Replace { which, pattern, replacement } => {
                let pattern = Pattern::new(&self.parts(pattern)?);
                let replacement = self.parts(replacement)?;
                self.replaced(value, &pattern, *which, &replacement)?.into()
            }
            Operation::Case { upper, all, pattern } => {
                let text = self.parts(pattern)?;
                let pattern = Pattern::new(if text.is_empty() { "?" } else { &text });
                self.recased(value, *upper, *all, &pattern)?.into()
            }
            Operation::Recase { upper, all } => self.recased(value, *upper, *all, &Pattern::new("?"))?.into(),
            Operation::Quote => format!("'{}'", value.replace('\'', "'\\''")).into(),
            Operation::Value
            | Operation::Default { .. }
            | Operation::Alternative { .. }
            | Operation::Required { .. } => value.into(),
        })
    }

    /// A number as one writes it in a shell's expansion: blanks around it, parentheses around a negative one.
    fn number(&mut self, name: &str, what: &'static str, word: &[Part<'_>]) -> Expanded<i64> {
        let text = self.parts(word)?;
        let text = text.trim();
        let text = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text);
        // An empty one is 0, as in `${v::2}`.
        let number = if text.is_empty() { Some(0) } else { text.trim().parse().ok() };
        number.ok_or_else(|| ExpandError::NotANumber { name: name.to_owned(), what })
    }

    fn trimmed(&mut self, value: &str, pattern: Pattern, suffix: bool, longest: bool) -> Expanded<String> {
        let mut chars: Vec<char> = value.chars().collect();
        let pattern = if suffix { pattern.reversed() } else { pattern };
        if suffix {
            chars.reverse();
        }
        let taken = pattern.prefix(&chars, longest, self.budget)?.unwrap_or(0);
        chars.drain(..taken);
        if suffix {
            chars.reverse();
        }
        Ok(chars.into_iter().collect())
    }

    fn replaced(&mut self, value: &str, pattern: &Pattern, which: Which, replacement: &str) -> Expanded<String> {
        let chars: Vec<char> = value.chars().collect();
        let mut out = String::new();
        let mut at = 0;
        if pattern.is_empty() && matches!(which, Which::First | Which::All) {
            return Ok(value.to_owned());
        }
        while at <= chars.len() {
            let taken = match which {
                Which::End => self.suffix_at(&chars, at, pattern)?,
                _ => pattern.prefix(&chars[at..], true, self.budget)?,
            };
            let anchored = matches!(which, Which::Start | Which::End);
            if let Some(taken) = taken.filter(|taken| *taken > 0 || anchored) {
                self.write(&mut out, replacement)?;
                at += taken;
                if which != Which::All {
                    break;
                }
            } else if which == Which::Start {
                break;
            } else {
                out.extend(chars.get(at));
                at += 1;
            }
        }
        out.extend(&chars[at.min(chars.len())..]);
        Ok(out)
    }

    /// The rest from `at` on, if the pattern matches all of it.
    fn suffix_at(&mut self, chars: &[char], at: usize, pattern: &Pattern) -> Expanded<Option<usize>> {
        let rest = chars.len() - at;
        let longest = pattern.prefix(&chars[at..], true, self.budget)?;
        Ok(longest.filter(|taken| *taken == rest))
    }

    fn recased(&mut self, value: &str, upper: bool, all: bool, pattern: &Pattern) -> Expanded<String> {
        let mut out = String::with_capacity(value.len());
        for (index, c) in value.chars().enumerate() {
            let counts = (all || index == 0) && pattern.prefix(&[c], true, self.budget)? == Some(1);
            out.push(match (counts, upper) {
                (false, _) => c,
                (true, true) => to_upper(c),
                (true, false) => to_lower(c),
            });
        }
        Ok(out)
    }
}

fn substring<'v>(name: &str, value: &'v str, offset: i64, length: Option<i64>) -> Expanded<&'v str> {
    let size = i64::try_from(value.chars().count()).unwrap_or(i64::MAX);
    let start = if offset < 0 { size.saturating_add(offset) } else { offset };
    if start < 0 || start > size {
        return Ok("");
    }
    let end = match length {
        None => size,
        Some(length) if length < 0 => size.saturating_add(length),
        Some(length) => start.saturating_add(length).min(size),
    };
    if end < start {
        return Err(ExpandError::EndsBeforeStart { name: name.to_owned() });
    }
    let byte = |chars: i64| {
        let chars = usize::try_from(chars).unwrap_or(usize::MAX);
        value.char_indices().nth(chars).map_or(value.len(), |(at, _)| at)
    };
    Ok(&value[byte(start)..byte(end)])
}
