//! Runs a command that the operator named, for its output: a key from a vault. Owns its bounds and its end.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use krm::Masked;
use krm_functions::{InputError, inputs};

/// What a command may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Until it is ended.
    pub(crate) time: Duration,
    /// Bytes of output.
    pub(crate) output: u64,
}

impl Default for Limits {
    fn default() -> Self {
        // Long enough for a person to touch a hardware key.
        Self { time: Duration::from_mins(2), output: 4 << 20 }
    }
}

/// Between two looks at a process that has closed its output and is not yet gone.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// What the command writes to its standard output. Its standard error is the user's to see.
pub(crate) fn output(command: &str, limits: Limits) -> Result<Masked<Vec<u8>>, InputError> {
    let words = inputs::words(command).ok_or_else(|| InputError::failed("a quote in it is not closed"))?;
    let Some((program, arguments)) = words.split_first() else { return Err(InputError::failed("it is empty")) };
    let spawned = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let child = spawned.map_err(|error| InputError::failed(format!("it cannot be started: {error}")))?;
    Running(child).finish(limits)
}

/// Dropped before its end, it is ended.
struct Running(Child);

impl Running {
    fn finish(mut self, limits: Limits) -> Result<Masked<Vec<u8>>, InputError> {
        let deadline = Instant::now() + limits.time;
        let slow = || InputError::failed(format!("it did not end within {} s", limits.time.as_secs()));
        let (sender, receiver) = channel();
        let stdout = self.0.stdout.take().expect("standard output is piped");
        std::thread::spawn(move || {
            let mut content = Vec::new();
            let read = stdout.take(limits.output + 1).read_to_end(&mut content);
            // Nobody waits any more if it took too long.
            sender.send(read.map(|_| content)).ok();
        });
        let content = receiver.recv_timeout(limits.time).map_err(|_| slow())?;
        let content = Masked::new(content.map_err(|error| InputError::failed(format!("it cannot be read: {error}")))?);
        if content.expose().len() as u64 > limits.output {
            return Err(InputError::failed(format!("it wrote more than {} bytes", limits.output)));
        }
        let status = loop {
            match self.0.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if Instant::now() < deadline => std::thread::park_timeout(LOOK_AGAIN),
                Ok(None) => return Err(slow()),
                Err(error) => return Err(InputError::failed(format!("it cannot be awaited: {error}"))),
            }
        };
        if status.success() { Ok(content) } else { Err(InputError::failed(format!("it ended with {status}"))) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.0.try_wait(), Ok(Some(_))) && self.0.kill().is_ok() {
            // Its status is of no interest: it was ended.
            self.0.wait().ok();
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_bounded_and_its_output_never_told() {
        let limits = Limits { time: Duration::from_millis(500), output: 100 };
        let run = |command: &str| {
            let found = output(command, limits);
            found.map(|content| String::from_utf8(content.into_exposed()).unwrap()).map_err(|error| error.to_string())
        };
        assert_eq!(run("echo 'a  b' \"c\""), Ok("a  b c\n".to_owned()));
        assert_eq!(run("sh -c 'echo hunter2; exit 3'"), Err("it ended with exit status: 3".to_owned()));
        assert_eq!(run("sleep 20"), Err("it did not end within 0 s".to_owned()));
        assert_eq!(run("sh -c 'exec >&-; sleep 20'"), Err("it did not end within 0 s".to_owned()));
        assert_eq!(run("cat /dev/zero"), Err("it wrote more than 100 bytes".to_owned()));
        assert_eq!(run("echo 'open"), Err("a quote in it is not closed".to_owned()));
        assert_eq!(run(""), Err("it is empty".to_owned()));
        assert!(run("no-such-program-here").unwrap_err().starts_with("it cannot be started"));
    }
}
