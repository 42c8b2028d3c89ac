//! `NAME=value` lines. A newline in a value is written `\n`. Must not know encryption.

use super::StoreProblem;
use crate::sops::value::{Branch, Comment, Entry, Value};

/// Reads lines; an empty one says nothing.
pub(super) fn read(bytes: &[u8]) -> Result<Branch, StoreProblem> {
    let mut branch = Vec::new();
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        if let Some(comment) = line.strip_prefix(b"#") {
            branch.push(Entry::Comment(Comment::line(String::from_utf8_lossy(comment))));
            continue;
        }
        let at = line.iter().position(|&byte| byte == b'=');
        let at = at.ok_or(StoreProblem::Syntax { line: index + 1, what: "a line has no `=`" })?;
        let name = std::str::from_utf8(&line[..at])
            .map_err(|_| StoreProblem::Syntax { line: index + 1, what: "a name is no UTF-8" })?;
        branch.push(Entry::Pair(name.to_owned(), Value::text(replace(&line[at + 1..], b"\\n", b"\n"))));
    }
    Ok(branch)
}

/// Appends lines.
pub(super) fn write(branch: &Branch, out: &mut Vec<u8>) -> Result<(), StoreProblem> {
    for entry in branch {
        match entry {
            Entry::Comment(comment) => {
                out.push(b'#');
                out.extend_from_slice(comment.text.expose().as_bytes());
            }
            Entry::Pair(name, value) => {
                out.extend_from_slice(name.as_bytes());
                out.push(b'=');
                let text = super::plain_text(value).ok_or_else(|| StoreProblem::NotFlat { key: name.clone() })?;
                out.extend_from_slice(&replace(text.expose(), b"\n", b"\\n"));
            }
        }
        out.push(b'\n');
    }
    Ok(())
}

pub(super) fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back() {
        let text = b"# remark\nA=1\nB=x\\ny=z\nEMPTY=\n #no comment=1\n";
        let branch = read(text).unwrap();
        assert_eq!(branch.len(), 5);
        let Entry::Pair(_, value) = &branch[2] else { panic!("a pair") };
        assert_eq!(value.as_str(), Some("x\ny=z"));
        let mut out = Vec::new();
        write(&branch, &mut out).unwrap();
        assert_eq!(out, text);
        assert!(matches!(read(b"A=1\nB"), Err(StoreProblem::Syntax { line: 2, .. })));
    }
}
