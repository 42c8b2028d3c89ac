//! Which object is where in a pack: in memory for one that was just received, in a file of git's own format (version 2)
//! otherwise.

use super::{PackError, Scan, Spool};
use crate::git::object::{Format, Hasher, ObjectId};

const MAGIC: &[u8] = b"\xfftOc\0\0\0\x02";
const FANOUT: u64 = 256 * 4;
const HEAD: usize = 8 + 256 * 4;

/// Names and where they are.
#[derive(Debug)]
pub(crate) enum Index {
    /// Sorted by name.
    Memory(Vec<(ObjectId, u64)>),
    /// A file of version 2.
    File {
        /// The file.
        file: Spool,
        /// How many objects.
        count: u64,
        /// The hash.
        format: Format,
    },
}

impl Index {
    /// Opens a file.
    pub(crate) fn open(file: Spool, format: Format) -> Result<Self, PackError> {
        let mut head = [0; HEAD];
        if file.read_at(0, &mut head)? != head.len() || !head.starts_with(MAGIC) {
            return Err(PackError::Index);
        }
        let count = u64::from(u32::from_be_bytes(*head.last_chunk::<4>().expect("four bytes")));
        let name = format.bytes() as u64;
        // Names, checksums and offsets of all objects, then two checksums.
        if file.length() < 8 + FANOUT + count * (name + 8) + 2 * name {
            return Err(PackError::Index);
        }
        Ok(Self::File { file, count, format })
    }

    /// Where this object is, if it is there.
    pub(crate) fn find(&self, id: &ObjectId) -> Result<Option<u64>, PackError> {
        match self {
            Self::Memory(entries) => {
                Ok(entries.binary_search_by(|(name, _)| name.cmp(id)).ok().map(|at| entries[at].1))
            }
            Self::File { file, count, format } => find_in(file, *count, *format, id),
        }
    }

    /// Objects whose names begin with these hexadecimal digits, at most `max`.
    pub(crate) fn beginning(&self, digits: &str, format: Format, max: usize) -> Result<Vec<ObjectId>, PackError> {
        let width = format.bytes() * 2;
        let Ok(lowest) = format!("{digits:0<width$}").parse::<ObjectId>() else { return Ok(Vec::new()) };
        let fits = |id: &ObjectId| id.to_string().starts_with(digits);
        match self {
            Self::Memory(entries) => {
                let from = entries.partition_point(|(name, _)| *name < lowest);
                Ok(entries[from..].iter().map(|(name, _)| *name).take_while(fits).take(max).collect())
            }
            Self::File { file, count, format } => {
                let bytes = format.bytes();
                let first = u64::from(lowest.as_bytes()[0]);
                let from = if first == 0 { 0 } else { u64::from(number(file, 8 + (first - 1) * 4)?) };
                let to = u64::from(number(file, 8 + first * 4)?).min(*count);
                let mut found = Vec::new();
                for position in from..to {
                    let mut name = [0; 32];
                    read_exact(file, 8 + FANOUT + position * bytes as u64, &mut name[..bytes])?;
                    let Some(id) = ObjectId::from_bytes(&name[..bytes]) else { return Err(PackError::Index) };
                    if fits(&id) {
                        found.push(id);
                    }
                    if id > lowest && !fits(&id) || found.len() >= max {
                        break;
                    }
                }
                Ok(found)
            }
        }
    }
}

fn find_in(file: &Spool, count: u64, format: Format, id: &ObjectId) -> Result<Option<u64>, PackError> {
    if id.format() != format {
        return Ok(None);
    }
    let name = format.bytes();
    let first = u64::from(id.as_bytes()[0]);
    let mut low = if first == 0 { 0 } else { u64::from(number(file, 8 + (first - 1) * 4)?) };
    let mut high = u64::from(number(file, 8 + first * 4)?).min(count);
    let mut found = [0; 32];
    while low < high {
        let middle = low + (high - low) / 2;
        read_exact(file, 8 + FANOUT + middle * name as u64, &mut found[..name])?;
        match found[..name].cmp(id.as_bytes()) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return offset_of(file, count, name as u64, middle).map(Some),
        }
    }
    Ok(None)
}

fn offset_of(file: &Spool, count: u64, name: u64, position: u64) -> Result<u64, PackError> {
    let offsets = 8 + FANOUT + count * (name + 4);
    let short = number(file, offsets + position * 4)?;
    if short & 0x8000_0000 == 0 {
        return Ok(u64::from(short));
    }
    let mut long = [0; 8];
    read_exact(file, offsets + count * 4 + u64::from(short & 0x7fff_ffff) * 8, &mut long)?;
    Ok(u64::from_be_bytes(long))
}

fn number(file: &Spool, at: u64) -> Result<u32, PackError> {
    let mut bytes = [0; 4];
    read_exact(file, at, &mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}

fn read_exact(file: &Spool, at: u64, into: &mut [u8]) -> Result<(), PackError> {
    if file.read_at(at, into)? == into.len() { Ok(()) } else { Err(PackError::Index) }
}

/// The file for a pack whose objects were named, in the order of its entries.
pub(crate) fn encode_index(scan: &Scan, names: &[ObjectId]) -> Vec<u8> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|at| names[*at]);
    let mut file = MAGIC.to_vec();
    let mut before = 0;
    for first in 0..=u8::MAX {
        before += order[before..].iter().take_while(|at| names[**at].as_bytes()[0] == first).count();
        file.extend_from_slice(&u32::try_from(before).expect("a pack counts so").to_be_bytes());
    }
    for at in &order {
        file.extend_from_slice(names[*at].as_bytes());
    }
    for at in &order {
        file.extend_from_slice(&scan.entries[*at].crc.to_be_bytes());
    }
    let mut long: Vec<u8> = Vec::new();
    for at in &order {
        let offset = scan.entries[*at].offset;
        let short = match u32::try_from(offset) {
            Ok(short) if short < 0x8000_0000 => short,
            _ => {
                let position = u32::try_from(long.len() / 8).expect("fewer long offsets than objects");
                long.extend_from_slice(&offset.to_be_bytes());
                position | 0x8000_0000
            }
        };
        file.extend_from_slice(&short.to_be_bytes());
    }
    file.extend_from_slice(&long);
    file.extend_from_slice(scan.checksum.as_bytes());
    let mut hasher = Hasher::checksum(scan.format);
    hasher.update(&file);
    let own = hasher.finish().expect("no collision is looked for");
    file.extend_from_slice(own.as_bytes());
    file
}
