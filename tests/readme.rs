//! The README's examples do what it says. A comment `<!-- example: NAME needs TOOL … -->` above a block of `sh` makes it part of the
//! example NAME: its blocks run one after the other, in one empty directory. `<!-- example: NAME prints -->` above any other block:
//! its lines, in this order, are among what the example prints.
//!
//! The terminal session in it is what `tests/session.sh` ran: the same commands, in the same order.
//!
//! A tool that is missing is a named skip, unless README_REQUIRE lists it (make oracle does).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

#[derive(Debug, Default, Clone)]
struct Example {
    needs: Vec<String>,
    script: String,
    prints: Vec<String>,
}

fn main() -> ExitCode {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = fs::read_to_string(readme).expect("a readable README");
    let examples = examples(&text);
    assert!(!examples.is_empty(), "the README has no examples");
    let required = std::env::var("README_REQUIRE").unwrap_or_default();
    let mut trials = Vec::new();
    for (name, example) in examples {
        let missing: Vec<&String> = example.needs.iter().filter(|tool| found(tool).is_none()).collect();
        let must: Vec<&&String> =
            missing.iter().filter(|tool| required.split(' ').any(|word| word == **tool)).collect();
        let name = match missing.as_slice() {
            [] => name,
            tools => format!(
                "{name} (skipped: there is no {})",
                tools.iter().map(|tool| tool.as_str()).collect::<Vec<_>>().join(", ")
            ),
        };
        let skipped = !missing.is_empty() && must.is_empty();
        trials.push(Trial::test(name, move || run(&example)).with_ignored_flag(skipped));
    }
    trials.push(Trial::test("the session is that of its script", move || session(&text)));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The README shows the commands that its script runs, and each of them has what it is given.
fn session(text: &str) -> Result<(), Failed> {
    let between = |text: &str, begin: &str, end: &str| {
        let rest = text.split_once(begin).map(|(_, rest)| rest.to_owned());
        rest.and_then(|rest| rest.split_once(end).map(|(inside, _)| inside.to_owned())).unwrap_or_default()
    };
    let commands = |text: &str| -> Vec<String> {
        text.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect()
    };
    let script = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/session.sh"))?;
    let run = commands(&between(&script, "<<'SESSION'\n", "\nSESSION\n"));
    let shown = between(text, "<!-- session: begin -->", "<!-- session: end -->");
    if run.len() < 5 || commands(&shown) != run {
        return Err(format!("`make readme-session` writes it: shown {:?}, run {run:?}", commands(&shown)).into());
    }
    let silent = shown.lines().zip(shown.lines().skip(1)).find(|(line, next)| {
        line.starts_with("$ kubectl gitops") && (next.is_empty() || next.starts_with("$ ") || next.starts_with("error"))
    });
    if let Some((line, _)) = silent {
        return Err(format!("`{line}` printed nothing, or failed").into());
    }
    for command in run.iter().filter_map(|command| command.strip_prefix("kubectl gitops ")) {
        let mut words = command.split(' ');
        let name = words.next().unwrap_or_default();
        let help = Command::new(env!("CARGO_BIN_EXE_kubectl-gitops")).args([name, "--help"]).env_clear().output()?;
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        for flag in words.filter(|word| word.starts_with("--")) {
            if !help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| word == flag) {
                return Err(format!("`{name}` has no {flag}").into());
            }
        }
    }
    Ok(())
}

/// Examples by name.
fn examples(text: &str) -> BTreeMap<String, Example> {
    let mut examples: BTreeMap<String, Example> = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(head) = line.strip_prefix("<!-- example: ").and_then(|rest| rest.strip_suffix(" -->")) else {
            continue;
        };
        let mut words = head.split(' ');
        let example = examples.entry(words.next().unwrap_or_default().to_owned()).or_default();
        let words: Vec<&str> = words.collect();
        let fence = lines.next().unwrap_or_default();
        assert!(fence.starts_with("```"), "`{line}` stands above a block");
        let block: Vec<String> =
            lines.by_ref().take_while(|line| !line.starts_with("```")).map(str::to_owned).collect();
        match words.as_slice() {
            ["prints"] => example.prints.extend(block),
            [] => example.script += &(block.join("\n") + "\n"),
            ["needs", tools @ ..] => {
                example.needs.extend(tools.iter().map(|tool| (*tool).to_owned()));
                example.script += &(block.join("\n") + "\n");
            }
            _ => panic!("`{line}` is not understood"),
        }
    }
    examples
}

fn found(tool: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|directory| directory.join(tool)).find(|file| file.is_file())
}

fn run(example: &Example) -> Result<(), Failed> {
    let directory = tempfile::Builder::new().prefix("readme-").tempdir()?;
    let (bin, work) = (directory.path().join("bin"), directory.path().join("work"));
    fs::create_dir(&bin)?;
    fs::create_dir(&work)?;
    let ours = PathBuf::from(env!("CARGO_BIN_EXE_kubectl-gitops"));
    let functions = ours.with_file_name("krm-functions");
    if !functions.is_file() {
        return Err("build it first: cargo build -p krm-functions".into());
    }
    std::os::unix::fs::symlink(&ours, bin.join("kubectl-gitops"))?;
    std::os::unix::fs::symlink(functions, bin.join("krm-functions"))?;
    // A kubectl that knows plugins and nothing else.
    fs::write(bin.join("kubectl"), "#!/bin/sh\nplugin=\"kubectl-$1\"\nshift\nexec \"$plugin\" \"$@\"\n")?;
    Command::new("chmod").arg("755").arg(bin.join("kubectl")).status()?;
    let mut path = vec![bin];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &example.script])
        .current_dir(&work)
        .env_clear()
        .env("HOME", directory.path())
        .env("PATH", std::env::join_paths(path)?)
        .output()?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = format!("{}\nstdout:\n{stdout}\nstderr:\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        return Err(told.into());
    }
    let mut printed = stdout.lines();
    for line in example.prints.iter().filter(|line| !line.trim().is_empty() && line.trim() != "…") {
        if !printed.any(|found| found.trim_end() == line.trim_end()) {
            return Err(format!("it does not print `{line}` (in this order): {told}").into());
        }
    }
    Ok(())
}
