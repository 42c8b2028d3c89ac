//! Values made of other keys: `postgres://$(user|url):$(password|url)@db/app`. Owns the syntax and what it expands to.
//!
//! `$(…)` is not touched by variable substitution, whose variables are `${…}`. `$()` is a `$` itself.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::Masked;

use super::names;

/// A text with places for other keys' values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Template {
    text: Masked<String>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(Masked<String>),
    Value { key: String, filters: Vec<Filter> },
}

/// What is done to a value before it is put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    /// Everything but letters, digits, `-`, `.`, `_` and `~` as `%XX`.
    Url,
    /// Standard base64 with padding.
    Base64,
    /// As it stands within a JSON text, without the quotes.
    Json,
    /// Without white space around it: files end with a line end.
    Trim,
}

/// A template is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    /// `$(` without `)`.
    #[error("a `$(` has no `)`; `$()` writes a `$`")]
    Open,
    /// What stands in the brackets is no key.
    #[error("what stands in `$(…)` is not a key; `$()` writes a `$`")]
    NotAKey,
    /// No filter has this name.
    #[error("there is no filter of this name behind `$({key}|`; there are `url`, `base64`, `json` and `trim`")]
    UnknownFilter {
        /// The key in front of it.
        key: String,
    },
}

/// A template cannot be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ComposeError {
    /// It names a key that the Secret has not.
    #[error("`$({key})` is not a key of this Secret")]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// The value is no text.
    #[error("the value of `{key}` is not UTF-8 text; only `$({key}|base64)` can stand in a text")]
    NotText {
        /// The key.
        key: String,
    },
    /// It is made of itself.
    #[error("`{key}` is made of itself")]
    Circle {
        /// The key.
        key: String,
    },
}

impl Template {
    /// Reads a template.
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("$(") {
            plain.push_str(before);
            let (inside, after) = behind.split_once(')').ok_or(TemplateError::Open)?;
            if inside.is_empty() {
                plain.push('$');
            } else {
                if !plain.is_empty() {
                    parts.push(Part::Text(Masked::new(std::mem::take(&mut plain))));
                }
                parts.push(reference(inside)?);
            }
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(Masked::new(plain)));
        }
        Ok(Self { text: Masked::new(text.to_owned()), parts })
    }

    /// As it was written.
    pub(crate) const fn text(&self) -> &Masked<String> {
        &self.text
    }

    /// The keys it names.
    pub(crate) fn keys(&self) -> BTreeSet<&str> {
        let key = |part| match part {
            &Part::Text(_) => None,
            Part::Value { key, .. } => Some(key.as_str()),
        };
        self.parts.iter().filter_map(key).collect()
    }

    /// The text with values in the places.
    pub(crate) fn fill<'v>(
        &self,
        value_of: &dyn Fn(&str) -> Option<&'v Masked<Vec<u8>>>,
    ) -> Result<Masked<Vec<u8>>, ComposeError> {
        let mut filled = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.extend_from_slice(text.expose().as_bytes()),
                Part::Value { key, filters } => {
                    let value = value_of(key).ok_or_else(|| ComposeError::UnknownKey { key: key.clone() })?;
                    let mut value = value.expose().clone();
                    for filter in filters {
                        value = filter.apply(&value).ok_or_else(|| ComposeError::NotText { key: key.clone() })?;
                    }
                    // A text of texts stays one.
                    if std::str::from_utf8(&value).is_err() {
                        return Err(ComposeError::NotText { key: key.clone() });
                    }
                    filled.extend_from_slice(&value);
                }
            }
        }
        Ok(Masked::new(filled))
    }
}

fn reference(inside: &str) -> Result<Part, TemplateError> {
    let mut words = inside.split('|').map(str::trim);
    let key = words.next().unwrap_or_default();
    if !names::is_key(key) {
        return Err(TemplateError::NotAKey);
    }
    let filter = |word| match word {
        "url" => Ok(Filter::Url),
        "base64" => Ok(Filter::Base64),
        "json" => Ok(Filter::Json),
        "trim" => Ok(Filter::Trim),
        _ => Err(TemplateError::UnknownFilter { key: key.to_owned() }),
    };
    let filters = words.map(filter).collect::<Result<_, _>>()?;
    Ok(Part::Value { key: key.to_owned(), filters })
}

impl Filter {
    /// `None`: the value must be text and is not.
    fn apply(self, value: &[u8]) -> Option<Vec<u8>> {
        Some(match self {
            Self::Base64 => STANDARD.encode(value).into_bytes(),
            Self::Url => url_encoded(std::str::from_utf8(value).ok()?).into_bytes(),
            Self::Trim => std::str::from_utf8(value).ok()?.trim().as_bytes().to_vec(),
            Self::Json => {
                let quoted = serde_json::Value::String(std::str::from_utf8(value).ok()?.to_owned()).to_string();
                quoted.as_bytes()[1..quoted.len() - 1].to_vec()
            }
        })
    }
}

fn url_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _infallible = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, String> {
        let template = Template::parse(text).map_err(|error| error.to_string())?;
        let values = [("user", b"a b".to_vec()), ("password", b"p@:/\"%\xc3\xa4\n".to_vec()), ("raw", vec![0xff])];
        let values = values.map(|(key, value)| (key, Masked::new(value)));
        let value_of = |key: &str| values.iter().find(|(name, _)| *name == key).map(|(_, value)| value);
        let value = template.fill(&value_of).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(value.into_exposed()).unwrap())
    }

    #[test]
    fn keys_are_put_in() {
        for (text, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("$(user)", "a b"),
            ("x$(user|url)y", "xa%20by"),
            ("$(password | trim | url)", "p%40%3A%2F%22%25%C3%A4"),
            ("$(password|json)", "p@:/\\\"%ä\\n"),
            ("$(raw|base64)", "/w=="),
            ("$()(user) $ $$ ${user} $user )", "$(user) $ $$ ${user} $user )"),
        ] {
            assert_eq!(filled(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_put_in_is_told_without_values() {
        for (text, expected) in [
            ("$(user", "a `$(` has no `)`"),
            ("$(a b)", "is not a key"),
            ("$(user|upper)", "`$(user|`"),
            ("$(none)", "`$(none)` is not a key of this Secret"),
            ("$(raw)", "`raw` is not UTF-8"),
            ("$(raw|url)", "`raw` is not UTF-8"),
        ] {
            let error = filled(text).unwrap_err();
            assert!(error.contains(expected) && !error.contains("upper"), "{text}: {error}");
        }
    }

    #[test]
    fn a_template_shows_nothing_of_itself() {
        let shown = format!("{:?}", Template::parse("postgres://hunter2@$(host)").unwrap());
        assert!(shown.contains("host") && !shown.contains("hunter2"), "{shown}");
    }
}
