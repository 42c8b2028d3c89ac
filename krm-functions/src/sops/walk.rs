//! The walk over a file's leaves that encrypts or decrypts them and takes their MAC on the way. Owns paths, the comments before a
//! leaf, and what the MAC is over; must not know formats or keys' owners.

use krm::Masked;
use sha2::{Digest as _, Sha512};

use super::cipher::{self, CipherProblem, DataKey, NONCE_LEN, Plain};
use super::select::{Comments, Selector};
use super::value::{Branch, Comment, Entry, Item, Value};

/// The MAC starts with this where it is over encrypted values only, so that it cannot pass for the other kind. It is the SHA-256 of
/// the word `sops`.
const ONLY_ENCRYPTED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b, 0x0b, 0x97, 0x5b,
    0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// A leaf that cannot be decrypted or encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafFault {
    /// Keys on the way to it.
    pub path: String,
    /// What is wrong.
    pub problem: CipherProblem,
}

/// How a file's leaves are treated.
#[derive(Debug)]
pub(super) struct Treatment<'a> {
    pub(super) selector: &'a Selector,
    pub(super) key: &'a DataKey,
    pub(super) mac_only_encrypted: bool,
}

/// Where nonces come from.
pub type Random<'a> = dyn FnMut(&mut [u8]) + 'a;

/// What happens to the leaves.
enum Deed<'a, 'r> {
    Open,
    Seal(&'a mut Random<'r>),
}

struct Walk<'a, 'r> {
    treatment: &'a Treatment<'a>,
    deed: Deed<'a, 'r>,
    mac: Sha512,
    path: Vec<String>,
    comments: Comments,
    faults: Vec<LeafFault>,
    paths: Vec<String>,
}

/// What came of a walk.
#[derive(Debug)]
pub(super) struct Walked {
    /// Of the plain values, in upper-case hexadecimal.
    pub(super) mac: String,
    /// Paths of the leaves that were encrypted, each once.
    pub(super) paths: Vec<String>,
}

/// Decrypts `branches` in place. On failure: all leaves at fault.
pub(super) fn open(branches: &mut [Branch], treatment: &Treatment<'_>) -> Result<Walked, Vec<LeafFault>> {
    run(branches, treatment, Deed::Open)
}

/// Encrypts `branches` in place.
pub(super) fn seal(
    branches: &mut [Branch],
    treatment: &Treatment<'_>,
    random: &mut Random<'_>,
) -> Result<Walked, Vec<LeafFault>> {
    run(branches, treatment, Deed::Seal(random))
}

fn run<'a>(
    branches: &mut [Branch],
    treatment: &'a Treatment<'a>,
    deed: Deed<'a, '_>,
) -> Result<Walked, Vec<LeafFault>> {
    let mut walk = Walk {
        treatment,
        deed,
        mac: Sha512::new(),
        path: Vec::new(),
        comments: Vec::new(),
        faults: Vec::new(),
        paths: Vec::new(),
    };
    if treatment.mac_only_encrypted {
        walk.mac.update(ONLY_ENCRYPTED);
    }
    for branch in branches {
        walk.branch(branch);
    }
    if !walk.faults.is_empty() {
        return Err(walk.faults);
    }
    let mac = walk.mac.finalize().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat();
    Ok(Walked { mac, paths: walk.paths })
}

impl Walk<'_, '_> {
    fn value(&mut self, value: &mut Value) {
        match value {
            Value::Map(entries) => self.branch(entries),
            Value::List(items) => self.list(items),
            Value::Null => {}
            leaf => self.leaf(leaf),
        }
    }

    fn branch(&mut self, entries: &mut Branch) {
        self.comments.push(Vec::new());
        for entry in entries {
            match entry {
                Entry::Comment(comment) => {
                    self.comment(comment);
                }
                Entry::Pair(key, value) => {
                    self.path.push(key.clone());
                    self.value(value);
                    self.path.pop();
                    self.forget_comments();
                }
            }
        }
        self.comments.pop();
    }

    fn list(&mut self, items: &mut [Item]) {
        self.comments.push(Vec::new());
        for item in items {
            match item {
                Item::Comment(comment) => {
                    let encrypted = self.comment(comment);
                    // SOPS writes it as an item; an empty one would come back as a text, and where comments rule, an item would end
                    // what the comment before it rules.
                    let as_item = !self.treatment.selector.needs_comments() && !comment.text.expose().is_empty();
                    if encrypted && as_item && matches!(self.deed, Deed::Seal(_)) {
                        *item = Item::Value(Value::text(comment.text.expose().as_str()));
                    }
                }
                Item::Value(value) => {
                    // An encrypted comment among items is an item that turns out to be a comment.
                    if let Some(comment) = self.hidden_comment(value) {
                        *item = Item::Comment(comment);
                        continue;
                    }
                    self.value(value);
                    self.forget_comments();
                }
            }
        }
        self.comments.pop();
    }

    fn forget_comments(&mut self) {
        if let Some(last) = self.comments.last_mut() {
            last.clear();
        }
    }

    /// What the leaf's ciphertext is bound to: its keys, not its place in lists.
    fn place(&self) -> String {
        let mut place = self.path.join(":");
        place.push(':');
        place
    }

    fn fault(&mut self, problem: CipherProblem) {
        self.faults.push(LeafFault { path: self.path.join("."), problem });
    }

    fn nonce(random: &mut Random<'_>) -> [u8; NONCE_LEN] {
        let mut nonce = [0; NONCE_LEN];
        random(&mut nonce);
        nonce
    }

    fn leaf(&mut self, leaf: &mut Value) {
        let encrypted = self.treatment.selector.encrypts(&self.path, &self.comments, false);
        let path = self.path.join(".");
        if encrypted && self.paths.last() != Some(&path) {
            self.paths.push(path);
        }
        let counts = encrypted || !self.treatment.mac_only_encrypted;
        let place = self.place();
        match &mut self.deed {
            Deed::Open => {
                if encrypted {
                    match open_leaf(leaf, self.treatment.key, &place) {
                        Ok(value) => *leaf = value,
                        Err(problem) => return self.fault(problem),
                    }
                }
                if counts {
                    self.mac.update(cipher::mac_bytes(leaf).expose());
                }
            }
            Deed::Seal(random) => {
                if counts {
                    self.mac.update(cipher::mac_bytes(leaf).expose());
                }
                if encrypted {
                    match cipher::seal(leaf, self.treatment.key, &place, &Self::nonce(random)) {
                        Ok(Some(text)) => *leaf = Value::text(text),
                        Ok(None) => {}
                        Err(problem) => self.fault(problem),
                    }
                }
            }
        }
    }

    /// Comments are no part of the MAC, and one that does not decrypt was never encrypted.
    /// Answers whether it is one that is encrypted.
    fn comment(&mut self, comment: &mut Comment) -> bool {
        if let Some(last) = self.comments.last_mut() {
            last.push(comment.text.expose().clone());
        }
        if !self.treatment.selector.encrypts(&self.path, &self.comments, true) {
            return false;
        }
        let place = self.place();
        match &mut self.deed {
            Deed::Open => {
                if let Some(text) = open_comment(comment.text.expose(), self.treatment.key, &place) {
                    // SOPS forgets where an encrypted comment stood.
                    *comment = Comment { text, inline: false, was_item: comment.was_item };
                }
            }
            Deed::Seal(random) => {
                let nonce = Self::nonce(random);
                match cipher::seal_comment(comment.text.expose(), self.treatment.key, &place, &nonce) {
                    Ok(text) => comment.text = Masked::new(text),
                    Err(problem) => self.fault(problem),
                }
            }
        }
        true
    }

    fn hidden_comment(&self, value: &Value) -> Option<Comment> {
        if !matches!(self.deed, Deed::Open) || !self.treatment.selector.encrypts(&self.path, &self.comments, false) {
            return None;
        }
        let text = value.as_str().filter(|text| cipher::is_encrypted(text) && text.ends_with(",type:comment]"))?;
        let text = open_comment(text, self.treatment.key, &self.place())?;
        Some(Comment { text, inline: false, was_item: true })
    }
}

fn open_leaf(leaf: &Value, key: &DataKey, place: &str) -> Result<Value, CipherProblem> {
    let Value::Text(text) = leaf else { return Err(CipherProblem::NotEncrypted) };
    if text.expose().is_empty() {
        return Ok(Value::text(""));
    }
    let text = std::str::from_utf8(text.expose()).map_err(|_| CipherProblem::NotEncrypted)?;
    match cipher::open(text, key, place)? {
        Plain::Value(value) => Ok(value),
        Plain::Comment(_) => Err(CipherProblem::UnknownType),
    }
}

fn open_comment(text: &str, key: &DataKey, place: &str) -> Option<Masked<String>> {
    if !cipher::is_encrypted(text) {
        return None;
    }
    let plain = match cipher::open(text, key, place).ok()? {
        Plain::Comment(plain) | Plain::Value(Value::Text(plain)) => plain,
        Plain::Value(_) => return None,
    };
    String::from_utf8(plain.into_exposed()).ok().map(Masked::new)
}
