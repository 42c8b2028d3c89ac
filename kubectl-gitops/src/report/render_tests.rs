//! Each form of one fixed report, as it is read.

use jiff::Timestamp;
use krm::ObjectKey;

use super::model::{Change, Command, Counts, HealthLine, Line, ObjectName, Op, Report, Requests, SCHEMA};
use super::paint::Paint;
use super::status::{Member, MemberCause, Overview, PodLine, RunLine, SetStatus};
use super::surface::Surface;
use super::{Console, DriverStatus, View, machine, markdown};
use crate::settings::{OutputFormat, Presentation};

fn key(text: &str) -> ObjectName {
    ObjectName(text.parse().unwrap())
}

fn line(op: Op, object: &str, code: &str, reason: &str) -> Line {
    Line {
        op,
        object: key(object),
        reason_code: code.to_owned(),
        reason: reason.to_owned(),
        hint: None,
        note: String::new(),
        changes: Vec::new(),
        unchanged_fields: 0,
        elapsed_s: 0.0,
    }
}

fn change(path: &str, before: &str, after: &str, note: &str) -> Change {
    let lines = |text: &str| text.lines().map(str::to_owned).collect();
    Change { path: path.to_owned(), before: lines(before), after: lines(after), note: note.to_owned() }
}

fn report(command: Command) -> Report {
    let mut web = line(Op::Update, "Deployment.apps/shop/web", "Changed", "changed in the set");
    web.changes = vec![
        change(
            "spec.template.spec.containers[name=web].image",
            "ghcr.io/acme/shop:1.8.1",
            "ghcr.io/acme/shop:1.9.0",
            "",
        ),
        change("spec.replicas", "5", "3", "drift: kubectl-edit, 3d ago"),
    ];
    web.unchanged_fields = 38;
    web.elapsed_s = 0.25;
    let mut secret = line(Op::Update, "Secret/shop/db", "Changed", "changed in the set");
    secret.changes = vec![change("data.password", "", "", "changed (24 → 32 bytes)")];
    let mut new = line(Op::Create, "CronJob.batch/shop/report", "New", "new");
    new.changes = vec![change("", "", "apiVersion: batch/v1\nkind: CronJob", "")];
    let actions = vec![
        web,
        secret,
        new,
        line(Op::Adopt, "Service/shop/legacy", "Adopted", "taken over from kubectl-client-side-apply"),
        line(Op::Prune, "Job.batch/shop/migrate-17", "LeftSet", "no longer in the set"),
        line(Op::Keep, "PersistentVolumeClaim/shop/data", "Volume", "kept: it holds data"),
        line(Op::Unchanged, "ConfigMap/shop/settings", "Same", "nothing changed"),
    ];
    let health = vec![
        HealthLine { object: key("Deployment.apps/shop/web"), state: "ready", message: String::new(), log: Vec::new() },
        HealthLine { object: key("Service/shop/legacy"), state: "ready", message: String::new(), log: Vec::new() },
    ];
    Report {
        schema: SCHEMA,
        command,
        set: "prod".to_owned(),
        inventory: "shop/gitops-prod".to_owned(),
        source: "overlays/prod".to_owned(),
        revision: "main@4f2c9a1d0b3e".to_owned(),
        against: None,
        dry_run: None,
        result: "succeeded",
        counts: Counts::of(&actions),
        actions,
        health: if command == Command::Diff { Vec::new() } else { health },
        rolled: Vec::new(),
        restarts: vec!["Deployment/shop/web (image)".to_owned(), "StatefulSet/shop/db (Secret db changed)".to_owned()],
        warnings: Vec::new(),
        requests: Requests { total: 21, writes: 7, ..Requests::default() },
        elapsed_s: 8.4,
    }
}

fn nothing_to_do() -> Report {
    let actions = vec![line(Op::Unchanged, "ConfigMap/shop/settings", "Same", "nothing changed")];
    let counts = Counts::of(&actions);
    Report { actions, counts, health: Vec::new(), elapsed_s: 0.11, restarts: Vec::new(), ..report(Command::Apply) }
}

const PLAIN: View = View { paint: Paint::PLAIN, width: None, verbosity: 0, wide: false };

#[test]
fn apply_for_people() {
    let report = report(Command::Apply);
    insta::assert_snapshot!(PLAIN.actions(&report) + &PLAIN.summary(&report));
}

#[test]
fn apply_wide() {
    let view = View { wide: true, ..PLAIN };
    let report = report(Command::Apply);
    insta::assert_snapshot!(view.actions(&report) + &view.summary(&report));
}

#[test]
fn apply_of_nothing_is_one_line() {
    let report = nothing_to_do();
    let text = PLAIN.actions(&report) + &PLAIN.summary(&report);
    insta::assert_snapshot!(text, @"Applied overlays/prod: 1 unchanged. 0.11s.");
}

#[test]
fn a_dry_run_says_so() {
    let report = Report { dry_run: Some("server"), ..nothing_to_do() };
    insta::assert_snapshot!(PLAIN.summary(&report), @"Would apply overlays/prod: 1 unchanged. The server accepts it; nothing was changed. 0.11s.");
}

#[test]
fn diff_for_people() {
    insta::assert_snapshot!(PLAIN.diff(&report(Command::Diff)));
}

#[test]
fn diff_as_a_comment() {
    insta::assert_snapshot!(markdown::comment(&report(Command::Diff)));
}

#[test]
fn a_comment_fits_whatever_changes() {
    for (objects, value) in [(5000, 10), (200, 4000), (3, 80_000), (0, 0)] {
        let mut report = report(Command::Diff);
        report.actions = (0..objects)
            .map(|index| {
                let mut line = line(Op::Update, &format!("ConfigMap/shop/settings-{index}"), "Changed", "changed");
                line.changes = vec![change("data.key", "````", &"é".repeat(value), "")];
                line
            })
            .collect();
        report.restarts = (0..objects).map(|index| format!("Deployment/shop/web-{index} (image)")).collect();
        let text = markdown::comment(&report);
        assert!(text.len() <= 60_200, "{objects} objects: {}", text.len());
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        assert_eq!(
            text.matches("`````diff\n").count(),
            text.matches("<details>").count(),
            "a fence is longer than the value's"
        );
        assert_eq!(text.contains("left out: see the job log"), objects > 0);
    }
}

#[test]
fn diff_in_colour_and_narrow() {
    let view = View { paint: Paint { color: true, unicode: false }, width: Some(60), verbosity: 1, wide: false };
    insta::assert_snapshot!(view.diff(&report(Command::Diff)).replace('\u{1b}', "ESC"));
}

#[test]
fn forms_for_programs() {
    let report = report(Command::Apply);
    insta::assert_snapshot!("json", machine::to_json(&report).unwrap());
    insta::assert_snapshot!("yaml", machine::to_yaml(&report).unwrap());
    insta::assert_snapshot!("names", machine::names(&report));
    let stream = machine::stream_head() + &machine::stream_tail(&report, true).unwrap();
    assert!(stream.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{stream}");
    assert!(stream.starts_with("{\"type\":\"version\",\"schema\":\"v1.0\""), "{stream}");
    assert!(stream.lines().last().unwrap().starts_with("{\"type\":\"summary\""), "{stream}");
    assert_eq!(stream.lines().count(), 2 + report.actions.len());
}

fn member(object: &str, health: &str, message: &str) -> Member {
    let object: ObjectKey = object.parse().unwrap();
    Member {
        object: ObjectName(object),
        health: health.to_owned(),
        ready: health == "Current",
        message: message.to_owned(),
        drift: None,
        pods: Vec::new(),
        cause: None,
    }
}

fn pod(name: &str, ready: bool) -> PodLine {
    PodLine {
        name: name.to_owned(),
        node: "pi-1".to_owned(),
        health: if ready { "Current" } else { "Failed" }.to_owned(),
        ready,
        message: String::new(),
        restarts: if ready { 1 } else { 6 },
        started: "2026-01-10T11:48:30Z".to_owned(),
    }
}

fn run(time: &str, result: &str, message: &str) -> RunLine {
    let revision = "main@sha1:4f2c9a1d0b3e5f60718293a4b5c6d7e8f9012345".to_owned();
    RunLine { time: time.to_owned(), result: result.to_owned(), revision, message: message.to_owned() }
}

fn sets() -> Vec<SetStatus> {
    let crash = MemberCause {
        pod: "jellyfin-6d8f-k2x4p".to_owned(),
        message: "container jellyfin: CrashLoopBackOff, 6 restarts, OOMKilled (exit 137), memory limit 512Mi"
            .to_owned(),
        log: vec!["[ERR] Failed to allocate 400MB transcode buffer".to_owned()],
    };
    let apps = SetStatus {
        name: "apps".to_owned(),
        namespace: "flux-system".to_owned(),
        source: "https://git.example.com/home.git apps/production".to_owned(),
        revision: "main@4f2c9a1d0b3e".to_owned(),
        synced: true,
        suspended: false,
        driver: String::new(),
        running: None,
        result: "succeeded".to_owned(),
        last_change: "2026-01-10T11:48:30Z".to_owned(),
        message: String::new(),
        members: vec![
            member("Namespace/media", "Current", ""),
            Member {
                cause: Some(crash),
                pods: vec![pod("jellyfin-6d8f-k2x4p", false), pod("jellyfin-6d8f-x2x8v", true)],
                ..member("Deployment.apps/media/jellyfin", "InProgress", "0 of 1 available")
            },
            member("Service/media/jellyfin", "Current", ""),
        ],
        runs: vec![
            run("2026-01-10T11:48:30Z", "succeeded", "1 updated"),
            run("2026-01-08T11:48:30Z", "failed", "1 of 3 objects failed"),
        ],
        drift_known: false,
        now: "2026-01-10T12:00:00Z".parse::<Timestamp>().unwrap(),
    };
    let failed = SetStatus {
        name: "monitoring".to_owned(),
        revision: String::new(),
        synced: false,
        result: "failed".to_owned(),
        message: "1 of 3 objects failed".to_owned(),
        members: vec![member("Namespace/media", "Current", "")],
        ..apps.clone()
    };
    vec![apps, failed]
}

#[test]
fn status_of_all_and_of_one() {
    let out = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let now = "2026-01-10T12:00:00Z".parse::<Timestamp>().unwrap();
    let of = |sets: Vec<SetStatus>| Overview { sets, drivers: Vec::new(), notices: Vec::new(), now };
    let driver = DriverStatus {
        name: "CronJob gitops-system/sync".to_owned(),
        syncs: "gitops-system/shop.web".to_owned(),
        schedule: "*/5 * * * *".to_owned(),
        every_s: Some(300),
        suspended: false,
        last_run: "2026-01-10T11:13:00Z".to_owned(),
        last_success: String::new(),
        notices: Vec::new(),
    };
    let synced = SetStatus { name: "shop.web".to_owned(), namespace: "gitops-system".to_owned(), ..sets().remove(0) };
    let driven = Overview { drivers: vec![driver], notices: vec!["it stopped".to_owned()], ..of(vec![synced]) };
    let printed = |output: Option<OutputFormat>, one: bool, seen: &Overview| {
        out.borrow_mut().clear();
        let mut console = Console::new(Box::new(Shared(out.clone())), Box::new(std::io::sink()), Surface::plain());
        console.present(Presentation { output, ..Presentation::default() });
        if one {
            console.present_set(seen).unwrap();
        } else {
            console.present_sets(seen).unwrap();
        }
        String::from_utf8(out.borrow().clone()).unwrap()
    };
    insta::assert_snapshot!("status_table", printed(None, false, &of(sets())));
    insta::assert_snapshot!("status_driven", printed(None, false, &driven));
    insta::assert_snapshot!("status_tree", printed(None, true, &of(vec![sets().remove(0)])));
    let mut drifted = sets().remove(0);
    drifted.drift_known = true;
    drifted.members[2].drift = Some("changed in the cluster by kubectl-edit".to_owned());
    insta::assert_snapshot!("status_drift", printed(None, true, &of(vec![drifted.clone()])));
    let json: serde_json::Value =
        serde_json::from_str(&printed(Some(OutputFormat::Json), true, &of(vec![drifted]))).unwrap();
    assert_eq!((&json["sets"][0]["drifted"], &json["sets"][0]["health"]["Current"]), (&1.into(), &2.into()));
    assert_eq!(json["sets"][0]["members"][1]["pods"][0]["restarts"], 6);
    insta::assert_snapshot!("status_names", printed(Some(OutputFormat::Name), false, &of(sets())));
    let json: serde_json::Value = serde_json::from_str(&printed(Some(OutputFormat::Json), false, &driven)).unwrap();
    assert_eq!(json["sets"][0]["members"][1]["ready"], false);
    assert_eq!((&json["drivers"][0]["everyS"], &json["notices"][0]), (&300.into(), &"it stopped".into()));
    assert!(!driven.is_ready());
}

struct Shared(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
