//! Which schema is in force in a build. Owns the one choice that a build makes, and what of the built-in tables counts beside
//! a user's own schema; must not know files.
//!
//! kustomize keeps its schema in variables of the process. The first kustomization that names one, in the order in which they
//! are loaded, decides for all of them. A schema of the user's is then all there is, unless something needed the built-in one
//! before: once read, that stays, below the user's; and if a kind that no table of scopes has was looked up before, it is read
//! together with the user's, and above it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::custom::Custom;
use super::document::Definition;
use super::table::{DEFINITIONS, KINDS};
use super::{SchemaError, SchemaProblem, Scope};

/// kustomize adds its own kinds to every schema.
const OWN_API_VERSION: &str = "kustomize.config.k8s.io/v1beta1";
const OWN_DEFINITIONS: [&str; 5] = [
    "apps.v1.ConfigMapArgs",
    "apps.v1.GeneratorArgs",
    "apps.v1.Kustomization",
    "apps.v1.KvPairSources",
    "apps.v1.SecretArgs",
];

/// What one build knows about types.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    /// The scope of an unknown kind was looked up before the choice.
    asked: AtomicBool,
    /// The type of a kind was looked up before the choice.
    merged: AtomicBool,
    chosen: OnceLock<Chosen>,
    /// Something was looked up for which the chosen schema counts.
    used: AtomicBool,
    /// A place in the chosen schema that nothing can be done with was come across.
    misuse: OnceLock<SchemaProblem>,
}

/// The schema that the build's kustomizations chose.
#[derive(Debug)]
struct Chosen {
    /// The user's own, if it is one and can be read.
    custom: Option<Custom>,
    builtin: Builtin,
    /// The file it is from, for messages.
    file: String,
    problem: Option<SchemaProblem>,
}

/// What of the built-in tables counts beside a user's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Builtin {
    Absent,
    Below,
    Above,
}

/// A definition, in whichever table it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found<'k> {
    /// Its columns in the grammar of `definitions.tsv`.
    Columns(&'static str),
    /// One of the user's.
    Custom(&'k Definition),
}

impl Knowledge {
    pub(super) fn is_chosen(&self) -> bool {
        self.chosen.get().is_some()
    }

    /// Takes the built-in schema for the whole build.
    pub(super) fn choose_builtin(&self) {
        let chosen = Chosen { custom: None, builtin: Builtin::Above, file: String::new(), problem: None };
        // Who chooses second has no say.
        let _first = self.chosen.set(chosen);
    }

    /// Takes the user's. That it cannot be read is known at once, but counts only if it is used.
    pub(super) fn choose_custom(&self, text: &str, file: String) {
        let builtin = match (self.merged.load(Ordering::Relaxed), self.asked.load(Ordering::Relaxed)) {
            (true, _) => Builtin::Below,
            (false, true) => Builtin::Above,
            (false, false) => Builtin::Absent,
        };
        let chosen = match Custom::read(text) {
            Ok(custom) => Chosen { custom: Some(custom), builtin, file, problem: None },
            Err(problem) => Chosen { custom: None, builtin, file, problem: Some(problem) },
        };
        let _first = self.chosen.set(chosen);
    }

    /// Was the schema used although it is of no use?
    pub(super) fn check(&self) -> Result<(), SchemaError> {
        let Some(chosen) = self.chosen.get() else { return Ok(()) };
        if !self.used.load(Ordering::Relaxed) {
            return Ok(());
        }
        let problem = chosen.problem.as_ref().or_else(|| self.misuse.get());
        problem.map_or(Ok(()), |problem| Err(SchemaError { file: chosen.file.clone(), problem: problem.clone() }))
    }

    pub(super) fn has_custom(&self) -> bool {
        self.chosen.get().is_some_and(|chosen| chosen.custom.is_some())
    }

    pub(super) fn misused(&self, problem: SchemaProblem) {
        let _first = self.misuse.set(problem);
    }

    /// The scope of a kind that the built-in tables have no scope of: those always come first.
    pub(super) fn scope(&self, api_version: &str, kind: &str) -> Scope {
        let Some(chosen) = self.chosen.get() else {
            self.asked.store(true, Ordering::Relaxed);
            return Scope::Unknown;
        };
        self.used.store(true, Ordering::Relaxed);
        chosen.custom.as_ref().map_or(Scope::Unknown, |custom| custom.scope(api_version, kind))
    }

    /// The definition of a kind.
    pub(super) fn of_kind(&self, api_version: &str, kind: &str) -> Option<Found<'_>> {
        let builtin = builtin_of_kind(api_version, kind);
        match self.noted() {
            Some(Chosen { custom: Some(custom), builtin: counts, .. }) => {
                let custom = custom.of_kind(api_version, kind).map(Found::Custom);
                counts.first(api_version == OWN_API_VERSION, builtin, custom)
            }
            _ => builtin,
        }
    }

    /// A definition by its short name.
    pub(super) fn short(&self, name: &str) -> Option<Found<'_>> {
        let builtin = builtin_short(name);
        match self.noted() {
            Some(Chosen { custom: Some(custom), builtin: counts, .. }) => {
                let custom = custom.definition(&long(name)).map(Found::Custom);
                counts.first(OWN_DEFINITIONS.contains(&name), builtin, custom)
            }
            _ => builtin,
        }
    }

    fn noted(&self) -> Option<&Chosen> {
        let chosen = self.chosen.get();
        let flag = if chosen.is_some() { &self.used } else { &self.merged };
        flag.store(true, Ordering::Relaxed);
        chosen
    }
}

impl Builtin {
    fn first<'k>(self, is_own: bool, builtin: Option<Found<'k>>, custom: Option<Found<'k>>) -> Option<Found<'k>> {
        match self {
            _ if is_own => builtin.or(custom),
            Self::Absent => custom,
            Self::Below => custom.or(builtin),
            Self::Above => builtin.or(custom),
        }
    }
}

/// The built-in definition of a kind.
pub(super) fn builtin_of_kind(api_version: &str, kind: &str) -> Option<Found<'static>> {
    let columns = KINDS.find(&[api_version, "\t", kind, "\t"])?;
    builtin_short(columns.split('\t').nth(1).filter(|name| *name != "-")?)
}

/// A built-in definition by its short name.
pub(super) fn builtin_short(name: &str) -> Option<Found<'static>> {
    DEFINITIONS.find(&[name, "\t"]).map(Found::Columns)
}

/// The short names of the embedded tables leave out what nearly all names start with.
pub(super) fn short_name(long: &str) -> String {
    if let Some(rest) = long.strip_prefix("io.k8s.api.") {
        return rest.to_owned();
    }
    long.strip_prefix("io.k8s.apimachinery.pkg.apis.").map_or_else(|| format!("+{long}"), |rest| format!("/{rest}"))
}

fn long(short: &str) -> String {
    match short.as_bytes().first() {
        Some(b'+') => short[1..].to_owned(),
        Some(b'/') => format!("io.k8s.apimachinery.pkg.apis.{}", &short[1..]),
        _ => format!("io.k8s.api.{short}"),
    }
}
