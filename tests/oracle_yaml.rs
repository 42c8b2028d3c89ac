//! The YAML module against kustomize's own code: same text in, same text out or both refuse.
//!
//! Needs the batch oracle (`make oracle` builds it): `ORACLE_DUMP` names the binary, else `.cache/bin/oracle-dump`.
//! `ORACLE_YAML_COUNT` is the number of documents per class, `ORACLE_YAML_SEED` the seed. A failure prints a minimised
//! line for `fixtures/yaml/found.jsonl`; `ORACLE_YAML_RECORD=fixtures/yaml` writes the other fixture files anew.

// A test may read the disk, start a process and build text by pieces.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, clippy::format_push_string, clippy::print_stderr)]

#[path = "oracle_yaml/generate.rs"]
mod generate;
#[path = "oracle_yaml/ours.rs"]
mod ours;
#[path = "oracle_yaml/texts.rs"]
mod texts;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use ours::{Answer, ours, same};
use texts::Random;

/// So many differences are minimised and shown.
const SHOWN: usize = 6;

struct Oracle {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    fn start(profile: &str) -> Self {
        let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.cache/bin/oracle-dump");
        let path = std::env::var_os("ORACLE_DUMP").map_or(default, PathBuf::from);
        let mut child = Command::new(&path)
            .arg(format!("-profile={profile}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("cannot start {}: {e}; `make oracle` builds it", path.display()));
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, answers }
    }

    fn ask(&mut self, texts: &[String]) -> Vec<Answer> {
        let mut stdin = self.child.stdin.take().expect("piped");
        let lines: Vec<String> = texts.iter().map(|t| serde_json::json!({ "in": t }).to_string() + "\n").collect();
        let writer = std::thread::spawn(move || {
            for line in lines {
                stdin.write_all(line.as_bytes()).expect("the oracle reads all requests");
            }
            stdin
        });
        let answers = texts.iter().map(|_| self.read()).collect();
        self.child.stdin = Some(writer.join().expect("the writer does not panic"));
        answers
    }

    fn read(&mut self) -> Answer {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the oracle answers");
        let answer: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
        match (answer["out"].as_str(), answer["err"].as_str()) {
            (Some(out), _) => Answer::Out(out.to_owned()),
            (_, Some(err)) => Answer::Err(err.to_owned()),
            _ => panic!("unknown answer {line}"),
        }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ended = self.child.wait();
    }
}

fn differs(oracle: &mut Oracle, text: &str, function: bool) -> bool {
    if !text.contains(generate::HEADER) || crashes_kustomize(text) {
        return false;
    }
    let ours = ours(text, function);
    let differs = |answer: &Answer| !(same(&ours, answer) || function && known_difference(&ours, answer));
    // Where go-yaml's order of keys has cycles, kustomize answers now this, now that: one match is enough.
    oracle.ask(&vec![text.to_owned(); 24]).iter().all(differs)
}

/// The function profile refuses duplicate keys, which kyaml passes on, and quotes what kyaml writes unreadably.
fn known_difference(ours: &Answer, answer: &Answer) -> bool {
    match (ours, answer) {
        (Answer::Err(error), _) => error.contains("already defined"),
        (_, Answer::Out(out)) => krm::yaml::parse_documents(out, "kyaml", &krm::yaml::Limits::default()).is_err(),
        _ => false,
    }
}

/// An anchor inside itself is an error to us; kustomize dies of a stack overflow.
fn crashes_kustomize(text: &str) -> bool {
    matches!(ours(text, false), Answer::Err(error) if error.contains("contains itself"))
}

/// The smallest text by removal of lines, then of characters, that still differs.
fn minimise(oracle: &mut Oracle, text: &str, function: bool) -> String {
    let mut text = text.to_owned();
    for by_lines in [true, false] {
        let mut size = usize::MAX;
        loop {
            let parts: Vec<String> = if by_lines {
                text.split_inclusive('\n').map(str::to_owned).collect()
            } else {
                text.chars().map(String::from).collect()
            };
            size = size.min(parts.len()) / 2;
            if size == 0 {
                break;
            }
            let mut at = 0;
            let mut parts = parts;
            while at < parts.len() {
                let candidate: String = parts
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| *i < at || *i >= at + size)
                    .map(|(_, p)| p.as_str())
                    .collect();
                if differs(oracle, &candidate, function) {
                    parts.drain(at..(at + size).min(parts.len()));
                } else {
                    at += size;
                }
            }
            text = parts.concat();
        }
    }
    text
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// One line of a fixture file.
fn fixture(text: &str, answer: &Answer) -> String {
    match answer {
        Answer::Out(out) => serde_json::json!({ "in": text, "out": out }).to_string(),
        Answer::Err(err) => serde_json::json!({ "in": text, "err": err }).to_string(),
    }
}

/// Writes a fixture file: some texts with kustomize's answers, so that a checkout without Go can hold us to them.
fn record(oracle: &mut Oracle, path: &Path, random: &mut Random, generate: fn(&mut Random) -> String) {
    let mut lines = String::new();
    let mut refused = 0;
    while lines.lines().count() < 80 {
        let text = generate(random);
        if crashes_kustomize(&text) || text.len() > 3000 {
            continue;
        }
        let answer = oracle.ask(std::slice::from_ref(&text)).remove(0);
        refused += usize::from(matches!(answer, Answer::Err(_)));
        if matches!(answer, Answer::Out(_)) || refused < 15 {
            lines += &(fixture(&text, &answer) + "\n");
        }
    }
    std::fs::write(path, lines).expect("the fixture directory can be written");
}

/// Compares `count` texts of `generate`; panics with the first few differences, minimised.
fn compare(class: &str, function: bool, generate: fn(&mut Random) -> String) {
    let count = setting("ORACLE_YAML_COUNT", 1500);
    let seed = setting("ORACLE_YAML_SEED", 1);
    let mut random = Random(seed.wrapping_mul(1_000_003) ^ class.len() as u64);
    let mut oracle = Oracle::start(if function { "function" } else { "build" });
    let mut suspect = Oracle::start(if function { "function" } else { "build" });
    let (mut accepted, mut failures) = (0, Vec::new());
    let mut left = count;
    while left > 0 && failures.len() < 12 {
        let size = left.min(200);
        let mut batch: Vec<String> = (0..size).map(|_| generate(&mut random)).collect();
        left -= size;
        batch.retain(|text| !crashes_kustomize(text));
        let answers = oracle.ask(&batch);
        for (text, answer) in batch.iter().zip(answers) {
            accepted += u64::from(matches!(answer, Answer::Out(_)));
            if !same(&ours(text, function), &answer) && differs(&mut suspect, text, function) {
                failures.push(text.clone());
            }
        }
    }
    if let Some(directory) = std::env::var_os("ORACLE_YAML_RECORD") {
        record(&mut oracle, &PathBuf::from(directory).join(format!("{class}.jsonl")), &mut random, generate);
    }
    eprintln!("{class}: {} documents, {accepted} accepted by kustomize", count - left);
    let mut report = String::new();
    for text in failures.iter().take(SHOWN) {
        let small = minimise(&mut oracle, text, function);
        let answer = oracle.ask(std::slice::from_ref(&small)).remove(0);
        report += &format!("{}\n  ours: {:?}\n", fixture(&small, &answer), ours(&small, function));
    }
    assert!(failures.is_empty(), "{class}: {} differences\n{report}", failures.len());
}

#[test]
fn quoted_texts_are_written_alike() {
    compare("quoted", false, generate::quoted_texts);
}

#[test]
fn plain_texts_are_resolved_alike() {
    compare("plain", false, generate::plain_texts);
}

#[test]
fn trees_in_any_syntax_are_read_alike() {
    compare("tree", false, generate::tree);
}

#[test]
fn token_soup_is_refused_alike() {
    compare("soup", false, generate::soup);
}

#[test]
fn mutated_trees_are_refused_alike() {
    compare("mutation", false, generate::mutation);
}

#[test]
fn the_function_profile_keeps_what_kyaml_keeps() {
    compare("function", true, generate::commented_tree);
}

#[test]
fn the_function_profile_writes_texts_alike() {
    compare("function-quoted", true, generate::quoted_texts);
}

#[test]
fn streams_are_split_alike() {
    compare("stream", false, generate::stream);
}

#[test]
fn sizes_have_the_same_limits() {
    compare("sizes", false, generate::sizes);
}

#[test]
fn comments_change_what_they_change_in_kustomize() {
    compare("comments", false, generate::comments);
}

#[test]
fn comments_are_placed_alike() {
    compare("function-comments", true, generate::comments);
}
