//! Keys and values of one Secret from all its sources. Owns their order (env files, literals, files, as kustomize has it, then
//! what is derived and what is joined from other keys) and which key may come once; must not know types of Secrets.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use krm::Masked;
use krm::pairs::{NotText, env_pairs, file_source, literal, without_value};

use super::compose::{ComposeError, Template};
use super::config::Spec;
use super::derive::Purpose;
use super::docker;
use super::error::SecretError;
use super::names;
use super::seed::seed;
use crate::Inputs;
use crate::encrypted::open_if_encrypted;
use crate::sops::Keyring;

/// Most bytes of all values of a Secret, in Kubernetes.
const BYTES_MAX: usize = 1024 * 1024;

/// What a Secret is to hold.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Keys with values.
    pub(super) values: BTreeMap<String, Masked<Vec<u8>>>,
    /// Templates that only the cluster can fill.
    pub(super) late: BTreeMap<String, Template>,
}

/// Something wrong, and the field that it is in.
pub(super) type Failure = (String, SecretError);

/// Everything, or all that is wrong.
pub(super) fn gather(spec: &Spec, inputs: &dyn Inputs) -> Result<Gathered, Vec<Failure>> {
    let mut all =
        Gatherer { spec, inputs, keyring: OnceCell::new(), gathered: Gathered::default(), failures: Vec::new() };
    all.envs();
    all.literals();
    all.files();
    all.derived();
    for key in spec.create_once.keys() {
        all.unused(key, format!("spec.createOnce.{key}"));
    }
    // What is missing would be told a second time by everything that is made of it.
    if all.failures.is_empty() {
        all.composed();
    }
    if all.failures.is_empty() {
        all.docker_config();
    }
    if all.failures.is_empty() {
        all.omitted();
        all.size();
    }
    if all.failures.is_empty() { Ok(all.gathered) } else { Err(all.failures) }
}

struct Gatherer<'a> {
    spec: &'a Spec,
    inputs: &'a dyn Inputs,
    /// Looked for when the first encrypted file is met, and once: a command that prints keys may ask a person.
    keyring: OnceCell<Keyring>,
    gathered: Gathered,
    failures: Vec<Failure>,
}

impl Gatherer<'_> {
    fn fail(&mut self, field: impl Into<String>, error: impl Into<SecretError>) {
        self.failures.push((field.into(), error.into()));
    }

    fn add(&mut self, field: String, key: &str, value: Masked<Vec<u8>>) {
        if !names::is_key(key) {
            return self.fail(field, SecretError::BadKey { key: key.escape_debug().to_string() });
        }
        if self.gathered.values.insert(key.to_owned(), value).is_some() {
            self.fail(field, SecretError::RepeatedKey { key: key.to_owned() });
        }
    }

    fn unused(&mut self, key: &str, field: String) {
        if self.gathered.values.contains_key(key) {
            self.fail(field, SecretError::RepeatedKey { key: key.to_owned() });
        }
    }

    fn read(&self, path: &str) -> Result<Masked<Vec<u8>>, SecretError> {
        let content = self.inputs.tree_file(path);
        let content = content.map_err(|cause| SecretError::Unreadable { path: path.to_owned(), cause })?;
        let opened =
            open_if_encrypted(path, content, || self.keyring.get_or_init(|| Keyring::from_environment(self.inputs)));
        opened.map_err(|cause| SecretError::Closed { path: path.to_owned(), cause })
    }

    fn envs(&mut self) {
        for (index, path) in self.spec.envs.iter().enumerate() {
            let field = format!("spec.envs[{index}]");
            let content = match self.read(path) {
                Ok(content) => content,
                Err(error) => {
                    self.fail(field, error);
                    continue;
                }
            };
            match env_pairs(content.expose()) {
                Ok(pairs) => {
                    for (key, value) in pairs {
                        self.add(field.clone(), key, Masked::new(value.into()));
                    }
                }
                Err(NotText { line }) => self.fail(field, SecretError::EnvText { path: path.clone(), line }),
            }
        }
    }

    fn literals(&mut self) {
        for (index, source) in self.spec.literals.iter().enumerate() {
            let field = format!("spec.literals[{index}]");
            match literal(source.expose()) {
                Some((key, value)) => self.add(field, key, Masked::new(value.into())),
                None => self.fail(field, SecretError::Literal),
            }
        }
    }

    fn files(&mut self) {
        for (index, source) in self.spec.files.iter().enumerate() {
            let field = format!("spec.files[{index}]");
            let source = source.expose();
            let Some((key, path)) = file_source(source) else {
                self.fail(field, SecretError::FileSource { source_text: without_value(source) });
                continue;
            };
            match self.read(path) {
                Ok(content) => self.add(field, key, content),
                Err(error) => self.fail(field, error),
            }
        }
    }

    fn derived(&mut self) {
        if self.spec.derive.is_empty() {
            return;
        }
        let seed = match seed(self.inputs) {
            Ok(seed) => seed,
            Err(error) => return self.fail("spec.derive", error),
        };
        let Spec { namespace, name, derive, .. } = self.spec;
        for (key, derived) in derive {
            let field = format!("spec.derive.{key}");
            match seed.derive(Purpose { namespace, name, key, version: derived.version }, &derived.shape) {
                Ok(value) => self.add(field, key, value),
                Err(error) => self.fail(field, error),
            }
        }
    }

    /// Fills templates until none is left; one may stand in another.
    fn composed(&mut self) {
        let spec = self.spec;
        let mut open: BTreeMap<&String, &Template> = spec.compose.iter().collect();
        for key in spec.compose.keys() {
            let field = format!("spec.compose.{key}");
            self.unused(key, field.clone());
            if spec.create_once.contains_key(key) {
                self.fail(field, SecretError::RepeatedKey { key: key.clone() });
            }
        }
        let mut late: BTreeSet<&str> = spec.create_once.keys().map(String::as_str).collect();
        loop {
            let ready = |template: &Template| !template.keys().iter().any(|key| open.contains_key(&(*key).to_owned()));
            let now: Vec<&String> = open.iter().filter(|(_, template)| ready(template)).map(|(key, _)| *key).collect();
            if now.is_empty() {
                break;
            }
            for key in now {
                let Some(template) = open.remove(key) else { continue };
                if template.keys().iter().any(|part| late.contains(part)) {
                    late.insert(key);
                    self.leave_to_the_cluster(key, template, &late);
                } else {
                    self.fill(key, template);
                }
            }
        }
        for key in open.into_keys() {
            self.fail(format!("spec.compose.{key}"), ComposeError::Circle { key: key.clone() });
        }
    }

    fn fill(&mut self, key: &str, template: &Template) {
        let field = format!("spec.compose.{key}");
        match self.filled(template) {
            Ok(value) => self.add(field, key, value),
            Err(error) => self.fail(field, error),
        }
    }

    fn filled(&self, template: &Template) -> Result<Masked<Vec<u8>>, ComposeError> {
        let values = &self.gathered.values;
        template.fill(&|key| values.get(key))
    }

    fn leave_to_the_cluster(&mut self, key: &str, template: &Template, late: &BTreeSet<&str>) {
        for part in template.keys() {
            let field = format!("spec.compose.{key}");
            if !late.contains(part) && !self.gathered.values.contains_key(part) {
                self.fail(field, ComposeError::UnknownKey { key: part.to_owned() });
            } else if self.spec.omit.contains(part) {
                self.fail(field, SecretError::OmittedPart { key: part.to_owned() });
            }
        }
        self.gathered.late.insert(key.to_owned(), template.clone());
    }

    fn docker_config(&mut self) {
        if self.spec.registries.is_empty() {
            return;
        }
        let mut logins = Vec::new();
        for (index, registry) in self.spec.registries.iter().enumerate() {
            let field = |part: &str| format!("spec.dockerRegistries[{index}].{part}");
            match (self.filled(&registry.username), self.filled(&registry.password)) {
                (Ok(username), Ok(password)) => {
                    let (registry, email) = (registry.address.as_str(), registry.email.as_deref());
                    logins.push(docker::Login { registry, username, password, email });
                }
                (username, password) => {
                    for (part, result) in [("username", username), ("password", password)] {
                        if let Err(error) = result {
                            self.fail(field(part), error);
                        }
                    }
                }
            }
        }
        self.add("spec.dockerRegistries".to_owned(), docker::KEY, docker::config(&logins));
    }

    fn omitted(&mut self) {
        for key in &self.spec.omit {
            let field = "spec.omit";
            if self.gathered.late.contains_key(key) {
                self.fail(field, SecretError::OmitsLate { key: key.clone() });
            } else if self.gathered.values.remove(key).is_none() {
                self.fail(field, SecretError::OmitsNothing { key: key.escape_debug().to_string() });
            }
        }
    }

    fn size(&mut self) {
        let bytes = self.gathered.values.values().map(|value| value.expose().len()).sum();
        if bytes > BYTES_MAX {
            self.fail("", SecretError::TooLarge { bytes, max: BYTES_MAX });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use krm::yaml::{Limits, parse_documents};

    use super::*;
    use crate::{InputError, from_config};

    fn fixture(path: &str) -> Masked<Vec<u8>> {
        let content: &[u8] = match path {
            "key.txt" => include_bytes!("../../../fixtures/sops/key.txt"),
            "ini/plain.ini" => include_bytes!("../../../fixtures/sops/ini/plain.ini"),
            "ini/encrypted.ini" => include_bytes!("../../../fixtures/sops/ini/encrypted.ini"),
            "yaml/plain.yaml" => include_bytes!("../../../fixtures/sops/yaml/plain.yaml"),
            "yaml/encrypted.yaml" => include_bytes!("../../../fixtures/sops/yaml/encrypted.yaml"),
            _ => panic!("there is no {path}"),
        };
        Masked::new(content.to_vec())
    }

    /// The encrypted fixtures, and their key by a command.
    #[derive(Default)]
    struct Commanded {
        runs: Cell<usize>,
    }

    impl Inputs for Commanded {
        fn tree_file(&self, path: &str) -> Result<Masked<Vec<u8>>, InputError> {
            Ok(fixture(path))
        }

        fn variable(&self, name: &str) -> Option<Masked<String>> {
            (name == "SOPS_AGE_KEY_CMD").then(|| Masked::new("print-key".to_owned()))
        }

        fn operator_command(&self, _command: &str) -> Result<Masked<Vec<u8>>, InputError> {
            self.runs.set(self.runs.get() + 1);
            Ok(fixture("key.txt"))
        }
    }

    #[test]
    fn keys_are_looked_for_once_and_only_where_something_is_encrypted() {
        for (files, expected) in
            [(["yaml/plain.yaml", "ini/plain.ini"], 0), (["yaml/encrypted.yaml", "ini/encrypted.ini"], 1)]
        {
            let config = format!(
                "apiVersion: kubectl-gitops.dev/v1alpha1\nkind: SecretGenerator\nmetadata: {{name: x}}\nspec: {{files: [{}]}}",
                files.join(", ")
            );
            let config = parse_documents(&config, "", &Limits::default()).unwrap();
            let function = from_config(config.first().map(|document| &document.root)).unwrap();
            let inputs = Commanded::default();
            let mut items = Vec::new();
            let findings = function.run(&mut items, &inputs).unwrap();
            assert_eq!(items.len(), 1, "{findings:?}");
            assert_eq!(inputs.runs.get(), expected, "{files:?}");
        }
    }
}
