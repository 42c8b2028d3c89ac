//! The live region: a few lines at the bottom of a terminal that are drawn again and again. Owns its content and the escape
//! sequences; whoever holds it writes the text.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use krm::ObjectKey;

use super::console::Console;
use super::human::name_of;
use super::paint::{Paint, columns, tame};
use crate::execute::{Event, WaitEnd};
use crate::settings::format_duration;

/// Redrawn at most so often.
const FRAME: Duration = Duration::from_millis(100);
/// Cells of the bar.
const BAR: usize = 24;
/// Most lines of the region; a third of the terminal where that is less.
const LINES_MAX: usize = 8;

/// What is under way.
#[derive(Debug)]
pub(super) struct Region {
    paint: Paint,
    width: usize,
    lines_max: usize,
    total: usize,
    done: usize,
    wave: String,
    running: BTreeSet<ObjectKey>,
    pending: Vec<(ObjectKey, String)>,
    waiting: Option<(Duration, Duration)>,
    ready: usize,
    begun: Instant,
    drawn: Option<Instant>,
    /// Lines on the screen now.
    height: usize,
}

impl Region {
    pub(super) fn new(console: &Console, total: usize) -> Self {
        let surface = console.surface();
        Self {
            paint: console.paint_err(),
            width: surface.width.unwrap_or(100).max(20),
            lines_max: LINES_MAX.min(surface.rows / 3).max(2),
            total,
            done: 0,
            wave: String::new(),
            running: BTreeSet::new(),
            pending: Vec::new(),
            waiting: None,
            ready: 0,
            begun: Instant::now(),
            drawn: None,
            height: 0,
        }
    }

    /// Takes an event in; the text to write, which is empty between frames.
    pub(super) fn update(&mut self, event: &Event) -> String {
        self.take(event);
        if self.drawn.is_some_and(|drawn| drawn.elapsed() < FRAME) {
            return String::new();
        }
        self.drawn = Some(Instant::now());
        let mut text = self.clear();
        let lines = self.lines();
        self.height = lines.len();
        text.push_str(&join(&lines));
        text
    }

    /// Removes the region from the screen.
    pub(super) fn clear(&self) -> String {
        if self.height == 0 { String::new() } else { format!("\x1b[{}A\x1b[J", self.height) }
    }

    /// Draws it again as it was.
    pub(super) fn draw(&self) -> String {
        let mut lines = self.lines();
        lines.truncate(self.height);
        while lines.len() < self.height {
            lines.push(String::new());
        }
        join(&lines)
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::WaveStarted { number, of, .. } => self.wave = format!("wave {number}/{of}"),
            Event::PruneStarted { .. } => "pruning".clone_into(&mut self.wave),
            Event::ActionStarted { key } => {
                self.running.insert(key.clone());
            }
            Event::ActionDone(outcome) => {
                self.done += usize::from(self.running.remove(&outcome.key));
            }
            Event::Waiting { pending, elapsed, limit } => {
                self.pending.clone_from(pending);
                self.waiting = Some((*elapsed, *limit));
            }
            Event::WaitDone(waited) => {
                self.ready += usize::from(waited.end == WaitEnd::Ready);
                self.pending.retain(|(key, _)| *key != waited.key);
            }
            Event::LockWaiting { holder, .. } => self.wave = format!("waiting for the lock of {holder}"),
            Event::Claimed { .. } => self.wave.clear(),
            Event::Interrupted(_) => {
                "interrupted: finishing the requests in flight".clone_into(&mut self.wave);
                // To be seen at once.
                self.drawn = None;
            }
            Event::Rolled(_)
            | Event::LockTakenOver { .. }
            | Event::Retrying { .. }
            | Event::Warning { .. }
            | Event::Settled { .. } => {}
        }
    }

    fn lines(&self) -> Vec<String> {
        let done = self.done.min(self.total);
        let filled = (BAR * done).checked_div(self.total).unwrap_or(BAR);
        let (full, empty) = (self.paint.symbol("━", "="), self.paint.symbol("─", "-"));
        let bar = format!("{}{}", full.repeat(filled), empty.repeat(BAR - filled));
        let time = format_duration(self.begun.elapsed());
        let mut lines = vec![self.fit(format!("Applying  {bar}  {done}/{}  {}  {time}", self.total, self.wave))];
        for key in self.running.iter().take(3) {
            lines.push(self.fit(format!("  {} {}", self.paint.symbol("…", "."), name_of(key))));
        }
        if let Some((elapsed, limit)) = self.waiting.filter(|_| !self.pending.is_empty()) {
            let left = format_duration(limit.saturating_sub(elapsed));
            let total = self.pending.len() + self.ready;
            lines.push(self.fit(format!("Waiting   {} of {total}   (timeout {left} left)", self.pending.len())));
            for (key, what) in &self.pending {
                lines.push(self.fit(format!("  {} {}  {}", self.paint.symbol("…", "."), name_of(key), tame(what))));
            }
        }
        lines.truncate(self.lines_max);
        lines
    }

    /// A line that does not wrap: a wrapped one would not be removed.
    fn fit(&self, line: String) -> String {
        let limit = self.width - 1;
        if columns(&line) <= limit {
            return line;
        }
        let mut cut = String::new();
        for c in line.chars() {
            cut.push(c);
            if columns(&cut) >= limit {
                break;
            }
        }
        cut
    }

    #[cfg(test)]
    fn text(&self) -> String {
        self.lines().join("\n")
    }
}

fn join(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execute::{Done, Outcome};
    use crate::report::Surface;

    fn region() -> Region {
        let surface = Surface { width: Some(60), ..Surface::plain() };
        let console = Console::new(Box::new(Vec::new()), Box::new(Vec::new()), surface);
        Region::new(&console, 2)
    }

    #[test]
    fn the_region_shows_what_runs_and_what_blocks() {
        let mut region = region();
        let (web, db) = (ObjectKey::new("apps", "Deployment", "shop", "web"), ObjectKey::new("", "Pod", "shop", "db"));
        region.take(&Event::WaveStarted { number: 2, of: 3, actions: 2 });
        region.take(&Event::ActionStarted { key: web.clone() });
        let outcome =
            Outcome { key: web.clone(), done: Done::Configured, reason: String::new(), code: None, elapsed: FRAME };
        region.take(&Event::ActionDone(outcome));
        region.take(&Event::ActionStarted { key: db });
        region.take(&Event::Waiting {
            pending: vec![(web, "1/3 updated, and a very long reason that does not fit".to_owned())],
            elapsed: Duration::from_secs(10),
            limit: Duration::from_mins(5),
        });
        let text = region.text();
        assert!(text.starts_with("Applying  ━━━━━━━━━━━━────────────  1/2  wave 2/3"), "{text}");
        assert!(
            text.contains("\n  … Pod/shop/db\nWaiting   1 of 1   (timeout 4m50s left)\n  … Deployment/shop/web"),
            "{text}"
        );
        assert!(text.lines().all(|line| columns(line) < 60), "{text}");
    }

    #[test]
    fn clearing_goes_up_exactly_as_far_as_was_drawn() {
        let mut region = region();
        assert_eq!(region.clear(), "");
        let text = region.update(&Event::Claimed { entries: 1 });
        assert_eq!(text.lines().count(), 1);
        assert_eq!(region.clear(), "\x1b[1A\x1b[J");
        assert_eq!(region.update(&Event::Claimed { entries: 1 }), "", "not between frames");
    }
}
