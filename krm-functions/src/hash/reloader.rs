//! Stakater Reloader's annotations: which ConfigMaps and Secrets count for a workload. Owns the rules, in Reloader's very order;
//! must not know hashes.
//!
//! For each kind of source: an `ignore` on the source, or its name in the workload's `exclude`, ends it. Then the first of these
//! that holds: its name matches the workload's list, so that it counts whether it is used or not; `search` on the workload and
//! `match` on the source; `auto` for all kinds or for this one. The latter two count what the pod template uses.

use krm::Node;
use regex::Regex;

use super::content::{Content, Kind};

const AUTO: &str = "reloader.stakater.com/auto";
const SEARCH: &str = "reloader.stakater.com/search";
const MATCH: &str = "reloader.stakater.com/match";
const IGNORE: &str = "reloader.stakater.com/ignore";

/// The annotations of one kind of source.
struct Typed {
    auto: &'static str,
    named: &'static str,
    exclude: &'static str,
}

const fn typed(kind: Kind) -> Typed {
    match kind {
        Kind::ConfigMap => Typed {
            auto: "configmap.reloader.stakater.com/auto",
            named: "configmap.reloader.stakater.com/reload",
            exclude: "configmaps.exclude.reloader.stakater.com/reload",
        },
        Kind::Secret => Typed {
            auto: "secret.reloader.stakater.com/auto",
            named: "secret.reloader.stakater.com/reload",
            exclude: "secrets.exclude.reloader.stakater.com/reload",
        },
        Kind::SecretProviderClass => Typed {
            auto: "secretproviderclass.reloader.stakater.com/auto",
            named: "secretproviderclass.reloader.stakater.com/reload",
            exclude: "secretproviderclasses.exclude.reloader.stakater.com/reload",
        },
    }
}

/// How a source counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Whether it is used or not.
    Named,
    /// If the pod template uses it.
    Used,
}

/// Where a workload's annotations stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'a> {
    /// On the workload itself.
    pub(super) own: Option<&'a Node>,
    /// On an Argo Rollout that runs the workload's pods.
    pub(super) rollout: Option<&'a Node>,
    /// On the pod template.
    pub(super) pod: Option<&'a Node>,
}

/// What the annotations of one workload say.
#[derive(Debug)]
pub(super) struct Rules {
    config_maps: KindRules,
    secrets: KindRules,
    classes: KindRules,
}

/// The same for one kind of source.
#[derive(Debug)]
struct KindRules {
    auto: bool,
    search: bool,
    named: Vec<Regex>,
    exclude: Vec<String>,
}

impl Rules {
    /// Reads the annotations of a workload. A list item that is no regular expression is told to `warn` and matches nothing.
    pub(super) fn read(places: &Places<'_>, auto_all: bool, warn: &mut dyn FnMut(String, String)) -> Self {
        let mut read = |kind| KindRules::read(kind, places, auto_all, warn);
        Self {
            config_maps: read(Kind::ConfigMap),
            secrets: read(Kind::Secret),
            classes: read(Kind::SecretProviderClass),
        }
    }

    const fn of(&self, kind: Kind) -> &KindRules {
        match kind {
            Kind::ConfigMap => &self.config_maps,
            Kind::Secret => &self.secrets,
            Kind::SecretProviderClass => &self.classes,
        }
    }

    /// Are sources of this kind named, so that they count without being used?
    pub(super) fn names(&self, kind: Kind) -> bool {
        !self.of(kind).named.is_empty()
    }

    /// Does the source of this kind and name count? Of one that is not in the list (no `content`) nothing is known but its name.
    pub(super) fn reach(&self, kind: Kind, name: &str, content: Option<&Content<'_>>) -> Option<Reach> {
        let rules = self.of(kind);
        let says = |annotation| content.and_then(|content| content.annotation(annotation)) == Some("true");
        if says(IGNORE) || rules.exclude.iter().any(|excluded| excluded == name) {
            return None;
        }
        if rules.named.iter().any(|pattern| pattern.is_match(name)) {
            return Some(Reach::Named);
        }
        ((rules.search && says(MATCH)) || rules.auto).then_some(Reach::Used)
    }
}

impl KindRules {
    fn read(kind: Kind, places: &Places<'_>, auto_all: bool, warn: &mut dyn FnMut(String, String)) -> Self {
        let typed = typed(kind);
        let Places { own, rollout, pod } = *places;
        // Any of the four, even one that says nothing or no, and the next place is not looked at for this kind.
        let asking = |annotations: &&Node| {
            [typed.named, AUTO, typed.auto, SEARCH].iter().any(|name| annotations.get(name).is_some())
        };
        let chosen = [own, rollout, pod].into_iter().flatten().find(asking);
        let text = |name: &str| chosen.and_then(|annotations| annotations.str_at(&[name])).unwrap_or_default();
        let silent = text(AUTO).is_empty() && text(typed.auto).is_empty();
        // Read from the workload alone.
        let exclude = own.and_then(|annotations| annotations.str_at(&[typed.exclude])).unwrap_or_default();
        Self {
            auto: is_true(text(AUTO)) || is_true(text(typed.auto)) || (silent && auto_all),
            search: text(SEARCH) == "true",
            named: patterns(typed.named, text(typed.named), warn),
            exclude: words(exclude).map(str::to_owned).collect(),
        }
    }
}

/// Go's `strconv.ParseBool`, for the true half.
fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "TRUE" | "true" | "True")
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty())
}

/// Each item of a list is a regular expression between the begin and the end of the name. As Reloader does it: `a|b` means what
/// begins with `a` or ends with `b`.
fn patterns(annotation: &str, list: &str, warn: &mut dyn FnMut(String, String)) -> Vec<Regex> {
    words(list)
        .filter_map(|word| {
            let pattern = Regex::new(&format!("^{word}$")).ok();
            if pattern.is_none() {
                let message = format!("`{word}` is not a regular expression and matches nothing");
                warn(format!("metadata.annotations.{annotation}"), message);
            }
            pattern
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotations(pairs: &[(&str, &str)]) -> Node {
        Node::Map(pairs.iter().map(|(key, value)| (*key, Node::string(*value))).collect())
    }

    type Pairs<'a> = &'a [(&'a str, &'a str)];
    /// Annotations of the object and of the template, all or not; what a Secret and a ConfigMap get.
    type Case<'a> = (Pairs<'a>, Pairs<'a>, bool, Option<Reach>, Option<Reach>);

    fn reach(own: Pairs<'_>, pod: Pairs<'_>, all: bool, kind: Kind) -> Option<Reach> {
        let (own, pod) = (annotations(own), annotations(pod));
        let places = Places { own: Some(&own), rollout: None, pod: Some(&pod) };
        Rules::read(&places, all, &mut |_, _| {}).reach(kind, "db", None)
    }

    /// The table of Reloader's decisions, for a source called `db` that carries no annotation.
    #[test]
    fn the_first_place_that_asks_for_a_kind_decides() {
        const SECRET_AUTO: &str = "secret.reloader.stakater.com/auto";
        const SECRET_LIST: &str = "secret.reloader.stakater.com/reload";
        const MAP_LIST: &str = "configmap.reloader.stakater.com/reload";
        const EXCLUDE: &str = "secrets.exclude.reloader.stakater.com/reload";
        let (used, named) = (Some(Reach::Used), Some(Reach::Named));
        let cases: &[Case<'_>] = &[
            (&[], &[], false, None, None),
            (&[], &[], true, used, used),
            (&[(AUTO, "true")], &[], false, used, used),
            (&[(AUTO, "T")], &[], false, used, used),
            (&[(AUTO, "yes")], &[], true, None, None),
            (&[(AUTO, "false")], &[], true, None, None),
            (&[(AUTO, "")], &[(AUTO, "true")], false, None, None),
            (&[(AUTO, "")], &[], true, used, used),
            (&[], &[(AUTO, "true")], false, used, used),
            // One kind on the object, the other on the template.
            (&[(SECRET_AUTO, "true")], &[(MAP_LIST, "db")], false, used, named),
            (&[(SECRET_AUTO, "false")], &[], true, None, used),
            (&[(SECRET_AUTO, "false")], &[(AUTO, "true")], false, None, used),
            (&[(SECRET_LIST, "other")], &[(AUTO, "true")], false, None, used),
            (&[(SECRET_LIST, "other, db")], &[], false, named, None),
            (&[(SECRET_LIST, "d.")], &[], false, named, None),
            (&[(SECRET_LIST, "d")], &[], false, None, None),
            (&[(SECRET_LIST, "dx|b")], &[], false, named, None),
            (&[(SECRET_LIST, "[")], &[], false, None, None),
            (&[(SECRET_LIST, "db"), (AUTO, "true")], &[], false, named, used),
            (&[(SECRET_LIST, "db"), (EXCLUDE, "x, db")], &[], false, None, None),
            (&[(EXCLUDE, "d.")], &[], true, used, used),
            (&[(EXCLUDE, "db")], &[(AUTO, "true")], false, None, used),
            (&[], &[(EXCLUDE, "db"), (AUTO, "true")], false, used, used),
            (&[(SEARCH, "true")], &[(AUTO, "true")], false, None, None),
        ];
        for (own, pod, all, secret, config_map) in cases {
            let found = (reach(own, pod, *all, Kind::Secret), reach(own, pod, *all, Kind::ConfigMap));
            assert_eq!(found, (*secret, *config_map), "{own:?} {pod:?} {all}");
        }
    }
}
