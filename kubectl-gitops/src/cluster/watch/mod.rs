//! Being told of changes in place of asking for them: a first reading, then one watch after another, each from where the last one
//! ended. Owns when everything is read again instead, and asking again and again where watching is not possible; must not judge
//! objects. `events` reads the bytes.

mod events;

use std::time::Duration;

use futures::stream::StreamExt as _;
use serde_json::Value;
use tokio::time::Instant;

use super::client::{Cluster, JSON, METADATA, Notice};
use super::error::{ClusterError, Code};
use super::query::{Extent, ListQuery};
use super::transport::{Broken, Chunks, Method, Response, Transport, Verb};
use events::{Events, Told, version_of};

/// How long after its time a watch may still end: a connection on which nothing comes any more looks like one on which nothing
/// happens.
const GRACE: Duration = Duration::from_secs(5);
/// A watch that ends sooner than this without a word was of no use.
const OF_USE: Duration = Duration::from_secs(1);
/// A server may ask for a longer pause than is sensible.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// How a thing is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Between two readings, at first.
    pub pause_min: Duration,
    /// The same after many.
    pub pause_max: Duration,
    /// So long is one watch.
    pub renew: Duration,
    /// When a watch ends and the last reading is older than this, everything is read again, though nothing says that it must be.
    pub read_again: Duration,
}

/// What a reading leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// Changes after this version are to be told.
    At(String),
    /// They cannot be told: read again after a pause.
    Pause,
    /// Nothing more is of interest.
    Done,
}

/// A change.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It is so now.
    Present(Value),
    /// It was so last, and is gone or is not looked for any more.
    Gone(Value),
}

/// What the listener wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// The next change.
    More,
    /// Everything anew.
    ReadAgain,
    /// Nothing.
    Done,
}

/// How watching came to an end.
enum Ended {
    /// Nothing more is of interest.
    Done,
    /// Everything is to be read, for no fault of the watch's.
    ReadAgain,
    /// It failed.
    Failed(ClusterError),
}

impl<T: Transport> Cluster<T> {
    /// Reads by `read`, then tells `hear` every change of what `query` finds, for as long as either wants. `read` is told whether
    /// the version it gave before is too old to go on from: then only that of a LIST will do. Fails only when `read` does.
    pub async fn follow(
        &self,
        query: &ListQuery<'_>,
        pace: &Pace,
        mut read: impl AsyncFnMut(bool) -> Result<Start, ClusterError>,
        mut hear: impl FnMut(Change) -> Heard,
    ) -> Result<(), ClusterError> {
        let (mut allowed, mut expired, mut pause) = (true, false, pace.pause_min);
        loop {
            let rest = match read(expired).await? {
                Start::Done => return Ok(()),
                Start::At(version) if allowed => {
                    let begin = Instant::now();
                    let ended = Box::pin(self.listen(query, pace, version, &mut hear)).await;
                    if begin.elapsed() >= OF_USE {
                        pause = pace.pause_min;
                    }
                    match ended {
                        Ended::Done => return Ok(()),
                        Ended::ReadAgain => pace.pause_min,
                        Ended::Failed(error) => {
                            (allowed, expired) = (!is_final(&error), error.code == Code::Gone);
                            let wish = error.retry_after.unwrap_or_default().min(PAUSE_MAX);
                            if !allowed {
                                self.tell(Notice::Polling { what: error.what, code: error.code });
                            }
                            pause.max(wish)
                        }
                    }
                }
                Start::At(_) | Start::Pause => pause,
            };
            tokio::time::sleep(rest).await;
            pause = (pause * 3 / 2).min(pace.pause_max);
        }
    }

    /// One watch after another, until one fails.
    async fn listen(
        &self,
        query: &ListQuery<'_>,
        pace: &Pace,
        mut version: String,
        hear: &mut impl FnMut(Change) -> Heard,
    ) -> Ended {
        let since = Instant::now();
        loop {
            let (begin, from) = (Instant::now(), version.clone());
            match self.watch(query, pace.renew, &mut version, hear).await {
                Ok(Heard::Done) => return Ended::Done,
                Ok(Heard::ReadAgain) => return Ended::ReadAgain,
                Ok(Heard::More) if begin.elapsed() < OF_USE && version == from => {
                    let what = query.endpoint.describe(query.namespace, "");
                    return Ended::Failed(ClusterError::local(Code::Garbled, Verb::Watch, &what, "it ended at once"));
                }
                Ok(Heard::More) if since.elapsed() >= pace.read_again => return Ended::ReadAgain,
                Ok(Heard::More) => {}
                Err(error) => return Ended::Failed(error),
            }
        }
    }

    /// One watch, to its end; `version` moves on with what it tells.
    async fn watch(
        &self,
        query: &ListQuery<'_>,
        renew: Duration,
        version: &mut String,
        hear: &mut impl FnMut(Change) -> Heard,
    ) -> Result<Heard, ClusterError> {
        let endpoint = query.endpoint;
        let what = endpoint.describe(query.namespace, "");
        let accept = if query.extent == Extent::Whole { JSON } else { METADATA };
        let path = query.watch_path(version, renew.as_secs());
        let request = self.request(Verb::Watch, Method::Get, path, accept);
        let end = Instant::now() + renew + GRACE;
        let mut chunks = self.open(request, &what, endpoint.is_secret()).await?;
        let broken = |broken: &Broken| ClusterError::broken(Verb::Watch, &what, broken);
        let mut events = Events::default();
        while let Some(chunk) = next(&mut chunks, end, renew).await.map_err(|error| broken(&error))? {
            self.received(chunk.len());
            let told = events
                .read(&chunk)
                .map_err(|error| ClusterError::local(Code::Garbled, Verb::Watch, &what, &error.to_string()))?;
            for event in told {
                let (object, gone) = match event {
                    Told::Present(object) => (object, false),
                    Told::Gone(object) => (object, true),
                    Told::Bookmark(reached) => {
                        *version = reached;
                        continue;
                    }
                    Told::Failed(status) => return Err(refused(&what, &status, endpoint.is_secret())),
                };
                version_of(&object).clone_into(version);
                let object = endpoint.typed(object);
                let wanted = hear(if gone { Change::Gone(object) } else { Change::Present(object) });
                if wanted != Heard::More {
                    return Ok(wanted);
                }
            }
        }
        if events.is_torn() {
            return Err(broken(&Broken::Lost { reason: "it ended in the middle of an event".to_owned() }));
        }
        Ok(Heard::More)
    }
}

/// The next piece; none at the end.
async fn next(chunks: &mut Chunks, end: Instant, renew: Duration) -> Result<Option<bytes::Bytes>, Broken> {
    match tokio::time::timeout_at(end, chunks.next()).await {
        Ok(chunk) => chunk.transpose(),
        Err(_) => Err(Broken::TimedOut { after_s: (renew + GRACE).as_secs() }),
    }
}

/// The `Status` by which a server ends a watch.
fn refused(what: &str, status: &Value, secret: bool) -> ClusterError {
    let code = status["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(500);
    let response = Response { status: code, body: status.to_string().into_bytes(), ..Response::default() };
    ClusterError::answered(Verb::Watch, what, &response, secret)
}

/// Will it never be possible? Everything else may be different a moment later.
fn is_final(error: &ClusterError) -> bool {
    matches!(error.code, Code::Forbidden | Code::NotServed | Code::Invalid)
}

#[cfg(test)]
mod tests;
