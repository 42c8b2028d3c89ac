//! Putting values in. Owns which nodes at the end of a specification may hold vars: a text, the texts among the values of a
//! map, and the items of a list, which must all be texts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use krm::{Gvk, Node, Scalar, Style, Tag};

use super::value::Value;
use super::{Failed, VarsError, expand};
use crate::draft::{Draft, DraftSet};
use crate::error::Place;
use crate::fieldspec::{Create, FieldProblem, Spec, apply, shared};

/// Puts values in wherever `specs` lead; answers with the names of those that were used.
pub(super) fn put<'v>(
    drafts: &mut DraftSet,
    specs: &[Spec],
    values: &'v BTreeMap<&'v str, Value>,
) -> Result<BTreeSet<&'v str>, Failed> {
    let mut by_type: HashMap<Gvk, Rc<Vec<&Spec>>> = HashMap::new();
    let mut filler = Filler { values, used: BTreeSet::new(), twins: Vec::new(), put_in: 0 };
    for draft in drafts.iter_mut().filter(|draft| !draft.is_empty()) {
        let selecting = |gvk: &Gvk| {
            let selecting = specs.iter().filter(|spec| spec.selects(&gvk.group, &gvk.version, &gvk.kind));
            Rc::new(selecting.collect::<Vec<_>>())
        };
        let mut gvk = draft.gvk();
        let mut applying = Rc::clone(by_type.entry(gvk.clone()).or_insert_with_key(selecting));
        let mut at = 0;
        while let Some(spec) = applying.get(at) {
            filler.fill(draft, spec)?;
            at += 1;
            // A var may stand in `kind`: what follows applies to what it is now.
            if draft.gvk() != gvk {
                gvk = draft.gvk();
                let after = specs.iter().skip_while(|other| !std::ptr::eq(*other, *spec)).skip(1);
                let selects = |spec: &&Spec| spec.selects(&gvk.group, &gvk.version, &gvk.kind);
                applying = Rc::new(after.filter(selects).collect());
                at = 0;
            }
        }
    }
    Ok(filler.used)
}

struct Filler<'v> {
    values: &'v BTreeMap<&'v str, Value>,
    used: BTreeSet<&'v str>,
    /// Twins of scalars that were changed, and their new content.
    twins: Vec<(u32, Scalar)>,
    /// Bytes of all values that were put in, with those that found no more room.
    put_in: usize,
}

/// More than this nobody puts in: a value that holds another var several times doubles with each place.
const PUT_IN_MAX: usize = 256 << 20;

impl Filler<'_> {
    fn fill(&mut self, draft: &mut Draft, spec: &Spec) -> Result<(), Failed> {
        let filled = apply(spec, Create::Nothing, &mut draft.node, &mut |node| self.node(node));
        filled.map_err(|source| Failed {
            error: VarsError::Field { id: draft.id().to_string(), source },
            place: Place::origin(&draft.origin),
        })?;
        if self.put_in > PUT_IN_MAX {
            let error = VarsError::TooLarge { id: draft.id().to_string(), megabytes: PUT_IN_MAX >> 20 };
            return Err(Failed { error, place: Place::origin(&draft.origin) });
        }
        for (twins, scalar) in self.twins.drain(..) {
            shared::write(&mut draft.node, twins, &scalar);
        }
        Ok(())
    }

    fn node(&mut self, node: &mut Node) -> Result<(), FieldProblem> {
        match node {
            Node::Scalar(scalar) => {
                if is_text(scalar) {
                    self.scalar(scalar);
                }
            }
            Node::Map(map) => {
                for entry in &mut map.entries {
                    if !is_text(&entry.key) {
                        let found = Node::Scalar(entry.key.clone()).kind_name();
                        return Err(FieldProblem::WrongKind { expected: "a text as key", found });
                    }
                    if let Node::Scalar(scalar) = &mut entry.value
                        && is_text(scalar)
                    {
                        self.scalar(scalar);
                    }
                }
            }
            Node::Seq(seq) => {
                for item in &mut seq.items {
                    match item {
                        Node::Scalar(scalar) if is_text(scalar) => self.scalar(scalar),
                        other => {
                            let found = other.kind_name();
                            return Err(FieldProblem::WrongKind { expected: "a text", found });
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// A text is written anew, plain and as a text, even if no var stands in it.
    fn scalar(&mut self, scalar: &mut Scalar) {
        let (text, tag) = expand::expand(&scalar.text, |name| {
            let (name, value) = self.values.get_key_value(name)?;
            self.put_in = self.put_in.saturating_add(value.len());
            if self.put_in > PUT_IN_MAX {
                return None;
            }
            if !matches!(value, Value::Collection(_)) {
                self.used.insert(name);
            }
            Some(value)
        });
        scalar.text = text;
        scalar.tag = tag;
        scalar.style = Style::Plain;
        let twins = shared::number(scalar);
        if twins > 0 {
            self.twins.push((twins, scalar.clone()));
        }
    }
}

fn is_text(scalar: &Scalar) -> bool {
    matches!(scalar.tag, Tag::Str | Tag::Unset)
}
