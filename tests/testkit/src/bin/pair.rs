//! Times whole processes: ours and a peer in turn (A B A B …), so that the ratio holds when the machine's speed drifts.
//!
//! `pair RUNS 'COMMAND A' ['COMMAND B']` prints median milliseconds and peak memory of each and the median of the pairwise
//! ratios B/A. Commands are words separated by blanks; exit codes are shown, not judged.

use std::error::Error;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

/// Set in the copy of this program that runs one command and reports it: the memory that the kernel accounts to "children" is
/// the maximum over all of them, so that each run needs a parent of its own.
const ONCE: &str = "PAIR_ONCE";

struct Run {
    ms: f64,
    peak_kib: i64,
    code: i32,
}

#[expect(clippy::print_stdout, reason = "a tool whose result is text")]
fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if std::env::var_os(ONCE).is_some() {
        let run = measure(&words[0])?;
        println!("{} {} {}", run.ms, run.peak_kib, run.code);
        return Ok(());
    }
    let [runs, commands @ ..] = words.as_slice() else {
        return Err("pair RUNS 'COMMAND A' ['COMMAND B']".into());
    };
    let mut results: Vec<Vec<Run>> = commands.iter().map(|_| Vec::new()).collect();
    // One warm-up round fills the page cache.
    for round in 0..=runs.parse::<usize>()? {
        for (command, result) in commands.iter().zip(&mut results) {
            let run = in_own_parent(command)?;
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

#[expect(clippy::cast_precision_loss, reason = "memory of a process is far below 2^52 KiB")]
fn mib(kib: i64) -> f64 {
    kib as f64 / 1024.0
}

fn in_own_parent(command: &str) -> Result<Run, Box<dyn Error>> {
    let output =
        Command::new(std::env::current_exe()?).arg(command).env(ONCE, "1").stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut fields = text.split_whitespace();
    let mut next = || fields.next().ok_or_else(|| format!("`{command}` could not be measured"));
    Ok(Run { ms: next()?.parse()?, peak_kib: next()?.parse()?, code: next()?.parse()? })
}

fn measure(command: &str) -> Result<Run, Box<dyn Error>> {
    let mut words = command.split_whitespace();
    let mut child = Command::new(words.next().ok_or("an empty command")?);
    child.args(words).env_remove(ONCE).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = child.status()?;
    let ms = start.elapsed().as_secs_f64() * 1000.0;
    let peak_kib = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
    Ok(Run { ms, peak_kib, code: status.code().unwrap_or(-1) })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
