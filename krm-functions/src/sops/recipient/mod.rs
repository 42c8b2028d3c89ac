//! Those that a data key is encrypted for, one file per kind. Must not know files.

pub(super) mod age;
pub(super) mod pgp;
