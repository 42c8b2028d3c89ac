//! What a case of `fixtures/function` gives a function to ask for: files below `tree/`, files of the operator below `operator/`,
//! variables from the lines of `env`.

use std::fs;
use std::path::{Path, PathBuf};

use krm::Masked;
use krm_functions::{InputError, Inputs};

/// The surroundings of one case.
pub(crate) struct Surroundings {
    case: PathBuf,
    variables: Vec<(String, String)>,
}

impl Surroundings {
    /// Those of the case in this directory.
    pub(crate) fn of(case: &Path) -> Self {
        let lines = fs::read_to_string(case.join("env")).unwrap_or_default();
        let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { case: case.to_owned(), variables: lines.lines().filter_map(pair).collect() }
    }

    fn read(&self, below: &str, path: &str) -> Result<Masked<Vec<u8>>, InputError> {
        fs::read(self.case.join(below).join(path))
            .map(Masked::new)
            .map_err(|_| InputError::failed("there is no such file"))
    }
}

impl Inputs for Surroundings {
    fn tree_file(&self, path: &str) -> Result<Masked<Vec<u8>>, InputError> {
        self.read("tree", path)
    }

    fn operator_file(&self, path: &str) -> Result<Masked<Vec<u8>>, InputError> {
        self.read("operator", path)
    }

    fn passed_variable(&self, name: &str) -> Option<Masked<String>> {
        self.variable(name)
    }

    fn variable(&self, name: &str) -> Option<Masked<String>> {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| Masked::new(value.clone()))
    }
}
