//! Label selectors in the full Kubernetes syntax: `a=b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, `a>1`, `a<1`, joined
//! by commas. Owns parsing and matching; must not know where labels come from.

use std::collections::BTreeSet;

/// All requirements must hold; none at all match everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Exists,
    Missing,
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
    Greater(i64),
    Less(i64),
}

/// The text is no selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no selector: {problem}")]
pub struct SelectorError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub problem: String,
}

impl LabelSelector {
    /// Parses a selector; an empty one matches everything.
    ///
    /// # Errors
    /// The text is no selector.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let failed = |problem| SelectorError { text: text.to_owned(), problem };
        let tokens = tokens(text).map_err(failed)?;
        Parser { tokens, at: 0 }.selector().map_err(failed)
    }

    /// Does a set of labels match? `label` looks one up.
    pub fn matches<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.requirements.iter().all(|requirement| requirement.matches(label(&requirement.key)))
    }
}

impl Requirement {
    fn matches(&self, value: Option<&str>) -> bool {
        match (&self.test, value) {
            (Test::Exists, value) => value.is_some(),
            (Test::Missing, value) => value.is_none(),
            (Test::In(values), Some(value)) => values.contains(value),
            (Test::NotIn(values), Some(value)) => !values.contains(value),
            (Test::NotIn(_), None) => true,
            (Test::Greater(than), Some(value)) => value.parse::<i64>().is_ok_and(|value| value > *than),
            (Test::Less(than), Some(value)) => value.parse::<i64>().is_ok_and(|value| value < *than),
            (Test::In(_) | Test::Greater(_) | Test::Less(_), None) => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Sign(&'static str),
    End,
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::Sign(sign) => sign,
            Self::End => "",
        }
    }
}

const SIGNS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];

fn is_special(sign: char) -> bool {
    matches!(sign, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', '\r', '\n']);
    while let Some(first) = rest.chars().next() {
        let length = if is_special(first) {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| format!("unexpected `{first}`"))?;
            tokens.push(Token::Sign(sign));
            sign.len()
        } else {
            let end = rest.find(|c| is_special(c) || matches!(c, ' ' | '\t' | '\r' | '\n')).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            end
        };
        rest = rest[length..].trim_start_matches([' ', '\t', '\r', '\n']);
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn selector(mut self) -> Result<LabelSelector, String> {
        let mut requirements = Vec::new();
        loop {
            match self.peek() {
                Token::Word(_) | Token::Sign("!") => requirements.push(self.requirement()?),
                Token::End if requirements.is_empty() => return Ok(LabelSelector { requirements }),
                other => return Err(expected(other, "a key")),
            }
            match self.next() {
                Token::End => return Ok(LabelSelector { requirements }),
                Token::Sign(",") => {}
                other => return Err(expected(&other, "`,` or the end")),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let negated = *self.peek() == Token::Sign("!");
        if negated {
            self.next();
        }
        let Token::Word(key) = self.next() else { return Err("a key is missing".to_owned()) };
        check_key(&key)?;
        if negated {
            return Ok(Requirement { key, test: Test::Missing });
        }
        if matches!(self.peek(), Token::End | Token::Sign(",")) {
            return Ok(Requirement { key, test: Test::Exists });
        }
        let test = match self.next() {
            Token::Sign("=" | "==") => Test::In(self.exact_value()?),
            Token::Sign("!=") => Test::NotIn(self.exact_value()?),
            Token::Sign(">") => Test::Greater(integer(&self.exact_value()?)?),
            Token::Sign("<") => Test::Less(integer(&self.exact_value()?)?),
            Token::Word(word) if word == "in" => Test::In(self.values()?),
            Token::Word(word) if word == "notin" => Test::NotIn(self.values()?),
            other => return Err(expected(&other, "`=`, `==`, `!=`, `in`, `notin`, `>` or `<`")),
        };
        if let Test::In(values) | Test::NotIn(values) = &test {
            if values.is_empty() {
                return Err(format!("`{key}` needs a value in the brackets"));
            }
            values.iter().try_for_each(|value| check_value(value))?;
        }
        Ok(Requirement { key, test })
    }

    fn exact_value(&mut self) -> Result<BTreeSet<String>, String> {
        match self.peek() {
            Token::End | Token::Sign(",") => Ok(BTreeSet::from([String::new()])),
            Token::Word(_) => Ok(BTreeSet::from([self.next().text().to_owned()])),
            other @ Token::Sign(_) => Err(expected(other, "a value")),
        }
    }

    /// `(a,b)`; `(,a)`, `(a,)` and `(a,,b)` hold the empty value.
    fn values(&mut self) -> Result<BTreeSet<String>, String> {
        match self.next() {
            Token::Sign("(") => {}
            other => return Err(expected(&other, "`(`")),
        }
        let mut values = BTreeSet::new();
        if *self.peek() == Token::Sign(")") {
            self.next();
            return Ok(values);
        }
        loop {
            match self.peek() {
                Token::Word(_) => values.insert(self.next().text().to_owned()),
                Token::Sign("," | ")") => values.insert(String::new()),
                other => return Err(expected(other, "a value")),
            };
            match self.next() {
                Token::Sign(",") => {}
                Token::Sign(")") => return Ok(values),
                other => return Err(expected(&other, "`,` or `)`")),
            }
        }
    }
}

fn expected(found: &Token, expected: &str) -> String {
    match found {
        Token::End => format!("it ends where {expected} is expected"),
        other => format!("found `{}`, expected {expected}", other.text()),
    }
}

fn integer(values: &BTreeSet<String>) -> Result<i64, String> {
    let text = values.first().map(String::as_str).unwrap_or_default();
    text.parse().map_err(|_| format!("`{text}` is no integer"))
}

const NAME_MAX: usize = 63;
const PREFIX_MAX: usize = 253;

fn check_key(key: &str) -> Result<(), String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let prefix_ok = prefix.is_none_or(|prefix| {
        let label_ok = |label: &str| {
            let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
            !label.is_empty()
                && label.bytes().all(|b| inner(b) || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        prefix.len() <= PREFIX_MAX && prefix.split('.').all(label_ok)
    });
    if prefix_ok && !name.is_empty() && is_name(name) { Ok(()) } else { Err(format!("`{key}` is no label key")) }
}

fn check_value(value: &str) -> Result<(), String> {
    if value.is_empty() || is_name(value) { Ok(()) } else { Err(format!("`{value}` is no label value")) }
}

fn is_name(text: &str) -> bool {
    let alphanumeric = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    text.len() <= NAME_MAX
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && alphanumeric(text.as_bytes().first())
        && alphanumeric(text.as_bytes().last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_match_as_in_kubernetes() {
        let labels = |key: &str| match key {
            "app" => Some("web"),
            "tier" => Some(""),
            "n" => Some("7"),
            "k8s.io/x" => Some("y"),
            _ => None,
        };
        for (text, expected) in [
            ("", true),
            ("app", true),
            ("!app", false),
            ("! z", true),
            ("app=web", true),
            ("app == web", true),
            ("app!=web", false),
            ("z!=web", true),
            ("tier=", true),
            ("tier=,app", true),
            ("app in (web, api)", true),
            ("app notin (web)", false),
            ("z notin (web)", true),
            ("z in (web)", false),
            ("tier in (,a)", true),
            ("tier in (a,)", true),
            ("n>6,n<8", true),
            ("n>7", false),
            ("app>1", false),
            ("k8s.io/x=y,app=web,!z", true),
            ("in", false),
            ("in in (in)", false),
        ] {
            let selector = LabelSelector::parse(text).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(selector.matches(labels), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        assert!(LabelSelector::parse("app=").is_ok(), "so that the list below proves something");
        for text in [
            ",",
            "a,",
            "a=b,",
            "=b",
            "a=b=c",
            "a in b",
            "a in ()",
            "a in (b",
            "a in (b c)",
            "!a=b",
            "a b",
            "a=(",
            "a>x",
            "-a",
            "a/b/c",
            "A_b/c",
            "a=-b",
            "a,,b",
        ] {
            assert!(LabelSelector::parse(text).is_err(), "{text}");
        }
    }
}
