//! What encrypted files are opened with, in an installation: a file of keys. Owns its name in a Secret and on a host.

use krm::Masked;
use krm_functions::sops::Keyring;

/// Its name in a Secret of Flux's layout.
pub(super) const KEY: &str = "age.agekey";

/// Is there a key in it that opens anything?
pub(super) fn any(content: &Masked<Vec<u8>>) -> bool {
    let mut keyring = Keyring::default();
    keyring.add_age(KEY.to_owned(), content.expose());
    !keyring.is_empty()
}
