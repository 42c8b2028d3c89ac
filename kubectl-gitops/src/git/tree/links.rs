//! Do symbolic links stay in their tree? Followed as a file system follows them, through each other, before any is made.

use std::collections::BTreeMap;

/// Links that are followed for one, as in Linux.
const HOPS_MAX: usize = 40;

/// The links that leave the tree or never end, and why. Paths have `/`; targets are as they are written. One that leads through
/// another of them is among them, too, so that the rest is good without them.
pub(super) fn offenders(links: &BTreeMap<Vec<u8>, Vec<u8>>) -> BTreeMap<Vec<u8>, &'static str> {
    links.keys().filter_map(|path| Some((path.clone(), follow(path, links)?))).collect()
}

fn follow(path: &[u8], links: &BTreeMap<Vec<u8>, Vec<u8>>) -> Option<&'static str> {
    let mut here: Vec<Vec<u8>> = Vec::new();
    // Parts still to be walked, the next one last.
    let mut ahead: Vec<Vec<u8>> = path.split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec).collect();
    let mut hops = 0;
    while let Some(part) = ahead.pop() {
        match part.as_slice() {
            b"" | b"." => continue,
            b".." => {
                if here.pop().is_none() {
                    return Some("the link leaves the tree");
                }
                continue;
            }
            _ => here.push(part),
        }
        let Some(target) = links.get(&here.join(&b'/')) else { continue };
        hops += 1;
        if hops > HOPS_MAX {
            return Some("the link leads in circles");
        }
        if target.is_empty() || target.contains(&0) {
            return Some("the link has no target");
        }
        if target.starts_with(b"/") || target.contains(&b'\\') {
            return Some("the link's target is absolute");
        }
        here.pop();
        ahead.extend(target.split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(links: &[(&str, &str)]) -> Option<(String, &'static str)> {
        let links = links.iter().map(|(path, target)| (path.as_bytes().to_vec(), target.as_bytes().to_vec())).collect();
        offenders(&links).into_iter().map(|(path, why)| (String::from_utf8_lossy(&path).into_owned(), why)).next()
    }

    #[test]
    fn links_that_stay_are_accepted() {
        for links in [
            &[("a", "b")][..],
            &[("a/b", "../c")],
            &[("a/b", ".")],
            &[("a/b/c", "../../d/./e//f")],
            &[("a", "b"), ("b", "c/d"), ("c", "e")],
            &[("a", "nowhere/at/all")],
            &[("a", "x/..")],
        ] {
            assert_eq!(check(links), None, "{links:?}");
        }
    }

    #[test]
    fn links_that_leave_are_found_whatever_way_they_take() {
        for links in [
            &[("a", "/etc/passwd")][..],
            &[("a", "..")],
            &[("a/b", "../../x")],
            &[("a", "x/../..")],
            // By its text it stays; by way of another link it does not.
            &[("x/l", "../d"), ("top", "x/l/../../etc")],
            &[("b/c", ".."), ("a", "b/c/../x")],
            &[("a", "\\etc")],
            &[("a", "")],
        ] {
            assert!(check(links).is_some(), "{links:?}");
        }
        assert_eq!(check(&[("a", "b"), ("b", "a")]).unwrap().1, "the link leads in circles");
        assert_eq!(check(&[("a", "a/x")]).unwrap().1, "the link leads in circles");
    }
}
