//! Ranges of versions as Masterminds/semver 3.5 reads them, which is what Flux uses. Pure.

use std::cmp::Ordering;

/// Longest range, and most alternatives in it.
const RANGE_MAX: usize = 512;
const ALTERNATIVES_MAX: usize = 32;
/// Longest version.
const VERSION_MAX: usize = 256;

/// A version; what follows a `+` does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    numbers: [u64; 3],
    pre: String,
}

impl Version {
    /// A tag with all three numbers, perhaps with a `v` before them and leading zeros in them.
    pub(super) fn of_tag(tag: &str) -> Option<Self> {
        (tag.matches('.').count() >= 2).then(|| Self::parse(tag))?
    }

    fn parse(text: &str) -> Option<Self> {
        let (parts, pre, rest) = take_version(text)?;
        let numbers: Vec<u64> = parts.iter().map(|part| part.parse().ok()).collect::<Option<_>>()?;
        if !rest.is_empty() || text.len() > VERSION_MAX {
            return None;
        }
        let number = |at: usize| numbers.get(at).copied().unwrap_or(0);
        Some(Self { numbers: [number(0), number(1), number(2)], pre: valid_pre(pre)? })
    }

    /// Which comes first.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => compare_pre(&self.pre, &other.pre),
        })
    }
}

/// Alternatives, each of conditions that all hold.
#[derive(Debug, Clone)]
pub(super) struct Range(Vec<Vec<Condition>>);

#[derive(Debug, Clone)]
struct Condition {
    operator: Operator,
    version: Version,
    /// How many of the numbers are given: what is missing or `x` stands for any.
    given: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

impl Range {
    /// Reads a range; nothing if it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > RANGE_MAX {
            return None;
        }
        let text = rewritten(text);
        if text.split("||").count() > ALTERNATIVES_MAX {
            return None;
        }
        text.split("||").map(conditions).collect::<Option<_>>().map(Self)
    }

    /// Is this version in it?
    pub(super) fn holds(&self, version: &Version) -> bool {
        self.0.iter().any(|all| {
            // Pre-releases count only where one of the conditions names one.
            let pre = version.pre.is_empty() || all.iter().any(|condition| !condition.version.pre.is_empty());
            pre && all.iter().all(|condition| condition.holds(version))
        })
    }
}

impl Condition {
    fn holds(&self, version: &Version) -> bool {
        let order = version.compare(&self.version);
        let [major, minor, _] = version.numbers;
        let [own_major, own_minor, own_patch] = self.version.numbers;
        let same_major = major == own_major;
        match self.operator {
            Operator::Equal if self.given == 3 => order == Ordering::Equal,
            Operator::Equal | Operator::Tilde => {
                let any = [own_major, own_minor, own_patch] == [0; 3] && matches!(self.given, 0 | 3);
                order != Ordering::Less && (any || (same_major && (minor == own_minor || self.given == 1)))
            }
            Operator::NotEqual => match self.given {
                1 => !same_major,
                2 if !same_major || minor != own_minor || version.numbers[2] == own_patch => {
                    !same_major || minor != own_minor || self.differs_in_pre(version)
                }
                2 => self.differs_in_pre(version),
                0 if version.numbers == [0; 3] => order != Ordering::Equal,
                0 => true,
                _ => order != Ordering::Equal,
            },
            Operator::Greater => match self.given {
                1 => major > own_major,
                2 => major > own_major || (same_major && minor > own_minor),
                _ => order == Ordering::Greater,
            },
            Operator::Less => order == Ordering::Less,
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::LessOrEqual if self.given == 3 => order != Ordering::Greater,
            Operator::LessOrEqual => major <= own_major && !(same_major && minor > own_minor && self.given != 1),
            Operator::Caret => order != Ordering::Less && self.same_leading(version),
        }
    }

    /// With the patch left open, only the pre-release can still differ.
    fn differs_in_pre(&self, version: &Version) -> bool {
        let either = !version.pre.is_empty() || !self.version.pre.is_empty();
        either && compare_pre(&version.pre, &self.version.pre) != Ordering::Equal
    }

    /// `^`: everything up to the first number that is not zero is the same.
    fn same_leading(&self, version: &Version) -> bool {
        let [major, minor, patch] = version.numbers;
        let [own_major, own_minor, own_patch] = self.version.numbers;
        if own_major > 0 || self.given == 1 {
            return major == own_major;
        }
        if major > 0 {
            return false;
        }
        if own_minor > 0 || self.given == 2 {
            return minor == own_minor;
        }
        minor == 0 && patch == own_patch
    }
}

/// `1.2 - 3.4` is put as `>= 1.2, <= 3.4 ` into the text, before anything else is read, blanks around it eaten: whatever then
/// stands beside it belongs to it or not as if it had been typed so.
fn rewritten(text: &str) -> String {
    let mut out = text.to_owned();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some((from, to, after)) = hyphen_range(rest) {
            let end = text.len() - after.len();
            out = out.replacen(&text[at..end], &format!(">= {from}, <= {to} "), 1);
            at = end;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    out
}

/// Both versions, and what follows.
fn hyphen_range(text: &str) -> Option<(&str, &str, &str)> {
    let skip = |text: &str| {
        let after = trimmed(text);
        (after.len() < text.len()).then_some(after.len())
    };
    let from = trimmed(text);
    let (_, _, after) = take_version(from)?;
    let (from, after) = from.split_at(from.len() - after.len());
    let after = &after[after.len() - skip(after)?..];
    let after = after.strip_prefix('-')?;
    let to = &after[after.len() - skip(after)?..];
    let (_, _, after) = take_version(to)?;
    Some((from, &to[..to.len() - after.len()], trimmed(after)))
}

/// Without the blanks at its beginning, which are those of ASCII only.
fn trimmed(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r', '\x0c'])
}

fn conditions(text: &str) -> Option<Vec<Condition>> {
    let mut found = Vec::new();
    let mut rest = trimmed(text);
    loop {
        let (operator, after) = operator(rest);
        let (condition, after) = condition(operator, trimmed(after))?;
        found.push(condition);
        rest = after;
        let next = trimmed(rest);
        if next.is_empty() {
            return Some(found);
        }
        match next.strip_prefix(',') {
            Some(after) => rest = trimmed(after),
            None if next.len() < rest.len() => rest = next,
            None => return None,
        }
    }
}

fn operator(text: &str) -> (Option<Operator>, &str) {
    const OPERATORS: [(&str, Operator); 11] = [
        ("!=", Operator::NotEqual),
        (">=", Operator::GreaterOrEqual),
        ("=>", Operator::GreaterOrEqual),
        ("<=", Operator::LessOrEqual),
        ("=<", Operator::LessOrEqual),
        ("~>", Operator::Tilde),
        ("=", Operator::Equal),
        (">", Operator::Greater),
        ("<", Operator::Less),
        ("~", Operator::Tilde),
        ("^", Operator::Caret),
    ];
    let found = OPERATORS.iter().find_map(|(sign, operator)| Some((Some(*operator), text.strip_prefix(sign)?)));
    found.unwrap_or((None, text))
}

fn condition(operator: Option<Operator>, text: &str) -> Option<(Condition, &str)> {
    let (parts, pre, rest) = take_version(text)?;
    let open = |part: &str| matches!(part, "x" | "X" | "*");
    let given = parts.iter().position(|part| open(part)).unwrap_or(parts.len());
    let mut numbers = [0; 3];
    for (number, part) in numbers.iter_mut().zip(&parts[..given]) {
        *number = part.parse().ok()?;
    }
    let version = Version { numbers, pre: valid_pre(pre)? };
    Some((Condition { operator: operator.unwrap_or(Operator::Equal), version, given }, rest))
}

/// Up to three parts, a pre-release, and what follows them. Build metadata is left out. A `|` counts as a digit here, and is none
/// where it comes to numbers.
fn take_version(text: &str) -> Option<(Vec<&str>, &str, &str)> {
    let digit = |c: char| c.is_ascii_digit() || matches!(c, 'x' | 'X' | '*' | '|');
    let mut rest = text.strip_prefix('v').unwrap_or(text);
    let mut parts = Vec::new();
    loop {
        let end = rest.find(|c: char| !digit(c)).unwrap_or(rest.len());
        if end == 0 {
            return None;
        }
        parts.push(&rest[..end]);
        rest = &rest[end..];
        let next = rest.strip_prefix('.').filter(|next| parts.len() < 3 && next.starts_with(digit));
        match next {
            Some(next) => rest = next,
            None => break,
        }
    }
    let mut pre = "";
    if let Some((words, after)) = rest.strip_prefix('-').and_then(identifiers) {
        (pre, rest) = (words, after);
    }
    if let Some((_, after)) = rest.strip_prefix('+').and_then(identifiers) {
        rest = after;
    }
    Some((parts, pre, rest))
}

/// `alpha.1`, and what follows.
fn identifiers(text: &str) -> Option<(&str, &str)> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut end = 0;
    loop {
        let length = text[end..].find(|c: char| !word(c)).unwrap_or(text.len() - end);
        if length == 0 {
            // A dot without a word after it does not belong to them.
            return (end > 0).then(|| (&text[..end - 1], &text[end - 1..]));
        }
        end += length;
        if !text[end..].starts_with('.') {
            return Some((&text[..end], &text[end..]));
        }
        end += 1;
    }
}

/// Numbers in it have no leading zeros.
fn valid_pre(pre: &str) -> Option<String> {
    let zero = |part: &str| part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit());
    (!pre.split('.').any(zero)).then(|| pre.to_owned())
}

fn compare_pre(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<_>, Vec<_>) = (a.split('.').collect(), b.split('.').collect());
    for position in 0..a.len().max(b.len()) {
        let (a, b) = (a.get(position).copied().unwrap_or(""), b.get(position).copied().unwrap_or(""));
        if a == b {
            continue;
        }
        return match (a.parse::<u64>(), b.parse::<u64>()) {
            _ if a.is_empty() => Ordering::Less,
            _ if b.is_empty() => Ordering::Greater,
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => a.cmp(b),
        };
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(range: &str, version: &str) -> bool {
        Range::parse(range).expect(range).holds(&Version::of_tag(version).expect(version))
    }

    #[test]
    fn ranges_are_those_of_masterminds() {
        for (range, inside, outside) in [
            ("*", &["0.0.0", "9.9.9"][..], &["1.0.0-rc.1"][..]),
            ("1.x", &["1.0.0", "1.9.9"], &["2.0.0", "0.9.0", "1.1.0-rc.1"]),
            ("1.2", &["1.2.0", "v1.2.9"], &["1.3.0"]),
            ("1.2.3", &["1.2.3", "v1.2.3+build"], &["1.2.4", "1.2.3-rc"]),
            ("~1.2.3", &["1.2.3", "1.2.9"], &["1.3.0", "1.2.2"]),
            ("~1", &["1.0.0", "1.9.0"], &["2.0.0"]),
            ("^1.2.3", &["1.2.3", "1.9.0"], &["2.0.0", "1.2.2"]),
            ("^0.2.3", &["0.2.3", "0.2.9"], &["0.3.0", "1.0.0"]),
            ("^0.0.3", &["0.0.3"], &["0.0.4", "0.1.0"]),
            ("^0", &["0.0.1", "0.9.0"], &["1.0.0"]),
            (">=1.0.0-0", &["1.0.0-alpha", "1.0.0", "2.0.0-rc.1"], &["0.9.0"]),
            (">1.2", &["1.3.0", "2.0.0"], &["1.2.9"]),
            (">11", &["12.0.0"], &["11.1.0"]),
            ("<=1.2", &["1.2.9", "1.0.0"], &["1.3.0"]),
            ("<1.2", &["1.1.9"], &["1.2.0"]),
            ("!=1.x", &["2.0.0"], &["1.5.0"]),
            ("!=1.2", &["1.3.0"], &["1.2.5"]),
            (">=1.2, <3.0.0 || >=4.2.3", &["1.2.0", "2.9.9", "4.2.3"], &["3.0.0", "4.2.2"]),
            ("1.2 - 2.3.4", &["1.2.0", "2.3.4"], &["1.1.9", "2.3.5"]),
            (">=1.0.0 <2.0.0", &["1.5.0"], &["2.0.0"]),
            ("~>2.0", &["2.0.5"], &["2.1.0"]),
            ("1.0 - 2.0 || 3.0  -  4.x", &["1.5.0", "3.0.0"], &["2.5.0"]),
            ("1.0 - 2.0<1.5", &["1.4.0"], &["1.6.0"]),
        ] {
            for version in inside {
                assert!(holds(range, version), "{version} is in {range}");
            }
            for version in outside {
                assert!(!holds(range, version), "{version} is not in {range}");
            }
        }
    }

    #[test]
    fn what_is_no_range_or_version_is_refused() {
        for range in [
            "",
            "1 1 - 2",
            "3 ||1 - 2",
            "1 -2",
            "a",
            "1.2.3.4.5",
            ">",
            ">=1.0<2.0",
            "1.0,,2.0",
            "1.0 ||",
            "1x.0",
            ">>1.0",
            "1.0,",
            "1.0.0-01",
        ] {
            assert!(Range::parse(range).is_none(), "{range}");
        }
        for tag in
            ["", "1", "1.2", "v1.x.0", "release-1.2.3", "1.2.3.4", "1.2.3-", "1.2.3-01", "1.2.99999999999999999999"]
        {
            assert!(Version::of_tag(tag).is_none(), "{tag}");
        }
        assert!(Version::of_tag("v2025.02.03-rc.1").is_some());
    }

    #[test]
    fn versions_are_ordered() {
        let ordered = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
        ];
        for pair in ordered.windows(2) {
            let [a, b] = [pair[0], pair[1]].map(|text| Version::of_tag(text).unwrap());
            assert_eq!(a.compare(&b), Ordering::Less, "{pair:?}");
            assert_eq!(b.compare(&a), Ordering::Greater, "{pair:?}");
        }
    }
}
