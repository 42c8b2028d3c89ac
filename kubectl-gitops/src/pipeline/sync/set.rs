//! Which set a directory of a repository is. The name is known before anything is fetched: an unchanged repository is not.

use super::super::identity::Identity;
use crate::error::{CliError, Code, Result};
use crate::inventory::marks::NAME_ANNOTATION;
use crate::inventory::{RootRef, Source};
use crate::settings::{SYSTEM_NAMESPACE, SyncSettings};
use crate::source::{derive_name, shown_url, validate_name};

/// The set: `gitops-system/gitops-NAMESPACE.NAME`; where that is out of reach, in another namespace. `namespace`: of `-n`, else of
/// the context.
pub(super) fn identify(settings: &SyncSettings, namespace: &str) -> Result<Identity> {
    let url = shown_url(&settings.remote);
    let derived = settings.run.name.is_none();
    let name = match &settings.run.name {
        Some(name) => name.clone(),
        None => derive(&url, &settings.path).ok_or_else(|| {
            let text = format!("no name follows from `{url}` and `{}`", settings.path);
            CliError::new(Code::NoName, text).hint("give the set a name with --name")
        })?,
    };
    for text in [namespace, &name] {
        validate_name(text).map_err(|error| {
            CliError::new(Code::NoName, error)
                .hint("names are of lower-case letters, digits and `-`: see --name and -n")
        })?;
    }
    let place = settings.run.inventory_namespace.as_deref().unwrap_or(SYSTEM_NAMESPACE);
    Ok(Identity {
        root: RootRef::of_set(place, &format!("{namespace}.{name}")),
        derived,
        source: Source::Git { url, path: settings.path.clone() },
        revision: String::new(),
    })
}

/// What is told where the kustomization calls itself otherwise: its annotation is read after the set is known.
pub(super) fn other_name(set: &Identity, annotated: Option<&str>) -> Option<String> {
    let own = set.root.set_name().rsplit('.').next()?;
    let name = annotated.filter(|name| set.derived && *name != own)?;
    Some(format!(
        "the kustomization calls its set `{name}` ({NAME_ANNOTATION}), which only --name can do for `sync`: this set is `{own}`"
    ))
}

/// `NAMESPACE/NAME`
pub(super) fn shown(root: &RootRef) -> String {
    root.set_name().replacen('.', "/", 1)
}

/// From the directory's name, for the top of a repository from the repository's.
fn derive(url: &str, path: &str) -> Option<String> {
    if path != "." {
        return derive_name(path.as_ref());
    }
    let last = url.trim_end_matches('/').rsplit(['/', ':']).next()?;
    derive_name(last.strip_suffix(".git").unwrap_or(last).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_has_no_effect_is_told() {
        let mut set = Identity {
            root: RootRef::of_set("gitops-system", "shop.web"),
            derived: true,
            source: Source::Files,
            revision: String::new(),
        };
        assert_eq!(other_name(&set, None), None);
        assert_eq!(other_name(&set, Some("web")), None);
        assert!(other_name(&set, Some("front")).is_some_and(|told| told.contains("`front`") && told.contains("`web`")));
        set.derived = false;
        assert_eq!(other_name(&set, Some("front")), None);
    }

    #[test]
    fn a_name_comes_from_the_directory_or_the_repository() {
        for (url, path, name) in [
            ("https://git.example.com/ann/Home.git", ".", Some("home")),
            ("git@git.example.com:home.git", ".", Some("home")),
            ("https://git.example.com/ann/home/", ".", Some("home")),
            ("https://git.example.com/ann/home.git", "apps/Prod_1", Some("prod-1")),
            ("https://git.example.com/ann/...", ".", None),
        ] {
            assert_eq!(derive(url, path).as_deref(), name, "{url} {path}");
        }
    }
}
