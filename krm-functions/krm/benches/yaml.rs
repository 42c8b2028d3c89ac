//! Speed of the YAML module over a generated stream of 10 MB: Deployments, ConfigMaps with block scalars, CRDs.
//!
//! Prints MB/s of parsing (the tree included), of both emit profiles and of the way to JSON; the best of several runs.
//! Arguments choose some of them: `cargo bench -p krm --bench yaml -- parse`.

// A benchmark measures time and prints what it found.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::cast_precision_loss)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use krm::yaml::{self, Document, Limits};

const GOAL: usize = 10_000_000;
const RUNS: usize = 7;

fn deployment(n: usize, out: &mut String) {
    let _infallible = write!(
        out,
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{n}
  namespace: shop-{}
  labels:
    app.kubernetes.io/name: web
    app.kubernetes.io/instance: web-{n}
  annotations:
    reloader.stakater.com/auto: \"true\"
spec:
  replicas: {}
  selector:
    matchLabels:
      app: web-{n}
  template:
    metadata:
      labels:
        app: web-{n}
    spec:
      containers:
      # the one that serves
      - name: web
        image: registry.example.com/shop/web:1.{n}.0
        args: [\"--listen=:8080\", \"--log-level\", \"info\"]
        ports:
        - containerPort: 8080
          name: http
        env:
        - name: DATABASE_URL
          valueFrom:
            secretKeyRef:
              name: web-{n}-db
              key: url
        resources:
          requests: {{cpu: 100m, memory: 128Mi}}
          limits:
            memory: 256Mi
        livenessProbe:
          httpGet:
            path: /healthz
            port: http
          initialDelaySeconds: 5
        volumeMounts:
        - mountPath: /etc/web
          name: config
          readOnly: true
      volumes:
      - name: config
        configMap:
          name: web-{n}
          defaultMode: 0644
",
        n % 17,
        n % 5 + 1
    );
}

fn config_map(n: usize, out: &mut String) {
    let _infallible =
        write!(out, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web-{n}\ndata:\n  nginx.conf: |\n");
    for line in 0..40 {
        let _infallible = writeln!(
            out,
            "    location /path-{line} {{\n      proxy_pass http://backend-{line}.svc:80{};\n    }}",
            line % 90
        );
    }
    let _infallible = write!(out, "  LOG_LEVEL: \"debug\"\n  SIZE: \"{n}\"\n  greeting: 'it''s {n} o clock'\n");
}

fn crd(n: usize, out: &mut String) {
    let _infallible = write!(
        out,
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets{n}.example.com
spec:
  group: example.com
  names:
    kind: Widget{n}
    plural: widgets{n}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
"
    );
    for field in 0..60 {
        let _infallible = write!(
            out,
            "              field{field}:
                description: The field number {field} of the widget, which does what its name says and which needs
                  a description that is long enough to be folded, as those of real definitions are. Defaults to {field}.
                type: string
                maxLength: {field}
                enum:
                - a
                - \"{field}\"
"
        );
    }
}

fn corpus() -> String {
    let mut out = String::with_capacity(GOAL + 100_000);
    let mut n = 0;
    while out.len() < GOAL {
        match n % 4 {
            0 | 1 => deployment(n, &mut out),
            2 => config_map(n, &mut out),
            _ => crd(n, &mut out),
        }
        out.push_str("---\n");
        n += 1;
    }
    out
}

/// Time this thread had a core, where the system tells (Linux): other load on the machine does not count.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse::<f64>().ok().map(|nanos| nanos / 1e9)
}

/// The best of several runs, in MB/s of `bytes`.
fn measure(what: &str, bytes: usize, mut run: impl FnMut()) {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    if !wanted.is_empty() && !wanted.iter().any(|name| what.contains(name.as_str())) {
        return;
    }
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let (start, cpu) = (Instant::now(), cpu_seconds());
        run();
        let elapsed = match (cpu, cpu_seconds()) {
            (Some(before), Some(after)) => after - before,
            _ => start.elapsed().as_secs_f64(),
        };
        best = best.min(elapsed);
    }
    println!("{what:<16} {:7.1} MB/s", bytes as f64 / 1e6 / best);
}

fn emit_all(documents: &[Document], emit: impl Fn(&krm::Node, &mut String)) -> String {
    let mut out = String::with_capacity(GOAL + GOAL / 4);
    for document in documents {
        emit(&document.root, &mut out);
        out.push_str("---\n");
    }
    out
}

fn main() {
    let text = corpus();
    let limits = Limits::default();
    let parse = || yaml::parse_documents(&text, "corpus", &limits).expect("the corpus is valid");
    let mut documents = parse();
    documents.retain(|d| !d.root.is_null());
    let build = |node: &krm::Node, out: &mut String| yaml::emit_build(node, out).expect("the corpus can be built");
    let function =
        |node: &krm::Node, out: &mut String| yaml::emit_function(node, out).expect("the corpus can be written");
    println!("corpus: {:.1} MB, {} documents, best of {RUNS}, one core", text.len() as f64 / 1e6, documents.len());
    measure("parse", text.len(), || drop(black_box(parse())));
    let built = emit_all(&documents, build).len();
    measure("emit build", built, || drop(black_box(emit_all(&documents, build))));
    let written = emit_all(&documents, function).len();
    measure("emit function", written, || drop(black_box(emit_all(&documents, function))));
    measure("to JSON", text.len(), || {
        for document in &documents {
            black_box(yaml::to_json(&document.root).expect("the corpus is JSON"));
        }
    });
}
