//! Values from the master seed: the same seed, name and version always give the same value, and one value says nothing of
//! another. Owns the derivation; it can never change, or every password of every user would rotate. `DERIVE.md` beside this
//! crate says it in words, with test vectors that other code computed.

use hkdf::Hkdf;
use krm::Masked;
use sha2::Sha256;

use super::shape::{Exhausted, Shape};

/// Salt of the extraction: what these values are for, and the version of the whole method.
const SALT: &[u8] = b"kubectl-gitops.dev/derive/v1";
/// All that HKDF with SHA-256 can give for one purpose: 255 blocks.
const STREAM_MAX: usize = 255 * 32;
/// What is computed at first: enough for nearly every value.
const STREAM_BEGIN: usize = 128;

/// Shortest seed: 128 bits, if it is random.
pub(super) const SEED_MIN: usize = 16;
/// Fewest different bytes in a seed. 16 random bytes have fewer about never, a repeated character always does.
const DIFFERENT_MIN: usize = 5;

/// What a value is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Purpose<'a> {
    /// As the configuration says; empty if it says nothing.
    pub(super) namespace: &'a str,
    /// The Secret's name, as the configuration says.
    pub(super) name: &'a str,
    /// The key in the Secret.
    pub(super) key: &'a str,
    /// Raised to rotate.
    pub(super) version: u32,
}

/// The master seed, ready for use. Shows nothing of itself.
#[derive(Clone)]
pub(super) struct Seed(Hkdf<Sha256>);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(***)")
    }
}

/// The seed is guessable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum WeakSeed {
    /// Too few bytes.
    #[error("the seed has {length} bytes and needs {SEED_MIN}; `openssl rand -hex 32` makes one")]
    Short {
        /// What it has.
        length: usize,
    },
    /// Too few different ones.
    #[error("the seed repeats a few characters and can be guessed; `openssl rand -hex 32` makes one")]
    Repeats,
}

impl Seed {
    /// From what the operator gave. One line end behind it does not belong to it: editors put it there.
    pub(super) fn new(given: &Masked<Vec<u8>>) -> Result<Self, WeakSeed> {
        let bytes = given.expose().as_slice();
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if bytes.len() < SEED_MIN {
            return Err(WeakSeed::Short { length: bytes.len() });
        }
        let different: std::collections::BTreeSet<u8> = bytes.iter().copied().collect();
        if different.len() < DIFFERENT_MIN {
            return Err(WeakSeed::Repeats);
        }
        Ok(Self(Hkdf::new(Some(SALT), bytes)))
    }

    /// The value for a purpose.
    pub(super) fn derive(&self, purpose: Purpose<'_>, shape: &Shape) -> Result<Masked<Vec<u8>>, Exhausted> {
        let info = info(purpose, shape);
        let mut stream = self.expand(&info, STREAM_BEGIN);
        let mut used = 0;
        shape.make(&mut |bytes: &mut [u8]| {
            let end = used + bytes.len();
            if end > STREAM_MAX {
                return false;
            }
            if end > stream.len() {
                // A longer expansion begins with the shorter one.
                stream = self.expand(&info, (end * 4).min(STREAM_MAX));
            }
            bytes.copy_from_slice(&stream[used..end]);
            used = end;
            true
        })
    }

    fn expand(&self, info: &[u8], length: usize) -> Vec<u8> {
        let mut stream = vec![0; length];
        self.0.expand(info, &mut stream).expect("HKDF gives 255 blocks, and no more are asked for");
        stream
    }
}

/// Each part with its length in front, so that no two purposes are the same bytes.
fn info(purpose: Purpose<'_>, shape: &Shape) -> Vec<u8> {
    let Purpose { namespace, name, key, version } = purpose;
    let (version, shape) = (version.to_string(), shape.canonical());
    let mut info = Vec::new();
    for part in [namespace, name, key, &version, &shape] {
        let length = u32::try_from(part.len()).expect("names are bounded");
        info.extend_from_slice(&length.to_be_bytes());
        info.extend_from_slice(part.as_bytes());
    }
    info
}

#[cfg(test)]
mod tests {
    use super::super::config::Problems;
    use super::super::policy;
    use super::*;

    fn seed(bytes: &[u8]) -> Result<Seed, WeakSeed> {
        Seed::new(&Masked::new(bytes.to_vec()))
    }

    #[test]
    fn weak_seeds_are_refused() {
        assert_eq!(seed(b"0123456789abcde\n").unwrap_err(), WeakSeed::Short { length: 15 });
        assert_eq!(seed(b"").unwrap_err(), WeakSeed::Short { length: 0 });
        assert_eq!(seed(&[b'a'; 64]).unwrap_err(), WeakSeed::Repeats);
        assert!(seed(b"0123456789abcdef").is_ok());
    }

    #[test]
    fn a_line_end_is_not_part_of_the_seed_and_every_part_counts() {
        let purpose = Purpose { namespace: "shop", name: "db", key: "password", version: 1 };
        let value =
            |seed: &[u8], purpose| self::seed(seed).unwrap().derive(purpose, &Shape::Hex(32)).unwrap().into_exposed();
        let plain = value(b"0123456789abcdef", purpose);
        assert_eq!(value(b"0123456789abcdef\n", purpose), plain);
        assert_eq!(value(b"0123456789abcdef\r\n", purpose), plain);
        for other in [
            Purpose { namespace: "shopd", name: "b", ..purpose },
            Purpose { namespace: "", ..purpose },
            Purpose { key: "user", ..purpose },
            Purpose { version: 2, ..purpose },
        ] {
            assert_ne!(value(b"0123456789abcdef", other), plain, "{other:?}");
        }
        assert_ne!(value(b"0123456789abcdeg", purpose), plain);
    }

    #[test]
    fn a_long_value_needs_more_of_the_stream() {
        let purpose = Purpose { namespace: "", name: "a", key: "b", version: 1 };
        let seed = seed(b"0123456789abcdef").unwrap();
        let long = seed.derive(purpose, &Shape::Bytes(1024)).unwrap().into_exposed();
        let short = seed.derive(purpose, &Shape::Bytes(16)).unwrap().into_exposed();
        assert_eq!((long.len(), short.len()), (1024, 16));
        assert_ne!(long[..16], short[..], "a value says nothing of the one of another length");
    }

    #[test]
    fn a_seed_shows_nothing() {
        assert_eq!(format!("{:?}", seed(b"0123456789abcdef").unwrap()), "Seed(***)");
    }

    /// What other code computed from the description alone (`tests/oracle/derive.py`).
    #[test]
    fn vectors() {
        let mut compared = 0;
        for line in include_str!("../../../fixtures/derive/vectors.tsv").lines().filter(|line| !line.starts_with('#')) {
            let [given, namespace, name, key, version, config, value] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            let given: Vec<u8> =
                (0..given.len()).step_by(2).map(|at| u8::from_str_radix(&given[at..at + 2], 16).unwrap()).collect();
            let purpose = Purpose { namespace, name, key, version: version.parse().unwrap() };
            let mut problems = Problems::default();
            let shape = serde_json::from_str::<policy::Written>(config).unwrap().shape("", &mut problems);
            assert!(problems.is_empty(), "{config}");
            let made = seed(&given).unwrap().derive(purpose, &shape).unwrap().into_exposed();
            let shown = String::from_utf8(made)
                .unwrap_or_else(|error| format!("hex:{}", super::super::shape::hex(error.as_bytes())));
            assert_eq!(shown, value, "{line}");
            compared += 1;
        }
        assert!(compared > 100);
    }
}
