//! `kubectl gitops secrets` on files: what it writes, what it leaves alone, what it finds. Where `SOPS` names the real program
//! (`make oracle`), that opens what was encrypted.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use testkit::command::Hermetic;

const SECRET: &str = "apiVersion: v1
kind: Secret
metadata:
    name: db
stringData:
    # for whom
    password: hunter2
";

/// The key of `fixtures/sops` in its default place, and rules for it.
fn hermetic() -> Hermetic {
    let here = Hermetic::new(env!("CARGO_BIN_EXE_kubectl-gitops"));
    here.write("home/.config/sops/age/keys.txt", &key()).write("repo/.git/HEAD", "").write("repo/.sops.yaml", &rules());
    here
}

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/sops")
}

fn key() -> String {
    fs::read_to_string(fixtures().join("key.txt")).expect("a key")
}

fn recipient() -> String {
    let key = key();
    key.lines().find_map(|line| line.strip_prefix("# public key: ")).expect("its recipient").to_owned()
}

fn rules() -> String {
    let age = recipient();
    format!(
        "creation_rules:
  - path_regex: \\.env$
    age: {age}
  - path_regex: ^foreign/
    pgp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21
  - encrypted_regex: ^(data|stringData)$
    age: {age}
"
    )
}

fn read(here: &Hermetic, path: &str) -> String {
    fs::read_to_string(here.dir().join(path)).expect("a file")
}

#[test]
fn what_is_encrypted_in_place_comes_back() {
    let here = hermetic();
    here.write("repo/a/secret.yaml", SECRET).write("repo/a/vars.env", "A=hunter2\n");
    let path = here.dir().join("repo/a/secret.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("a mode");
    here.run(&["secrets", "encrypt", "-i", "repo/a/secret.yaml", "repo/a/vars.env"]).ok();
    let encrypted = read(&here, "repo/a/secret.yaml");
    assert!(
        encrypted.contains("name: db") && encrypted.contains("encrypted_regex: ^(data|stringData)$"),
        "{encrypted}"
    );
    assert!(!encrypted.contains("hunter2") && !read(&here, "repo/a/vars.env").contains("hunter2"));
    assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(here.dir().join("repo/a")).expect("a directory").count(), 2, "nothing is left beside it");
    assert_eq!(here.run(&["secrets", "decrypt", "repo/a/secret.yaml"]).ok(), SECRET);
    if let Some(sops) = std::env::var_os("SOPS") {
        let output = Command::new(sops)
            .args(["decrypt", "repo/a/secret.yaml"])
            .env_clear()
            .env("HOME", here.dir().join("home"))
            .current_dir(here.dir())
            .output()
            .expect("sops starts");
        assert_eq!(String::from_utf8_lossy(&output.stdout), SECRET, "{}", String::from_utf8_lossy(&output.stderr));
    }
    here.run(&["secrets", "encrypt", "-i", "repo/a/secret.yaml"]).exit(2).says("it is already encrypted");
    assert_eq!(read(&here, "repo/a/secret.yaml"), encrypted);
    here.run(&["secrets", "decrypt", "-o", "plain.yaml", "repo/a/secret.yaml"]).ok();
    assert_eq!(read(&here, "plain.yaml"), SECRET);
    assert_eq!(fs::metadata(here.dir().join("plain.yaml")).expect("the file").permissions().mode() & 0o777, 0o600);
    here.run(&["secrets", "decrypt", "-i", "repo/a/secret.yaml"]).ok();
    assert_eq!(read(&here, "repo/a/secret.yaml"), SECRET);
    assert!(!here.was_contacted());
}

#[test]
fn every_fixture_of_sops_is_decrypted_to_standard_output() {
    let here = hermetic();
    for case in ["yaml", "json", "dotenv", "ini", "key-groups"] {
        let directory = fixtures().join(case);
        for entry in fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if let Some(extension) = name.strip_prefix("encrypted.") {
                let plain = fs::read_to_string(directory.join(format!("decrypted.{extension}"))).expect("its content");
                assert_eq!(here.run(&["secrets", "decrypt", &path.to_string_lossy()]).ok(), plain, "{case}");
            }
        }
    }
}

#[test]
fn what_cannot_be_done_says_why_and_writes_nothing() {
    let here = hermetic();
    here.write("repo/s.yaml", SECRET).write("repo/foreign/s.yaml", SECRET).write("elsewhere/s.yaml", SECRET);
    let cases: &[(&[&str], &[&str])] = &[
        (&["encrypt", "-i", "elsewhere/s.yaml"], &["no .sops.yaml says for whom", "--age"]),
        (&["encrypt", "-i", "repo/foreign/s.yaml"], &[".sops.yaml", "`pgp` names recipients", "line 5"]),
        (&["encrypt", "--age", "age1nothing", "repo/s.yaml"], &["age1nothing cannot be used", "it is no age key"]),
        (&["encrypt", "--age", "age1yubikey1qqq", "repo/s.yaml"], &["age-plugin-yubikey"]),
        (&["encrypt", "repo/s.yaml", "elsewhere/s.yaml"], &["--in-place"]),
        (&["encrypt", "missing.yaml", "-i"], &["missing.yaml"]),
        (&["encrypt", "--type", "toml", "repo/s.yaml"], &["`toml` is not a format"]),
        (&["decrypt", "repo/s.yaml"], &["it is not encrypted"]),
        (&["decrypt", "missing.yaml"], &["missing.yaml"]),
    ];
    for (args, expected) in cases {
        let args: Vec<&str> = ["secrets"].iter().chain(*args).copied().collect();
        let mut ran = here.run(&args).exit(2);
        for text in *expected {
            ran = ran.says(text);
        }
        assert_eq!(ran.stdout, "", "{ran}");
        assert!(!ran.stderr.contains("hunter2"), "{ran}");
    }
    assert_eq!(read(&here, "repo/s.yaml"), SECRET);
}

/// Standard input has the name that it is given.
#[test]
fn standard_input_is_encrypted_and_decrypted_as_the_file_it_stands_for() {
    let here = hermetic();
    let fed = |args: &[&str], input: &str| {
        let mut command = here.command(args);
        let mut child = command
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the program starts");
        // Who is refused does not read.
        let _unread = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        testkit::cluster::Ran::from_output(args.join(" "), &child.wait_with_output().expect("it ends"))
    };
    let sealed = fed(&["secrets", "encrypt", "--filename-override", "repo/a/secret.yaml", "-"], SECRET).ok();
    assert!(
        sealed.contains("name: db") && sealed.contains("password: ENC[") && !sealed.contains("hunter2"),
        "{sealed}"
    );
    assert_eq!(fed(&["secrets", "decrypt", "--filename-override", "any.yaml", "-"], &sealed).ok(), SECRET);
    assert_eq!(fed(&["secrets", "decrypt", "--type", "yaml", "-"], &sealed).ok(), SECRET);
    let env = fed(&["secrets", "encrypt", "--filename-override", "repo/vars.env", "-"], "A=hunter2\n").ok();
    assert!(env.starts_with("A=ENC["), "{env}");
    fed(&["secrets", "encrypt", "--age", &recipient(), "--type", "json", "-o", "out.json", "-"], "{\"a\": 1}").ok();
    assert!(read(&here, "out.json").contains("\"sops\": {"));
    // A file that goes by another name.
    here.write("tmp.bin", "A=hunter2\n");
    let env = here.run(&["secrets", "encrypt", "--filename-override", "repo/vars.env", "tmp.bin"]).ok();
    assert!(env.starts_with("A=ENC["), "{env}");
    for (args, expected) in [
        (&["encrypt", "-"] as &[&str], "standard input has no name"),
        (&["encrypt", "--type", "yaml", "-"], "--filename-override"),
        (&["encrypt", "--age", "age1x", "-"], "standard input has no name"),
        (&["decrypt", "-"], "standard input has no name"),
        (&["decrypt", "-i", "--type", "yaml", "-"], "in place"),
        (&["encrypt", "-i", "--filename-override", "a.yaml", "b.yaml", "c.yaml"], "several files have no one name"),
        (&["decrypt", "--type", "yaml", "-"], "standard input cannot be decrypted"),
    ] {
        let args: Vec<&str> = ["secrets"].iter().chain(args).copied().collect();
        let ran = fed(&args, SECRET).exit(2).says(expected);
        assert!(ran.stdout.is_empty() && !ran.stderr.contains("hunter2"), "{ran}");
    }
}

/// `stores` of `.sops.yaml` counts in both directions, and what a rule says beside its recipients counts for those of `--age`.
#[test]
fn files_are_laid_out_as_the_configuration_says() {
    let here = hermetic();
    let config = format!("{}stores:\n  yaml:\n    indent: 2\n  json:\n    indent: 3\n", rules());
    here.write("repo/.sops.yaml", &config).write("repo/s.yaml", SECRET).write("repo/s.json", "{\"data\": {\"a\": 1}}");
    here.run(&["secrets", "encrypt", "-i", "repo/s.yaml", "repo/s.json"]).ok();
    let sealed = read(&here, "repo/s.yaml");
    assert!(sealed.contains("\nmetadata:\n  name: db\n") && sealed.contains("\n  password: ENC["), "{sealed}");
    let sealed = read(&here, "repo/s.json");
    assert!(sealed.starts_with("{\n   \"data\": {\n      \"a\": \"ENC["), "{sealed}");
    let plain = here.run(&["secrets", "decrypt", "repo/s.yaml"]).ok();
    assert_eq!(plain, SECRET.replace("    ", "  "));
    assert_eq!(here.run(&["secrets", "decrypt", "repo/s.json"]).ok(), "{\n   \"data\": {\n      \"a\": 1\n   }\n}\n");
    here.write("other.yaml", "stores: {yaml: {indent: 8}}");
    let plain = here.run(&["secrets", "decrypt", "--config", "other.yaml", "repo/s.yaml"]).ok();
    assert_eq!(plain, SECRET.replace("    ", "        "));
    here.write("repo/t.yaml", SECRET);
    let sealed = here.run(&["secrets", "encrypt", "--age", &recipient(), "repo/t.yaml"]).ok();
    assert!(sealed.contains("encrypted_regex: ^(data|stringData)$") && sealed.contains("\n  name: db\n"), "{sealed}");
    here.write("repo/.sops.yaml", &config.replace("indent: 3", "indent: -3"));
    here.run(&["secrets", "encrypt", "repo/t.yaml"])
        .exit(2)
        .says("`json.indent` must be a whole number")
        .says("line 12");
    here.write("repo/.sops.yaml", "creation_rules:\n  - path_regex: (\n");
    here.run(&["secrets", "check", "--no-decrypt", "repo"]).exit(1).says("files");
    here.write("repo/vars.env", "A=1\n");
    here.run(&["secrets", "check", "--no-decrypt", "repo"]).exit(2).says("`path_regex` is no regular expression");
}

#[test]
fn a_changed_file_and_a_foreign_one_stay_shut() {
    let here = hermetic();
    here.write("repo/s.yaml", SECRET);
    here.run(&["secrets", "encrypt", "-i", "repo/s.yaml"]).ok();
    let changed = read(&here, "repo/s.yaml").replace("name: db", "name: other");
    here.write("repo/s.yaml", &changed);
    here.run(&["secrets", "decrypt", "repo/s.yaml"]).exit(2).says("its MAC does not match").says("--ignore-mac");
    let ran = here.run(&["secrets", "decrypt", "--ignore-mac", "repo/s.yaml"]);
    assert!(ran.stdout.contains("hunter2") && ran.stderr.contains("its MAC does not match"), "{ran}");
    fs::remove_file(here.dir().join("home/.config/sops/age/keys.txt")).expect("the key");
    let ran = here.run(&["secrets", "decrypt", "repo/s.yaml"]).exit(2).says("no key at hand opens it");
    ran.says(&recipient()).says("SOPS_AGE_KEY_FILE");
}

#[test]
fn check_finds_what_is_in_the_clear() {
    let here = hermetic();
    here.write("repo/plain.yaml", SECRET)
        .write("repo/sealed.yaml", SECRET)
        .write("repo/vars.env", "A=1\n")
        .write("repo/config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n")
        .write("repo/kustomization.yaml", "resources: [plain.yaml]\n")
        .write("repo/chart/templates/secret.yaml", "{{ if .x }}\nkind: Secret\n{{ end }}\n");
    here.run(&["secrets", "encrypt", "-i", "repo/sealed.yaml"]).ok();
    let ran = here.run(&["secrets", "check", "repo"]).exit(1).says("7 files, 1 encrypted, 1 that are no YAML");
    let expected = "repo/plain.yaml:7: Secret db is not encrypted: password\n";
    assert!(ran.stdout.starts_with(expected), "{ran}");
    assert!(
        ran.stdout.contains("repo/vars.env: is not encrypted, although") && ran.stdout.lines().count() == 2,
        "{ran}"
    );
    assert!(!ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"), "{ran}");
    here.run(&["secrets", "check", "repo/config.yaml", "repo/sealed.yaml"]).exit(0);
    let changed = read(&here, "repo/sealed.yaml").replace("name: db", "name: other");
    here.write("repo/sealed.yaml", &changed);
    let ran = here.run(&["secrets", "check", "repo/sealed.yaml"]).exit(1);
    assert!(ran.stdout.contains("repo/sealed.yaml: does not decrypt: its MAC does not match"), "{ran}");
    here.run(&["secrets", "check", "--no-decrypt", "repo/sealed.yaml"]).exit(0);
    here.run(&["secrets", "check", "missing"]).exit(2);
}
