//! Where the bytes of a pack are while it is read: small ones in memory, others in a file that nobody else sees.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Larger packs go to a file. Those of the repositories we are made for are smaller.
const MEMORY_MAX: usize = 4 << 20;

/// Bytes that are written once and then read anywhere.
#[derive(Debug)]
pub(crate) enum Spool {
    /// All of them.
    Memory {
        /// The bytes.
        bytes: Vec<u8>,
        /// Where a file is made if they become too many.
        directory: PathBuf,
    },
    /// In a file without a name, or in one that belongs to a repository.
    File {
        /// The file.
        file: File,
        /// Its size.
        length: u64,
    },
}

impl Spool {
    /// Nothing yet; a file, if it is needed, is made in `directory`.
    pub(crate) fn new(directory: &Path) -> Self {
        Self::Memory { bytes: Vec::new(), directory: directory.to_owned() }
    }

    /// A file that is there.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self::File { file, length })
    }

    /// Bytes in it.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Memory { bytes, .. } => bytes.len() as u64,
            Self::File { length, .. } => *length,
        }
    }

    /// Appends.
    pub(crate) fn write(&mut self, more: &[u8]) -> io::Result<()> {
        match self {
            Self::Memory { bytes, .. } if bytes.len() + more.len() <= MEMORY_MAX => bytes.extend_from_slice(more),
            Self::Memory { bytes, directory } => {
                let mut file = tempfile::tempfile_in(directory)?;
                file.write_all(bytes)?;
                file.write_all(more)?;
                *self = Self::File { length: (bytes.len() + more.len()) as u64, file };
            }
            Self::File { file, length } => {
                // Reading moves the place where the system writes.
                file.seek(SeekFrom::Start(*length))?;
                file.write_all(more)?;
                *length += more.len() as u64;
            }
        }
        Ok(())
    }

    /// Fills `into` from `offset` as far as there is something; gives how much.
    pub(crate) fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory { bytes, .. } => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                let count = into.len().min(bytes.len() - start);
                into[..count].copy_from_slice(&bytes[start..start + count]);
                Ok(count)
            }
            // A place that no file has, which an index may name.
            Self::File { length, .. } if offset >= *length => Ok(0),
            Self::File { file, .. } => {
                let mut file: &File = file;
                file.seek(SeekFrom::Start(offset))?;
                let mut count = 0;
                while count < into.len() {
                    match file.read(&mut into[count..]) {
                        Ok(0) => break,
                        Ok(read) => count += read,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(count)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_in_memory_and_on_disk() {
        let directory = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(directory.path());
        let piece: Vec<u8> = (0..1_000_003_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
        for count in 1..=6_u64 {
            spool.write(&piece).unwrap();
            assert_eq!(spool.length(), count * piece.len() as u64);
            let mut read = vec![0; 1000];
            let at = (count - 1) * piece.len() as u64 + 77;
            assert_eq!(spool.read_at(at, &mut read).unwrap(), 1000);
            assert_eq!(read, piece[77..1077]);
        }
        assert!(matches!(spool, Spool::File { .. }));
        assert_eq!(spool.read_at(spool.length() - 5, &mut [0; 9]).unwrap(), 5);
        assert_eq!(spool.read_at(u64::MAX >> 1, &mut [0; 9]).unwrap(), 0);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
