//! What our functions may ask of this machine while they run in process. Owns the bounds; what is read may be secret, so no error
//! holds any of it.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use krm::Masked;
use krm_functions::{InputError, Inputs, inputs};
use kustomize::outside::{Ending, Process, ProcessError, Program, TreeFiles, Word};

use super::disk::{convert, read_bounded};
use super::process::{self, Limits};

/// Largest file of keys.
const KEYS_BYTES_MAX: u64 = 4 << 20;
/// Of a command that prints keys: long enough for a person to touch a hardware key.
const COMMAND: Limits = Limits { time: Duration::from_mins(2), output: 4 << 20, errors: 0 };

/// The environment and what the operator names; of the tree, what is handed in.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The files that the function may read.
    pub tree: &'a dyn TreeFiles,
    /// Variables over those of the environment, as `NAME=value`, or as `NAME` to pass one on; a later one of a name wins.
    pub env: &'a [String],
}

/// Variables stay out.
impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("tree", &self.tree.directory()).finish_non_exhaustive()
    }
}

impl Inputs for Surroundings<'_> {
    fn tree_file(&self, path: &str) -> Result<Masked<Vec<u8>>, InputError> {
        self.tree.read(path).map(Masked::new).map_err(InputError::failed)
    }

    fn operator_file(&self, path: &str) -> Result<Masked<Vec<u8>>, InputError> {
        operator_file(Path::new(path))
    }

    fn operator_directory(&self, path: &str) -> Result<Vec<String>, InputError> {
        let names = fs::read_dir(path).and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
        let names: Vec<OsString> = names.map_err(|error| InputError::failed(convert(&error).to_string()))?;
        Ok(names.into_iter().filter_map(|name| name.into_string().ok()).collect())
    }

    /// What `--env` passes: `NAME=value`, or `NAME` for that of our own environment.
    fn passed_variable(&self, name: &str) -> Option<Masked<String>> {
        let entry = self.env.iter().rev().find(|entry| entry.split('=').next() == Some(name))?;
        let value = entry.split_once('=').map(|(_, value)| value.to_owned());
        value.or_else(|| std::env::var(name).ok()).map(Masked::new)
    }

    fn variable(&self, name: &str) -> Option<Masked<String>> {
        self.passed_variable(name).or_else(|| std::env::var(name).ok().map(Masked::new))
    }

    fn operator_command(&self, command: &str) -> Result<Masked<Vec<u8>>, InputError> {
        let words = inputs::words(command).ok_or_else(|| InputError::failed("a quote in it is not closed"))?;
        let Some((program, arguments)) = words.split_first() else { return Err(InputError::failed("it is empty")) };
        let mut process = Process::new(Program::Named(program.clone()), None);
        process.args = arguments.iter().map(|word| Word::from(word.as_str())).collect();
        let finished =
            process::run(&process, COMMAND).map_err(|error: ProcessError| InputError::failed(error.to_string()))?;
        match finished.ending {
            Ending::Exit(0) => Ok(Masked::new(finished.stdout)),
            other => Err(InputError::failed(format!("it ended with {other}"))),
        }
    }
}

/// A file that the operator named; a pipe is welcome, too.
pub(crate) fn operator_file(path: &Path) -> Result<Masked<Vec<u8>>, InputError> {
    let failed = |error: &std::io::Error| InputError::failed(convert(error).to_string());
    let metadata = fs::metadata(path).map_err(|error| failed(&error))?;
    if metadata.is_dir() {
        return Err(InputError::failed("it is a directory"));
    }
    let too_large = || InputError::failed(format!("it is larger than {KEYS_BYTES_MAX} bytes"));
    if metadata.len() > KEYS_BYTES_MAX {
        return Err(too_large());
    }
    let file = fs::File::open(path).map_err(|error| failed(&error))?;
    let content = read_bounded(std::io::Read::take(file, KEYS_BYTES_MAX + 1), 0);
    let content = content.map_err(|error| InputError::failed(error.to_string()))?;
    if content.len() as u64 > KEYS_BYTES_MAX { Err(too_large()) } else { Ok(Masked::new(content)) }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    struct Tree;

    impl TreeFiles for Tree {
        fn read(&self, path: &str) -> Result<Vec<u8>, String> {
            if path == "a" { Ok(b"of the tree".to_vec()) } else { Err("not here".to_owned()) }
        }

        fn directory(&self) -> &Path {
            Path::new("/nowhere")
        }
    }

    #[test]
    fn variables_come_from_the_caller_first_and_commands_are_bounded() {
        let env = ["A=1".to_owned(), "A=x=y".to_owned(), "PASSED".to_owned()];
        let around = Surroundings { tree: &Tree, env: &env };
        assert_eq!(around.variable("A").map(Masked::into_exposed).as_deref(), Some("x=y"));
        assert!(around.variable("PATH").is_some());
        assert!(
            around.passed_variable("PATH").is_none(),
            "a tree reads nothing of the environment that was not passed"
        );
        let passed = Surroundings { tree: &Tree, env: &["PATH".to_owned()] };
        assert_eq!(passed.passed_variable("PATH"), around.variable("PATH"));
        assert!(around.variable("NO_SUCH_VARIABLE_HERE").is_none());
        assert_eq!(around.tree_file("a").unwrap().expose(), b"of the tree");
        assert_eq!(around.tree_file("b").unwrap_err().to_string(), "not here");
        let command =
            |text: &str| around.operator_command(text).map(|found| String::from_utf8(found.into_exposed()).unwrap());
        assert_eq!(command("printf '%s' 'a b'").unwrap(), "a b");
        assert_eq!(command("sh -c 'echo hunter2; exit 3'").unwrap_err().to_string(), "it ended with exit code 3");
        assert!(around.operator_file("/dev/zero").is_err());
        assert!(around.operator_file("/").is_err());
    }
}
