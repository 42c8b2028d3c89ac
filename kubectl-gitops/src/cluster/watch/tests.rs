//! Following against the fake API server.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use krm::ObjectKey;
use serde_json::json;

use super::*;
use crate::cluster::scripted::{Fault, Scripted, Store};
use crate::cluster::{Endpoint, Patience, Request};

const PACE: Pace = Pace {
    pause_min: Duration::from_millis(200),
    pause_max: Duration::from_secs(3),
    renew: Duration::from_secs(30),
    read_again: Duration::from_mins(2),
};

fn in_virtual_time(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without I/O can always be made").block_on(test);
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::new("", "ConfigMap", "shop", name)
}

fn put(store: &mut Store, name: &str, value: &str) {
    let metadata = match store.objects.get(&key(name)) {
        Some(object) => object["metadata"].clone(),
        None => json!({"name": name, "namespace": "shop", "labels": {"set": "demo"}}),
    };
    store.put(key(name), json!({"metadata": metadata, "data": {"k": value}}));
}

/// What is followed, and what was told.
struct Scene {
    wire: Scripted,
    cluster: Cluster<Scripted>,
    told: Rc<RefCell<Vec<String>>>,
    notices: Rc<RefCell<Vec<Notice>>>,
    reads: Cell<usize>,
}

impl Scene {
    fn new() -> Self {
        let wire = Scripted::new();
        put(&mut wire.store.borrow_mut(), "a", "0");
        let notices: Rc<RefCell<Vec<Notice>>> = Rc::default();
        let heard = Rc::clone(&notices);
        let notice = Box::new(move |notice| heard.borrow_mut().push(notice));
        let cluster = Cluster::new(wire.clone(), Patience::default(), notice);
        Self { wire, cluster, told: Rc::default(), notices, reads: Cell::default() }
    }

    /// Follows `a` until its value is `end`, or so long.
    async fn follow(&self, end: &str, seconds: u64) -> bool {
        let endpoint = Endpoint::config_maps();
        let query = ListQuery::of(&endpoint).within("shop").labelled("set=demo");
        let told = |what: String| {
            let end = what == end;
            self.told.borrow_mut().push(what);
            end
        };
        let read = async |_: bool| {
            self.reads.set(self.reads.get() + 1);
            let mut ended = false;
            let version = self.cluster.list_as_of(&query, |object| ended |= told(value(&object))).await?;
            Ok(if ended { Start::Done } else { Start::At(version) })
        };
        let hear = |change| match change {
            Change::Present(object) if told(value(&object)) => Heard::Done,
            Change::Present(_) => Heard::More,
            Change::Gone(object) => {
                told(format!("{} gone", value(&object)));
                Heard::ReadAgain
            }
        };
        let followed = self.cluster.follow(&query, &PACE, read, hear);
        match tokio::time::timeout(Duration::from_secs(seconds), followed).await {
            Ok(ended) => ended.is_ok(),
            Err(_) => false,
        }
    }

    /// Does `deeds` to the store, each after so many milliseconds.
    async fn meanwhile(&self, deeds: &[(u64, &str)]) {
        for (millis, value) in deeds {
            tokio::time::sleep(Duration::from_millis(*millis)).await;
            let mut store = self.wire.store.borrow_mut();
            if *value == "gone" {
                store.objects.remove(&key("a"));
            } else {
                put(&mut store, "a", value);
            }
        }
    }

    /// The first watch suffers this.
    fn spoil(&self, fault: Fault) {
        let spoilt = Cell::new(false);
        self.wire.set_hook(move |request, _, _| {
            let first = request.verb == Verb::Watch && !spoilt.replace(true);
            first.then_some(fault)
        });
    }

    fn sent(&self, verb: Verb) -> u64 {
        self.cluster.traffic().of(verb)
    }
}

fn value(object: &Value) -> String {
    object["data"]["k"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn changes_are_told_in_order_by_one_watch() {
    in_virtual_time(async {
        let scene = Scene::new();
        let deeds = scene.meanwhile(&[(1000, "1"), (100, "2"), (9000, "3")]);
        let (ended, ()) = futures::join!(scene.follow("3", 60), deeds);
        assert!(ended);
        assert_eq!(*scene.told.borrow(), ["0", "1", "2", "3"]);
        assert_eq!((scene.sent(Verb::List), scene.sent(Verb::Watch)), (1, 1));
    });
}

#[test]
fn a_watch_that_ends_is_followed_by_one_from_there() {
    in_virtual_time(async {
        let scene = Scene::new();
        let deeds = scene.meanwhile(&[(29_000, "1"), (66_000, "2")]);
        let (ended, ()) = futures::join!(scene.follow("2", 120), deeds);
        assert!(ended);
        assert_eq!(*scene.told.borrow(), ["0", "1", "2"], "nothing twice");
        assert_eq!((scene.sent(Verb::List), scene.sent(Verb::Watch)), (1, 4));
    });
}

#[test]
fn what_is_gone_is_told_and_read_again() {
    in_virtual_time(async {
        let scene = Scene::new();
        let deeds = scene.meanwhile(&[(1000, "gone"), (5000, "1")]);
        let (ended, ()) = futures::join!(scene.follow("1", 60), deeds);
        assert!(ended);
        assert_eq!(*scene.told.borrow(), ["0", "0 gone", "1"]);
        assert_eq!(scene.reads.get(), 2);
    });
}

#[test]
fn a_version_that_is_too_old_leads_to_a_new_reading() {
    in_virtual_time(async {
        let expired = r#"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}
"#;
        for fault in [Fault::Status(410), Fault::Says(expired)] {
            let scene = Scene::new();
            scene.spoil(fault);
            let (ended, ()) = futures::join!(scene.follow("1", 60), scene.meanwhile(&[(1000, "1")]));
            assert!(ended, "{fault:?}");
            assert_eq!(*scene.told.borrow(), ["0", "0", "1"], "{fault:?}");
            assert_eq!((scene.reads.get(), scene.sent(Verb::Watch)), (2, 2), "{fault:?}");
        }
    });
}

/// Whatever happens to one watch, the change is seen soon after.
#[test]
fn a_watch_that_fails_is_begun_anew() {
    in_virtual_time(async {
        let half = "{\"type\":\"MODIFIED\",\"obj";
        let faults = [
            Fault::Lost,
            Fault::Timeout,
            Fault::Ends,
            Fault::Torn(""),
            Fault::Torn(half),
            Fault::Says(half),
            Fault::Says("}{\n"),
            Fault::Says("{\"type\":\"ADDED\",\"object\":7}\n"),
            Fault::Status(401),
            Fault::Status(409),
            Fault::Status(429),
            Fault::Status(500),
            Fault::Status(503),
        ];
        for fault in faults {
            let scene = Scene::new();
            scene.spoil(fault);
            let begin = Instant::now();
            let (ended, ()) = futures::join!(scene.follow("1", 60), scene.meanwhile(&[(100, "1")]));
            assert!(ended, "{fault:?}: {:?}", scene.told);
            // A connection on which nothing comes is given up when its time is over.
            assert!(begin.elapsed() < PACE.renew + GRACE + Duration::from_secs(2), "{fault:?}");
            assert!(scene.notices.borrow().is_empty(), "{fault:?}");
        }
    });
}

#[test]
fn who_may_not_watch_asks_again_and_again_and_is_told_so() {
    in_virtual_time(async {
        let scene = Scene::new();
        scene.wire.set_hook(|request: &Request, _, _| (request.verb == Verb::Watch).then_some(Fault::Status(403)));
        let (ended, ()) = futures::join!(scene.follow("1", 60), scene.meanwhile(&[(10_000, "1")]));
        assert!(ended);
        assert_eq!(scene.sent(Verb::Watch), 1);
        assert!((5..12).contains(&scene.reads.get()), "pauses grow: {}", scene.reads.get());
        let notices = scene.notices.borrow();
        assert_eq!(*notices, [Notice::Polling { what: "configmaps shop".to_owned(), code: Code::Forbidden }]);
    });
}

#[test]
fn nothing_is_asked_while_nothing_happens() {
    in_virtual_time(async {
        let scene = Scene::new();
        assert!(!scene.follow("never", 115).await);
        assert_eq!((scene.sent(Verb::List), scene.sent(Verb::Watch)), (1, 4));
    });
}

#[test]
fn a_server_that_is_gone_ends_it() {
    in_virtual_time(async {
        let scene = Scene::new();
        scene
            .wire
            .set_hook(|request: &Request, index, _| (index > 0 || request.verb == Verb::Watch).then_some(Fault::Lost));
        assert!(!scene.follow("1", 600).await);
        assert_eq!(*scene.told.borrow(), ["0"]);
    });
}
