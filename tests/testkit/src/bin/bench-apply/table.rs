//! How it is printed. Ratios are the peer's figure through ours.

use testkit::timing::mib;

use crate::rounds::Measured;

#[expect(clippy::print_stdout, reason = "a tool whose result is text")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

pub(crate) fn head(objects: usize) {
    say(&format!("{objects} objects:"));
    say(&format!(
        "  {:<18} {:<28} {:>9} {:>7} {:>10} {:>9} {:>9} {:>8} {:>7}  requests by verb",
        "round", "", "ms", "ratio", "server CPU", "our CPU", "KB up", "KB down", "MiB"
    ));
}

/// Rounds in order, the clients of each together.
pub(crate) fn rows(all: &[Measured], objects: usize) {
    let here: Vec<&Measured> = all.iter().filter(|measured| measured.objects == objects).collect();
    for round in ["first", "no change", "one changed", "one removed", "diff, no change", "diff, one changed"] {
        let ours = here.iter().find(|measured| measured.ours && measured.round == round);
        for measured in here.iter().filter(|measured| measured.round == round) {
            say(&row(measured, ours.filter(|_| !measured.ours).copied()));
        }
    }
}

fn row(measured: &Measured, ours: Option<&Measured>) -> String {
    let Measured { round, name, run, used, .. } = measured;
    let ratio = ours.map_or_else(String::new, |ours| format!("{:.1}", run.ms / ours.run.ms));
    let total: u64 = used.requests.values().sum();
    let verbs: Vec<String> = used.requests.iter().map(|(verb, count)| format!("{verb} {count}")).collect();
    format!(
        "  {round:<18} {name:<28} {:>9.0} {ratio:>7} {:>8.2} s {:>7.2} s {:>9} {:>8} {:>7.1}  {total}: {}",
        run.ms,
        used.cpu_s,
        run.cpu_ms / 1000.0,
        used.bytes[0] / 1000,
        used.bytes[1] / 1000,
        mib(run.peak_kib),
        verbs.join(", ")
    )
}

/// Ratios by size: of the time, and of the server's processor time, which does not depend on what else the machine does.
pub(crate) fn curve(all: &[Measured]) {
    say(
        "kubectl apply --server-side through kubectl gitops apply, time (processor time of the server and both clients):",
    );
    let mut sizes: Vec<usize> = all.iter().map(|measured| measured.objects).collect();
    sizes.dedup();
    for size in sizes {
        let find = |round: &str, ours: bool| {
            all.iter()
                .find(|m| m.objects == size && m.round == round && m.ours == ours)
                .map(|m| (m.run.ms, m.used.cpu_s + m.run.cpu_ms / 1000.0))
        };
        let ratio = |round: &str| match (find(round, true), find(round, false)) {
            (Some(ours), Some(peer)) => format!("{round} {:.0} ({:.0})", peer.0 / ours.0, peer.1 / ours.1),
            _ => format!("{round} not measured"),
        };
        say(&format!("  {size:>6} objects: {}", ["first", "no change", "one changed"].map(ratio).join(", ")));
    }
}
