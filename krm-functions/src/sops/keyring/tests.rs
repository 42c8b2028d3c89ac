//! Where keys are looked for, place by place, and Flux' Secrets.

#![allow(clippy::disallowed_methods, reason = "a test reads fixtures; the crate itself reads nothing")]

use std::path::Path;

use super::*;
use crate::InputError;
use crate::sops::{Format, open};

fn fixture(path: &str) -> Masked<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/sops").join(path);
    Masked::new(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn text(path: &str) -> String {
    String::from_utf8(fixture(path).into_exposed()).unwrap()
}

fn identity() -> String {
    text("key.txt").lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap().to_owned()
}

/// One variable; files that are fixtures; commands that print one.
struct Around {
    variables: Vec<(&'static str, String)>,
    /// The path at which a fixture lies.
    file: (&'static str, &'static str),
}

impl Inputs for Around {
    fn variable(&self, name: &str) -> Option<Masked<String>> {
        let found = self.variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| Masked::new(value.clone()))
    }

    fn operator_file(&self, path: &str) -> Result<Masked<Vec<u8>>, InputError> {
        if path == self.file.0 { Ok(fixture(self.file.1)) } else { Err(InputError::failed("there is no such file")) }
    }

    fn operator_command(&self, command: &str) -> Result<Masked<Vec<u8>>, InputError> {
        if command == "print it" {
            Ok(fixture(self.file.1))
        } else {
            Err(InputError::failed("it ended with exit code 1"))
        }
    }
}

fn opens(keyring: &Keyring, case: &str) -> bool {
    let encrypted = fixture(&format!("{case}/encrypted.yaml"));
    match open(encrypted.expose(), Format::Yaml, Format::Yaml, keyring) {
        Ok(opened) => opened.bytes == fixture(&format!("{case}/decrypted.yaml")),
        Err(_) => false,
    }
}

#[test]
fn every_place_of_sops_is_looked_at() {
    let key = "key.txt";
    for (variable, value, path, file, case) in [
        ("SOPS_AGE_KEY", identity(), "", "", "yaml"),
        ("SOPS_AGE_KEY_FILE", "/k".into(), "/k", key, "yaml"),
        ("SOPS_AGE_KEY_CMD", "print it".into(), "", key, "yaml"),
        ("HOME", "/home/me".into(), "/home/me/.config/sops/age/keys.txt", key, "yaml"),
        ("XDG_CONFIG_HOME", "/xdg/".into(), "/xdg/sops/age/keys.txt", key, "yaml"),
        ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "/k".into(), "/k", "ssh-rsa/id", "ssh-rsa"),
        ("SOPS_AGE_SSH_PRIVATE_KEY_CMD", "print it".into(), "", "ssh-ed25519/id", "ssh-ed25519"),
        ("HOME", "/home/me".into(), "/home/me/.ssh/id_ed25519", "ssh-ed25519/id", "ssh-ed25519"),
        ("HOME", "/home/me/".into(), "/home/me/.ssh/id_rsa", "ssh-rsa/id", "ssh-rsa"),
        ("SOPS_AGE_KEY_FILE", "/k".into(), "/k", "ssh-rsa/id", "ssh-rsa"),
        ("KUBECTL_GITOPS_PGP_KEY_FILE", "/k".into(), "/k", "pgp.asc", "pgp-rsa"),
        ("KUBECTL_GITOPS_PGP_KEY_FILE", "/k".into(), "/k", "pgp.asc", "pgp-curve25519"),
    ] {
        let around = Around { variables: vec![(variable, value)], file: (path, file) };
        let keyring = Keyring::from_environment(&around);
        assert!(opens(&keyring, case), "{variable} {path} {case}: {keyring:?}");
        let other = Around { variables: around.variables.clone(), file: ("/elsewhere", "VERSION") };
        let keyring = Keyring::from_environment(&other);
        assert!(variable == "SOPS_AGE_KEY" || !opens(&keyring, case), "{variable} {path} {case}");
    }
}

/// A directory with two keys of fixtures and what a mounted Secret has besides.
struct Mounted;

impl Inputs for Mounted {
    fn variable(&self, name: &str) -> Option<Masked<String>> {
        (name == "SOPS_AGE_KEY_FILE").then(|| Masked::new("/etc/keys/".to_owned()))
    }

    fn operator_file(&self, path: &str) -> Result<Masked<Vec<u8>>, InputError> {
        match path {
            "/etc/keys/home.agekey" => Ok(fixture("key.txt")),
            "/etc/keys/ann.asc" => Ok(fixture("pgp.asc")),
            "/etc/keys/sops.vault-token" => Ok(Masked::new(b"hunter2".to_vec())),
            _ => Err(InputError::failed("it is a directory")),
        }
    }

    fn operator_directory(&self, path: &str) -> Result<Vec<String>, InputError> {
        assert_eq!(path, "/etc/keys/");
        Ok(["sops.vault-token", "..data", "home.agekey", "ann.asc"].map(str::to_owned).to_vec())
    }
}

#[test]
fn a_mounted_secret_of_flux_is_a_directory_of_keys() {
    let keyring = Keyring::from_environment(&Mounted);
    assert!(opens(&keyring, "yaml") && opens(&keyring, "pgp-rsa"), "{keyring:?}");
    let places = format!("{keyring:?}");
    assert!(places.contains("/etc/keys/sops.vault-token") && !places.contains("..data"), "{places}");
    assert!(places.contains("only *.agekey and *.asc") && !places.contains("hunter2"), "{places}");
}

#[test]
fn what_cannot_be_used_says_where_and_why() {
    let around = Around {
        variables: vec![
            ("SOPS_AGE_KEY", "hunter2".into()),
            ("SOPS_AGE_KEY_FILE", "/none".into()),
            ("SOPS_AGE_KEY_CMD", "fail".into()),
            ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "/k".into()),
            ("KUBECTL_GITOPS_PGP_KEY_FILE", "/k".into()),
            ("HOME", "/home/me".into()),
        ],
        file: ("/k", "VERSION"),
    };
    let keyring = Keyring::from_environment(&around);
    let encrypted = fixture("yaml/encrypted.yaml");
    let told = open(encrypted.expose(), Format::Yaml, Format::Yaml, &keyring).unwrap_err().to_string();
    for expected in [
        "age recipient age1",
        "there is no identity of age",
        "SOPS_AGE_KEY (line 1: it is no age key)",
        "SOPS_AGE_KEY_FILE=/none (there is no such file)",
        "SOPS_AGE_KEY_CMD (it ended with exit code 1)",
        "SOPS_AGE_SSH_PRIVATE_KEY_FILE=/k (it is no age key)",
        "KUBECTL_GITOPS_PGP_KEY_FILE=/k (it is no armored private key of PGP)",
        "/home/me/.config/sops/age/keys.txt (nothing there)",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    assert!(!told.contains("hunter2"), "{told}");
}

/// As `kubectl get secret -o yaml` prints it, or with `stringData`.
#[test]
fn secrets_of_flux_hold_keys() {
    let head = "apiVersion: v1\nkind: Secret\nmetadata: {name: sops, namespace: flux-system}\n";
    let agekey = STANDARD.encode(text("key.txt"));
    let asc = format!("    {}\n", text("pgp.asc").trim_end().replace('\n', "\n    "));
    let secret =
        format!("{head}data:\n  my.agekey: {agekey}\nstringData:\n  my.asc: |\n{asc}  sops.vault-token: hunter2\n");
    for pgp in [false, true] {
        let mut keyring = Keyring::default();
        if pgp {
            keyring.add_pgp("file".into(), secret.as_bytes());
        } else {
            keyring.add_age("file".into(), secret.as_bytes());
        }
        assert!(opens(&keyring, "yaml") && opens(&keyring, "pgp-rsa"), "{keyring:?}");
        let told = format!("{keyring:?}");
        assert!(told.contains("sops.vault-token") && !told.contains("hunter2"), "{told}");
    }
    let json = format!("{{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"data\":{{\"a.agekey\":\"{agekey}\"}}}}");
    let mut keyring = Keyring::default();
    keyring.add_age("file".into(), json.as_bytes());
    assert!(opens(&keyring, "yaml"));
    for (manifest, expected) in [
        (format!("{head}data: {{a.agekey: '!'}}\n"), "it is not base64"),
        (format!("{head}data: {{a.agekey: {agekey}}}\nsops: {{mac: x}}\n"), "it is encrypted itself"),
        (head.to_owned(), "Nothing"),
        (head.replace("Secret", "ConfigMap"), "no Secret with keys"),
        (format!("{head}a: ["), "line 5"),
    ] {
        let mut keyring = Keyring::default();
        keyring.add_age("file".into(), manifest.as_bytes());
        let told = format!("{keyring:?}");
        assert!(keyring.is_empty() && told.contains(expected), "{expected}: {told}");
    }
}
