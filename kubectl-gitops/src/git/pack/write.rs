//! Packs of ours: whole objects, one after the other.

use std::io::{self, Write as _};
use std::path::Path;

use super::inflate::deflated;
use super::{Scan, Spool, encode_index};
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
    file.as_file().sync_data()?;
    file.persist(base.with_extension("pack"))?;
    let mut file = tempfile::Builder::new().prefix("tmp_idx_").tempfile_in(directory)?;
    file.write_all(&encode_index(scan, names))?;
    file.as_file().sync_data()?;
    file.persist(base.with_extension("idx"))?;
    Ok(())
}

/// A pack with these objects.
pub(crate) fn encode_pack(objects: &[(Kind, Vec<u8>)], format: Format) -> Vec<u8> {
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend_from_slice(&u32::try_from(objects.len()).expect("fewer objects than that").to_be_bytes());
    for (kind, content) in objects {
        let code = match kind {
            Kind::Commit => 1,
            Kind::Tree => 2,
            Kind::Blob => 3,
            Kind::Tag => 4_u8,
        };
        let mut size = content.len() as u64;
        let mut byte = code << 4 | low_bits(size, 4);
        size >>= 4;
        while size > 0 {
            pack.push(byte | 0x80);
            byte = low_bits(size, 7);
            size >>= 7;
        }
        pack.push(byte);
        pack.extend_from_slice(&deflated(content));
    }
    let mut checksum = Hasher::checksum(format);
    checksum.update(&pack);
    let sum = checksum.finish().expect("no collision is looked for");
    pack.extend_from_slice(sum.as_bytes());
    pack
}

fn low_bits(value: u64, count: u32) -> u8 {
    u8::try_from(value & ((1 << count) - 1)).expect("at most seven bits")
}
