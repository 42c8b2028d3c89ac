//! Requests by meaning: list, get, apply, delete, create, replace. Owns their URLs and bodies, the repeating of failed
//! ones, the count of all, and the gate that stops writes. Must not decide what to write, nor name an HTTP library.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use krm::ObjectKey;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::discovery::Discovery;
use super::endpoint::{DryRun, Endpoint, Guard, push_query};
use super::error::{ClusterError, Code};
use super::query::Extent;
use super::retry::{Attempt, Patience};
use super::transport::{Broken, Chunks, Method, Opened, Request, Response, Traffic, Transport, Verb};
use crate::inventory::marks::FIELD_MANAGER;

/// Larger answers than this are refused instead of held.
const ANSWER_BYTES_MAX: usize = 256 << 20;
/// Warnings of an API server are told once each, and not without end.
const WARNINGS_MAX: usize = 100;

pub(super) const JSON: &str = "application/json";
const ANYTHING: &str = "*/*";
const APPLY_PATCH: &str = "application/apply-patch+yaml";
const MERGE_PATCH: &str = "application/merge-patch+json";
pub(super) const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// What a [`Cluster`] tells while it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A request will be sent again.
    Retrying {
        /// The deed.
        verb: Verb,
        /// On what.
        what: String,
        /// Why.
        code: Code,
        /// After which pause.
        pause: Duration,
    },
    /// A `Warning` header, once per text.
    Warning(String),
    /// Changes cannot be watched: they are asked for again and again.
    Polling {
        /// Of what.
        what: String,
        /// Why.
        code: Code,
    },
}

/// Answer to a server-side apply.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The object as it is now, managedFields included.
    pub object: Value,
    /// Did this request create it?
    pub created: bool,
}

/// May objects be written now? Inventory roots pass always: they are guarded by compare-and-swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Nothing limits writes.
    Open,
    /// The run's lock is good until then; later writes wait for it to be renewed.
    Until(Instant),
    /// The lock is lost: no write is sent any more.
    Shut,
}

/// How often a write that waits for a renewal looks at the gate.
const GATE_LOOK: Duration = Duration::from_millis(200);

/// A connection to one API server and what this run knows of it. Single-threaded by design: a run is I/O bound.
pub struct Cluster<T> {
    transport: T,
    patience: Patience,
    traffic: RefCell<Traffic>,
    discovery: RefCell<Option<Rc<Discovery>>>,
    warnings: RefCell<BTreeSet<String>>,
    contacted: Cell<bool>,
    /// May objects be written now?
    gate: Cell<Gate>,
    /// A signal came: failed requests are not sent again.
    stopping: Cell<bool>,
    notice: Box<dyn Fn(Notice)>,
}

/// Takes the body of an answer as it comes.
pub(super) trait Taker {
    /// A try begins: what earlier ones brought does not count.
    fn begin(&mut self);
    /// The next bytes.
    fn take(&mut self, bytes: &[u8]);
}

impl<T> fmt::Debug for Cluster<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("traffic", &self.traffic).finish_non_exhaustive()
    }
}

impl<T: Transport> Cluster<T> {
    /// Over `transport`; notices go to `notice`.
    pub fn new(transport: T, patience: Patience, notice: Box<dyn Fn(Notice)>) -> Self {
        Self {
            transport,
            patience,
            traffic: RefCell::default(),
            discovery: RefCell::default(),
            warnings: RefCell::default(),
            contacted: Cell::new(false),
            gate: Cell::new(Gate::Open),
            stopping: Cell::new(false),
            notice,
        }
    }

    /// What was sent so far.
    pub fn traffic(&self) -> Traffic {
        self.traffic.borrow().clone()
    }

    /// The wire below.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// From now on writes of objects obey `gate`.
    pub fn set_gate(&self, gate: Gate) {
        self.gate.set(gate);
    }

    /// From now on nothing that failed is sent again.
    pub fn stop_retrying(&self) {
        self.stopping.set(true);
    }

    /// One object.
    pub async fn get(
        &self,
        endpoint: &Endpoint,
        namespace: &str,
        name: &str,
        extent: Extent,
    ) -> Result<Value, ClusterError> {
        let accept = if extent == Extent::Whole { JSON } else { METADATA };
        let what = endpoint.describe(namespace, name);
        let request = self.request(Verb::Get, Method::Get, endpoint.object(namespace, name), accept);
        let response = self.send(request, &what, endpoint.is_secret()).await?;
        Ok(endpoint.typed(parse(Verb::Get, &what, &response)?))
    }

    /// Server-side apply under a guard. A lost answer may be followed by a 409 of our own making: the caller reads the
    /// object before it decides anything.
    pub async fn apply(
        &self,
        endpoint: &Endpoint,
        manifest: &Value,
        guard: &Guard,
        force: bool,
        dry_run: DryRun,
    ) -> Result<Applied, ClusterError> {
        self.apply_as(FIELD_MANAGER, endpoint, manifest, guard, force, dry_run).await
    }

    /// The same as another field manager.
    pub async fn apply_as(
        &self,
        manager: &str,
        endpoint: &Endpoint,
        manifest: &Value,
        guard: &Guard,
        force: bool,
        dry_run: DryRun,
    ) -> Result<Applied, ClusterError> {
        let (namespace, name) = place(manifest);
        let mut path = endpoint.object(&namespace, &name);
        push_query(&mut path, "fieldManager", manager);
        push_query(&mut path, "fieldValidation", "Strict");
        if force {
            push_query(&mut path, "force", "true");
        }
        let verb = dry(&mut path, Verb::Apply, dry_run);
        let mut body = manifest.clone();
        guard.write_into(&mut body);
        let what = endpoint.describe(&namespace, &name);
        let mut request = self.request(verb, Method::Patch, path, JSON);
        request.content_type = APPLY_PATCH;
        request.gated = dry_run == DryRun::No;
        request.body = encode(&body);
        let response = self.send(request, &what, endpoint.is_secret()).await?;
        Ok(Applied { created: response.status == 201, object: parse(verb, &what, &response)? })
    }

    /// DELETE under a guard; success means that the deletion began.
    pub async fn delete(
        &self,
        endpoint: &Endpoint,
        namespace: &str,
        name: &str,
        guard: &Guard,
        dry_run: DryRun,
    ) -> Result<(), ClusterError> {
        let verb = if dry_run == DryRun::Server { Verb::DryRun } else { Verb::Delete };
        let mut request = self.request(verb, Method::Delete, endpoint.object(namespace, name), JSON);
        request.gated = dry_run == DryRun::No;
        request.body = encode(&guard.delete_options(dry_run));
        self.send(request, &endpoint.describe(namespace, name), endpoint.is_secret()).await.map(|_| ())
    }

    /// Merge patch of metadata under a guard: uid and resourceVersion are put into it.
    pub async fn merge(
        &self,
        endpoint: &Endpoint,
        key: &ObjectKey,
        patch: &Value,
        guard: &Guard,
    ) -> Result<Value, ClusterError> {
        self.patch(endpoint, key, patch, guard, true).await
    }

    /// The same of a part of an inventory: like its root it is written whether or not the lock was renewed in time.
    pub(super) async fn merge_inventory(
        &self,
        key: &ObjectKey,
        patch: &Value,
        guard: &Guard,
    ) -> Result<Value, ClusterError> {
        self.patch(&Endpoint::config_maps(), key, patch, guard, false).await
    }

    async fn patch(
        &self,
        endpoint: &Endpoint,
        key: &ObjectKey,
        patch: &Value,
        guard: &Guard,
        gated: bool,
    ) -> Result<Value, ClusterError> {
        let mut path = endpoint.object(&key.namespace, &key.name);
        push_query(&mut path, "fieldManager", FIELD_MANAGER);
        let mut body = patch.clone();
        guard.write_into(&mut body);
        let what = endpoint.describe(&key.namespace, &key.name);
        let mut request = self.request(Verb::Update, Method::Patch, path, JSON);
        request.content_type = MERGE_PATCH;
        request.gated = gated;
        request.body = encode(&body);
        let response = self.send(request, &what, endpoint.is_secret()).await?;
        parse(Verb::Update, &what, &response)
    }

    /// POST of a whole object.
    pub async fn create(&self, endpoint: &Endpoint, object: &Value, dry_run: DryRun) -> Result<Value, ClusterError> {
        let (namespace, _) = place(object);
        let mut path = endpoint.collection(&namespace);
        push_query(&mut path, "fieldManager", FIELD_MANAGER);
        let verb = dry(&mut path, Verb::Create, dry_run);
        self.write(verb, Method::Post, path, object, endpoint).await
    }

    /// PUT of a whole object; its `metadata.resourceVersion` makes it a compare-and-swap.
    pub async fn replace(&self, endpoint: &Endpoint, object: &Value) -> Result<Value, ClusterError> {
        let (namespace, name) = place(object);
        let mut path = endpoint.object(&namespace, &name);
        push_query(&mut path, "fieldManager", FIELD_MANAGER);
        self.write(Verb::Update, Method::Put, path, object, endpoint).await
    }

    async fn write(
        &self,
        verb: Verb,
        method: Method,
        path: String,
        object: &Value,
        endpoint: &Endpoint,
    ) -> Result<Value, ClusterError> {
        let (namespace, name) = place(object);
        let what = endpoint.describe(&namespace, &name);
        let mut request = self.request(verb, method, path, JSON);
        request.body = encode(object);
        let response = self.send(request, &what, endpoint.is_secret()).await?;
        parse(verb, &what, &response)
    }

    /// What is no JSON: a log.
    pub(super) async fn text(&self, path: String, what: &str, bytes_max: usize) -> Result<String, ClusterError> {
        let mut request = self.request(Verb::Get, Method::Get, path, ANYTHING);
        request.answer_bytes_max = bytes_max;
        let response = self.send(request, what, true).await?;
        Ok(String::from_utf8_lossy(&response.body).into_owned())
    }

    /// A document below `path`, for discovery.
    pub(super) async fn document(&self, path: &str, accept: &'static str) -> Result<Value, ClusterError> {
        let request = self.request(Verb::Discover, Method::Get, path.to_owned(), accept);
        let response = self.send(request, path, false).await?;
        parse(Verb::Discover, path, &response)
    }

    pub(super) fn known_discovery(&self) -> &RefCell<Option<Rc<Discovery>>> {
        &self.discovery
    }

    pub(super) fn tell(&self, notice: Notice) {
        (self.notice)(notice);
    }

    pub(super) fn request(&self, verb: Verb, method: Method, path: String, accept: &'static str) -> Request {
        Request {
            verb,
            method,
            path,
            accept,
            content_type: JSON,
            body: Vec::new(),
            gated: false,
            timeout: self.patience.request_timeout,
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }

    /// Sends until there is an answer that counts, or the patience is over.
    async fn send(&self, request: Request, what: &str, secret: bool) -> Result<Response, ClusterError> {
        self.send_into(request, what, secret, None).await
    }

    /// The same, the body of the answer in pieces as they come.
    pub(super) async fn send_into(
        &self,
        request: Request,
        what: &str,
        secret: bool,
        mut taker: Option<&mut dyn Taker>,
    ) -> Result<Response, ClusterError> {
        let begin = Instant::now();
        let mut failed = 0;
        loop {
            let taker = taker.as_mut().map(|taker| &mut **taker as &mut dyn Taker);
            let error = match self.send_once(request.clone(), what, secret, taker).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            failed += 1;
            let attempt = Attempt { failed, elapsed: begin.elapsed(), contacted: self.contacted.get() };
            let Some(pause) = self.patience.pause(&error, attempt).filter(|_| !self.stopping.get()) else {
                return Err(error);
            };
            let (verb, code) = (request.verb, error.code);
            (self.notice)(Notice::Retrying { verb, what: what.to_owned(), code, pause });
            tokio::time::sleep(pause).await;
            if self.stopping.get() {
                return Err(error);
            }
        }
    }

    async fn send_once(
        &self,
        request: Request,
        what: &str,
        secret: bool,
        taker: Option<&mut dyn Taker>,
    ) -> Result<Response, ClusterError> {
        let verb = request.verb;
        if request.gated && !self.passes_gate().await {
            let message = "not sent: this run's lock could not be renewed in time";
            return Err(ClusterError::local(Code::LeaseLost, verb, what, message));
        }
        self.traffic.borrow_mut().count(verb);
        let sent = match taker {
            Some(taker) => self.stream(request, taker).await,
            None => self.transport.send(request).await,
        };
        let response = sent.map_err(|broken| ClusterError::broken(verb, what, &broken))?;
        self.traffic.borrow_mut().bytes_received += response.body.len() as u64;
        for warning in &response.warnings {
            self.warn(warning);
        }
        if response.is_well() {
            self.contacted.set(true);
            return Ok(response);
        }
        Err(ClusterError::answered(verb, what, &response, secret))
    }

    async fn stream(&self, request: Request, taker: &mut dyn Taker) -> Result<Response, Broken> {
        taker.begin();
        let mut each = |bytes: &[u8]| {
            self.traffic.borrow_mut().bytes_received += bytes.len() as u64;
            taker.take(bytes);
        };
        self.transport.stream(request, &mut each).await
    }

    /// Sends once what is answered as it comes.
    pub(super) async fn open(&self, request: Request, what: &str, secret: bool) -> Result<Chunks, ClusterError> {
        let verb = request.verb;
        self.traffic.borrow_mut().count(verb);
        match self.transport.open(request).await.map_err(|broken| ClusterError::broken(verb, what, &broken))? {
            Opened::Going(chunks) => Ok(chunks),
            Opened::Refused(response) => Err(ClusterError::answered(verb, what, &response, secret)),
        }
    }

    pub(super) fn received(&self, bytes: usize) {
        self.traffic.borrow_mut().bytes_received += bytes as u64;
    }

    /// Waits for a late renewal as long as for any answer: a server that restarts delays both.
    async fn passes_gate(&self) -> bool {
        let give_up = Instant::now() + self.patience.total;
        loop {
            match self.gate.get() {
                Gate::Open => return true,
                Gate::Until(until) if Instant::now() < until => return true,
                Gate::Until(_) if !self.stopping.get() && Instant::now() < give_up => {
                    tokio::time::sleep(GATE_LOOK).await;
                }
                Gate::Until(_) | Gate::Shut => return false,
            }
        }
    }

    fn warn(&self, text: &str) {
        let mut warnings = self.warnings.borrow_mut();
        if warnings.len() < WARNINGS_MAX && warnings.insert(text.to_owned()) {
            (self.notice)(Notice::Warning(text.to_owned()));
        }
    }
}

/// Asks for a dry run, where one is wanted, and says what the deed then is.
fn dry(path: &mut String, verb: Verb, dry_run: DryRun) -> Verb {
    if dry_run == DryRun::No {
        return verb;
    }
    push_query(path, "dryRun", "All");
    Verb::DryRun
}

/// Namespace and name in a manifest; empty where missing.
fn place(object: &Value) -> (String, String) {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("/metadata/namespace"), text("/metadata/name"))
}

fn encode(body: &Value) -> Vec<u8> {
    serde_json::to_vec(body).expect("a JSON value always has a text")
}

fn parse<D: for<'de> Deserialize<'de>>(verb: Verb, what: &str, response: &Response) -> Result<D, ClusterError> {
    serde_json::from_slice(&response.body).map_err(|cause| {
        let message = format!("the answer is not readable JSON (line {}, column {})", cause.line(), cause.column());
        ClusterError::local(Code::Garbled, verb, what, &message)
    })
}
