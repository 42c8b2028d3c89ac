//! Templates of the dialect `typed`: a shell's parameter expansions, for declared names only. Owns the grammar; must not know
//! values.
//!
//! ```text
//! expression = "${" "#" name "}"
//!            | "${" name [ "@" kind ] [ operation ] "}"    kind: int, number, bool, json
//! operation  = ( "-" | ":-" | "=" | ":=" | "+" | ":+" | "?" | ":?" ) word
//!            | ":" word [ ":" word ]
//!            | ( "#" | "##" | "%" | "%%" ) pattern
//!            | ( "/" | "//" | "/#" | "/%" ) pattern [ "/" word ]
//!            | ( "^" | "^^" | "," | ",," ) [ pattern ]
//!            | "@" ( "U" | "u" | "L" | "Q" )
//! ```
//!
//! In words `\}`, `\$`, `\\` and `\/` are one character. A `${` of a name that is not declared is text, up to its `}` also within
//! a word. `$${` before a declared name is `${`.

use super::super::variables::is_valid;

/// Expressions lie at most so deep in each other.
const DEPTH_MAX: usize = 100;

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part<'t> {
    /// Stands for itself.
    Text(&'t str),
    /// Stands for a variable.
    Expression(Expression<'t>),
}

/// Pieces that belong together.
pub(super) type Word<'t> = Vec<Part<'t>>;

/// `${…}` of a declared name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expression<'t> {
    /// Where its `$` stands.
    pub(super) at: usize,
    pub(super) name: &'t str,
    /// What its value is to be, if not a text.
    pub(super) kind: Option<Kind>,
    pub(super) operation: Operation<'t>,
}

/// What a field becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Number,
    Bool,
    Json,
}

/// What is done with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation<'t> {
    Value,
    Length,
    /// `-` and `=`, which assigns nothing here; with a colon also for an empty value.
    Default {
        or_empty: bool,
        word: Word<'t>,
        source: &'t str,
    },
    /// `+`
    Alternative {
        or_empty: bool,
        word: Word<'t>,
    },
    /// `?`; the message as it is written, so that it shows no value.
    Required {
        or_empty: bool,
        message: &'t str,
    },
    Substring {
        offset: Word<'t>,
        length: Option<Word<'t>>,
    },
    Trim {
        suffix: bool,
        longest: bool,
        pattern: Word<'t>,
    },
    Replace {
        which: Which,
        pattern: Word<'t>,
        replacement: Word<'t>,
    },
    Case {
        upper: bool,
        all: bool,
        pattern: Word<'t>,
    },
    /// `@U`, `@u`, `@L`
    Recase {
        upper: bool,
        all: bool,
    },
    /// `@Q`
    Quote,
}

/// What a replacement replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    First,
    All,
    Start,
    End,
}

/// An expression that cannot be read, and where it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxError<'t> {
    pub(super) at: usize,
    pub(super) name: &'t str,
    pub(super) problem: SyntaxProblem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum SyntaxProblem {
    #[error("its `}}` is missing")]
    Unclosed,
    #[error("more stands before its `}}` than the operator takes")]
    Surplus,
    #[error("expressions are nested deeper than {DEPTH_MAX} levels")]
    Depth,
}

/// A text taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template<'t> {
    pub(super) parts: Vec<Part<'t>>,
    /// What looks like an expression and is left as it is.
    pub(super) left: Vec<Left<'t>>,
}

/// `${name…` that is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left<'t> {
    pub(super) at: usize,
    pub(super) name: &'t str,
    /// The name is declared, but what follows is no operator.
    pub(super) declared: bool,
}

/// Takes `text` apart; `declared` says which names count.
pub(super) fn parse<'t>(text: &'t str, declared: &dyn Fn(&str) -> bool) -> Result<Template<'t>, SyntaxError<'t>> {
    let mut reader = Reader { text, at: 0, depth: 0, declared, left: Vec::new() };
    let parts = reader.parts(&[], false)?;
    Ok(Template { parts, left: reader.left })
}

struct Reader<'t, 'd> {
    text: &'t str,
    at: usize,
    depth: usize,
    declared: &'d dyn Fn(&str) -> bool,
    left: Vec<Left<'t>>,
}

type Read<'t, T> = Result<T, SyntaxError<'t>>;

/// What begins at a `${`.
enum Found<'t> {
    Expression(Expression<'t>),
    /// Not ours.
    Text,
}

impl<'t> Reader<'t, '_> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        self.at += if found { expected.len() } else { 0 };
        found
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Up to one of `ends`, or to the end of the text where there are none. A pattern keeps its backslashes.
    fn parts(&mut self, ends: &[char], pattern: bool) -> Read<'t, Word<'t>> {
        let mut parts = Vec::new();
        let (mut start, mut braces) = (self.at, 0_usize);
        while let Some(c) = self.peek() {
            let here = self.at;
            if c == '$' && self.is_escaped_expression() {
                // The first `$` stands for both, and what follows is text up to its brace.
                push(&mut parts, &self.text[start..=here]);
                self.at += 3;
                start = here + 2;
                braces += usize::from(!ends.is_empty());
            } else if self.rest().starts_with("${") {
                match self.expression()? {
                    Found::Expression(expression) => {
                        push(&mut parts, &self.text[start..here]);
                        parts.push(Part::Expression(expression));
                        start = self.at;
                    }
                    Found::Text => {
                        self.at = here + 2;
                        braces += usize::from(!ends.is_empty());
                    }
                }
            } else if c == '\\' && !ends.is_empty() && self.escapes() {
                if !pattern {
                    push(&mut parts, &self.text[start..here]);
                    start = here + 1;
                }
                self.at += 2;
            } else if ends.contains(&c) && braces == 0 {
                break;
            } else {
                braces = braces.saturating_sub(usize::from(c == '}'));
                self.at += c.len_utf8();
            }
        }
        push(&mut parts, &self.text[start..self.at]);
        Ok(parts)
    }

    /// A backslash before a character that means something in a word.
    fn escapes(&self) -> bool {
        matches!(self.rest().as_bytes().get(1), Some(b'}' | b'$' | b'\\' | b'/'))
    }

    /// `$${` before a declared name.
    fn is_escaped_expression(&self) -> bool {
        let Some(rest) = self.rest().strip_prefix("$${") else { return false };
        (self.declared)(name_of(rest.strip_prefix('#').unwrap_or(rest)))
    }

    /// At a `${`. Goes behind the expression if it is one.
    fn expression(&mut self) -> Read<'t, Found<'t>> {
        let at = self.at;
        self.at += 2;
        let length = self.eat("#");
        let name = name_of(self.rest());
        self.at += name.len();
        if !is_valid(name) {
            return Ok(Found::Text);
        }
        if !(self.declared)(name) {
            self.left.push(Left { at, name, declared: false });
            return Ok(Found::Text);
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(SyntaxError { at, name, problem: SyntaxProblem::Depth });
        }
        let read = if length { Ok(Some((None, Operation::Length))) } else { self.operation(at, name) };
        self.depth -= 1;
        let Some((kind, operation)) = read? else {
            self.left.push(Left { at, name, declared: true });
            return Ok(Found::Text);
        };
        match self.peek() {
            Some('}') => self.at += 1,
            None => return Err(SyntaxError { at, name, problem: SyntaxProblem::Unclosed }),
            Some(_) if matches!(operation, Operation::Value | Operation::Length) && kind.is_none() => {
                self.left.push(Left { at, name, declared: true });
                return Ok(Found::Text);
            }
            Some(_) => return Err(SyntaxError { at, name, problem: SyntaxProblem::Surplus }),
        }
        Ok(Found::Expression(Expression { at, name, kind, operation }))
    }

    /// What stands behind the name; `None` if that is no operator of ours.
    fn operation(&mut self, at: usize, name: &'t str) -> Read<'t, Option<(Option<Kind>, Operation<'t>)>> {
        let kinds = [("@int", Kind::Int), ("@number", Kind::Number), ("@bool", Kind::Bool), ("@json", Kind::Json)];
        let kind = kinds.into_iter().find(|(word, _)| self.rest().starts_with(word) && !goes_on(self.rest(), word));
        if let Some((word, _)) = kind {
            self.at += word.len();
        }
        let kind = kind.map(|(_, kind)| kind);
        let operation = match self.peek() {
            None | Some('}') => Operation::Value,
            Some(':' | '-' | '=' | '+' | '?') => self.default_or_substring()?,
            Some('#' | '%') => self.trim()?,
            Some('/') => self.replacement()?,
            Some('^' | ',') => self.casing()?,
            Some('@') if kind.is_none() => match self.transformation() {
                Some(operation) => operation,
                None => return Ok(None),
            },
            Some(_) if kind.is_some() => return Err(SyntaxError { at, name, problem: SyntaxProblem::Surplus }),
            Some(_) => return Ok(None),
        };
        Ok(Some((kind, operation)))
    }

    fn default_or_substring(&mut self) -> Read<'t, Operation<'t>> {
        let or_empty = self.eat(":");
        let symbol = self.peek().filter(|c| matches!(c, '-' | '=' | '+' | '?'));
        let Some(symbol) = symbol else { return self.substring() };
        self.at += 1;
        let start = self.at;
        let word = self.parts(&['}'], false)?;
        let source = &self.text[start..self.at];
        Ok(match symbol {
            '+' => Operation::Alternative { or_empty, word },
            '?' => Operation::Required { or_empty, message: source },
            _ => Operation::Default { or_empty, word, source },
        })
    }

    fn substring(&mut self) -> Read<'t, Operation<'t>> {
        let offset = self.parts(&[':', '}'], false)?;
        let length = if self.eat(":") { Some(self.parts(&['}'], false)?) } else { None };
        Ok(Operation::Substring { offset, length })
    }

    fn trim(&mut self) -> Read<'t, Operation<'t>> {
        let suffix = !self.eat("#");
        if suffix {
            self.at += 1;
        }
        let longest = self.eat(if suffix { "%" } else { "#" });
        Ok(Operation::Trim { suffix, longest, pattern: self.parts(&['}'], true)? })
    }

    fn replacement(&mut self) -> Read<'t, Operation<'t>> {
        self.at += 1;
        let which = match self.peek() {
            Some('/') => Which::All,
            Some('#') => Which::Start,
            Some('%') => Which::End,
            _ => Which::First,
        };
        self.at += usize::from(which != Which::First);
        let pattern = self.parts(&['/', '}'], true)?;
        let replacement = if self.eat("/") { self.parts(&['}'], false)? } else { Vec::new() };
        Ok(Operation::Replace { which, pattern, replacement })
    }

    fn casing(&mut self) -> Read<'t, Operation<'t>> {
        let upper = self.eat("^");
        if !upper {
            self.at += 1;
        }
        let all = self.eat(if upper { "^" } else { "," });
        Ok(Operation::Case { upper, all, pattern: self.parts(&['}'], true)? })
    }

    fn transformation(&mut self) -> Option<Operation<'t>> {
        let operation = match self.rest().as_bytes().get(1..3)? {
            b"U}" => Operation::Recase { upper: true, all: true },
            b"u}" => Operation::Recase { upper: true, all: false },
            b"L}" => Operation::Recase { upper: false, all: true },
            b"Q}" => Operation::Quote,
            _ => return None,
        };
        self.at += 2;
        Some(operation)
    }
}

fn push<'t>(parts: &mut Vec<Part<'t>>, text: &'t str) {
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
}

/// The name that `text` begins with; empty if there is none.
fn name_of(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// Is `word` only the beginning of a longer one?
fn goes_on(text: &str, word: &str) -> bool {
    text[word.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}
