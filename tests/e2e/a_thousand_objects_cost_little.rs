//! A thousand objects of three kinds, by the program that is shipped: no change is nine requests, no write and 32 MiB; a change of
//! one object is at most three writes more than that, and the part of the inventory that speaks of it.

use testkit::cluster::Sandbox;
use testkit::objects;
use testkit::timing::mib;

const OBJECTS: usize = 1000;
const KINDS: u64 = 3;
const PEAK_MIB_MAX: f64 = 32.0;
/// What is split is written by shards: one comes, one goes.
const SHARDS_CHANGED: u64 = 2;

pub(crate) fn check(sandbox: &Sandbox) {
    let write = |value: &str| {
        let manifest = |number| if number == 507 { objects::config_map(507, value) } else { objects::manifest_without_address(number) };
        sandbox.write("app/all.yaml", &(0..OBJECTS).map(manifest).collect::<String>());
    };
    sandbox.write("app/kustomization.yaml", "resources: [all.yaml]\n");
    write("one");
    let apply = || sandbox.shipped(&["apply", "app"]);
    let (first, run) = apply();
    assert!(first.contains("1000 created"), "{first}");
    assert!(mib(run.peak_kib) <= PEAK_MIB_MAX, "{run:?}");
    let root = || sandbox.field("configmap", "gitops-app", "/metadata/resourceVersion");
    let before = root();
    let (idle, run) = apply();
    assert!(idle.contains("1000 unchanged"), "{idle}");
    let (total, writes) = requests(&idle);
    assert!(total <= KINDS + 6 && writes == 0, "{idle}");
    assert!(mib(run.peak_kib) <= PEAK_MIB_MAX, "{run:?}");
    assert_eq!(root(), before, "it took no lock");
    write("two");
    let (changed, _) = apply();
    assert!(changed.contains("1 updated") && requests(&changed).1 <= 1 + 3 + SHARDS_CHANGED, "{changed}");
    sandbox.shipped(&["delete", "app", "--yes"]);
}

/// `… 9 requests, 0 writes. …`
fn requests(summary: &str) -> (u64, u64) {
    let words: Vec<&str> = summary.split_whitespace().collect();
    let before = |word: &str| {
        let at = words.iter().rposition(|found| found.trim_end_matches([',', '.']).trim_end_matches('s') == word);
        at.and_then(|at| words[at - 1].parse().ok()).unwrap_or_else(|| panic!("it says nothing of {word}s:\n{summary}"))
    };
    (before("request"), before("write"))
}
