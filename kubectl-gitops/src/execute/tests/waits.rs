//! Waiting for health and for absence, by watches.

use std::cell::Cell;

use tokio::time::Instant;

use super::*;
use crate::cluster::scripted::Fault;
use crate::cluster::{Request, Traffic};
use crate::execute::{Signal, WaitEnd};

/// After so many seconds, this.
type Deed<'d> = (u64, &'d dyn Fn(&mut Store));

fn deployment(name: &str) -> Value {
    let selector = json!({"matchLabels": {"app": name}});
    object("apps/v1", "Deployment", "shop", name, &json!({"spec": {"replicas": 1, "selector": selector}}))
}

fn set(names: &[&str]) -> Set {
    let mut set = vec![object("v1", "Namespace", "", "shop", &json!({}))];
    set.extend(names.iter().map(|name| deployment(name)));
    set
}

/// What a controller says of a Deployment.
fn roll_out(store: &mut Store, name: &str, available: u64) {
    let key = key_of(&deployment(name));
    let Some(mut live) = store.objects.get(&key).cloned() else { return };
    let ready = if available > 0 { "True" } else { "False" };
    live["status"] = json!({
        "replicas": 1, "updatedReplicas": 1, "readyReplicas": available, "availableReplicas": available,
        "conditions": [{"type": "Available", "status": ready}],
    });
    store.put(key, live);
}

/// A run that waits, and what happens meanwhile, each after so many seconds.
struct Waiting {
    world: World,
    wait: Duration,
}

impl Waiting {
    async fn new(names: &[&str]) -> Self {
        Self { world: World::after(&set(names)).await, wait: Duration::from_mins(1) }
    }

    async fn run(&self, names: &[&str], interrupt: &Interrupt, deeds: &[Deed<'_>]) -> (Executed, Traffic) {
        let cluster = self.world.client();
        let options = Options {
            holder: "w".into(),
            run_id: "w".into(),
            wait: Some(self.wait),
            prune_timeout: Duration::from_mins(1),
            ..Options::default()
        };
        let wanted = set(names);
        let run = invoke_with(&cluster, &wanted, 9, &self.world.policy, &options, interrupt, &self.world.events);
        let meanwhile = async {
            for (seconds, deed) in deeds {
                tokio::time::sleep(Duration::from_secs(*seconds)).await;
                deed(&mut self.world.wire.store.borrow_mut());
            }
            std::future::pending::<()>().await;
        };
        let executed = tokio::select! {
            executed = run => executed,
            () = meanwhile => unreachable!("it never ends"),
        };
        (executed, cluster.traffic())
    }

    async fn until_the_end(&self, names: &[&str], deeds: &[Deed<'_>]) -> (Executed, Traffic) {
        let (_raise, interrupt) = Interrupt::channel();
        self.run(names, &interrupt, deeds).await
    }

    /// The first watch of Deployments suffers this, or every one.
    fn spoil(&self, fault: Fault, each: bool) {
        let spoilt = Cell::new(false);
        self.world.wire.set_hook(move |request: &Request, _, _| {
            let about = request.verb == Verb::Watch && request.path.contains("/deployments");
            (about && (each || !spoilt.replace(true))).then_some(fault)
        });
    }
}

fn ends(executed: &Executed) -> Vec<(&str, &WaitEnd)> {
    let deployments = executed.waited.iter().filter(|waited| waited.key.kind == "Deployment");
    deployments.map(|waited| (waited.key.name.as_str(), &waited.end)).collect()
}

#[test]
fn a_rollout_is_awaited_by_one_watch_however_long_it_takes() {
    in_virtual_time(async {
        let mut asked = Vec::new();
        for seconds in [2, 20] {
            let waiting = Waiting::new(&["web"]).await;
            let rolls = |store: &mut Store| roll_out(store, "web", 1);
            let halves = |store: &mut Store| roll_out(store, "web", 0);
            let (executed, traffic) = waiting.until_the_end(&["web"], &[(1, &halves), (seconds, &rolls)]).await;
            assert!(executed.succeeded(), "{executed:#?}");
            assert_eq!(ends(&executed), [("web", &WaitEnd::Ready)]);
            assert!(executed.waited.iter().all(|waited| waited.elapsed < Duration::from_secs(seconds + 2)));
            assert_eq!(
                traffic.of(Verb::Watch),
                if seconds < 5 { 1 } else { 2 },
                "pods are watched once a cause was looked for"
            );
            asked.push(traffic.total());
        }
        // One look for causes, which is five requests.
        assert!(asked[1] <= asked[0] + 8, "{asked:?}");
    });
}

#[test]
fn many_are_awaited_by_one_list_and_one_watch() {
    in_virtual_time(async {
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let waiting = Waiting::new(&names).await;
        let first = |store: &mut Store| roll_out(store, names[0], 1);
        let rest = |store: &mut Store| names[1..].iter().for_each(|name| roll_out(store, name, 1));
        let (executed, traffic) = waiting.until_the_end(&names, &[(2, &first), (1, &rest)]).await;
        assert!(executed.succeeded() && ends(&executed).len() == 7, "{executed:#?}");
        assert_eq!(traffic.of(Verb::Watch), 1);
    });
}

/// Watches from before tell the past again: what was ready then need not be now.
#[test]
fn what_is_told_of_the_past_counts_for_nothing() {
    in_virtual_time(async {
        let mut waiting = Waiting::new(&["x", "y"]).await;
        waiting.wait = Duration::from_secs(20);
        for (name, available) in [("x", 0), ("y", 1), ("y", 0)] {
            let mut store = waiting.world.wire.store.borrow_mut();
            roll_out(&mut store, name, available);
            store.tick();
        }
        let (executed, _) = waiting.until_the_end(&["x", "y"], &[]).await;
        let late =
            |name: &str| ends(&executed).iter().any(|(of, end)| *of == name && matches!(end, WaitEnd::TimedOut(_)));
        assert!(late("x") && late("y"), "{executed:#?}");
    });
}

#[test]
fn whatever_happens_to_a_watch_the_end_is_seen() {
    in_virtual_time(async {
        let expired = "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}}\n";
        let faults = [
            (Fault::Lost, false),
            (Fault::Timeout, false),
            (Fault::Says(""), false),
            (Fault::Says("}{\n"), false),
            (Fault::Torn("{\"type\":\"MODI"), true),
            (Fault::Says(expired), true),
            (Fault::Ends, true),
            (Fault::Status(403), true),
            (Fault::Status(410), false),
            (Fault::Status(429), true),
            (Fault::Status(500), true),
        ];
        for (fault, each) in faults {
            let waiting = Waiting::new(&["web"]).await;
            waiting.spoil(fault, each);
            let rolls = |store: &mut Store| roll_out(store, "web", 1);
            let (executed, _) = waiting.until_the_end(&["web"], &[(4, &rolls)]).await;
            assert_eq!(ends(&executed), [("web", &WaitEnd::Ready)], "{fault:?} {executed:#?}");
            let told = waiting
                .world
                .events
                .borrow()
                .iter()
                .any(|event| matches!(event, Event::Warning { text, .. } if text.contains("cannot be watched")));
            assert_eq!(told, fault == Fault::Status(403), "{fault:?}");
        }
    });
}

#[test]
fn a_wait_ends_in_time_whatever_the_server_does() {
    in_virtual_time(async {
        // Watches on which nothing comes, and a server that answers nothing at all any more.
        for all in [false, true] {
            let mut waiting = Waiting::new(&["web"]).await;
            waiting.wait = Duration::from_secs(20);
            let begin = Instant::now();
            waiting.world.wire.set_hook(move |request, _, _| {
                let silent = all && begin.elapsed() > Duration::from_secs(2);
                (silent || request.verb == Verb::Watch).then_some(if silent { Fault::Timeout } else { Fault::Says("") })
            });
            let (executed, _) = waiting.until_the_end(&["web"], &[]).await;
            assert!(matches!(ends(&executed)[..], [("web", WaitEnd::TimedOut(_))]), "{executed:#?}");
            let waited = executed.waited.iter().map(|waited| waited.elapsed).max();
            assert!(waited < Some(Duration::from_secs(31)), "{waited:?}");
        }
    });
}

#[test]
fn a_signal_ends_a_wait_at_once_even_if_nothing_answers() {
    in_virtual_time(async {
        let waiting = Waiting::new(&["web"]).await;
        let (raise, interrupt) = Interrupt::channel();
        let begin = Instant::now();
        waiting.world.wire.set_hook(move |request, _, _| {
            (begin.elapsed() > Duration::from_secs(7) || request.verb == Verb::Watch).then_some(Fault::Timeout)
        });
        let signal = |_: &mut Store| raise.raise(Signal::Terminate);
        let (executed, _) = waiting.run(&["web"], &interrupt, &[(8, &signal)]).await;
        assert_eq!(executed.stop, Some(Stop::Interrupted(Signal::Terminate)), "{executed:#?}");
        assert!(begin.elapsed() <= Duration::from_secs(13), "{:?}", begin.elapsed());
    });
}

#[test]
fn what_is_deleted_while_it_is_awaited_is_awaited_on() {
    in_virtual_time(async {
        let waiting = Waiting::new(&["web"]).await;
        let key = key_of(&deployment("web"));
        let before = waiting.world.wire.store.borrow().objects[&key].clone();
        let deletes = |store: &mut Store| drop(store.objects.remove(&key));
        let makes = |store: &mut Store| {
            store.put(key.clone(), before.clone());
            roll_out(store, "web", 1);
        };
        let (executed, _) = waiting.until_the_end(&["web"], &[(2, &deletes), (8, &makes)]).await;
        assert_eq!(ends(&executed), [("web", &WaitEnd::Ready)], "{executed:#?}");
        let missed = waiting.world.events.borrow().iter().any(|event| {
            matches!(event, Event::Waiting { pending, .. } if pending.iter().any(|(_, what)| what == "it does not exist"))
        });
        assert!(missed, "it was told that it does not exist");
    });
}

#[test]
fn a_deletion_that_takes_its_time_costs_no_more_requests() {
    in_virtual_time(async {
        let mut asked = Vec::new();
        for seconds in [3, 25] {
            let waiting = Waiting::new(&["web", "gone"]).await;
            let key = key_of(&deployment("gone"));
            roll_out(&mut waiting.world.wire.store.borrow_mut(), "web", 1);
            let mut held = waiting.world.wire.store.borrow().objects[&key].clone();
            held["metadata"]["finalizers"] = json!(["example.com/hold"]);
            waiting.world.wire.store.borrow_mut().put(key.clone(), held);
            let lets_go = |store: &mut Store| drop(store.objects.remove(&key));
            let (executed, traffic) = waiting.until_the_end(&["web"], &[(seconds, &lets_go)]).await;
            assert_eq!((executed.count(Done::Pruned), executed.succeeded()), (1, true), "{executed:#?}");
            assert_eq!(traffic.of(Verb::Watch), 1);
            asked.push(traffic.of(Verb::Get));
        }
        assert_eq!(asked[0], asked[1]);
    });
}

/// Wherever it comes, and however silent the server is from then on.
#[test]
fn a_signal_ends_a_run_in_time_even_if_nothing_answers() {
    in_virtual_time(async {
        for at in 0..22 {
            let world = World::new();
            let (raise, interrupt) = Interrupt::channel();
            let begin: std::rc::Rc<Cell<Option<Instant>>> = std::rc::Rc::default();
            let since = std::rc::Rc::clone(&begin);
            let first = Cell::new(None);
            world.wire.set_hook(move |request, index, _| {
                // What is only read is given up by whoever reads.
                let begun = first.get().or(request.verb.writes().then_some(index));
                first.set(begun);
                let count = index - begun?;
                if count == at {
                    raise.raise(Signal::Interrupt);
                    since.set(Some(Instant::now()));
                }
                (count >= at).then_some(Fault::Timeout)
            });
            let cluster = world.client();
            let options = Options { holder: "s".into(), run_id: "s".into(), ..Options::default() };
            invoke_with(&cluster, &full(), 9, &world.policy, &options, &interrupt, &world.events).await;
            let took = begin.get().map(|begin| begin.elapsed());
            assert!(took.is_none_or(|took| took < Duration::from_secs(5)), "request {at}: {took:?}");
            let mut world = world;
            world.check_violations("a signal and silence");
            world.settle_on(&full(), "a signal and silence").await;
        }
    });
}
