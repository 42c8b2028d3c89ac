//! Submodules as a work tree on this disk keeps them: with their repositories beside its own. Owns where that is; nothing is asked of
//! a server, and no URL is looked at.

use std::path::{Component, Path, PathBuf};

use super::address::Address;
use super::local::LocalRepository;
use super::object::ObjectId;
use super::{Access, ProxyChoice, Remote};

impl Remote {
    /// The repository that holds this commit of a submodule: among those that git keeps by name, or at the submodule's place in
    /// the work tree. None if it is not on this disk.
    pub(super) fn module(&self, name: Option<&str>, place: &Path, commit: &ObjectId) -> Option<Self> {
        let Address::File(path) = &self.address else { return None };
        let above = LocalRepository::open(path, &self.url()).ok()?;
        let kept = name.filter(|name| stays_inside(name)).map(|name| above.modules(name)).unwrap_or_default();
        let has = |place: &PathBuf| {
            let store = LocalRepository::open(place, &self.url()).and_then(|repository| repository.store());
            store.is_ok_and(|store| matches!(store.kind(commit), Ok(Some(_))))
        };
        let found = kept.into_iter().chain([place.to_owned()]).find(has)?;
        let (address, proxy) = (Address::File(found), ProxyChoice::default());
        Some(Self { address, access: Access::Anonymous, ca: None, identity: None, proxy })
    }
}

/// A commit's `.gitmodules` may say anything.
fn stays_inside(name: &str) -> bool {
    !name.is_empty() && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside() {
        for (name, inside) in
            [("lib", true), ("vendor/lib", true), ("", false), ("../x", false), ("a/../../x", false), ("/x", false)]
        {
            assert_eq!(stays_inside(name), inside, "{name}");
        }
    }
}
