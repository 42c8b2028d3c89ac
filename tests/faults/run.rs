//! Runs of the program through a gateway that spoils one request. Owns the modes of a fault; what must hold is `laws`'
//! business.

use std::fmt::Write as _;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use testkit::gateway::{Gateway, Reply};
use testkit::http::{Answer, Call};
use testkit::started::{Signal, ends_within, send_signal};

use crate::cell::{Cell, Intruder, Mode};
use crate::laws::{Sender, Watch, writes};
use crate::sets::Set;

/// What the program waits for one answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// What a run gets at most: the lock of a dead run stands for 35 s.
const RUN_MAX: Duration = Duration::from_secs(150);

/// Where the runs of one cell take place.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) plugin: PathBuf,
    pub(crate) dir: PathBuf,
    pub(crate) watch: Watch,
    runs: AtomicUsize,
    /// Requests that their runs have given up and that are not done yet.
    late: AtomicUsize,
}

/// A run under way.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    name: String,
    place: Arc<Place>,
    tap: Arc<Tap>,
    // Closes when the run is over.
    _gateway: Gateway,
}

/// A run that has ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ran {
    /// Exit code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    /// Both streams.
    pub(crate) output: String,
    /// Every request and what became of it.
    pub(crate) log: String,
    pub(crate) requests: usize,
    /// Requests that would change something.
    pub(crate) writes: usize,
    /// From the signal to the end.
    pub(crate) ended_after: Option<Duration>,
}

/// What stands between one run and the server.
#[derive(Debug)]
struct Tap {
    place: Arc<Place>,
    set: String,
    fault: Option<Cell>,
    pid: (Mutex<Option<i32>>, Condvar),
    count: AtomicUsize,
    writes: AtomicUsize,
    log: Mutex<String>,
    signalled: Mutex<Option<Instant>>,
    second: Mutex<Option<Running>>,
}

impl Place {
    pub(crate) fn new(plugin: PathBuf, dir: PathBuf, watch: Watch) -> Self {
        Self { plugin, dir, watch, runs: AtomicUsize::new(0), late: AtomicUsize::new(0) }
    }

    /// Starts a run that makes `set` hold `objects`, or deletes it.
    pub(crate) fn start(
        self: &Arc<Self>,
        set: &str,
        objects: Option<&Set>,
        flags: &[&str],
        fault: Option<Cell>,
    ) -> Running {
        let name = format!("run{}", self.runs.fetch_add(1, Ordering::Relaxed));
        let mut arguments: Vec<String> = Vec::new();
        if let Some(objects) = objects {
            // Always the same path for a set: it is on record.
            let folder = self.dir.join(set);
            std::fs::create_dir_all(&folder).expect("a folder");
            let documents: Vec<String> = objects.iter().map(|object| format!("---\n{object}\n")).collect();
            std::fs::write(folder.join("all.yaml"), documents.concat()).expect("a file");
            arguments.extend(["apply".to_owned(), folder.display().to_string(), "--name".to_owned()]);
        } else {
            arguments.push("delete".to_owned());
        }
        arguments.push(set.to_owned());
        let tap = Arc::new(Tap {
            place: Arc::clone(self),
            set: set.to_owned(),
            fault,
            pid: Default::default(),
            count: AtomicUsize::new(0),
            writes: AtomicUsize::new(0),
            log: Mutex::default(),
            signalled: Mutex::default(),
            second: Mutex::default(),
        });
        let judge = Arc::clone(&tap);
        let gateway = Gateway::new(move |call| judge.decide(&call));
        let kubeconfig = self.dir.join(format!("{name}.kubeconfig"));
        std::fs::write(&kubeconfig, config(&gateway.url())).expect("a kubeconfig");
        let (stdout, stderr) = (self.file(&name, "out"), self.file(&name, "err"));
        let mut command = Command::new(&self.plugin);
        command.args(arguments).args(["-n", &self.watch.server.namespace]).args(flags);
        // Where nothing is spoilt nothing should be given up, however slow the machine is.
        let patience = if fault.is_some() { "3s" } else { "25s" };
        command.args(["--request-timeout", patience, "--timeout", "8s", "--lock-timeout", "80s"]);
        command.current_dir(&self.dir).env_clear().env("HOME", &self.dir).env("PATH", "/usr/bin:/bin");
        // Not those of the machine, a hundred and more: half of a short run would be reading them.
        let (certificates, none) = (self.dir.join("ca.pem"), self.dir.join("no-certificates"));
        std::fs::write(&certificates, self.watch.server.api.authority_pem()).expect("a file");
        command.env("SSL_CERT_FILE", certificates).env("SSL_CERT_DIR", none);
        command.env("KUBECONFIG", kubeconfig).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        let child = command.spawn().expect("the plugin starts");
        *tap.pid.0.lock().expect("no thread died") = Some(i32::try_from(child.id()).expect("an id of a process"));
        tap.pid.1.notify_all();
        Running { child, name, place: Arc::clone(self), tap, _gateway: gateway }
    }

    /// A whole run.
    pub(crate) fn run(self: &Arc<Self>, set: &str, objects: Option<&Set>, flags: &[&str]) -> Ran {
        self.start(set, objects, flags, None).finish().0
    }

    /// May something still be done that a run has given up?
    pub(crate) fn is_haunted(&self) -> bool {
        self.late.load(Ordering::SeqCst) > 0
    }

    fn file(&self, name: &str, end: &str) -> File {
        File::create(self.dir.join(format!("{name}.{end}"))).expect("a file")
    }
}

fn config(url: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: '{url}'}}}}]\n\
         users: [{{name: c, user: {{}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: c}}}}]\n"
    )
}

impl Running {
    /// Waits for its end, and for that of the run that its intruder started.
    pub(crate) fn finish(mut self) -> (Ran, Option<Ran>) {
        let status = ends_within(&mut self.child, RUN_MAX);
        let ended = Instant::now();
        let read = |end: &str| {
            let path = self.place.dir.join(format!("{}.{end}", self.name));
            String::from_utf8_lossy(&std::fs::read(path).expect("its output")).into_owned()
        };
        let tap = &self.tap;
        let ran = Ran {
            code: status.and_then(|status| status.code()),
            output: [read("out"), read("err")].concat(),
            log: tap.log.lock().expect("no thread died").clone(),
            requests: tap.count.load(Ordering::Relaxed),
            writes: tap.writes.load(Ordering::Relaxed),
            ended_after: tap.signalled.lock().expect("no thread died").map(|since| ended - since),
        };
        if status.is_none() {
            self.place.watch.accuse(format!("a run did not end within {} s", RUN_MAX.as_secs()));
        }
        let second = tap.second.lock().expect("no thread died").take().map(|second| second.finish().0);
        (ran, second)
    }
}

impl Tap {
    fn decide(self: &Arc<Self>, call: &Call) -> Reply {
        let index = self.count.fetch_add(1, Ordering::Relaxed);
        if writes(call) {
            self.writes.fetch_add(1, Ordering::Relaxed);
        }
        let pid = self.pid();
        let reply = match self.fault {
            Some(cell) if cell.request == index => self.spoil(cell, call, pid),
            Some(cell) if cell.request < index && cell.mode == Mode::Expired => Reply::Whole(refusal(401)),
            _ => self.answer(call, pid),
        };
        let mark = if self.fault.is_some_and(|cell| cell.request == index) { " <== the fault" } else { "" };
        let line = format!("{index:3} {} {} {}{mark}\n", call.method, call.path, told(&reply));
        self.log.lock().expect("no thread died").push_str(&line);
        reply
    }

    fn pass(&self, call: &Call, pid: i32) -> Option<Answer> {
        self.place.watch.forward(call, Sender { set: &self.set, pid, given_up: false }).ok()
    }

    /// The same as it comes, if it goes on.
    fn answer(&self, call: &Call, pid: i32) -> Reply {
        if call.is_watch() {
            return Reply::of(&self.place.watch.server.api, call);
        }
        self.pass(call, pid).map_or(Reply::Closed, Reply::Whole)
    }

    fn pid(&self) -> i32 {
        let (pid, known) = (&self.pid.0, &self.pid.1);
        let pid = known.wait_while(pid.lock().expect("no thread died"), |pid| pid.is_none()).expect("no thread died");
        pid.expect("it was waited for")
    }

    /// The fault, with the intruder before it, or between what was done and the reply.
    fn spoil(self: &Arc<Self>, cell: Cell, call: &Call, pid: i32) -> Reply {
        let done = matches!(cell.mode, Mode::KillAfter | Mode::Dropped | Mode::Torn | Mode::Twice);
        // A watch has no end to wait for.
        let answer = if done && call.is_watch() {
            let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
            Some(Answer {
                status: 200,
                headers,
                body: b"{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Secret\"}}\n".to_vec(),
            })
        } else if done {
            self.pass(call, pid)
        } else {
            None
        };
        self.intrude(cell);
        let done = |spoilt: fn(Answer) -> Reply| answer.map_or(Reply::Closed, spoilt);
        match cell.mode {
            Mode::Clean => self.answer(call, pid),
            Mode::KillBefore | Mode::KillAfter => {
                send_signal(pid, Signal::SIGKILL);
                Reply::Closed
            }
            Mode::Dropped => Reply::Closed,
            Mode::Torn => done(Reply::Torn),
            Mode::Twice => {
                testkit::pause(Duration::from_millis(300));
                done(Reply::Twice)
            }
            Mode::Timeout => Reply::Silent(PATIENCE + Duration::from_secs(1)),
            Mode::Late if call.is_watch() => Reply::Silent(PATIENCE + Duration::from_millis(700)),
            Mode::Late => {
                self.place.late.fetch_add(1, Ordering::SeqCst);
                testkit::pause(PATIENCE + Duration::from_millis(700));
                let late = Sender { set: &self.set, pid, given_up: true };
                // Nobody waits for the answer.
                drop(self.place.watch.forward(call, late));
                self.place.late.fetch_sub(1, Ordering::SeqCst);
                Reply::Closed
            }
            Mode::Terminate => {
                *self.signalled.lock().expect("no thread died") = Some(Instant::now());
                send_signal(pid, Signal::SIGTERM);
                self.answer(call, pid)
            }
            Mode::Expired | Mode::Unauthorized => Reply::Whole(refusal(401)),
            Mode::Forbidden => Reply::Whole(refusal(403)),
            Mode::Conflict => Reply::Whole(refusal(409)),
            Mode::TooMany => Reply::Whole(refusal(429).with("retry-after", "1")),
            Mode::Internal => Reply::Whole(refusal(500)),
            Mode::Unavailable => Reply::Whole(refusal(503)),
        }
    }

    fn intrude(self: &Arc<Self>, cell: Cell) {
        let watch = &self.place.watch;
        if cell.intruder == Intruder::SecondRun {
            let wanted = cell.scenario.wanted(&watch.server.namespace);
            let second = self.place.start(&self.set, wanted.as_ref(), &[], None);
            *self.second.lock().expect("no thread died") = Some(second);
            return;
        }
        watch.alone(|server| server.intrude(cell.intruder, cell.victim, cell.scenario));
    }
}

fn refusal(status: u16) -> Answer {
    let reason = match status {
        401 => "Unauthorized",
        403 => "Forbidden",
        409 => "Conflict",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        _ => "InternalError",
    };
    Answer::refusal(status, reason, "injected")
}

fn told(reply: &Reply) -> String {
    let mut text = String::new();
    match reply {
        Reply::Whole(answer) => write!(text, "{}", answer.status),
        Reply::Flow(_) => write!(text, "told as it happens"),
        Reply::Twice(answer) => write!(text, "{} twice", answer.status),
        Reply::Torn(answer) => write!(text, "{} torn", answer.status),
        Reply::Closed => write!(text, "no reply"),
        Reply::Silent(_) => write!(text, "silence"),
    }
    .expect("writing to a string");
    text
}
