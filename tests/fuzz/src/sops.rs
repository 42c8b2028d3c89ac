//! The laws of SOPS files. Each takes any bytes; a panic is a finding.

use krm_functions::sops::{self, CreationRules, Format, Keyring, MacState, SealPlan};

/// The key of `fixtures/sops`, which opens nothing else.
const KEY: &str = include_str!("../../../fixtures/sops/key.txt");

const FORMATS: [Format; 5] = [Format::Yaml, Format::Json, Format::Dotenv, Format::Ini, Format::Binary];

/// The first byte chooses the format; what follows is a file, encrypted or not.
pub fn sops(data: &[u8]) {
    let Some((&choice, content)) = data.split_first() else { return };
    let format = FORMATS[usize::from(choice) % FORMATS.len()];
    let mut keyring = Keyring::default();
    keyring.add_age("key.txt".to_owned(), KEY.as_bytes());
    for output in FORMATS {
        let _refused = sops::open(content, format, output, &keyring);
    }
    if let Ok(text) = std::str::from_utf8(content)
        && let Ok(rules) = CreationRules::read(text)
    {
        let _refused = rules.plan("a/b.yaml");
    }
    there_and_back(content, format, &keyring);
}

/// What is sealed opens, unchanged, to a file that seals and opens to itself.
fn there_and_back(content: &[u8], format: Format, keyring: &Keyring) {
    let recipient =
        KEY.lines().find_map(|line| line.strip_prefix("# public key: ")).expect("the key names its recipient");
    let plan = SealPlan { groups: vec![vec![recipient.to_owned()]], ..SealPlan::default() };
    let mut counter = 0_u8;
    let mut random = |out: &mut [u8]| {
        for byte in out {
            counter = counter.wrapping_add(1);
            *byte = counter;
        }
    };
    let mut seal = |content: &[u8]| sops::seal(content, format, &plan, "2024-01-02T03:04:05Z", &mut random);
    let Ok(sealed) = seal(content) else { return };
    let open = |sealed: &[u8]| {
        let opened = sops::open(sealed, format, format, keyring).expect("what was sealed opens");
        assert_eq!(opened.mac, MacState::Verified, "nothing was changed");
        opened.bytes
    };
    if sealed.len() > sops::SIZE_MAX {
        return;
    }
    let once = open(&sealed);
    // No quotes of INI hold a text with its own longest ones in it; SOPS writes it all the same.
    if format == Format::Ini && once.expose().windows(3).any(|quotes| quotes == b"\"\"\"") {
        return;
    }
    let twice = open(&seal(once.expose()).expect("what was opened seals"));
    if format != Format::Yaml {
        assert!(once.expose() == twice.expose(), "{format}: {:?}", String::from_utf8_lossy(once.expose()));
    }
}
