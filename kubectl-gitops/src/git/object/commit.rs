//! Commits and annotated tags: which object they name, who made them, what was signed and by which signature.

use super::{Format, Kind, ObjectError, ObjectId};

/// A commit, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    /// Its tree.
    pub(crate) tree: ObjectId,
    /// Those before it.
    pub(crate) parents: Vec<ObjectId>,
    /// When it was committed, in seconds since 1970.
    pub(crate) time: i64,
    /// The armored signature, if there is one.
    pub(crate) signature: Option<Vec<u8>>,
    /// What the signature is over.
    pub(crate) payload: Vec<u8>,
}

impl Commit {
    /// Reads the content of a commit object.
    pub(crate) fn parse(content: &[u8]) -> Result<Self, ObjectError> {
        let bad = ObjectError::Malformed("commit");
        let mut commit = None;
        let (mut parents, mut time, mut signature) = (Vec::new(), None, None);
        let mut payload = Vec::with_capacity(content.len());
        let mut rest = content;
        // The header that is being left out, and whether it is the signature.
        let mut left_out = None;
        while let Some((line, after)) = split_line(rest) {
            if line.is_empty() {
                break;
            }
            rest = after;
            if line[0] == b' ' {
                // The next line of a header that is spread over several.
                if let Some(ours) = left_out {
                    keep(&mut signature, ours, &line[1..]);
                    continue;
                }
            } else {
                let (name, value) = split_field(line).ok_or(bad)?;
                left_out = None;
                match name {
                    b"tree" if commit.is_none() => commit = Some(id(value).ok_or(bad)?),
                    b"parent" => parents.push(id(value).ok_or(bad)?),
                    b"committer" if time.is_none() => time = Some(timestamp(value).ok_or(bad)?),
                    // A signature is over the commit without signatures of either hash; only ours counts.
                    b"gpgsig" | b"gpgsig-sha256" => {
                        let sha256 = commit.is_some_and(|tree| tree.format() == Format::Sha256);
                        let ours = sha256 == (name == b"gpgsig-sha256");
                        keep(&mut signature, ours, value);
                        left_out = Some(ours);
                        continue;
                    }
                    _ => {}
                }
            }
            payload.extend_from_slice(line);
            payload.push(b'\n');
        }
        payload.extend_from_slice(rest);
        let tree = commit.ok_or(bad)?;
        Ok(Self { tree, parents, time: time.ok_or(bad)?, signature, payload })
    }
}

fn keep(signature: &mut Option<Vec<u8>>, ours: bool, line: &[u8]) {
    if ours {
        let text = signature.get_or_insert_default();
        text.extend_from_slice(line);
        text.push(b'\n');
    }
}

/// An annotated tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    /// What it names.
    pub(crate) object: ObjectId,
    /// What kind of object that is.
    pub(crate) kind: Kind,
    /// Its own name, which a server could lie about.
    pub(crate) name: String,
    /// The armored signature at its end, if there is one.
    pub(crate) signature: Option<Vec<u8>>,
    /// What the signature is over.
    pub(crate) payload: Vec<u8>,
}

impl Tag {
    /// Reads the content of a tag object.
    pub(crate) fn parse(content: &[u8]) -> Result<Self, ObjectError> {
        let bad = ObjectError::Malformed("tag");
        let (mut object, mut kind, mut name) = (None, None, None);
        let mut rest = content;
        while let Some((line, after)) = split_line(rest) {
            if line.is_empty() {
                break;
            }
            rest = after;
            match split_field(line) {
                Some((b"object", value)) => object = Some(id(value).ok_or(bad)?),
                Some((b"type", value)) => kind = Some(kind_of(value).ok_or(bad)?),
                Some((b"tag", value)) => name = Some(String::from_utf8_lossy(value).into_owned()),
                _ => {}
            }
        }
        let signed_until = signature_start(content);
        Ok(Self {
            object: object.ok_or(bad)?,
            kind: kind.ok_or(bad)?,
            name: name.ok_or(bad)?,
            signature: (signed_until < content.len()).then(|| content[signed_until..].to_vec()),
            payload: content[..signed_until].to_vec(),
        })
    }
}

/// Where the last signature of a tag begins: at a line that starts one, as git looks for it.
fn signature_start(content: &[u8]) -> usize {
    const STARTS: [&[u8]; 4] = [
        b"-----BEGIN PGP SIGNATURE-----",
        b"-----BEGIN PGP MESSAGE-----",
        b"-----BEGIN SIGNED MESSAGE-----",
        b"-----BEGIN SSH SIGNATURE-----",
    ];
    let (mut at, mut found) = (0, content.len());
    while let Some((line, after)) = split_line(&content[at..]) {
        if STARTS.iter().any(|start| line.starts_with(start)) {
            found = at;
        }
        at = content.len() - after.len();
    }
    found
}

/// One line without its end, and what follows. Nothing at the end of the content.
fn split_line(content: &[u8]) -> Option<(&[u8], &[u8])> {
    if content.is_empty() {
        return None;
    }
    Some(match content.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&content[..at], &content[at + 1..]),
        None => (content, &[]),
    })
}

fn split_field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = line.iter().position(|byte| *byte == b' ')?;
    Some((&line[..at], &line[at + 1..]))
}

fn id(value: &[u8]) -> Option<ObjectId> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn kind_of(value: &[u8]) -> Option<Kind> {
    [Kind::Commit, Kind::Tree, Kind::Blob, Kind::Tag].into_iter().find(|kind| kind.name().as_bytes() == value)
}

/// The seconds in `Name <mail> 1700000000 +0100`.
fn timestamp(value: &[u8]) -> Option<i64> {
    let after = value.iter().rposition(|byte| *byte == b'>')?;
    std::str::from_utf8(&value[after + 1..]).ok()?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nparent ce013625030ba8dba906f756967f9e9ca394464a\n\
        author A <a@example.com> 1700000000 +0100\ncommitter B <b@example.com> 1700000001 +0100\n";

    #[test]
    fn a_signature_is_taken_out_of_what_it_signs() {
        let text = format!("{COMMIT}gpgsig -----BEGIN X-----\n abc\n \n -----END X-----\nencoding x\n\nfix\n\n it\n");
        let commit = Commit::parse(text.as_bytes()).unwrap();
        assert_eq!(commit.tree.to_string(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
        assert_eq!(commit.parents.len(), 1);
        assert_eq!(commit.time, 1_700_000_001);
        assert_eq!(commit.signature.unwrap(), b"-----BEGIN X-----\nabc\n\n-----END X-----\n");
        assert_eq!(commit.payload, format!("{COMMIT}encoding x\n\nfix\n\n it\n").into_bytes());
    }

    #[test]
    fn an_unsigned_commit_is_its_own_payload() {
        for message in ["\nfix\n", "\nfix", "\n", ""] {
            let text = format!("{COMMIT}mergetag object x\n type commit\n{message}");
            let commit = Commit::parse(text.as_bytes()).unwrap();
            assert_eq!(commit.payload, text.into_bytes());
            assert_eq!(commit.signature, None);
        }
    }

    #[test]
    fn a_tag_ends_with_its_signature() {
        let head =
            "object ce013625030ba8dba906f756967f9e9ca394464a\ntype commit\ntag v1\ntagger A <a@b> 1 +0000\n\nv1\n";
        let signature = "-----BEGIN SSH SIGNATURE-----\nabc\n-----END SSH SIGNATURE-----\n";
        let tag = Tag::parse(format!("{head}{signature}").as_bytes()).unwrap();
        assert_eq!((tag.name.as_str(), tag.kind), ("v1", Kind::Commit));
        assert_eq!(tag.payload, head.as_bytes());
        assert_eq!(tag.signature.unwrap(), signature.as_bytes());
        assert_eq!(Tag::parse(head.as_bytes()).unwrap().signature, None);
    }

    #[test]
    fn malformed_objects_are_errors() {
        for text in ["", "tree x\n", "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\n", "nothing", " x\n"] {
            assert!(Commit::parse(text.as_bytes()).is_err(), "{text:?}");
            assert!(Tag::parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
