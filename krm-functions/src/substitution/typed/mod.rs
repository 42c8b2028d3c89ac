//! The dialect `typed`: variables put into texts, text by text.
//!
//! A text stays a text whatever is put in, unless the manifest asks for a number (`${REPLICAS@int}`). Only declared names count,
//! so that scripts and dashboards with their own `${…}` stay whole, and comments and styles are kept. Owns the way through an
//! object; must not know where variables come from.

mod convert;
mod expand;
mod pattern;
mod template;
#[cfg(test)]
mod tests;

use krm::{Mapping, Node, Scalar, Style, Tag};

use super::budget::Budget;
use super::place::{Place, item, line_of, member};
use super::remark::{Remark, listed};
use super::survey::Use;
use super::variables::Values;
use expand::Expander;
use template::{Expression, Left, Operation, Part, Template, parse};

/// How one object is treated.
pub(super) struct Task<'v> {
    pub(super) values: &'v Values<'v>,
    pub(super) strict: bool,
    /// Are variables put into the keys of maps, too?
    pub(super) keys: bool,
}

impl Task<'_> {
    /// Puts the variables into `node`. True if something changed; if a remark is an error, `node` is half done.
    pub(super) fn run(&self, node: &mut Node, budget: &mut Budget, remarks: &mut Vec<Remark>) -> bool {
        budget.next_object();
        let mut walk = Walk { task: self, budget, remarks, changed: false };
        walk.node(node, "");
        walk.changed
    }
}

struct Walk<'w, 'v> {
    task: &'w Task<'v>,
    budget: &'w mut Budget,
    remarks: &'w mut Vec<Remark>,
    changed: bool,
}

impl Walk<'_, '_> {
    fn node(&mut self, node: &mut Node, path: &str) {
        match node {
            Node::Scalar(scalar) if is_text(scalar) => {
                if let Some(new) = self.scalar(scalar, path) {
                    self.changed = true;
                    *node = new;
                }
            }
            Node::Scalar(_) => {}
            Node::Seq(seq) => {
                for (index, node) in seq.items.iter_mut().enumerate() {
                    self.node(node, &item(path, index));
                }
            }
            Node::Map(map) => {
                if self.task.keys {
                    self.keys(map, path);
                }
                for entry in &mut map.entries {
                    self.node(&mut entry.value, &member(path, &entry.key.text));
                }
            }
        }
    }

    fn keys(&mut self, map: &mut Mapping, path: &str) {
        for at in 0..map.entries.len() {
            let key = &map.entries[at].key;
            let place = Place { field: member(path, &key.text), line: key.mark.line };
            let Some(new) = self.scalar(key, &place.field) else { continue };
            match new {
                Node::Scalar(new) if new.tag != Tag::Str => {
                    self.remarks.push(Remark::error(place, "a key is always a text: no kind can be asked for"));
                }
                Node::Scalar(new) if map.contains_key(&new.text) => {
                    let message = "with its variables put in, the key is there twice";
                    self.remarks.push(Remark::error(place, message));
                }
                Node::Scalar(new) => {
                    self.changed = true;
                    map.entries[at].key = new;
                }
                _ => self.remarks.push(Remark::error(place, "a key is always a text: no kind can be asked for")),
            }
        }
    }

    /// What stands in the place of a text; `None` if nothing changes.
    fn scalar(&mut self, scalar: &Scalar, path: &str) -> Option<Node> {
        if !scalar.text.contains("${") {
            return None;
        }
        let text = scalar.text.clone();
        let origin = Origin { scalar, path };
        let template = match parse(&text, &|name| self.task.values.is_declared(name)) {
            Ok(template) => template,
            Err(error) => {
                let message = format!("the expansion of `{}` cannot be read: {}", error.name, error.problem);
                self.remarks.push(Remark::error(origin.place(error.at), message));
                return None;
            }
        };
        self.tell_left(&origin, &template);
        let expressions: Vec<&Expression<'_>> = expressions(&template.parts).collect();
        let typed = expressions.iter().find(|expression| expression.kind.is_some());
        if let Some(expression) = typed
            && template.parts.len() > 1
        {
            let message =
                format!("`{}` can only become another kind where nothing else stands in the field", expression.name);
            self.remarks.push(Remark::error(origin.place(expression.at), message));
            return None;
        }
        if template.parts.iter().all(|part| matches!(part, Part::Text(_))) && text.find("$${").is_none() {
            return None;
        }
        self.filled(&origin, &template, &expressions)
    }

    fn filled(
        &mut self,
        origin: &Origin<'_>,
        template: &Template<'_>,
        expressions: &[&Expression<'_>],
    ) -> Option<Node> {
        let mut out = String::new();
        let (mut failed, mut unset) = (false, Vec::new());
        for part in &template.parts {
            let at = if let Part::Expression(expression) = part { expression.at } else { 0 };
            let mut expander =
                Expander { values: self.task.values, strict: self.task.strict, budget: self.budget, unset: Vec::new() };
            match expander.parts(std::slice::from_ref(part)) {
                Ok(text) => out.push_str(&text),
                Err(error) => {
                    self.remarks.push(Remark::error(origin.place(at), error.to_string()));
                    failed = true;
                }
            }
            unset.extend(expander.unset.into_iter().map(|name| (at, name)));
        }
        for (at, name) in unset {
            let suggestion = self.task.values.suggestion(&name);
            let message = format!("nothing stands for the variable `{name}`, which is not set{suggestion}");
            self.remarks.push(Remark::warning(origin.place(at), message));
        }
        if failed || out == origin.scalar.text {
            return None;
        }
        let new = self.converted(origin, &out, expressions.first().copied())?;
        let at = expressions.first().map_or(0, |expression| expression.at);
        let names: Vec<&str> = all_names(&template.parts);
        let message =
            if names.is_empty() { "`$${` is `${` now".to_owned() } else { format!("put in {}", listed(names)) };
        self.remarks.push(Remark::info(origin.place(at), message));
        Some(new)
    }

    fn converted(&mut self, origin: &Origin<'_>, text: &str, first: Option<&Expression<'_>>) -> Option<Node> {
        let Some((expression, kind)) = first.and_then(|first| first.kind.map(|kind| (first, kind))) else {
            return Some(Node::Scalar(retold(origin.scalar, text)));
        };
        let Some(mut node) = convert::convert(kind, text) else {
            let message = format!("the value of `{}` is not {}", expression.name, convert::name(kind));
            self.remarks.push(Remark::error(origin.place(expression.at), message));
            return None;
        };
        if let Node::Scalar(new) = &mut node {
            new.mark = origin.scalar.mark;
            new.extra.clone_from(&origin.scalar.extra);
        }
        Some(node)
    }

    fn tell_left(&mut self, origin: &Origin<'_>, template: &Template<'_>) {
        for Left { at, name, declared } in &template.left {
            let place = origin.place(*at);
            let suggestion = self.task.values.suggestion(name);
            if *declared {
                let message = format!("what follows `${{{name}` is no operator: it is left as it is");
                self.remarks.push(Remark::warning(place, message));
            } else if !suggestion.is_empty() {
                let message = format!("`{name}` is not declared and left as it is{suggestion}");
                self.remarks.push(Remark::warning(place, message));
            }
        }
    }
}

/// A text and where it stands.
struct Origin<'s> {
    scalar: &'s Scalar,
    path: &'s str,
}

impl Origin<'_> {
    fn place(&self, at: usize) -> Place {
        let before = self.scalar.text[..at].matches('\n').count();
        let content_line = u32::try_from(before).unwrap_or(u32::MAX);
        let line = line_of(self.scalar.mark, self.scalar.style, content_line);
        Place { field: self.path.to_owned(), line }
    }
}

fn is_text(scalar: &Scalar) -> bool {
    matches!(scalar.tag, Tag::Str | Tag::Unset)
}

/// The scalar with another text; one that got line breaks is written in lines.
fn retold(scalar: &Scalar, text: &str) -> Scalar {
    let style = if scalar.style == Style::Plain && text.contains('\n') { Style::Literal } else { scalar.style };
    Scalar { text: text.into(), tag: Tag::Str, style, mark: scalar.mark, extra: scalar.extra.clone() }
}

fn expressions<'p, 't>(parts: &'p [Part<'t>]) -> impl Iterator<Item = &'p Expression<'t>> {
    parts.iter().filter_map(|part| match part {
        Part::Text(_) => None,
        Part::Expression(expression) => Some(expression),
    })
}

/// The words that an operation holds.
fn words<'p, 't>(operation: &'p Operation<'t>) -> Vec<&'p [Part<'t>]> {
    match operation {
        Operation::Default { word, .. } | Operation::Alternative { word, .. } => vec![word],
        Operation::Substring { offset, length } => std::iter::once(offset).chain(length).map(Vec::as_slice).collect(),
        Operation::Trim { pattern, .. } | Operation::Case { pattern, .. } => vec![pattern],
        Operation::Replace { pattern, replacement, .. } => vec![pattern, replacement],
        Operation::Value
        | Operation::Length
        | Operation::Required { .. }
        | Operation::Recase { .. }
        | Operation::Quote => Vec::new(),
    }
}

fn all_names<'t>(parts: &[Part<'t>]) -> Vec<&'t str> {
    let mut names = Vec::new();
    each(parts, &mut |expression| {
        if !names.contains(&expression.name) {
            names.push(expression.name);
        }
    });
    names
}

/// Every expression, also those within words.
fn each<'p, 't>(parts: &'p [Part<'t>], seen: &mut dyn FnMut(&'p Expression<'t>)) {
    for expression in expressions(parts) {
        seen(expression);
        for word in words(&expression.operation) {
            each(word, seen);
        }
    }
}

/// What looks like the use of a variable in the texts of `node`, whatever its name.
pub(super) fn uses(node: &Node, keys: bool, said: &mut Vec<Remark>) -> Vec<Use> {
    let mut found = Vec::new();
    uses_in(node, "", keys, &mut found, said);
    found
}

fn uses_in(node: &Node, path: &str, keys: bool, found: &mut Vec<Use>, said: &mut Vec<Remark>) {
    match node {
        Node::Scalar(scalar) if is_text(scalar) => uses_of(scalar, path, found, said),
        Node::Scalar(_) => {}
        Node::Seq(seq) => {
            for (index, node) in seq.items.iter().enumerate() {
                uses_in(node, &item(path, index), keys, found, said);
            }
        }
        Node::Map(map) => {
            for entry in &map.entries {
                let path = member(path, &entry.key.text);
                if keys {
                    uses_of(&entry.key, &path, found, said);
                }
                uses_in(&entry.value, &path, keys, found, said);
            }
        }
    }
}

fn uses_of(scalar: &Scalar, path: &str, found: &mut Vec<Use>, said: &mut Vec<Remark>) {
    let origin = Origin { scalar, path };
    match parse(&scalar.text, &|_| true) {
        Ok(template) => each(&template.parts, &mut |expression| {
            let default = match &expression.operation {
                Operation::Default { source, .. } => Some((*source).to_owned()),
                _ => None,
            };
            found.push(Use { name: expression.name.to_owned(), place: origin.place(expression.at), default });
        }),
        Err(error) => {
            let message = format!("the expansion of `{}` cannot be read: {}", error.name, error.problem);
            said.push(Remark::warning(origin.place(error.at), message));
        }
    }
}
