//! The keys of this machine's user, as SOPS finds them. Must not know what they open.

use krm::Masked;
use krm_functions::sops::Keyring;
use krm_functions::{InputError, Inputs};

struct Here;

impl Inputs for Here {
    fn operator_file(&self, path: &str) -> Result<Masked<Vec<u8>>, InputError> {
        super::file::read(std::path::Path::new(path)).map_err(|error| InputError::failed(error.error.to_string()))
    }

    fn variable(&self, name: &str) -> Option<Masked<String>> {
        std::env::var(name).ok().map(Masked::new)
    }
}

/// Every key at hand.
pub(super) fn keyring() -> Keyring {
    Keyring::from_environment(&Here)
}
