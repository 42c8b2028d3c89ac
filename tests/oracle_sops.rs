//! Real `sops` and ours beside each other: files that one encrypts, the other decrypts, to the same bytes. `SOPS` names the program and
//! `AGE_KEYGEN` age's; without them the test says so and does nothing (`make oracle` installs and names them). `ORACLE_SOPS_COUNT` files
//! (200), from `ORACLE_SOPS_SEED` (1) on.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stderr,
    reason = "a test starts the real program; the crate itself does not"
)]

#[path = "oracle_sops/generate.rs"]
mod generate;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use generate::{Dice, FORMATS, file, rule, stores};
use krm_functions::sops::{CreationRules, Format, Indents, Keyring, MacState, Rule, SealPlan, open_with, seal};

struct Peer {
    sops: PathBuf,
    directory: PathBuf,
    recipients: Vec<String>,
    keyring: Keyring,
}

impl Peer {
    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(&self.sops)
            .args(arguments)
            .env_clear()
            .env("HOME", &self.directory)
            .env("SOPS_AGE_KEY_FILE", self.directory.join("keys.txt"))
            .current_dir(&self.directory)
            .output()
            .expect("sops starts")
    }
}

/// `None` where there is no real program.
fn peer(directory: &Path) -> Option<Peer> {
    let (Some(sops), Some(keygen)) = (std::env::var_os("SOPS"), std::env::var_os("AGE_KEYGEN")) else {
        eprintln!("skipped: SOPS and AGE_KEYGEN name no programs (make oracle does)");
        return None;
    };
    let mut keys = String::new();
    let mut recipients = Vec::new();
    for _ in 0..3 {
        let made = Command::new(&keygen).output().expect("age-keygen starts");
        let text = String::from_utf8(made.stdout).expect("UTF-8");
        let public = text.lines().find_map(|line| line.strip_prefix("# public key: ")).expect("a public key");
        recipients.push(public.to_owned());
        // The third recipient's key is not at hand.
        if recipients.len() < 3 {
            keys.push_str(&text);
        }
    }
    fs::write(directory.join("keys.txt"), &keys).expect("a writable directory");
    let mut keyring = Keyring::default();
    keyring.add_age("keys.txt".to_owned(), keys.as_bytes());
    Some(Peer { sops: sops.into(), directory: directory.to_owned(), recipients, keyring })
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn files_of_one_are_opened_by_the_other() {
    let directory = tempfile::tempdir().expect("a directory");
    let Some(peer) = peer(directory.path()) else { return };
    let (first, count) = (number("ORACLE_SOPS_SEED", 1), number("ORACLE_SOPS_COUNT", 200));
    let mut failures = Vec::new();
    let (mut refused, mut broken) = (0, 0);
    for seed in first..first + count {
        match compare(&peer, seed) {
            Ok(Outcome::Same) => {}
            Ok(Outcome::Refused) => refused += 1,
            Ok(Outcome::Broken) => broken += 1,
            Err(difference) => failures.push(format!("seed {seed}: {difference}")),
        }
    }
    eprintln!(
        "{count} files: {refused} refused by both, {broken} that sops cannot read again when it wrote them, {} differences",
        failures.len()
    );
    assert!(failures.is_empty(), "{}", failures[..failures.len().min(5)].join("\n\n"));
    assert!((refused + broken) * 4 < count, "too many files say nothing");
}

/// What came of one file.
enum Outcome {
    Same,
    /// Both refuse it.
    Refused,
    /// sops cannot read what it wrote itself, but what we wrote.
    Broken,
}

/// The same file, encrypted by both.
struct Pair {
    name: String,
    format: Format,
    theirs: Vec<u8>,
    ours: Vec<u8>,
    indents: Indents,
    /// Is it `encrypted_comment_regex` that says what is encrypted?
    comments_decide: bool,
}

fn compare(peer: &Peer, seed: u64) -> Result<Outcome, String> {
    let mut dice = Dice::new(seed);
    let (format, extension) = FORMATS[usize::try_from(seed).expect("small") % FORMATS.len()];
    let plain = file(format, &mut dice);
    let (rule, mac_only_encrypted, fields) = rule(&mut dice);
    let mut recipients = vec![peer.recipients[dice.below(2)].clone()];
    if dice.chance(40) {
        recipients.insert(dice.below(2), peer.recipients[2].clone());
    }
    let name = format!("{seed}.{extension}");
    fs::write(peer.directory.join(&name), &plain).expect("a writable directory");
    let config = format!("creation_rules:\n  - age: {}\n{fields}{}", recipients.join(","), stores(&mut dice));
    let indents = CreationRules::read(&config).map_err(|problem| format!("our rules: {problem}"))?.indents();
    fs::write(peer.directory.join(".sops.yaml"), &config).expect("a writable directory");
    let theirs = peer.run(&["encrypt", &name]);
    let comments_decide = matches!(rule, Rule::EncryptedCommentRegex(_));
    let plan = SealPlan { groups: vec![recipients], rule, mac_only_encrypted, indents, ..SealPlan::default() };
    let ours = seal(&plain, format, &plan, "2024-01-02T03:04:05Z", &mut |out| dice.fill(out));
    let outcome = match (theirs.status.success(), ours) {
        (true, Ok(ours)) => {
            judge(peer, &Pair { name: name.clone(), format, theirs: theirs.stdout, ours, indents, comments_decide })
        }
        (false, Err(_)) => Ok(Outcome::Refused),
        (true, Err(problem)) => Err(format!("only we refuse: {problem}")),
        (false, Ok(_)) => Err(format!("only sops refuses: {}", String::from_utf8_lossy(&theirs.stderr))),
    };
    outcome.map_err(|difference| format!("{difference}\n{name}\n{config}\n{}", String::from_utf8_lossy(&plain)))
}

fn judge(peer: &Peer, pair: &Pair) -> Result<Outcome, String> {
    let Pair { name, format, theirs, ours, indents, .. } = pair;
    let open = |bytes: &[u8]| open_with(bytes, *format, *format, &peer.keyring, *indents);
    let back = decrypt(peer, &format!("ours-{name}"), ours).map_err(|why| format!("ours: {why}"))?;
    let Ok(expected) = decrypt(peer, &format!("theirs-{name}"), theirs) else {
        let opened = open(ours).map_err(|problem| format!("ours: {problem}"))?;
        let same = same("ours is read otherwise", &shape(&back), &shape(opened.bytes.expose()));
        // What sops decrypts it may write so that it cannot read it again, too.
        let readable = || !is_readable(peer, &back) && is_readable(peer, opened.bytes.expose());
        return same.or_else(|why| if readable() { Ok(()) } else { Err(why) }).map(|()| Outcome::Broken);
    };
    let opened = open(theirs).map_err(|problem| format!("we cannot open: {problem}"))?;
    if opened.mac != MacState::Verified {
        return Err(format!("{:?}", opened.mac));
    }
    // Where comments say what is encrypted, sops writes encrypted ones of lists so that they no longer do; ours stay comments.
    if !pair.comments_decide {
        same("we encrypt otherwise", &shape(theirs), &shape(ours))?;
    }
    // Where sops puts a comment so that it does not decrypt, it stays encrypted.
    same("sops decrypts ours otherwise", &shape(&expected), &shape(&back))?;
    match same("we decrypt otherwise", &expected, opened.bytes.expose()) {
        Err(_) if !is_readable(peer, &expected) && is_readable(peer, opened.bytes.expose()) => Ok(Outcome::Broken),
        result => result.map(|()| Outcome::Same),
    }
}

fn decrypt(peer: &Peer, name: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
    fs::write(peer.directory.join(name), bytes).expect("a writable directory");
    let output = peer.run(&["decrypt", name]);
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("sops cannot open it: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Can sops read this plain YAML?
fn is_readable(peer: &Peer, bytes: &[u8]) -> bool {
    fs::write(peer.directory.join("again.yaml"), bytes).expect("a writable directory");
    peer.run(&["encrypt", "again.yaml"]).status.success()
}

/// An encrypted file without what is random in it: ciphertexts become their types, copies of the data key and the time go.
fn shape(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::new();
    let mut rest = text.as_ref();
    while let Some(at) = rest.find("ENC[AES256_GCM,data:") {
        out.push_str(&rest[..at]);
        let Some(end) = rest[at..].find(",type:").map(|end| at + end) else { break };
        out.push_str("ENC[…");
        rest = &rest[end..];
    }
    out.push_str(rest);
    let mut in_armor = false;
    let kept = out.split('\n').filter_map(|line| {
        if line.contains("BEGIN AGE") && line.contains("END AGE") {
            return Some("armor on one line".to_owned());
        }
        let skip = in_armor && !line.contains("END AGE");
        in_armor = (in_armor || line.contains("BEGIN AGE")) && !line.contains("END AGE");
        let is_time = line.contains("lastmodified");
        (!skip).then(|| if is_time { "time".to_owned() } else { line.to_owned() })
    });
    kept.collect::<Vec<_>>().join("\n").into_bytes()
}

fn same(what: &str, expected: &[u8], found: &[u8]) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    Err(format!(
        "{what}\n--- theirs\n{}\n--- ours\n{}\n--- of",
        String::from_utf8_lossy(expected),
        String::from_utf8_lossy(found)
    ))
}

#[test]
fn a_binary_file_stays_what_it_is() {
    let mut dice = Dice::new(7);
    let mut bytes = vec![0; 100];
    dice.fill(&mut bytes);
    assert_eq!(file(Format::Binary, &mut Dice::new(7)), file(Format::Binary, &mut Dice::new(7)));
}
