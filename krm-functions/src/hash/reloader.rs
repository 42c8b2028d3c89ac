//! Stakater Reloader's annotations: which ConfigMaps and Secrets count for a workload. Owns the rules; must not know hashes.

use krm::Node;
use regex::Regex;

use super::content::{Content, Kind, Source};

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
    }
}

/// Does a source count for a workload?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Counts,
    Ignored,
}

/// What the annotations of one workload say.
#[derive(Debug)]
pub(super) struct Rules {
    search: bool,
    config_maps: KindRules,
    secrets: KindRules,
}

/// The same for one kind of source.
#[derive(Debug)]
struct KindRules {
    auto: bool,
    named: Vec<Regex>,
    exclude: Vec<String>,
}

impl Rules {
    /// Reads the annotations of a workload, or those of its pod template where the workload itself has none that asks for
    /// anything. `None` if nobody asks. A list item that is no regular expression is told to `warn` and matches nothing.
    pub(super) fn read(
        workload: &Node,
        pod: &Node,
        auto_all: bool,
        warn: &mut dyn FnMut(String, String),
    ) -> Option<Self> {
        let own = workload.at(&["metadata", "annotations"]);
        let on_pod = pod.at(&["metadata", "annotations"]);
        let asking = [own, on_pod].into_iter().flatten().find(|annotations| asks(annotations));
        if asking.is_none() && !auto_all {
            return None;
        }
        let text = |name: &str| asking.and_then(|annotations| annotations.str_at(&[name]));
        // An explicit word, either way, takes a workload out of what holds for all.
        let auto_by_default = auto_all
            && [AUTO, typed(Kind::ConfigMap).auto, typed(Kind::Secret).auto].iter().all(|name| text(name).is_none());
        let auto = text(AUTO).is_some_and(is_true) || auto_by_default;
        let mut kind_rules = |kind: Kind| {
            let typed = typed(kind);
            KindRules {
                auto: auto || text(typed.auto).is_some_and(is_true),
                named: patterns(typed.named, text(typed.named).unwrap_or_default(), warn),
                // Read from the workload alone, as Reloader does.
                exclude: own
                    .and_then(|annotations| annotations.str_at(&[typed.exclude]))
                    .map(|list| words(list).map(str::to_owned).collect())
                    .unwrap_or_default(),
            }
        };
        let config_maps = kind_rules(Kind::ConfigMap);
        let secrets = kind_rules(Kind::Secret);
        Some(Self { search: text(SEARCH) == Some("true"), config_maps, secrets })
    }

    /// Does `source` count? `referenced`: the pod template uses it.
    pub(super) fn verdict(&self, source: &Source, content: &Content<'_>, referenced: bool) -> Verdict {
        let rules = match source.kind {
            Kind::ConfigMap => &self.config_maps,
            Kind::Secret => &self.secrets,
        };
        let name = source.name.as_str();
        if content.annotation(IGNORE) == Some("true") || rules.exclude.iter().any(|excluded| excluded == name) {
            return Verdict::Ignored;
        }
        let named = rules.named.iter().any(|pattern| pattern.is_match(name));
        let tagged = self.search && content.annotation(MATCH) == Some("true");
        if named || (referenced && (tagged || rules.auto)) { Verdict::Counts } else { Verdict::Ignored }
    }
}

/// Has it an annotation that asks for something?
fn asks(annotations: &Node) -> bool {
    let names = [Kind::ConfigMap, Kind::Secret].map(typed);
    let asking = names.iter().flat_map(|typed| [typed.auto, typed.named]).chain([AUTO, SEARCH]);
    asking.into_iter().any(|name| annotations.str_at(&[name]).is_some_and(|value| !value.is_empty()))
}

/// Go's `strconv.ParseBool`, for the true half.
fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "TRUE" | "true" | "True")
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty())
}

/// Each item of a list is a regular expression for the whole name.
fn patterns(annotation: &str, list: &str, warn: &mut dyn FnMut(String, String)) -> Vec<Regex> {
    words(list)
        .filter_map(|word| {
            let pattern = Regex::new(&format!("^(?:{word})$")).ok();
            if pattern.is_none() {
                let message = format!("`{word}` is not a regular expression and matches nothing");
                warn(format!("metadata.annotations.{annotation}"), message);
            }
            pattern
        })
        .collect()
}
