//! An object as Flux takes it apart and puts it together: printed by kustomize, read by YAML 1.1's rules through JSON, and
//! made a resource again. Owns what is lost on the way; must not know templates.

use krm::yaml::{EmitError, Limits, LooseError, ParseError, read_loose, round_numbers, to_json};
use krm::{Node, Style, Tag};
use serde_json::Value as Json;

/// Most digits of a whole number that a double holds in any case.
const EXACT_DIGITS: usize = 15;

const AMBIGUOUS: &str = "two keys of a map become one, of which Flux takes either value";

/// What stands in the way of leaving an object alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Traits {
    /// It holds a `$`.
    pub(super) dollar: bool,
    /// It may not survive the way even if nothing is put in: it holds a large number or an odd character.
    pub(super) odd: bool,
}

/// Looks at every text of `node`.
pub(super) fn traits(node: &Node) -> Traits {
    let mut found = Traits::default();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match node {
            Node::Scalar(scalar) => {
                found.look_at(&scalar.text);
                let number = matches!(scalar.tag, Tag::Int | Tag::Float | Tag::Unset);
                found.odd |= number && scalar.text.len() > EXACT_DIGITS;
            }
            Node::Seq(seq) => open.extend(&seq.items),
            Node::Map(map) => {
                for entry in &map.entries {
                    found.look_at(&entry.key.text);
                    open.push(&entry.value);
                }
            }
        }
    }
    found
}

impl Traits {
    fn look_at(&mut self, text: &str) {
        self.dollar |= text.contains('$');
        let odd_byte = |byte: u8| byte < 0x20 && byte != b'\n' || byte == 0x7F;
        let wide = |c: char| matches!(c, '\u{80}'..='\u{9F}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}');
        self.odd |= text.bytes().any(odd_byte) || !text.is_ascii() && text.contains(wide);
    }
}

/// Why a text is no object any more. Holds nothing of the text, which may be secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    /// It is no YAML.
    Syntax(ParseError),
    /// It holds what JSON has not.
    NoJson(&'static str),
    /// It is not a map.
    NoMap,
    /// The library that makes a resource of it cannot read what it prints itself.
    NotReadable,
}

/// The object that `text` is to Flux.
pub(super) fn read(text: &str) -> Result<Json, Broken> {
    let mut json = read_loose(text, "", &Limits::default()).map_err(|error| match error {
        LooseError::Parse(error) => Broken::Syntax(error),
        LooseError::Value(error) => Broken::NoJson(what(&error)),
        LooseError::AmbiguousKey => Broken::NoJson(AMBIGUOUS),
    })?;
    round_numbers(&mut json);
    match &json {
        Json::Object(_) => made_resource(json),
        Json::Null => Ok(Json::Object(serde_json::Map::new())),
        _ => Err(Broken::NoMap),
    }
}

/// An error without the texts that it names.
fn what(error: &EmitError) -> &'static str {
    match error {
        EmitError::KeyNotString { .. } => "a map key is null or a large number",
        EmitError::NotFinite { .. } => "a number is infinite or none",
        EmitError::TagMismatch { .. } => "a value is not what its tag says",
        EmitError::KeyTooLong { .. } | EmitError::ForbiddenCharacter { .. } => "a text holds what no JSON may",
        EmitError::TwinKey { .. } => "a key is there twice",
        EmitError::NotReadable { .. } | EmitError::TooDeep { .. } => "it is nested too deeply",
    }
}

/// kustomize makes a resource of JSON by way of go-yaml v3's text, on which some texts of several lines are lost.
fn made_resource(json: Json) -> Result<Json, Broken> {
    if !holds_lossy_text(&json) {
        return Ok(json);
    }
    to_json(&to_node(&json)).map_err(|_| Broken::NotReadable)
}

fn holds_lossy_text(json: &Json) -> bool {
    let lossy = |text: &str| text.contains('\n') && (text.starts_with('\t') || !text.is_ascii());
    match json {
        Json::String(text) => lossy(text),
        Json::Array(items) => items.iter().any(holds_lossy_text),
        Json::Object(object) => object.iter().any(|(key, value)| lossy(key) || holds_lossy_text(value)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// The tree of a JSON value; texts of several lines get the style that they are printed in.
pub(super) fn to_node(json: &Json) -> Node {
    let mut node = krm::yaml::from_json(json);
    let mut open = vec![&mut node];
    while let Some(node) = open.pop() {
        match node {
            Node::Scalar(scalar) if scalar.text.contains('\n') => scalar.style = Style::Literal,
            Node::Scalar(_) => {}
            Node::Seq(seq) => open.extend(&mut seq.items),
            Node::Map(map) => open.extend(map.entries.iter_mut().map(|entry| &mut entry.value)),
        }
    }
    node
}
