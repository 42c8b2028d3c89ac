//! Only some directories of a tree.

use super::walk::Item;
use crate::git::GitError;
use crate::git::store::Store;

/// The items below one of these directories. Each of them must be there.
pub(in crate::git) fn sparse(store: &Store, items: Vec<Item>, directories: &[String]) -> Result<Vec<Item>, GitError> {
    let mut wanted = Vec::new();
    for given in directories {
        let path = given.trim_start_matches("./").trim_matches('/');
        if path.is_empty() || path == "." {
            return Ok(items);
        }
        if !items.iter().any(|item| is_below(&item.path, path.as_bytes())) {
            return Err(GitError::NoDirectory { remote: store.remote.clone(), path: given.clone() });
        }
        wanted.push(path.as_bytes());
    }
    Ok(items.into_iter().filter(|item| wanted.iter().any(|path| is_below(&item.path, path))).collect())
}

fn is_below(path: &[u8], directory: &[u8]) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with(b"/"))
}
