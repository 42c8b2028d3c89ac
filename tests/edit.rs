//! `edit` against the real tool: each case of `fixtures/edit/*.txt` is a command and a kustomization; it holds what the command
//! makes of it (compared to the byte) and what the real kustomize makes of it (compared by what it means).
//!
//! `UPDATE_GOLDEN=1 KUSTOMIZE=path/to/kustomize cargo test -p kubectl-gitops --test edit` writes both.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use testkit::command::Hermetic;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kubectl-gitops");
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n";

/// What lies beside the kustomization of every case.
const FILES: &[(&str, &str)] = &[
    ("a.yaml", POD),
    ("b.yaml", POD),
    ("c.yml", POD),
    (".hidden.yaml", POD),
    ("sub/d.yaml", POD),
    ("sub/e.yaml", POD),
    ("base/kustomization.yaml", "resources: [pod.yaml]\n"),
    ("base/pod.yaml", POD),
    ("app.conf", "x\n"),
    ("other.conf", "y\n"),
    ("vars.env", "A=1\n"),
    ("more.env", "B=2\n"),
    ("patch.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  labels:\n    x: y\n"),
];

/// One case. `ours` and `theirs` are texts of a kustomization, or what an error says.
#[derive(Clone, Default)]
struct Case {
    title: String,
    command: String,
    /// Why the two mean different things; empty if they must not.
    differs: String,
    input: String,
    ours: String,
    theirs: String,
}

const FAILS: &str = "fails";

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/edit");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(&folder).expect("the fixtures").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        for path in &paths {
            update(path);
        }
    }
    let mut trials = Vec::new();
    for path in &paths {
        let file = path.file_stem().expect("a name").to_string_lossy().into_owned();
        for case in read(path) {
            let name = format!("{file}/{} {}", case.title.replace(' ', "_"), case.command);
            trials.push(Trial::test(name, move || check(&case).map_err(Failed::from)));
        }
    }
    assert!(trials.len() > 100, "the cases are there");
    libtest_mimic::run(&arguments, trials).exit();
}

/// Cases are separated by lines of `=`; the head has `title`, `$ command` and perhaps `differs: why`.
fn read(path: &Path) -> Vec<Case> {
    let text = fs::read_to_string(path).expect("a readable case");
    let parts = text.split("=====\n").filter(|part| !part.trim().is_empty());
    parts
        .map(|part| {
            let mut case = Case::default();
            let mut section = 0;
            for line in part.split_inclusive('\n') {
                match (line.trim_end_matches('\n'), section) {
                    ("--- in", _) => section = 1,
                    ("--- ours", _) => section = 2,
                    ("--- theirs", _) => section = 3,
                    (line, 0) => match (line.strip_prefix("$ "), line.strip_prefix("differs: ")) {
                        (Some(command), _) => command.clone_into(&mut case.command),
                        (_, Some(why)) => why.clone_into(&mut case.differs),
                        _ => case.title.push_str(line),
                    },
                    (_, 1) => case.input.push_str(line),
                    (_, 2) => case.ours.push_str(line),
                    _ => case.theirs.push_str(line),
                }
            }
            case
        })
        .collect()
}

fn update(path: &Path) {
    let real = std::env::var("KUSTOMIZE").expect("KUSTOMIZE names the real tool");
    let mut text = String::new();
    for case in read(path) {
        let (ours, theirs) = (run(PROGRAM, &case), run(&real, &case));
        let differs = if case.differs.is_empty() { String::new() } else { format!("differs: {}\n", case.differs) };
        let theirs = theirs.unwrap_or_else(|_| format!("{FAILS}\n"));
        let ours = ours.unwrap_or_else(|said| format!("{FAILS}: {said}\n"));
        write!(
            text,
            "=====\n{}\n$ {}\n{differs}--- in\n{}--- ours\n{ours}--- theirs\n{theirs}",
            case.title, case.command, case.input
        )
        .expect("writing to a string");
    }
    fs::write(path, text).expect("a written case");
}

/// The kustomization after the command, or the code of the error.
fn run(program: &str, case: &Case) -> Result<String, String> {
    let here = Hermetic::new(program);
    for (path, content) in FILES {
        here.write(path, content);
    }
    let input = case.input.replace("␍", "\r").replace("∅\n", "");
    here.write("kustomization.yaml", &input);
    let words = words(&case.command);
    let mut command = Command::new(program);
    command.arg("edit").args(&words).current_dir(here.dir()).env_clear();
    let output = command.output().expect("the program starts");
    let text = fs::read_to_string(here.dir().join("kustomization.yaml")).expect("the kustomization");
    if output.status.success() {
        return Ok(text.replace('\r', "␍"));
    }
    assert_eq!(text, input, "a refused edit changes nothing: {}", case.command);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let code = said.lines().find_map(|line| line.strip_prefix("error")?.split(':').next());
    Err(format!("error{}", code.unwrap_or_default()))
}

/// Words separated by blanks; quotes keep blanks, `\n` in them is a line break.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = command.trim_start();
    while !rest.is_empty() {
        let (word, tail) = match rest.strip_prefix('\'') {
            Some(quoted) => quoted.split_once('\'').expect("a closing quote"),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(word.replace("\\n", "\n"));
        rest = tail.trim_start();
    }
    words
}

fn check(case: &Case) -> Result<(), String> {
    let ours = run(PROGRAM, case).unwrap_or_else(|said| format!("{FAILS}: {said}\n"));
    if ours != case.ours {
        let diff = similar::TextDiff::from_lines(&case.ours, &ours).unified_diff().to_string();
        return Err(format!("something else than recorded:\n{diff}"));
    }
    let (we_fail, they_fail) = (ours.starts_with(FAILS), case.theirs.starts_with(FAILS));
    let agree = match (we_fail, they_fail) {
        (true, true) => true,
        (false, false) => meaning(&ours) == meaning(&case.theirs),
        _ => false,
    };
    match (agree, case.differs.is_empty()) {
        (false, true) => Err(format!("means something else than kustomize's:\n{}\n{}", case.theirs, ours)),
        (true, false) => Err("`differs` is no longer needed".to_owned()),
        _ => Ok(()),
    }
}

/// What a kustomization says: old spellings folded (by our own `fix`, on both sides), without what is empty, names without
/// case. kustomize sorts images and replicas when it sets one.
fn meaning(text: &str) -> serde_json::Value {
    let text = text.replace('␍', "\r");
    kustomize::edit::content(&text, "").expect("a kustomization");
    let fix = kustomize::edit::Edit::Fix { patch_files: vec!["patch.yaml".to_owned(), "b.yaml".to_owned()] };
    let text = kustomize::edit::apply(&text, "", &fix).map_or(text, |fixed| fixed.text);
    let root = krm::yaml::parse_first_document(&text, "", &krm::yaml::Limits::default()).expect("YAML");
    let mut value = plain(krm::yaml::to_json(&root).expect("JSON"));
    for (field, text) in [("apiversion", "kustomize.config.k8s.io/v1beta1"), ("kind", "Kustomization")] {
        if value.get(field).is_none() {
            value[field] = text.into();
        }
    }
    for list in ["images", "replicas"] {
        if let Some(Value::Array(items)) = value.get_mut(list) {
            items.sort_by_key(|item| item["name"].as_str().unwrap_or_default().to_owned());
        }
    }
    value
}

fn plain(value: Value) -> Value {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Bool(_) => false,
    };
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        Value::Object(map) => {
            let fields = map.into_iter().map(|(key, value)| (key.to_lowercase(), plain(value)));
            let fields: BTreeMap<String, Value> = fields.filter(|(_, value)| !is_empty(value)).collect();
            Value::Object(fields.into_iter().collect())
        }
        other => other,
    }
}
