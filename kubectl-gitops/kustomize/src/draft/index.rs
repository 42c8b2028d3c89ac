//! Where in a set the ids and names are. Owns when that knowledge must be thrown away; must not know what is done with it.

use std::collections::HashMap;
use std::sync::OnceLock;

use krm::{ResId, Text};

use super::Draft;
use crate::schema::Schema;

/// Made when first asked for, kept up while drafts are added or changed one at a time. Never decides equality of sets.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// Position of each current id, with its effective namespace. The last one, should two be called the same.
    ids: OnceLock<HashMap<ResId, usize>>,
    /// Positions of all that are or were called so. May name some that are not any more: who asks looks again.
    names: OnceLock<HashMap<Text, Vec<usize>>>,
}

impl PartialEq for Index {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Index {
    /// Position of each current id.
    pub(super) fn ids(&mut self, items: &[Draft], schema: &Schema) -> &mut HashMap<ResId, usize> {
        self.ids
            .get_or_init(|| items.iter().enumerate().map(|(at, draft)| (schema.normalised(draft.id()), at)).collect());
        self.ids.get_mut().expect("made just above")
    }

    /// Are the ids known, and so known to be unique?
    pub(super) fn knows_ids(&self) -> bool {
        self.ids.get().is_some()
    }

    /// Positions that may be or may have been called `name`, ascending.
    pub(super) fn called(&self, items: &[Draft], name: &str) -> &[usize] {
        let names = self.names.get_or_init(|| {
            let mut names = HashMap::new();
            for (at, draft) in items.iter().enumerate() {
                note(&mut names, draft, at);
            }
            names
        });
        names.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// A draft was added at the end.
    pub(super) fn added(&mut self, draft: &Draft, at: usize) {
        if let Some(names) = self.names.get_mut() {
            note(names, draft, at);
        }
    }

    /// A draft was changed; its id is another if `renamed`.
    pub(super) fn changed(&mut self, draft: &Draft, at: usize, renamed: bool) {
        if let Some(names) = self.names.get_mut() {
            note(names, draft, at);
        }
        if renamed {
            self.ids.take();
        }
    }

    /// Anything may have happened.
    pub(super) fn forget(&mut self) {
        self.ids.take();
        self.names.take();
    }
}

fn note(names: &mut HashMap<Text, Vec<usize>>, draft: &Draft, at: usize) {
    let former = draft.history().iter().map(|former| former.name.clone());
    for name in former.chain([Text::from(draft.name())]) {
        let positions = names.entry(name).or_default();
        if let Err(place) = positions.binary_search(&at) {
            positions.insert(place, at);
        }
    }
}
