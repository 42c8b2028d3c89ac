//! Runs a process for the build engine: a KRM function, a container around one, helm. Owns its bounds (time, output), its
//! scratch directory and its end; must not know what it is for.
//!
//! What goes in and comes out may be secret: nothing of it is logged, and what is shown of standard error is the engine's choice.

use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use kustomize::outside::{CONTAINER_RUNTIMES, Ending, Finished, Process, ProcessError, Program, Word};
use tempfile::TempDir;

/// What a process may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Until it is ended.
    pub(super) time: Duration,
    /// Bytes of standard output until it is ended.
    pub(super) output: u64,
    /// Bytes of standard error that are kept: the last ones.
    pub(super) errors: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // An image or a chart may have to be pulled first; output beyond what the YAML reader accepts is of no use.
        Self { time: Duration::from_mins(10), output: 64 << 20, errors: 64 << 10 }
    }
}

/// Between two looks at a process that has closed its output and is not yet gone.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Runs `process` to its end.
///
/// # Errors
/// It cannot be started, or is ended for what it takes.
pub(super) fn run(process: &Process, limits: Limits) -> Result<Finished, ProcessError> {
    let found = find(process, std::env::var_os("PATH").as_deref())?;
    let scratch = scratch(process).map_err(|error| pipe(&found.name, &error))?;
    let mut command = command(process, &found, scratch.as_ref());
    let child = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => ProcessError::NoProgram { program: found.name.clone() },
        _ => ProcessError::Start { program: found.name.clone(), message: error.to_string() },
    })?;
    Running { child, name: found.name, limits }.finish(process.stdin.clone())
}

/// A program that was found.
struct Found {
    /// As it was asked for.
    name: String,
    path: PathBuf,
}

fn find(process: &Process, path: Option<&OsStr>) -> Result<Found, ProcessError> {
    match &process.program {
        Program::ContainerRuntime => {
            let found = CONTAINER_RUNTIMES
                .iter()
                .find_map(|name| Some(Found { name: (*name).to_owned(), path: on_path(name, path)? }));
            found.ok_or(ProcessError::NoContainerRuntime)
        }
        // With a slash it is a path, seen from where the process runs.
        Program::Named(name) if name.contains('/') => {
            let path = process.directory.as_ref().map_or_else(|| PathBuf::from(name), |directory| directory.join(name));
            Ok(Found { name: name.clone(), path })
        }
        Program::Named(name) => match on_path(name, path) {
            Some(path) => Ok(Found { name: name.clone(), path }),
            None => Err(ProcessError::NoProgram { program: name.clone() }),
        },
    }
}

/// Only absolute entries count: with `.` in it, whoever wrote the tree would choose the program.
fn on_path(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    let mut directories = std::env::split_paths(path?).filter(|directory| directory.is_absolute());
    directories.find_map(|directory| Some(directory.join(name)).filter(|file| is_executable(file)))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

fn scratch(process: &Process) -> std::io::Result<Option<TempDir>> {
    let words = process.args.iter().chain(process.env.iter().map(|(_, value)| value));
    let wanted = !process.scratch.is_empty() || words.into_iter().any(|word| matches!(word, Word::Scratch(_)));
    if !wanted {
        return Ok(None);
    }
    // Nobody else may read it: values of charts and configurations are in it.
    let directory = tempfile::Builder::new().prefix("kubectl-gitops-").tempdir()?;
    for file in &process.scratch {
        std::fs::write(directory.path().join(&file.name), &file.content)?;
    }
    Ok(Some(directory))
}

fn command(process: &Process, found: &Found, scratch: Option<&TempDir>) -> Command {
    let text = |word: &Word| match word {
        Word::Text(text) => OsString::from(text),
        Word::Scratch(name) => {
            scratch.map(|directory| directory.path().join(name).into_os_string()).unwrap_or_default()
        }
    };
    let mut command = Command::new(&found.path);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::arg0(&mut command, &found.name);
    command.args(process.args.iter().map(text));
    command.envs(process.env.iter().map(|(name, value)| (name, text(value))));
    if let Some(directory) = &process.directory {
        command.current_dir(directory);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn pipe(program: &str, error: &std::io::Error) -> ProcessError {
    ProcessError::Pipe { program: program.to_owned(), message: error.to_string() }
}

/// A process at work. Dropped before its end, it is ended.
struct Running {
    child: Child,
    name: String,
    limits: Limits,
}

/// What a pipe gave until it closed; `None` if it was too much.
enum Closed {
    Output(std::io::Result<Option<Vec<u8>>>),
    Errors(Vec<u8>),
}

impl Running {
    fn finish(mut self, stdin: Vec<u8>) -> Result<Finished, ProcessError> {
        let deadline = Instant::now() + self.limits.time;
        let (sender, receiver) = channel();
        self.feed(stdin);
        self.listen(sender);
        let (stdout, stderr) = self.gather(&receiver, deadline)?;
        let status = self.wait(deadline)?;
        Ok(Finished { ending: ending(status), stdout, stderr: readable(&stderr) })
    }

    /// Not every process reads what it is given: a closed pipe is no error.
    fn feed(&mut self, content: Vec<u8>) {
        if let Some(mut stdin) = self.child.stdin.take() {
            std::thread::spawn(move || stdin.write_all(&content).and_then(|()| stdin.flush()).is_ok());
        }
    }

    fn listen(&mut self, sender: Sender<Closed>) {
        let Limits { output, errors, time: _ } = self.limits;
        if let Some(stream) = self.child.stderr.take() {
            let sender = sender.clone();
            std::thread::spawn(move || sender.send(Closed::Errors(last_of(stream, errors))).is_ok());
        }
        if let Some(stream) = self.child.stdout.take() {
            std::thread::spawn(move || sender.send(Closed::Output(up_to(stream, output))).is_ok());
        }
    }

    /// Both outputs, once both are closed.
    fn gather(&mut self, closed: &Receiver<Closed>, deadline: Instant) -> Result<(Vec<u8>, Vec<u8>), ProcessError> {
        let (mut stdout, mut stderr) = (None, None);
        while stdout.is_none() || stderr.is_none() {
            match closed.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Closed::Errors(text)) => stderr = Some(text),
                Ok(Closed::Output(Ok(Some(content)))) => stdout = Some(content),
                Ok(Closed::Output(Ok(None))) => {
                    return Err(ProcessError::TooMuch { program: self.name.clone(), limit: self.limits.output });
                }
                Ok(Closed::Output(Err(error))) => return Err(pipe(&self.name, &error)),
                Err(_) => return Err(self.timed_out()),
            }
        }
        Ok((stdout.unwrap_or_default(), stderr.unwrap_or_default()))
    }

    /// A process may close its output and go on.
    fn wait(&mut self, deadline: Instant) -> Result<ExitStatus, ProcessError> {
        loop {
            if let Some(status) = self.child.try_wait().map_err(|error| pipe(&self.name, &error))? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                return Err(self.timed_out());
            }
            std::thread::park_timeout(LOOK_AGAIN);
        }
    }

    fn timed_out(&self) -> ProcessError {
        ProcessError::TimedOut { program: self.name.clone(), limit_s: self.limits.time.as_secs() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        // Those it started first: they are found through it, and would go on without it.
        descendants(self.child.id()).into_iter().for_each(end);
        if self.child.kill().is_ok() {
            // Its status is of no interest: it was ended.
            self.child.wait().ok();
        }
    }
}

/// Ends a process at once.
#[cfg(unix)]
fn end(pid: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // It may have ended by itself meanwhile.
        kill_process(pid, Signal::KILL).ok();
    }
}

#[cfg(not(unix))]
fn end(_pid: u32) {}

/// The processes that a process started, and those that they started, as far as the system tells.
fn descendants(pid: u32) -> Vec<u32> {
    let parents = std::fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
        let child = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        // `pid (name) state parent …`, and a name may hold anything.
        let parent = stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok()?;
        Some((child, parent))
    });
    let parents: Vec<(u32, u32)> = parents.collect();
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        next += 1;
    }
    found.split_off(1)
}

/// All of a stream, or nothing if it is too much.
fn up_to(stream: impl Read, limit: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut content = Vec::new();
    stream.take(limit + 1).read_to_end(&mut content)?;
    Ok((content.len() as u64 <= limit).then_some(content))
}

/// The end of a stream, which is read to its end so that nobody waits to write to it.
fn last_of(mut stream: impl Read, limit: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = [0; 8192];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        kept.extend_from_slice(&buffer[..count]);
        if kept.len() > 2 * limit {
            kept.drain(..kept.len() - limit);
        }
    }
    kept.drain(..kept.len().saturating_sub(limit));
    kept
}

/// Text for people: no sequences that a terminal would obey.
fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().filter(|sign| !sign.is_control() || matches!(sign, '\n' | '\t')).collect()
}

#[cfg(unix)]
fn ending(status: ExitStatus) -> Ending {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().map_or_else(|| Ending::Signal(status.signal().unwrap_or_default()), Ending::Exit)
}

#[cfg(not(unix))]
fn ending(status: ExitStatus) -> Ending {
    Ending::Exit(status.code().unwrap_or(-1))
}

/// Where plugins of the old kind are installed: the first of kustomize's places that is there.
pub fn plugin_home() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let places = [
        variable("KUSTOMIZE_PLUGIN_HOME"),
        variable("XDG_CONFIG_HOME").map(|home| home.join("kustomize/plugin")),
        variable("HOME").map(|home| home.join(".config/kustomize/plugin")),
        variable("HOME").map(|home| home.join("kustomize/plugin")),
    ];
    places.into_iter().flatten().find(|place| place.exists())
}

/// The user and the group of this process, as containers are told: `1000:1000`.
#[cfg(unix)]
pub fn current_user() -> Option<String> {
    use rustix::process::{getgid, getuid};
    Some(format!("{}:{}", getuid().as_raw(), getgid().as_raw()))
}

/// Users have no numbers here.
#[cfg(not(unix))]
pub fn current_user() -> Option<String> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use kustomize::outside::ScratchFile;

    fn shell(script: &str) -> Process {
        let mut process = Process::new(Program::Named("sh".to_owned()), Some("/tmp".into()));
        process.args = vec![Word::from("-c"), Word::from(script)];
        process
    }

    fn limits(time: Duration) -> Limits {
        Limits { time, output: 1000, errors: 10 }
    }

    #[test]
    fn a_process_gets_what_it_needs_and_says_how_it_ended() {
        let mut process = shell("cat; echo \"$A $(cat \"$F\") $(pwd)\"; printf '1234567890abc\\033[1m' >&2; exit 3");
        process.stdin = b"in ".to_vec();
        process.env = vec![("A".to_owned(), Word::from("x=y")), ("F".to_owned(), Word::Scratch("f".to_owned()))];
        process.scratch = vec![ScratchFile { name: "f".to_owned(), content: b"file".to_vec() }];
        let finished = run(&process, limits(Duration::from_secs(20))).unwrap();
        assert_eq!(finished.ending, Ending::Exit(3));
        assert_eq!(String::from_utf8(finished.stdout).unwrap(), "in x=y file /tmp\n");
        assert_eq!(finished.stderr, "890abc[1m", "the end, without what a terminal obeys");
    }

    #[test]
    fn a_process_that_takes_too_much_is_ended_with_all_it_started() {
        let marker = format!("30.{}", std::process::id());
        let begun = Instant::now();
        let slow = run(&shell(&format!("sleep {marker} & sleep {marker}")), limits(Duration::from_millis(300)));
        assert!(matches!(slow, Err(ProcessError::TimedOut { .. })), "{slow:?}");
        let loud = run(&shell("cat /dev/zero"), limits(Duration::from_secs(20)));
        assert!(matches!(loud, Err(ProcessError::TooMuch { limit: 1000, .. })), "{loud:?}");
        assert!(begun.elapsed() < Duration::from_secs(15));
        let alive = |entry: std::fs::DirEntry| {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).starts_with(&format!("sleep\0{marker}"))
        };
        assert!(!std::fs::read_dir("/proc").unwrap().flatten().any(alive), "nothing sleeps on");
    }

    #[test]
    fn a_process_that_reads_nothing_may_end_well() {
        let mut process = shell("exec 0<&-; echo done");
        process.stdin = vec![b'x'; 1 << 20];
        assert!(run(&process, limits(Duration::from_secs(20))).unwrap().succeeded());
    }

    #[test]
    fn programs_are_found_where_kustomize_finds_them() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("docker");
        std::fs::write(&program, "#!/bin/sh\n").unwrap();
        let at = |program: Program, path: &str| {
            let found = find(&Process::new(program, Some(dir.path().to_owned())), Some(OsStr::new(path)));
            found.map(|found| found.path.display().to_string())
        };
        let path = dir.path().display().to_string();
        let named = |name: &str| Program::Named(name.to_owned());
        assert_eq!(at(Program::ContainerRuntime, &path), Err(ProcessError::NoContainerRuntime), "it cannot be run");
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        assert_eq!(at(Program::ContainerRuntime, &path), Ok(format!("{path}/docker")));
        assert_eq!(at(named("./docker"), ""), Ok(format!("{path}/./docker")));
        assert_eq!(at(named("/x/y"), ""), Ok("/x/y".to_owned()));
        assert_eq!(at(named("docker"), "."), Err(ProcessError::NoProgram { program: "docker".to_owned() }));
    }
}
