//! A gate between a command and its API server that sees every request in the clear: it hands each to a test, which forwards
//! it, answers it itself, or spoils the answer. The road back to the server is `api`.

use std::fmt;
use std::io::{self, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt};

use crate::api::{Api, Flow};
use crate::http::{Answer, Call, chunk};

/// What becomes of a request.
#[derive(Debug)]
pub enum Reply {
    /// This answer.
    Whole(Answer),
    /// This answer, as it comes.
    Flow(Box<Flow>),
    /// This answer, twice in a row, on a connection that the client may use again.
    Twice(Answer),
    /// Half of this answer, then the connection is reset.
    Torn(Answer),
    /// No answer: the connection ends.
    Closed,
    /// No answer for so long, then the connection ends.
    Silent(Duration),
}

impl Reply {
    /// What the server says, as it says it; if it says nothing, neither do we.
    pub fn of(api: &Api, call: &Call) -> Self {
        if !call.is_watch() {
            return api.send(call).map_or(Self::Closed, Self::Whole);
        }
        match api.open(call) {
            Ok(Ok(flow)) => Self::Flow(Box::new(flow)),
            Ok(Err(answer)) => Self::Whole(answer),
            Err(_) => Self::Closed,
        }
    }
}

type Decide = dyn Fn(Call) -> Reply + Send + Sync;

/// A listener for one client. Its threads end with the connections of the client.
pub struct Gateway {
    address: SocketAddr,
    closed: Arc<AtomicBool>,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Gateway {
    /// Whatever comes is given to `decide`, on a thread per connection.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn new(decide: impl Fn(Call) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound listener");
        let closed = Arc::new(AtomicBool::new(false));
        let (decide, end): (Arc<Decide>, _) = (Arc::new(decide), Arc::clone(&closed));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if end.load(Ordering::Relaxed) {
                    return;
                }
                let decide = Arc::clone(&decide);
                // A client that goes away in the middle is what these tests are about.
                thread::spawn(move || drop(serve(client, &*decide)));
            }
        });
        Self { address, closed }
    }

    /// Where to connect to, without TLS.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        // Wakes the listener, which then ends.
        drop(TcpStream::connect(self.address));
    }
}

/// Until the server ends it or the client goes.
fn pass_on(mut flow: Flow, writer: &mut TcpStream) -> io::Result<()> {
    let (client, end) = (writer.try_clone()?, flow.end()?);
    thread::spawn(move || {
        // A client that has something to say while it is answered has gone on to its next request.
        if matches!(client.peek(&mut [0]), Ok(0) | Err(_)) {
            end();
        }
    });
    writer.write_all(&flow.head.flowing_head())?;
    while let Some(piece) = flow.next()? {
        writer.write_all(&chunk(&piece))?;
    }
    writer.write_all(&chunk(b""))
}

fn serve(client: TcpStream, decide: &Decide) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut reader = BufReader::new(client.try_clone()?);
    let mut writer = client;
    while let Some(call) = Call::read(&mut reader)? {
        match decide(call) {
            Reply::Whole(answer) => writer.write_all(&answer.bytes())?,
            Reply::Flow(flow) => pass_on(*flow, &mut writer)?,
            Reply::Twice(answer) => writer.write_all(&[answer.bytes(), answer.bytes()].concat())?,
            Reply::Torn(answer) => {
                let bytes = answer.bytes();
                let body = answer.body.len();
                writer.write_all(&bytes[..bytes.len() - body.div_ceil(2)])?;
                writer.flush()?;
                // Closing with this is a reset instead of an orderly end.
                setsockopt(&writer, sockopt::Linger, &linger { l_onoff: 1, l_linger: 0 })?;
                return Ok(());
            }
            Reply::Closed => return writer.shutdown(Shutdown::Both),
            Reply::Silent(pause) => {
                thread::sleep(pause);
                return writer.shutdown(Shutdown::Both);
            }
        }
    }
    Ok(())
}
