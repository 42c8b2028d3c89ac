//! A pack as it arrives. Owns the walk over its entries: counts, sizes and checksums are known and bounded before anything is
//! kept; what is no difference to another object gets its name on the way.

use super::inflate::Inflater;
use super::{PackError, PackLimits, delta};
use crate::git::object::{Format, Hasher, Kind, ObjectId};

const HEADER: usize = 12;
/// Longest header of an entry: a size, and the distance or the name of its base.
const ENTRY_HEADER_MAX: usize = 10 + 32;
/// Decompressed at once.
const WINDOW: usize = 32 << 10;
/// Enough of a delta to know both of its sizes.
const DELTA_HEAD: usize = 20;

/// What an entry is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// Nothing: it is a whole object, of this name.
    Whole(Kind, ObjectId),
    /// The entry at this byte.
    Offset(u64),
    /// An object of this name.
    Named(ObjectId),
}

/// One entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scanned {
    /// First byte of its header.
    pub(crate) offset: u64,
    /// First byte of its zlib stream.
    pub(crate) stream: u64,
    /// Bytes that the stream gives.
    pub(crate) size: u64,
    /// What it is made from.
    pub(crate) base: Base,
    /// CRC-32 of its bytes in the pack.
    pub(crate) crc: u32,
}

/// A whole pack.
#[derive(Debug)]
pub(crate) struct Scan {
    /// Its entries, in order.
    pub(crate) entries: Vec<Scanned>,
    /// The checksum at its end.
    pub(crate) checksum: ObjectId,
    /// The hash of its repository.
    pub(crate) format: Format,
}

/// Header of an entry, taken apart.
pub(super) struct EntryHeader {
    /// Length of the header.
    pub(super) length: usize,
    /// Bytes that the stream gives.
    pub(super) size: u64,
    /// A whole object's kind, the distance to a base, or its name.
    pub(super) base: HeaderBase,
}

pub(super) enum HeaderBase {
    Whole(Kind),
    Distance(u64),
    Named(ObjectId),
}

/// Reads the header of an entry. `Ok(None)`: more bytes are needed.
pub(super) fn entry_header(bytes: &[u8], format: Format) -> Result<Option<EntryHeader>, &'static str> {
    let Some(first) = bytes.first() else { return Ok(None) };
    let mut size = u64::from(first & 0x0f);
    let (mut shift, mut at, mut byte) = (4, 1, *first);
    while byte & 0x80 != 0 {
        let Some(next) = bytes.get(at) else { return Ok(None) };
        byte = *next;
        at += 1;
        if shift > 53 {
            return Err("its size");
        }
        size |= u64::from(byte & 0x7f) << shift;
        shift += 7;
    }
    let base = match first >> 4 & 7 {
        1 => HeaderBase::Whole(Kind::Commit),
        2 => HeaderBase::Whole(Kind::Tree),
        3 => HeaderBase::Whole(Kind::Blob),
        4 => HeaderBase::Whole(Kind::Tag),
        6 => match distance(&bytes[at..])? {
            Some((distance, length)) => {
                at += length;
                HeaderBase::Distance(distance)
            }
            None => return Ok(None),
        },
        7 => {
            let Some(name) = bytes.get(at..at + format.bytes()) else { return Ok(None) };
            at += format.bytes();
            HeaderBase::Named(ObjectId::from_bytes(name).expect("as long as a name"))
        }
        _ => return Err("its type"),
    };
    Ok(Some(EntryHeader { length: at, size, base }))
}

fn distance(bytes: &[u8]) -> Result<Option<(u64, usize)>, &'static str> {
    let mut value = 0_u64;
    for (count, byte) in bytes.iter().enumerate() {
        if count >= 8 {
            return Err("the distance to its base");
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(Some((value, count + 1)));
        }
        value += 1;
    }
    if bytes.len() >= 8 { Err("the distance to its base") } else { Ok(None) }
}

enum State {
    Header,
    EntryHeader,
    Stream { entry: Scanned, kind: Option<Hasher>, inflated: u64, head: Vec<u8> },
    Trailer,
    Done,
}

/// What became of some bytes. What is still to come out of a stream needs none.
struct Progress {
    used: usize,
    progressed: bool,
}

/// Walks over a pack that arrives in pieces.
pub(crate) struct Scanner {
    format: Format,
    limits: PackLimits,
    state: State,
    /// Bytes that were not enough to go on.
    waiting: Vec<u8>,
    /// Bytes of the pack before `waiting`.
    position: u64,
    count: u32,
    total: u64,
    entries: Vec<Scanned>,
    inflater: Inflater,
    window: Box<[u8]>,
    checksum: Option<Hasher>,
    trailer: Option<ObjectId>,
}

impl std::fmt::Debug for Scanner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scanner").field("position", &self.position).finish_non_exhaustive()
    }
}

impl Scanner {
    /// For a pack of this hash.
    pub(crate) fn new(format: Format, limits: PackLimits) -> Self {
        Self {
            format,
            limits,
            state: State::Header,
            waiting: Vec::new(),
            position: 0,
            count: 0,
            total: 0,
            entries: Vec::new(),
            inflater: Inflater::new(),
            window: vec![0; WINDOW].into_boxed_slice(),
            checksum: Some(Hasher::checksum(format)),
            trailer: None,
        }
    }

    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, piece: &[u8]) -> Result<(), PackError> {
        if self.position + (self.waiting.len() + piece.len()) as u64 > self.limits.pack_bytes {
            return Err(PackError::Limit { what: "the size of the pack", limit: self.limits.pack_bytes });
        }
        let joined;
        let mut bytes = piece;
        if !self.waiting.is_empty() {
            let mut waiting = std::mem::take(&mut self.waiting);
            waiting.extend_from_slice(piece);
            joined = waiting;
            bytes = &joined;
        }
        loop {
            let step = self.step(bytes)?;
            bytes = &bytes[step.used..];
            if !step.progressed {
                self.waiting = bytes.to_vec();
                return Ok(());
            }
        }
    }

    /// The pack, if it was complete.
    pub(crate) fn finish(self) -> Result<Scan, PackError> {
        match self.trailer {
            Some(checksum) if self.waiting.is_empty() => {
                Ok(Scan { entries: self.entries, checksum, format: self.format })
            }
            _ => Err(PackError::Short),
        }
    }

    fn step(&mut self, bytes: &[u8]) -> Result<Progress, PackError> {
        let used = match &mut self.state {
            State::Header => self.header(bytes)?,
            State::EntryHeader => self.entry(bytes)?,
            State::Stream { .. } => return self.stream(bytes),
            State::Trailer => self.end(bytes)?,
            State::Done if bytes.is_empty() => 0,
            State::Done => return Err(PackError::Long),
        };
        Ok(Progress { used, progressed: used > 0 })
    }

    fn sum(&mut self, bytes: &[u8]) {
        self.position += bytes.len() as u64;
        if let Some(checksum) = &mut self.checksum {
            checksum.update(bytes);
        }
    }

    fn header(&mut self, bytes: &[u8]) -> Result<usize, PackError> {
        let Some(header) = bytes.first_chunk::<HEADER>() else { return Ok(0) };
        let number = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().expect("four bytes"));
        if !header.starts_with(b"PACK") || !matches!(number(4), 2 | 3) {
            return Err(PackError::Header);
        }
        self.count = number(8);
        if self.count > self.limits.objects {
            return Err(PackError::Limit { what: "the number of objects", limit: u64::from(self.limits.objects) });
        }
        self.state = if self.count == 0 { State::Trailer } else { State::EntryHeader };
        self.sum(header);
        Ok(HEADER)
    }

    fn entry(&mut self, bytes: &[u8]) -> Result<usize, PackError> {
        let offset = self.position;
        let bad = |what| PackError::Entry { offset, what };
        let seen = &bytes[..bytes.len().min(ENTRY_HEADER_MAX)];
        let Some(header) = entry_header(seen, self.format).map_err(bad)? else {
            return if seen.len() == ENTRY_HEADER_MAX { Err(bad("its header")) } else { Ok(0) };
        };
        if header.size > self.limits.object_bytes {
            return Err(self.too_large());
        }
        self.grow(header.size)?;
        let zero = ObjectId::zero(self.format);
        let (base, hasher) = match header.base {
            HeaderBase::Whole(kind) => (Base::Whole(kind, zero), Some(Hasher::object(self.format, kind, header.size))),
            HeaderBase::Distance(distance) => {
                let base = offset.checked_sub(distance).filter(|base| distance > 0 && *base >= HEADER as u64);
                (Base::Offset(base.ok_or(bad("the distance to its base"))?), None)
            }
            HeaderBase::Named(id) => (Base::Named(id), None),
        };
        let mut entry =
            Scanned { offset, stream: offset + header.length as u64, size: header.size, base, crc: CRC_START };
        entry.crc = crc(entry.crc, &bytes[..header.length]);
        self.inflater.restart();
        self.state = State::Stream { entry, kind: hasher, inflated: 0, head: Vec::new() };
        self.sum(&bytes[..header.length]);
        Ok(header.length)
    }

    fn stream(&mut self, bytes: &[u8]) -> Result<Progress, PackError> {
        let State::Stream { entry, kind, inflated, head } = &mut self.state else {
            unreachable!("asked for only then")
        };
        let bad = |what| PackError::Entry { offset: entry.offset, what };
        let step = self.inflater.step(bytes, &mut self.window).ok_or(bad("its compression"))?;
        let output = &self.window[..step.written];
        *inflated += output.len() as u64;
        if *inflated > entry.size || (step.ended && *inflated < entry.size) {
            return Err(bad("its size"));
        }
        if let Some(hasher) = kind {
            hasher.update(output);
        } else if head.len() < DELTA_HEAD {
            head.extend_from_slice(&output[..output.len().min(DELTA_HEAD - head.len())]);
        }
        entry.crc = crc(entry.crc, &bytes[..step.consumed]);
        let progressed = step.consumed > 0 || step.written > 0 || step.ended;
        if !progressed && !bytes.is_empty() {
            return Err(bad("its compression"));
        }
        let progress = Progress { used: step.consumed, progressed };
        let ended = step.ended;
        self.sum(&bytes[..progress.used]);
        if ended {
            self.close()?;
        }
        Ok(progress)
    }

    fn close(&mut self) -> Result<(), PackError> {
        let State::Stream { mut entry, kind, head, .. } = std::mem::replace(&mut self.state, State::EntryHeader) else {
            unreachable!("asked for only then")
        };
        entry.crc ^= CRC_START;
        if let (Some(hasher), Base::Whole(kind, _)) = (kind, entry.base) {
            entry.base = Base::Whole(kind, hasher.finish().map_err(PackError::Name)?);
        } else {
            let bad = PackError::Entry { offset: entry.offset, what: "its delta" };
            let (_, result, _) = delta::sizes(&head).ok_or(bad)?;
            if result > self.limits.object_bytes {
                return Err(self.too_large());
            }
            self.grow(result)?;
        }
        self.entries.push(entry);
        if self.entries.len() as u64 == u64::from(self.count) {
            self.state = State::Trailer;
        }
        Ok(())
    }

    fn end(&mut self, bytes: &[u8]) -> Result<usize, PackError> {
        let Some(sum) = bytes.get(..self.format.bytes()) else { return Ok(0) };
        let expected = self.checksum.take().expect("taken once").finish().map_err(PackError::Name)?;
        if expected.as_bytes() != sum {
            return Err(PackError::Checksum);
        }
        self.trailer = Some(expected);
        self.position += sum.len() as u64;
        self.state = State::Done;
        Ok(sum.len())
    }

    fn grow(&mut self, bytes: u64) -> Result<(), PackError> {
        self.total = self.total.saturating_add(bytes);
        if self.total > self.limits.total_bytes {
            return Err(PackError::Limit { what: "the size of all objects", limit: self.limits.total_bytes });
        }
        Ok(())
    }

    fn too_large(&self) -> PackError {
        PackError::Limit { what: "the size of an object", limit: self.limits.object_bytes }
    }
}

const CRC_START: u32 = u32::MAX;

/// CRC-32 of these bytes, one after the other.
pub(super) fn checksum_of(pieces: &[&[u8]]) -> u32 {
    pieces.iter().fold(CRC_START, |value, piece| crc(value, piece)) ^ CRC_START
}

/// CRC-32 as zlib has it, without the final inversion.
fn crc(mut value: u32, bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let (mut table, mut index) = ([0_u32; 256], 0_u32);
        while index < 256 {
            let (mut entry, mut bit) = (index, 0);
            while bit < 8 {
                entry = if entry & 1 == 1 { entry >> 1 ^ 0xedb8_8320 } else { entry >> 1 };
                bit += 1;
            }
            table[index as usize] = entry;
            index += 1;
        }
        table
    };
    for byte in bytes {
        value = value >> 8 ^ TABLE[usize::from(value.to_le_bytes()[0] ^ byte)];
    }
    value
}
