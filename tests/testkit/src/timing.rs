//! Times whole processes: wall time, peak memory, exit code. Owns how one run is measured; must not know what is compared.

use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};

/// Set in the copy of this program that runs one command and reports it: the memory that the kernel accounts to "children" is
/// the maximum over all of them, so that each run needs a parent of its own.
const ONCE: &str = "TIMING_ONCE";

/// One run of a command.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run {
    /// Wall time in milliseconds.
    pub ms: f64,
    /// Most memory that was resident.
    pub peak_kib: i64,
    /// Time of processors, its own and the kernel's for it, in milliseconds.
    pub cpu_ms: f64,
    /// Exit code; negative for one that was ended.
    pub code: i32,
}

/// To be called first in `main` of a program that measures.
///
/// # Errors
/// The command cannot be started.
#[expect(clippy::print_stdout, reason = "how the copy reports")]
pub fn is_the_copy() -> Result<bool, Box<dyn Error>> {
    if std::env::var_os(ONCE).is_none() {
        return Ok(false);
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [output, cpu_seconds, command @ ..] = words.as_slice() else { return Err("words are missing".into()) };
    let run = here(Path::new(output), cpu_seconds.parse()?, command)?;
    println!("{} {} {} {}", run.ms, run.peak_kib, run.cpu_ms, run.code);
    Ok(true)
}

/// Runs `command` once, its output into a file. The kernel ends it when it has used more than so much time of a processor.
///
/// # Errors
/// It cannot be started.
pub fn run(command: &[&str], output: &Path, cpu_seconds: u64) -> Result<Run, Box<dyn Error>> {
    let mut copy = Command::new(std::env::current_exe()?);
    copy.arg(output).arg(cpu_seconds.to_string()).args(command).env(ONCE, "1").stderr(Stdio::inherit());
    let text = String::from_utf8(copy.output()?.stdout)?;
    let mut fields = text.split_whitespace();
    let mut next = || fields.next().ok_or_else(|| format!("`{}` could not be measured", command.join(" ")));
    Ok(Run { ms: next()?.parse()?, peak_kib: next()?.parse()?, cpu_ms: next()?.parse()?, code: next()?.parse()? })
}

fn here(output: &Path, cpu_seconds: u64, command: &[String]) -> Result<Run, Box<dyn Error>> {
    let (program, words) = command.split_first().ok_or("an empty command")?;
    setrlimit(Resource::RLIMIT_CPU, cpu_seconds, cpu_seconds)?;
    let mut child = Command::new(program);
    child.args(words).env_remove(ONCE).stdout(File::create(output)?).stderr(Stdio::null());
    let start = Instant::now();
    let status = child.status()?;
    let ms = start.elapsed().as_secs_f64() * 1000.0;
    let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu_ms = [used.user_time(), used.system_time()].map(milliseconds).iter().sum();
    Ok(Run { ms, peak_kib: used.max_rss(), cpu_ms, code: status.code().unwrap_or(-1) })
}

#[expect(clippy::cast_precision_loss, reason = "the time of a bench is far below 2^52 us")]
fn milliseconds(time: nix::sys::time::TimeVal) -> f64 {
    time.tv_sec() as f64 * 1000.0 + time.tv_usec() as f64 / 1000.0
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Kibibytes as mebibytes.
#[expect(clippy::cast_precision_loss, reason = "memory of a process is far below 2^52 KiB")]
pub fn mib(kib: i64) -> f64 {
    kib as f64 / 1024.0
}
