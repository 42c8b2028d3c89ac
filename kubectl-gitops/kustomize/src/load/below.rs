//! Files for a function that runs in process. Owns their restriction, which no option lifts.

use std::path::Path;

use krm::leads_out;

use super::{LoadError, Loader, clean, is_remote_file};

impl Loader<'_> {
    /// Content of a file in or below this directory, whatever else the build may read.
    ///
    /// # Errors
    /// As [`Loader::read`]; or it lies elsewhere, by its path or by a link.
    pub fn read_below(&self, path: &str) -> Result<Vec<u8>, LoadError> {
        let outside = || LoadError::OutsideRoot { path: path.to_owned(), root: self.shown_root() };
        if path.is_empty() || is_remote_file(path) || leads_out(Path::new(path)) {
            return Err(outside());
        }
        self.inside_root(path, &clean(&self.root.join(path)))?;
        self.read(path).map(std::borrow::Cow::into_owned)
    }
}

#[cfg(test)]
mod tests {
    use crate::load::{MemoryFiles, Restriction, Session};

    #[test]
    fn a_function_stays_below_its_kustomization_whatever_the_build_may_read() {
        let files: MemoryFiles = [("/r/a/in.txt", "in"), ("/r/out.txt", "out")].into_iter().collect();
        for restriction in [Restriction::RootOnly, Restriction::None] {
            let session = Session::new(&files, &crate::Nowhere, std::path::Path::new("/r/a"), restriction).unwrap();
            let loader = session.loader();
            assert_eq!(loader.read_below("in.txt").unwrap(), b"in");
            assert_eq!(loader.read_below("./x/../in.txt").unwrap(), b"in");
            for path in ["", "../out.txt", "../a/in.txt", "/r/a/in.txt", "https://example.com/in.txt", "none"] {
                assert!(loader.read_below(path).is_err(), "{path}");
            }
        }
    }
}
