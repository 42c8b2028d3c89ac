//! From a stream of bytes to a value: passwords, hexadecimal, base64, UUIDs. Owns how bytes become a value; must not know
//! whether they are derived or random. What stands here can never change: derived values would change with it
//! (`DERIVE.md` beside this crate says it in words, with test vectors).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use krm::Masked;

/// How a value looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Characters of some classes.
    Password(Policy),
    /// Bytes, two small hexadecimal digits each.
    Hex(u32),
    /// Bytes in base64 with padding.
    Base64(u32),
    /// Bytes in base64's URL alphabet, without padding.
    Base64Url(u32),
    /// Bytes as they are.
    Bytes(u32),
    /// 16 bytes in the form of a version 4 UUID.
    Uuid,
}

/// What a password is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    /// In characters.
    pub(crate) length: u32,
    /// The characters of each class in ASCII's order; disjoint, none empty. At least one of each is in a password.
    pub(crate) classes: Vec<Vec<u8>>,
}

/// Where the bytes of a value come from. `false`: there are no more.
pub(crate) type Source<'s> = dyn FnMut(&mut [u8]) -> bool + 's;

/// The stream ended before a value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such value comes out of this seed and version: raise `version`")]
pub(crate) struct Exhausted;

impl Shape {
    /// All that the value depends on beside the bytes, in one text. Two shapes never share it, so that a value says nothing of
    /// the one that the same key has in another shape.
    pub(crate) fn canonical(&self) -> String {
        match self {
            Self::Password(Policy { length, classes }) => {
                let mut words = vec![format!("password {length}")];
                words.extend(classes.iter().map(|class| String::from_utf8_lossy(class).into_owned()));
                words[1..].sort_unstable();
                words.join(" ")
            }
            Self::Hex(bytes) => format!("hex {bytes}"),
            Self::Base64(bytes) => format!("base64 {bytes}"),
            Self::Base64Url(bytes) => format!("base64url {bytes}"),
            Self::Bytes(bytes) => format!("bytes {bytes}"),
            Self::Uuid => "uuid".to_owned(),
        }
    }

    /// Makes the value.
    pub(crate) fn make(&self, source: &mut Source<'_>) -> Result<Masked<Vec<u8>>, Exhausted> {
        let value = match self {
            Self::Password(policy) => policy.make(source)?,
            Self::Hex(length) => hex(&take(source, *length)?).into_bytes(),
            Self::Base64(length) => STANDARD.encode(take(source, *length)?).into_bytes(),
            Self::Base64Url(length) => URL_SAFE_NO_PAD.encode(take(source, *length)?).into_bytes(),
            Self::Bytes(length) => take(source, *length)?,
            Self::Uuid => uuid(&take(source, 16)?).into_bytes(),
        };
        Ok(Masked::new(value))
    }
}

impl Policy {
    /// Draws whole passwords until one has a character of each class: every password that does is equally likely.
    fn make(&self, source: &mut Source<'_>) -> Result<Vec<u8>, Exhausted> {
        let mut alphabet: Vec<u8> = self.classes.concat();
        alphabet.sort_unstable();
        loop {
            let password = (0..self.length).map(|_| draw(&alphabet, source)).collect::<Result<Vec<u8>, _>>()?;
            if self.classes.iter().all(|class| password.iter().any(|c| class.contains(c))) {
                return Ok(password);
            }
        }
    }
}

/// One character. A byte that would prefer the first ones is passed over.
fn draw(alphabet: &[u8], source: &mut Source<'_>) -> Result<u8, Exhausted> {
    let fair = 256 / alphabet.len() * alphabet.len();
    loop {
        let byte = usize::from(take(source, 1)?[0]);
        if byte < fair {
            return Ok(alphabet[byte % alphabet.len()]);
        }
    }
}

fn take(source: &mut Source<'_>, length: u32) -> Result<Vec<u8>, Exhausted> {
    let mut bytes = vec![0; length as usize];
    if source(&mut bytes) { Ok(bytes) } else { Err(Exhausted) }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

fn uuid(bytes: &[u8]) -> String {
    let mut bytes = bytes.to_vec();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex(&bytes);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts from 0 upwards.
    fn counter() -> impl FnMut(&mut [u8]) -> bool {
        let mut next = 0u8;
        move |bytes: &mut [u8]| {
            for byte in bytes {
                *byte = next;
                next = next.wrapping_add(1);
            }
            true
        }
    }

    fn made(shape: &Shape) -> String {
        String::from_utf8(shape.make(&mut counter()).unwrap().into_exposed()).unwrap()
    }

    #[test]
    fn shapes_of_known_bytes() {
        assert_eq!(made(&Shape::Hex(16)), "000102030405060708090a0b0c0d0e0f");
        assert_eq!(made(&Shape::Base64(16)), "AAECAwQFBgcICQoLDA0ODw==");
        assert_eq!(made(&Shape::Base64Url(16)), "AAECAwQFBgcICQoLDA0ODw");
        assert_eq!(made(&Shape::Uuid), "00010203-0405-4607-8809-0a0b0c0d0e0f");
        assert_eq!(Shape::Bytes(3).make(&mut counter()).unwrap().expose(), &[0, 1, 2]);
    }

    #[test]
    fn no_character_is_preferred() {
        // All 256 bytes, through an alphabet of 10: 250 are used, 25 for each character.
        let mut source = counter();
        let drawn: Vec<char> = (0..250).map(|_| draw(b"0123456789", &mut source).unwrap().into()).collect();
        for digit in '0'..='9' {
            assert_eq!(drawn.iter().filter(|c| **c == digit).count(), 25);
        }
        let mut next = [0];
        assert!(source(&mut next) && next == [250], "the rest is not used for these");
    }

    #[test]
    fn every_class_is_there() {
        let policy = Policy { length: 8, classes: vec![(b'a'..=b'z').collect(), vec![b'_'], (b'0'..=b'9').collect()] };
        let mut state = 1u64;
        let mut source = |bytes: &mut [u8]| {
            for byte in bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = (state >> 56) as u8;
            }
            true
        };
        for _ in 0..200 {
            let password = policy.make(&mut source).unwrap();
            assert_eq!(password.len(), 8);
            assert!(policy.classes.iter().all(|class| password.iter().any(|c| class.contains(c))));
        }
    }

    #[test]
    fn a_stream_that_ends_is_no_value() {
        assert_eq!(Shape::Uuid.make(&mut |_| false), Err(Exhausted));
    }
}
