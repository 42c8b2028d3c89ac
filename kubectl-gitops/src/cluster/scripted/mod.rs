//! A fake API server in memory, for faults. Owns what the tests of `execute` need of one: objects with uid and
//! resourceVersion, server-side apply with owners of fields, guarded deletes, discovery that grows with definitions. It
//! imitates no more than that, and it is not compiled into the product.

mod apply;
mod serve;
mod store;
mod watch;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::Notify;

pub(crate) use apply::updated;
pub(crate) use store::Store;

use super::transport::{Broken, Opened, Request, Response, Transport};

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The client dies before it is sent.
    KillBefore,
    /// It is done, and the client dies before the answer.
    KillAfter,
    /// It is done, and the answer is lost.
    DropReply,
    /// It is lost on the way.
    Lost,
    /// No answer comes, and nothing is done.
    Timeout,
    /// Refused with this status.
    Status(u16),
    /// Done, after a while.
    Slow(Duration),
    /// Done, and answered after a while.
    SlowReply(Duration),
    /// Of a watch: this comes, and then nothing, for ever.
    Says(&'static str),
    /// Of a watch: this comes, and then the connection breaks.
    Torn(&'static str),
    /// Of a watch: it ends at once.
    Ends,
}

type Hook = Box<dyn FnMut(&Request, usize, &mut Store) -> Option<Fault>>;

/// The wire to the fake. Clones share the server.
#[derive(Clone)]
pub(crate) struct Scripted {
    pub(crate) store: Rc<RefCell<Store>>,
    hook: Rc<RefCell<Option<Hook>>>,
    sent: Rc<Cell<usize>>,
    killed: Rc<Notify>,
}

impl Scripted {
    pub(crate) fn new() -> Self {
        Self {
            store: Rc::new(RefCell::new(Store::new())),
            hook: Rc::default(),
            sent: Rc::default(),
            killed: Rc::default(),
        }
    }

    /// Before each request `hook` may change the store and choose a fault; requests are counted from 0 again.
    pub(crate) fn set_hook(&self, hook: impl FnMut(&Request, usize, &mut Store) -> Option<Fault> + 'static) {
        self.sent.set(0);
        *self.hook.borrow_mut() = Some(Box::new(hook));
    }

    pub(crate) fn clear_hook(&self) {
        self.sent.set(0);
        *self.hook.borrow_mut() = None;
    }

    /// Requests since the hook was last set or cleared.
    pub(crate) fn sent(&self) -> usize {
        self.sent.get()
    }

    /// Ends when the client was killed.
    pub(crate) async fn killed(&self) {
        self.killed.notified().await;
    }

    async fn die(&self) -> ! {
        self.killed.notify_one();
        std::future::pending::<()>().await;
        unreachable!("a dead client is dropped")
    }

    /// A request arrives: what becomes of it, if not what it asks for.
    async fn arrive(&self, request: &Request) -> Option<Fault> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let index = self.sent.replace(self.sent.get() + 1);
        self.store.borrow_mut().tick();
        match self.hook.borrow_mut().as_mut() {
            Some(hook) => hook(request, index, &mut self.store.borrow_mut()),
            None => None,
        }
    }
}

fn lost<R>() -> Result<R, Broken> {
    Err(Broken::Lost { reason: "reset".to_owned() })
}

async fn timed_out<R>(request: &Request) -> Result<R, Broken> {
    tokio::time::sleep(request.timeout).await;
    Err(Broken::TimedOut { after_s: request.timeout.as_secs() })
}

impl Transport for Scripted {
    async fn send(&self, request: Request) -> Result<Response, Broken> {
        let fault = self.arrive(&request).await;
        match fault {
            Some(Fault::KillBefore) => self.die().await,
            Some(Fault::Lost | Fault::Says(_) | Fault::Torn(_) | Fault::Ends) => return lost(),
            Some(Fault::Timeout) => return timed_out(&request).await,
            Some(Fault::Status(status)) => return Ok(refusal(status)),
            Some(Fault::Slow(pause)) => tokio::time::sleep(pause).await,
            Some(Fault::KillAfter | Fault::DropReply | Fault::SlowReply(_)) | None => {}
        }
        let response = self.store.borrow_mut().serve(&request);
        match fault {
            Some(Fault::KillAfter) => self.die().await,
            Some(Fault::DropReply) => lost(),
            Some(Fault::SlowReply(pause)) => {
                tokio::time::sleep(pause).await;
                Ok(response)
            }
            _ => Ok(response),
        }
    }

    async fn open(&self, request: Request) -> Result<Opened, Broken> {
        match self.arrive(&request).await {
            Some(Fault::KillBefore | Fault::KillAfter) => self.die().await,
            Some(Fault::Lost | Fault::DropReply) => return lost(),
            Some(Fault::Timeout) => return timed_out(&request).await,
            Some(Fault::Status(status)) => return Ok(Opened::Refused(refusal(status))),
            Some(Fault::Slow(pause) | Fault::SlowReply(pause)) => tokio::time::sleep(pause).await,
            Some(Fault::Says(text)) => return Ok(Opened::Going(watch::says(text, None))),
            Some(Fault::Torn(text)) => return Ok(Opened::Going(watch::says(text, Some(lost())))),
            Some(Fault::Ends) => return Ok(Opened::Going(Box::pin(futures::stream::empty()))),
            None => {}
        }
        let watched = self.store.borrow().watched(&request);
        Ok(match watched {
            Ok(watched) => Opened::Going(watch::changes(Rc::clone(&self.store), watched)),
            Err(response) => Opened::Refused(response),
        })
    }
}

fn refusal(status: u16) -> Response {
    let reason = match status {
        401 => "Unauthorized",
        403 => "Forbidden",
        409 => "Conflict",
        410 => "Expired",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        _ => "InternalError",
    };
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason,
        "message": "injected", "details": {"kind": "injected"}, "code": status});
    let retry_after = (status == 429).then_some(Duration::from_secs(1));
    Response { status, retry_after, body: body.to_string().into_bytes(), ..Response::default() }
}
