//! From what was asked for to one commit.

use std::cmp::Ordering;

use super::origin::{Notes, Origin, Wanted};
use super::semver::{Range, Version};
use super::wire::Ref;
use super::{GitError, Reference, Revision};

/// Names that are alike and told.
const NEAREST_MAX: usize = 3;

/// What needs no server.
pub(super) fn without_asking(reference: &Reference) -> Result<Option<Revision>, GitError> {
    match reference {
        Reference::Commit { commit, branch } => {
            if !Reference::is_commit(commit) {
                let what = "a commit's full name of 40 or 64 hexadecimal digits";
                return Err(GitError::Reference { text: commit.clone(), what });
            }
            let name = branch.clone().unwrap_or_default();
            Ok(Some(Revision { name, commit: commit.to_ascii_lowercase() }))
        }
        Reference::Branch(name) | Reference::Tag(name) | Reference::Name(name) if !is_name(name) => {
            Err(GitError::Reference { text: name.clone(), what: "a name that Git allows" })
        }
        Reference::SemVer(range) if Range::parse(range).is_none() => {
            Err(GitError::Reference { text: range.clone(), what: "a range of versions" })
        }
        _ => Ok(None),
    }
}

/// The highest tag in a range. Among equal versions, which only their build metadata tells apart, the latest commit counts.
async fn highest(origin: &mut Origin, refs: &[Ref], range: &str) -> Result<Option<Revision>, GitError> {
    let range = Range::parse(range).expect("it was read before");
    let mut found: Vec<(Version, &str, &Ref)> = Vec::new();
    for tag in refs {
        let Some(name) = tag.name.strip_prefix("refs/tags/") else { continue };
        let Some(version) = Version::of_tag(name).filter(|version| range.holds(version)) else { continue };
        match found.first().map_or(Ordering::Greater, |(best, _, _)| version.compare(best)) {
            Ordering::Greater => found = vec![(version, name, tag)],
            Ordering::Equal => found.push((version, name, tag)),
            Ordering::Less => {}
        }
    }
    found.sort_by(|a, b| a.1.cmp(b.1));
    let mut best = None;
    for (_, name, tag) in &found {
        // Only a tie needs the commits.
        let time = if found.len() > 1 {
            let wanted = Wanted { commit: tag.commit(), name, others: Vec::new(), cache: None };
            origin.fetch(&wanted, &mut Notes::default()).await?.commit(&tag.commit())?.time
        } else {
            0
        };
        if best.is_none_or(|(latest, _, _)| time >= latest) {
            best = Some((time, *name, *tag));
        }
    }
    Ok(best.map(|(_, name, tag)| revision(name, tag)))
}

/// As `git check-ref-format --allow-onelevel` has it.
pub(super) fn is_name(name: &str) -> bool {
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.strip_suffix(".lock").is_none();
    !name.is_empty()
        && name.len() <= 500
        && name != "@"
        && name.split('/').all(part)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && !name.starts_with('-')
        && !name.chars().any(|c| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\'))
}

/// Asks the server.
pub(super) async fn resolve(origin: &mut Origin, reference: &Reference) -> Result<Revision, GitError> {
    let prefixes = prefixes(reference);
    let refs = origin.refs(&prefixes).await?;
    let found = match reference {
        Reference::Head => refs.iter().find(|found| found.name == "HEAD").map(|head| {
            let target = head.target.as_deref().unwrap_or_default();
            revision(target.strip_prefix("refs/heads/").unwrap_or(target), head)
        }),
        Reference::Branch(name) => exact(&refs, &prefixes[0]).map(|found| revision(name, found)),
        Reference::Tag(name) => exact(&refs, &prefixes[0]).map(|found| revision(name, found)),
        Reference::Name(_) => prefixes.iter().find_map(|full| exact(&refs, full).map(|found| revision(full, found))),
        Reference::SemVer(range) => highest(origin, &refs, range).await?,
        Reference::Commit { .. } => None,
    };
    match found {
        Some(revision) => Ok(revision),
        None => Err(missing(origin, reference).await),
    }
}

fn exact<'a>(refs: &'a [Ref], name: &str) -> Option<&'a Ref> {
    refs.iter().find(|found| found.name == name)
}

fn revision(name: &str, found: &Ref) -> Revision {
    Revision { name: name.to_owned(), commit: found.commit().to_string() }
}

/// What the server is asked for: names that begin like this.
fn prefixes(reference: &Reference) -> Vec<String> {
    match reference {
        Reference::Head => vec!["HEAD".to_owned()],
        Reference::Branch(name) => vec![format!("refs/heads/{name}")],
        Reference::Tag(name) => vec![format!("refs/tags/{name}")],
        Reference::Name(name) if name == "HEAD" || name.starts_with("refs/") => vec![name.clone()],
        Reference::Name(name) => {
            ["", "refs/", "refs/tags/", "refs/heads/"].iter().map(|prefix| format!("{prefix}{name}")).collect()
        }
        Reference::SemVer(_) | Reference::Commit { .. } => vec!["refs/tags/".to_owned()],
    }
}

/// Nothing of that name: what else is there?
async fn missing(origin: &mut Origin, reference: &Reference) -> GitError {
    let (wanted, name, among) = match reference {
        Reference::Head => ("branch that its HEAD names: it is empty".to_owned(), "", ""),
        Reference::Branch(name) => (format!("branch `{name}`"), name.as_str(), "refs/heads/"),
        Reference::Tag(name) => (format!("tag `{name}`"), name.as_str(), "refs/tags/"),
        Reference::SemVer(range) => (format!("tag in the range `{range}`"), "", ""),
        Reference::Name(name) => (format!("reference `{name}`"), name.as_str(), "refs/"),
        Reference::Commit { commit, .. } => (format!("commit {commit}"), "", ""),
    };
    let others = if among.is_empty() { Vec::new() } else { origin.refs(&[among.to_owned()]).await.unwrap_or_default() };
    let others: Vec<_> = others.iter().filter_map(|other| other.name.strip_prefix(among)).collect();
    GitError::NoReference { remote: origin.shown(), wanted, nearest: nearest(name, &others) }
}

pub(super) fn nearest(name: &str, others: &[&str]) -> Vec<String> {
    let last = name.rsplit('/').next().unwrap_or(name);
    let ratio = |other: &str| {
        let short = other.rsplit('/').next().unwrap_or(other);
        let whole = similar::TextDiff::from_chars(name, other).ratio();
        whole.max(similar::TextDiff::from_chars(last, short).ratio())
    };
    let mut alike: Vec<_> =
        others.iter().take(2000).map(|other| (ratio(other), *other)).filter(|(r, _)| *r > 0.6).collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    alike.into_iter().take(NEAREST_MAX).map(|(_, other)| other.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_git_allows() {
        for name in ["main", "feature/x", "refs/heads/main", "v1.2.0-rc.1", "ä", "a@b"] {
            assert!(is_name(name), "{name}");
        }
        for name in
            ["", "-x", "a..b", "a b", "a/", "/a", ".a", "a/.b", "a.lock", "a^", "a:b", "a\nb", "@", "a@{1}", "x*"]
        {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn commits_need_no_server() {
        let commit = "CE013625030ba8dba906f756967f9e9ca394464a".to_owned();
        let reference = Reference::Commit { commit, branch: Some("main".to_owned()) };
        let revision = without_asking(&reference).unwrap().unwrap();
        assert_eq!(revision.to_string(), "main@sha1:ce013625030ba8dba906f756967f9e9ca394464a");
        assert!(without_asking(&Reference::Commit { commit: "ce01".to_owned(), branch: None }).is_err());
    }

    #[test]
    fn names_that_are_alike_are_told() {
        assert_eq!(nearest("mian", &["main", "develop", "maintenance"]), ["main"]);
        assert_eq!(nearest("x", &["main"]), Vec::<String>::new());
    }
}
