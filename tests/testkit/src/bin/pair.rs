//! Times whole processes: ours and a peer in turn (A B A B …), so that the ratio holds when the machine's speed drifts.
//!
//! `pair RUNS 'COMMAND A' ['COMMAND B']` prints median milliseconds and peak memory of each and the median of the pairwise
//! ratios B/A. Commands are words separated by blanks; exit codes are shown, not judged.

use std::error::Error;
use std::path::Path;

use testkit::timing::{self, Run, median, mib};

/// No command of a bench needs an hour.
const CPU_SECONDS: u64 = 3600;

#[expect(clippy::print_stdout, reason = "a tool whose result is text")]
fn main() -> Result<(), Box<dyn Error>> {
    if timing::is_the_copy()? {
        return Ok(());
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [runs, commands @ ..] = words.as_slice() else {
        return Err("pair RUNS 'COMMAND A' ['COMMAND B']".into());
    };
    let mut results: Vec<Vec<Run>> = commands.iter().map(|_| Vec::new()).collect();
    // One warm-up round fills the page cache.
    for round in 0..=runs.parse::<usize>()? {
        for (command, result) in commands.iter().zip(&mut results) {
            let command: Vec<&str> = command.split_whitespace().collect();
            let run = timing::run(&command, Path::new("/dev/null"), CPU_SECONDS)?;
            if round > 0 {
                result.push(run);
            }
        }
    }
    for (command, result) in commands.iter().zip(&results) {
        let ms = median(result.iter().map(|run| run.ms).collect());
        let peak = result.iter().map(|run| run.peak_kib).max().unwrap_or_default();
        let name = command.split_whitespace().next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        println!(
            "  {name:<16} {ms:>9.1} ms  {:>7.1} MiB peak  exit {}",
            mib(peak),
            result.last().map_or(0, |run| run.code)
        );
    }
    if let [ours, peer] = results.as_slice() {
        let ratio = median(ours.iter().zip(peer).map(|(a, b)| b.ms / a.ms).collect());
        println!("  ratio {ratio:.1}");
    }
    Ok(())
}
