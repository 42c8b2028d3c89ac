//! Packs of ours: whole objects, one after the other; and packs of others, completed and kept.

use std::io::{self, Write as _};
use std::path::Path;

use super::inflate::deflated;
use super::scan::{Base, Scanned, checksum_of};
use super::{Found, Scan, Spool, encode_index};
use crate::git::object::{Format, Hasher, Kind, ObjectId};

/// Copied at once.
const PIECE: usize = 256 << 10;

/// Keeps a pack in a directory of a repository, named as git names it. Its index comes last: a pack without one is not seen.
pub(crate) fn save_pack(directory: &Path, scan: &Scan, spool: &Spool, names: &[ObjectId]) -> io::Result<()> {
    let base = directory.join(format!("pack-{}", scan.checksum));
    let mut file = tempfile::Builder::new().prefix("tmp_pack_").tempfile_in(directory)?;
    let (mut at, mut piece) = (0, vec![0; PIECE]);
    while at < spool.length() {
        let read = spool.read_at(at, &mut piece)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.write_all(&piece[..read])?;
        at += read as u64;
    }
    finish(file, &base.with_extension("pack"))?;
    let mut file = tempfile::Builder::new().prefix("tmp_idx_").tempfile_in(directory)?;
    file.write_all(&encode_index(scan, names))?;
    finish(file, &base.with_extension("idx"))
}

/// On the disk, in its place, and readable for whom the directory lets in, as git has it.
fn finish(file: tempfile::NamedTempFile, place: &Path) -> io::Result<()> {
    #[cfg(unix)]
    file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o444))?;
    file.as_file().sync_data()?;
    file.persist(place)?;
    Ok(())
}

/// The same pack with the objects that it builds on at its end, so that it stands alone.
pub(crate) fn completed(
    scan: &Scan,
    spool: &Spool,
    borrowed: &[(ObjectId, Found)],
    into: &Path,
) -> io::Result<(Scan, Spool)> {
    let mut whole = Spool::new(into);
    let mut hasher = Hasher::checksum(scan.format);
    let mut entries = scan.entries.clone();
    let count = u32::try_from(entries.len() + borrowed.len()).map_err(io::Error::other)?;
    let mut add = |whole: &mut Spool, bytes: &[u8]| {
        hasher.update(bytes);
        whole.write(bytes)
    };
    add(&mut whole, &[b"PACK\0\0\0\x02", &count.to_be_bytes()[..]].concat())?;
    let end = spool.length() - scan.format.bytes() as u64;
    let (mut at, mut piece) = (whole.length(), vec![0; PIECE]);
    while at < end {
        let wanted = usize::try_from(end - at).map_or(PIECE, |left| left.min(PIECE));
        let read = spool.read_at(at, &mut piece[..wanted])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        add(&mut whole, &piece[..read])?;
        at += read as u64;
    }
    for (id, found) in borrowed {
        let (offset, size) = (whole.length(), found.content.len() as u64);
        let header = header(found.kind, size);
        let stream = deflated(&found.content);
        add(&mut whole, &header)?;
        add(&mut whole, &stream)?;
        let crc = checksum_of(&[&header, &stream]);
        let base = Base::Whole(found.kind, *id);
        entries.push(Scanned { offset, stream: offset + header.len() as u64, size, base, crc });
    }
    let checksum = hasher.finish().map_err(io::Error::other)?;
    whole.write(checksum.as_bytes())?;
    Ok((Scan { entries, checksum, format: scan.format }, whole))
}

/// A pack with these objects.
pub(crate) fn encode_pack(objects: &[(Kind, Vec<u8>)], format: Format) -> Vec<u8> {
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend_from_slice(&u32::try_from(objects.len()).expect("fewer objects than that").to_be_bytes());
    for (kind, content) in objects {
        pack.extend_from_slice(&header(*kind, content.len() as u64));
        pack.extend_from_slice(&deflated(content));
    }
    let mut checksum = Hasher::checksum(format);
    checksum.update(&pack);
    let sum = checksum.finish().expect("no collision is looked for");
    pack.extend_from_slice(sum.as_bytes());
    pack
}

/// What stands before an object: its kind and its size.
fn header(kind: Kind, mut size: u64) -> Vec<u8> {
    let code = match kind {
        Kind::Commit => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
        Kind::Tag => 4_u8,
    };
    let mut bytes = Vec::new();
    let mut byte = code << 4 | low_bits(size, 4);
    size >>= 4;
    while size > 0 {
        bytes.push(byte | 0x80);
        byte = low_bits(size, 7);
        size >>= 7;
    }
    bytes.push(byte);
    bytes
}

fn low_bits(value: u64, count: u32) -> u8 {
    u8::try_from(value & ((1 << count) - 1)).expect("at most seven bits")
}
