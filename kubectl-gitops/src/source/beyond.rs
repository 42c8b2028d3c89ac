//! What a build asks for from beyond its tree, done for real: files over http and https, processes, and our own functions, which
//! run in process. Owns the limits that apply there; must not know what an answer means. Repositories of bases come through `bases`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use krm::Masked;
use krm_functions::decryption::{self, Role, VerifyMac};
use krm_functions::sops::{Format, Keyring, OpenProblem};
use krm_functions::{frame, registry};
use kustomize::outside::{Ending, Finished, FunctionCall, FunctionName, Process, ProcessError, Purpose, SealedFile};
use kustomize::{Checkout, Outside, OutsideError, RepositoryRequest};

use super::NoFolder;
use super::bases::Bases;
use super::download::{self, DownloadError};
use super::function_run::FunctionRun;
use super::process::{self, Limits};
use super::surroundings::Surroundings;
use crate::git::Reference;

const KEYS: &str = "name a file of identities with `--age-key-file`, or as `sops` does, with SOPS_AGE_KEY_FILE";
const MAC: &str = "encrypt it anew with `sops`, or open it unchecked with `--ignore-mac`";
/// The last part of the name of an image that holds our functions, in any registry and of any version.
const IMAGE: &str = "krm-functions";

/// This machine's network and programs, and our functions.
pub struct Beyond {
    /// How repositories of bases are reached.
    bases: Arc<Bases>,
    /// Variables for our functions over those of the environment, as `NAME=value`.
    env: Vec<String>,
    /// How encrypted files are opened, if they are.
    opens: Option<VerifyMac>,
    /// The keys that were found; looked for when the first encrypted file is met.
    keyring: OnceLock<Keyring>,
    /// The functions that ran.
    ran: Mutex<Vec<FunctionRun>>,
    /// Something was asked of the network or of a program.
    went_out: AtomicBool,
}

/// Variables stay out.
impl std::fmt::Debug for Beyond {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Beyond").field("opens", &self.opens.is_some()).finish_non_exhaustive()
    }
}

/// As the user of this machine; encrypted files stay closed.
impl Default for Beyond {
    fn default() -> Self {
        Self::new(Arc::new(Bases::of_user(None)))
    }
}

impl Beyond {
    /// With bases from there; encrypted files stay closed.
    pub fn new(bases: Arc<Bases>) -> Self {
        Self {
            bases,
            env: Vec::new(),
            opens: None,
            keyring: OnceLock::new(),
            ran: Mutex::default(),
            went_out: AtomicBool::new(false),
        }
    }

    /// Encrypted files are opened, with the keys that the environment and `env` name.
    #[must_use]
    pub fn opening(self, env: Vec<String>, verify: VerifyMac) -> Self {
        Self { env, opens: Some(verify), ..self }
    }

    /// The functions that the build ran, in order.
    pub fn into_ran(self) -> Vec<FunctionRun> {
        self.ran.into_inner().unwrap_or_default()
    }

    fn note(&self, run: FunctionRun) {
        if let Ok(mut ran) = self.ran.lock() {
            ran.push(run);
        }
    }

    /// Did the build ask for anything of the network or of a program, whose answer another day may differ?
    pub fn went_out(&self) -> bool {
        self.went_out.load(Ordering::Relaxed)
    }
}

impl Outside for Beyond {
    fn fetch_file(&self, url: &str) -> Result<Vec<u8>, OutsideError> {
        self.went_out.store(true, Ordering::Relaxed);
        download::fetch(url).map_err(|error| match error {
            DownloadError::Status(status) => OutsideError::Status {
                status: status.as_u16(),
                reason: status.canonical_reason().unwrap_or_default().to_owned(),
            },
            other => OutsideError::failed(&other),
        })
    }

    fn fetch_repository(&self, request: &RepositoryRequest) -> Result<Checkout, OutsideError> {
        // What a commit holds never changes.
        if !Reference::is_commit(&request.reference) {
            self.went_out.store(true, Ordering::Relaxed);
        }
        self.bases.check_out(request).map(|top| Checkout { top })
    }

    fn run(&self, process: &Process) -> Result<Finished, ProcessError> {
        self.went_out.store(true, Ordering::Relaxed);
        let finished = process::run(process, Limits::default())?;
        if let Some(run) = FunctionRun::of_process(process) {
            self.note(run);
        }
        Ok(finished)
    }

    fn open_file(&self, file: &SealedFile<'_>) -> Result<Option<Vec<u8>>, OutsideError> {
        let Some(verify) = self.opens else { return Ok(None) };
        // Where nothing is encrypted nobody is asked for keys.
        if Format::of_marker(file.content).is_none() {
            return Ok(None);
        }
        let role = match file.purpose {
            Purpose::File => Role::Value(file.name),
            Purpose::Env => Role::Variables,
            Purpose::Patch => Role::Manifest,
        };
        let keyring =
            self.keyring.get_or_init(|| Keyring::from_environment(&Surroundings { tree: &NoFolder, env: &self.env }));
        let opened = decryption::open_file(file.content, file.name, role, keyring, verify);
        opened.map(|plain| plain.map(Masked::into_exposed)).map_err(|error| {
            let failed = OutsideError::failed(&error);
            match error {
                OpenProblem::NoKey(_) => failed.with_hint(KEYS),
                OpenProblem::NoMac | OpenProblem::MacDamaged | OpenProblem::MacMismatch => failed.with_hint(MAC),
                _ => failed,
            }
        })
    }

    fn has_function(&self, function: &FunctionName<'_>) -> bool {
        let group = function.api_version.split_once('/').map(|(group, _)| group);
        group == Some(registry::GROUP) || function.image.is_some_and(|image| base_name(image) == IMAGE)
    }

    fn call_function(&self, call: &FunctionCall<'_>) -> Result<Finished, ProcessError> {
        let env: Vec<String> = call.env.iter().chain(&self.env).cloned().collect();
        let inputs = Surroundings { tree: call.tree, env: &env };
        let (ending, stdout, stderr) = match frame::run(call.list, None, None, &inputs, &krm::yaml::Limits::default()) {
            Ok(output) => {
                self.note(FunctionRun::in_process(&output, call.tree.directory()));
                (Ending::Exit(i32::from(output.failed)), output.text, output.story)
            }
            Err(error) => (Ending::Exit(1), String::new(), format!("error: {}", frame::describe(&error))),
        };
        Ok(Finished { ending, stdout: stdout.into_bytes(), stderr })
    }
}

/// `krm-functions` of `ghcr.io/someone/krm-functions:v1@sha256:…`.
fn base_name(image: &str) -> &str {
    let image = image.split_once('@').map_or(image, |(image, _)| image);
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split_once(':').map_or(last, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_functions_are_known_by_group_and_by_image() {
        let has = |api_version, image| Beyond::default().has_function(&FunctionName { api_version, kind: "X", image });
        assert!(has("kubectl-gitops.dev/v1alpha1", None));
        assert!(!has("v1", None));
        assert!(!has("kubectl-gitops.dev.example.com/v1", None));
        for (image, expected) in [
            ("krm-functions", true),
            ("ghcr.io/kubectl-gitops/krm-functions:v0.1.0", true),
            ("registry.local:5000/krm-functions@sha256:00", true),
            ("registry.local:5000/krm-functions-catalog/set-labels:v1", false),
            ("example.com/krm-functions/set-labels", false),
        ] {
            assert_eq!(has("v1", Some(image)), expected, "{image}");
        }
    }
}
