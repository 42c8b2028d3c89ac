//! From a revision to files: which of the tree, with which submodules. Everything that is written counts against one budget, and
//! links are followed through all of it before any is made.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;

use super::object::{EntryMode, ObjectId};
use super::origin::{Notes, Origin, Wanted};
use super::tree::{self, IgnoreRules, Item, Modules, Written};
use super::{Deadline, GitError, LeftOut, Limits, Remote, Wants};

/// Submodules in each other.
const NESTING_MAX: usize = 8;
/// Largest `.gitmodules` and `.sourceignore`.
const RULES_BYTES_MAX: u64 = 1 << 20;

/// One check-out with all of its submodules.
pub(super) struct CheckOut<'a> {
    pub(super) wants: &'a Wants,
    pub(super) limits: &'a Limits,
    pub(super) deadline: &'a Deadline,
    pub(super) into: &'a Path,
    pub(super) written: Written,
    pub(super) submodules: usize,
    pub(super) notes: Notes,
    /// Submodules that are not on this disk, where they were to come from it.
    pub(super) missing: Vec<(String, String)>,
}

/// One repository of it.
pub(super) struct Place<'a> {
    pub(super) remote: &'a Remote,
    pub(super) commit: ObjectId,
    /// The branch or tag it was found by.
    pub(super) name: &'a str,
    /// Where it lies in the tree, with `/`; empty for the top.
    pub(super) prefix: Vec<u8>,
    pub(super) nesting: usize,
}

/// The tag object of this name, if there is one.
async fn annotated_tag(origin: &mut Origin, name: &str) -> Result<Option<ObjectId>, GitError> {
    let full = if name.starts_with("refs/") { name.to_owned() } else { format!("refs/tags/{name}") };
    let refs = origin.refs(std::slice::from_ref(&full)).await?;
    Ok(refs.iter().find(|found| found.name == full && found.peeled.is_some()).map(|found| found.id))
}

impl CheckOut<'_> {
    /// Everything. Gives the links that were not made.
    pub(super) async fn run(
        &mut self,
        remote: &Remote,
        commit: ObjectId,
        name: &str,
    ) -> Result<Vec<LeftOut>, GitError> {
        self.repository(Place { remote, commit, name, prefix: Vec::new(), nesting: 0 }).await?;
        self.written.link(self.into, &remote.url())
    }

    fn repository<'b>(&'b mut self, place: Place<'b>) -> Pin<Box<dyn Future<Output = Result<(), GitError>> + 'b>> {
        Box::pin(async move {
            let mut origin = place.remote.origin(self.limits)?;
            let verify = self.wants.verify.as_ref().filter(|_| place.nesting == 0);
            let tag = match verify.filter(|verify| verify.needs_tag()) {
                Some(_) => annotated_tag(&mut origin, place.name).await?,
                None => None,
            };
            if let Some(branch) = self.wants.within.as_deref().filter(|_| place.nesting == 0) {
                origin.require_on_branch(place.commit, branch).await?;
            }
            let others = tag.into_iter().collect();
            let cache = self.wants.cache.as_deref();
            let wanted = Wanted { commit: place.commit, name: place.name, others, cache };
            let store = origin.fetch(&wanted, &mut self.notes).await?;
            if let Some(verify) = verify {
                verify.check(&store, place.commit, place.name, tag)?;
            }
            let top = store.commit(&place.commit)?.tree;
            let mut items = tree::walk(&store, top, self.limits)?;
            let modules = match items.iter().find(|item| item.path == b".gitmodules" && item.mode != EntryMode::Link) {
                Some(item) if self.wants.submodules => Modules::parse(&store.blob(&item.id, RULES_BYTES_MAX)?),
                _ => Modules::default(),
            };
            if place.nesting == 0 {
                items = self.chosen(&store, items)?;
            }
            self.written.files(&store, &items, self.into, &place.prefix, (self.limits, self.deadline))?;
            if self.wants.submodules {
                // The objects of the one above are not needed any more.
                drop(store);
                for item in items.iter().filter(|item| item.mode == EntryMode::Submodule) {
                    self.submodule(&place, &modules, item).await?;
                }
            }
            Ok(())
        })
    }

    async fn submodule(&mut self, above: &Place<'_>, modules: &Modules, item: &Item) -> Result<(), GitError> {
        let bad = |reason: String| GitError::Submodule { remote: above.remote.url(), path: item.shown(), reason };
        self.submodules += 1;
        if self.submodules > self.limits.submodules || above.nesting >= NESTING_MAX {
            return Err(bad(format!("there are more than {}, or they nest too deeply", self.limits.submodules)));
        }
        let mut prefix = above.prefix.clone();
        prefix.extend_from_slice(&item.path);
        let remote = if let Some(top) = &self.wants.beside {
            let path = String::from_utf8_lossy(&prefix).into_owned();
            let Some(remote) = above.remote.module(modules.name(&item.path), &top.join(&path), &item.id) else {
                self.missing.push((path, item.id.to_string()));
                return Ok(());
            };
            remote
        } else {
            let url = modules.url(&item.path);
            let url = url.ok_or_else(|| bad(".gitmodules does not say where it is".to_owned()))?;
            above.remote.submodule(url).map_err(bad)?
        };
        prefix.push(b'/');
        let place = Place { remote: &remote, commit: item.id, name: "", prefix, nesting: above.nesting + 1 };
        self.repository(place).await
    }

    /// Only what is wanted of the tree.
    fn chosen(&self, store: &super::store::Store, mut items: Vec<Item>) -> Result<Vec<Item>, GitError> {
        if !self.wants.sparse.is_empty() {
            items = tree::sparse(store, items, &self.wants.sparse)?;
        }
        if !self.wants.source_ignore {
            return Ok(items);
        }
        let mut files = BTreeMap::new();
        for item in items.iter().filter(|item| tree::is_ignore_file(&item.path) && item.mode != EntryMode::Submodule) {
            files.insert(item.path.clone(), store.blob(&item.id, RULES_BYTES_MAX)?);
        }
        let files = files.iter().map(|(path, content)| (path.as_slice(), content.as_slice()));
        let rules = IgnoreRules::new(files.collect(), self.wants.ignore.as_deref());
        items.retain(|item| !rules.excludes(&item.path));
        Ok(items)
    }
}
