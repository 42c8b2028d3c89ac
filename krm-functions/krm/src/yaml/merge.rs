//! Merge keys (`<<`), resolved as kyaml does it right after reading, or as go-yaml v2 does while it decodes. Must not know
//! tokens.

use super::error::ParseProblem;
use crate::node::Entry;
use crate::{Mapping, Mark, Node, Tag};

/// Takes `<<` out of `map` and merges its value in. The map's own keys come first and win; of a list of maps the last one
/// gives the order, the first one the values. `alias_list`: the value was an alias of a list, which kyaml refuses.
pub(super) fn apply_merge_key(map: &mut Mapping, alias_list: bool) -> Result<(), (Mark, ParseProblem)> {
    let Some(at) = map.entries.iter().position(merges) else { return Ok(()) };
    let entry = map.entries.remove(at);
    let own = map.entries.len();
    for source in sources_of(entry, alias_list)? {
        for entry in source.entries {
            match map.entries.iter().position(|e| e.key.text == entry.key.text) {
                None => map.entries.push(entry),
                Some(at) if at >= own => map.entries[at].value = entry.value,
                Some(_) => {}
            }
        }
    }
    Ok(())
}

/// The same as go-yaml v2 does it: what comes later wins, be it merged in or the map's own.
pub(super) fn apply_merges_in_order(map: &mut Mapping, alias_list: bool) -> Result<(), (Mark, ParseProblem)> {
    if !map.entries.iter().any(merges) {
        return Ok(());
    }
    let mut entries = Vec::with_capacity(map.entries.len());
    for entry in std::mem::take(&mut map.entries) {
        if merges(&entry) {
            entries.extend(sources_of(entry, alias_list)?.into_iter().flat_map(|source| source.entries));
        } else {
            entries.push(entry);
        }
    }
    map.entries = entries;
    Ok(())
}

fn merges(entry: &Entry) -> bool {
    entry.key.tag == Tag::Merge && entry.key.text == "<<"
}

/// The maps that an entry merges, the strongest last.
fn sources_of(entry: Entry, alias_list: bool) -> Result<Vec<Mapping>, (Mark, ParseProblem)> {
    let Entry { key, value } = entry;
    let refused = |node: &Node| (key.mark, ParseProblem::InvalidMerge { found: node.kind_name() });
    match value {
        Node::Map(source) => Ok(vec![source]),
        Node::Seq(list) if !alias_list => {
            let maps = list.items.into_iter().rev().map(|item| match item {
                Node::Map(source) => Ok(source),
                other => Err(refused(&other)),
            });
            maps.collect()
        }
        other => Err(refused(&other)),
    }
}
