//! `vars`: `$(NAME)` in certain fields stands for a field of some resource.
//!
//! Owns gathering the vars of all kustomizations, which resource each reads from, their values, and putting these in. A var
//! marks its resource where it is declared, so that it is found under whatever name it has at the end; values are read and put
//! in once, at the very end, when all names are final. Must not know which fields hold vars (see `tables`).

mod error;
mod expand;
mod put;
mod value;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use krm::{Gvk, ResId, namespace_or_default};

use crate::draft::{Draft, DraftSet, FormerId};
use crate::error::Place;
use crate::fieldpath::Path;
use crate::fieldspec::Spec;
use crate::kustomization;

pub use error::VarsError;

use value::Value;

const DEFAULT_PATH: &str = "metadata.name";

/// Vars by name.
#[derive(Debug, Default)]
pub struct Vars {
    by_name: BTreeMap<String, Var>,
}

/// A var as it was declared.
#[derive(Debug)]
struct Var {
    object: ResId,
    path: Path,
    place: Place,
}

/// A var, or what it does, is wrong, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Failed {
    /// What is wrong.
    pub error: VarsError,
    /// Where.
    pub place: Place,
}

impl Vars {
    /// Adds what a kustomization in `file` declares, and marks the resources that are meant.
    ///
    /// # Errors
    /// A name is there already, or several resources are meant.
    pub fn declare(&mut self, records: &[kustomization::Var], file: &str, drafts: &mut DraftSet) -> Result<(), Failed> {
        for (index, record) in records.iter().enumerate() {
            let place = Place::field(file, format!("vars[{index}]"), record.mark);
            let var = Var::read(record, place)?;
            var.mark_object(&record.name, drafts)?;
            let place = var.place.clone();
            self.add(record.name.clone(), var).map_err(|error| Failed { error, place })?;
        }
        Ok(())
    }

    /// Adds those of a base. Two of one name are refused, even if they are the same.
    ///
    /// # Errors
    /// A name is there already.
    pub fn merge(&mut self, base: Self) -> Result<(), VarsError> {
        base.by_name.into_iter().try_for_each(|(name, var)| self.add(name, var))
    }

    fn add(&mut self, name: String, var: Var) -> Result<(), VarsError> {
        if let Some(there) = self.by_name.get(&name) {
            return Err(VarsError::Twice { name, first: there.place.to_string(), second: var.place.to_string() });
        }
        self.by_name.insert(name, var);
        Ok(())
    }

    /// Reads every value and puts it in wherever `specs` say that vars may stand. Answers with what the user should know.
    ///
    /// # Errors
    /// A var's resource or field is missing, or a field holds what no var can stand in.
    pub fn resolve(&self, drafts: &mut DraftSet, specs: &[Spec]) -> Result<Vec<String>, Failed> {
        if self.by_name.is_empty() {
            return Ok(Vec::new());
        }
        let values = self.values(drafts)?;
        let used = put::put(drafts, specs, &values)?;
        Ok(self.unused(&values, &used))
    }

    fn values(&self, drafts: &DraftSet) -> Result<BTreeMap<&str, Value>, Failed> {
        let mut homes: HashMap<&str, &Draft> = HashMap::new();
        for draft in drafts.iter().filter(|draft| !draft.is_empty()) {
            for name in &draft.read_by_vars {
                homes.entry(name).or_insert(draft);
            }
        }
        let mut values = BTreeMap::new();
        for (name, var) in &self.by_name {
            let failed = |error| Failed { error, place: var.place.clone() };
            let home = homes.get(name.as_str()).ok_or_else(|| failed(var.missing(name, drafts)))?;
            values.insert(name.as_str(), Value::read(name, &var.path, home).map_err(failed)?);
        }
        Ok(values)
    }

    fn unused(&self, values: &BTreeMap<&str, Value>, used: &BTreeSet<&str>) -> Vec<String> {
        let unused = self.by_name.iter().filter(|(name, _)| !used.contains(name.as_str()));
        let warning = |(name, var): (&String, &Var)| match values.get(name.as_str()) {
            Some(Value::Collection(kind)) => {
                format!("{}: var `{name}` is {kind}, which cannot stand in a text", var.place.file)
            }
            _ => format!("{}: var `{name}` is never used where vars are replaced", var.place.file),
        };
        unused.map(warning).collect()
    }
}

impl Var {
    fn read(record: &kustomization::Var, place: Place) -> Result<Self, Failed> {
        let kustomization::ObjectReference { api_version, group, version, kind, name, namespace, mark: _ } =
            &record.objref;
        let (group, version) = match api_version.split('/').collect::<Vec<_>>().as_slice() {
            [version] if !version.is_empty() => (group.as_str(), *version),
            [group, version] => (*group, *version),
            _ => (group.as_str(), version.as_str()),
        };
        let object = ResId {
            gvk: Gvk::new(group, version, kind.as_str()),
            namespace: namespace.as_str().into(),
            name: name.as_str().into(),
        };
        let written = Some(record.fieldref.field_path.as_str()).filter(|path| !path.is_empty());
        let text = written.unwrap_or(DEFAULT_PATH);
        match Path::with_indices(text) {
            Ok(path) => Ok(Self { object, path, place }),
            Err(source) => {
                let error = VarsError::Path { name: record.name.clone(), path: text.to_owned(), source };
                Err(Failed { error, place })
            }
        }
    }

    /// Notes in the resource that is meant that this var reads from it. None is fine so far.
    fn mark_object(&self, name: &str, drafts: &mut DraftSet) -> Result<(), Failed> {
        let called = drafts.positions_called(&self.object.name).iter().copied();
        let meant: Vec<usize> =
            called.filter(|position| drafts.get(*position).is_some_and(|draft| self.means(draft))).collect();
        match meant.as_slice() {
            [] => {}
            [position] => drafts.change(*position, |draft| draft.read_by_vars.push(name.to_owned())),
            several => {
                let id = |position: &usize| drafts.get(*position).map(|draft| format!("`{}`", draft.id()));
                let matches = several.iter().filter_map(id).collect();
                let error = VarsError::Ambiguous { name: name.to_owned(), object: self.object.to_string(), matches };
                return Err(Failed { error, place: self.place.clone() });
            }
        }
        Ok(())
    }

    /// Is or was the resource called so? Group, version and kind must be equal, empty ones too; no namespace means any.
    fn means(&self, draft: &Draft) -> bool {
        let (wanted, gvk) = (&self.object, draft.gvk());
        if draft.is_empty() || wanted.gvk.group != gvk.group || wanted.gvk.version != gvk.version {
            return false;
        }
        let in_namespace = |namespace: &str| {
            wanted.namespace.is_empty() || wanted.effective_namespace() == namespace_or_default(namespace)
        };
        let former = |former: &FormerId| {
            former.name == wanted.name && former.kind == wanted.gvk.kind && in_namespace(&former.namespace)
        };
        draft.name() == wanted.name && gvk.kind == wanted.gvk.kind && in_namespace(&draft.effective_namespace())
            || draft.history().iter().any(former)
    }

    fn missing(&self, name: &str, drafts: &DraftSet) -> VarsError {
        let api_version = Some(self.object.gvk.api_version()).filter(|text| !text.is_empty());
        VarsError::NoObject {
            name: name.to_owned(),
            object: self.object.to_string(),
            api_version: api_version.unwrap_or_else(|| "no apiVersion".to_owned()),
            candidates: drafts.candidates(&self.object).into_iter().map(|text| format!("`{text}`")).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
