//! `configMapGenerator` and `secretGenerator`.

use krm::{Mapping, Node, namespace_or_default};

use super::EditError;
use super::fields::{Fields, key_in, set_text_in, text_in};

/// Which generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generator {
    /// `configMapGenerator`
    ConfigMap,
    /// `secretGenerator`
    Secret,
}

/// Sources for a generator, which is made if there is none of that name and namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewGenerator {
    /// Name of the ConfigMap or Secret.
    pub name: String,
    /// Its namespace; none and `default` are the same.
    pub namespace: String,
    /// `key=value`
    pub literals: Vec<String>,
    /// `file` or `key=file`
    pub files: Vec<String>,
    /// A file of `KEY=value` lines; empty for none.
    pub env_file: String,
    /// `create`, `merge` or `replace`; empty to leave it.
    pub behavior: String,
    /// Type of a new Secret.
    pub secret_type: String,
    /// No hash in its name.
    pub disable_name_suffix_hash: bool,
}

/// What happens to a generator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GeneratorChange {
    /// Adds sources.
    Add(NewGenerator),
    /// Gives existing literals other values, and perhaps another namespace.
    Set {
        /// Its name.
        name: String,
        /// Its namespace.
        namespace: String,
        /// `key=value`
        literals: Vec<String>,
        /// Its new namespace; empty to leave it.
        new_namespace: String,
    },
    /// Removes generators by name.
    Remove {
        /// Their names.
        names: Vec<String>,
        /// Their namespace.
        namespace: String,
    },
}

impl Generator {
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::ConfigMap => "configMapGenerator",
            Self::Secret => "secretGenerator",
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }
}

fn same_namespace(a: &str, b: &str) -> bool {
    namespace_or_default(a) == namespace_or_default(b)
}

pub(super) fn change(fields: &mut Fields<'_>, generator: Generator, change: &GeneratorChange) -> Result<(), EditError> {
    let mut items = fields.items(generator.field());
    match change {
        GeneratorChange::Add(new) => {
            let at = position(&items, &new.name, &new.namespace).unwrap_or_else(|| {
                items.push(fresh(generator, new));
                items.len() - 1
            });
            if let Some(item) = items[at].as_map_mut() {
                add(item, new);
            }
        }
        GeneratorChange::Set { name, namespace, literals, new_namespace } => {
            let absent = || EditError::Absent { what: generator.noun(), name: name.clone() };
            let at = position(&items, name, namespace).ok_or_else(absent)?;
            if let Some(item) = items[at].as_map_mut() {
                set_literals(item, literals)?;
                if !new_namespace.is_empty() {
                    set_text_in(item, "namespace", new_namespace);
                }
            }
        }
        GeneratorChange::Remove { names, namespace } => {
            let goes = |item: &Node| {
                names.iter().any(|name| name == text_in(item, "name"))
                    && same_namespace(text_in(item, "namespace"), namespace)
            };
            for name in names {
                if position(&items, name, namespace).is_some() {
                    continue;
                }
                if !items.iter().any(goes) {
                    return Err(EditError::Absent { what: generator.noun(), name: name.clone() });
                }
                fields.note(format!("{} `{name}` is not in the kustomization", generator.noun()));
            }
            items.retain(|item| !goes(item));
        }
    }
    fields.set_items(generator.field(), items);
    Ok(())
}

fn position(items: &[Node], name: &str, namespace: &str) -> Option<usize> {
    items.iter().position(|item| text_in(item, "name") == name && same_namespace(text_in(item, "namespace"), namespace))
}

fn fresh(generator: Generator, new: &NewGenerator) -> Node {
    let mut item = Mapping::default();
    set_text_in(&mut item, "name", &new.name);
    set_text_in(&mut item, "namespace", &new.namespace);
    if generator == Generator::Secret {
        set_text_in(&mut item, "type", &new.secret_type);
    }
    Node::Map(item)
}

fn add(item: &mut Mapping, new: &NewGenerator) {
    extend(item, "literals", &new.literals);
    extend(item, "files", &new.files);
    if !new.env_file.is_empty() {
        fold_env(item);
        extend(item, "envs", std::slice::from_ref(&new.env_file));
    }
    if new.disable_name_suffix_hash {
        let key = key_in(item, "options").unwrap_or_else(|| "options".to_owned());
        let mut options = item.get(&key).and_then(Node::as_map).cloned().unwrap_or_default();
        let name = key_in(&options, "disableNameSuffixHash").unwrap_or_else(|| "disableNameSuffixHash".to_owned());
        if options.get(&name) != Some(&Node::bool(true)) {
            options.set(name.as_str(), Node::bool(true));
        }
        item.set(key.as_str(), Node::Map(options));
    }
    if !new.behavior.is_empty() {
        set_text_in(item, "behavior", &new.behavior);
    }
}

/// The old `env` becomes the last of `envs`.
pub(super) fn fold_env(item: &mut Mapping) {
    let Some(key) = key_in(item, "env") else { return };
    if let Some(Node::Scalar(env)) = item.remove(&key).filter(|env| !env.is_null() && env.as_str() != Some("")) {
        extend(item, "envs", &[env.text.to_string()]);
    }
}

fn extend(item: &mut Mapping, name: &str, new: &[String]) {
    if new.is_empty() {
        return;
    }
    let key = key_in(item, name).unwrap_or_else(|| name.to_owned());
    let new = new.iter().map(|text| Node::string(text.as_str()));
    match item.get_mut(&key) {
        Some(Node::Seq(list)) => list.items.extend(new),
        _ => drop(item.set(key.as_str(), Node::seq(new.collect()))),
    }
}

/// Every literal must be of the form `key=value`, its value without an equals sign, and be there already.
fn set_literals(item: &mut Mapping, literals: &[String]) -> Result<(), EditError> {
    if literals.is_empty() {
        return Ok(());
    }
    let key = key_in(item, "literals").unwrap_or_else(|| "literals".to_owned());
    let mut list = item.get(&key).and_then(Node::as_seq).map(<[Node]>::to_vec).unwrap_or_default();
    let known: Vec<String> = list
        .iter()
        .map(|node| key_of(node.as_str().unwrap_or_default()).map(str::to_owned))
        .collect::<Result<_, _>>()?;
    for literal in literals {
        let name = key_of(literal)?;
        let at = known.iter().position(|known| known == name);
        let at = at.ok_or_else(|| EditError::Absent { what: "key", name: name.to_owned() })?;
        if list[at].as_str() != Some(literal)
            && let Node::Scalar(scalar) = &mut list[at]
        {
            scalar.text = literal.as_str().into();
        }
    }
    // Of a key that was there twice, the last value counted and one stays.
    let mut seen = Vec::new();
    let mut index = 0;
    list.retain(|_| {
        let first = !seen.contains(&known[index]);
        seen.push(known[index].clone());
        index += 1;
        first
    });
    if let Some(Node::Seq(old)) = item.get_mut(&key) {
        old.items = list;
    }
    Ok(())
}

/// A value may be secret: an error never repeats it.
fn key_of(literal: &str) -> Result<&str, EditError> {
    match literal.split_once('=') {
        Some((key, value)) if !value.contains('=') => Ok(key),
        Some((key, _)) => {
            Err(EditError::Argument { text: format!("{key}=…"), expected: "a literal with one equals sign" })
        }
        None => Err(EditError::Argument { text: "…".to_owned(), expected: "a literal of the form `key=value`" }),
    }
}
