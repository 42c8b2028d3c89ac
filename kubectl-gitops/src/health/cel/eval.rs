//! The value of a tree over an object. As CEL has it, `&&` and `||` do not care about an error on one side if the other decides.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::{CelError, Each, Node, Operator};

/// More steps are no condition on an object. What a value weighs counts as steps, too: nothing grows without end.
const STEPS_MAX: usize = 200_000;
/// So many bytes of a new value are one step.
const STEP_BYTES: usize = 64;

type Found<'v> = Result<Cow<'v, Value>, CelError>;

pub(super) fn eval(node: &Node, object: &Value) -> Result<Value, CelError> {
    let scope = Scope { object, steps: &Cell::new(0), names: Vec::new() };
    scope.eval(node).map(Cow::into_owned)
}

struct Scope<'v, 's> {
    object: &'v Value,
    steps: &'s Cell<usize>,
    /// The innermost last.
    names: Vec<(&'s str, Cow<'v, Value>)>,
}

impl<'v, 's> Scope<'v, 's> {
    fn eval(&self, node: &'s Node) -> Found<'v> {
        self.spend(1)?;
        let value = self.value(node)?;
        if let Cow::Owned(made) = &value {
            self.spend(weight(made) / STEP_BYTES)?;
        }
        Ok(value)
    }

    fn spend(&self, steps: usize) -> Result<(), CelError> {
        self.steps.set(self.steps.get().saturating_add(steps));
        if self.steps.get() > STEPS_MAX {
            return Err(CelError::new("the expression takes too many steps, or makes too large values"));
        }
        Ok(())
    }

    /// A value of one's own; what must be copied for that is paid for.
    fn own(&self, value: Cow<'v, Value>) -> Result<Value, CelError> {
        if let Cow::Borrowed(value) = &value {
            self.spend(weight(value) / STEP_BYTES)?;
        }
        Ok(value.into_owned())
    }

    fn value(&self, node: &'s Node) -> Found<'v> {
        match node {
            Node::Literal(value) => Ok(Cow::Owned(value.clone())),
            Node::Name(name) => self.name(name),
            Node::Field(object, field) => member(self.eval(object)?, field)?.ok_or_else(|| missing(field)),
            Node::Index(object, index) => self.index(object, index),
            Node::List(items) => {
                let items: Result<Vec<Value>, CelError> = items.iter().map(|item| self.own(self.eval(item)?)).collect();
                Ok(Cow::Owned(Value::Array(items?)))
            }
            Node::Map(entries) => self.map(entries),
            Node::Not(inner) => Ok(truth(!self.bool(inner)?)),
            Node::Negative(inner) => arithmetic(Operator::Subtract, &Value::from(0), self.eval(inner)?.as_ref()),
            Node::Binary(Operator::Or, left, right) => self.decides(true, left, right),
            Node::Binary(Operator::And, left, right) => self.decides(false, left, right),
            Node::Binary(operator, left, right) => {
                binary(*operator, self.eval(left)?.as_ref(), self.eval(right)?.as_ref())
            }
            Node::Choice(condition, yes, no) => self.eval(if self.bool(condition)? { yes } else { no }),
            Node::Has(object, field) => Ok(truth(member(self.eval(object)?, field)?.is_some())),
            Node::Each { over, by, name, when, then } => self.each(over, *by, name, when.as_deref(), then),
            Node::Call(function, arguments) => {
                let arguments: Result<Vec<Cow<'v, Value>>, CelError> =
                    arguments.iter().map(|argument| self.eval(argument)).collect();
                Ok(Cow::Owned(function.call(&arguments?)?))
            }
        }
    }

    fn name(&self, name: &str) -> Found<'v> {
        if let Some((_, value)) = self.names.iter().rev().find(|(known, _)| *known == name) {
            return Ok(value.clone());
        }
        self.object.get(name).map(Cow::Borrowed).ok_or_else(|| CelError::new(format!("there is no `{name}`")))
    }

    fn index(&self, object: &'s Node, index: &'s Node) -> Found<'v> {
        let (object, index) = (self.eval(object)?, self.eval(index)?);
        match (object.as_ref(), index.as_ref()) {
            (Value::Object(_), Value::String(field)) => member(object, field)?.ok_or_else(|| missing(field)),
            (Value::Array(items), Value::Number(number)) => {
                let place = whole(number).and_then(|place| usize::try_from(place).ok());
                let place = place.filter(|place| *place < items.len());
                let place = place.ok_or_else(|| CelError::new(format!("there is no item {number}")))?;
                Ok(match object {
                    Cow::Borrowed(value) => Cow::Borrowed(&value[place]),
                    Cow::Owned(mut value) => Cow::Owned(value[place].take()),
                })
            }
            _ => Err(CelError::new("only maps and lists have members")),
        }
    }

    fn map(&self, entries: &'s [(Node, Node)]) -> Found<'v> {
        let mut map = Map::new();
        for (key, value) in entries {
            let key = self.eval(key)?.as_str().map(str::to_owned);
            let key = key.ok_or_else(|| CelError::new("keys of maps are strings here"))?;
            map.insert(key, self.own(self.eval(value)?)?);
        }
        Ok(Cow::Owned(Value::Object(map)))
    }

    fn bool(&self, node: &'s Node) -> Result<bool, CelError> {
        self.eval(node)?.as_bool().ok_or_else(|| CelError::new("a condition is neither true nor false"))
    }

    /// One side with the deciding value is enough, whatever the other one is.
    fn decides(&self, deciding: bool, left: &'s Node, right: &'s Node) -> Found<'v> {
        match self.bool(left) {
            Ok(value) if value == deciding => Ok(truth(deciding)),
            Ok(_) => Ok(truth(self.bool(right)?)),
            Err(error) => match self.bool(right) {
                Ok(value) if value == deciding => Ok(truth(deciding)),
                _ => Err(error),
            },
        }
    }

    fn each(&self, over: &'s Node, by: Each, name: &'s str, when: Option<&'s Node>, then: &'s Node) -> Found<'v> {
        let items: Vec<Cow<'v, Value>> = match self.eval(over)? {
            Cow::Borrowed(Value::Array(items)) => items.iter().map(Cow::Borrowed).collect(),
            Cow::Owned(Value::Array(items)) => items.into_iter().map(Cow::Owned).collect(),
            // Of a map the keys.
            value => match value.as_object() {
                Some(map) => map.keys().map(|key| Cow::Owned(Value::from(key.as_str()))).collect(),
                None => return Err(CelError::new("only lists and maps have items")),
            },
        };
        let (mut kept, mut error, mut true_ones) = (Vec::new(), None, 0);
        for item in items {
            // What names stand for is copied, if it was made.
            let values = self.names.iter().map(|(_, value)| value).chain([&item]);
            let made = values.map(|value| if let Cow::Owned(value) = value { weight(value) } else { 0 });
            self.spend(made.sum::<usize>() / STEP_BYTES)?;
            let mut names = self.names.clone();
            names.push((name, item.clone()));
            let scope = Scope { object: self.object, steps: self.steps, names };
            match by {
                Each::All | Each::Exists => match scope.bool(then) {
                    Ok(value) if value == (by == Each::Exists) => return Ok(truth(by == Each::Exists)),
                    Ok(_) => {}
                    Err(found) => error = error.or(Some(found)),
                },
                Each::ExistsOne => true_ones += usize::from(scope.bool(then)?),
                Each::Filter if scope.bool(then)? => kept.push(self.own(item)?),
                Each::Filter => {}
                Each::Map => {
                    if when.map_or(Ok(true), |when| scope.bool(when))? {
                        kept.push(self.own(scope.eval(then)?)?);
                    }
                }
            }
        }
        match (by, error) {
            (_, Some(error)) => Err(error),
            (Each::All, None) => Ok(truth(true)),
            (Each::Exists, None) => Ok(truth(false)),
            (Each::ExistsOne, None) => Ok(truth(true_ones == 1)),
            (Each::Filter | Each::Map, None) => Ok(Cow::Owned(Value::Array(kept))),
        }
    }
}

/// About as many bytes as a value takes.
fn weight(value: &Value) -> usize {
    const EACH: usize = 32;
    EACH + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(map) => map.iter().map(|(key, value)| EACH + key.len() + weight(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn truth<'v>(value: bool) -> Cow<'v, Value> {
    Cow::Owned(Value::Bool(value))
}

fn missing(field: &str) -> CelError {
    CelError::new(format!("there is no field `{field}`"))
}

/// A field of a map, if it is there.
fn member<'v>(object: Cow<'v, Value>, field: &str) -> Result<Option<Cow<'v, Value>>, CelError> {
    if !object.is_object() {
        return Err(CelError::new(format!("`{field}` is asked of what is no map")));
    }
    Ok(match object {
        Cow::Borrowed(value) => value.get(field).map(Cow::Borrowed),
        Cow::Owned(mut value) => value.get_mut(field).map(|value| Cow::Owned(value.take())),
    })
}

fn whole(number: &serde_json::Number) -> Option<i64> {
    number.as_i64()
}

fn binary<'v>(operator: Operator, left: &Value, right: &Value) -> Found<'v> {
    let ordered = |fits: fn(Ordering) -> bool| Ok(truth(compare(left, right)?.is_some_and(fits)));
    match operator {
        Operator::Equal => Ok(truth(equal(left, right))),
        Operator::NotEqual => Ok(truth(!equal(left, right))),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessOrEqual => ordered(Ordering::is_le),
        Operator::More => ordered(Ordering::is_gt),
        Operator::MoreOrEqual => ordered(Ordering::is_ge),
        Operator::In => match right {
            Value::Array(items) => Ok(truth(items.iter().any(|item| equal(item, left)))),
            Value::Object(map) => Ok(truth(left.as_str().is_some_and(|key| map.contains_key(key)))),
            _ => Err(CelError::new("`in` needs a list or a map")),
        },
        _ => arithmetic(operator, left, right),
    }
}

/// Numbers are equal across their types.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => compare(left, right).is_ok_and(|order| order == Some(Ordering::Equal)),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| equal(value, other)))
        }
        _ => left == right,
    }
}

fn compare(left: &Value, right: &Value) -> Result<Option<Ordering>, CelError> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Ok(match (whole(left), whole(right)) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right)),
        }),
        (Value::String(left), Value::String(right)) => Ok(Some(left.cmp(right))),
        (Value::Bool(left), Value::Bool(right)) => Ok(Some(left.cmp(right))),
        _ => Err(CelError::new("values of different types have no order")),
    }
}

fn arithmetic<'v>(operator: Operator, left: &Value, right: &Value) -> Found<'v> {
    let wrong = || CelError::new("an operator stands between values that it is not for");
    let value = match (left, right) {
        (Value::String(left), Value::String(right)) if operator == Operator::Add => {
            Value::from(format!("{left}{right}"))
        }
        (Value::Array(left), Value::Array(right)) if operator == Operator::Add => {
            left.iter().chain(right).cloned().collect()
        }
        (Value::Number(left), Value::Number(right)) => {
            if let Some((left, right)) = whole(left).zip(whole(right)) {
                Value::from(of_whole(operator, left, right)?)
            } else {
                let (left, right) = left.as_f64().zip(right.as_f64()).ok_or_else(wrong)?;
                Value::from(match operator {
                    Operator::Add => left + right,
                    Operator::Subtract => left - right,
                    Operator::Multiply => left * right,
                    Operator::Divide => left / right,
                    _ => return Err(wrong()),
                })
            }
        }
        _ => return Err(wrong()),
    };
    Ok(Cow::Owned(value))
}

fn of_whole(operator: Operator, left: i64, right: i64) -> Result<i64, CelError> {
    let value = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide => left.checked_div(right),
        Operator::Remainder => left.checked_rem(right),
        _ => None,
    };
    value.ok_or_else(|| CelError::new("a number is too large, or divided by zero"))
}
