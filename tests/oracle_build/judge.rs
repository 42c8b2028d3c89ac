//! Both sides of the comparison: the real tool behind a pipe, and our engine.

use std::io::{BufRead, BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use kustomize::{MemoryFiles, Nowhere, Options};
use serde_json::{Value, json};

use crate::render::{Files, bytes, is_binary};

/// What a build gave: its text, or why it failed.
pub(crate) type Outcome = Result<String, String>;

/// The real tool as a service, see `tests/oracle/dump`.
#[derive(Debug)]
pub(crate) struct Oracle {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    /// Starts the program that `make oracle` builds.
    pub(crate) fn start() -> Self {
        let program = std::env::var_os("ORACLE_DUMP")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/bin/oracle-dump"), PathBuf::from);
        let mut child = Command::new(&program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {} ({error}): run `make oracle`", program.display()));
        let questions = child.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, questions, answers }
    }

    /// What kustomize builds from the tree; `None` when it died or panicked of it.
    pub(crate) fn build(&mut self, files: &Files, entry: &str) -> Option<Outcome> {
        let binary: Vec<&String> = files.keys().filter(|name| is_binary(name)).collect();
        let question = json!({"files": files, "base64": binary, "dir": entry}).to_string() + "\n";
        let mut line = String::new();
        let asked = self.questions.write_all(question.as_bytes()).and_then(|()| self.answers.read_line(&mut line));
        if asked.is_err() || line.is_empty() {
            self.stop();
            *self = Self::start();
            return None;
        }
        let answer: Value = serde_json::from_str(&line).expect("the oracle answers in JSON");
        match (answer["out"].as_str(), answer["err"].as_str().unwrap_or_default()) {
            (Some(text), _) => Some(Ok(text.to_owned())),
            (None, error) if error.starts_with("panic: ") => None,
            (None, error) => Some(Err(error.to_owned())),
        }
    }

    /// Does the real tool give the same answer again? What it draws from the order of a Go map, it does not.
    pub(crate) fn is_sure(&mut self, files: &Files, entry: &str, answer: &Outcome) -> bool {
        (0..4).all(|_| {
            self.build(files, entry)
                .is_some_and(|again| again.is_err() == answer.is_err() && (again.is_err() || again == *answer))
        })
    }

    fn stop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What our engine builds from the tree. A panic is an outcome that equals no other.
pub(crate) fn ours(files: &Files, entry: &str) -> Option<Outcome> {
    let tree: MemoryFiles = files.iter().map(|(path, text)| (format!("/tree/{path}"), bytes(path, text))).collect();
    catch_unwind(AssertUnwindSafe(|| {
        let start = Path::new("/tree").join(entry);
        let built = kustomize::build(&tree, &Nowhere, &start, &Options::default()).map_err(|error| explain(&error))?;
        built.to_yaml().map_err(|error| explain(&error))
    }))
    .ok()
}

fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// Whether the two agree: the same bytes, or both a failure.
pub(crate) fn agree(theirs: &Outcome, ours: Option<&Outcome>) -> bool {
    match (theirs, ours) {
        (Ok(theirs), Some(Ok(ours))) => theirs == ours,
        (Err(_), Some(Err(_))) => true,
        _ => false,
    }
}
