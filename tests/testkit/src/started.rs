//! A command that runs: a test sends it signals, answers its questions on a terminal, and waits for its end.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::pty::openpty;
use nix::sys::signal::kill;
use nix::unistd::Pid;

pub use nix::sys::signal::Signal;

use crate::cluster::Ran;

/// A running command. What it prints is collected; dropping it ends it.
#[derive(Debug)]
pub struct Started {
    child: Child,
    line: String,
    printed: Receiver<Vec<u8>>,
    text: String,
    /// The user's side of its terminal, if it has one.
    terminal: Option<File>,
}

impl Started {
    /// Starts it with its standard error in our hands.
    ///
    /// # Panics
    /// When it does not start.
    pub fn piped(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let stderr = child.stderr.take().expect("it was asked for");
        Self::around(child, &command, Box::new(stderr), None)
    }

    /// Starts it on a terminal of its own.
    ///
    /// # Panics
    /// When there is no terminal to be had, or it does not start.
    pub fn on_a_terminal(mut command: Command) -> Self {
        let pair = openpty(None, None).expect("a terminal");
        let theirs = || Stdio::from(pair.slave.try_clone().expect("a terminal"));
        command.stdin(theirs()).stdout(theirs()).stderr(theirs());
        let child = command.spawn().expect("the program starts");
        let ours = File::from(pair.master);
        let reader = Box::new(ours.try_clone().expect("a terminal"));
        // The command holds the other side too: its end must be seen here.
        let line = Command::new(command.get_program());
        drop(pair.slave);
        drop(command);
        Self::around(child, &line, reader, Some(ours))
    }

    fn around(
        child: Child,
        command: &Command,
        mut reader: Box<dyn std::io::Read + Send>,
        terminal: Option<File>,
    ) -> Self {
        let (sender, printed) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read) = reader.read(&mut buffer) {
                if read == 0 || sender.send(buffer[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, line: format!("{command:?}"), printed, text: String::new(), terminal }
    }

    /// Waits until it has printed `text`.
    ///
    /// # Panics
    /// When it ends, or 30 seconds go by, without it.
    pub fn says(&mut self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.text.contains(text) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.printed.recv_timeout(left) {
                Ok(bytes) => self.text.push_str(&String::from_utf8_lossy(&bytes)),
                Err(error) => panic!("it did not say {text:?} ({error}): {}\n{}", self.line, self.text),
            }
        }
    }

    /// Types on its terminal.
    ///
    /// # Panics
    /// When it has none.
    pub fn answer(&mut self, text: &str) {
        self.terminal.as_mut().expect("it is on a terminal").write_all(text.as_bytes()).expect("it reads");
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When it has ended.
    pub fn signal(&mut self, signal: Signal) {
        assert!(self.is_running(), "it ended before: {}\n{}", self.line, self.text);
        let id = i32::try_from(self.child.id()).expect("an id of a process");
        kill(Pid::from_raw(id), signal).expect("it is our child");
    }

    /// Does it still run?
    ///
    /// # Panics
    /// When the system does not say.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_none()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it has not ended after `limit`.
    pub fn ends_within(mut self, limit: Duration) -> Ran {
        let deadline = Instant::now() + limit;
        while self.is_running() {
            assert!(Instant::now() < deadline, "it did not end within {limit:?}: {}\n{}", self.line, self.text);
            thread::sleep(Duration::from_millis(20));
        }
        let code = self.child.wait().expect("it ended").code().unwrap_or(-1);
        while let Ok(bytes) = self.printed.recv_timeout(Duration::from_millis(200)) {
            self.text.push_str(&String::from_utf8_lossy(&bytes));
        }
        let (line, stderr) = (std::mem::take(&mut self.line), std::mem::take(&mut self.text));
        Ran { line, code, stdout: String::new(), stderr }
    }
}

/// Waits for the end of a process; none, and no process any more, if it has not ended after `limit`.
///
/// # Panics
/// When the system does not say.
pub fn ends_within(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            return Some(status);
        }
        if Instant::now() > deadline {
            drop(child.kill());
            drop(child.wait());
            return None;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Sends a signal to a process; false if it has ended.
pub fn send_signal(id: i32, signal: Signal) -> bool {
    kill(Pid::from_raw(id), signal).is_ok()
}

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
