//! Random trees of kustomizations through the real kustomize and through our engine: the same bytes, or both a failure.
//!
//! `make oracle` runs it. `ORACLE_CASES` is the number of trees (default 2000), `ORACLE_SEED` the first seed; with
//! `ORACLE_WHY` the real tool's refusals are told. A tree on which the two disagree is made small and written as a fixture
//! directory below `target/oracle-build/`, ready to be moved to `fixtures/build/`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a test harness starts processes, writes files and reports"
)]

#[path = "oracle_build/dice.rs"]
mod dice;
#[path = "oracle_build/fields/mod.rs"]
mod fields;
#[path = "oracle_build/grow.rs"]
mod grow;
#[path = "oracle_build/judge.rs"]
mod judge;
#[path = "oracle_build/minimise.rs"]
mod minimise;
#[path = "oracle_build/model.rs"]
mod model;
#[path = "oracle_build/objects.rs"]
mod objects;
#[path = "oracle_build/patch.rs"]
mod patch;
#[path = "oracle_build/pointer.rs"]
mod pointer;
#[path = "oracle_build/render.rs"]
mod render;
#[path = "oracle_build/shapes/mod.rs"]
mod shapes;

use std::path::{Path, PathBuf};

use judge::{Oracle, Outcome, agree, ours};
use model::Tree;
use render::{Files, files};

/// So many disagreements are enough to work on.
const ENOUGH: usize = 10;

#[test]
#[ignore = "needs the real tool: make oracle"]
fn random_trees_build_as_kustomize_builds_them() {
    let cases = number("ORACLE_CASES", 2000);
    let first = number("ORACLE_SEED", 1);
    let mut oracle = Oracle::start();
    let (mut built, mut refused, mut fatal) = (0, 0, 0);
    let mut failures = Vec::new();
    for seed in first..first + cases {
        let tree = grow::tree(&mut dice::Dice::new(seed));
        let content = files(&tree);
        let Some(theirs) = oracle.build(&content) else {
            fatal += 1;
            continue;
        };
        match &theirs {
            Ok(_) => built += 1,
            Err(error) => {
                refused += 1;
                if std::env::var_os("ORACLE_WHY").is_some() {
                    println!("{seed}: {error}");
                }
            }
        }
        if !agree(&theirs, ours(&content).as_ref()) && oracle.is_sure(&content, &theirs) {
            failures.push(report(seed, tree, &mut oracle));
            if failures.len() == ENOUGH {
                break;
            }
        }
    }
    println!("{built} trees built, {refused} refused by both, {fatal} fatal to the real tool, from seed {first}");
    assert!(failures.is_empty(), "{} trees differ:\n{}", failures.len(), failures.join("\n"));
    assert!(built > cases / 4 || cases < 100, "too few trees build: the generator has lost its aim");
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Makes the tree small, writes it down and says what differs.
fn report(seed: u64, tree: Tree, oracle: &mut Oracle) -> String {
    let small = minimise::minimise(tree, |candidate| {
        let content = files(candidate);
        oracle.build(&content).is_some_and(|theirs| !agree(&theirs, ours(&content).as_ref()))
    });
    let content = files(&small);
    let theirs = oracle.build(&content).unwrap_or_else(|| Err("the real tool died".to_owned()));
    let directory = write(seed, &content);
    let verdict = describe(&theirs, ours(&content));
    format!("seed {seed}, see {}\n{verdict}", directory.display())
}

fn write(seed: u64, content: &Files) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("oracle-build/seed-{seed}"));
    std::fs::remove_dir_all(&directory).ok();
    for (name, text) in content {
        let path = directory.join("in").join(name);
        std::fs::create_dir_all(path.parent().expect("it has a directory"))
            .expect("the target directory can be written");
        std::fs::write(&path, render::bytes(name, text)).expect("the target directory can be written");
    }
    std::fs::write(directory.join("case.toml"), "entry = \"l0\"\n").expect("the target directory can be written");
    directory
}

fn describe(theirs: &Outcome, ours: Option<Outcome>) -> String {
    match (theirs, ours) {
        (_, None) => "  ours panicked".to_owned(),
        (Ok(theirs), Some(Ok(ours))) => difference(theirs, &ours),
        (Ok(_), Some(Err(error))) => format!("  only ours fails: {error}"),
        (Err(error), Some(Ok(_))) => format!("  only theirs fails: {error}"),
        (Err(_), Some(Err(_))) => "  both fail".to_owned(),
    }
}

/// The lines that only one side has.
fn difference(theirs: &str, ours: &str) -> String {
    let common = theirs.lines().zip(ours.lines()).take_while(|(a, b)| a == b).count();
    let show = |mark: char, text: &str| -> String {
        let lines: Vec<_> = text.lines().skip(common).take(4).map(|line| format!("  {mark} {line}")).collect();
        lines.join("\n")
    };
    format!("  from line {}:\n{}\n{}", common + 1, show('-', theirs), show('+', ours))
}
