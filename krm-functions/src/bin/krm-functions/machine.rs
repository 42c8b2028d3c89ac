//! This machine as a function's surroundings. Owns the bounds: files of the tree lie in or below the working directory, whatever
//! links say; nothing is read without a limit. What is read may be secret: no error holds any of it.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use krm::{Masked, leads_out};
use krm_functions::{InputError, Inputs};

use super::command;

/// Largest file of the tree: as much as the YAML reader accepts.
const TREE_BYTES_MAX: u64 = 64 << 20;
/// Largest file of keys.
const OPERATOR_BYTES_MAX: u64 = 4 << 20;

/// The working directory, the environment, and what the operator names.
#[derive(Debug)]
pub(crate) struct Machine {
    /// Absolute, links followed.
    directory: PathBuf,
}

impl Machine {
    /// As this process sees it.
    pub(crate) fn here() -> Result<Self, String> {
        let directory = std::env::current_dir().and_then(|directory| directory.canonicalize());
        match directory {
            Ok(directory) => Ok(Self { directory }),
            Err(error) => Err(format!("the working directory cannot be used: {error}")),
        }
    }
}

impl Inputs for Machine {
    fn tree_file(&self, path: &str) -> Result<Masked<Vec<u8>>, InputError> {
        let relative = Path::new(path);
        if path.is_empty() || leads_out(relative) {
            return Err(InputError::failed("it must be a path in or below the working directory"));
        }
        let found = self.directory.join(relative).canonicalize().map_err(|error| failed(&error))?;
        if !found.starts_with(&self.directory) {
            return Err(InputError::failed("it leads out of the working directory"));
        }
        if !found.is_file() {
            return Err(InputError::failed("it is no regular file"));
        }
        read(&found, TREE_BYTES_MAX)
    }

    fn operator_file(&self, path: &str) -> Result<Masked<Vec<u8>>, InputError> {
        if Path::new(path).is_dir() {
            return Err(InputError::failed("it is a directory"));
        }
        // A pipe is welcome here: `SOPS_AGE_KEY_FILE=<(command)`.
        read(Path::new(path), OPERATOR_BYTES_MAX)
    }

    fn operator_directory(&self, path: &str) -> Result<Vec<String>, InputError> {
        let names = fs::read_dir(path).and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
        let names: Vec<std::ffi::OsString> = names.map_err(|error| failed(&error))?;
        Ok(names.into_iter().filter_map(|name| name.into_string().ok()).collect())
    }

    /// Whoever starts this program for one function gives it an environment for that function.
    fn passed_variable(&self, name: &str) -> Option<Masked<String>> {
        self.variable(name)
    }

    fn variable(&self, name: &str) -> Option<Masked<String>> {
        std::env::var(name).ok().map(Masked::new)
    }

    fn operator_command(&self, command: &str) -> Result<Masked<Vec<u8>>, InputError> {
        command::output(command, command::Limits::default())
    }
}

/// The functionConfig that the operator names on the command line.
pub(crate) fn config_file(path: &str) -> Result<String, String> {
    let content = read(Path::new(path), TREE_BYTES_MAX).map_err(|error| format!("cannot read `{path}`: {error}"))?;
    String::from_utf8(content.into_exposed()).map_err(|_| format!("`{path}` is not UTF-8 text"))
}

fn read(path: &Path, limit: u64) -> Result<Masked<Vec<u8>>, InputError> {
    let mut content = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut content));
    read.map_err(|error| failed(&error))?;
    if content.len() as u64 > limit {
        return Err(InputError::failed(format!("it is larger than {limit} bytes")));
    }
    Ok(Masked::new(content))
}

fn failed(error: &std::io::Error) -> InputError {
    InputError::failed(match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("krm-functions-{name}-{}", std::process::id()));
            fs::create_dir_all(path.join("tree/sub")).expect("a directory");
            Self(path.canonicalize().expect("it is there"))
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    #[test]
    fn nothing_outside_of_the_tree_is_read() {
        let place = Place::new("jail");
        fs::write(place.0.join("secret"), "hunter2").unwrap();
        fs::write(place.0.join("tree/sub/in"), "inside").unwrap();
        std::os::unix::fs::symlink("../secret", place.0.join("tree/out")).unwrap();
        std::os::unix::fs::symlink("sub", place.0.join("tree/within")).unwrap();
        std::os::unix::fs::symlink("..", place.0.join("tree/up")).unwrap();
        let machine = Machine { directory: place.0.join("tree") };
        let absolute = place.0.join("tree/sub/in").display().to_string();
        for (path, expected) in [
            ("sub/in", Ok("inside")),
            ("./sub/../sub/in", Ok("inside")),
            ("within/in", Ok("inside")),
            ("../secret", Err("it must be a path in or below the working directory")),
            ("sub/../../secret", Err("it must be a path in or below the working directory")),
            (absolute.as_str(), Err("it must be a path in or below the working directory")),
            ("", Err("it must be a path in or below the working directory")),
            ("out", Err("it leads out of the working directory")),
            ("up/secret", Err("it leads out of the working directory")),
            ("sub", Err("it is no regular file")),
            ("none", Err("there is no such file")),
        ] {
            let found = machine.tree_file(path).map(|content| String::from_utf8(content.into_exposed()).unwrap());
            assert_eq!(found.as_deref().map_err(ToString::to_string), expected.map_err(str::to_owned), "{path}");
        }
    }

    #[test]
    fn what_has_no_end_is_not_read_to_its_end() {
        let machine = Machine { directory: "/dev".into() };
        assert!(machine.operator_file("/dev/zero").is_err());
        assert_eq!(machine.tree_file("zero").unwrap_err().to_string(), "it is no regular file");
    }
}
