//! Expressions of the Common Expression Language over an object: the language of Flux's `healthCheckExprs` and of Kubernetes' own
//! validation rules. Owns its grammar, macros and functions, as far as they make sense over JSON: no timestamps, no durations, no
//! bytes, no protocol buffers, no optional values, and whole numbers of one kind. What is not there is refused by name when an
//! expression is read, never taken for something else. Bounded in length, depth and steps.

mod eval;
mod functions;
mod parse;
mod token;

use serde_json::Value;

/// An expression that was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expression(Node);

/// What is wrong with an expression, or why it has no value now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct CelError(String);

impl CelError {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// A node of the syntax.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    Literal(Value),
    Name(String),
    Field(Box<Node>, String),
    Index(Box<Node>, Box<Node>),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    Not(Box<Node>),
    Negative(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Choice(Box<Node>, Box<Node>, Box<Node>),
    /// `has(a.b)`
    Has(Box<Node>, String),
    /// `list.all(name, predicate)`
    Each {
        over: Box<Node>,
        by: Each,
        name: String,
        when: Option<Box<Node>>,
        then: Box<Node>,
    },
    /// A function; of a method the object is the first argument.
    Call(functions::Function, Vec<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Each {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

impl Expression {
    /// Reads an expression.
    pub(super) fn parse(text: &str) -> Result<Self, CelError> {
        parse::parse(text).map(Self)
    }

    /// Is it true of the object? Its fields are the names: `status`, `metadata`, `spec`, …
    pub(super) fn holds(&self, object: &Value) -> Result<bool, CelError> {
        match eval::eval(&self.0, object)? {
            Value::Bool(holds) => Ok(holds),
            _ => Err(CelError::new("the expression is neither true nor false")),
        }
    }
}

#[cfg(test)]
mod tests;
