//! The walk over object and patch. Owns maps, scalars and `$patch` in maps; lists with merge keys are in `assoc`.
//!
//! A value is met in four ways: only the object has it ([`Walk::settle`]), only the patch has it ([`Walk::absorb`]), both have
//! it ([`Walk::merge`]), or it came from the patch and is now walked as if the object had the very same ([`Walk::adopt`]).

use krm::node::Entry;
use krm::{Mapping, Node, Scalar};

use super::assoc;
use super::error::{MergeError, MergeProblem};
use super::remarks::Remarks;
use crate::fieldspec::set::{put_over, quote_if_ambiguous};
use crate::schema::{Fields, ListKind, Schema, Type};

/// What becomes of a value that both have.
pub(super) enum Outcome {
    /// The object's value, changed in place.
    Dest,
    /// The patch's value; the object's is unchanged.
    Origin(Node),
    /// None of them.
    Gone,
}

/// What `$patch` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directive {
    Merge,
    Replace,
    Delete,
}

pub(super) const DIRECTIVE: &str = "$patch";

pub(super) struct Walk<'s> {
    schema: &'s Schema,
    remarks: &'s Remarks,
    /// Walk fields in the order of their names: where twins are, the last change counts.
    sorted: bool,
    /// A key may come twice in a map: only its first value is looked at.
    has_twins: bool,
    /// Changes in place of scalars that have twins.
    pub(super) twins_changed: Vec<(u32, Scalar)>,
}

impl<'s> Walk<'s> {
    pub(super) fn new(schema: &'s Schema, remarks: &'s Remarks, sorted: bool, has_twins: bool) -> Self {
        Self { schema, remarks, sorted, has_twins, twins_changed: Vec::new() }
    }

    /// Only the object has it. Answers whether it stays.
    pub(super) fn settle(&mut self, known: Option<Type<'s>>, node: &mut Node) -> Result<bool, MergeError> {
        let known = self.remarked(known, &[node]);
        match node {
            Node::Scalar(scalar) => Ok(!scalar.is_null() || !scalar.text.is_empty()),
            Node::Map(map) => {
                let fields = self.fields(known, &[map]);
                self.each_field(map, |walk, key, value| {
                    let known = walk.field_type(fields, key, value, None);
                    walk.settle_field(known, value)
                })?;
                Ok(true)
            }
            Node::Seq(seq) => {
                if let Some((keys, element)) = merge_keys(known) {
                    assoc::settle(self, element, &keys, &mut seq.items)?;
                }
                Ok(true)
            }
        }
    }

    /// It came from the patch and stands for both. Answers whether it stays.
    pub(super) fn adopt(&mut self, known: Option<Type<'s>>, node: &mut Node) -> Result<bool, MergeError> {
        let known = self.remarked(known, &[node]);
        match node {
            Node::Scalar(scalar) => Ok(!scalar.is_null()),
            Node::Map(map) => {
                if map_directive(map)? == Some(Directive::Delete) {
                    return Ok(false);
                }
                self.adopt_fields(known, map)?;
                Ok(true)
            }
            Node::Seq(seq) => {
                let Some((keys, element)) = merge_keys(known) else { return Ok(true) };
                let directive = list_directive(&seq.items)?;
                if directive == Some(Directive::Delete) {
                    return Ok(false);
                }
                elide_list_directive(&mut seq.items, directive);
                assoc::adopt(self, element, &keys, &mut seq.items)?;
                Ok(true)
            }
        }
    }

    /// Only the patch has it (or the object has a null).
    pub(super) fn absorb(&mut self, known: Option<Type<'s>>, origin: &Node) -> Result<Option<Node>, MergeError> {
        let known = self.remarked(known, &[origin]);
        let mut node = origin.clone();
        match &mut node {
            Node::Scalar(scalar) if scalar.is_null() => return Ok(None),
            Node::Scalar(_) => {}
            Node::Map(map) => {
                match map_directive(map) {
                    Ok(Some(Directive::Delete)) => return Ok(None),
                    Ok(directive) => elide_map_directive(map, directive),
                    // Nobody looks at a directive where the object has nothing: an unknown one stays as a field.
                    Err(_) => {}
                }
                self.adopt_values(known, map)?;
            }
            Node::Seq(seq) => {
                if let Some((keys, element)) = merge_keys(known) {
                    assoc::adopt(self, element, &keys, &mut seq.items)?;
                }
            }
        }
        Ok(Some(node))
    }

    /// Both have it.
    pub(super) fn merge(
        &mut self,
        known: Option<Type<'s>>,
        dest: &mut Node,
        origin: &Node,
    ) -> Result<Outcome, MergeError> {
        if origin.is_null() {
            return Ok(Outcome::Gone);
        }
        if dest.is_null() {
            return Ok(self.absorb(known, origin)?.map_or(Outcome::Gone, Outcome::Origin));
        }
        let known = self.remarked(known, &[dest, origin]);
        take_style(dest, origin);
        match (dest, origin) {
            (Node::Scalar(_), Node::Scalar(_)) => Ok(Outcome::Origin(origin.clone())),
            (Node::Map(dest), Node::Map(origin)) => self.merge_maps(known, dest, origin),
            (Node::Seq(dest), Node::Seq(patch)) => match merge_keys(known) {
                None => Ok(Outcome::Origin(origin.clone())),
                Some((keys, element)) => {
                    let directive = list_directive(&patch.items)?;
                    if directive == Some(Directive::Delete) {
                        return Ok(Outcome::Gone);
                    }
                    let mut patch = patch.clone();
                    elide_list_directive(&mut patch.items, directive);
                    if directive == Some(Directive::Replace) {
                        assoc::adopt(self, element, &keys, &mut patch.items)?;
                        return Ok(Outcome::Origin(Node::Seq(patch)));
                    }
                    assoc::merge(self, element, &keys, &mut dest.items, patch.items)?;
                    Ok(Outcome::Dest)
                }
            },
            (dest, origin) => {
                let (target, patch, line) = (dest.kind_name(), origin.kind_name(), origin.mark().line);
                Err(MergeError::new(MergeProblem::KindsDiffer { target, patch, line }))
            }
        }
    }

    fn merge_maps(
        &mut self,
        known: Option<Type<'s>>,
        dest: &mut Mapping,
        origin: &Mapping,
    ) -> Result<Outcome, MergeError> {
        let directive = map_directive(origin)?;
        match directive {
            Some(Directive::Delete) => return Ok(Outcome::Gone),
            Some(Directive::Replace) => {
                let mut map = origin.clone();
                self.adopt_fields(known, &mut map)?;
                return Ok(Outcome::Origin(Node::Map(map)));
            }
            Some(Directive::Merge) | None => {}
        }
        let fields = self.fields(known, &[dest, origin]);
        let patch = PatchFields::new(origin, directive.is_some());
        let twins = if self.has_twins { later_twins(origin) } else { Vec::new() };
        let is_new = |at: &usize| !dest.contains_key(&origin.entries[*at].key.text) && !twins.contains(at);
        let added: Vec<usize> = patch.positions().filter(is_new).collect();
        self.each_field(dest, |walk, key, value| {
            let over = patch.get(&key.text);
            let known = walk.field_type(fields, key, value, over);
            match over {
                Some(over) => walk.merge_field(known, value, &over.value),
                None => walk.settle_field(known, value),
            }
        })?;
        for position in added {
            let entry = &origin.entries[position];
            if entry.key.text.is_empty() {
                return Err(MergeError::new(MergeProblem::EmptyKey));
            }
            let known = self.field_type(fields, &entry.key, &entry.value, None);
            if let Some(mut value) = self.absorb(known, &entry.value).map_err(|e| e.under(&entry.key.text))? {
                quote(&mut value);
                // The key is a new one: comments stay behind.
                dest.entries.push(Entry { key: Scalar { extra: None, ..entry.key.clone() }, value });
            }
        }
        Ok(Outcome::Dest)
    }

    fn merge_field(&mut self, known: Option<Type<'s>>, value: &mut Node, over: &Node) -> Result<bool, MergeError> {
        match self.merge(known, value, over)? {
            Outcome::Dest => Ok(true),
            Outcome::Gone => Ok(false),
            Outcome::Origin(node) => {
                if let Some(change) = put_over(value, node) {
                    self.twins_changed.push(change);
                }
                Ok(true)
            }
        }
    }

    fn adopt_fields(&mut self, known: Option<Type<'s>>, map: &mut Mapping) -> Result<(), MergeError> {
        elide_map_directive(map, map_directive(map)?);
        self.adopt_values(known, map)
    }

    fn adopt_values(&mut self, known: Option<Type<'s>>, map: &mut Mapping) -> Result<(), MergeError> {
        let fields = self.fields(known, &[map]);
        self.each_field(map, |walk, key, value| {
            quote(value);
            let known = walk.field_type(fields, key, value, None);
            walk.adopt(known, value)
        })
    }

    fn settle_field(&mut self, known: Option<Type<'s>>, value: &mut Node) -> Result<bool, MergeError> {
        quote(value);
        self.settle(known, value)
    }

    /// Walks the values of a map and takes out those that do not stay.
    fn each_field(
        &mut self,
        map: &mut Mapping,
        mut visit: impl FnMut(&mut Self, &Scalar, &mut Node) -> Result<bool, MergeError>,
    ) -> Result<(), MergeError> {
        let mut failure = None;
        let twins = if self.has_twins { later_twins(map) } else { Vec::new() };
        let mut visit_entry = |walk: &mut Self, entry: &mut Entry| {
            let stays = match entry.key.text.as_str() {
                "" => Err(MergeError::new(MergeProblem::EmptyKey)),
                _ => visit(walk, &entry.key, &mut entry.value),
            };
            failure.is_some()
                || stays.unwrap_or_else(|error| {
                    failure = Some(error.under(&entry.key.text));
                    true
                })
        };
        if !self.sorted && twins.is_empty() {
            map.entries.retain_mut(|entry| visit_entry(self, entry));
            return failure.map_or(Ok(()), Err);
        }
        let mut order: Vec<usize> = (0..map.entries.len()).collect();
        if self.sorted {
            order.sort_by(|a, b| map.entries[*a].key.text.cmp(&map.entries[*b].key.text));
        }
        order.retain(|at| !twins.contains(at));
        let mut gone: Vec<usize> = order.into_iter().filter(|at| !visit_entry(self, &mut map.entries[*at])).collect();
        gone.sort_unstable();
        for position in gone.into_iter().rev() {
            map.entries.remove(position);
        }
        failure.map_or(Ok(()), Err)
    }

    /// The type that a comment gives to the value that these nodes become, else the one known from above.
    fn remarked(&self, known: Option<Type<'s>>, nodes: &[&Node]) -> Option<Type<'s>> {
        if self.remarks.is_empty() {
            return known;
        }
        self.remarks.at_nodes(nodes).map(|definition| self.schema.of_definition(definition)).or(known)
    }

    /// The type of a field: by a comment, else by the type of the map.
    fn field_type(&self, fields: Fields<'s>, key: &Scalar, value: &Node, over: Option<&Entry>) -> Option<Type<'s>> {
        if !self.remarks.is_empty()
            && let Some(definition) = self.remarks.at_field(key, value, over)
        {
            return Some(self.schema.of_definition(definition));
        }
        fields.get(&key.text)
    }

    /// The types of a map's fields: by the type known from above, else by the `apiVersion` and `kind` that it holds.
    fn fields(&self, known: Option<Type<'s>>, maps: &[&Mapping]) -> Fields<'s> {
        let found = known.or_else(|| maps.iter().find_map(|map| self.type_by_kind(map)));
        found.map_or(Fields::NONE, Type::fields)
    }

    fn type_by_kind(&self, map: &Mapping) -> Option<Type<'s>> {
        let kind = map.get("kind")?.as_str()?;
        self.schema.of_kind(map.get("apiVersion")?.as_str()?, kind)
    }
}

/// Positions of entries whose key stands in the map before.
fn later_twins(map: &Mapping) -> Vec<usize> {
    let mut seen = std::collections::HashSet::with_capacity(map.len());
    (0..map.len()).filter(|at| !seen.insert(map.entries[*at].key.text.as_str())).collect()
}

/// An empty collection takes on the style of what is merged into it. Style reaches the output: within `{}` an empty null is
/// read again as something else than in a block.
fn take_style(dest: &mut Node, origin: &Node) {
    match (dest, origin) {
        (Node::Map(dest), Node::Map(origin)) if dest.is_empty() => dest.style = origin.style,
        (Node::Seq(dest), Node::Seq(origin)) if dest.items.is_empty() => dest.style = origin.style,
        _ => {}
    }
}

/// A field is set again even if it stays what it was, and setting quotes what is ambiguous. Items of lists are not set.
fn quote(value: &mut Node) {
    if let Node::Scalar(scalar) = value {
        quote_if_ambiguous(scalar);
    }
}

/// The fields of a patch's map without its directive. Large maps are looked up by hash: a ConfigMap has thousands.
struct PatchFields<'p> {
    map: &'p Mapping,
    skip_directive: bool,
    index: Option<std::collections::HashMap<&'p str, usize>>,
}

const LINEAR_MAX: usize = 16;

impl<'p> PatchFields<'p> {
    fn new(map: &'p Mapping, skip_directive: bool) -> Self {
        let index = (map.len() > LINEAR_MAX)
            // Of a key that comes twice the first counts.
            .then(|| map.entries.iter().enumerate().rev().map(|(at, entry)| (entry.key.text.as_str(), at)).collect());
        Self { map, skip_directive, index }
    }

    fn get(&self, key: &str) -> Option<&'p Entry> {
        if self.skip_directive && key == DIRECTIVE {
            return None;
        }
        match &self.index {
            Some(index) => index.get(key).map(|at| &self.map.entries[*at]),
            None => self.map.get_entry(key),
        }
    }

    fn positions(&self) -> impl Iterator<Item = usize> + '_ {
        let entries = self.map.entries.iter().enumerate();
        entries.filter(|(_, entry)| !(self.skip_directive && entry.key.text == DIRECTIVE)).map(|(at, _)| at)
    }
}

/// The merge keys (none for a list of scalars) and the type of the items, if a list of this type is merged at all.
fn merge_keys(known: Option<Type<'_>>) -> Option<(Vec<&str>, Option<Type<'_>>)> {
    let known = known?;
    match known.list_kind() {
        ListKind::Replaced => None,
        ListKind::Set => Some((Vec::new(), known.element())),
        ListKind::Keyed(keys) => Some((keys, known.element())),
    }
}

fn directive_from(node: &Node) -> Result<Directive, MergeError> {
    let word = match node {
        Node::Scalar(scalar) => scalar.text.as_str(),
        _ => "",
    };
    match word {
        "delete" => Ok(Directive::Delete),
        "replace" => Ok(Directive::Replace),
        "merge" => Ok(Directive::Merge),
        word => Err(MergeError::new(MergeProblem::UnknownDirective { word: word.to_owned() })),
    }
}

fn map_directive(map: &Mapping) -> Result<Option<Directive>, MergeError> {
    map.get(DIRECTIVE).map(directive_from).transpose()
}

/// A list's directive is an item that holds nothing else; only the first item with `$patch` is asked.
fn list_directive(items: &[Node]) -> Result<Option<Directive>, MergeError> {
    let mut maps = items.iter().filter_map(Node::as_map);
    match maps.find(|map| map.contains_key(DIRECTIVE)) {
        Some(map) if map.len() == 1 => map_directive(map),
        _ => Ok(None),
    }
}

pub(super) fn elide_map_directive(map: &mut Mapping, directive: Option<Directive>) {
    if directive.is_some() {
        map.remove(DIRECTIVE);
    }
}

/// Takes out every item with the same directive, whatever else is in it, and every empty item.
fn elide_list_directive(items: &mut Vec<Node>, directive: Option<Directive>) {
    if directive.is_none() {
        return;
    }
    items.retain(|item| match item {
        Node::Map(map) => !map.is_empty() && map_directive(map).ok().flatten() != directive,
        other => !other.is_null(),
    });
}
