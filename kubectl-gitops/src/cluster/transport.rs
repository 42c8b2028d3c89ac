//! The seam between us and an API server: one request in, one answer out. Owns the shapes of both and the count of what was
//! sent; must not know what any path means, nor any HTTP library. `kube.rs` implements it for real, `scripted` for tests.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::Stream;

/// A deed, as the API server's audit log would name it. Dry runs are deeds of their own, since they change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Discovery documents.
    Discover,
    /// One object.
    Get,
    /// A collection, or one page of it.
    List,
    /// The changes of a collection, as they come.
    Watch,
    /// Server-side apply.
    Apply,
    /// POST.
    Create,
    /// PUT.
    Update,
    /// DELETE.
    Delete,
    /// Any of the writing verbs with `dryRun=All`.
    DryRun,
}

impl Verb {
    /// Does it change the cluster?
    pub fn writes(self) -> bool {
        matches!(self, Self::Apply | Self::Create | Self::Update | Self::Delete)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discover => "discover",
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Apply => "apply",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::DryRun => "dry-run",
        })
    }
}

/// HTTP method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

/// One request. Its `Debug` shows no body, which may hold a Secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// What it does, for counting and messages.
    pub verb: Verb,
    /// HTTP method.
    pub method: Method,
    /// Path and query below the server's address.
    pub path: String,
    /// `Accept`.
    pub accept: &'static str,
    /// `Content-Type` of the body.
    pub content_type: &'static str,
    /// Body; empty for none.
    pub body: Vec<u8>,
    /// Is it sent only while the run's lock is good?
    pub gated: bool,
    /// Answer at latest after this.
    pub timeout: Duration,
    /// Larger answers are refused instead of held.
    pub answer_bytes_max: usize,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} ({} bytes)", self.method, self.path, self.body.len())
    }
}

/// One answer. Its `Debug` shows no body, which may hold a Secret.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Texts of the `Warning` headers.
    pub warnings: Vec<String>,
    /// `Retry-After`, if given.
    pub retry_after: Option<Duration>,
    /// `Content-Type`, empty if not given.
    pub content_type: String,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Response {
    /// 2xx
    pub fn is_well(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

/// No answer at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Nothing reached the server: refused, not resolved, TLS. Nothing was done.
    #[error("cannot connect: {reason}")]
    Connect {
        /// The library's words.
        reason: String,
    },
    /// The connection broke after the request may have been read. It may have been done.
    #[error("the connection was lost: {reason}")]
    Lost {
        /// The library's words.
        reason: String,
    },
    /// No answer in time. It may have been done.
    #[error("no answer within {after_s} s")]
    TimedOut {
        /// How long we waited.
        after_s: u64,
    },
    /// Credentials could not be had (an exec plugin, a token file).
    #[error("cannot get credentials: {reason}")]
    Credentials {
        /// The library's words.
        reason: String,
    },
    /// The answer is larger than we hold.
    #[error("the answer is larger than {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: usize,
    },
}

/// A body as it comes. It ends where the server ends it.
pub type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Broken>>>>;

/// The answer to a request whose body has no end in sight.
pub enum Opened {
    /// A success.
    Going(Chunks),
    /// Anything else, whole.
    Refused(Response),
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Going(_) => f.write_str("Going"),
            Self::Refused(response) => f.debug_tuple("Refused").field(response).finish(),
        }
    }
}

/// Something that answers requests.
pub trait Transport {
    /// Sends once: no retries here.
    fn send(&self, request: Request) -> impl Future<Output = Result<Response, Broken>>;

    /// The same, but if all is well the body goes to `each` in pieces as they come, and is left out of the answer. Of an
    /// answer that breaks off, `each` has seen a part.
    fn stream(&self, request: Request, each: &mut dyn FnMut(&[u8])) -> impl Future<Output = Result<Response, Broken>> {
        async move {
            let mut response = self.send(request).await?;
            if response.is_well() {
                each(&std::mem::take(&mut response.body));
            }
            Ok(response)
        }
    }

    /// Sends once. The timeout of the request holds for the beginning of the answer; how long it goes on is the caller's business.
    fn open(&self, request: Request) -> impl Future<Output = Result<Opened, Broken>>;
}

/// What was sent, by deed. Every attempt counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traffic {
    by_verb: BTreeMap<Verb, u64>,
    /// Bytes of bodies received.
    pub bytes_received: u64,
}

impl Traffic {
    /// Counts one.
    pub fn count(&mut self, verb: Verb) {
        *self.by_verb.entry(verb).or_default() += 1;
    }

    /// How many of one deed.
    pub fn of(&self, verb: Verb) -> u64 {
        self.by_verb.get(&verb).copied().unwrap_or(0)
    }

    /// All, by deed.
    pub fn by_verb(&self) -> &BTreeMap<Verb, u64> {
        &self.by_verb
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.by_verb.values().sum()
    }

    /// Those that could change the cluster.
    pub fn writes(&self) -> u64 {
        self.by_verb.iter().filter(|(verb, _)| verb.writes()).map(|(_, n)| n).sum()
    }
}
