//! A template with its variables put in. Owns the order of evaluation and what strict means; must not know YAML.

use super::operators::{self, OperatorError};
use super::template::{Expression, Part};
use crate::substitution::budget::Budget;

/// What became of a template.
#[derive(Debug)]
pub(crate) struct Expanded<'t> {
    /// The result. Bytes: a substring may cut a character in two.
    pub(crate) bytes: Vec<u8>,
    /// The expressions that need a variable that is not set, in their order: each is an error where that is strict.
    pub(crate) unset: Vec<Expression<'t>>,
    /// Where the text of each expression of the template begins: in the result, and in the template.
    pub(crate) spans: Vec<(usize, usize)>,
    /// Operators that failed; then `bytes` are not to be used.
    pub(crate) failed: Vec<ExpandError>,
}

/// An operator that fails, and where the outermost expression around it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ExpandError {
    pub(crate) at: usize,
    pub(crate) problem: OperatorError,
}

/// Puts the values that `lookup` knows into `parts`.
pub(crate) fn expand<'t, 'v>(
    parts: &[Part<'t>],
    lookup: &dyn Fn(&str) -> Option<&'v str>,
    budget: &mut Budget,
) -> Expanded<'t> {
    let mut expander = Expander { lookup, budget, unset: Vec::new() };
    let (mut bytes, mut spans, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for part in parts {
        let at = if let Part::Expression(expression) = part { expression.at } else { 0 };
        if matches!(part, Part::Expression(_)) {
            spans.push((bytes.len(), at));
        }
        if let Err(problem) = expander.part(part, &mut bytes) {
            failed.push(ExpandError { at, problem });
            if matches!(problem, OperatorError::Exceeded(_)) {
                break;
            }
        }
    }
    Expanded { bytes, unset: expander.unset, spans, failed }
}

struct Expander<'e, 't, 'v> {
    lookup: &'e dyn Fn(&str) -> Option<&'v str>,
    budget: &'e mut Budget,
    unset: Vec<Expression<'t>>,
}

impl<'t> Expander<'_, 't, '_> {
    fn part(&mut self, part: &Part<'t>, out: &mut Vec<u8>) -> Result<(), OperatorError> {
        match part {
            Part::Text(text) => self.write(text.as_bytes(), out),
            Part::Expression(expression) => self.expression(expression, out),
        }
    }

    /// The words come first, also of a default that is not needed.
    fn expression(&mut self, expression: &Expression<'t>, out: &mut Vec<u8>) -> Result<(), OperatorError> {
        let mut words = Vec::with_capacity(expression.words.len());
        for parts in &expression.words {
            let mut word = Vec::new();
            for part in parts {
                self.part(part, &mut word)?;
            }
            words.push(word);
        }
        let value = (self.lookup)(expression.name);
        if value.is_none() && !expression.operator.is_default() {
            self.unset.push(expression.clone());
        }
        let value = value.unwrap_or_default().as_bytes();
        let result = operators::apply(expression.operator, value, &words, self.budget)?;
        self.write(&result, out)
    }

    fn write(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), OperatorError> {
        self.budget.write(bytes.len())?;
        out.extend_from_slice(bytes);
        Ok(())
    }
}
