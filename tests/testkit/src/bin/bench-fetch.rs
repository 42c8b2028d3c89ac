//! Fetches of ours against those of the git program, from the same server in turn: first, unchanged, one commit later; few files
//! and many. Prints time, bytes that the server sent, and peak memory.
//!
//! `bench-fetch OURS WORK` (`make bench`): ours is `build --url` of a kustomization that reads none of the files, so that it is
//! the fetch and the check-out that count; it writes all files in every run, git only those that changed.

use std::error::Error;
use std::path::Path;

use testkit::git::{GitServer, Repository, Serving};
use testkit::timing::{self, Run, mib};

/// No fetch needs more of a processor.
const CPU_SECONDS: u64 = 600;
/// Rounds of a later commit.
const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    if timing::is_the_copy()? {
        return Ok(());
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [ours, work] = words.as_slice() else { return Err("bench-fetch OURS WORK".into()) };
    for files in [10, 10_000] {
        compare(ours, &Path::new(work).join(files.to_string()), files)?;
    }
    Ok(())
}

fn manifest(number: usize, replicas: usize) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web-{number}\n  namespace: team-{}\nspec:\n  replicas: {replicas}\n  \
         selector:\n    matchLabels:\n      app: web-{number}\n  template:\n    metadata:\n      labels:\n        app: web-{number}\n    \
         spec:\n      containers:\n      - name: web\n        image: registry.example.com/web:1.{number}\n        resources:\n          \
         requests:\n            memory: {}Mi\n",
        number % 97,
        number % 251 + 16
    )
}

fn compare(ours: &str, work: &Path, files: usize) -> Result<(), Box<dyn Error>> {
    let home = Repository::at(work.join("home.git"));
    home.write("kustomization.yaml", "configMapGenerator: [{name: a, literals: [a=1]}]\n");
    for number in 0..files {
        home.write(&format!("apps/{}/{number}.yaml", number % 100), manifest(number, 1));
    }
    home.commit("first");
    let server = GitServer::start(work, &Serving::default());
    let url = server.url("home.git");
    let (kept, clone) = (work.join("kept").display().to_string(), work.join("clone").display().to_string());
    let measured = |name: &str, command: &[&str]| -> Result<(), Box<dyn Error>> {
        server.sent();
        let run = timing::run(command, Path::new("/dev/null"), CPU_SECONDS)?;
        if run.code != 0 {
            return Err(format!("{command:?} ended with {}", run.code).into());
        }
        show(name, &run, server.sent());
        Ok(())
    };
    say(&format!("{files} files:"));
    let (fresh, keeping) = ([ours, "build", "--url", &url], [ours, "build", "--url", &url, "--cache-dir", &kept]);
    measured("ours, first, nothing kept", &fresh)?;
    measured("ours, first", &keeping)?;
    measured("git, first", &["git", "clone", "-q", "--depth=1", &url, &clone])?;
    let fetch = format!("git -C {clone} fetch -q --depth=1 origin main && git -C {clone} reset -q --hard FETCH_HEAD");
    measured("ours, unchanged", &keeping)?;
    measured("git, unchanged", &["sh", "-c", &fetch])?;
    for round in 0..ROUNDS {
        home.write("apps/7/7.yaml", manifest(7, 2 + round)).commit("later");
        measured("ours, one commit later", &keeping)?;
        measured("git, one commit later", &["sh", "-c", &fetch])?;
    }
    Ok(())
}

fn show(name: &str, run: &Run, bytes: usize) {
    say(&format!("  {name:<26} {:>8.1} ms {bytes:>9} bytes {:>7.1} MiB peak", run.ms, mib(run.peak_kib)));
}

#[expect(clippy::print_stdout, reason = "a tool whose result is text")]
fn say(line: &str) {
    println!("{line}");
}
