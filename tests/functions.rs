//! The KRM functions over fixtures: `fixtures/function/NAME/CASE/{config,input,expected}.yaml`, one named test per case, and
//! the executable through its protocol. `UPDATE=1` writes what is expected anew; read the difference before you commit it.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test reads fixtures and starts the executable; the crate itself does neither"
)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use krm::Node;
use krm::yaml::{Limits, emit_function, parse_documents};
use krm_functions::{Finding, Severity};
use libtest_mimic::{Arguments, Failed, Trial};

#[path = "functions/surroundings.rs"]
mod surroundings;

use surroundings::Surroundings;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/function");
    let mut trials = Vec::new();
    for function in directories(&root) {
        for case in directories(&function) {
            let name = case.strip_prefix(&root).expect("below the root").display().to_string();
            trials.push(Trial::test(name, move || check(&case)));
        }
    }
    assert!(!trials.is_empty(), "no cases in {}", root.display());
    trials.push(Trial::test("executable/a_list_by_its_function_config", || {
        executable_by_config();
        Ok(())
    }));
    trials.push(Trial::test("executable/a_stream_by_name", || {
        executable_by_name();
        Ok(())
    }));
    let executable: [(&str, fn()); 4] = [
        ("executable/what_is_refused", executable_refuses),
        ("executable/what_it_tells", executable_tells),
        ("executable/other_ways_to_configure", executable_by_other_ways),
        ("executable/annotations_of_orchestrators", executable_keeps_the_orchestrators_annotations),
    ];
    trials.extend(executable.into_iter().map(|(name, check)| {
        Trial::test(name, move || {
            check();
            Ok(())
        })
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn directories(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).expect("a readable directory").map(|entry| entry.expect("an entry").path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

fn documents(path: &Path) -> Result<Vec<Node>, Failed> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let parsed = parse_documents(&text, &path.display().to_string(), &Limits::default())?;
    Ok(parsed.into_iter().map(|document| document.root).collect())
}

fn emit(items: &[Node]) -> Result<String, Failed> {
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str("---\n");
        }
        emit_function(item, &mut text)?;
    }
    Ok(text)
}

/// The output is as expected, and running the function on it again changes nothing, unless `changes-again.md` says why. Where there is a `findings.txt`, it says
/// what the function tells; without one, nothing may be worse than information.
fn check(case: &Path) -> Result<(), Failed> {
    let config = documents(&case.join("config.yaml"))?.into_iter().next();
    let function = krm_functions::from_config(config.as_ref())?;
    let surroundings = Surroundings::of(case);
    let mut items = documents(&case.join("input.yaml"))?;
    let findings = function.run(&mut items, &surroundings)?;
    let actual = emit(&items)?;
    function.run(&mut items, &surroundings)?;
    match (emit(&items)? != actual, case.join("changes-again.md").exists()) {
        (true, false) => return Err("the second run changes something".into()),
        (false, true) => return Err("changes-again.md is stale: the second run changes nothing".into()),
        _ => {}
    }
    let findings_path = case.join("findings.txt");
    if findings_path.exists() {
        compare(&findings_path, &told(&findings))?;
    } else if let Some(grave) = findings.iter().find(|finding| finding.severity != Severity::Info) {
        return Err(format!("there is no findings.txt, and the function tells: {}", grave.message).into());
    }
    compare(&case.join("expected.yaml"), &actual)
}

fn compare(path: &Path, actual: &str) -> Result<(), Failed> {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, actual)?;
        return Ok(());
    }
    let expected = fs::read_to_string(path)?;
    if actual == expected { Ok(()) } else { Err(format!("expected:\n{expected}\nactual:\n{actual}").into()) }
}

fn told(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let Finding { severity, message, object, field, line } = finding;
        let line = if *line == 0 { String::new() } else { format!(" (line {line})") };
        let field = if field.is_empty() { String::new() } else { format!(" {field}") };
        format!("{}: {object}{field}{line}: {message}\n", format!("{severity:?}").to_lowercase())
    };
    findings.iter().map(line).collect()
}

fn run(arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    run_program(Path::new(env!("CARGO_BIN_EXE_krm-functions")), arguments, input)
}

fn run_program(program: &Path, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the executable starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // What refuses its arguments reads nothing, and the pipe may be closed by then.
    drop(stdin.write_all(input.as_bytes()));
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

const ITEMS: &str = "- apiVersion: v1 # kept
  kind: ConfigMap
  metadata: {name: settings}
  data: {key: value}
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: web
    annotations: {reloader.stakater.com/auto: 'true'}
  spec:
    template:
      spec:
        containers: [{name: web, envFrom: [{configMapRef: {name: settings}}]}]
";
const HASH: &str = "kubectl-gitops.dev/hash.configmap.settings: ";

fn executable_by_config() {
    let list = format!(
        "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig:\n  apiVersion: kubectl-gitops.dev/v1alpha1\n  kind: ContentHash\nitems:\n{ITEMS}"
    );
    let (code, stdout, stderr) = run(&[], &list);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert!(stdout.contains(HASH) && stdout.contains("# kept") && stdout.contains("kind: ResourceList"), "{stdout}");
    assert!(stdout.contains("severity: info"), "{stdout}");
}

fn executable_by_name() {
    let stream = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n";
    let (code, stdout, stderr) = run(&["content-hash"], stream);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(0), stream, ""));
}

fn executable_tells() {
    for arguments in [
        &["--help"] as &[&str],
        &["docs"],
        &["docs", "contenthash"],
        &["content-hash", "--help"],
        &["schema", "ContentHash"],
    ] {
        let (code, stdout, stderr) = run(arguments, "");
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(stdout.contains("ContentHash"), "{arguments:?}: {stdout}");
    }
    let (_, version, _) = run(&["version"], "");
    assert!(version.starts_with("krm-functions "), "{version}");
}

/// A ConfigMap, a link with the function's name, and a functionConfig from a file.
fn executable_by_other_ways() {
    let directory = tempfile::tempdir().expect("a directory");
    let items = format!("items:\n{}", ITEMS.replace("annotations: {reloader.stakater.com/auto: 'true'}", "labels: {}"));
    let list = |config: &str| format!("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n{config}{items}");
    let (code, stdout, stderr) = run(&["content-hash"], &list(""));
    assert_eq!((code, stdout.contains(HASH)), (Some(0), false), "{stderr}");
    let config_map = "functionConfig: {apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {mode: auto-all}}\n";
    let (code, stdout, stderr) = run(&["content-hash"], &list(config_map));
    assert_eq!((code, stdout.contains(HASH)), (Some(0), true), "{stdout}{stderr}");
    let file = directory.path().join("config.yaml");
    fs::write(&file, "apiVersion: v1\nkind: ConfigMap\ndata: {mode: auto-all}\n").expect("written");
    let file = file.display().to_string();
    let (code, stdout, stderr) = run(&["content-hash", &file], &list(""));
    assert_eq!((code, stdout.contains(HASH)), (Some(0), true), "{stdout}{stderr}");
    let (code, _, stderr) = run(&["content-hash", &file], &list(config_map));
    assert_eq!((code, stderr.as_str()), (Some(1), "error: the list has a functionConfig of its own: give no other\n"));
    let link = directory.path().join("content-hash");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_krm-functions"), &link).expect("linked");
    let (code, stdout, stderr) = run_program(&link, &[], &list(config_map));
    assert_eq!((code, stdout.contains(HASH)), (Some(0), true), "{stdout}{stderr}");
}

/// What orchestrators write into annotations comes back, and results name the file that an item is from.
fn executable_keeps_the_orchestrators_annotations() {
    let marks = "annotations: {reloader.stakater.com/auto: 'true', config.kubernetes.io/path: 'apps/web.yaml', \
                 internal.config.kubernetes.io/path: 'apps/web.yaml', config.kubernetes.io/index: '2', \
                 internal.config.kubernetes.io/index: '2', config.k8s.io/id: '7'}";
    let items = ITEMS.replace("annotations: {reloader.stakater.com/auto: 'true'}", marks);
    for version in ["v1", "v1beta1"] {
        let list = format!("apiVersion: config.kubernetes.io/{version}\nkind: ResourceList\nitems:\n{items}");
        let (code, stdout, stderr) = run(&["content-hash"], &list);
        assert_eq!(code, Some(0), "{stderr}");
        assert!(
            stdout.starts_with(&format!("apiVersion: config.kubernetes.io/{version}\n")) && stdout.contains(marks),
            "{stdout}"
        );
        assert!(stdout.contains("  file:\n    path: apps/web.yaml\n    index: 2\n"), "{stdout}");
        assert!(
            stdout.contains("- apiVersion: v1 # kept\n  kind: ConfigMap\n  metadata: {name: settings}\n"),
            "{stdout}"
        );
    }
}

fn executable_refuses() {
    let list = |config: &str| format!("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n{config}items: []\n");
    let unknown = "functionConfig: {apiVersion: kubectl-gitops.dev/v1alpha1, kind: Nothing}\n";
    let cases: &[(&[&str], String, &str)] = &[
        (&["nothing"], list(""), "content-hash"),
        (&["--flag"], String::new(), "--flag"),
        (&["content-hash", "a.yaml", "b.yaml"], String::new(), "b.yaml"),
        (&["content-hash", "no-such-file.yaml"], list(""), "no-such-file.yaml"),
        (&["schema", "Nothing"], String::new(), "content-hash"),
        (&["content-hash"], "a: [\n".to_owned(), "standard input"),
    ];
    for (arguments, input, expected) in cases {
        let (code, stdout, stderr) = run(arguments, input);
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains(expected), "{stderr}");
    }
    // Where there is a list, it comes back as it was, and tells what is wrong.
    let wrong =
        "functionConfig: {apiVersion: kubectl-gitops.dev/v1alpha1, kind: ContentHash, spec: {mod: auto-all, x: 1}}\n";
    for (config, results) in [("", 1), (unknown, 1), (wrong, 2)] {
        let (code, stdout, stderr) = run(&[], &list(config));
        assert_eq!((code, stdout.matches("severity: error").count()), (Some(1), results), "{stdout}");
        assert!(stdout.contains("kind: ResourceList\nitems: []\n"), "{stdout}");
        assert!(stderr.starts_with("error: ") && stderr.contains("ContentHash") || config.is_empty(), "{stderr}");
    }
    let (_, stdout, _) = run(&[], &list(wrong));
    assert!(stdout.contains("path: spec.mod\n") && stdout.contains("did you mean `mode`?"), "{stdout}");
    let broken =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: settings}\ndata: {key: 'hunter2!'}\n".replace('\n', "\n  ");
    let items = ITEMS.replace("configMapRef", "secretRef");
    let (code, stdout, stderr) =
        run(&["content-hash"], &format!("{}- {}\n{items}", list("").replace(" []", ""), broken.trim()));
    assert_eq!(code, Some(1));
    assert!(stdout.contains("severity: error") && stderr.contains("data.key"), "{stdout}{stderr}");
    assert!(!stderr.contains("hunter2"), "{stderr}");
}
