//! Templates as `github.com/fluxcd/pkg/envsubst` reads them. Owns the grammar, with all its oddities; must not know values.
//!
//! ```text
//! template   = { text | "$$" | expression }              "$$" is "$", wherever it stands; a NUL ends the template
//! expression = "${" "#" name "}"
//!            | "${" name [ operation ] "}"               a name: letters and digits of any script, "_"
//! operation  = "," | "^" , twice at most, in any mixture
//!            | ( "=" | ":=" | ":-" | ":?" | ":+" ) { word }
//!            | ":" word [ ":"… word ]                    the first word holds no ":"
//!            | ( "#" | "##" | "%" | "%%" ) word
//!            | ( "/" | "//" | "/#" | "/%" ) word "/"… [ word ]
//! word       = text up to "}", or an expression: one of both, unless it is a default's
//! ```
//!
//! In the words of a replacement `\/`, `\\` and `$$` are one character; nowhere else within braces is anything escaped.

use memchr::memchr2;

use super::runes;

/// Expressions lie at most so deep in each other: the reader recurses, and nobody writes five.
const DEPTH_MAX: usize = 100;

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part<'t> {
    /// Stands for itself.
    Text(&'t str),
    /// Stands for a variable.
    Expression(Expression<'t>),
}

/// `${…}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expression<'t> {
    /// Where its `$` stands.
    pub(crate) at: usize,
    /// The variable.
    pub(crate) name: &'t str,
    /// What is done with it.
    pub(crate) operator: Operator,
    /// What the operator is given; a default may have any number, which belong together.
    pub(crate) words: Vec<Word<'t>>,
    /// The words as they are written, terminators left out.
    pub(crate) source: &'t str,
}

/// An argument of an operator: pieces that belong together.
pub(crate) type Word<'t> = Vec<Part<'t>>;

/// What is done with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    /// Nothing: `${v}`.
    Value,
    /// `${#v}`
    Length,
    /// `${v,}`
    LowerFirst,
    /// `${v,,}`
    Lower,
    /// `${v^}`
    UpperFirst,
    /// `${v^^}`
    Upper,
    /// `${v,^}` and `${v^,}`, which do nothing.
    MixedCase,
    /// `=`, `:=`, `:-`, and, whatever people mean by them, `:?` and `:+`.
    Default(&'static str),
    /// `${v:1}`, `${v:1:2}`
    Substring,
    /// `${v#p}`
    TrimShortestPrefix,
    /// `${v##p}`
    TrimLongestPrefix,
    /// `${v%p}`
    TrimShortestSuffix,
    /// `${v%%p}`
    TrimLongestSuffix,
    /// `${v/p/r}`
    ReplaceFirst,
    /// `${v//p/r}`
    ReplaceAll,
    /// `${v/#p/r}`
    ReplacePrefix,
    /// `${v/%p/r}`
    ReplaceSuffix,
}

impl Operator {
    /// Does it stand in for a variable that is not set?
    pub(crate) const fn is_default(self) -> bool {
        matches!(self, Self::Default(_))
    }
}

/// A template that cannot be read, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Where the outermost expression around it starts.
    pub(crate) at: usize,
    /// What is wrong.
    pub(crate) problem: SyntaxProblem,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SyntaxProblem {
    #[error("no variable's name stands behind `${{`")]
    Name,
    #[error("neither an operator nor `}}` stands behind the variable's name")]
    Brace,
    #[error("the operator lacks its argument, or `}}` is missing")]
    Argument,
    #[error("more stands before `}}` than the operator takes")]
    Surplus,
    #[error("the replacement lacks its `/`")]
    Delimiter,
    #[error("an operator that takes a character behind `:` finds one that is not ASCII")]
    WideOffset,
    #[error("expressions are nested deeper than {DEPTH_MAX} levels")]
    Depth,
}

/// The pieces of `text`.
pub(crate) fn parse(text: &str) -> Result<Vec<Part<'_>>, SyntaxError> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let mut parts = Vec::new();
    while let Some(found) = memchr2(b'$', 0, &text.as_bytes()[reader.at..]) {
        let at = reader.at + found;
        let next = text.as_bytes().get(at + 1);
        match (text.as_bytes()[at], next) {
            (0, _) => {
                reader.push_text(&mut parts, at, at);
                return Ok(parts);
            }
            (_, Some(b'{')) => {
                reader.push_text(&mut parts, at, at + 2);
                let expression = reader.expression(at).map_err(|problem| SyntaxError { at, problem })?;
                parts.push(Part::Expression(expression));
            }
            (_, Some(b'$')) => reader.push_text(&mut parts, at + 1, at + 2),
            _ => reader.push_text(&mut parts, at + 1, at + 1),
        }
    }
    reader.push_text(&mut parts, text.len(), text.len());
    Ok(parts)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

type Read<T> = Result<T, SyntaxProblem>;

impl<'t> Reader<'t> {
    /// What lies before `end` is text; goes on at `next`.
    fn push_text(&mut self, parts: &mut Vec<Part<'t>>, end: usize, next: usize) {
        if end > self.at {
            parts.push(Part::Text(&self.text[self.at..end]));
        }
        self.at = next;
    }

    /// The next character; `None` at the end, for which a NUL counts.
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next().filter(|c| *c != '\0')
    }

    fn eat(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.at += expected.len_utf8();
        }
        found
    }

    /// The rest of an expression that starts at `start`, behind its `${`.
    fn expression(&mut self, start: usize) -> Read<Expression<'t>> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(SyntaxProblem::Depth);
        }
        let read = self.operation(start);
        self.depth -= 1;
        read
    }

    fn operation(&mut self, at: usize) -> Read<Expression<'t>> {
        if self.eat('#') {
            let name = self.name()?;
            return self.close(Expression { at, name, operator: Operator::Length, words: Vec::new(), source: "" });
        }
        let name = self.name()?;
        let expression = Expression { at, name, operator: Operator::Value, words: Vec::new(), source: "" };
        match self.peek() {
            Some(':') => self.default_or_substring(expression),
            Some('=') => self.default(expression, "="),
            Some(',' | '^') => self.casing(expression),
            Some('/') => self.replacement(expression),
            Some('#') => self.trim(expression, '#'),
            Some('%') => self.trim(expression, '%'),
            _ if self.eat('}') => Ok(expression),
            _ => Err(SyntaxProblem::Brace),
        }
    }

    fn name(&mut self) -> Read<&'t str> {
        let rest = &self.text[self.at..];
        let end = rest.find(|c| !runes::in_name(c)).unwrap_or(rest.len());
        self.at += end;
        if end == 0 { Err(SyntaxProblem::Name) } else { Ok(&rest[..end]) }
    }

    fn close(&mut self, expression: Expression<'t>) -> Read<Expression<'t>> {
        if self.eat('}') { Ok(expression) } else { Err(SyntaxProblem::Surplus) }
    }

    fn casing(&mut self, mut expression: Expression<'t>) -> Read<Expression<'t>> {
        let first = self.eat(',');
        if !first {
            self.eat('^');
        }
        expression.operator = match (first, self.peek()) {
            (true, Some(',')) => Operator::Lower,
            (false, Some('^')) => Operator::Upper,
            (_, Some(',' | '^')) => Operator::MixedCase,
            (true, _) => Operator::LowerFirst,
            (false, _) => Operator::UpperFirst,
        };
        if !self.eat(',') {
            self.eat('^');
        }
        self.close(expression)
    }

    fn default_or_substring(&mut self, expression: Expression<'t>) -> Read<Expression<'t>> {
        let mut behind = self.text[self.at + 1..].chars();
        let symbol = match behind.next() {
            Some('=') => ":=",
            Some('-') => ":-",
            Some('?') => ":?",
            Some('+') => ":+",
            // The real scanner goes back by the width of this character where it means one byte, and trips.
            Some(c) if !c.is_ascii() => return Err(SyntaxProblem::WideOffset),
            _ => return self.substring(expression),
        };
        self.default(expression, symbol)
    }

    fn default(&mut self, mut expression: Expression<'t>, symbol: &'static str) -> Read<Expression<'t>> {
        self.at += symbol.len();
        expression.operator = Operator::Default(symbol);
        let start = self.at;
        let mut word = Vec::new();
        while self.peek() != Some('}') {
            word.push(self.plain_part(&['}'])?);
        }
        expression.source = &self.text[start..self.at];
        expression.words.push(word);
        self.close(expression)
    }

    fn substring(&mut self, mut expression: Expression<'t>) -> Read<Expression<'t>> {
        self.at += 1;
        expression.operator = Operator::Substring;
        let start = self.at;
        expression.words.push(vec![self.plain_part(&[':', '}'])?]);
        if self.peek() == Some(':') {
            while self.eat(':') {}
            expression.words.push(vec![self.plain_part(&['}'])?]);
        }
        expression.source = &self.text[start..self.at];
        self.close(expression)
    }

    fn trim(&mut self, mut expression: Expression<'t>, symbol: char) -> Read<Expression<'t>> {
        self.eat(symbol);
        let longest = self.eat(symbol);
        expression.operator = match (symbol, longest) {
            ('#', false) => Operator::TrimShortestPrefix,
            ('#', true) => Operator::TrimLongestPrefix,
            (_, false) => Operator::TrimShortestSuffix,
            (_, true) => Operator::TrimLongestSuffix,
        };
        let start = self.at;
        expression.words.push(vec![self.plain_part(&['}'])?]);
        expression.source = &self.text[start..self.at];
        self.close(expression)
    }

    fn replacement(&mut self, mut expression: Expression<'t>) -> Read<Expression<'t>> {
        self.eat('/');
        expression.operator = match self.peek() {
            Some('/') => Operator::ReplaceAll,
            Some('#') => Operator::ReplacePrefix,
            Some('%') => Operator::ReplaceSuffix,
            _ => Operator::ReplaceFirst,
        };
        if expression.operator != Operator::ReplaceFirst {
            self.at += 1;
        }
        let start = self.at;
        let pattern = self.escaped_word('/')?;
        expression.words.push(pattern);
        if !self.eat('/') {
            return Err(SyntaxProblem::Delimiter);
        }
        while self.eat('/') {}
        if self.peek() != Some('}') {
            let replacement = self.escaped_word('}')?;
            expression.words.push(replacement);
        }
        expression.source = &self.text[start..self.at];
        self.close(expression)
    }

    /// An expression, or text up to one or to one of `ends`; at least one character.
    fn plain_part(&mut self, ends: &[char]) -> Read<Part<'t>> {
        let start = self.at;
        if let Some(expression) = self.nested()? {
            return Ok(Part::Expression(expression));
        }
        while let Some(c) = self.peek()
            && !ends.contains(&c)
            && !self.at_expression()
        {
            self.at += c.len_utf8();
        }
        if self.at == start { Err(SyntaxProblem::Argument) } else { Ok(Part::Text(&self.text[start..self.at])) }
    }

    /// The same where `\/`, `\\` and `$$` are one character; text in pieces.
    fn escaped_word(&mut self, end: char) -> Read<Word<'t>> {
        if let Some(expression) = self.nested()? {
            return Ok(vec![Part::Expression(expression)]);
        }
        let mut parts = Vec::new();
        let (mut start, first) = (self.at, self.at);
        while let Some(c) = self.peek()
            && !self.at_expression()
        {
            let next = self.text[self.at + c.len_utf8()..].chars().next();
            if matches!((c, next), ('\\', Some('/' | '\\')) | ('$', Some('$'))) {
                if self.at > start {
                    parts.push(Part::Text(&self.text[start..self.at]));
                }
                start = self.at + 1;
                self.at += 2;
            } else if c == end {
                break;
            } else {
                self.at += c.len_utf8();
            }
        }
        if self.at == first {
            return Err(SyntaxProblem::Argument);
        }
        parts.push(Part::Text(&self.text[start..self.at]));
        Ok(parts)
    }

    fn nested(&mut self) -> Read<Option<Expression<'t>>> {
        if !self.at_expression() {
            return Ok(None);
        }
        let start = self.at;
        self.at += 2;
        self.expression(start).map(Some)
    }

    fn at_expression(&self) -> bool {
        self.text[self.at..].starts_with("${")
    }
}
