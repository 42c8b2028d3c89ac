//! A pager between a long result and a terminal, as git has it. Owns starting it and that nothing is lost if it cannot be started.

use std::io::{ErrorKind, Write as _};
use std::process::{Command, Stdio};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::console::Console;
use crate::error::Result;

/// How a shell says that there is no such command, or that it cannot be run.
const NOT_RUN: [i32; 2] = [126, 127];

/// As git starts them: quit if it fits, keep colours, leave the screen as it is.
const VARIABLES: [(&str, &str); 2] = [("LESS", "FRX"), ("LV", "-c")];

impl Console {
    /// Writes a result through the pager, where somebody reads it on a terminal; elsewhere as it is.
    pub fn page(&self, text: &str) -> Result<()> {
        let surface = self.surface();
        let watched = surface.stdout_is_terminal && !surface.unattended;
        let pager = self.presentation().pager.as_deref().map(str::trim).unwrap_or_default();
        if !watched || matches!(pager, "" | "cat") || text.is_empty() || !shown(pager, text) {
            return self.result(text.as_bytes());
        }
        Ok(())
    }
}

/// Runs the pager to its end; whether it ran at all.
fn shown(pager: &str, text: &str) -> bool {
    // The interrupt that a reader types is the pager's.
    let _ours = Deaf::new();
    let mut command = Command::new("sh");
    command.args(["-c", pager]).stdin(Stdio::piped());
    for (name, value) in VARIABLES {
        if std::env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    let Ok(mut child) = command.spawn() else { return false };
    if let Some(mut input) = child.stdin.take() {
        match input.write_all(text.as_bytes()) {
            // Who has read enough leaves before the end.
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Err(_) => return false,
        }
    }
    child.wait().is_ok_and(|status| status.code().is_none_or(|code| !NOT_RUN.contains(&code)))
}

/// While it lives, an interrupt does not end this process.
struct Deaf {
    _signal: Option<Signal>,
    _runtime: Option<Runtime>,
}

impl Deaf {
    fn new() -> Self {
        if Handle::try_current().is_ok() {
            return Self { _signal: signal(SignalKind::interrupt()).ok(), _runtime: None };
        }
        let runtime = Builder::new_current_thread().enable_all().build().ok();
        let signal = runtime.as_ref().and_then(|runtime| {
            let _inside = runtime.enter();
            signal(SignalKind::interrupt()).ok()
        });
        Self { _signal: signal, _runtime: runtime }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::super::surface::Surface;
    use super::*;
    use crate::settings::Presentation;

    #[derive(Clone, Default)]
    struct Out(Rc<RefCell<Vec<u8>>>);

    impl std::io::Write for Out {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn printed(pager: &str, terminal: bool) -> String {
        let out = Out::default();
        let surface = Surface { stdout_is_terminal: terminal, ..Surface::plain() };
        let mut console = Console::new(Box::new(out.clone()), Box::new(std::io::sink()), surface);
        console.present(Presentation { pager: Some(pager.to_owned()), ..Presentation::default() });
        console.page("a\nb\n").unwrap();
        let bytes = out.0.borrow().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_terminal_is_paged_and_a_pipe_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("paged");
        let pager = format!("cat > '{}'", file.display());
        assert_eq!(printed(&pager, false), "a\nb\n");
        assert!(!file.exists());
        assert_eq!(printed(&pager, true), "");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "a\nb\n");
    }

    #[test]
    fn without_a_pager_nothing_is_lost() {
        for pager in ["", "cat", "there-is-no-such-pager --x 2>/dev/null"] {
            assert_eq!(printed(pager, true), "a\nb\n", "{pager}");
        }
        assert_eq!(printed("head -n 1 >/dev/null", true), "", "who leaves early has read enough");
    }
}
