//! New parts as text, at a column. Owns nothing of how YAML is written (see `krm::yaml`), only where its lines go.

use krm::yaml::emit_function_with;
use krm::{Entry, Mapping, Node, Scalar, Sequence, Style, Tag};

use super::{Fit, Rewriter, Unfit};

/// The key without the comments above and below it, which stay in the text.
pub(super) fn without_outer_comments(key: &Scalar) -> Scalar {
    let mut key = key.clone();
    if let Some(extra) = &mut key.extra {
        extra.head_comment = "".into();
        extra.foot_comment = "".into();
    }
    key
}

impl Rewriter<'_> {
    /// `key: value` in lines of its own.
    pub(super) fn printed_entry(&self, key: &Scalar, value: &Node, column: usize) -> Fit<String> {
        let entries = vec![Entry { key: key.clone(), value: value.clone() }];
        self.printed(&Node::Map(Mapping { entries, ..Mapping::default() }), column)
    }

    /// `- item` in lines of its own.
    pub(super) fn printed_item(&self, item: &Node, column: usize) -> Fit<String> {
        self.printed(&Node::Seq(Sequence { items: vec![item.clone()], ..Sequence::default() }), column)
    }

    fn printed(&self, node: &Node, column: usize) -> Fit<String> {
        let mut plain = String::new();
        let mut node = node.clone();
        quote_words(&mut node);
        emit_function_with(&node, self.lists, &mut plain).map_err(|_| Unfit)?;
        let indent = " ".repeat(column);
        let mut text = String::with_capacity(plain.len() + 64);
        for line in plain.lines() {
            if !line.is_empty() {
                text.push_str(&indent);
                text.push_str(line);
            }
            text.push('\n');
        }
        Ok(text)
    }

    /// A scalar alone, in the style of the one it replaces as far as that can hold it.
    pub(super) fn printed_scalar(&self, scalar: &Scalar, style: Style) -> Fit<String> {
        let style = match style {
            Style::SingleQuoted | Style::DoubleQuoted if scalar.tag == krm::Tag::Str => style,
            _ => scalar.style,
        };
        let node = Node::Scalar(Scalar { style, extra: None, ..scalar.clone() });
        let text = self.printed_entry(&Scalar::string("k"), &node, 0)?;
        text.strip_prefix("k: ").map(|text| text.trim_end_matches('\n').to_owned()).ok_or(Unfit)
    }

    /// A node in one line, to stand between brackets.
    pub(super) fn printed_in_flow(&self, node: &Node) -> Fit<String> {
        let list = Sequence { items: vec![in_flow(node)], style: Style::Flow, ..Sequence::default() };
        let text = self.printed_entry(&Scalar::string("k"), &Node::Seq(list), 0)?;
        let inner = text.strip_prefix("k: [").and_then(|text| text.trim_end_matches('\n').strip_suffix(']'));
        inner.filter(|text| !text.contains('\n')).map(str::to_owned).ok_or(Unfit)
    }
}

/// The node with every collection in flow style.
fn in_flow(node: &Node) -> Node {
    match node {
        Node::Scalar(scalar) => Node::Scalar(Scalar { extra: None, ..scalar.clone() }),
        Node::Seq(seq) => {
            let items = seq.items.iter().map(in_flow).collect();
            Node::Seq(Sequence { items, style: Style::Flow, ..Sequence::default() })
        }
        Node::Map(map) => {
            let entries = map.entries.iter().map(|e| Entry { key: e.key.clone(), value: in_flow(&e.value) }).collect();
            Node::Map(Mapping { entries, style: Style::Flow, ..Mapping::default() })
        }
    }
}

/// kustomize reads its own file with YAML 1.1, where these words are booleans unless they are quoted; the printer knows 1.2.
pub(in crate::edit) fn quote_words(node: &mut Node) {
    match node {
        Node::Scalar(scalar) => quote_word(scalar),
        Node::Seq(seq) => seq.items.iter_mut().for_each(quote_words),
        Node::Map(map) => {
            for entry in &mut map.entries {
                quote_word(&mut entry.key);
                quote_words(&mut entry.value);
            }
        }
    }
}

fn quote_word(scalar: &mut Scalar) {
    const WORDS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "true", "false"];
    let is_word = WORDS.iter().any(|word| scalar.text.eq_ignore_ascii_case(word));
    if scalar.tag == Tag::Str && matches!(scalar.style, Style::Plain | Style::Flow) && is_word {
        scalar.style = Style::DoubleQuoted;
    }
}
