//! Our functions through the real kustomize: `fixtures/exec/FUNCTION/CASE` is a kustomization whose functions are named by the word
//! FUNCTION. What `kustomize build` makes of it with our executable, `kubectl gitops build` makes in process, to the byte; and
//! `kustomize fn run` leaves files of which both make the same once more. `make oracle` runs it: it needs a kustomize.
//!
//! A case's `env` holds variables for both; one whose functions make something new is only built; `fails` is what both must say.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use libtest_mimic::{Arguments, Failed, Trial};
use walkdir::WalkDir;

/// What stands for the function in the annotation of a case.
const FUNCTION: &str = "FUNCTION";
const IMAGE: &str = "container: {image: registry.example.com/tools/krm-functions:v1}";

type Check = fn(&Tools, &Path) -> Result<(), Failed>;
const WAYS: [(&str, Check); 4] =
    [("build", built), ("fn-run", run_in_place), ("kpt-fn-eval", evaluated_by_kpt), ("kpt-fn-render", rendered_by_kpt)];

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/exec");
    let cases: Vec<PathBuf> = WalkDir::new(&root)
        .min_depth(2)
        .max_depth(2)
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.expect("a readable tree").into_path())
        .filter(|path| path.is_dir())
        .collect();
    assert!(!cases.is_empty(), "no cases in {}", root.display());
    let tools = std::env::var_os("KUSTOMIZE").map(|kustomize| Tools::new(PathBuf::from(kustomize)));
    let mut trials = Vec::new();
    for case in cases {
        let name = case.strip_prefix(&root).expect("below the root").display().to_string();
        let in_place = only_transforms(&case);
        for (way, check) in WAYS.into_iter().filter(|(way, _)| in_place || *way == "build") {
            let (tools, case) = (tools.clone(), case.clone());
            let ignored = tools.as_ref().is_none_or(|tools| way.starts_with("kpt") && tools.kpt.is_none());
            let trial = Trial::test(format!("{name}/{way}"), move || check(&tools.expect("not ignored"), &case));
            trials.push(trial.with_ignored_flag(ignored));
        }
    }
    // Named, so that nobody takes it for a pass.
    match &tools {
        None => trials.push(Trial::test("skipped: KUSTOMIZE names no kustomize (make oracle sets it)", || Ok(()))),
        Some(Tools { kpt: None, .. }) => trials.push(Trial::test("skipped: kpt is not installed", || Ok(()))),
        Some(_) => {}
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

#[derive(Debug, Clone)]
struct Tools {
    kustomize: PathBuf,
    /// It comes with no module that could be installed, so it is used where it is.
    kpt: Option<PathBuf>,
    ours: PathBuf,
    functions: PathBuf,
}

impl Tools {
    fn new(kustomize: PathBuf) -> Self {
        let ours = PathBuf::from(env!("CARGO_BIN_EXE_kubectl-gitops"));
        let functions = ours.with_file_name("krm-functions");
        assert!(functions.is_file(), "build it first: cargo build -p krm-functions");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let kpt = std::env::split_paths(&path).map(|directory| directory.join("kpt")).find(|file| file.is_file());
        Self { kustomize, kpt, ours, functions }
    }

    /// The case in a directory of its own, its functions named by `function`.
    fn copy(case: &Path, function: &str) -> tempfile::TempDir {
        let directory = tempfile::Builder::new().prefix("case-").tempdir().expect("a directory");
        for entry in WalkDir::new(case).sort_by_file_name() {
            let entry = entry.expect("a readable tree");
            let to = directory.path().join(entry.path().strip_prefix(case).expect("below the case"));
            if entry.file_type().is_dir() {
                fs::create_dir_all(&to).expect("a directory");
                continue;
            }
            match fs::read_to_string(entry.path()) {
                Ok(text) => fs::write(&to, replaced(&text, function)).expect("written"),
                Err(_) => drop(fs::copy(entry.path(), &to).expect("copied")),
            }
        }
        directory
    }

    fn exec(&self) -> String {
        format!("exec: {{path: {}}}", self.functions.display())
    }

    fn kustomize(&self, arguments: &[&str], directory: &Path) -> Result<Output, Failed> {
        output(&self.kustomize, arguments, directory)
    }

    /// In process, with no flag at all.
    fn in_process(&self, directory: &Path) -> Result<String, Failed> {
        succeeded(output(&self.ours, &["build", "."], directory)?)
    }
}

/// The word alone on its line, as the content of an annotation.
fn replaced(text: &str, function: &str) -> String {
    let line = |line: &str| if line.trim() == FUNCTION { line.replace(FUNCTION, function) } else { line.to_owned() };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

fn output(program: &Path, arguments: &[&str], directory: &Path) -> Result<Output, Failed> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory).env_clear();
    command.env("HOME", directory).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    if let Ok(variables) = fs::read_to_string(directory.join("env")) {
        command.envs(variables.lines().filter_map(|line| line.split_once('=')));
    }
    Ok(command.output()?)
}

fn succeeded(output: Output) -> Result<String, Failed> {
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into())
}

fn same(theirs: &str, ours: &str) -> Result<(), Failed> {
    if theirs == ours { Ok(()) } else { Err(format!("kustomize:\n{theirs}\nkubectl gitops:\n{ours}").into()) }
}

const EXEC: [&str; 4] = ["build", "--enable-alpha-plugins", "--enable-exec", "."];

fn built(tools: &Tools, case: &Path) -> Result<(), Failed> {
    let by_exec = Tools::copy(case, &tools.exec());
    let theirs = tools.kustomize(&EXEC, by_exec.path())?;
    let by_image = Tools::copy(case, IMAGE);
    if case.join("fails").is_file() {
        let expected = fs::read_to_string(case.join("fails"))?;
        let ours = output(&tools.ours, &["build", "."], by_image.path())?;
        for (who, output) in [("kustomize", theirs), ("kubectl gitops", ours)] {
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            if output.status.success() || !stderr.contains(expected.trim()) {
                return Err(format!("{who} must fail with `{}`: {}, {stderr}", expected.trim(), output.status).into());
            }
        }
        return Ok(());
    }
    let theirs = succeeded(theirs)?;
    same(&theirs, &tools.in_process(by_image.path())?)?;
    if theirs.contains("kubectl-gitops.dev/v1alpha1") {
        return Err("a configuration is in the output".into());
    }
    Ok(())
}

/// Does the case change what is there, and nothing else?
fn only_transforms(case: &Path) -> bool {
    let text = fs::read_to_string(case.join("kustomization.yaml")).expect("a readable kustomization");
    text.contains("\ntransformers: [") && !text.contains("enerator") && !case.join("fails").is_file()
}

/// Lets `run` change the files in a copy of the case. What is built of them, without the function, is what was built of the case
/// with it: no function does anything twice.
fn in_place(tools: &Tools, case: &Path, run: impl FnOnce(&Path) -> Result<Output, Failed>) -> Result<(), Failed> {
    let before = tools.in_process(Tools::copy(case, IMAGE).path())?;
    let (untouched, directory) = (Tools::copy(case, &tools.exec()), Tools::copy(case, &tools.exec()));
    succeeded(run(directory.path())?)?;
    let mut changed = Vec::new();
    for entry in
        WalkDir::new(untouched.path()).min_depth(1).into_iter().flatten().filter(|entry| entry.file_type().is_file())
    {
        let name = entry.path().strip_prefix(untouched.path()).expect("below the case");
        if fs::read(entry.path())? != fs::read(directory.path().join(name))? {
            changed.push(name.to_owned());
        }
    }
    if changed.is_empty() {
        return Err("nothing was changed".into());
    }
    let text = fs::read_to_string(case.join("kustomization.yaml"))?;
    let without = text.lines().filter(|line| !line.starts_with("transformers:")).collect::<Vec<_>>().join("\n");
    fs::write(directory.path().join("kustomization.yaml"), without)?;
    same(&succeeded(tools.kustomize(&["build", "."], directory.path())?)?, &before)
}

fn run_in_place(tools: &Tools, case: &Path) -> Result<(), Failed> {
    in_place(tools, case, |directory| tools.kustomize(&["fn", "run", ".", "--enable-exec"], directory))
}

/// The file of the only transformer.
fn transformer(case: &Path) -> Result<String, Failed> {
    let text = fs::read_to_string(case.join("kustomization.yaml"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("transformers: [")?.strip_suffix(']'));
    Ok(line.ok_or("no transformer")?.to_owned())
}

fn kpt(tools: &Tools, arguments: &[&str], directory: &Path) -> Result<Output, Failed> {
    output(tools.kpt.as_deref().expect("skipped without"), arguments, directory)
}

fn evaluated_by_kpt(tools: &Tools, case: &Path) -> Result<(), Failed> {
    let functions = tools.functions.display().to_string();
    in_place(tools, case, |directory| {
        let config = transformer(case)?;
        kpt(tools, &["fn", "eval", ".", "--exec", &functions, "--fn-config", &config], directory)
    })
}

fn rendered_by_kpt(tools: &Tools, case: &Path) -> Result<(), Failed> {
    in_place(tools, case, |directory| {
        let kptfile = format!(
            "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {{name: case}}\npipeline:\n  mutators:\n  - exec: {}\n    configPath: {}\n",
            tools.functions.display(),
            transformer(case)?
        );
        fs::write(directory.join("Kptfile"), kptfile)?;
        kpt(tools, &["fn", "render", ".", "--allow-exec"], directory)
    })
}
