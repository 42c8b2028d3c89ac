//! The two streams. Owns writing, and that a reader who has gone away is no error; must not know what is written.

use std::cell::RefCell;
use std::fmt;
use std::fmt::Write as _;
use std::io::{BufRead as _, ErrorKind, Read as _, Write};
use std::rc::Rc;

use super::failure;
use super::paint::{Color, Paint, columns, tame};
use super::surface::Surface;
use crate::error::{CliError, Code, Result};
use crate::settings::{Presentation, ProgressMode};

/// Width to which explanations are wrapped where nothing else is known.
const PROSE_WIDTH: usize = 100;

/// Standard output for the result, standard error for the story. A handle: clones write to the same streams.
#[derive(Clone)]
pub struct Console {
    streams: Rc<RefCell<Streams>>,
    surface: Rc<Surface>,
    presentation: Presentation,
}

struct Streams {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    /// Nobody reads the result any more, as in `diff | head`.
    reader_gone: bool,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (surface, presentation) = (&self.surface, &self.presentation);
        f.debug_struct("Console").field("surface", surface).field("presentation", presentation).finish_non_exhaustive()
    }
}

impl Console {
    /// The process's own streams.
    pub fn from_environment() -> Self {
        Self::new(Box::new(std::io::stdout()), Box::new(std::io::stderr()), Surface::from_environment())
    }

    /// Any two streams.
    pub fn new(out: Box<dyn Write>, err: Box<dyn Write>, surface: Surface) -> Self {
        let streams = Rc::new(RefCell::new(Streams { out, err, reader_gone: false }));
        Self { streams, surface: Rc::new(surface), presentation: Presentation::default() }
    }

    /// Tells more from now on.
    #[must_use]
    pub fn with_verbosity(mut self, verbosity: u8) -> Self {
        self.presentation.verbosity = verbosity;
        self
    }

    /// How to print from now on, by this handle.
    pub fn present(&mut self, presentation: Presentation) {
        self.presentation = presentation;
    }

    /// How to print.
    pub fn presentation(&self) -> &Presentation {
        &self.presentation
    }

    /// Where we print.
    pub fn surface(&self) -> &Surface {
        &self.surface
    }

    /// The way in which progress is told.
    pub fn progress(&self) -> ProgressMode {
        self.surface.progress(self.presentation.progress)
    }

    /// How to draw on standard output.
    pub fn paint_out(&self) -> Paint {
        self.paint(self.surface.stdout_is_terminal)
    }

    /// How to draw on standard error.
    pub fn paint_err(&self) -> Paint {
        self.paint(self.surface.stderr_is_terminal)
    }

    fn paint(&self, stream_is_terminal: bool) -> Paint {
        Paint {
            color: self.surface.colored(self.presentation.color, stream_is_terminal),
            unicode: self.surface.unicode,
        }
    }

    /// Writes a part of the result. A reader that has gone away is no error.
    pub fn result(&self, bytes: &[u8]) -> Result<()> {
        let mut streams = self.streams.borrow_mut();
        if streams.reader_gone {
            return Ok(());
        }
        match streams.out.write_all(bytes).and_then(|()| streams.out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                streams.reader_gone = true;
                Ok(())
            }
            Err(error) => Err(CliError::new(Code::Output, WriteResult(error))),
        }
    }

    /// Writes a part of the story. If nobody can hear it, the run goes on.
    pub fn tell(&self, text: &str) {
        let mut streams = self.streams.borrow_mut();
        match streams.err.write_all(text.as_bytes()).and_then(|()| streams.err.flush()) {
            Ok(()) | Err(_) => {}
        }
    }

    /// Tells a warning.
    pub fn warn(&self, text: &str) {
        let head = self.paint_err().paint(Color::Yellow, "warning:");
        self.tell(&format!("{head} {}\n", tame(text)));
    }

    /// Tells several warnings.
    pub fn warn_all<T: AsRef<str>>(&self, texts: &[T]) {
        for text in texts {
            self.warn(text.as_ref());
        }
    }

    /// Asks on the terminal; [`Console::answer`] is the answer.
    pub fn ask(&self, question: &str, items: &[String]) {
        const SHOWN_MAX: usize = 20;
        let mut text = format!("{question}\n");
        for item in items.iter().take(SHOWN_MAX) {
            let _infallible = writeln!(text, "  - {}", tame(item));
        }
        if items.len() > SHOWN_MAX {
            let _infallible = writeln!(text, "  and {} more", items.len() - SHOWN_MAX);
        }
        self.tell(&format!("{text}Continue? [y/N] "));
    }

    /// What the terminal answers; anything but a yes is a no. Blocks, and no signal ends it.
    pub fn answer() -> std::io::Result<bool> {
        let mut answer = String::new();
        std::io::stdin().lock().take(64).read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// Prints an error and returns its exit code.
    pub fn fail(&self, error: &CliError) -> u8 {
        let text = failure::render(error, self.paint_err());
        self.tell(&text);
        error.exit_code()
    }

    /// Prose, wrapped to the terminal.
    pub fn wrap(&self, text: &str) -> String {
        wrap(text, self.surface.width.unwrap_or(PROSE_WIDTH).clamp(40, PROSE_WIDTH))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the result cannot be written to standard output")]
struct WriteResult(#[source] std::io::Error);

fn wrap(text: &str, width: usize) -> String {
    let mut wrapped = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let size = columns(word);
        if column > 0 && column + 1 + size > width {
            wrapped.push('\n');
            column = 0;
        } else if column > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += size;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_success() {
        let console = Console::new(Box::new(Gone), Box::new(Gone), Surface::plain());
        assert!(console.result(b"x").is_ok());
        assert!(console.result(b"y").is_ok());
        console.tell("z");
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let console = Console::new(Box::new(Full), Box::new(Vec::new()), Surface::plain());
        assert_eq!(console.result(b"x").unwrap_err().code, Code::Output);
    }

    #[test]
    fn prose_is_wrapped_between_words() {
        assert_eq!(wrap("aa bb cc dd", 5), "aa bb\ncc dd");
        assert_eq!(wrap("a-very-long-word b", 5), "a-very-long-word\nb");
    }
}
