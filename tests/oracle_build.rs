//! Random trees of kustomizations, and golden cases with a change in them, through the real kustomize and through our engine:
//! the same bytes, or both a failure.
//!
//! `make oracle` runs it. `ORACLE_CASES` is the number of trees of each sort (default 2000), `ORACLE_SEED` the first seed; with
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
#[path = "oracle_build/layouts/mod.rs"]
mod layouts;
#[path = "oracle_build/minimise.rs"]
mod minimise;
#[path = "oracle_build/model.rs"]
mod model;
#[path = "oracle_build/mutate.rs"]
mod mutate;
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
#[path = "oracle_build/specimens.rs"]
mod specimens;
#[path = "oracle_build/style.rs"]
mod style;

use std::path::{Path, PathBuf};

use judge::{Oracle, Outcome, agree, ours};
use model::Tree;
use render::{Files, files};

/// So many disagreements are enough to work on.
const ENOUGH: usize = 10;
/// The directory of the layer that is built.
const ENTRY: &str = "l0";

#[test]
#[ignore = "needs the real tool: make oracle"]
fn random_trees_build_as_kustomize_builds_them() {
    let mut run = Run::start("trees", 1);
    for seed in run.seeds() {
        let mut tree = grow::tree(&mut dice::Dice::new(seed));
        tree.style = (seed % 2 == 0).then_some(seed);
        run.tree(seed, tree);
    }
    run.end(50, 0);
}

#[test]
#[ignore = "needs the real tool: make oracle"]
fn trees_like_those_of_public_repositories_build_as_kustomize_builds_them() {
    // Each is as large as several of the others.
    let mut run = Run::start("layouts", 4);
    for seed in run.seeds() {
        let mut tree = layouts::tree(&mut dice::Dice::new(seed));
        tree.style = (seed % 5 > 0).then_some(seed);
        run.tree(seed, tree);
    }
    run.end(75, 0);
}

#[test]
#[ignore = "needs the real tool: make oracle"]
fn golden_cases_with_a_change_build_as_kustomize_builds_them() {
    let all = specimens::all();
    let mut run = Run::start("changed", 1);
    for seed in run.seeds() {
        let mut dice = dice::Dice::new(seed);
        let specimen = &all[dice.roll(all.len())];
        let (content, entry) = mutate::mutate(&mut dice, specimen, &all);
        if specimens::is_remote(&content) || run.agrees(seed, &content, &entry) {
            continue;
        }
        let small =
            mutate::minimise(content, |candidate| !specimens::is_remote(candidate) && run.differs(candidate, &entry));
        run.report(seed, &specimen.name, &small, &entry);
    }
    // A null for `apiVersion`, a list as a key, base64 as a key and the like are known to differ: about one in five thousand.
    let known = run.cases / 1000;
    run.end(15, known);
}

/// Many trees through both sides: what became of them, and where the two disagree.
struct Run {
    name: &'static str,
    oracle: Oracle,
    cases: u64,
    first: u64,
    built: u64,
    refused: u64,
    fatal: u64,
    failures: Vec<String>,
}

impl Run {
    /// `share`: one of so many of the cases that are asked for.
    fn start(name: &'static str, share: u64) -> Self {
        let (cases, first) = (number("ORACLE_CASES", 2000).div_ceil(share), number("ORACLE_SEED", 1));
        Self { name, oracle: Oracle::start(), cases, first, built: 0, refused: 0, fatal: 0, failures: Vec::new() }
    }

    fn seeds(&self) -> std::ops::Range<u64> {
        self.first..self.first + self.cases
    }

    fn tree(&mut self, seed: u64, tree: Tree) {
        if self.agrees(seed, &files(&tree), ENTRY) {
            return;
        }
        let small = minimise::minimise(tree, |candidate| self.differs(&files(candidate), ENTRY));
        self.report(seed, "", &files(&small), ENTRY);
    }

    /// Do both give the same, or is there nothing to compare with?
    fn agrees(&mut self, seed: u64, content: &Files, entry: &str) -> bool {
        if self.failures.len() >= ENOUGH {
            return true;
        }
        let Some(theirs) = self.oracle.build(content, entry) else {
            self.fatal += 1;
            return true;
        };
        match &theirs {
            Ok(_) => self.built += 1,
            Err(error) => {
                self.refused += 1;
                if std::env::var_os("ORACLE_WHY").is_some() {
                    let error = error.replace('\n', " ");
                    let cut = error.char_indices().nth_back(160).map_or(0, |(at, _)| at);
                    println!("{seed}: …{}", &error[cut..]);
                }
            }
        }
        agree(&theirs, ours(content, entry).as_ref()) || !self.oracle.is_sure(content, entry, &theirs)
    }

    fn differs(&mut self, content: &Files, entry: &str) -> bool {
        let theirs = self.oracle.build(content, entry);
        theirs.is_some_and(|theirs| !agree(&theirs, ours(content, entry).as_ref()))
    }

    /// Writes the small tree down and says what differs.
    fn report(&mut self, seed: u64, from: &str, content: &Files, entry: &str) {
        let theirs = self.oracle.build(content, entry).unwrap_or_else(|| Err("the real tool died".to_owned()));
        let directory = write(&format!("{}-{seed}", self.name), content, entry);
        let verdict = describe(&theirs, ours(content, entry));
        self.failures.push(format!("seed {seed} {from}, see {}\n{verdict}", directory.display()));
    }

    /// Fails if more than so many differed, which are shown anyhow, or if fewer than so many of a hundred trees were built.
    fn end(self, percent: u64, tolerated: u64) {
        let Self { name, cases, first, built, refused, fatal, failures, .. } = self;
        println!(
            "{name}: {built} built alike, {refused} refused by both, {fatal} fatal to the real tool, from seed {first}"
        );
        let told = failures.join("\n");
        if !failures.is_empty() {
            println!("{} {name} differ:\n{told}", failures.len());
        }
        assert!(failures.len() as u64 <= tolerated, "{} {name} differ:\n{told}", failures.len());
        assert!(built * 100 > cases * percent || cases < 100, "too few {name} build: the generator has lost its aim");
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

fn write(name: &str, content: &Files, entry: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("oracle-build/{name}"));
    std::fs::remove_dir_all(&directory).ok();
    for (name, text) in content {
        let path = directory.join("in").join(name);
        std::fs::create_dir_all(path.parent().expect("it has a directory"))
            .expect("the target directory can be written");
        std::fs::write(&path, render::bytes(name, text)).expect("the target directory can be written");
    }
    if !entry.is_empty() {
        std::fs::write(directory.join("case.toml"), format!("entry = \"{entry}\"\n"))
            .expect("the target directory can be written");
    }
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
