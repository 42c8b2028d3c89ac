//! An ordered set of resources. Owns uniqueness of identities; must not know why a resource is in it.

use std::collections::HashMap;

use crate::{Origin, ResId, Resource};

/// Resources in the order in which they came; no two share an identity (see [`ResId::same_as`]).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResourceSet {
    items: Vec<Resource>,
}

/// Two resources have one identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two objects are `{id}`: one from {first}, one from {second}")]
pub struct DuplicateId {
    /// The identity that both have.
    pub id: ResId,
    /// Where the one in the set came from.
    pub first: Origin,
    /// Where the refused one came from.
    pub second: Origin,
}

impl ResourceSet {
    /// Collects resources; the first one whose identity is already there is refused.
    pub fn from_resources(resources: Vec<Resource>) -> Result<Self, Box<DuplicateId>> {
        let mut seen: HashMap<ResId, usize> = HashMap::with_capacity(resources.len());
        for (index, resource) in resources.iter().enumerate() {
            let mut id = resource.id();
            id.namespace = id.effective_namespace().into();
            // Objects that the server names are never the same.
            if id.name.is_empty() {
                continue;
            }
            if let Some(first) = seen.insert(id, index) {
                return Err(Box::new(DuplicateId {
                    id: resource.id(),
                    first: resources[first].origin.clone(),
                    second: resource.origin.clone(),
                }));
            }
        }
        Ok(Self { items: resources })
    }

    /// Number of resources.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// In order.
    pub fn iter(&self) -> std::slice::Iter<'_, Resource> {
        self.items.iter()
    }

    /// In order, for changing contents. The caller keeps identities unique.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Resource> {
        self.items.iter_mut()
    }

    /// The resources, taken out.
    pub fn into_resources(self) -> Vec<Resource> {
        self.items
    }
}

impl<'a> IntoIterator for &'a ResourceSet {
    type Item = &'a Resource;
    type IntoIter = std::slice::Iter<'a, Resource>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut ResourceSet {
    type Item = &'a mut Resource;
    type IntoIter = std::slice::IterMut<'a, Resource>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}
