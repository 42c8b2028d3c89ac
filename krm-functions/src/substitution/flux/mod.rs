//! The dialect `flux`: what the kustomize-controller does with `postBuild`, byte for byte.
//!
//! The object is printed as YAML, the text is a template, and what comes out is read by YAML 1.1's rules: a field that holds
//! nothing but `${PORT}` becomes a number if the value looks like one. Owns the steps and what is said about them; must not
//! know where variables come from.

mod expand;
mod glob;
mod graft;
mod locate;
mod operators;
mod round_trip;
mod runes;
mod template;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use krm::Node;
use krm::yaml::{emit_build, prints_true, to_json};
use serde_json::Value as Json;

use super::budget::Budget;
use super::place::{Place, is_within};
use super::remark::{Remark, listed};
use super::survey::Use;
use super::variables::Values;
use expand::{Expanded, expand};
use graft::{Change, graft};
use locate::Locator;
use operators::OperatorError;
use round_trip::{Broken, Traits, read, to_node, traits};
use template::{Expression, Operator, Part, parse};

/// So much of a template is shown.
const EXCERPT_CHARS: usize = 30;

/// How one object is treated.
pub(super) struct Task<'v> {
    pub(super) values: &'v Values<'v>,
    pub(super) strict: bool,
}

/// An object that nothing can be done with. What is wrong with it stands among the remarks.
struct Stopped;

impl Task<'_> {
    /// `node` with its variables put in; `None` if nothing changes, or if one of the remarks is an error.
    pub(super) fn run(&self, node: &Node, budget: &mut Budget, remarks: &mut Vec<Remark>) -> Option<Node> {
        let traits = traits(node);
        if traits == Traits::default() {
            return None;
        }
        budget.next_object();
        let mut said = Vec::new();
        let result = self.object(node, budget, &mut said).ok().flatten();
        // Where nothing is to be put in, that Flux could not do it is no reason to fail.
        let failed = said.iter().any(|remark| remark.severity == crate::Severity::Error);
        if !failed || traits.dollar {
            remarks.append(&mut said);
        }
        result.filter(|_| !failed)
    }

    fn object(&self, node: &Node, budget: &mut Budget, said: &mut Vec<Remark>) -> Result<Option<Node>, Stopped> {
        let whole = Place { field: String::new(), line: node.mark().line };
        let mut text = String::new();
        let printed = emit_build(node, &mut text).and_then(|()| to_json(node));
        let before = printed.map_err(|error| {
            said.push(Remark::error(whole, format!("the object cannot be printed: {error}")));
            Stopped
        })?;
        let object = Object { node, text: &text };
        let parts = object.parts(said)?;
        let after = self.filled(&object, &parts, budget, said)?;
        if before == after {
            return Ok(None);
        }
        if let Some(field) = lost_identity(&before, &after) {
            let place = Place { field: field.to_owned(), line: 0 };
            said.push(Remark::error(
                place,
                "with its variables put in this is no text any more, and Flux drops the object",
            ));
            return Err(Stopped);
        }
        Ok(Some(object.changed(&parts, &before, &after, said)))
    }

    /// The object's value with its variables put in.
    fn filled(
        &self,
        object: &Object<'_>,
        parts: &[Part<'_>],
        budget: &mut Budget,
        said: &mut Vec<Remark>,
    ) -> Result<Json, Stopped> {
        let expanded = expand(parts, &|name| self.values.get(name), budget);
        let errors = said.len();
        object.tell_failures(&expanded, said);
        self.tell_unset(object, &expanded, said);
        if said[errors..].iter().any(|remark| remark.severity == crate::Severity::Error) {
            return Err(Stopped);
        }
        let spans = expanded.spans;
        let text = String::from_utf8(expanded.bytes).map_err(|error| {
            let place = object.behind(&spans, error.utf8_error().valid_up_to());
            said.push(Remark::error(place, "a substring cuts a character in two: offsets and lengths count bytes"));
            Stopped
        })?;
        read(&text).map_err(|broken| {
            said.push(object.tell_broken(&broken, &text, &spans));
            Stopped
        })
    }

    fn tell_unset(&self, object: &Object<'_>, expanded: &Expanded<'_>, said: &mut Vec<Remark>) {
        if expanded.unset.is_empty() {
            return;
        }
        let locator = object.locator();
        let found: BTreeSet<(Place, &str)> =
            expanded.unset.iter().map(|unset| (locator.place(unset.at), unset.name)).collect();
        for (place, name) in found {
            let suggestion = self.values.suggestion(name);
            said.push(if self.strict {
                Remark::error(place, format!("the variable `{name}` is not set{suggestion}"))
            } else {
                Remark::warning(
                    place,
                    format!("nothing stands for the variable `{name}`, which is not set{suggestion}"),
                )
            });
        }
    }
}

/// Where the text of an expression begins, in the result and in the template.
type Span = (usize, usize);

/// An object and the text that it is printed as.
struct Object<'n> {
    node: &'n Node,
    text: &'n str,
}

impl<'n> Object<'n> {
    fn locator(&self) -> Locator<'n> {
        Locator::new(self.node, self.text)
    }

    fn parts(&self, said: &mut Vec<Remark>) -> Result<Vec<Part<'n>>, Stopped> {
        parse(self.text).map_err(|error| {
            let place = self.locator().place(error.at);
            said.push(Remark::error(
                place,
                format!("{}{}: write `$${{` for a `${{` that is no variable's", error.problem, self.excerpt(error.at)),
            ));
            Stopped
        })
    }

    /// ` in …`: how the text goes on at `at`. Nothing of a Secret's.
    fn excerpt(&self, at: usize) -> String {
        let line = self.text[at..].lines().next().unwrap_or_default();
        let start: String = line.chars().take(EXCERPT_CHARS).collect();
        if self.node.kind() == "Secret" { String::new() } else { format!(" in `{start}`") }
    }

    fn tell_failures(&self, expanded: &Expanded<'_>, said: &mut Vec<Remark>) {
        for failure in &expanded.failed {
            let place = match failure.problem {
                OperatorError::Outside => self.locator().place(failure.at),
                OperatorError::Exceeded(_) => Place { field: String::new(), line: self.node.mark().line },
            };
            said.push(Remark::error(place, failure.problem.to_string()));
        }
    }

    /// The field of the last expression that begins at or before `offset` of the result.
    fn behind(&self, spans: &[Span], offset: usize) -> Place {
        let last = spans.partition_point(|(start, _)| *start <= offset).checked_sub(1);
        let at = last.and_then(|last| spans.get(last)).or(spans.first());
        at.map_or_else(Place::default, |(_, at)| self.locator().place(*at))
    }

    fn tell_broken(&self, broken: &Broken, text: &str, spans: &[Span]) -> Remark {
        let whole = Place { field: String::new(), line: self.node.mark().line };
        let intro = "with its variables put in it is no object any more";
        match broken {
            Broken::Syntax(error) => {
                let line = usize::try_from(error.mark.line).unwrap_or(usize::MAX);
                let offset: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
                // No name of an anchor: it may be a piece of a value.
                let problem = match &error.problem {
                    krm::yaml::ParseProblem::RecursiveAnchor { .. } => "an anchor contains itself".to_owned(),
                    problem => problem.to_string(),
                };
                let place = self.behind(spans, offset.saturating_sub(1));
                Remark::error(place, format!("with its variables put in the text is no YAML: {problem}"))
            }
            Broken::NoJson(what) => Remark::error(whole, format!("{intro}: {what}")),
            Broken::NoMap => Remark::error(whole, format!("{intro}: it is no map")),
            Broken::NotReadable => Remark::error(
                whole,
                format!("{intro} to Flux, which does not read a text of several lines that begins with a tab"),
            ),
        }
    }

    /// The object with its new value, and what changed in it.
    fn changed(&self, parts: &[Part<'_>], before: &Json, after: &Json, said: &mut Vec<Remark>) -> Node {
        let mut changes = Vec::new();
        let node = kept(self.node, before, after, &mut changes);
        let mut filled: BTreeMap<Place, BTreeSet<&str>> = BTreeMap::new();
        let locator = self.locator();
        for expression in outermost(parts) {
            let place = locator.place(expression.at);
            let names = filled.entry(place.clone()).or_default();
            each(expression, &mut |inner| {
                names.insert(inner.name);
                said.extend(misunderstood(inner).map(|message| Remark::warning(place.clone(), message)));
            });
        }
        for change in changes {
            let covered =
                |place: &Place| is_within(&change.field, &place.field) || is_within(&place.field, &change.field);
            if !filled.keys().any(covered) {
                said.push(self.other_change(change));
            }
        }
        for (place, names) in filled {
            said.push(Remark::info(place, format!("put in {}", listed(names))));
        }
        node
    }

    fn other_change(&self, change: Change) -> Remark {
        let place = Place { field: change.field, line: 0 };
        if change.number {
            return Remark::warning(place, "a large number loses digits, as it does in Flux");
        }
        let message = if self.text.contains("$$") { "`$$` is `$` now" } else { "is written as Flux writes it" };
        Remark::info(place, message)
    }
}

/// The node with its new value, and with its comments where they do no harm: a comment behind a text that keeps its last line
/// breaks is printed as one more of them.
fn kept(node: &Node, before: &Json, after: &Json, changes: &mut Vec<Change>) -> Node {
    let grafted = graft(node.clone(), before, after, changes);
    // Nearly always: neither has anything that printing could change.
    if prints_true(&grafted) && !has_lines(&grafted) {
        return grafted;
    }
    let bare = to_node(after);
    if to_json(&grafted) == to_json(&bare) { grafted } else { bare }
}

/// Does a text of it have several lines?
fn has_lines(node: &Node) -> bool {
    match node {
        Node::Scalar(scalar) => scalar.text.contains('\n'),
        Node::Seq(seq) => seq.items.iter().any(has_lines),
        Node::Map(map) => map.entries.iter().any(|entry| entry.key.text.contains('\n') || has_lines(&entry.value)),
    }
}

/// What names the object and is a text before, and none after.
fn lost_identity(before: &Json, after: &Json) -> Option<&'static str> {
    let fields = [("apiVersion", "/apiVersion"), ("kind", "/kind"), ("metadata.name", "/metadata/name")];
    let filled =
        |json: &Json, pointer| json.pointer(pointer).and_then(Json::as_str).is_some_and(|text| !text.is_empty());
    let lost = fields.into_iter().find(|(_, pointer)| filled(before, pointer) && !filled(after, pointer));
    lost.map(|(field, _)| field)
}

/// Operators that look like a shell's and are none.
fn misunderstood(expression: &Expression<'_>) -> Option<String> {
    let Operator::Default(symbol @ (":+" | ":?")) = expression.operator else { return None };
    let name = expression.name;
    Some(format!("Flux takes `${{{name}{symbol}…}}` for `${{{name}:-…}}`: its text stands in where `{name}` is empty"))
}

fn outermost<'p, 't>(parts: &'p [Part<'t>]) -> impl Iterator<Item = &'p Expression<'t>> {
    parts.iter().filter_map(|part| match part {
        Part::Text(_) => None,
        Part::Expression(expression) => Some(expression),
    })
}

/// The expression and those in its words.
fn each<'p, 't>(expression: &'p Expression<'t>, seen: &mut dyn FnMut(&'p Expression<'t>)) {
    seen(expression);
    for inner in expression.words.iter().flat_map(|word| outermost(word)) {
        each(inner, seen);
    }
}

/// What [`super::expand_text`] does.
pub(super) fn text(text: &str, values: &Values<'_>, strict: bool) -> Result<Vec<u8>, String> {
    let parts = parse(text).map_err(|error| error.problem.to_string())?;
    let expanded = expand(&parts, &|name| values.get(name), &mut Budget::new());
    if let Some(failure) = expanded.failed.first() {
        return Err(failure.problem.to_string());
    }
    match expanded.unset.first() {
        Some(unset) if strict => Err(format!("the variable `{}` is not set", unset.name)),
        _ => Ok(expanded.bytes),
    }
}

/// Is there anything that could be a variable?
pub(super) fn holds_dollar(node: &Node) -> bool {
    traits(node).dollar
}

/// The variables that `node` uses; what is wrong with it goes to `said`.
pub(super) fn uses(node: &Node, said: &mut Vec<Remark>) -> Vec<Use> {
    if !traits(node).dollar {
        return Vec::new();
    }
    let mut text = String::new();
    if let Err(error) = emit_build(node, &mut text) {
        let whole = Place { field: String::new(), line: node.mark().line };
        said.push(Remark::error(whole, format!("the object cannot be printed: {error}")));
        return Vec::new();
    }
    let object = Object { node, text: &text };
    let Ok(parts) = object.parts(said) else { return Vec::new() };
    let locator = object.locator();
    let mut found = Vec::new();
    for expression in outermost(&parts) {
        let place = locator.place(expression.at);
        each(expression, &mut |inner| {
            let default = inner.operator.is_default().then(|| inner.source.to_owned());
            found.push(Use { name: inner.name.to_owned(), place: place.clone(), default });
        });
    }
    found
}
