//! The golden cases as trees of texts. Owns which of them can be built in memory by both sides.

use std::path::{Path, PathBuf};

use crate::render::{Files, is_binary};

/// A tree that is known to mean something.
#[derive(Debug, Clone)]
pub(crate) struct Specimen {
    /// TOPIC/CASE.
    pub(crate) name: String,
    pub(crate) files: Files,
    /// Where the build starts.
    pub(crate) entry: String,
}

/// All golden cases that need neither flags nor programs, in the order of their names.
pub(crate) fn all() -> Vec<Specimen> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/build");
    let mut cases: Vec<PathBuf> = entries(&root).iter().flat_map(|topic| entries(topic)).collect();
    cases.retain(|case| !["plugins", "bin"].iter().any(|folder| case.join(folder).is_dir()));
    let specimens: Vec<Specimen> = cases.iter().filter_map(|case| read(case)).collect();
    assert!(specimens.len() > 500, "only {} cases can be used", specimens.len());
    specimens
}

/// Would a build of this tree ask the network? It may not, and the real tool would wait for an answer.
pub(crate) fn is_remote(files: &Files) -> bool {
    const SIGNS: [&str; 6] = ["://", "github.com", "git@", ".git", "gitlab", "bitbucket"];
    let kustomizations = files.iter().filter(|(path, _)| is_kustomization(path));
    kustomizations.flat_map(|(_, text)| text.lines()).any(|line| {
        let line = line.trim_start().trim_start_matches("- ");
        SIGNS.iter().any(|sign| line.contains(sign)) && !line.starts_with("name:") && !line.contains("example.com/")
    })
}

pub(crate) fn is_kustomization(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = read.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    paths.sort();
    paths
}

fn read(case: &Path) -> Option<Specimen> {
    // A case where we differ on purpose differs with a change in it, too.
    if case.join("why.md").is_file() {
        return None;
    }
    let mut entry = String::new();
    for line in std::fs::read_to_string(case.join("case.toml")).unwrap_or_default().lines() {
        match line.split_once(" = ") {
            Some(("entry", value)) => value.trim_matches('"').clone_into(&mut entry),
            Some(_) => return None,
            None => {}
        }
    }
    let mut files = Files::new();
    let top = case.join("in");
    let mut waiting = vec![top.clone()];
    while let Some(directory) = waiting.pop() {
        for found in std::fs::read_dir(directory).expect("a case has a tree").flatten() {
            let path = found.path();
            let name = path.strip_prefix(&top).expect("it lies below").to_str()?.to_owned();
            match path.symlink_metadata() {
                Ok(what) if what.is_dir() => waiting.push(path),
                Ok(what) if what.is_file() && !is_binary(&name) => {
                    files.insert(name, std::fs::read_to_string(path).ok()?);
                }
                _ => return None,
            }
        }
    }
    let mut parts = case.components().rev().map(|part| part.as_os_str().to_string_lossy().into_owned());
    let (case, topic) = (parts.next()?, parts.next()?);
    // The real tool's own files in memory know no blanks in names.
    if case == "odd-file-names" {
        return None;
    }
    Some(Specimen { name: format!("{topic}/{case}"), files, entry }).filter(|specimen| !is_remote(&specimen.files))
}
