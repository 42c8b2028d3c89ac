//! How a made value is to look, as people write it. Owns the words and their bounds; [`super::shape`] makes the value.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::config::Problems;
use super::shape::{Policy, Shape};

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";
/// Symbols that a shell leaves alone in the middle of a word. (In a URL some of them must be encoded.)
const SYMBOLS: &str = "+,-./:=@_";

/// Characters of a password.
const LENGTH: std::ops::RangeInclusive<u32> = 8..=256;
/// Bytes of everything else: 128 bits are what nobody guesses.
const BYTES: std::ops::RangeInclusive<u32> = 16..=1024;
const DEFAULT: u32 = 32;
/// Fewest different characters of a password.
const CHARACTERS_MIN: usize = 10;

/// `as`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Word {
    #[default]
    Password,
    Hex,
    Base64,
    Base64Url,
    Bytes,
    Uuid,
}

/// `classes`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Class {
    Lower,
    Upper,
    Digits,
    Symbols,
}

/// A value to be made. Also the form in which the apply engine gets it, in an annotation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(super) struct Written {
    #[serde(rename = "as")]
    pub(super) shape: Word,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) length: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) classes: Option<Vec<Class>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) symbols: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exclude: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bytes: Option<u32>,
}

impl Written {
    /// The shape meant; what does not fit together is told.
    pub(super) fn shape(&self, path: &str, problems: &mut Problems) -> Shape {
        let of_password = [
            ("length", self.length.is_some()),
            ("classes", self.classes.is_some()),
            ("symbols", self.symbols.is_some()),
            ("exclude", self.exclude.is_some()),
        ];
        let of_bytes = [("bytes", self.bytes.is_some())];
        let foreign: &[(&str, bool)] = match self.shape {
            Word::Password => &of_bytes,
            Word::Hex | Word::Base64 | Word::Base64Url | Word::Bytes => &of_password,
            Word::Uuid => &[of_password[0], of_password[1], of_password[2], of_password[3], of_bytes[0]],
        };
        for (field, _) in foreign.iter().filter(|(_, given)| *given) {
            problems.add(&format!("{path}.{field}"), format_args!("has no meaning with `as: {}`", self.word()));
        }
        let bytes = |problems| within(self.bytes, &BYTES, &format!("{path}.bytes"), problems);
        match self.shape {
            Word::Password => Shape::Password(self.policy(path, problems)),
            Word::Hex => Shape::Hex(bytes(problems)),
            Word::Base64 => Shape::Base64(bytes(problems)),
            Word::Base64Url => Shape::Base64Url(bytes(problems)),
            Word::Bytes => Shape::Bytes(bytes(problems)),
            Word::Uuid => Shape::Uuid,
        }
    }

    const fn word(&self) -> &'static str {
        match self.shape {
            Word::Password => "password",
            Word::Hex => "hex",
            Word::Base64 => "base64",
            Word::Base64Url => "base64url",
            Word::Bytes => "bytes",
            Word::Uuid => "uuid",
        }
    }

    fn policy(&self, path: &str, problems: &mut Problems) -> Policy {
        let length = within(self.length, &LENGTH, &format!("{path}.length"), problems);
        let words = self.classes.clone().unwrap_or_else(|| vec![Class::Lower, Class::Upper, Class::Digits]);
        if let Some(symbols) = &self.symbols {
            if symbols.is_empty() || symbols.chars().any(|c| !c.is_ascii_punctuation()) {
                problems.add(&format!("{path}.symbols"), "must be ASCII punctuation");
            }
            if !words.contains(&Class::Symbols) {
                problems.add(&format!("{path}.symbols"), "has no meaning without the class `symbols`");
            }
        }
        let exclude = self.exclude.as_deref().unwrap_or_default().as_bytes();
        let mut classes: Vec<Vec<u8>> = Vec::new();
        let mut seen = BTreeSet::new();
        let path = format!("{path}.classes");
        for class in words {
            let all = match class {
                Class::Lower => LOWER,
                Class::Upper => UPPER,
                Class::Digits => DIGITS,
                Class::Symbols => self.symbols.as_deref().unwrap_or(SYMBOLS),
            };
            let left: BTreeSet<u8> = all.bytes().filter(|c| c.is_ascii() && !exclude.contains(c)).collect();
            if !seen.insert(class) {
                problems.add(&path, "one of them is there twice");
            } else if left.is_empty() {
                problems.add(&path, "`exclude` leaves nothing of one of them");
            } else {
                classes.push(left.into_iter().collect());
            }
        }
        if classes.iter().map(Vec::len).sum::<usize>() < CHARACTERS_MIN {
            problems.add(&path, format_args!("leave fewer than {CHARACTERS_MIN} different characters"));
        }
        Policy { length, classes }
    }
}

fn within(given: Option<u32>, range: &std::ops::RangeInclusive<u32>, path: &str, problems: &mut Problems) -> u32 {
    let number = given.unwrap_or(DEFAULT);
    if !range.contains(&number) {
        problems.add(path, format_args!("must be from {} to {}", range.start(), range.end()));
        return DEFAULT;
    }
    number
}
