//! Differences as `diff -u` writes them, for people and programs that read that. Owns the form; values of Secrets are not in it.

use std::fmt::Write as _;

use similar::TextDiff;

use super::compare::Comparison;
use super::external::{file_name, text_of};
use crate::error::{CliError, Code, Result};

/// Longer texts are told as changed in whole: the same for everybody, however fast the machine is.
const LINES_MAX: usize = 10_000;

/// All of them, one after the other, under the names that `KUBECTL_EXTERNAL_DIFF` gives its files.
pub(super) fn text(comparison: &Comparison) -> Result<String> {
    let mut all = String::new();
    for (index, (key, pair)) in comparison.pairs().enumerate() {
        let object = pair[1].as_ref().or(pair[0].as_ref());
        let name = file_name(key, object, index);
        let texts = pair.each_ref().map(|object| object.as_ref().map_or(Ok(String::new()), text_of));
        let [before, after] = texts;
        let told = |error| CliError::new(Code::Bug, error);
        unified(&name, &before.map_err(told)?, &after.map_err(told)?, &mut all);
    }
    Ok(all)
}

fn unified(name: &str, before: &str, after: &str, all: &mut String) {
    let (live, merged) = (format!("LIVE/{name}"), format!("MERGED/{name}"));
    let [old, new] = [before, after].map(|text| text.lines().count());
    if old.max(new) <= LINES_MAX {
        let _infallible = write!(all, "{}", TextDiff::from_lines(before, after).unified_diff().header(&live, &merged));
        return;
    }
    let first = |count: usize| usize::from(count > 0);
    let _infallible = writeln!(all, "--- {live}\n+++ {merged}\n@@ -{},{old} +{},{new} @@", first(old), first(new));
    for (sign, text) in [('-', before), ('+', after)] {
        for line in text.lines() {
            let _infallible = writeln!(all, "{sign}{line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_told_in_whole() {
        let told = |before: &str, after: &str| {
            let mut all = String::new();
            unified("v1.ConfigMap.n.a", before, after, &mut all);
            all
        };
        let head = "--- LIVE/v1.ConfigMap.n.a\n+++ MERGED/v1.ConfigMap.n.a\n";
        assert_eq!(told("a: 1\nb: 2\n", "a: 1\nb: 3\n"), format!("{head}@@ -1,2 +1,2 @@\n a: 1\n-b: 2\n+b: 3\n"));
        let long = "x\n".repeat(LINES_MAX + 1);
        assert_eq!(told("", &long), format!("{head}@@ -0,0 +1,{} @@\n{}", LINES_MAX + 1, "+x\n".repeat(LINES_MAX + 1)));
    }
}
