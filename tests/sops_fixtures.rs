//! Files that real sops wrote (`fixtures/sops`, made by `tests/oracle/sops.sh`), opened without it: every format, every rule, key groups.
//! And what must keep a file shut.

#![expect(clippy::disallowed_methods, reason = "a test reads fixtures; the crate itself reads nothing")]

#[path = "fuzz/src/sops.rs"]
#[allow(unreachable_pub, reason = "the laws are another crate's")]
mod laws;

use std::fs;
use std::path::{Path, PathBuf};

use krm_functions::sops::{Format, Keyring, MacState, OpenProblem, SealPlan, open, seal};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/sops")
}

fn keyring() -> Keyring {
    let mut keyring = Keyring::default();
    keyring.add_age("key.txt".to_owned(), &fs::read(root().join("key.txt")).expect("fixtures are complete"));
    for kind in ["ssh-ed25519", "ssh-rsa"] {
        keyring.add_ssh(kind.to_owned(), &fs::read(root().join(kind).join("id")).expect("fixtures are complete"));
    }
    keyring.add_pgp("pgp.asc".to_owned(), &fs::read(root().join("pgp.asc")).expect("fixtures are complete"));
    keyring
}

/// Cases: directory, format, encrypted and decrypted bytes.
fn cases() -> Vec<(String, Format, Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    for case in fs::read_dir(root())
        .expect("fixtures are complete")
        .map(|entry| entry.expect("fixtures are complete").path())
        .filter(|path| path.is_dir())
    {
        for file in fs::read_dir(&case)
            .expect("fixtures are complete")
            .map(|entry| entry.expect("fixtures are complete").path())
        {
            let name =
                file.file_name().expect("fixtures are complete").to_str().expect("fixtures are complete").to_owned();
            if let Some(extension) = name.strip_prefix("encrypted.") {
                let plain = fs::read(case.join(format!("decrypted.{extension}"))).expect("fixtures are complete");
                let name = case
                    .file_name()
                    .expect("fixtures are complete")
                    .to_str()
                    .expect("fixtures are complete")
                    .to_owned();
                found.push((
                    name,
                    Format::of_name(&format!("x.{extension}")),
                    fs::read(&file).expect("fixtures are complete"),
                    plain,
                ));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn what_sops_wrote_is_opened_to_the_byte() {
    let (cases, keyring) = (cases(), keyring());
    assert!(cases.len() >= 13, "only {} cases", cases.len());
    for (name, format, encrypted, plain) in cases {
        assert!(format.marks(&encrypted), "{name}: Flux would not see that it is encrypted");
        let opened = open(&encrypted, format, format, &keyring).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert_eq!(opened.mac, MacState::Verified, "{name}");
        let found = String::from_utf8_lossy(opened.bytes.expose());
        assert!(
            *opened.bytes.expose() == plain,
            "{name}: expected\n{}\nfound\n{found}",
            String::from_utf8_lossy(&plain)
        );
    }
}

#[test]
fn without_a_key_recipients_and_places_are_named() {
    let mut keyring = Keyring::default();
    keyring.add_age("elsewhere.txt".to_owned(), b"# empty\n");
    for (name, format, encrypted, _) in cases() {
        let Err(problem) = open(&encrypted, format, format, &keyring) else { panic!("{name}: opened without a key") };
        let text = problem.to_string();
        let of_age = ["age recipient age1", "age recipient ssh-", "PGP key "].iter().any(|start| text.contains(start));
        assert!(of_age && text.contains("elsewhere.txt (nothing there)"), "{name}: {text}");
    }
}

#[test]
fn every_changed_byte_of_a_value_is_noticed() {
    let keyring = keyring();
    for (name, format, encrypted, _) in cases() {
        let text = String::from_utf8(encrypted).expect("encrypted files are text");
        let at = text.find("ENC[AES256_GCM,data:").expect("a value") + "ENC[AES256_GCM,data:".len();
        let sign = if text[at..].starts_with('A') { "B" } else { "A" };
        let changed = format!("{}{sign}{}", &text[..at], &text[at + 1..]);
        match open(changed.as_bytes(), format, format, &keyring) {
            Err(OpenProblem::Leaves(_) | OpenProblem::Read { .. }) => {}
            // The first may be a comment, which then is taken for one that was never encrypted.
            Ok(opened) if text[at..].split(']').next().is_some_and(|value| value.ends_with("type:comment")) => {
                drop(opened);
            }
            other => panic!("{name}: {:?}", other.map(|opened| opened.mac)),
        }
    }
}

#[test]
fn what_is_no_encrypted_file_says_so() {
    let keyring = keyring();
    for (format, bytes) in [
        (Format::Yaml, "a: 1\n"),
        (Format::Yaml, "sops: []\n"),
        (Format::Json, "{\"a\": 1}"),
        (Format::Dotenv, "A=1\n"),
        (Format::Ini, "[a]\nb = 1\n"),
        (Format::Binary, "{\"data\": \"x\"}"),
    ] {
        assert_eq!(open(bytes.as_bytes(), format, format, &keyring).err(), Some(OpenProblem::NoMetadata), "{bytes}");
    }
    for (format, bytes) in [
        (Format::Yaml, "a: [\n"),
        (Format::Yaml, "- a\n"),
        (Format::Yaml, "1: a\n"),
        (Format::Json, "[]"),
        (Format::Dotenv, "hunter2"),
        (Format::Ini, "hunter2"),
        (Format::Binary, "hunter2"),
        (Format::Yaml, "a: &x 1\nb: *hunter2\n"),
        (Format::Yaml, "a: hunter2: hunter2\n"),
        (Format::Json, "{\"a\": hunter2}"),
    ] {
        let Err(problem) = open(bytes.as_bytes(), format, format, &keyring) else { panic!("{bytes} was opened") };
        assert!(matches!(problem, OpenProblem::Read { .. }), "{bytes}: {problem}");
        assert!(!format!("{problem} {problem:?}").contains("hunter2"), "{problem:?}");
    }
    let large = vec![b'x'; krm_functions::sops::SIZE_MAX + 1];
    assert!(matches!(open(&large, Format::Binary, Format::Binary, &keyring), Err(OpenProblem::TooLarge { .. })));
}

#[test]
fn what_we_seal_we_open_and_nothing_shows_it() {
    let recipient = "age1v8u2crhca3dd559a3ajjlcccgkrqkrerxp777ra4urqc3tfz9qqshn5xlm".to_owned();
    let text = fs::read_to_string(root().join("key.txt")).expect("fixtures are complete");
    assert!(text.contains(&recipient), "the recipient is that of key.txt");
    let mut seed = 0_u8;
    let mut random = |out: &mut [u8]| {
        for byte in out {
            seed = seed.wrapping_mul(37).wrapping_add(11);
            *byte = seed;
        }
    };
    let one = SealPlan { groups: vec![vec![recipient.clone()]], ..SealPlan::default() };
    let groups = SealPlan {
        groups: vec![vec![recipient.clone()], vec![recipient.clone()], vec![recipient]],
        threshold: 2,
        ..one.clone()
    };
    for plan in [one, groups] {
        for (name, format, _, plain) in cases() {
            let Ok(sealed) = seal(&plain, format, &plan, "2024-01-02T03:04:05Z", &mut random) else {
                panic!("{name} cannot be sealed")
            };
            assert!(!String::from_utf8_lossy(&sealed).contains("hunter2"), "{name}");
            let opened =
                open(&sealed, format, format, &keyring()).unwrap_or_else(|problem| panic!("{name}: {problem}"));
            assert_eq!(opened.mac, MacState::Verified, "{name}");
            assert!(!format!("{opened:?} {:?}", keyring()).contains("hunter2"), "{name}");
            assert!(
                seal(&sealed, Format::Yaml, &plan, "2024-01-02T03:04:05Z", &mut random).is_err(),
                "{name} is sealed twice"
            );
        }
    }
}

#[test]
fn every_fixture_and_finding_obeys_the_laws_of_the_fuzzer() {
    for (_, format, encrypted, plain) in cases() {
        let choice = match format {
            Format::Yaml => 0,
            Format::Json => 1,
            Format::Dotenv => 2,
            Format::Ini => 3,
            Format::Binary => 4,
        };
        for content in [encrypted, plain] {
            laws::sops(&[vec![choice], content].concat());
        }
    }
    for folder in ["seeds", "regressions"] {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz").join(folder).join("sops");
        let Ok(entries) = fs::read_dir(directory) else { continue };
        for entry in entries {
            laws::sops(&fs::read(entry.expect("fixtures are complete").path()).expect("fixtures are complete"));
        }
    }
}

/// What a fuzzer does first, in small: bytes changed, taken out and doubled. `SOPS_MUTATIONS` says how many files (200).
#[test]
fn mutations_of_fixtures_obey_the_laws_of_the_fuzzer() {
    let count: u64 = std::env::var("SOPS_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(200);
    let cases = cases();
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).expect("31 bits fit") % bound.max(1)
    };
    for _ in 0..count {
        let (_, _, encrypted, plain) = &cases[below(cases.len())];
        let mut content = if below(2) == 0 { encrypted.clone() } else { plain.clone() };
        for _ in 0..=below(4) {
            let (at, length) = (below(content.len()), below(20));
            let end = (at + length).min(content.len());
            match below(4) {
                0 => content[at] = u8::try_from(below(256)).expect("a byte"),
                1 => drop(content.drain(at..end)),
                2 => content.splice(at..at, content[at..end].to_vec()).for_each(drop),
                _ => content.insert(at, *b"\n\t :#-|'\"{}[]=;\\\xff".get(below(17)).expect("a sign")),
            }
            if content.is_empty() {
                break;
            }
        }
        let choice = u8::try_from(below(5)).expect("a format");
        laws::sops(&[vec![choice], content].concat());
    }
}
