//! How much a repository may cost.

use std::time::Duration;

use super::pack::PackLimits;

/// Bounds on time, memory and disk. The defaults let any sane repository pass and stop a bomb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the first connection to the last byte on the disk.
    pub time: Duration,
    /// Until a connection stands.
    pub connect: Duration,
    /// References of the server.
    pub refs: usize,
    /// Bytes of one transfer.
    pub pack_bytes: u64,
    /// Objects of one transfer.
    pub objects: u32,
    /// Bytes of all objects of one transfer, unpacked.
    pub total_bytes: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Files, directories and links of the tree.
    pub entries: usize,
    /// Bytes of all files of the tree.
    pub tree_bytes: u64,
    /// Directories in each other.
    pub depth: usize,
    /// Submodules, all together.
    pub submodules: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_mins(1),
            connect: Duration::from_secs(15),
            refs: 200_000,
            pack_bytes: 512 << 20,
            objects: 500_000,
            total_bytes: 2 << 30,
            file_bytes: 64 << 20,
            entries: 100_000,
            tree_bytes: 1 << 30,
            depth: 128,
            submodules: 64,
        }
    }
}

impl Limits {
    pub(crate) fn pack(&self) -> PackLimits {
        PackLimits {
            pack_bytes: self.pack_bytes,
            objects: self.objects,
            object_bytes: self.file_bytes,
            total_bytes: self.total_bytes,
        }
    }
}
