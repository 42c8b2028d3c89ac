//! A shell's patterns: `*`, `?`, `[a-z]`, `[!a]`, `[[:digit:]]`, `\c`. Owns matching in time that grows with text times pattern;
//! must not know templates.

use crate::substitution::budget::{Budget, Exceeded};

/// A pattern, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Symbol>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Symbol {
    /// `*`
    Any,
    /// `?`
    One,
    Char(char),
    Class {
        negated: bool,
        items: Vec<Item>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Range(char, char),
    /// By its place in [`NAMED`].
    Named(usize),
}

type IsIn = fn(&char) -> bool;

/// The classes of POSIX.
const NAMED: [(&str, IsIn); 12] = [
    ("alnum", |c| c.is_alphanumeric()),
    ("alpha", |c| c.is_alphabetic()),
    ("blank", |c| matches!(c, ' ' | '\t')),
    ("cntrl", |c| c.is_control()),
    ("digit", char::is_ascii_digit),
    ("graph", |c| !c.is_whitespace() && !c.is_control()),
    ("lower", |c| c.is_lowercase()),
    ("print", |c| !c.is_control()),
    ("punct", char::is_ascii_punctuation),
    ("space", |c| c.is_whitespace()),
    ("upper", |c| c.is_uppercase()),
    ("xdigit", char::is_ascii_hexdigit),
];

impl Pattern {
    /// Every text is a pattern: what is no class is its characters.
    pub(super) fn new(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut symbols = Vec::new();
        let mut at = 0;
        while at < chars.len() {
            let (symbol, width) = match chars[at] {
                '*' => (Symbol::Any, 1),
                '?' => (Symbol::One, 1),
                '\\' if at + 1 < chars.len() => (Symbol::Char(chars[at + 1]), 2),
                '[' => class(&chars[at..]).unwrap_or((Symbol::Char('['), 1)),
                c => (Symbol::Char(c), 1),
            };
            if symbol != Symbol::Any || symbols.last() != Some(&Symbol::Any) {
                symbols.push(symbol);
            }
            at += width;
        }
        Self(symbols)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same read from behind.
    pub(super) fn reversed(mut self) -> Self {
        self.0.reverse();
        self
    }

    /// How many characters at the start of `text` match: the fewest, or the most.
    pub(super) fn prefix(&self, text: &[char], longest: bool, budget: &mut Budget) -> Result<Option<usize>, Exceeded> {
        let mut states = vec![false; self.0.len() + 1];
        states[0] = true;
        self.pass_stars(&mut states);
        let mut found = None;
        for end in 0..=text.len() {
            budget.step(states.len() as u64)?;
            if states[self.0.len()] {
                found = Some(end);
                if !longest {
                    break;
                }
            }
            let Some(c) = text.get(end).filter(|_| states.contains(&true)) else { break };
            states = self.step(&states, *c);
        }
        Ok(found)
    }

    fn step(&self, states: &[bool], c: char) -> Vec<bool> {
        let mut next = vec![false; states.len()];
        for (at, symbol) in self.0.iter().enumerate().filter(|(at, _)| states[*at]) {
            match symbol {
                Symbol::Any => next[at] = true,
                symbol if symbol.is(c) => next[at + 1] = true,
                _ => {}
            }
        }
        self.pass_stars(&mut next);
        next
    }

    /// A star may match nothing.
    fn pass_stars(&self, states: &mut [bool]) {
        for (at, symbol) in self.0.iter().enumerate() {
            if states[at] && *symbol == Symbol::Any {
                states[at + 1] = true;
            }
        }
    }
}

impl Symbol {
    fn is(&self, c: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Char(expected) => c == *expected,
            Self::Class { negated, items } => items.iter().any(|item| item.is(c)) != *negated,
        }
    }
}

impl Item {
    fn is(&self, c: char) -> bool {
        match self {
            Self::Range(low, high) => (*low..=*high).contains(&c),
            Self::Named(index) => NAMED[*index].1(&c),
        }
    }
}

/// The class that `chars` begin with, and its width; `None` if it is not closed.
fn class(chars: &[char]) -> Option<(Symbol, usize)> {
    let mut at = 1;
    let negated = matches!(chars.get(at), Some('!' | '^'));
    at += usize::from(negated);
    let first = at;
    let mut items = Vec::new();
    loop {
        match *chars.get(at)? {
            ']' if at > first => return Some((Symbol::Class { negated, items }, at + 1)),
            '[' if chars.get(at + 1) == Some(&':') => {
                let (item, width) = named(&chars[at..])?;
                items.push(item);
                at += width;
            }
            _ => {
                let (low, width) = class_char(&chars[at..])?;
                at += width;
                let ranges = chars.get(at) == Some(&'-') && chars.get(at + 1).is_some_and(|c| *c != ']');
                let high = if ranges {
                    let (high, width) = class_char(&chars[at + 1..])?;
                    at += 1 + width;
                    high
                } else {
                    low
                };
                items.push(Item::Range(low, high));
            }
        }
    }
}

fn class_char(chars: &[char]) -> Option<(char, usize)> {
    match chars {
        ['\\', c, ..] => Some((*c, 2)),
        [c, ..] => Some((*c, 1)),
        [] => None,
    }
}

fn named(chars: &[char]) -> Option<(Item, usize)> {
    let end = chars.windows(2).position(|pair| pair == [':', ']'])?;
    let name: String = chars.get(2..end)?.iter().collect();
    let index = NAMED.iter().position(|(known, _)| *known == name)?;
    Some((Item::Named(index), end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_like_a_shell_s() {
        for (pattern, text, shortest, longest) in [
            ("*/", "a/b/c", Some(2), Some(4)),
            ("*", "abc", Some(0), Some(3)),
            ("?", "éa", Some(1), Some(1)),
            ("[a-c]*[!x]", "abx", Some(2), Some(2)),
            ("[[:digit:]_]*", "1a", Some(1), Some(2)),
            ("[]]", "]", Some(1), Some(1)),
            ("[a", "[ab", Some(2), Some(2)),
            ("\\*", "*a", Some(1), Some(1)),
            ("x", "abc", None, None),
            ("[a\\]]", "]", Some(1), Some(1)),
            ("", "a", Some(0), Some(0)),
        ] {
            let text: Vec<char> = text.chars().collect();
            let ends = |longest| Pattern::new(pattern).prefix(&text, longest, &mut Budget::new()).unwrap();
            assert_eq!((ends(false), ends(true)), (shortest, longest), "{pattern}");
        }
    }

    #[test]
    fn many_stars_do_not_multiply() {
        let text: Vec<char> = "a".repeat(5000).chars().collect();
        let pattern = Pattern::new(&format!("{}b", "*a".repeat(50)));
        assert_eq!(pattern.prefix(&text, true, &mut Budget::new()), Ok(None));
    }
}
