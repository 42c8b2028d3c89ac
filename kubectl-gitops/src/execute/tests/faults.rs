//! Every request of a run × every fault × what is desired next: run, run again to a fixpoint, check. The cells are few
//! objects and all of them.

use super::*;
use crate::cluster::scripted::Fault;

const FAULTS: &[Fault] = &[
    Fault::KillBefore,
    Fault::KillAfter,
    Fault::DropReply,
    Fault::Lost,
    Fault::Timeout,
    Fault::Status(401),
    Fault::Status(403),
    Fault::Status(409),
    Fault::Status(429),
    Fault::Status(500),
    Fault::Status(503),
];

/// Where a matrix starts, what the faulty run wants, and what is wanted next.
struct Matrix {
    before: Option<Set>,
    wants: Set,
    next: Vec<(&'static str, Set)>,
}

fn next() -> Vec<(&'static str, Set)> {
    vec![("same", full()), ("previous", previous()), ("without b", without_b())]
}

async fn world_before(matrix: &Matrix) -> World {
    match &matrix.before {
        Some(set) => World::after(set).await,
        None => World::new(),
    }
}

/// Faults after which the history goes on in every direction. After the others the run itself decides how it goes on, and
/// what is wanted next is dealt out in turn.
fn leaves_a_gap(fault: Fault) -> bool {
    matches!(fault, Fault::KillBefore | Fault::KillAfter | Fault::DropReply)
}

/// How many requests the run makes without a fault.
async fn requests(matrix: &Matrix) -> usize {
    let mut world = world_before(matrix).await;
    world.wire.clear_hook();
    let executed = world.run(&matrix.wants).await.expect("nothing kills a run without faults");
    assert!(executed.succeeded(), "{executed:#?}");
    world.wire.sent()
}

/// All cells of a matrix; with `persistent`, the fault stays from its request on.
async fn check(name: &str, matrix: &Matrix) {
    let requests = requests(matrix).await;
    assert!(requests > 5, "{name}: a run that asks nothing tests nothing");
    let before = world_before(matrix).await;
    for at in 0..requests {
        for (number, fault) in FAULTS.iter().enumerate() {
            for (turn, (next_name, next)) in matrix.next.iter().enumerate() {
                if !leaves_a_gap(*fault) && (at + number) % matrix.next.len() != turn {
                    continue;
                }
                let cell = format!("{name}, request {at} of {requests}, {fault:?}, next {next_name}");
                let mut world = before.fork();
                world.wire.set_hook(move |_, index, _| (index == at).then_some(*fault));
                let executed = world.run(&matrix.wants).await;
                assert_eq!(executed.is_none(), matches!(fault, Fault::KillBefore | Fault::KillAfter), "{cell}");
                world.check_violations(&cell);
                world.settle_on(next, &cell).await;
            }
        }
    }
}

#[test]
fn the_first_apply_survives_every_fault() {
    in_virtual_time(async { check("first", &Matrix { before: None, wants: full(), next: next() }).await });
}

#[test]
fn an_update_survives_every_fault() {
    in_virtual_time(async {
        check("update", &Matrix { before: Some(previous()), wants: full(), next: next() }).await;
    });
}

#[test]
fn a_prune_survives_every_fault() {
    in_virtual_time(async {
        let matrix = Matrix { before: Some(full()), wants: without_b(), next: next() };
        check("prune", &matrix).await;
    });
}

#[test]
fn pruning_a_definition_survives_every_fault() {
    in_virtual_time(async {
        let mut next = next();
        next.push(("without widgets", without_widgets()));
        check("prune definition", &Matrix { before: Some(full()), wants: without_widgets(), next }).await;
    });
}

#[test]
fn pruning_a_namespace_survives_every_fault() {
    in_virtual_time(async {
        let wants: Set = vec![definition()];
        let next = vec![("same", wants.clone()), ("all again", full())];
        check("prune namespace", &Matrix { before: Some(full()), wants, next }).await;
    });
}

/// The API server is gone from one request on, for longer than anybody waits; then it is back.
#[test]
fn an_outage_at_any_request_is_survived() {
    in_virtual_time(async {
        let matrix = Matrix { before: Some(previous()), wants: without_b(), next: next() };
        let requests = requests(&matrix).await;
        let before = world_before(&matrix).await;
        for at in 0..requests {
            for (next_name, next) in &matrix.next {
                let cell = format!("outage from request {at} of {requests}, next {next_name}");
                let mut world = before.fork();
                world.wire.set_hook(move |_, index, _| (index >= at).then_some(Fault::Lost));
                let executed = world.run(&matrix.wants).await.expect("an outage kills nobody");
                assert!(!executed.succeeded(), "{cell}");
                world.settle_on(next, &cell).await;
            }
        }
    });
}

/// Forty-five seconds without an answer are a restart of K3s: the run goes on by itself.
#[test]
fn a_restart_of_the_server_is_waited_for() {
    in_virtual_time(async {
        let matrix = Matrix { before: Some(previous()), wants: full(), next: next() };
        let requests = requests(&matrix).await;
        // Before anything was ever answered, a refused connection is a wrong address.
        let before = world_before(&matrix).await;
        for at in 1..requests {
            let mut world = before.fork();
            let begin = Rc::new(std::cell::Cell::new(None));
            world.wire.set_hook(move |_, index, _| {
                if index < at {
                    return None;
                }
                let since = begin.get().unwrap_or_else(tokio::time::Instant::now);
                begin.set(Some(since));
                (since.elapsed() < Duration::from_secs(45)).then_some(Fault::Lost)
            });
            let executed = world.run(&matrix.wants).await.expect("a restart kills nobody");
            assert!(executed.succeeded(), "request {at}: {executed:#?}");
            world.settle_on(&matrix.wants, "restart").await;
        }
    });
}

/// Two faults in one history: the run after the faulty one is faulty too.
#[test]
fn a_second_kill_while_recovering_is_survived() {
    in_virtual_time(async {
        let matrix = Matrix { before: None, wants: full(), next: next() };
        let requests = requests(&matrix).await;
        for first in (0..requests).step_by(3) {
            for second in (first % 5..requests + 40).step_by(5) {
                let cell = format!("killed at {first}, then at {second}");
                let mut world = world_before(&matrix).await;
                world.wire.set_hook(move |_, index, _| (index == first).then_some(Fault::KillAfter));
                assert!(world.run(&matrix.wants).await.is_none(), "{cell}");
                world.wire.set_hook(move |_, index, _| (index == second).then_some(Fault::KillAfter));
                // The second run may end before its kill.
                let _ended = world.run(&without_b()).await;
                world.check_violations(&cell);
                world.settle_on(&previous(), &cell).await;
            }
        }
    });
}
