//! The private keys at hand and where they were looked for. Owns SOPS' places for keys in an environment and Flux' names of them in a
//! Secret; reads them through [`Inputs`]. Must not know files that they open.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::yaml::{Limits, parse_documents};
use krm::{Masked, Node};
use zeroize::Zeroize as _;

use super::cipher::DataKey;
use super::metadata::{Metadata, Recipient};
use super::open::SIZE_MAX;
use super::recipient::age::{self, AgeIdentity, AgeProblem};
use super::recipient::pgp::{self, PgpKey};
use super::shamir;
use crate::Inputs;

/// Variable that names a file of armored private PGP keys.
const PGP_FILE: &str = "KUBECTL_GITOPS_PGP_KEY_FILE";

/// Private keys, and the places they came from.
#[derive(Default)]
pub struct Keyring {
    age: Vec<AgeIdentity>,
    pgp: Vec<PgpKey>,
    places: Vec<Place>,
}

/// A place where keys were looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    name: String,
    found: Found,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    Keys(usize),
    Nothing,
    Unusable(String),
}

/// Says how many, never which.
impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({} age identities, {} PGP keys; {:?})", self.age.len(), self.pgp.len(), self.places)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Found::Keys(1) => write!(f, "{} (1 key)", self.name),
            Found::Keys(count) => write!(f, "{} ({count} keys)", self.name),
            Found::Nothing => write!(f, "{} (nothing there)", self.name),
            Found::Unusable(why) => write!(f, "{} ({why})", self.name),
        }
    }
}

/// What keeps a file shut: for whom it is, and why each of them cannot be used here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoKey {
    /// Recipient and reason.
    pub recipients: Vec<(String, String)>,
    /// Places that were looked at, with what was found.
    pub places: Vec<String>,
    /// Key groups that opened, that are needed, that there are; `None` for a file with one.
    pub groups: Option<(usize, usize, usize)>,
}

impl fmt::Display for NoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.groups {
            None => f.write_str("no key at hand opens it")?,
            Some((opened, needed, all)) => {
                write!(f, "of its {all} key groups {opened} can be opened here, and {needed} are needed")?;
            }
        }
        for (recipient, why) in &self.recipients {
            write!(f, "; {recipient}: {why}")?;
        }
        if self.places.is_empty() {
            f.write_str("; no place for keys was given")
        } else {
            write!(f, "; keys were looked for in {}", self.places.join(", "))
        }
    }
}

impl std::error::Error for NoKey {}

impl Keyring {
    /// The keys that SOPS finds in an environment: what its variables name, and its default places.
    pub fn from_environment(inputs: &dyn Inputs) -> Self {
        let mut keyring = Self::default();
        keyring.look_for_ssh(inputs);
        keyring.look_for_age(inputs);
        keyring.look_for_pgp(inputs);
        keyring
    }

    fn look_for_ssh(&mut self, inputs: &dyn Inputs) {
        if let Some(path) = variable(inputs, "SOPS_AGE_SSH_PRIVATE_KEY_FILE") {
            let name = format!("SOPS_AGE_SSH_PRIVATE_KEY_FILE={path}");
            match inputs.operator_file(&path) {
                Ok(bytes) => self.add_ssh(name, bytes.expose()),
                Err(error) => self.note(name, Found::Unusable(error.to_string())),
            }
        }
        if let Some(command) = inputs.variable("SOPS_AGE_SSH_PRIVATE_KEY_CMD") {
            let name = "SOPS_AGE_SSH_PRIVATE_KEY_CMD".to_owned();
            match inputs.operator_command(command.expose()) {
                Ok(bytes) => self.add_ssh(name, bytes.expose()),
                Err(error) => self.note(name, Found::Unusable(error.to_string())),
            }
        }
        if let Some(home) = variable(inputs, "HOME") {
            for file in ["id_ed25519", "id_rsa"] {
                let path = format!("{}/.ssh/{file}", home.trim_end_matches('/'));
                if let Ok(bytes) = inputs.operator_file(&path) {
                    self.add_ssh(path, bytes.expose());
                }
            }
        }
    }

    fn look_for_age(&mut self, inputs: &dyn Inputs) {
        match inputs.variable("SOPS_AGE_KEY") {
            Some(text) => self.add_age_text("SOPS_AGE_KEY".to_owned(), text.expose(), true),
            None => self.note("SOPS_AGE_KEY".to_owned(), Found::Nothing),
        }
        match variable(inputs, "SOPS_AGE_KEY_FILE") {
            None => self.note("SOPS_AGE_KEY_FILE".to_owned(), Found::Nothing),
            Some(path) => {
                let name = format!("SOPS_AGE_KEY_FILE={path}");
                match inputs.operator_file(&path) {
                    Ok(bytes) => self.add_age(name, bytes.expose()),
                    Err(error) => match inputs.operator_directory(&path) {
                        Ok(names) => self.look_into(&path, names, inputs),
                        Err(_) => self.note(name, Found::Unusable(error.to_string())),
                    },
                }
            }
        }
        if let Some(command) = inputs.variable("SOPS_AGE_KEY_CMD") {
            let name = "SOPS_AGE_KEY_CMD".to_owned();
            match inputs.operator_command(command.expose()) {
                Ok(bytes) => self.add_age(name, bytes.expose()),
                Err(error) => self.note(name, Found::Unusable(error.to_string())),
            }
        }
        let directory = variable(inputs, "XDG_CONFIG_HOME")
            .filter(|path| !path.is_empty())
            .or_else(|| variable(inputs, "HOME").map(|home| format!("{}/.config", home.trim_end_matches('/'))));
        if let Some(directory) = directory {
            let path = format!("{}/sops/age/keys.txt", directory.trim_end_matches('/'));
            match inputs.operator_file(&path) {
                Ok(bytes) => self.add_age(path, bytes.expose()),
                Err(_) => self.note(path, Found::Nothing),
            }
        }
    }

    /// A Secret as Flux has it, mounted: a file per key. SOPS knows no directories.
    fn look_into(&mut self, directory: &str, mut names: Vec<String>, inputs: &dyn Inputs) {
        // The kubelet's own, which hold the same once more.
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        if names.is_empty() {
            return self.note(format!("SOPS_AGE_KEY_FILE={directory}"), Found::Nothing);
        }
        for name in names {
            let path = format!("{}/{name}", directory.trim_end_matches('/'));
            match inputs.operator_file(&path) {
                Ok(bytes) => self.add_flux_key(path, &name, bytes.expose()),
                Err(error) => self.note(path, Found::Unusable(error.to_string())),
            }
        }
    }

    /// SOPS asks gpg, which is no program of ours: a file takes its place.
    fn look_for_pgp(&mut self, inputs: &dyn Inputs) {
        if let Some(path) = variable(inputs, PGP_FILE) {
            let name = format!("{PGP_FILE}={path}");
            match inputs.operator_file(&path) {
                Ok(bytes) => self.add_pgp(name, bytes.expose()),
                Err(error) => self.note(name, Found::Unusable(error.to_string())),
            }
        }
    }

    /// A file with such a Secret, as `kubectl get secret -o yaml` prints it.
    fn add_manifest(&mut self, place: &str, text: &str) {
        let mut documents = match parse_documents(text, "", &Limits::default()) {
            Ok(documents) => documents,
            Err(error) => {
                return self
                    .note(place.to_owned(), Found::Unusable(format!("line {}: {}", error.mark.line, error.problem)));
            }
        };
        for document in &mut documents {
            if document.root.kind() == "Secret" {
                self.add_flux_secret(place, &document.root);
            } else {
                let why = "it is a manifest, and no Secret with keys".to_owned();
                self.note(place.to_owned(), Found::Unusable(why));
            }
            document.root.zeroize();
        }
    }

    /// The keys of a Secret as Flux names them: `*.agekey` and `*.asc`. Others are noted as not usable.
    fn add_flux_secret(&mut self, file: &str, secret: &Node) {
        let place = format!("{file} Secret {}/{}", secret.namespace(), secret.name());
        if secret.get("sops").is_some() {
            return self.note(place, Found::Unusable("it is encrypted itself".to_owned()));
        }
        let mut any = false;
        for (field, encoded) in [("data", true), ("stringData", false)] {
            for (key, value) in secret.get(field).and_then(Node::as_map).into_iter().flat_map(krm::Mapping::iter) {
                any = true;
                let name = format!("{place} {key}");
                let text = value.as_str().unwrap_or_default();
                let bytes = if encoded { STANDARD.decode(text.trim()).ok() } else { Some(text.as_bytes().to_vec()) };
                match bytes.map(Masked::new) {
                    None => self.note(name, Found::Unusable("it is not base64".to_owned())),
                    Some(bytes) => self.add_flux_key(name, key, bytes.expose()),
                }
            }
        }
        if !any {
            self.note(place, Found::Nothing);
        }
    }

    fn add_flux_key(&mut self, name: String, key: &str, bytes: &[u8]) {
        let ends = |suffix: &str| key.ends_with(suffix);
        if ends(".agekey") {
            self.add_age(name, bytes);
        } else if ends(".asc") {
            self.add_pgp(name, bytes);
        } else {
            self.note(name, Found::Unusable("only *.agekey and *.asc are keys that can be used".to_owned()));
        }
    }

    /// Identities of age, one per line, a private SSH key, or a Secret with keys as Flux has them. `place` is shown in messages.
    pub fn add_age(&mut self, place: String, bytes: &[u8]) {
        match std::str::from_utf8(bytes) {
            Ok(text) if is_manifest(text) => self.add_manifest(&place, text),
            Ok(text) => self.add_age_text(place, text, false),
            Err(_) => self.note(place, Found::Unusable("it is no age key".to_owned())),
        }
    }

    fn add_age_text(&mut self, place: String, text: &str, several_per_line: bool) {
        match age::read_identities(text, several_per_line) {
            Ok(identities) if identities.is_empty() => self.note(place, Found::Nothing),
            Ok(identities) => {
                self.note(place, Found::Keys(identities.len()));
                self.age.extend(identities);
            }
            Err((line, problem)) => self.note(place, Found::Unusable(format!("line {line}: {problem}"))),
        }
    }

    /// A private SSH key.
    pub fn add_ssh(&mut self, place: String, bytes: &[u8]) {
        match age::read_ssh(bytes) {
            Ok(identity) => {
                self.note(place, Found::Keys(1));
                self.age.push(identity);
            }
            Err(problem) => self.note(place, Found::Unusable(problem.to_string())),
        }
    }

    /// Armored private keys of PGP, or a Secret with keys as Flux has them.
    pub fn add_pgp(&mut self, place: String, bytes: &[u8]) {
        if let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| is_manifest(text)) {
            return self.add_manifest(&place, text);
        }
        match pgp::read_keys(bytes) {
            Ok(keys) => {
                self.note(place, Found::Keys(keys.len()));
                self.pgp.extend(keys);
            }
            Err(problem) => self.note(place, Found::Unusable(problem.to_string())),
        }
    }

    fn note(&mut self, name: String, found: Found) {
        self.places.push(Place { name, found });
    }

    /// Decrypts a file that age encrypted as a whole.
    ///
    /// # Errors
    /// No identity fits, or it is damaged; with the places where keys were looked for.
    pub fn open_age_file(&self, bytes: &[u8]) -> Result<Masked<Vec<u8>>, (AgeProblem, NoKey)> {
        age::open_file(bytes, &self.age, SIZE_MAX as u64).map_err(|problem| (problem, self.no_key(None, Vec::new())))
    }

    fn no_key(&self, groups: Option<(usize, usize, usize)>, recipients: Vec<(String, String)>) -> NoKey {
        NoKey { recipients, places: self.places.iter().map(ToString::to_string).collect(), groups }
    }

    /// Has it no key at all?
    pub fn is_empty(&self) -> bool {
        self.age.is_empty() && self.pgp.is_empty()
    }

    /// The data key of a file.
    pub(super) fn data_key(&self, metadata: &Metadata) -> Result<DataKey, NoKey> {
        let mut recipients = Vec::new();
        let mut parts = Vec::new();
        for group in &metadata.groups {
            parts.extend(self.open_group(group, &mut recipients));
        }
        let fail = |groups, recipients| Err(self.no_key(groups, recipients));
        if metadata.groups.len() == 1 {
            return match parts.pop() {
                Some(key) => Ok(key),
                None => fail(None, recipients),
            };
        }
        let needed = metadata.threshold.max(2);
        if parts.len() < needed {
            return fail(Some((parts.len(), needed, metadata.groups.len())), recipients);
        }
        shamir::combine(&parts).or_else(|problem| {
            recipients.push(("key groups".to_owned(), problem.to_string()));
            fail(Some((parts.len(), needed, metadata.groups.len())), recipients)
        })
    }

    /// age first, as SOPS does: it asks nobody.
    fn open_group(&self, group: &[Recipient], failed: &mut Vec<(String, String)>) -> Option<DataKey> {
        let mut why_not = Vec::new();
        for recipient in group {
            let why = match recipient {
                Recipient::Age { recipient, enc } => match age::open(enc, recipient, &self.age) {
                    Ok(key) => return Some(key),
                    Err(AgeProblem::NoMatch) if self.age.is_empty() => "there is no identity of age".to_owned(),
                    Err(problem) => problem.to_string(),
                },
                Recipient::Pgp { .. } if self.pgp.is_empty() => {
                    format!("there is no private key of PGP, and gpg is not asked: {PGP_FILE} names a file with one")
                }
                Recipient::Pgp { enc, .. } => match pgp::open(enc, &self.pgp) {
                    Ok(key) => return Some(key),
                    Err(problem) => format!("{problem} ({})", pgp::fingerprints(&self.pgp).join(", ")),
                },
                Recipient::Service { .. } => "services that keep keys are not asked from here".to_owned(),
            };
            why_not.push((recipient.to_string(), why));
        }
        failed.append(&mut why_not);
        None
    }
}

/// Neither a key of age nor one in armor has such a line.
fn is_manifest(text: &str) -> bool {
    text.trim_start().starts_with('{') || text.lines().any(|line| line.starts_with("kind:"))
}

fn variable(inputs: &dyn Inputs, name: &str) -> Option<String> {
    inputs.variable(name).map(|value| value.expose().clone())
}

#[cfg(test)]
mod tests;
