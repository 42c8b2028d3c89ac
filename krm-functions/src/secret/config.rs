//! The functionConfig of `SecretGenerator`: one Secret. Owns its fields and what they may hold; must not know where values
//! come from. Fields that kustomize's `secretGenerator` has keep their names and meaning.

use std::collections::{BTreeMap, BTreeSet};

use krm::{Masked, Node};
use serde::Deserialize;

use super::SecretGenerator;
use super::compose::Template;
use super::names;
use super::policy;
use super::shape::Shape;
use crate::config;
use crate::registry::ConfigError;
use crate::schema::Problem;

const KIND: &str = "SecretGenerator";
/// Most composed keys of one Secret; each may name others.
const COMPOSED_MAX: usize = 500;
/// Where `docker login` sends its credentials if no registry is named, as kubectl has it.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// What becomes of a Secret of the same name, in kustomize's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Behavior {
    /// There must be none.
    #[default]
    Create,
    /// Its data are replaced.
    Replace,
    /// Ours are put over its data.
    Merge,
}

impl Behavior {
    /// As in the configuration and in kustomize's annotation.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Merge => "merge",
        }
    }
}

/// Metadata, and what kustomize is to do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(super) struct Options {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) immutable: bool,
    pub(super) disable_name_suffix_hash: bool,
}

/// `spec` as people write it. Has no `Debug`: literals are values.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Written {
    name: String,
    namespace: String,
    behavior: Behavior,
    #[serde(rename = "type")]
    secret_type: String,
    literals: Vec<String>,
    files: Vec<String>,
    envs: Vec<String>,
    options: Options,
    docker_registries: Vec<WrittenRegistry>,
    derive: BTreeMap<String, WrittenDerived>,
    create_once: BTreeMap<String, policy::Written>,
    compose: BTreeMap<String, String>,
    omit: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WrittenRegistry {
    registry: Option<String>,
    username: String,
    password: String,
    email: Option<String>,
}

/// [`policy::Written`] and a version.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct WrittenDerived {
    #[serde(rename = "as")]
    shape: policy::Word,
    length: Option<u32>,
    classes: Option<Vec<policy::Class>>,
    symbols: Option<String>,
    exclude: Option<String>,
    bytes: Option<u32>,
    version: Option<u32>,
}

/// A Secret as the configuration describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spec {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) behavior: Behavior,
    /// Never empty.
    pub(super) secret_type: String,
    pub(super) literals: Vec<Masked<String>>,
    /// Masked, because a value in the wrong list is still a value.
    pub(super) files: Vec<Masked<String>>,
    pub(super) envs: Vec<String>,
    pub(super) options: Options,
    pub(super) registries: Vec<Registry>,
    pub(super) derive: BTreeMap<String, Derived>,
    pub(super) create_once: BTreeMap<String, policy::Written>,
    pub(super) compose: BTreeMap<String, Template>,
    pub(super) omit: BTreeSet<String>,
}

/// Credentials for one container registry. Name and password may name other keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Registry {
    pub(super) address: String,
    pub(super) username: Template,
    pub(super) password: Template,
    pub(super) email: Option<String>,
}

/// A value made from the seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Derived {
    pub(super) shape: Shape,
    pub(super) version: u32,
}

/// What is wrong with a configuration beyond what its schema says, each thing with the path of its field. Never holds a value.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    /// `what` is wrong with `path`.
    pub(super) fn add(&mut self, path: &str, what: impl std::fmt::Display) {
        self.0.push(Problem::new(path, what.to_string()));
    }

    /// Is there none?
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn finish(self) -> Result<(), ConfigError> {
        if self.0.is_empty() { Ok(()) } else { Err(ConfigError::Problems { kind: KIND, problems: self.0 }) }
    }
}

impl SecretGenerator {
    /// From a functionConfig of kind `SecretGenerator`.
    ///
    /// # Errors
    /// It has fields that are unknown, of another type or that contradict each other.
    pub fn from_config(config: Option<&Node>) -> Result<Self, ConfigError> {
        let written: Written = config::read(KIND, config)?;
        let mut problems = Problems::default();
        let metadata =
            |field: &str| config.and_then(|config| config.str_at(&["metadata", field])).unwrap_or_default().to_owned();
        let spec = understood(written, metadata("name"), metadata("namespace"), &mut problems);
        check(&spec, &mut problems);
        problems.finish()?;
        Ok(Self { spec })
    }
}

fn understood(written: Written, name: String, namespace: String, problems: &mut Problems) -> Spec {
    let Written {
        name: own_name,
        namespace: own_namespace,
        behavior,
        secret_type,
        literals,
        files,
        envs,
        options,
        docker_registries,
        derive,
        create_once,
        compose,
        omit,
    } = written;
    let default_type = if docker_registries.is_empty() { "Opaque" } else { "kubernetes.io/dockerconfigjson" };
    let derive = derive.into_iter().map(|(key, written)| {
        let derived = derived(written, &format!("spec.derive.{key}"), problems);
        (key, derived)
    });
    let derive = derive.collect();
    for (key, written) in &create_once {
        // The apply engine makes the value; that it can is known now.
        let _fits: Shape = written.shape(&format!("spec.createOnce.{key}"), problems);
    }
    let compose = compose.into_iter().map(|(key, text)| {
        let template = parsed(&Masked::new(text), &format!("spec.compose.{key}"), problems);
        (key, template)
    });
    let compose = compose.collect();
    let registries = docker_registries.into_iter().enumerate();
    let registries = registries.map(|(index, written)| registry(written, index, problems)).collect();
    Spec {
        name: if own_name.is_empty() { name } else { own_name },
        namespace: if own_namespace.is_empty() { namespace } else { own_namespace },
        behavior,
        secret_type: if secret_type.is_empty() { default_type.to_owned() } else { secret_type },
        literals: literals.into_iter().map(Masked::new).collect(),
        files: files.into_iter().map(Masked::new).collect(),
        envs,
        options,
        registries,
        derive,
        create_once,
        compose,
        omit: omit.into_iter().collect(),
    }
}

fn derived(written: WrittenDerived, path: &str, problems: &mut Problems) -> Derived {
    let WrittenDerived { shape, length, classes, symbols, exclude, bytes, version } = written;
    let version = version.unwrap_or(1);
    if version == 0 {
        problems.add(&format!("{path}.version"), "must be at least 1");
    }
    let shape = policy::Written { shape, length, classes, symbols, exclude, bytes };
    Derived { shape: shape.shape(path, problems), version }
}

fn registry(written: WrittenRegistry, index: usize, problems: &mut Problems) -> Registry {
    let WrittenRegistry { registry, username, password, email } = written;
    let path = format!("spec.dockerRegistries[{index}]");
    Registry {
        address: registry.filter(|registry| !registry.is_empty()).unwrap_or_else(|| DOCKER_HUB.to_owned()),
        username: parsed(&Masked::new(username), &format!("{path}.username"), problems),
        password: parsed(&Masked::new(password), &format!("{path}.password"), problems),
        email,
    }
}

fn parsed(text: &Masked<String>, path: &str, problems: &mut Problems) -> Template {
    Template::parse(text.expose()).unwrap_or_else(|error| {
        problems.add(path, error);
        Template::default()
    })
}

fn check(spec: &Spec, problems: &mut Problems) {
    if spec.name.is_empty() {
        problems.add("spec.name", "is missing, and so is `metadata.name`");
    } else if !names::is_object_name(&spec.name) {
        problems.add("spec.name", names::OBJECT_NAME);
    }
    if !spec.namespace.is_empty() && !names::is_label(&spec.namespace) {
        problems.add("spec.namespace", names::LABEL);
    }
    if !spec.registries.is_empty() && spec.secret_type != "kubernetes.io/dockerconfigjson" {
        problems.add("spec.dockerRegistries", "belongs to Secrets of type `kubernetes.io/dockerconfigjson`");
    }
    for (index, registry) in spec.registries.iter().enumerate() {
        if spec.registries[..index].iter().any(|other| other.address == registry.address) {
            problems.add(&format!("spec.dockerRegistries[{index}].registry"), "is there twice");
        }
    }
    let made: [(&str, Vec<&String>); 3] = [
        ("derive", spec.derive.keys().collect()),
        ("createOnce", spec.create_once.keys().collect()),
        ("compose", spec.compose.keys().collect()),
    ];
    for (field, keys) in made {
        for key in keys.into_iter().filter(|key| !names::is_key(key)) {
            problems.add(&format!("spec.{field}"), format_args!("{} (`{}`)", names::KEY, key.escape_debug()));
        }
    }
    if !spec.create_once.is_empty() && spec.behavior != Behavior::Create {
        problems.add("spec.behavior", "has no meaning beside `createOnce`: what is in the cluster is never changed");
    }
    if spec.compose.len() > COMPOSED_MAX {
        problems.add("spec.compose", format_args!("must have at most {COMPOSED_MAX} keys"));
    }
    for key in spec.omit.iter().filter(|key| spec.create_once.contains_key(*key)) {
        problems.add("spec.omit", format_args!("`{key}` is made once in the cluster and cannot be left out"));
    }
}
