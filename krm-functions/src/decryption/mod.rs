//! `Decryption`: objects and values of Secrets that are encrypted with SOPS become plain, as Flux' kustomize-controller does it.
//!
//! Owns what counts as encrypted, what is left alone, and what is said about it; [`crate::sops`] owns the cryptography. All that cannot
//! be opened is said at once, and then nothing is changed.

mod config;
mod file;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::{Masked, Node, ObjectKey};

pub use file::{Role, open_file};

use crate::sops::{Format, Keyring, MacState, OpenProblem, OpenedNode, has_metadata, open, open_node};
use crate::{Finding, Function, FunctionError, Inputs};

/// Annotations that keep an object encrypted, if their value is `disabled`: ours and Flux'.
const ANNOTATIONS: [&str; 2] = ["kubectl-gitops.dev/decrypt", "kustomize.toolkit.fluxcd.io/decrypt"];

/// Where a MAC that does not match is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VerifyMac {
    /// In files. Of objects it is told only: a build changes them on their way.
    #[default]
    Files,
    /// In files and objects.
    Always,
    /// Nowhere.
    Never,
}

/// The function.
#[derive(Debug, Default)]
pub struct Decryption {
    verify: VerifyMac,
    /// Keys that the caller has; else those that the environment offers.
    keyring: Option<Keyring>,
}

impl Decryption {
    /// With the keys that the environment offers when there is something to open.
    pub const fn new(verify: VerifyMac) -> Self {
        Self { verify, keyring: None }
    }

    /// With these keys and no others.
    pub const fn with_keyring(verify: VerifyMac, keyring: Keyring) -> Self {
        Self { verify, keyring: Some(keyring) }
    }
}

impl Function for Decryption {
    fn run(&self, items: &mut Vec<Node>, inputs: &dyn Inputs) -> Result<Vec<Finding>, FunctionError> {
        let mut work = Work { verify: self.verify, findings: Vec::new(), failed: false };
        // Where nothing is encrypted nobody is asked for keys.
        let mut from_environment = None;
        let mut changed = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let encrypted = Encrypted::of(item);
            if encrypted.is_nothing() {
                continue;
            }
            let object = item.key();
            if ANNOTATIONS.iter().any(|name| item.annotation(name).is_some_and(|v| v.eq_ignore_ascii_case("disabled")))
            {
                work.findings.push(Finding::info(object, "", "left encrypted, as its annotation says"));
                continue;
            }
            let keyring = match &self.keyring {
                Some(keyring) => keyring,
                None => from_environment.get_or_insert_with(|| Keyring::from_environment(inputs)),
            };
            let mut item = item.clone();
            work.item(&mut item, &object, &encrypted, keyring);
            changed.push((index, item));
        }
        if !work.failed {
            for (index, item) in changed {
                items[index] = item;
            }
        }
        Ok(work.findings)
    }
}

/// What of an object is encrypted.
struct Encrypted {
    whole: bool,
    /// Keys of `data` with encrypted files, and their formats.
    data: Vec<(String, Format)>,
    /// Keys of `stringData` with encrypted files, which Flux does not open.
    string_data: Vec<String>,
}

impl Encrypted {
    fn of(item: &Node) -> Self {
        let whole = has_metadata(item);
        let mut found = Self { whole, data: Vec::new(), string_data: Vec::new() };
        if whole || item.kind() != "Secret" || item.api_version() != "v1" {
            return found;
        }
        for (key, value) in item.get("data").and_then(Node::as_map).into_iter().flat_map(krm::Mapping::iter) {
            let decoded = value.as_str().and_then(decode);
            if let Some(format) = decoded.and_then(|bytes| Format::of_marker(bytes.expose())) {
                found.data.push((key.to_owned(), format));
            }
        }
        for (key, value) in item.get("stringData").and_then(Node::as_map).into_iter().flat_map(krm::Mapping::iter) {
            if value.as_str().is_some_and(|text| Format::of_marker(text.as_bytes()).is_some()) {
                found.string_data.push(key.to_owned());
            }
        }
        found
    }

    fn is_nothing(&self) -> bool {
        !self.whole && self.data.is_empty() && self.string_data.is_empty()
    }
}

/// What is not base64 is somebody else's problem, as in Flux.
fn decode(text: &str) -> Option<Masked<Vec<u8>>> {
    let compact: Masked<String> = Masked::new(text.chars().filter(|c| !c.is_ascii_whitespace()).collect());
    STANDARD.decode(compact.expose()).ok().map(Masked::new)
}

struct Work {
    verify: VerifyMac,
    findings: Vec<Finding>,
    failed: bool,
}

impl Work {
    fn item(&mut self, item: &mut Node, object: &ObjectKey, encrypted: &Encrypted, keyring: &Keyring) {
        if encrypted.whole {
            let line = item.at(&["sops"]).map_or(0, |sops| sops.mark().line);
            match open_node(item, keyring) {
                Ok(opened) => self.opened(object, &opened, line),
                Err(problem) => self.fail(object, "sops", line, &problem),
            }
        }
        for (key, format) in &encrypted.data {
            self.value(item, object, key, *format, keyring);
        }
        for key in &encrypted.string_data {
            let told = "holds an encrypted file, which is opened in `data` only";
            self.findings.push(Finding::warning(object.clone(), format!("stringData.{key}"), told));
        }
    }

    fn opened(&mut self, object: &ObjectKey, opened: &OpenedNode, line: u32) {
        if let MacState::Not(problem) = &opened.mac {
            match self.verify {
                VerifyMac::Always => return self.fail(object, "sops.mac", line, problem),
                VerifyMac::Files => {
                    let told = match **problem {
                        OpenProblem::MacMismatch => {
                            "its MAC does not match, as after every change that a build makes; each value is authentic"
                                .to_owned()
                        }
                        ref problem => format!("{problem}; each value is authentic"),
                    };
                    self.findings.push(Finding::info(object.clone(), "sops.mac", told).at_line(line));
                }
                VerifyMac::Never => {}
            }
        }
        for path in &opened.paths {
            self.findings.push(Finding::info(object.clone(), path.clone(), "decrypted"));
        }
    }

    fn value(&mut self, item: &mut Node, object: &ObjectKey, key: &str, format: Format, keyring: &Keyring) {
        let field = format!("data.{key}");
        let Some(value) = item.at_mut(&["data", key]) else { return };
        let line = value.mark().line;
        let Some(content) = value.as_str().and_then(decode) else { return };
        match open(content.expose(), format, Format::of_key(key), keyring) {
            Err(problem) => self.fail(object, &field, line, &problem),
            Ok(opened) => {
                if let MacState::Not(problem) = &opened.mac
                    && self.verify != VerifyMac::Never
                {
                    return self.fail(object, &field, line, problem);
                }
                *value = Node::string(STANDARD.encode(opened.bytes.expose()));
                self.findings.push(Finding::info(object.clone(), field, "decrypted").at_line(line));
            }
        }
    }

    fn fail(&mut self, object: &ObjectKey, field: &str, line: u32, problem: &OpenProblem) {
        self.failed = true;
        let message = format!("cannot be decrypted: {problem}");
        self.findings.push(Finding::error(object.clone(), field, message).at_line(line));
    }
}
