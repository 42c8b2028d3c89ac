//! Ranges of versions and rules of what is left out, against the code that Flux runs: random ones, and ones with a single thing
//! changed. Needs the batch oracle (`make oracle` builds it): `ORACLE_FLUXGIT` names the binary, else `.cache/bin/oracle-fluxgit`.
//! `ORACLE_FLUXGIT_COUNT` is the number of questions of each kind, `ORACLE_FLUXGIT_SEED` the seed.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::semver::{Range, Version};
use super::tree::{IgnoreRules, is_ignore_file};

/// xorshift64*: the same seed gives the same questions everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let value = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(value).expect("31 bits") % limit
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Asks all questions, and compares each answer with ours.
fn compare(questions: &[Value], ours: impl Fn(&Value) -> Value) {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.cache/bin/oracle-fluxgit");
    let program = std::env::var_os("ORACLE_FLUXGIT").map_or(default, Into::into);
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the oracle: `make oracle` builds it");
    let mut input = child.stdin.take().unwrap();
    let lines: String = questions.iter().flat_map(|question| [question.to_string(), "\n".to_owned()]).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let mut different = Vec::new();
    for (line, question) in BufReader::new(child.stdout.take().unwrap()).lines().zip(questions) {
        let theirs: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let ours = ours(question);
        if theirs != ours {
            different.push(format!("{question}\n  flux: {theirs}\n  ours: {ours}"));
        }
    }
    writer.join().unwrap();
    assert!(child.wait().unwrap().success());
    let count = different.len();
    different.sort_by_key(String::len);
    different.truncate(12);
    assert_eq!(count, 0, "of {}:\n{}", questions.len(), different.join("\n"));
}

fn number(random: &mut Random) -> String {
    random
        .of(&["0", "0", "1", "1", "2", "2", "3", "10", "11", "x", "X", "*", "01", "00", "99999999999999999999"])
        .to_owned()
}

fn version(random: &mut Random) -> String {
    let mut text = random.of(&["", "", "", "v", "V", "=", " "]).to_owned();
    for part in 0..random.below(4) + usize::from(random.below(5) > 0) {
        if part > 0 {
            text.push('.');
        }
        let number = number(random);
        text.push_str(&number);
    }
    if random.below(4) == 0 {
        text.push_str(random.of(&[
            "-0",
            "-alpha",
            "-alpha.1",
            "-rc.2",
            "-rc.11",
            "-01",
            "-a-b",
            "-",
            "-1.",
            "-é",
            "-x.7.z.92",
        ]));
    }
    if random.below(8) == 0 {
        text.push_str(random.of(&["+build", "+1.2", "+", "+a.b-c", "+a..b"]));
    }
    text
}

fn tag(random: &mut Random) -> String {
    if random.below(12) == 0 {
        return version(random);
    }
    let digits = |random: &mut Random| random.of(&["0", "1", "2", "3", "10", "11", "01"]).to_owned();
    let mut text = format!("{}{}.{}.{}", random.of(&["", "v"]), digits(random), digits(random), digits(random));
    if random.below(3) == 0 {
        text.push_str(random.of(&[
            "-0",
            "-alpha",
            "-alpha.1",
            "-alpha.beta",
            "-rc.2",
            "-rc.11",
            "-rc.02",
            "-1",
            "-a-b",
        ]));
    }
    if random.below(6) == 0 {
        text.push_str(random.of(&["+build", "+1"]));
    }
    text
}

fn range(random: &mut Random) -> String {
    let mut text = String::new();
    for alternative in 0..=random.below(3) {
        if alternative > 0 {
            text.push_str(random.of(&["||", " || ", "|| ", " ||", "|"]));
        }
        for condition in 0..=random.below(3) {
            if condition > 0 {
                text.push_str(random.of(&[" ", ",", ", ", " , ", "  ", ""]));
            }
            if random.below(6) == 0 {
                text += &version(random);
                text.push_str(random.of(&[" - ", " -", "- ", "-", "  -  "]));
            } else {
                text.push_str(
                    random.of(&["", "", "=", "!=", ">", "<", ">=", "<=", "=>", "=<", "~", "~>", "^", "==", "> ", "^ "]),
                );
                text.push_str(random.of(&["", "", "", " "]));
            }
            text += &version(random);
        }
    }
    if random.below(20) == 0 {
        text.push_str(random.of(&[" ", ",", "||", "x", "\t"]));
    }
    text
}

#[test]
#[ignore = "needs Flux' code: make oracle runs it"]
fn ranges_hold_what_they_hold_for_flux() {
    let mut random = Random(setting("ORACLE_FLUXGIT_SEED", 1) | 1);
    let count = setting("ORACLE_FLUXGIT_COUNT", 20_000);
    let mut questions = Vec::new();
    for _ in 0..count {
        let tags: Vec<String> = (0..12).map(|_| tag(&mut random)).collect();
        questions.push(json!({ "range": range(&mut random), "tags": tags }));
    }
    compare(&questions, |question| {
        let Some(range) = Range::parse(question["range"].as_str().unwrap()) else { return json!({ "valid": false }) };
        let word = |tag: &Value| match Version::of_tag(tag.as_str().unwrap()) {
            None => "no version",
            Some(version) if range.holds(&version) => "in",
            Some(_) => "out",
        };
        json!({ "valid": true, "tags": question["tags"].as_array().unwrap().iter().map(word).collect::<Vec<_>>() })
    });
}

#[test]
#[ignore = "needs Flux' code: make oracle runs it"]
fn versions_come_in_flux_order() {
    let mut random = Random(setting("ORACLE_FLUXGIT_SEED", 2) | 1);
    let count = setting("ORACLE_FLUXGIT_COUNT", 20_000) / 20;
    let questions: Vec<Value> =
        (0..count).map(|_| json!({ "tags": (0..10).map(|_| tag(&mut random)).collect::<Vec<_>>() })).collect();
    compare(&questions, |question| {
        let versions: Vec<_> =
            question["tags"].as_array().unwrap().iter().map(|tag| Version::of_tag(tag.as_str().unwrap())).collect();
        let order = |a: &Option<Version>, b: &Option<Version>| match (a, b) {
            (Some(a), Some(b)) => match a.compare(b) {
                Ordering::Less => -1,
                Ordering::Equal => 0,
                Ordering::Greater => 1,
            },
            _ => 9,
        };
        let rows: Vec<Vec<i32>> = versions.iter().map(|a| versions.iter().map(|b| order(a, b)).collect()).collect();
        json!({ "valid": false, "order": rows })
    });
}

fn name(random: &mut Random) -> &'static str {
    random.of(&[
        "a",
        "b",
        "ab",
        "a.md",
        "b.yaml",
        "c.png",
        ".git",
        ".gitignore",
        ".sops.yaml",
        "-x",
        "a b",
        "[a]",
        "é",
        "x.tar.gz",
        ".github",
        "#a",
        "!a",
        "a\\",
        "*",
        "deploy",
    ])
}

fn pattern(random: &mut Random) -> String {
    let mut text = random.of(&["", "", "", "!", "#", " ", "\\!", "\\#", "!!"]).to_owned();
    text.push_str(random.of(&["", "", "/", "**/", "//"]));
    for part in 0..=random.below(4) {
        if part > 0 {
            text.push_str(random.of(&["/", "/", "/", "//", "/**/", "/*/"]));
        }
        text.push_str(match random.below(5) {
            0 | 1 => name(random),
            2 => random.of(&["*", "**", "?", "a*", "*b", "*.md", "*.*", "a?", "a**", "**b"]),
            3 => random.of(&[
                "[ab]", "[a-c]", "[^a]", "[!a]", "[", "[]", "[]a]", "[a", "[a-", "[a-]", "[\\]]", "[-a]", "[b-a]",
            ]),
            _ => random.of(&["\\a", "\\*", "\\", "a\\ ", "a ", "", ".", "..", "*a*b*", "é", "[é-ü]", "?*?"]),
        });
    }
    text.push_str(random.of(&["", "", "", "/", "/", "/*", "/**", " ", "\\ ", "\t"]));
    text
}

fn rules(random: &mut Random) -> String {
    (0..random.below(4)).map(|_| pattern(random) + random.of(&["\n", "\n", "\r\n", "\n\n", ""])).collect()
}

#[test]
#[ignore = "needs Flux' code: make oracle runs it"]
fn what_flux_leaves_out_is_left_out() {
    let mut random = Random(setting("ORACLE_FLUXGIT_SEED", 3) | 1);
    // Each is a tree on a disk.
    let count = setting("ORACLE_FLUXGIT_COUNT", 20_000) / 4;
    let mut questions = Vec::new();
    while questions.len() < usize::try_from(count).unwrap() {
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        for _ in 0..12 {
            let parts: Vec<&str> = (0..=random.below(4)).map(|_| name(&mut random)).collect();
            let path = parts.join("/");
            // A file is not a directory, and Git's own directory has no place in a tree.
            let clash = |other: &String| {
                let below = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.starts_with('/'));
                below(other, &path) || below(&path, other)
            };
            if !files.keys().any(clash) && !parts.contains(&".git") {
                files.insert(path, String::new());
            }
        }
        let directories: Vec<String> =
            files.keys().filter_map(|path| Some(path.rsplit_once('/')?.0.to_owned())).chain([String::new()]).collect();
        for _ in 0..random.below(3) {
            let directory = &directories[random.below(directories.len())];
            let slash = if directory.is_empty() { "" } else { "/" };
            files.insert(format!("{directory}{slash}.sourceignore"), rules(&mut random));
        }
        let mut question = json!({ "files": files });
        if random.below(2) == 0 {
            question["ignore"] = json!(rules(&mut random));
        }
        questions.push(question);
    }
    compare(&questions, |question| {
        let files = question["files"].as_object().unwrap();
        let texts = files.iter().filter(|(path, _)| is_ignore_file(path.as_bytes()));
        let texts = texts.map(|(path, text)| (path.as_bytes(), text.as_str().unwrap().as_bytes())).collect();
        let rules = IgnoreRules::new(texts, question["ignore"].as_str());
        let mut left: Vec<&String> = files.keys().filter(|path| rules.excludes(path.as_bytes())).collect();
        left.sort();
        let mut answer = json!({ "valid": false });
        if !left.is_empty() {
            answer["left_out"] = json!(left);
        }
        answer
    });
}
