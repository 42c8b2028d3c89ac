//! Applies of ours against those of kubectl, on the same API server in the same run: first, again without a change, with one
//! object changed, with one removed; and diffs. Prints for each the time, the requests by verb as the server counted them, the
//! bytes on the wire, the processor time of the server (with its datastore) and of the client, and the client's peak memory.
//!
//! `bench-apply OURS KUBECTL KUBECONFIG WORK` (`make bench`, `tests/bench.sh apply`): the kubeconfig is that of a cluster of
//! `tests/cluster` that nobody else uses: its controllers stand still meanwhile, so that what the server counts and computes is
//! for the client that is measured. `BENCH_SIZES` (100 1000 5000) says how many objects; `BENCH_FULL=1` sends kubectl through all
//! rounds of more than 1000 objects, too, which takes it more than three minutes each.

mod clients;
mod rounds;
mod server;
mod table;

use std::error::Error;
use std::path::Path;

use testkit::timing;

use clients::{Client, Programs};
use server::Server;

const SIZES: &str = "100 1000 5000";
/// With more objects kubectl is spared some rounds.
const PEER_OBJECTS_MAX: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    if timing::is_the_copy()? {
        return Ok(());
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [ours, kubectl, kubeconfig, work] = words.as_slice() else {
        return Err("bench-apply OURS KUBECTL KUBECONFIG WORK".into());
    };
    let sizes = std::env::var("BENCH_SIZES").unwrap_or_else(|_| SIZES.to_owned());
    let full = std::env::var("BENCH_FULL").is_ok_and(|value| value == "1");
    let server = Server::at(kubectl, Path::new(kubeconfig), Path::new(work))?;
    let programs = Programs { ours, kubectl, kubeconfig: &server.kubeconfig };
    let mut all = Vec::new();
    for size in sizes.split_whitespace() {
        let size: usize = size.parse()?;
        table::head(size);
        let thorough = full || size <= PEER_OBJECTS_MAX;
        if !thorough {
            table::say(
                "  (kubectl only first and without a change, no apply set, no diff of kubectl: BENCH_FULL=1 measures all)",
            );
        }
        for client in Client::ALL.into_iter().filter(|client| thorough || client.is_short()) {
            let measured = rounds::measure(&server, &programs, Path::new(work), client, size, thorough)?;
            all.extend(measured);
        }
        table::rows(&all, size);
    }
    table::curve(&all);
    Ok(())
}
