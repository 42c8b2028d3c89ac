//! Twelve thousand objects in a real cluster: applied first, without a change, with one changed, and all pruned, each within
//! 96 MiB of the program that is shipped.

use testkit::cluster::Sandbox;
use testkit::objects;
use testkit::timing::{Run, mib};

const OBJECTS: usize = 12_000;
const PEAK_MIB_MAX: f64 = 96.0;

pub(crate) fn check(sandbox: &Sandbox) {
    let write = |value: &str| {
        let manifest = |number| if number == 507 { objects::config_map(507, value) } else { objects::manifest_without_address(number) };
        sandbox.write("app/all.yaml", &(0..OBJECTS).map(manifest).collect::<String>());
    };
    sandbox.write("app/kustomization.yaml", "resources: [all.yaml]\n");
    write("one");
    let (first, run) = sandbox.shipped(&["apply", "app"]);
    assert!(first.contains("12000 created"));
    fits("first", &run);
    let (idle, run) = sandbox.shipped(&["apply", "app"]);
    assert!(idle.contains("12000 unchanged") && idle.contains(" 0 writes"), "{idle}");
    fits("no change", &run);
    write("two");
    let (changed, run) = sandbox.shipped(&["apply", "app"]);
    assert!(changed.contains("1 updated"), "{changed}");
    fits("one changed", &run);
    sandbox.write("app/kustomization.yaml", "resources: []\n");
    let (pruned, run) = sandbox.shipped(&["apply", "app", "--allow-empty", "--yes", "--timeout", "20m"]);
    assert!(pruned.contains("12000 pruned"));
    fits("all pruned", &run);
    sandbox.shipped(&["delete", "app", "--yes"]);
}

#[expect(clippy::print_stdout, reason = "figures of a run that takes minutes")]
fn fits(round: &str, run: &Run) {
    println!("12 000 objects, {round}: {:.1} s, {:.1} MiB", run.ms / 1000.0, mib(run.peak_kib));
    assert!(mib(run.peak_kib) <= PEAK_MIB_MAX, "{round}: {run:?}");
}
