//! What a Git server sends: advertisements, replies, packs, objects. Laws: nothing panics or takes more than its limits; pieces
//! make no difference; an object of a pack has the content that its name says.

use crate::git::object::{Commit, Format, Hasher, Tag, entries};
use crate::git::pack::{Index, Pack, PackLimits, Scan, Scanner, Spool, encode_index, resolve};
use crate::git::wire::{
    AdvertisementReader, FetchEvent, FetchReader, FetchRequest, Packet, Packets, PushReader, RefReader,
};

const LIMITS: PackLimits = PackLimits { pack_bytes: 1 << 20, objects: 500, object_bytes: 1 << 16, total_bytes: 1 << 20 };

/// The first byte says what the rest is.
pub fn git_wire(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    match kind % 8 {
        0 => drop(advertisement(data)),
        1 => references(data),
        2 => reply(data, 2),
        3 => reply(data, 0),
        4 => report(data),
        5 => pack(data),
        6 => index(data),
        _ => objects(data),
    }
}

fn packets(data: &[u8], mut take: impl FnMut(Packet<'_>) -> bool) {
    let mut packets = Packets::default();
    for piece in data.chunks(97) {
        packets.feed(piece);
        while let Ok(Some(packet)) = packets.next() {
            if take(packet) {
                return;
            }
        }
    }
}

fn advertisement(data: &[u8]) -> AdvertisementReader {
    let mut reader = AdvertisementReader::new(50);
    packets(data, |packet| reader.take(packet).unwrap_or(true));
    reader
}

fn references(data: &[u8]) {
    let mut reader = RefReader::new(50);
    packets(data, |packet| reader.take(packet).unwrap_or(true));
    let refs = reader.finish();
    assert!(refs.len() <= 50 && refs.iter().all(|found| !found.name.contains([' ', '\n', '\0'])));
}

/// An advertisement up to its flush, then the reply.
fn reply(data: &[u8], version: u8) {
    let said = advertisement(data).finish();
    let start = data.windows(4).position(|end| end == b"0000").map_or(0, |at| at + 4);
    let request = FetchRequest { depth: Some(1), ..FetchRequest::default() };
    let mut reader = FetchReader::new(version, &said.capabilities, &request);
    let mut scanner = Scanner::new(Format::Sha1, LIMITS);
    packets(&data[start..], |packet| match reader.take(packet) {
        Ok(FetchEvent::Pack(piece)) => scanner.feed(piece).is_err(),
        Ok(FetchEvent::Nothing) => false,
        Ok(FetchEvent::Raw | FetchEvent::End) | Err(_) => true,
    });
    assert!(reader.said().chars().all(|c| !c.is_control()));
}

fn report(data: &[u8]) {
    let said = advertisement(data).finish();
    let start = data.windows(4).position(|end| end == b"0000").map_or(0, |at| at + 4);
    let mut reader = PushReader::new(&said.capabilities);
    packets(&data[start..], |packet| reader.take(packet).unwrap_or(true));
    drop(reader.finish());
}

fn scanned(data: &[u8], pieces: usize) -> Option<Scan> {
    let mut scanner = Scanner::new(Format::Sha1, LIMITS);
    for piece in data.chunks(pieces) {
        scanner.feed(piece).ok()?;
    }
    scanner.finish().ok()
}

/// A pack without its checksum, which is added.
fn pack(data: &[u8]) {
    let mut whole = data.to_vec();
    let mut checksum = Hasher::checksum(Format::Sha1);
    checksum.update(data);
    whole.extend_from_slice(checksum.finish().expect("no collision is looked for").as_bytes());
    let scan = scanned(&whole, whole.len());
    let again = scanned(&whole, 7);
    assert_eq!(scan.as_ref().map(|scan| &scan.entries), again.as_ref().map(|scan| &scan.entries));
    let Some(scan) = scan else { return };
    let mut spool = Spool::new(&std::env::temp_dir());
    spool.write(&whole).expect("memory");
    let Ok(names) = resolve(&scan, &spool) else { return };
    let mut file = Spool::new(&std::env::temp_dir());
    file.write(&encode_index(&scan, &names)).expect("memory");
    let stored = Index::open(file, Format::Sha1).expect("our own index");
    let mut memory: Vec<_> = names.iter().copied().zip(scan.entries.iter().map(|entry| entry.offset)).collect();
    memory.sort_unstable();
    for name in &names {
        assert!(stored.find(name).expect("our own index").is_some());
    }
    let pack = Pack::new(spool, Index::Memory(memory), Format::Sha1);
    for name in &names {
        // A chain that goes through an object of the same name twice is the only thing that can fail.
        let Ok(Some(found)) = pack.read(name, LIMITS.object_bytes) else { continue };
        assert_eq!(Hasher::name_of(Format::Sha1, found.kind, &found.content).ok(), Some(*name));
    }
}

fn index(data: &[u8]) {
    let mut file = Spool::new(&std::env::temp_dir());
    file.write(data).expect("memory");
    let Ok(index) = Index::open(file, Format::Sha1) else { return };
    for first in [0, 1, 127, 255] {
        let mut name = [data.len().to_le_bytes()[0]; 20];
        name[0] = first;
        drop(index.find(&crate::git::object::ObjectId::from_bytes(&name).expect("as long as a name")));
    }
}

fn objects(data: &[u8]) {
    if let Ok(commit) = Commit::parse(data) {
        assert!(commit.payload.len() <= data.len() + 1);
    }
    if let Ok(tag) = Tag::parse(data) {
        assert_eq!(tag.payload.len() + tag.signature.map_or(0, |signature| signature.len()), data.len());
    }
    for format in [Format::Sha1, Format::Sha256] {
        for entry in entries(data, format).flatten() {
            assert!(!entry.name.is_empty() && !entry.name.contains(&0));
        }
    }
}
