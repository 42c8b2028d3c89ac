//! `git http-backend` behind a web server: authentication, TLS, client certificates, and the ways in which servers go wrong.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::message::{Request, basic, headers};
use super::tls::{Authority, Identity, server_config};

/// How a server is set up. What is not said is open, plain and well-behaved.
#[derive(Debug, Default)]
pub struct Serving<'a> {
    /// Who is let in: user and password.
    pub user: Option<(&'a str, &'a str)>,
    /// Who is let in: a bearer token.
    pub token: Option<&'a str>,
    /// TLS with this certificate.
    pub tls: Option<&'a Identity>,
    /// Only clients with a certificate of this authority are let in.
    pub clients: Option<&'a Authority>,
    /// It speaks the protocol as it was before version 2.
    pub old: bool,
}

/// How a server behaves from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    #[default]
    Well,
    /// Every request is answered with this status and this text.
    Answers(u16, String),
    /// Every request is sent to the same path at another server.
    RedirectsTo(String),
    /// The connection ends after so many bytes of a pack's answer.
    DiesAfter(usize),
    /// So many bytes at a time of every answer's body, then a pause.
    Trickles(usize, Duration),
    /// Requests are read and never answered.
    Silent,
    /// Every answer's body is this instead.
    Lies(Vec<u8>),
}

/// One request, as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `GET` or `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The header `Authorization`, if there was one.
    pub authorization: Option<String>,
    /// The header `Git-Protocol`, if there was one.
    pub protocol: Option<String>,
}

/// A server of all repositories below a directory. It lives as long as the test process.
#[derive(Debug)]
pub struct GitServer {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
}

struct Shared {
    root: PathBuf,
    old: bool,
    before: Mutex<Option<Before>>,
    authorization: Option<String>,
    manner: Mutex<Manner>,
    asked: Mutex<Vec<Asked>>,
    sent: AtomicUsize,
}

/// What is done once, before a request is answered whose target ends with this.
struct Before {
    target: &'static str,
    deed: Box<dyn FnOnce() + Send>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("root", &self.root).finish_non_exhaustive()
    }
}

/// Bytes of an answer's body. Counted before they are sent: who has them may ask how many there were.
struct Sent<'a> {
    here: usize,
    all: &'a AtomicUsize,
}

impl Sent<'_> {
    fn add(&mut self, bytes: usize) {
        self.here += bytes;
        self.all.fetch_add(bytes, Ordering::Relaxed);
    }
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

impl GitServer {
    /// Serves what lies below `root`.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn start(root: &Path, serving: &Serving<'_>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound listener");
        let authorization = serving
            .user
            .map(|(user, password)| basic(user, password))
            .or_else(|| serving.token.map(|token| format!("Bearer {token}")));
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            old: serving.old,
            before: Mutex::default(),
            authorization,
            manner: Mutex::default(),
            asked: Mutex::default(),
            sent: AtomicUsize::new(0),
        });
        let tls = serving.tls.map(|identity| server_config(identity, serving.clients));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let theirs = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (shared, tls) = (Arc::clone(&theirs), tls.clone());
                // A client that hangs up (it does not trust us) is its own business.
                thread::spawn(move || converse(stream, tls, &shared).is_ok());
            }
        });
        Self { address, scheme, shared }
    }

    /// The URL of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}/{path}", self.scheme, self.address)
    }

    /// The same with a user and a password in it.
    pub fn url_for(&self, user: &str, password: &str, path: &str) -> String {
        format!("{}://{user}:{password}@{}/{path}", self.scheme, self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it behaves like this.
    pub fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    /// Does this once, before it answers the next request whose target ends like this: what happens between two requests.
    pub fn before(&self, target: &'static str, deed: impl FnOnce() + Send + 'static) {
        let deed = Box::new(deed);
        *self.shared.before.lock().unwrap_or_else(PoisonError::into_inner) = Some(Before { target, deed });
    }

    /// What was asked since the last call of this.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Bytes of answers' bodies since the last call of this.
    pub fn sent(&self) -> usize {
        self.shared.sent.swap(0, Ordering::Relaxed)
    }
}

fn converse(stream: TcpStream, tls: Option<Arc<rustls::ServerConfig>>, shared: &Shared) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    stream.set_nodelay(true)?;
    let stream: Box<dyn Stream> = match tls {
        None => Box::new(stream),
        Some(config) => {
            let connection = rustls::ServerConnection::new(config).map_err(io::Error::other)?;
            Box::new(rustls::StreamOwned::new(connection, stream))
        }
    };
    let mut stream = BufReader::new(stream);
    while let Some(request) = Request::read(&mut stream)? {
        let asked = Asked {
            method: request.method.clone(),
            target: request.target.clone(),
            authorization: request.headers.get("authorization").cloned(),
            protocol: request.headers.get("git-protocol").cloned(),
        };
        shared.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
        let mut before = shared.before.lock().unwrap_or_else(PoisonError::into_inner);
        let due = before.take_if(|before| request.target.ends_with(before.target));
        drop(before);
        if let Some(Before { deed, .. }) = due {
            deed();
        }
        let mut sent = Sent { here: 0, all: &shared.sent };
        answer(&request, stream.get_mut().as_mut(), shared, &mut sent)?;
    }
    Ok(())
}

/// Answers; an error ends the connection.
fn answer(request: &Request, stream: &mut dyn Stream, shared: &Shared, sent: &mut Sent<'_>) -> io::Result<()> {
    let manner = shared.manner.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match &manner {
        Manner::Silent => {
            thread::sleep(Duration::from_hours(1));
            return Err(io::ErrorKind::TimedOut.into());
        }
        Manner::Answers(status, text) => return plain(stream, *status, "", text.as_bytes(), sent),
        Manner::RedirectsTo(server) => {
            let location = format!("Location: {server}{}\r\n", request.target);
            return plain(stream, 302, &location, b"", sent);
        }
        Manner::Well | Manner::DiesAfter(_) | Manner::Trickles(..) | Manner::Lies(_) => {}
    }
    if shared.authorization.as_deref().is_some_and(|wanted| wanted != request.header("authorization")) {
        return plain(stream, 401, "WWW-Authenticate: Basic realm=\"test\"\r\n", b"who are you\n", sent);
    }
    backend(request, stream, shared, &manner, sent)
}

fn plain(stream: &mut dyn Stream, status: u16, more: &str, body: &[u8], sent: &mut Sent<'_>) -> io::Result<()> {
    write!(stream, "HTTP/1.1 {status} Test\r\n{more}Content-Length: {}\r\n\r\n", body.len())?;
    sent.add(body.len());
    stream.write_all(body)?;
    stream.flush()
}

/// Git's own program speaks, as below any web server.
fn backend(
    request: &Request,
    stream: &mut dyn Stream,
    shared: &Shared,
    manner: &Manner,
    sent: &mut Sent<'_>,
) -> io::Result<()> {
    let mut command = Command::new("git");
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.arg("http-backend").env_clear().env("PATH", path).env("GIT_CONFIG_NOSYSTEM", "1");
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("HOME", &shared.root);
    command.env("GIT_PROJECT_ROOT", &shared.root).env("GIT_HTTP_EXPORT_ALL", "1").env("REMOTE_ADDR", "127.0.0.1");
    command.env("PATH_INFO", decoded(request.path())).env("QUERY_STRING", request.query());
    command.env("REQUEST_METHOD", &request.method).env("CONTENT_TYPE", request.header("content-type"));
    command.env("CONTENT_LENGTH", request.body.len().to_string());
    command.env("HTTP_CONTENT_ENCODING", request.header("content-encoding"));
    command.env("GIT_PROTOCOL", if shared.old { "" } else { request.header("git-protocol") });
    if shared.authorization.is_some() {
        command.env("REMOTE_USER", "ann");
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut input = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let body = request.body.clone();
    let writer = thread::spawn(move || input.write_all(&body).is_ok());
    let mut output = BufReader::new(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
    let head = headers(&mut output)?;
    let status = head.get("status").map_or("200 OK", String::as_str);
    write!(stream, "HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n")?;
    for (name, value) in head.iter().filter(|(name, _)| *name != "status") {
        write!(stream, "{name}: {value}\r\n")?;
    }
    write!(stream, "\r\n")?;
    let is_pack = request.path().ends_with("/git-upload-pack");
    let carried = carry(&mut output, stream, manner, is_pack, sent);
    drop(child.kill());
    drop((child.wait(), writer.join()));
    carried
}

fn carry(
    from: &mut BufReader<impl Read>,
    to: &mut dyn Stream,
    manner: &Manner,
    is_pack: bool,
    sent: &mut Sent<'_>,
) -> io::Result<()> {
    let mut chunk = |bytes: &[u8]| -> io::Result<()> {
        write!(to, "{:x}\r\n", bytes.len())?;
        to.write_all(bytes)?;
        write!(to, "\r\n")?;
        to.flush()
    };
    if let Manner::Lies(content) = manner {
        sent.add(content.len());
        chunk(content)?;
        return chunk(b"");
    }
    loop {
        let available = from.fill_buf()?;
        let mut size = available.len();
        if size == 0 {
            return chunk(b"");
        }
        match manner {
            Manner::DiesAfter(limit) if is_pack => {
                size = size.min(limit.saturating_sub(sent.here));
                if size == 0 {
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
            }
            Manner::Trickles(bytes, pause) => {
                size = size.min(*bytes);
                thread::sleep(*pause);
            }
            _ => {}
        }
        sent.add(size);
        chunk(&available[..size])?;
        from.consume(size);
    }
}

/// `%20` of a path.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        match (first, tail.get(..2).and_then(hex)) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
