//! JSON pointers as the library splits them: what stands before the first slash is not looked at. Owns the way to a place;
//! must not change anything.

use krm::Node;

/// The last step of a path, and the ones that lead there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pointer {
    parents: Vec<String>,
    pub(super) last: String,
}

impl Pointer {
    /// `None` for a path without a slash and nothing before it.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let mut steps = path.split('/').skip(1).map(unescape).collect::<Vec<_>>();
        let last = steps.pop()?;
        Some(Self { parents: steps, last })
    }

    /// The collection that holds the place; `None` if the way there is missing, null or leads through a scalar.
    pub(super) fn holder<'n>(&self, root: &'n mut Node) -> Option<&'n mut Node> {
        let mut at = root;
        for step in &self.parents {
            at = match at {
                Node::Map(map) => map.get_mut(step)?,
                Node::Seq(seq) => {
                    let index = index(step, seq.items.len())?;
                    &mut seq.items[index]
                }
                Node::Scalar(_) => return None,
            };
        }
        (!matches!(at, Node::Scalar(_))).then_some(at)
    }
}

impl Pointer {
    /// For messages: the part of the way that is there, what stands there, and the first step that is missing.
    pub(super) fn deepest<'n>(&self, root: &'n Node) -> (String, &'n Node, String) {
        let mut at = root;
        let mut path = String::new();
        for step in &self.parents {
            let next = match at {
                Node::Map(map) => map.get(step),
                Node::Seq(seq) => index(step, seq.items.len()).map(|index| &seq.items[index]),
                Node::Scalar(_) => None,
            };
            let Some(next) = next else { return (path.clone(), at, format!("{path}/{}", escape(step))) };
            at = next;
            path = format!("{path}/{}", escape(step));
        }
        // All is there, but the last of it holds nothing.
        let missing = format!("{path}/{}", escape(&self.last));
        (path, at, missing)
    }
}

fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

fn unescape(step: &str) -> String {
    let mut out = String::with_capacity(step.len());
    let mut rest = step;
    while let Some(at) = rest.find('~') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (sign, length) = match rest.as_bytes().get(1) {
            Some(b'1') => ('/', 2),
            Some(b'0') => ('~', 2),
            _ => ('~', 1),
        };
        out.push(sign);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

/// The item that a step names; negative ones count from the end.
pub(super) fn index(step: &str, length: usize) -> Option<usize> {
    let number: i64 = step.parse().ok()?;
    let length = i64::try_from(length).ok()?;
    let index = if number < 0 { number + length } else { number };
    if (0..length).contains(&index) { usize::try_from(index).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_split_as_the_library_splits_them() {
        let parsed = |path| Pointer::parse(path).map(|p| (p.parents, p.last));
        assert_eq!(parsed("/a/b~1c~0d/-"), Some((vec!["a".into(), "b/c~d".into()], "-".into())));
        assert_eq!(parsed("x/a"), Some((vec![], "a".into())), "what stands before the first slash does not count");
        assert_eq!(parsed("/~01"), Some((vec![], "~1".into())));
        assert_eq!(parsed("/"), Some((vec![], String::new())));
        assert_eq!(parsed("a"), None);
        assert_eq!(parsed(""), None);
    }

    #[test]
    fn indices_may_count_from_the_end() {
        for (step, expected) in [
            ("0", Some(0)),
            ("2", Some(2)),
            ("3", None),
            ("-1", Some(2)),
            ("-4", None),
            ("x", None),
            ("-", None),
            ("+1", Some(1)),
        ] {
            assert_eq!(index(step, 3), expected, "{step}");
        }
    }
}
