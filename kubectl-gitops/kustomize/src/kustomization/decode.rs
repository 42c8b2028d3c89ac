//! Reads typed records from a tree with the rules that kustomize applies to its own file: unknown fields are refused, names
//! are found whatever their case, `null` leaves a field as it is, and no value is converted to another type (`newTag: 1.0` is
//! a number, so it is an error). A plugin's configuration is read by the rules that kustomize applies there: see
//! [`Place::Config`]. Must not know what any record means.

use std::collections::BTreeMap;
use std::fmt;

use krm::{Mapping, Mark, Node, Scalar, Tag, nearest};

/// A field whose content is refused, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct DecodeError {
    /// Path of the field, as `patches[0].target.name`; empty for the whole file.
    pub field: String,
    /// Line and column.
    pub mark: Mark,
    /// What is wrong with it.
    pub problem: DecodeProblem,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeProblem {
    /// A value of another type.
    #[error("{} must be {expected}, this is {found}", Named(field))]
    WrongType {
        /// Path of the field.
        field: String,
        /// What belongs there.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A field that the record does not have.
    #[error("unknown field `{name}`{}", Suggestion(suggestion.as_deref()))]
    UnknownField {
        /// The name as written, with the path that leads there.
        name: String,
        /// The known name that is nearest to it, if one is near.
        suggestion: Option<&'static str>,
        /// All names that are known there.
        known: &'static [&'static str],
    },
}

impl DecodeError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match &self.problem {
            DecodeProblem::UnknownField { suggestion: Some(_), .. } => None,
            DecodeProblem::UnknownField { name, .. } if name == "spec" || name == "data" => Some(
                "a kustomization has none: a resource, like Flux's Kustomization, belongs in a file of its own"
                    .to_owned(),
            ),
            DecodeProblem::UnknownField { known, .. } => Some(format!("known here are {}", known.join(", "))),
            DecodeProblem::WrongType { field, expected, found } => wrong_type_hint(field, expected, found),
        }
    }
}

/// What people meant who wrote one kind of value where another belongs.
fn wrong_type_hint(field: &str, expected: &str, found: &str) -> Option<String> {
    let name = field.rsplit('.').next().unwrap_or(field);
    let list = name.split('[').next().unwrap_or(name);
    let text = match (list, expected, found) {
        (_, STRING, NUMBER | BOOLEAN) => "put it in quotes".to_owned(),
        (_, STRING, "a map") => "a text that begins with a brace, or holds `: `, needs quotes".to_owned(),
        ("literals", LIST, _) => "write each as an item, `- key=value`".to_owned(),
        ("labels", LIST, "a map") => {
            "write the labels below `- pairs:`; `commonLabels` takes them directly, and puts them into selectors"
                .to_owned()
        }
        (_, LIST, "a string") => format!("write it as an item below `{name}:`, with `- ` in front"),
        (_, LIST, "a map") => format!("put `- ` in front of the first line below `{name}:`"),
        ("patches" | "patchesJson6902", MAP, "a string") => "write it as `- path: FILE`".to_owned(),
        ("images" | "replicas" | "configMapGenerator" | "secretGenerator" | "helmCharts", MAP, "a string") => {
            "write it as `- name: …`".to_owned()
        }
        (_, MAP, "a string") => "write `key: value`, with a blank behind the colon".to_owned(),
        _ => return None,
    };
    Some(text)
}

struct Named<'a>(&'a str);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("the file") } else { write!(f, "`{}`", self.0) }
    }
}

struct Suggestion<'a>(Option<&'a str>);

impl fmt::Display for Suggestion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |name| write!(f, ", did you mean `{name}`?"))
    }
}

const LIST: &str = "a list";
const MAP: &str = "a map";
const STRING: &str = "a string";
const NUMBER: &str = "a number";
const BOOLEAN: &str = "a boolean";

/// The way from the top of the file to a node, kept on the stack.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// The file itself.
    Top,
    /// A plugin's configuration: fields that nobody knows are passed over, and a number or a boolean where a text belongs
    /// is its text.
    Config,
    /// A file of `configurations`: as [`Place::Config`], but a field that nobody knows is refused.
    Strict,
    /// What go-yaml v3 reads without JSON in between: as [`Place::Config`], but names are found in their own case only, and
    /// every scalar is a text where one belongs.
    Exact,
    /// A field of a record or a key of a map.
    Field(&'a Place<'a>, &'a str),
    /// A field that Go's types have in an embedded struct: nothing in it is converted, not even in a plugin's configuration.
    Embedded(&'a Place<'a>, &'a str),
    /// An item of a list.
    Item(&'a Place<'a>, usize),
}

impl<'a> Place<'a> {
    /// A field of a record.
    pub fn of(parent: &'a Place<'a>, name: &'a str, embedded: bool) -> Self {
        if embedded { Self::Embedded(parent, name) } else { Self::Field(parent, name) }
    }

    fn root(&self) -> &Self {
        match self {
            Self::Top | Self::Config | Self::Strict | Self::Exact => self,
            Self::Field(parent, _) | Self::Embedded(parent, _) | Self::Item(parent, _) => parent.root(),
        }
    }

    fn is_exact(&self) -> bool {
        matches!(self.root(), Self::Exact)
    }

    fn converts(&self) -> bool {
        match self {
            Self::Top | Self::Exact | Self::Embedded(..) => false,
            Self::Config | Self::Strict => true,
            Self::Field(parent, _) | Self::Item(parent, _) => parent.converts(),
        }
    }

    fn wrong(&self, node: &Node, expected: &'static str) -> DecodeError {
        DecodeError {
            field: self.to_string(),
            mark: node.mark(),
            problem: DecodeProblem::WrongType { field: self.to_string(), expected, found: found_name(node) },
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Top | Self::Config | Self::Strict | Self::Exact => Ok(()),
            Self::Embedded(parent, "") => parent.fmt(f),
            Self::Field(parent, name) | Self::Embedded(parent, name) => {
                let parent = parent.to_string();
                let separator = if parent.is_empty() { "" } else { "." };
                write!(f, "{parent}{separator}{name}")
            }
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Something that a tree can be read into. Reading `null` changes nothing or empties it, as in Go.
pub trait Decode {
    /// Reads `node` over what is there.
    ///
    /// # Errors
    /// A value of another type, or an unknown field.
    fn decode(&mut self, node: &Node, at: &Place<'_>) -> Result<(), DecodeError>;
}

/// A text and where it is written. Compares and reads as the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Located {
    /// The text.
    pub text: String,
    /// Where it is written.
    pub mark: Mark,
}

impl std::ops::Deref for Located {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl From<&str> for Located {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), mark: Mark::default() }
    }
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Decode for Located {
    fn decode(&mut self, node: &Node, at: &Place<'_>) -> Result<(), DecodeError> {
        self.mark = node.mark();
        self.text.decode(node, at)
    }
}

impl Decode for String {
    fn decode(&mut self, node: &Node, at: &Place<'_>) -> Result<(), DecodeError> {
        match node {
            _ if node.is_null() => Ok(()),
            Node::Scalar(scalar) if is_string(scalar) || at.is_exact() => {
                self.clear();
                self.push_str(&scalar.text);
                Ok(())
            }
            Node::Scalar(scalar) if at.converts() => {
                *self = converted(scalar);
                Ok(())
            }
            _ => Err(at.wrong(node, STRING)),
        }
    }
}

impl Decode for bool {
    fn decode(&mut self, node: &Node, at: &Place<'_>) -> Result<(), DecodeError> {
        match node {
            _ if node.is_null() => Ok(()),
            Node::Scalar(scalar) => match boolean(scalar) {
                Some(value) => {
                    *self = value;
                    Ok(())
                }
                None if at.is_exact() && is_word(scalar) => {
                    *self = matches!(scalar.text.as_str(), "y" | "Y" | "yes" | "on");
                    Ok(())
                }
                None => Err(at.wrong(node, "true or false")),
            },
            _ => Err(at.wrong(node, "true or false")),
        }
    }
}

impl Decode for i64 {
    fn decode(&mut self, node: &Node, at: &Place<'_>) -> Result<(), DecodeError> {
        if node.is_null() {
            return Ok(());
        }
        let number = match node {
            Node::Scalar(scalar) if matches!(scalar.tag, Tag::Int | Tag::Float) => whole_number(&scalar.text),
            _ => None,
        };
        *self = number.ok_or_else(|| at.wrong(node, "a whole number"))?;
        Ok(())
    }
}

impl<T: Decode + Default> Decode for Vec<T> {
    fn decode(&mut self, node: &Node, at: &Place<'_>) -> Result<(), DecodeError> {
        self.clear();
        if node.is_null() {
            return Ok(());
        }
        let items = node.as_seq().ok_or_else(|| at.wrong(node, LIST))?;
        for (index, item) in items.iter().enumerate() {
            let mut value = T::default();
            value.decode(item, &Place::Item(at, index))?;
            self.push(value);
        }
        Ok(())
    }
}

impl<T: Decode + Default> Decode for Option<T> {
    fn decode(&mut self, node: &Node, at: &Place<'_>) -> Result<(), DecodeError> {
        if node.is_null() {
            *self = None;
            return Ok(());
        }
        self.get_or_insert_default().decode(node, at)
    }
}

impl Decode for BTreeMap<String, String> {
    fn decode(&mut self, node: &Node, at: &Place<'_>) -> Result<(), DecodeError> {
        if node.is_null() {
            self.clear();
            return Ok(());
        }
        let map = node.as_map().ok_or_else(|| at.wrong(node, MAP))?;
        for entry in &map.entries {
            let key = key_text(&entry.key);
            let mut value = String::new();
            value.decode(&entry.value, &Place::Field(at, &key))?;
            self.insert(key, value);
        }
        Ok(())
    }
}

/// Any content, kept as it is.
impl Decode for Node {
    fn decode(&mut self, node: &Node, _at: &Place<'_>) -> Result<(), DecodeError> {
        *self = node.clone();
        Ok(())
    }
}

/// The entries of a record in the order in which Go sees them: sorted by key, so that of two spellings of one field
/// (`Resources` and `resources`) the later in that order wins.
pub(crate) fn entries<'a>(node: &'a Node, at: &Place<'_>) -> Result<Vec<(String, &'a Scalar, &'a Node)>, DecodeError> {
    if node.is_null() {
        return Ok(Vec::new());
    }
    let map: &Mapping = node.as_map().ok_or_else(|| at.wrong(node, MAP))?;
    let mut entries: Vec<_> = map.entries.iter().map(|e| (key_text(&e.key), &e.key, &e.value)).collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(entries)
}

/// The known field that `name` means: the exact one, else the one that differs in case only. None if it is to be passed over.
pub(crate) fn known_field(
    name: &str,
    key: &Scalar,
    known: &'static [&'static str],
    at: &Place<'_>,
) -> Result<Option<&'static str>, DecodeError> {
    if let Some(exact) = known.iter().find(|field| **field == name) {
        return Ok(Some(exact));
    }
    let folded = known.iter().find(|field| field.eq_ignore_ascii_case(name));
    match (at.root(), folded) {
        (Place::Exact, _) | (Place::Config, None) => return Ok(None),
        (_, Some(folded)) => return Ok(Some(folded)),
        (_, None) => {}
    }
    let name_at = Place::Field(at, name).to_string();
    Err(DecodeError {
        field: name_at.clone(),
        mark: key.mark,
        problem: DecodeProblem::UnknownField { name: name_at, suggestion: nearest(name, known), known },
    })
}

/// The parser has resolved `yes`, `no`, `on`, `off`, `y` and `n` to booleans, as YAML 1.1 does.
fn boolean(scalar: &Scalar) -> Option<bool> {
    let truthy = ["y", "yes", "true", "on"].iter().any(|word| scalar.text.eq_ignore_ascii_case(word));
    (scalar.tag == Tag::Bool).then_some(truthy)
}

/// The tree as JSON has it, for those who read YAML otherwise: booleans are `true` and `false`, dates are texts.
pub(crate) fn in_json_words(mut node: Node) -> Node {
    match &mut node {
        Node::Scalar(scalar) if scalar.tag == Tag::Bool => {
            return Node::bool(boolean(scalar).unwrap_or_default());
        }
        Node::Scalar(scalar) if scalar.tag == Tag::Timestamp => {
            return Node::string(scalar.text.clone());
        }
        Node::Scalar(_) => {}
        Node::Seq(seq) => seq.items = std::mem::take(&mut seq.items).into_iter().map(in_json_words).collect(),
        Node::Map(map) => {
            let entries = std::mem::take(&mut map.entries).into_iter();
            *map = Mapping::default();
            for mut entry in entries {
                if entry.key.tag == Tag::Bool {
                    entry.key = match in_json_words(Node::Scalar(entry.key)) {
                        Node::Scalar(key) => Scalar::string(key.text),
                        Node::Seq(_) | Node::Map(_) => unreachable!("a boolean is a scalar"),
                    };
                }
                entry.value = in_json_words(entry.value);
                map.entries.push(entry);
            }
        }
    }
    node
}

fn is_string(scalar: &Scalar) -> bool {
    let other = matches!(scalar.tag, Tag::Null | Tag::Bool | Tag::Int | Tag::Float);
    !other && boolean(scalar).is_none()
}

/// A text that go-yaml v3 takes for a boolean where one belongs.
fn is_word(scalar: &Scalar) -> bool {
    matches!(scalar.text.as_str(), "y" | "Y" | "yes" | "on" | "n" | "N" | "no" | "off")
}

/// The text that a number or a boolean becomes where a text belongs.
fn converted(scalar: &Scalar) -> String {
    match (boolean(scalar), scalar.tag, scalar.text.parse::<f64>()) {
        (Some(value), ..) => value.to_string(),
        (None, Tag::Float, Ok(value)) => short_float(value),
        (None, Tag::Int, _) => {
            whole_number(&scalar.text).map_or_else(|| scalar.text.to_string(), |number| number.to_string())
        }
        _ => scalar.text.to_string(),
    }
}

/// A float in Go's shortest form of 32 bits.
fn short_float(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "that precision is lost is what Go does here")]
    let value = value as f32;
    go_float(&value.to_string(), &format!("{value:e}"))
}

/// As Go prints a float of which both forms are given: with an exponent if that is below -4 or above 5.
pub(crate) fn go_float(plain: &str, scientific: &str) -> String {
    /// From here on the shortest form has an exponent.
    const EXPONENT_FROM: i32 = 6;
    let parts = scientific.split_once('e').and_then(|(digits, e)| Some((digits, e.parse::<i32>().ok()?)));
    let Some((digits, exponent)) = parts else { return plain.to_owned() };
    if (-4..EXPONENT_FROM).contains(&exponent) {
        return plain.to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

fn found_name(node: &Node) -> &'static str {
    match node {
        Node::Scalar(scalar) if boolean(scalar).is_some() => BOOLEAN,
        _ => node.kind_name(),
    }
}

/// The text of a key once it went through JSON: a boolean key becomes `true` or `false`.
fn key_text(key: &Scalar) -> String {
    boolean(key).map_or_else(|| key.text.to_string(), |value| value.to_string())
}

fn whole_number(text: &str) -> Option<i64> {
    let text = text.replace('_', "");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let radix = |prefix: &str, radix| digits.strip_prefix(prefix).and_then(|d| i64::from_str_radix(d, radix).ok());
    // A leading zero makes it octal, as in C; `08` is none, and so a float.
    let leading_zero = digits.len() > 1 && digits.starts_with('0');
    let decimal = || if leading_zero { radix("0", 8) } else { digits.parse().ok() };
    let prefixed = radix("0x", 16).or_else(|| radix("0o", 8)).or_else(|| radix("0b", 2));
    let parsed = prefixed.or_else(decimal).or_else(|| float_whole(digits))?;
    Some(if negative { -parsed } else { parsed })
}

fn float_whole(text: &str) -> Option<i64> {
    let value = text.parse::<f64>().ok()?;
    // Beyond 2^53 a float no longer names one integer.
    let fits = value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "a whole number within 2^53 is exact")]
    fits.then_some(value as i64)
}

/// Declares a record: its struct and how it is read. `[embedded]` marks fields that are read as [`Place::Embedded`]; a
/// visibility in parentheses goes before what is not public.
macro_rules! record {
    (($vis:vis) $(#[$meta:meta])* $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty = $key:literal $([$embedded:ident])?,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Default)]
        $vis struct $name {
            $($(#[$field_meta])* $vis $field: $type,)*
            /// Where the record is written; zero for one that no file holds.
            $vis mark: krm::Mark,
        }

        /// Where it is, not what is in it: literals, patches and values may be secret.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).field("mark", &self.mark).finish_non_exhaustive()
            }
        }

        impl $name {
            /// The names of its fields as written in a file.
            $vis const FIELDS: &'static [&'static str] = &[$($key),*];
        }

        impl $crate::kustomization::decode::Decode for $name {
            fn decode(
                &mut self,
                node: &krm::Node,
                at: &$crate::kustomization::decode::Place<'_>,
            ) -> Result<(), $crate::kustomization::decode::DecodeError> {
                use $crate::kustomization::decode::{Decode, Place, entries, known_field};
                self.mark = node.mark();
                for (name, key, value) in entries(node, at)? {
                    let Some(known) = known_field(&name, key, Self::FIELDS, at)? else { continue };
                    match known {
                        $($key => {
                            const EMBEDDED: bool = !concat!($(stringify!($embedded))?).is_empty();
                            Decode::decode(&mut self.$field, value, &Place::of(at, $key, EMBEDDED))?;
                        })*
                        _ => unreachable!("known_field answers with one of FIELDS"),
                    }
                }
                Ok(())
            }
        }
    };
    ($($public:tt)*) => {
        $crate::kustomization::decode::record! { (pub) $($public)* }
    };
}

pub(crate) use record;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_many_spellings() {
        for (text, expected) in [
            ("3", Some(3)),
            ("-3", Some(-3)),
            ("1_000", Some(1000)),
            ("0x1F", Some(31)),
            ("010", Some(8)),
            ("08", Some(8)),
            ("0", Some(0)),
            ("1e3", Some(1000)),
            ("3.0", Some(3)),
            ("3.5", None),
            ("x", None),
        ] {
            assert_eq!(whole_number(text), expected, "{text}");
        }
    }
}
