//! YAML files, of which each document is a branch. Comments become lines among entries and items, and find their place again when they
//! are written. Must not know encryption.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::node::Extra;
use krm::yaml::{Decoded, Limits, decode_scalar, emit_encoder, encoded_string, parse_stream, yaml_float};
use krm::{Entry as NodeEntry, Mapping, Masked, Node, Scalar, Sequence, Style, Tag};
use zeroize::Zeroize as _;

use super::{Branches, StoreProblem};
use crate::sops::value::{Branch, Comment, Entry, Item, Value};

/// Columns after which Go breaks base64.
const BASE64_LINE: usize = 70;

/// Reads every document.
pub(super) fn read(bytes: &[u8]) -> Result<Branches, StoreProblem> {
    let text = std::str::from_utf8(bytes).map_err(|_| StoreProblem::NotText)?;
    let parsed = parse_stream(text, "", &Limits::default());
    let mut roots =
        parsed.map_err(|error| StoreProblem::Yaml(format!("line {}: {}", error.mark.line, error.problem)))?;
    let branches = roots.iter().map(from_node).collect();
    for root in &mut roots {
        root.zeroize();
    }
    branches
}

/// The branch of a document.
pub(crate) fn from_node(root: &Node) -> Result<Branch, StoreProblem> {
    let mut branch = Branch::new();
    match root {
        Node::Map(map) => read_map(map, true, &mut branch)?,
        Node::Scalar(scalar) if scalar.is_null() => {
            push_comments(scalar.extra.as_deref(), Part::Head, false, &mut branch);
            push_comments(scalar.extra.as_deref(), Part::Foot, false, &mut branch);
        }
        other => return Err(StoreProblem::NotAMap { found: other.kind_name(), line: other.mark().line }),
    }
    Ok(branch)
}

#[derive(Clone, Copy)]
enum Part {
    Head,
    Line,
    Foot,
}

/// A collection that takes lines of comment.
trait Lines {
    fn push_line(&mut self, comment: Comment);
}

impl Lines for Branch {
    fn push_line(&mut self, comment: Comment) {
        self.push(Entry::Comment(comment));
    }
}

impl Lines for Vec<Item> {
    fn push_line(&mut self, comment: Comment) {
        self.push(Item::Comment(comment));
    }
}

fn push_comments(extra: Option<&Extra>, part: Part, inline: bool, out: &mut impl Lines) {
    let Some(extra) = extra else { return };
    let text = match part {
        Part::Head => &extra.head_comment,
        Part::Line => &extra.line_comment,
        Part::Foot => &extra.foot_comment,
    };
    for line in text.split('\n').filter(|line| !line.is_empty()) {
        let text = line.strip_prefix('#').unwrap_or(line);
        out.push_line(Comment { inline, ..Comment::line(text) });
    }
}

fn read_map(map: &Mapping, own_comments: bool, out: &mut Branch) -> Result<(), StoreProblem> {
    if own_comments {
        push_comments(map.extra.as_deref(), Part::Head, false, out);
        push_comments(map.extra.as_deref(), Part::Line, false, out);
    }
    for NodeEntry { key, value } in &map.entries {
        push_comments(key.extra.as_deref(), Part::Head, false, out);
        push_comments(key.extra.as_deref(), Part::Line, false, out);
        if let Node::Scalar(scalar) = value {
            push_comments(scalar.extra.as_deref(), Part::Head, false, out);
            push_comments(scalar.extra.as_deref(), Part::Line, true, out);
        }
        if !matches!(key.tag, Tag::Str | Tag::Merge) {
            return Err(StoreProblem::KeyIsNoText { key: key.text.to_string(), line: key.mark.line });
        }
        let read = read_value(value, &key.text, true)?;
        out.push(Entry::Pair(key.text.to_string(), read));
        if let Node::Scalar(scalar) = value {
            push_comments(scalar.extra.as_deref(), Part::Foot, false, out);
        }
        push_comments(key.extra.as_deref(), Part::Foot, false, out);
    }
    if own_comments {
        push_comments(map.extra.as_deref(), Part::Foot, false, out);
    }
    Ok(())
}

fn read_value(node: &Node, key: &str, own_comments: bool) -> Result<Value, StoreProblem> {
    match node {
        Node::Scalar(scalar) => read_scalar(scalar, key),
        Node::Map(map) => {
            let mut branch = Branch::new();
            read_map(map, own_comments, &mut branch)?;
            Ok(Value::Map(branch))
        }
        Node::Seq(seq) => read_list(seq, key, own_comments),
    }
}

fn read_list(seq: &Sequence, key: &str, own_comments: bool) -> Result<Value, StoreProblem> {
    let mut items = Vec::new();
    if own_comments {
        push_comments(seq.extra.as_deref(), Part::Head, false, &mut items);
        push_comments(seq.extra.as_deref(), Part::Line, false, &mut items);
    }
    for item in &seq.items {
        let extra = extra_of(item);
        push_comments(extra, Part::Head, false, &mut items);
        push_comments(extra, Part::Line, true, &mut items);
        items.push(Item::Value(read_value(item, key, false)?));
        push_comments(extra, Part::Foot, false, &mut items);
    }
    if own_comments {
        push_comments(seq.extra.as_deref(), Part::Foot, false, &mut items);
    }
    Ok(Value::List(items))
}

fn extra_of(node: &Node) -> Option<&Extra> {
    match node {
        Node::Scalar(scalar) => scalar.extra.as_deref(),
        Node::Seq(seq) => seq.extra.as_deref(),
        Node::Map(map) => map.extra.as_deref(),
    }
}

pub(super) fn read_scalar(scalar: &Scalar, key: &str) -> Result<Value, StoreProblem> {
    let refuse = |what| Err(StoreProblem::NoValue { key: key.to_owned(), line: scalar.mark.line, what });
    Ok(match decode_scalar(scalar) {
        Some(Decoded::Null) => Value::Null,
        Some(Decoded::Bool(value)) => Value::Bool(value),
        Some(Decoded::Int(int)) => Value::Int(int),
        Some(Decoded::Uint(_)) => return refuse("a number that is too large"),
        Some(Decoded::Float(float)) => Value::Float(float),
        Some(Decoded::Time(time)) => Value::Time(time),
        Some(Decoded::Text(text)) => Value::text(text),
        Some(Decoded::Bytes(bytes)) => Value::Text(Masked::new(bytes)),
        None => return refuse("not what its tag says"),
    })
}

/// Appends every document, indented by so many columns.
pub(super) fn write(branches: &Branches, indent: u8, out: &mut Vec<u8>) -> Result<(), StoreProblem> {
    let mut text = Masked::new(String::new());
    emit(branches, (indent, Blocks::AsSops), text.expose_mut())?;
    // SOPS writes some texts, and comments at the end of lists, so that neither it nor anybody else can read them again.
    let any = |is: fn(&Value) -> bool| branches.iter().any(|branch| is(&Value::Map(branch.clone())));
    let lost = any(is_delicate) && !is_readable(text.expose(), indent);
    if lost || any(has_comments_apart) && read(text.expose().as_bytes()).is_err() {
        text = Masked::new(String::new());
        emit(branches, (indent, Blocks::Safe), text.expose_mut())?;
    }
    out.extend_from_slice(text.expose().as_bytes());
    Ok(())
}

/// How texts of several lines are written that begin with a blank or an empty line, and comments in empty
/// collections and at the end of lists.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Blocks {
    /// As literals with an indentation indicator, which is wrong in lists; wherever go-yaml puts them.
    AsSops,
    /// In double quotes; before what is empty, or before the last item.
    Safe,
}

fn emit(branches: &Branches, (indent, blocks): (u8, Blocks), out: &mut String) -> Result<(), StoreProblem> {
    for (index, branch) in branches.iter().enumerate() {
        let mut node = to_node(branch, blocks);
        let mut text = Masked::new(String::new());
        let written = emit_encoder(&node, indent, text.expose_mut());
        node.zeroize();
        written.map_err(|error| StoreProblem::Yaml(error.to_string()))?;
        if index > 0 {
            out.push_str("---\n");
        }
        out.push_str(text.expose());
    }
    Ok(())
}

fn is_delicate(value: &Value) -> bool {
    match value {
        Value::Text(text) => is_delicate_text(text.expose()),
        Value::Map(branch) => branch.iter().any(|entry| matches!(entry, Entry::Pair(_, value) if is_delicate(value))),
        Value::List(items) => items.iter().any(|item| matches!(item, Item::Value(value) if is_delicate(value))),
        _ => false,
    }
}

/// Are there comments in lists, or where there is nothing else?
fn has_comments_apart(value: &Value) -> bool {
    match value {
        Value::List(items) => items.iter().any(|item| match item {
            Item::Comment(_) => true,
            Item::Value(value) => has_comments_apart(value),
        }),
        Value::Map(branch) => {
            !comments_of_empty(value).is_empty()
                || branch.iter().any(|entry| matches!(entry, Entry::Pair(_, value) if has_comments_apart(value)))
        }
        _ => false,
    }
}

/// The comments that a collection without anything else holds.
fn comments_of_empty(value: &Value) -> Vec<&Comment> {
    let found: Option<Vec<&Comment>> = match value {
        Value::Map(branch) => {
            branch.iter().map(|entry| if let Entry::Comment(it) = entry { Some(it) } else { None }).collect()
        }
        Value::List(items) => {
            items.iter().map(|item| if let Item::Comment(it) = item { Some(it) } else { None }).collect()
        }
        _ => None,
    };
    found.unwrap_or_default()
}

fn is_delicate_text(text: &[u8]) -> bool {
    matches!(text.first(), Some(b' ' | b'\t' | b'\n' | b'\r')) && text.contains(&b'\n')
}

/// Does it mean what it says? Then it is written the same way again.
fn is_readable(text: &str, indent: u8) -> bool {
    let Ok(branches) = read(text.as_bytes()) else { return false };
    let mut again = Masked::new(String::new());
    emit(&branches, (indent, Blocks::AsSops), again.expose_mut()).is_ok() && again.expose() == text
}

/// Lines of comment that wait for what they belong to.
#[derive(Default)]
struct Waiting {
    own_lines: Vec<String>,
    inline: Vec<String>,
}

impl Waiting {
    fn push(&mut self, comment: &Comment) {
        let lines = if comment.inline { &mut self.inline } else { &mut self.own_lines };
        lines.push(comment.text.expose().clone());
    }

    fn head_to(&mut self, extra: &mut Option<Box<Extra>>) {
        let Some(comment) = join(&mut self.own_lines) else { return };
        let head = &mut extra.get_or_insert_default().head_comment;
        *head = if head.is_empty() { comment.into() } else { format!("{comment}\n{head}").into() };
    }

    fn line_to(&mut self, extra: &mut Option<Box<Extra>>) {
        if let Some(comment) = join(&mut self.inline) {
            extra.get_or_insert_default().line_comment = comment.into();
        }
    }

    /// All there is, of a collection that is empty.
    fn all_to_head(&mut self, extra: &mut Option<Box<Extra>>) {
        self.own_lines.append(&mut self.inline);
        self.head_to(extra);
    }

    /// All that is left, at the end.
    fn foot_to(&mut self, extra: &mut Option<Box<Extra>>) {
        self.own_lines.append(&mut self.inline);
        let Some(comment) = join(&mut self.own_lines) else { return };
        let foot = &mut extra.get_or_insert_default().foot_comment;
        *foot = if foot.is_empty() { comment.into() } else { format!("{foot}\n{comment}").into() };
    }
}

fn join(lines: &mut Vec<String>) -> Option<String> {
    if lines.is_empty() {
        return None;
    }
    Some(format!("#{}", std::mem::take(lines).join("\n#")))
}

fn extra_mut(node: &mut Node) -> &mut Option<Box<Extra>> {
    match node {
        Node::Scalar(scalar) => &mut scalar.extra,
        Node::Seq(seq) => &mut seq.extra,
        Node::Map(map) => &mut map.extra,
    }
}

fn to_node(branch: &Branch, blocks: Blocks) -> Node {
    let mut map = Mapping::default();
    let mut waiting = Waiting::default();
    for entry in branch {
        match entry {
            Entry::Comment(comment) => waiting.push(comment),
            Entry::Pair(key, value) => {
                if map.entries.is_empty() {
                    waiting.head_to(&mut map.extra);
                }
                let own = if blocks == Blocks::Safe { comments_of_empty(value) } else { Vec::new() };
                for comment in own {
                    waiting.push(comment);
                }
                let mut key = encoded_string(key);
                waiting.head_to(&mut key.extra);
                let mut value = value_to_node(value, blocks);
                waiting.line_to(extra_mut(&mut value));
                map.entries.push(NodeEntry { key, value });
            }
        }
    }
    if let Some(last) = map.entries.last_mut() {
        waiting.foot_to(&mut last.key.extra);
    } else {
        waiting.all_to_head(&mut map.extra);
    }
    Node::Map(map)
}

fn list_to_node(list: &[Item], blocks: Blocks) -> Node {
    let mut seq = Sequence::default();
    let mut waiting = Waiting::default();
    for item in list {
        match item {
            Item::Comment(comment) => waiting.push(comment),
            Item::Value(value) => {
                if seq.items.is_empty() {
                    waiting.head_to(&mut seq.extra);
                }
                let mut node = value_to_node(value, blocks);
                waiting.head_to(extra_mut(&mut node));
                waiting.line_to(extra_mut(&mut node));
                seq.items.push(node);
            }
        }
    }
    if let Some(last) = seq.items.last_mut() {
        match last {
            Node::Map(_) | Node::Seq(_) if blocks == Blocks::Safe => waiting.all_to_head(extra_mut(last)),
            last => waiting.foot_to(extra_mut(last)),
        }
    } else {
        waiting.all_to_head(&mut seq.extra);
    }
    Node::Seq(seq)
}

pub(super) fn value_to_node(value: &Value, blocks: Blocks) -> Node {
    match value {
        Value::Null => Node::null(),
        Value::Bool(value) => Node::bool(*value),
        Value::Int(int) => Node::int(*int),
        Value::Float(float) => Node::unset(float_text(*float)),
        Value::Time(time) => Node::unset(time.as_str()),
        Value::Text(text) if blocks == Blocks::Safe && is_delicate_text(text.expose()) => {
            Node::Scalar(Scalar { style: Style::DoubleQuoted, ..text_to_scalar(text.expose()) })
        }
        Value::Text(text) => Node::Scalar(text_to_scalar(text.expose())),
        Value::List(_) if blocks == Blocks::Safe && !comments_of_empty(value).is_empty() => Node::seq(Vec::new()),
        Value::Map(_) if blocks == Blocks::Safe && !comments_of_empty(value).is_empty() => Node::map(),
        Value::List(items) => list_to_node(items, blocks),
        Value::Map(branch) => to_node(branch, blocks),
    }
}

fn text_to_scalar(bytes: &[u8]) -> Scalar {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return encoded_string(text);
    }
    let mut base64 = STANDARD.encode(bytes);
    if base64.len() >= BASE64_LINE {
        let lines: Vec<&[u8]> = base64.as_bytes().chunks(BASE64_LINE).collect();
        let lines: Vec<String> =
            lines.into_iter().map(|line| String::from_utf8_lossy(line).into_owned() + "\n").collect();
        base64 = lines.concat();
    }
    let style = if base64.contains('\n') { Style::Literal } else { Style::Plain };
    Scalar { style, ..Scalar::new(base64, Tag::Binary) }
}

fn float_text(float: f64) -> String {
    if float.is_nan() {
        ".nan".to_owned()
    } else if float.is_infinite() {
        if float > 0.0 { ".inf".to_owned() } else { "-.inf".to_owned() }
    } else {
        yaml_float(float)
    }
}
