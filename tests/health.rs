//! Verdicts on health. Each file below `fixtures/health/KIND/` is one case: a document with what is expected, and the object.

use std::path::{Path, PathBuf};

use krm::yaml::{Limits, parse_documents, to_json};
use kubectl_gitops::health::{Facts, of};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/health");
    let trials: Vec<Trial> = cases(&root)
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).expect("cases lie below the root").with_extension("");
            Trial::test(format!("health/{}", name.display()), move || check(&path))
        })
        .collect();
    assert!(trials.len() > 30, "the fixtures are missing");
    libtest_mimic::run(&arguments, trials).exit();
}

fn cases(root: &Path) -> Vec<PathBuf> {
    let entries = |path: &Path| -> Vec<PathBuf> {
        let listed = std::fs::read_dir(path).expect("the fixtures are readable");
        let mut paths: Vec<PathBuf> = listed.map(|entry| entry.expect("the fixtures are readable").path()).collect();
        paths.sort();
        paths
    };
    entries(root).iter().flat_map(|kind| entries(kind)).collect()
}

fn check(path: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let documents = parse_documents(&text, &path.display().to_string(), &Limits::default())?;
    let [expected, object] = documents.as_slice() else { return Err("a case has two documents".into()) };
    let (expected, object) = (to_json(&expected.root)?, to_json(&object.root)?);
    let flag = |name: &str| expected.get(name) == Some(&Value::Bool(true));
    let facts = Facts {
        now: expected.get("now").and_then(Value::as_str).map(|time| time.parse().expect("a time")),
        claim_binds_late: flag("claim_binds_late"),
        claim_is_used: flag("claim_is_used"),
        wants_address: flag("wants_address"),
    };
    let (wanted, found) = (expected["expect"].as_str().unwrap_or_default(), of(&object, &facts).to_string());
    if wanted == found { Ok(()) } else { Err(format!("expected `{wanted}`, found `{found}`").into()) }
}
