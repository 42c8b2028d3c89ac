//! The API server as an administrator sees it: plain requests over TLS, with what a kubeconfig gives. For tests that look
//! behind the back of the program under test; blocking, one connection per request in flight.

use std::io::{self, BufReader};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

use crate::http::{Answer, Call, read_chunk};

type Stream = BufReader<StreamOwned<ClientConnection, TcpStream>>;

/// Longer than any answer takes, so that a test that hangs says where.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// A way to the API server.
#[derive(Debug)]
pub struct Api {
    authority: String,
    name: ServerName<'static>,
    tls: Arc<ClientConfig>,
    token: Option<String>,
    idle: Mutex<Vec<Stream>>,
    authorities: Vec<u8>,
}

/// An answer that goes on: its head, and its body as it comes.
#[derive(Debug)]
pub struct Flow {
    pub(crate) head: Answer,
    stream: Stream,
}

impl Flow {
    /// The next piece; none at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let piece = read_chunk(&mut self.stream)?;
        Ok(Some(piece).filter(|piece| !piece.is_empty()))
    }

    /// Ends it from elsewhere.
    pub(crate) fn end(&self) -> io::Result<impl FnOnce() + Send + use<>> {
        let socket = self.stream.get_ref().sock.try_clone()?;
        Ok(move || drop(socket.shutdown(Shutdown::Both)))
    }
}

impl Api {
    /// By a kubeconfig as `kubectl config view --raw --minify --flatten -o json` prints it.
    ///
    /// # Errors
    /// A sentence, when it names no server or no credentials that can be used here.
    pub fn from_kubeconfig(config: &Value) -> Result<Self, String> {
        let (cluster, user) = (&config["clusters"][0]["cluster"], &config["users"][0]["user"]);
        let server = cluster["server"].as_str().ok_or("the kubeconfig names no server")?;
        let authority = server.strip_prefix("https://").ok_or("the server is not at an https:// address")?;
        let authority = authority.trim_end_matches('/').to_owned();
        let host = cluster["tls-server-name"].as_str().map_or_else(|| host_of(&authority), str::to_owned);
        let data = |value: &Value| -> Result<Option<Vec<u8>>, String> {
            let decode = |text| base64::engine::general_purpose::STANDARD.decode(text);
            value.as_str().map(decode).transpose().map_err(|error| error.to_string())
        };
        let mut roots = RootCertStore::empty();
        let authorities = data(&cluster["certificate-authority-data"])?.ok_or("the kubeconfig has no authority")?;
        for certificate in CertificateDer::pem_slice_iter(&authorities) {
            roots.add(certificate.map_err(text)?).map_err(text)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(text)?.with_root_certificates(roots);
        let (chain, key) = (data(&user["client-certificate-data"])?, data(&user["client-key-data"])?);
        let tls = match (chain, key) {
            (Some(chain), Some(key)) => {
                let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&chain).collect();
                let key = PrivateKeyDer::from_pem_slice(&key).map_err(text)?;
                builder.with_client_auth_cert(chain.map_err(text)?, key).map_err(text)?
            }
            _ => builder.with_no_client_auth(),
        };
        let token = user["token"].as_str().map(str::to_owned);
        let name = ServerName::try_from(host).map_err(text)?;
        Ok(Self { authority, name, tls: Arc::new(tls), token, idle: Mutex::default(), authorities })
    }

    /// The certificates that the kubeconfig trusts, as PEM.
    pub fn authority_pem(&self) -> &[u8] {
        &self.authorities
    }

    /// Sends a request and waits for the answer. A connection that the server closed meanwhile is replaced, once.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn send(&self, call: &Call) -> io::Result<Answer> {
        let call = self.signed(call);
        let reused = self.idle.lock().expect("no thread died").pop();
        if let Some(stream) = reused
            && let Ok(Some(answer)) = self.exchange(stream, &call)
        {
            return Ok(answer);
        }
        self.exchange(self.connect()?, &call)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Sends a request whose answer goes on, over a connection of its own. What does not go on is an answer like any other.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn open(&self, call: &Call) -> io::Result<Result<Flow, Answer>> {
        let mut stream = self.connect()?;
        self.signed(call).write(stream.get_mut(), &self.authority)?;
        let mut head = Answer::read_head(&mut stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if head.is_success() && head.is_chunked() {
            // Nothing may happen for long.
            stream.get_ref().sock.set_read_timeout(None)?;
            return Ok(Ok(Flow { head, stream }));
        }
        head.read_body(&mut stream)?;
        Ok(Err(head))
    }

    fn signed(&self, call: &Call) -> Call {
        let mut call = call.clone();
        if let Some(token) = &self.token {
            call.headers.retain(|(name, _)| name != "authorization");
            call.headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        }
        call
    }

    fn connect(&self) -> io::Result<Stream> {
        let port = if self.authority.ends_with(']') || !self.authority.contains(':') { ":443" } else { "" };
        let socket = TcpStream::connect(format!("{}{port}", self.authority))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        let session = ClientConnection::new(Arc::clone(&self.tls), self.name.clone()).map_err(io::Error::other)?;
        Ok(BufReader::new(StreamOwned::new(session, socket)))
    }

    fn exchange(&self, mut stream: Stream, call: &Call) -> io::Result<Option<Answer>> {
        call.write(stream.get_mut(), &self.authority)?;
        let answer = Answer::read(&mut stream)?;
        if answer.as_ref().is_some_and(|answer| !answer.closes()) {
            self.idle.lock().expect("no thread died").push(stream);
        }
        Ok(answer)
    }

    /// GET of a path: the answer's status and its body as JSON.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn get(&self, path: &str) -> (u16, Value) {
        let answer = self.must(&Call::new("GET", path, Vec::new()).with("accept", "application/json"));
        (answer.status, answer.json())
    }

    /// A request that must be answered.
    ///
    /// # Panics
    /// When it is not.
    pub fn must(&self, call: &Call) -> Answer {
        self.send(call).unwrap_or_else(|error| panic!("{} {}: {error}", call.method, call.path))
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn host_of(authority: &str) -> String {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    host.trim_matches(['[', ']']).to_owned()
}
