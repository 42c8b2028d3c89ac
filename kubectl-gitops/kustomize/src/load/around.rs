//! What stands around a path that leads nowhere, so that people see what they meant. Owns looking there, within bounds, and
//! choosing what is near; must not read any file.

use std::fmt;
use std::path::{Path, PathBuf};

use super::files::{Files, Kind, clean, relative};
use krm::nearest;

/// The nearest directory that is there, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Around {
    /// The directory, as seen from the one that is being built; empty if nothing is known.
    pub directory: String,
    /// Names in it, the nearest first, directories with a slash at the end.
    pub names: Vec<String>,
    /// How many more there are.
    pub more: usize,
    /// The path that may have been meant, as the user would write it.
    pub meant: Option<String>,
}

/// So many names are told.
const NAMES_MAX: usize = 12;
/// So many directories are searched for a file of the same name.
const SEARCHED_MAX: usize = 64;

/// Who looks: how paths are shown, and from where the user writes them.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) shown: &'a dyn Fn(&Path) -> String,
    pub(super) written_from: &'a Path,
}

impl View<'_> {
    /// What stands around `path`, which is absolute and of which nothing or something else than was wanted is there.
    pub(super) fn around(self, path: &Path) -> Around {
        let path = clean(path);
        if self.files.kind(&path) != Kind::Missing {
            return Around::default();
        }
        let mut directory = path.as_path();
        let mut missing = directory;
        while self.files.kind(directory) != Kind::Directory {
            missing = directory;
            let Some(parent) = directory.parent() else { return Around::default() };
            directory = parent;
        }
        let Ok(listed) = self.files.list(directory) else { return Around::default() };
        let name = file_name(missing);
        let names = self.by_nearness(directory, &name, &listed);
        let more = names.len().saturating_sub(NAMES_MAX);
        let meant = self.meant(directory, missing, &path, &listed);
        Around { directory: (self.shown)(directory), names: names.into_iter().take(NAMES_MAX).collect(), more, meant }
    }

    fn by_nearness(self, directory: &Path, name: &str, listed: &[String]) -> Vec<String> {
        let near = |other: &str| nearest(name, &[other]).is_some();
        let mut names: Vec<&String> = listed.iter().filter(|other| !other.starts_with('.')).collect();
        names.sort_by_key(|other| !near(other));
        let shown = |other: &String| {
            let is_directory = self.files.kind(&directory.join(other)) == Kind::Directory;
            format!("{other}{}", if is_directory { "/" } else { "" })
        };
        names.into_iter().map(shown).collect()
    }

    /// The same path with one name spelled as it is there; else a file of that name one directory deeper or higher.
    fn meant(self, directory: &Path, missing: &Path, path: &Path, listed: &[String]) -> Option<String> {
        let name = file_name(missing);
        let candidates: Vec<&str> = listed.iter().map(String::as_str).collect();
        if let Some(near) = nearest(&name, &candidates) {
            let rest = path.strip_prefix(missing).ok()?;
            let spelled =
                if rest.as_os_str().is_empty() { directory.join(near) } else { directory.join(near).join(rest) };
            if self.files.kind(&spelled) != Kind::Missing {
                return Some(self.written(&spelled));
            }
        }
        let last = path.file_name()?;
        let deeper = listed.iter().take(SEARCHED_MAX).map(|other| directory.join(other).join(last));
        let there = |candidate: &PathBuf| self.files.kind(candidate) == Kind::File;
        deeper
            .into_iter()
            .find(there)
            .or_else(|| Some(self.written_from.join(last)).filter(there))
            .map(|p| self.written(&p))
    }

    fn written(self, path: &Path) -> String {
        relative(self.written_from, path).display().to_string()
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

impl Around {
    /// What may have been meant, as a sentence.
    pub fn hint(&self) -> Option<String> {
        self.meant.as_ref().map(|meant| format!("did you mean `{meant}`?"))
    }

    /// Is there nothing to tell?
    pub fn is_empty(&self) -> bool {
        self.directory.is_empty()
    }
}

/// The directory and its names in lines of their own, without a line break at the end.
impl fmt::Display for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.names.is_empty() {
            return write!(f, "`{}` is empty", self.directory);
        }
        write!(f, "in `{}` there is:", self.directory)?;
        for name in &self.names {
            write!(f, "\n    {}", name.escape_debug())?;
        }
        if self.more > 0 {
            write!(f, "\n    … and {} more", self.more)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::MemoryFiles;

    fn around(path: &str) -> Around {
        let tree: MemoryFiles = [
            ("/in/kustomization.yaml", ""),
            ("/in/base/deployment.yaml", ""),
            ("/in/base/service.yaml", ""),
            ("/in/top.yaml", ""),
            ("/other/x.yaml", ""),
        ]
        .into_iter()
        .collect();
        let written_from = Path::new("/in");
        let shown = |path: &Path| relative(written_from, path).display().to_string();
        View { files: &tree, shown: &shown, written_from }.around(&written_from.join(path))
    }

    #[test]
    fn what_was_meant_is_found() {
        for (path, directory, meant) in [
            ("base/deploymnt.yaml", "base", Some("base/deployment.yaml")),
            ("bse/service.yaml", ".", Some("base/service.yaml")),
            ("service.yaml", ".", Some("base/service.yaml")),
            ("base/top.yaml", "base", Some("top.yaml")),
            ("../othr/x.yaml", "..", Some("../other/x.yaml")),
            ("quite/different", ".", None),
        ] {
            let around = around(path);
            assert_eq!((around.directory.as_str(), around.meant.as_deref()), (directory, meant), "{path}");
        }
    }

    #[test]
    fn the_nearest_name_comes_first_and_directories_are_marked() {
        assert_eq!(around("tip.yaml").names, ["top.yaml", "base/", "kustomization.yaml"]);
        assert_eq!(around("x").to_string(), "in `.` there is:\n    base/\n    kustomization.yaml\n    top.yaml");
    }

    #[test]
    fn what_is_there_has_no_surroundings() {
        assert!(around("top.yaml").is_empty());
    }
}
