//! Files that may be encrypted. Owns that the caller of the build is asked to open them; must not know how, and what it does not
//! open is read as it is.

use std::borrow::Cow;

use super::{LoadError, Loader};
use crate::outside::{Purpose, SealedFile};

impl<'a> Loader<'a> {
    /// Content of a file for a Secret or a patch, opened if it is encrypted and the caller opens such files. The ending of
    /// `name` tells its format.
    ///
    /// # Errors
    /// As [`Loader::read`]; or it cannot be opened.
    pub fn read_opened(&self, path: &str, name: &str, purpose: Purpose) -> Result<Cow<'a, [u8]>, LoadError> {
        let content = self.read(path)?;
        let file = SealedFile { path, name, purpose, content: &content };
        let failed = |source| LoadError::Open { path: path.to_owned(), source };
        match self.outside().open_file(&file).map_err(failed)? {
            Some(plain) => Ok(Cow::Owned(plain)),
            None => Ok(content),
        }
    }

    /// [`Loader::read_opened`] as text.
    ///
    /// # Errors
    /// As [`Loader::read_opened`]; or it is not UTF-8.
    pub fn read_opened_text(&self, path: &str, purpose: Purpose) -> Result<String, LoadError> {
        let content = self.read_opened(path, path, purpose)?.into_owned();
        String::from_utf8(content).map_err(|_| LoadError::NotText { path: path.to_owned() })
    }
}
