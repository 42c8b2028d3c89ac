//! Merge keys (`<<`), resolved as kyaml does it right after reading. Must not know tokens.

use super::error::ParseProblem;
use crate::node::Entry;
use crate::{Mapping, Mark, Node, Tag};

/// Takes `<<` out of `map` and merges its value in. The map's own keys come first and win; of a list of maps the last one
/// gives the order, the first one the values. `alias_list`: the value was an alias of a list, which kyaml refuses.
pub(super) fn apply_merge_key(map: &mut Mapping, alias_list: bool) -> Result<(), (Mark, ParseProblem)> {
    let merges = |entry: &Entry| entry.key.tag == Tag::Merge && entry.key.text == "<<";
    let Some(at) = map.entries.iter().position(merges) else { return Ok(()) };
    let Entry { key, value } = map.entries.remove(at);
    let refused = |node: &Node| (key.mark, ParseProblem::InvalidMerge { found: node.kind_name() });
    let sources = match value {
        Node::Map(source) => vec![source],
        Node::Seq(list) if !alias_list => {
            let maps = list.items.into_iter().rev().map(|item| match item {
                Node::Map(source) => Ok(source),
                other => Err(refused(&other)),
            });
            maps.collect::<Result<_, _>>()?
        }
        other => return Err(refused(&other)),
    };
    let own = map.entries.len();
    for source in sources {
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
