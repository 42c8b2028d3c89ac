//! Programs for builds under test: functions that are scripts of a case, helm. Plain, without the bounds that the plugin has;
//! nothing comes from a network.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use kustomize::Outside;
use kustomize::outside::{CONTAINER_RUNTIMES, Ending, Finished, Process, ProcessError, Program, Word};

/// This machine's programs, with some variables over its environment.
#[derive(Debug, Clone, Default)]
pub struct Programs {
    /// Variables for every program.
    pub env: BTreeMap<String, OsString>,
}

impl Programs {
    /// For a case of a build: programs in its `bin/` come before those of the machine, and helm is found where the Makefile
    /// puts it.
    pub fn of_case(directory: &Path) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/bin");
        let places = [directory.join("bin")].into_iter().chain(std::env::split_paths(&path)).chain([cache]);
        let path = std::env::join_paths(places).unwrap_or(path);
        Self { env: [("PATH".to_owned(), path)].into_iter().collect() }
    }
}

/// Does a case that needs helm have to be passed over here? `GOLDEN_HELM=1` (`make oracle`) demands that none is.
pub fn lacks_helm(directory: &Path) -> bool {
    let path = Programs::of_case(directory).env.remove("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|directory| directory.join("helm").is_file());
    !found && std::env::var_os("GOLDEN_HELM").is_none()
}

impl Outside for Programs {
    fn run(&self, process: &Process) -> Result<Finished, ProcessError> {
        let program = match &process.program {
            Program::Named(name) => name.as_str(),
            Program::ContainerRuntime => CONTAINER_RUNTIMES[0],
        };
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => ProcessError::NoProgram { program: program.to_owned() },
            _ => ProcessError::Start { program: program.to_owned(), message: error.to_string() },
        };
        let scratch = tempfile::tempdir().map_err(failed)?;
        for file in &process.scratch {
            std::fs::write(scratch.path().join(&file.name), &file.content).map_err(failed)?;
        }
        let text = |word: &Word| match word {
            Word::Text(text) => OsString::from(text),
            Word::Scratch(name) => scratch.path().join(name).into_os_string(),
        };
        let mut command = match &process.directory {
            Some(directory) if program.contains('/') => Command::new(directory.join(program)),
            _ => Command::new(program),
        };
        if let Some(directory) = &process.directory {
            command.current_dir(directory);
        }
        command.args(process.args.iter().map(text)).envs(&self.env);
        command.envs(process.env.iter().map(|(name, value)| (name, text(value))));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            let content = process.stdin.clone();
            // A program need not read what it is given.
            std::thread::spawn(move || stdin.write_all(&content).is_ok());
        }
        let output = child.wait_with_output().map_err(failed)?;
        let ending = output.status.code().map_or(Ending::Signal(0), Ending::Exit);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok(Finished { ending, stdout: output.stdout, stderr })
    }
}
