//! The walk along a specification's path. Owns what is created on the way and what stops the walk.

use krm::node::Entry;
use krm::{Mapping, Node, Scalar, Sequence, Tag};

use super::set::{put_over, quote_if_ambiguous, restyle, style_of};
use super::{Spec, Step};

/// What a specification with `create` makes of the last field where it is missing or null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Create {
    /// Nothing, whatever the specification says.
    Nothing,
    /// A map.
    Map,
    /// A scalar; a null that is there gets this tag.
    Scalar(Tag),
}

/// A field could not be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field `{path}`: {problem}")]
pub struct FieldError {
    /// The specification's path.
    pub path: String,
    /// What is wrong.
    pub problem: FieldProblem,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// The path leads through a scalar.
    #[error("`{step}` lies below {found}")]
    NotACollection {
        /// The step that could not be taken.
        step: String,
        /// What is there.
        found: &'static str,
    },
    /// A step is empty, a number, `-`, `*` or in brackets: no field of a map is found by it.
    #[error("`{step}` is no name of a field")]
    BadStep {
        /// The step.
        step: String,
    },
    /// A value of another kind belongs there.
    #[error("{expected} belongs there, it is {found}")]
    WrongKind {
        /// What belongs there.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// What should be put into a map has no key.
    #[error("the key is empty")]
    EmptyKey,
}

impl FieldProblem {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::BadStep { .. } => {
                "a path is made of the names of fields joined by `/`; a list is passed through by itself"
            }
            Self::EmptyKey => "give the label or annotation a name",
            Self::NotACollection { .. } | Self::WrongKind { .. } => "write the field as the kind's schema has it",
        }
    }
}

/// Calls `set` on every field of `node` that `spec` leads to. The caller has matched the type.
///
/// # Errors
/// The path leads through a scalar, or `set` refuses.
pub fn apply(
    spec: &Spec,
    create: Create,
    node: &mut Node,
    set: &mut dyn FnMut(&mut Node) -> Result<(), FieldProblem>,
) -> Result<(), FieldError> {
    let create = if spec.create { create } else { Create::Nothing };
    walk(spec.steps(), create, node, set)
        .map_err(|problem| FieldError { path: spec.path.clone().into_owned(), problem })
}

/// The same with problems of the caller's own, and nothing is ever created.
///
/// # Errors
/// The path leads through a scalar, or `deed` refuses.
pub fn each<E: From<FieldProblem>>(
    spec: &Spec,
    node: &mut Node,
    deed: &mut dyn FnMut(&mut Node) -> Result<(), E>,
) -> Result<(), E> {
    walk(spec.steps(), Create::Nothing, node, deed)
}

fn walk<E: From<FieldProblem>>(
    steps: &[Step],
    create: Create,
    node: &mut Node,
    set: &mut dyn FnMut(&mut Node) -> Result<(), E>,
) -> Result<(), E> {
    let Some((step, rest)) = steps.split_first() else { return set(node) };
    match node {
        Node::Scalar(scalar) if scalar.is_null() => Ok(()),
        Node::Scalar(_) => {
            Err(FieldProblem::NotACollection { step: step.name.to_string(), found: node.kind_name() }.into())
        }
        Node::Seq(seq) => seq.items.iter_mut().try_for_each(|item| walk(steps, create, item, set)),
        Node::Map(map) => {
            if !is_field_name(&step.name) {
                return Err(FieldProblem::BadStep { step: step.name.to_string() }.into());
            }
            let Some(field) = find(map, step, rest.is_empty(), create) else { return Ok(()) };
            walk(rest, create, field, set)
        }
    }
}

/// The field of a step, made where it may be. A null becomes what would be made.
fn find<'m>(map: &'m mut Mapping, step: &Step, last: bool, create: Create) -> Option<&'m mut Node> {
    let creates = !step.list && create != Create::Nothing;
    let name = step.name.trim();
    let at = map.position(name).or_else(|| {
        creates.then(|| {
            let value = match create {
                Create::Scalar(_) if last => Node::unset(""),
                _ => Node::map(),
            };
            map.entries.push(Entry { key: Scalar::new(name, Tag::Unset), value });
            map.entries.len() - 1
        })
    })?;
    let field = &mut map.entries[at].value;
    if let Node::Scalar(scalar) = field
        && scalar.is_null()
    {
        match create {
            _ if step.list => *field = Node::Seq(Sequence::default()),
            Create::Nothing => {}
            Create::Scalar(tag) if last => scalar.tag = tag,
            Create::Scalar(_) | Create::Map => *field = Node::map(),
        }
    }
    Some(field)
}

/// kustomize reads numbers, `-`, `*` and brackets as ways into lists, which a map refuses.
fn is_field_name(step: &str) -> bool {
    let step = step.trim();
    let number = step.strip_prefix(['+', '-']).unwrap_or(step);
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    !(step.is_empty() || is_number || step == "-" || step == "*" || (step.starts_with('[') && step.ends_with(']')))
}

/// Puts a scalar over the scalar (or null) that is there, in its style. Answers with the change of its twins, if it has any.
///
/// # Errors
/// A collection is there.
pub fn set_scalar(node: &mut Node, scalar: Scalar) -> Result<Option<(u32, Scalar)>, FieldProblem> {
    match node {
        Node::Scalar(_) => Ok(put_over(node, Node::Scalar(scalar))),
        _ => Err(FieldProblem::WrongKind { expected: "a scalar", found: node.kind_name() }),
    }
}

/// Sets a field of the map that is there: in the style of the old value, or at the end. Does nothing to a null. Answers with
/// the change of the old value's twins, if it has any. `scalar` itself takes on the style, as it does in kustomize, so that
/// the places it is set at next get it too.
///
/// # Errors
/// No map is there.
pub fn set_entry(node: &mut Node, key: &str, scalar: &mut Scalar) -> Result<Option<(u32, Scalar)>, FieldProblem> {
    match node {
        // Without a key kustomize sets the field itself, which is no scalar where keys belong: nearly always an error.
        Node::Scalar(_) if key.is_empty() => {
            quote_if_ambiguous(scalar);
            restyle(scalar, style_of(node));
            Ok(put_over(node, Node::Scalar(scalar.clone())))
        }
        _ if key.is_empty() => Err(FieldProblem::EmptyKey),
        Node::Map(map) => {
            quote_if_ambiguous(scalar);
            if let Some(old) = map.get_mut(key) {
                restyle(scalar, style_of(old));
                return Ok(put_over(old, Node::Scalar(scalar.clone())));
            }
            // The key has no tag there either: a number is a number, which the output refuses.
            let key = Scalar::new(key, Tag::Unset);
            map.entries.push(Entry { key, value: Node::Scalar(scalar.clone()) });
            Ok(None)
        }
        null if null.is_null() => Ok(None),
        other => Err(FieldProblem::WrongKind { expected: "a map", found: other.kind_name() }),
    }
}
