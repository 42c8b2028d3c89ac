//! Which applied set an input is: its name, where its inventory lies, and the source that the inventory remembers.

use std::path::Path;

use crate::error::{CliError, Code, Result};
use crate::inventory::{RootRef, Source, marks};
use crate::settings::RunSettings;
use crate::source::{derive_name, validate_name};

use super::render::Rendered;

/// A set, before anything is read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// Its inventory.
    pub(super) root: RootRef,
    /// The name was not given by a flag: then the source must be the recorded one.
    pub(super) derived: bool,
    /// What it is applied from.
    pub(super) source: Source,
    /// Revision of the source; empty if unknown.
    pub(super) revision: String,
}

/// Finds the set of an input. `namespace`: of `-n`, else of the context.
pub(super) fn identify(rendered: &Rendered, settings: &RunSettings, namespace: &str) -> Result<Identity> {
    let annotation = rendered.annotation(marks::NAME_ANNOTATION);
    let (name, derived) = match (&settings.name, annotation) {
        (Some(name), _) => (name.clone(), false),
        (None, Some(name)) => (name.to_owned(), true),
        (None, None) => (from_directory(rendered)?, true),
    };
    validate_name(&name).map_err(|error| {
        let hint = "give a name of lower-case letters, digits and `-` with --name";
        CliError::new(Code::NoName, error).hint(hint)
    })?;
    let namespace = settings.inventory_namespace.as_deref().unwrap_or(namespace);
    Ok(Identity {
        root: RootRef::of_set(namespace, &name),
        derived,
        source: source(rendered),
        revision: rendered.checkout.as_ref().map(crate::source::Checkout::revision).unwrap_or_default(),
    })
}

fn from_directory(rendered: &Rendered) -> Result<String> {
    let Some(directory) = &rendered.directory else {
        return Err(CliError::new(Code::NoName, "input from -f names no set").hint("give it a name with --name"));
    };
    // A directory that was fetched has a name where it came from, whatever it is called on this disk.
    let called = rendered.checkout.as_ref().filter(|_| rendered.fetched.is_some());
    let called = match called.map(|checkout| (checkout.path.as_str(), checkout.remote.as_str())) {
        Some((".", remote)) => Path::new(remote.trim_end_matches('/').trim_end_matches(".git")),
        Some((path, _)) => Path::new(path),
        None => directory,
    };
    derive_name(called).ok_or_else(|| {
        let text = format!("no name follows from the directory `{}`", called.display());
        CliError::new(Code::NoName, text).hint("give the set a name with --name")
    })
}

fn source(rendered: &Rendered) -> Source {
    match (&rendered.checkout, &rendered.directory) {
        (Some(checkout), _) if !checkout.remote.is_empty() => {
            Source::Git { url: checkout.remote.clone(), path: checkout.path.clone() }
        }
        (_, Some(directory)) => Source::Directory { path: directory.display().to_string() },
        (_, None) => Source::Files,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Checkout;

    fn rendered() -> Rendered {
        Rendered {
            local: Vec::new(),
            objects: Vec::new(),
            warnings: Vec::new(),
            annotations: Vec::new(),
            shown: "overlays/prod".to_owned(),
            directory: Some("/srv/home/overlays/Prod".into()),
            checkout: None,
            functions: Vec::new(),
            hashes: Vec::new(),
            volatile: false,
            fetched: None,
        }
    }

    fn name(rendered: &Rendered, settings: &RunSettings) -> Result<(String, bool)> {
        identify(rendered, settings, "shop").map(|found| (found.root.to_string(), found.derived))
    }

    #[test]
    fn a_name_is_given_annotated_or_derived() {
        let plain = RunSettings::default();
        let named = RunSettings { name: Some("given".to_owned()), ..RunSettings::default() };
        let mut input = rendered();
        assert_eq!(name(&input, &plain).unwrap(), ("shop/gitops-prod".to_owned(), true));
        input.annotations.push((marks::NAME_ANNOTATION.into(), "annotated".into()));
        assert_eq!(name(&input, &plain).unwrap(), ("shop/gitops-annotated".to_owned(), true));
        assert_eq!(name(&input, &named).unwrap(), ("shop/gitops-given".to_owned(), false));
        let elsewhere = RunSettings { inventory_namespace: Some("infra".to_owned()), ..named };
        assert_eq!(name(&input, &elsewhere).unwrap().0, "infra/gitops-given");
    }

    #[test]
    fn files_need_a_name() {
        let input = Rendered { directory: None, ..rendered() };
        let error = name(&input, &RunSettings::default()).unwrap_err();
        assert_eq!((error.code, error.hints[0].as_str()), (Code::NoName, "give it a name with --name"));
    }

    #[test]
    fn a_repository_is_one_source_wherever_it_is_checked_out() {
        let checkout = Checkout {
            remote: "https://git.example.com/home.git".to_owned(),
            path: "overlays/prod".to_owned(),
            branch: "main".to_owned(),
            commit: "4f2c9a1d0b3e5f60718293a4b5c6d7e8f9012345".to_owned(),
        };
        let input = Rendered { checkout: Some(checkout), ..rendered() };
        let found = identify(&input, &RunSettings::default(), "shop").unwrap();
        assert_eq!(found.source.to_string(), "https://git.example.com/home.git overlays/prod");
        assert_eq!(found.revision, "main@4f2c9a1d0b3e");
    }
}
