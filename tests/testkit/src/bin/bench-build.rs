//! Builds every item of a corpus with ours and with a peer, demands the same bytes, and times both in turn.
//!
//! `bench-build OURS PEER WORK < ITEMS` reads lines `NAME<TAB>DIRECTORY`, as `bench-corpus` prints them, and prints a table, the
//! geometric mean of the ratios and the worst. `bench-build OURS PEER WORK curve < ITEMS` prints how time and memory grow.
//! A peer that needs more than `BENCH_PEER_SECONDS` (30) of a processor is stopped: its time counts as it stands then, and its
//! bytes cannot be compared. Fails if bytes differ or ours was the slower one.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use testkit::timing::{self, Run, median, mib};

/// Most pairs of runs per item; the middle one is what counts.
const PAIRS_MAX: usize = 15;

/// About how long an item may take once both were checked.
const SECONDS_PER_ITEM: f64 = 2.5;

/// Ours gets so many runs even where the peer gets one.
const OURS_MIN: usize = 3;

struct Bench {
    ours: String,
    peer: String,
    work: PathBuf,
    peer_seconds: u64,
}

/// What was measured of one item.
struct Measured {
    ours: Vec<Run>,
    peer: Vec<Run>,
    /// Was the peer stopped?
    stopped: bool,
    same: bool,
}

#[expect(clippy::print_stdout, reason = "a tool whose result is text")]
fn main() -> Result<ExitCode, Box<dyn Error>> {
    if timing::is_the_copy()? {
        return Ok(ExitCode::SUCCESS);
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [ours, peer, work, rest @ ..] = words.as_slice() else {
        return Err("bench-build OURS PEER WORK [curve]".into());
    };
    let peer_seconds = std::env::var("BENCH_PEER_SECONDS").map_or(Ok(30), |text| text.parse())?;
    let bench = Bench { ours: ours.clone(), peer: peer.clone(), work: PathBuf::from(work), peer_seconds };
    let mut items = Vec::new();
    for line in std::io::stdin().lines() {
        let line = line?;
        let (name, directory) = line.split_once('\t').ok_or("an item is NAME<TAB>DIRECTORY")?;
        items.push((name.to_owned(), directory.to_owned()));
    }
    if rest.first().is_some_and(|word| word == "curve") {
        return bench.curve(&items);
    }
    println!("  {:<36} {:>9} {:>7}   {:>9} {:>7}   {:>7}", "", "ours ms", "MiB", "peer ms", "MiB", "ratio");
    let mut ratios: Vec<(f64, &str)> = Vec::new();
    let mut all_same = true;
    for (name, directory) in &items {
        let measured = bench.measure(directory)?;
        println!("  {}", measured.row(name));
        ratios.push((measured.ratio(), name));
        all_same &= measured.same;
    }
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some((worst, name)) = ratios.first() else { return Err("no items".into()) };
    #[expect(clippy::cast_precision_loss, reason = "few items")]
    let mean = (ratios.iter().map(|(ratio, _)| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
    println!("  geometric mean of {} ratios: {mean:.1}; the least: {worst:.1} ({name})", ratios.len());
    Ok(if all_same && *worst >= 1.0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Bench {
    fn path(&self, output: &str) -> PathBuf {
        if output == "null" { PathBuf::from("/dev/null") } else { self.work.join(output) }
    }

    fn ours(&self, directory: &str, output: &str) -> Result<Run, Box<dyn Error>> {
        timing::run(&[&self.ours, "build", directory], &self.path(output), 600)
    }

    fn peer(&self, directory: &str, output: &str) -> Result<Run, Box<dyn Error>> {
        timing::run(&[&self.peer, "build", directory], &self.path(output), self.peer_seconds)
    }

    /// Once each for the bytes (which also fills the page cache), then in turn for the time.
    fn measure(&self, directory: &str) -> Result<Measured, Box<dyn Error>> {
        let (ours, peer) = (self.ours(directory, "ours.yaml")?, self.peer(directory, "peer.yaml")?);
        let stopped = peer.code < 0;
        let same = ours.code == 0
            && (stopped
                || peer.code == 0 && fs::read(self.work.join("ours.yaml"))? == fs::read(self.work.join("peer.yaml"))?);
        let mut measured = Measured { ours: Vec::new(), peer: Vec::new(), stopped, same };
        let begin = Instant::now();
        if peer.ms > SECONDS_PER_ITEM * 1000.0 {
            measured.peer.push(peer);
        }
        while measured.ours.len() < PAIRS_MAX {
            measured.ours.push(self.ours(directory, "null")?);
            if peer.ms <= SECONDS_PER_ITEM * 1000.0 {
                measured.peer.push(self.peer(directory, "null")?);
            }
            if measured.ours.len() >= OURS_MIN && begin.elapsed().as_secs_f64() > SECONDS_PER_ITEM {
                break;
            }
        }
        Ok(measured)
    }

    #[expect(clippy::print_stdout, reason = "a tool whose result is text")]
    fn curve(&self, items: &[(String, String)]) -> Result<ExitCode, Box<dyn Error>> {
        println!(
            "  {:>8} {:>9} {:>7} {:>10}   {:>9} {:>7} {:>10}",
            "objects", "ours ms", "MiB", "us/object", "peer ms", "MiB", "us/object"
        );
        let mut same = true;
        // A peer that was stopped once would only be stopped later with more objects.
        let mut stopped = false;
        for (name, directory) in items {
            let count: f64 = name.parse()?;
            let measured = if stopped {
                let ours: Result<Vec<Run>, _> = (0..OURS_MIN).map(|_| self.ours(directory, "null")).collect();
                Measured { ours: ours?, peer: Vec::new(), stopped, same: true }
            } else {
                self.measure(directory)?
            };
            stopped = measured.stopped;
            same &= measured.same;
            let ours = column(&middle(&measured.ours), count);
            let peer = if stopped { "stopped".to_owned() } else { column(&middle(&measured.peer), count) };
            println!("  {name:>8} {ours}   {peer}");
        }
        Ok(if same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Measured {
    /// The middle of the pairs' ratios; of the middles where the peer ran once.
    fn ratio(&self) -> f64 {
        if self.ours.len() == self.peer.len() {
            median(self.ours.iter().zip(&self.peer).map(|(a, b)| b.ms / a.ms).collect())
        } else {
            middle(&self.peer).ms / middle(&self.ours).ms
        }
    }

    fn row(&self, name: &str) -> String {
        let (ours, peer) = (middle(&self.ours), middle(&self.peer));
        let verdict = match (self.same, self.stopped) {
            (false, _) => "   THE BYTES DIFFER",
            (true, true) => "   peer stopped, at least",
            (true, false) => "",
        };
        format!(
            "{name:<36} {:>9.1} {:>7.1}   {:>9.1} {:>7.1}   {:>7.1}{verdict}",
            ours.ms,
            mib(ours.peak_kib),
            peer.ms,
            mib(peer.peak_kib),
            self.ratio()
        )
    }
}

fn column(run: &Run, objects: f64) -> String {
    format!("{:>9.1} {:>7.1} {:>10.1}", run.ms, mib(run.peak_kib), run.ms * 1000.0 / objects)
}

/// The middle time and the highest peak.
fn middle(runs: &[Run]) -> Run {
    Run {
        ms: median(runs.iter().map(|run| run.ms).collect()),
        peak_kib: runs.iter().map(|run| run.peak_kib).max().unwrap_or_default(),
        cpu_ms: median(runs.iter().map(|run| run.cpu_ms).collect()),
        code: runs.last().map_or(0, |run| run.code),
    }
}
