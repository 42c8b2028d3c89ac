//! From tokens to a tree, by CEL's grammar and precedences. Macros are taken apart here, and functions found.

use serde_json::Value;

use super::functions::Function;
use super::token::{Token, tokens};
use super::{CelError, Each, Node, Operator};

/// Deeper expressions are no conditions on an object.
const DEPTH_MAX: usize = 48;
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

pub(super) fn parse(text: &str) -> Result<Node, CelError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let node = parser.expression()?;
    match parser.tokens.get(parser.at) {
        None => Ok(node),
        Some(token) => Err(unexpected(Some(token))),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

fn unexpected(token: Option<&Token>) -> CelError {
    let what = match token {
        None => return CelError::new("the expression ends too early"),
        Some(Token::Name(name)) => name.clone(),
        Some(Token::Text(_)) => "a string".to_owned(),
        Some(Token::Int(number)) => number.to_string(),
        Some(Token::Double(number)) => number.to_string(),
        Some(Token::Sign(sign)) => (*sign).to_owned(),
    };
    CelError::new(format!("`{what}` stands where it has no meaning"))
}

impl Parser {
    fn peek(&self, sign: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Sign(found)) if *found == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.peek(sign);
        self.at += usize::from(found);
        found
    }

    fn demand(&mut self, sign: &str) -> Result<(), CelError> {
        if self.take(sign) { Ok(()) } else { Err(unexpected(self.tokens.get(self.at))) }
    }

    fn expression(&mut self) -> Result<Node, CelError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(CelError::new("the expression is nested too deeply"));
        }
        let condition = self.binary(0)?;
        let node = if self.take("?") {
            let yes = self.binary(0)?;
            self.demand(":")?;
            let no = self.expression()?;
            Node::Choice(Box::new(condition), Box::new(yes), Box::new(no))
        } else {
            condition
        };
        self.depth -= 1;
        Ok(node)
    }

    /// Operators by precedence, all of them left-associative.
    fn binary(&mut self, level: usize) -> Result<Node, CelError> {
        use Operator::{
            Add, And, Divide, Equal, In, Less, LessOrEqual, More, MoreOrEqual, Multiply, NotEqual, Or, Remainder,
            Subtract,
        };
        const LEVELS: [&[(&str, Operator)]; 5] = [
            &[("||", Or)],
            &[("&&", And)],
            &[
                ("==", Equal),
                ("!=", NotEqual),
                ("<=", LessOrEqual),
                (">=", MoreOrEqual),
                ("<", Less),
                (">", More),
                ("in", In),
            ],
            &[("+", Add), ("-", Subtract)],
            &[("*", Multiply), ("/", Divide), ("%", Remainder)],
        ];
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        // Each operator is one level of the tree.
        let mut chain = 0;
        while let Some(operator) = self.operator(operators) {
            chain += 1;
            if chain > DEPTH_MAX {
                return Err(CelError::new("the expression has too many operators in a row"));
            }
            let right = self.binary(level + 1)?;
            left = Node::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn operator(&mut self, operators: &[(&str, Operator)]) -> Option<Operator> {
        let word = match self.tokens.get(self.at)? {
            Token::Sign(sign) => *sign,
            Token::Name(name) if name == "in" => "in",
            _ => return None,
        };
        let (_, operator) = operators.iter().find(|(sign, _)| *sign == word)?;
        self.at += 1;
        Some(*operator)
    }

    fn unary(&mut self) -> Result<Node, CelError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(CelError::new("the expression is nested too deeply"));
        }
        let node = if self.take("!") {
            Node::Not(Box::new(self.unary()?))
        } else if self.take("-") {
            Node::Negative(Box::new(self.unary()?))
        } else {
            self.member()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn member(&mut self) -> Result<Node, CelError> {
        let mut node = self.primary()?;
        let mut chain = 0;
        loop {
            chain += 1;
            if chain > DEPTH_MAX {
                return Err(CelError::new("the expression is nested too deeply"));
            }
            if self.take(".") {
                if self.peek("?") {
                    return Err(CelError::new("optional fields (`.?`) are not supported: use has()"));
                }
                let name = self.name()?;
                node = if self.take("(") { self.method(node, &name)? } else { Node::Field(Box::new(node), name) };
            } else if self.take("[") {
                let index = self.expression()?;
                self.demand("]")?;
                node = Node::Index(Box::new(node), Box::new(index));
            } else {
                return Ok(node);
            }
        }
    }

    fn name(&mut self) -> Result<String, CelError> {
        match self.tokens.get(self.at) {
            Some(Token::Name(name)) => {
                self.at += 1;
                Ok(name.clone())
            }
            other => Err(unexpected(other)),
        }
    }

    fn arguments(&mut self, end: &str) -> Result<Vec<Node>, CelError> {
        let mut found = Vec::new();
        while !self.take(end) {
            found.push(self.expression()?);
            if !self.peek(end) {
                self.demand(",")?;
            }
        }
        Ok(found)
    }

    fn method(&mut self, object: Node, name: &str) -> Result<Node, CelError> {
        let by = match name {
            "all" => Some(Each::All),
            "exists" => Some(Each::Exists),
            "exists_one" | "existsOne" => Some(Each::ExistsOne),
            "filter" => Some(Each::Filter),
            "map" => Some(Each::Map),
            _ => None,
        };
        let mut arguments = self.arguments(")")?;
        let Some(by) = by else {
            arguments.insert(0, object);
            return call(name, true, arguments);
        };
        let wrong = || CelError::new(format!("`{name}` needs a name and an expression"));
        let mut arguments = arguments.into_iter();
        let Some(Node::Name(variable)) = arguments.next() else { return Err(wrong()) };
        let rest: Vec<Node> = arguments.collect();
        let (when, then) = match (by, <[Node; 1]>::try_from(rest)) {
            (_, Ok([then])) => (None, then),
            (Each::Map, Err(rest)) => {
                let [when, then] = <[Node; 2]>::try_from(rest).map_err(|_| wrong())?;
                (Some(Box::new(when)), then)
            }
            _ => return Err(wrong()),
        };
        Ok(Node::Each { over: Box::new(object), by, name: variable, when, then: Box::new(then) })
    }

    fn primary(&mut self) -> Result<Node, CelError> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        match token {
            Some(Token::Text(text)) => Ok(Node::Literal(Value::from(text))),
            Some(Token::Int(number)) => Ok(Node::Literal(Value::from(number))),
            Some(Token::Double(number)) => Ok(Node::Literal(Value::from(number))),
            Some(Token::Sign("(")) => {
                let node = self.expression()?;
                self.demand(")")?;
                Ok(node)
            }
            Some(Token::Sign("[")) => Ok(Node::List(self.arguments("]")?)),
            Some(Token::Sign("{")) => self.map(),
            Some(Token::Name(name)) => self.named(name),
            other => Err(unexpected(other.as_ref())),
        }
    }

    fn map(&mut self) -> Result<Node, CelError> {
        let mut found = Vec::new();
        while !self.take("}") {
            let key = self.expression()?;
            self.demand(":")?;
            found.push((key, self.expression()?));
            if !self.peek("}") {
                self.demand(",")?;
            }
        }
        Ok(Node::Map(found))
    }

    fn named(&mut self, name: String) -> Result<Node, CelError> {
        match name.as_str() {
            "true" | "false" => return Ok(Node::Literal(Value::Bool(name == "true"))),
            "null" => return Ok(Node::Literal(Value::Null)),
            "in" => return Err(unexpected(Some(&Token::Name(name)))),
            word if RESERVED.contains(&word) => return Err(CelError::new(format!("`{word}` is a reserved word"))),
            _ => {}
        }
        if !self.take("(") {
            return Ok(Node::Name(name));
        }
        let arguments = self.arguments(")")?;
        if name != "has" {
            return call(&name, false, arguments);
        }
        match <[Node; 1]>::try_from(arguments) {
            Ok([Node::Field(object, field)]) => Ok(Node::Has(object, field)),
            _ => Err(CelError::new("`has` needs a field, as in has(status.ready)")),
        }
    }
}

fn call(name: &str, method: bool, arguments: Vec<Node>) -> Result<Node, CelError> {
    let function = Function::find(name, method, arguments.len())?;
    if function == Function::Matches
        && let Some(Node::Literal(Value::String(pattern))) = arguments.get(1)
    {
        super::functions::pattern(pattern)?;
    }
    Ok(Node::Call(function, arguments))
}
