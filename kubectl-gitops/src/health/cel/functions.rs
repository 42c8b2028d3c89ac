//! The functions: of the standard those that make sense over JSON, and of its extension for strings the common ones.

use std::borrow::Cow;

use serde_json::Value;

use super::CelError;

/// Longer texts are made from no object.
const TEXT_BYTES_MAX: usize = 4 << 20;
/// Patterns must not need more memory than this.
const PATTERN_BYTES_MAX: usize = 256 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    Int,
    Double,
    Text,
    Bool,
    Dyn,
    Lower,
    Upper,
    Trim,
    Split,
    Replace,
    Join,
}

/// Name, whether it may be called as a method, whether as a function, and how many arguments it has, the object included.
const TABLE: [(&str, bool, bool, usize, Function); 16] = [
    ("size", true, true, 1, Function::Size),
    ("contains", true, false, 2, Function::Contains),
    ("startsWith", true, false, 2, Function::StartsWith),
    ("endsWith", true, false, 2, Function::EndsWith),
    ("matches", true, true, 2, Function::Matches),
    ("int", false, true, 1, Function::Int),
    ("double", false, true, 1, Function::Double),
    ("string", false, true, 1, Function::Text),
    ("bool", false, true, 1, Function::Bool),
    ("dyn", false, true, 1, Function::Dyn),
    ("lowerAscii", true, false, 1, Function::Lower),
    ("upperAscii", true, false, 1, Function::Upper),
    ("trim", true, false, 1, Function::Trim),
    ("split", true, false, 2, Function::Split),
    ("replace", true, false, 3, Function::Replace),
    ("join", true, false, 2, Function::Join),
];

impl Function {
    pub(super) fn find(name: &str, method: bool, arguments: usize) -> Result<Self, CelError> {
        let named = |(known, ..): &&(&str, bool, bool, usize, Self)| *known == name;
        let found = TABLE.iter().find(named).filter(|row| if method { row.1 } else { row.2 });
        let (.., wanted, function) =
            *found.ok_or_else(|| CelError::new(format!("there is no function `{name}` here")))?;
        if arguments == wanted {
            return Ok(function);
        }
        let less = usize::from(method);
        Err(CelError::new(format!("`{name}` has {} arguments, not {}", wanted - less, arguments - less)))
    }

    pub(super) fn call(self, arguments: &[Cow<'_, Value>]) -> Result<Value, CelError> {
        let text = |index: usize| {
            let wrong = || CelError::new("a string is needed where there is none");
            arguments.get(index).and_then(|argument| argument.as_str()).ok_or_else(wrong)
        };
        let first = arguments.first().map_or(&Value::Null, AsRef::as_ref);
        Ok(match self {
            Self::Size => Value::from(match first {
                Value::String(text) => text.chars().count(),
                Value::Array(items) => items.len(),
                Value::Object(map) => map.len(),
                _ => return Err(CelError::new("`size` needs a string, a list or a map")),
            }),
            Self::Contains => Value::Bool(text(0)?.contains(text(1)?)),
            Self::StartsWith => Value::Bool(text(0)?.starts_with(text(1)?)),
            Self::EndsWith => Value::Bool(text(0)?.ends_with(text(1)?)),
            Self::Matches => Value::Bool(pattern(text(1)?)?.is_match(text(0)?)),
            Self::Int | Self::Double | Self::Text | Self::Bool => return self.convert(first),
            Self::Dyn => first.clone(),
            Self::Lower => Value::from(text(0)?.to_ascii_lowercase()),
            Self::Upper => Value::from(text(0)?.to_ascii_uppercase()),
            Self::Trim => Value::from(text(0)?.trim()),
            Self::Split => text(0)?.split(text(1)?).map(Value::from).collect(),
            Self::Replace => {
                let (all, old, new) = (text(0)?, text(1)?, text(2)?);
                bounded(all.len().saturating_add(all.matches(old).count().saturating_mul(new.len())))?;
                Value::from(all.replace(old, new))
            }
            Self::Join => {
                let parts: Option<Vec<&str>> =
                    first.as_array().and_then(|items| items.iter().map(Value::as_str).collect());
                let parts = parts.ok_or_else(|| CelError::new("`join` needs a list of strings"))?;
                let own: usize = parts.iter().map(|part| part.len()).sum();
                bounded(own.saturating_add(parts.len().saturating_mul(text(1)?.len())))?;
                Value::from(parts.join(text(1)?))
            }
        })
    }

    fn convert(self, value: &Value) -> Result<Value, CelError> {
        let wrong = || CelError::new("a value cannot be converted");
        let found = match (self, value) {
            (Self::Int, Value::String(text)) => text.parse::<i64>().ok().map(Value::from),
            (Self::Int, Value::Number(number)) => {
                let cut = || number.as_f64().filter(|value| value.abs() < 9e15);
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "its size was looked at, and CEL cuts towards zero"
                )]
                number.as_i64().or_else(|| cut().map(|value| value as i64)).map(Value::from)
            }
            (Self::Double, Value::String(text)) => text.parse::<f64>().ok().map(Value::from),
            (Self::Double, Value::Number(number)) => number.as_f64().map(Value::from),
            (Self::Text, Value::String(_)) | (Self::Bool, Value::Bool(_)) => Some(value.clone()),
            (Self::Text, Value::Number(_) | Value::Bool(_)) => Some(Value::from(value.to_string())),
            (Self::Bool, Value::String(text)) => match text.as_str() {
                "true" | "True" | "TRUE" | "t" | "1" => Some(Value::Bool(true)),
                "false" | "False" | "FALSE" | "f" | "0" => Some(Value::Bool(false)),
                _ => None,
            },
            _ => None,
        };
        found.ok_or_else(wrong)
    }
}

/// Refuses a text that would be larger than an object.
fn bounded(bytes: usize) -> Result<(), CelError> {
    if bytes > TEXT_BYTES_MAX { Err(CelError::new("a text would be too large")) } else { Ok(()) }
}

/// RE2's syntax, as CEL wants it, in time linear in the text.
pub(super) fn pattern(text: &str) -> Result<regex::Regex, CelError> {
    let built = regex::RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build();
    built.map_err(|_| CelError::new("a pattern of `matches` cannot be used"))
}
