//! Comments on the way in: which node of a pair or collection keeps them, by go-yaml v3's rules. Must not know tokens.

use super::build::short_tag;
use super::parse::Comments;
use crate::node::{Entry, Extra};
use crate::{Mapping, Node, Scalar, Style};

/// A foot comment at a key of a block map ended the entry before it.
pub(super) fn begin_key(map: &mut Mapping, mut key: Scalar) -> Scalar {
    if map.style != Style::Flow
        && let Some(extra) = &mut key.extra
        && !extra.foot_comment.is_empty()
        && let Some(previous) = map.entries.last_mut()
    {
        previous.key.extra.get_or_insert_default().foot_comment = std::mem::take(&mut extra.foot_comment);
    }
    key
}

pub(super) fn push_entry(map: &mut Mapping, mut key: Scalar, mut value: Node) {
    // A foot comment of the value is kept at the key.
    let extra = match &mut value {
        Node::Scalar(s) => &mut s.extra,
        Node::Seq(s) => &mut s.extra,
        Node::Map(m) => &mut m.extra,
    };
    if let Some(extra) = extra
        && !extra.foot_comment.is_empty()
        && key.extra.as_ref().is_none_or(|e| e.foot_comment.is_empty())
    {
        key.extra.get_or_insert_default().foot_comment = std::mem::take(&mut extra.foot_comment);
    }
    map.entries.push(Entry { key, value });
}

pub(super) fn end_map_comments(map: &mut Mapping, comments: Comments) {
    set_end_comments(&mut map.extra, comments);
    if map.style != Style::Flow
        && let Some(extra) = &mut map.extra
        && !extra.foot_comment.is_empty()
        && let Some(last) = map.entries.last_mut()
    {
        last.key.extra.get_or_insert_default().foot_comment = std::mem::take(&mut extra.foot_comment);
    }
}

/// What the end says replaces what the start said, nothing included.
pub(super) fn set_end_comments(extra: &mut Option<Box<Extra>>, comments: Comments) {
    if extra.is_some() || !comments.line.is_empty() || !comments.foot.is_empty() {
        let extra = extra.get_or_insert_default();
        extra.line_comment = comments.line.into();
        extra.foot_comment = comments.foot.into();
    }
}

pub(super) fn extra_of(tag: Option<String>, comments: Comments) -> Option<Box<Extra>> {
    if tag.is_none() && comments.is_empty() {
        return None;
    }
    Some(Box::new(Extra {
        shared: 0,
        tag: tag.map(short_tag),
        head_comment: comments.head.into(),
        line_comment: comments.line.into(),
        foot_comment: comments.foot.into(),
    }))
}
