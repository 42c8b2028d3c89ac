//! Smart HTTP: one connection that is kept between requests, redirects of the first request only, credentials only to the
//! host they are for.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use krm::Masked;
use rustls::ClientConfig;

use super::connect::{Proxy, ProxyChoice, basic, open, tls_error};
use crate::git::GitError;
use crate::git::address::{Address, shown};
use crate::git::wire::Service;
use crate::web::{TlsIdentity, tls_config};

/// As browsers and curl do.
const REDIRECTS_MAX: usize = 10;
const USER_AGENT: &str = concat!("git/kubectl-gitops-", env!("CARGO_PKG_VERSION"));

/// What a connection needs to know.
#[derive(Clone)]
pub(in crate::git) struct HttpSettings {
    /// The repository.
    pub(in crate::git) address: Uri,
    /// `Basic …` or `Bearer …`
    pub(in crate::git) authorization: Option<Masked<String>>,
    /// Authorities beyond those of the machine, in PEM.
    pub(in crate::git) ca: Option<Vec<u8>>,
    /// Who we are.
    pub(in crate::git) identity: Option<TlsIdentity>,
    /// Through which proxy.
    pub(in crate::git) proxy: ProxyChoice,
    /// Until a connection stands.
    pub(in crate::git) connect: Duration,
}

impl HttpSettings {
    /// `Basic …`
    pub(in crate::git) fn basic(user: &str, password: &Masked<String>) -> Masked<String> {
        Masked::new(basic(user, password))
    }
}

/// A connection, made when it is first needed.
pub(in crate::git) struct Http {
    settings: HttpSettings,
    /// Where the repository really is, after redirects.
    base: Uri,
    open: Option<Open>,
    tls: Option<Arc<ClientConfig>>,
}

struct Open {
    /// Scheme and authority.
    origin: String,
    sender: SendRequest<Full<Bytes>>,
    /// The proxy, where requests go to it whole.
    through: Option<Proxy>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Http").field(&self.shown()).finish()
    }
}

/// The body of a reply.
pub(in crate::git) struct Body {
    incoming: Incoming,
    server: String,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Body")
    }
}

impl Body {
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, GitError> {
        loop {
            return match self.incoming.frame().await {
                None => Ok(None),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => Ok(Some(bytes)),
                    Err(_) => continue,
                },
                Some(Err(error)) => Err(broken(&error, &self.server)),
            };
        }
    }
}

impl Http {
    /// Nothing is sent yet.
    pub(in crate::git) fn new(settings: HttpSettings) -> Self {
        Self { base: settings.address.clone(), settings, open: None, tls: None }
    }

    pub(super) fn shown(&self) -> String {
        shown(&self.settings.address.to_string())
    }

    pub(super) async fn advertisement(&mut self, service: Service) -> Result<Body, GitError> {
        let suffix = format!("/info/refs?service={}", service.name());
        let mut uri = self.at(&suffix)?;
        for _ in 0..=REDIRECTS_MAX {
            let response = self.send(Method::GET, &uri, service, None).await?;
            if response.status().is_redirection() {
                let next = self.follow(&uri, response.headers().get(header::LOCATION))?;
                let text = next.to_string();
                let base =
                    text.strip_suffix(&suffix).ok_or_else(|| self.redirect("to something else than a repository"))?;
                self.base = base.parse().map_err(|_| self.redirect("to what is no URL"))?;
                uri = next;
                continue;
            }
            let response = self.accepted(response, service)?;
            // A server of static files answers, too.
            if content_type(&response) != format!("application/x-{}-advertisement", service.name()) {
                let source = crate::git::wire::WireError::Missing("the smart HTTP protocol");
                return Err(GitError::Protocol { remote: self.shown(), source });
            }
            return Ok(Body { server: self.shown(), incoming: response.into_body() });
        }
        Err(self.redirect("too often"))
    }

    pub(super) async fn exchange(&mut self, service: Service, request: Bytes) -> Result<Body, GitError> {
        let uri = self.at(&format!("/{}", service.name()))?;
        let response = self.send(Method::POST, &uri, service, Some(request)).await?;
        if response.status().is_redirection() {
            return Err(self.redirect("in the middle of a conversation"));
        }
        let response = self.accepted(response, service)?;
        if content_type(&response) != format!("application/x-{}-result", service.name()) {
            let source = crate::git::wire::WireError::Malformed("the reply");
            return Err(GitError::Protocol { remote: self.shown(), source });
        }
        Ok(Body { server: self.shown(), incoming: response.into_body() })
    }

    fn at(&self, suffix: &str) -> Result<Uri, GitError> {
        let base = self.base.to_string();
        let bad = |_| GitError::Address { shown: self.shown(), reason: "it is malformed" };
        format!("{}{suffix}", base.trim_end_matches('/')).parse().map_err(bad)
    }

    fn redirect(&self, how: &'static str) -> GitError {
        GitError::Redirect { remote: self.shown(), how }
    }

    fn follow(&self, from: &Uri, location: Option<&HeaderValue>) -> Result<Uri, GitError> {
        let text = location.and_then(|value| value.to_str().ok()).ok_or_else(|| self.redirect("to nowhere"))?;
        let scheme = from.scheme_str().unwrap_or("https");
        let authority = from.authority().map_or("", |authority| authority.as_str());
        let absolute = if text.starts_with("//") {
            format!("{scheme}:{text}")
        } else if text.starts_with('/') {
            format!("{scheme}://{authority}{text}")
        } else {
            text.to_owned()
        };
        let next: Uri = absolute.parse().map_err(|_| self.redirect("to what is no URL"))?;
        if next.authority().is_none_or(|authority| authority.as_str().contains('@')) {
            return Err(self.redirect("to what is no URL"));
        }
        match (scheme, next.scheme_str()) {
            ("https", Some("http")) => Err(self.redirect("from https to http")),
            (_, Some("http" | "https")) => Ok(next),
            _ => Err(self.redirect("to another protocol")),
        }
    }

    fn accepted(&self, response: Response<Incoming>, service: Service) -> Result<Response<Incoming>, GitError> {
        let remote = self.shown();
        let given = self.settings.authorization.is_some();
        Err(match response.status() {
            StatusCode::OK => return Ok(response),
            StatusCode::UNAUTHORIZED => GitError::Unauthorized { remote, given },
            StatusCode::FORBIDDEN => {
                let what = if service == Service::ReceivePack { "to write to it" } else { "to read it" };
                GitError::Forbidden { remote, what }
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => GitError::NotFound { remote },
            status => GitError::Status { remote, status: status.as_u16() },
        })
    }

    async fn send(
        &mut self,
        method: Method,
        uri: &Uri,
        service: Service,
        body: Option<Bytes>,
    ) -> Result<Response<Incoming>, GitError> {
        let origin = origin(uri);
        // A server may have closed a connection that was kept; then nothing was done, and a new one is as good. What writes
        // gets a new one at once, since it must not be sent twice.
        let kept = self.open.take().filter(|open| open.origin == origin && !open.sender.is_closed());
        let mut kept = kept.filter(|_| service == Service::UploadPack);
        loop {
            let fresh = kept.is_none();
            let mut open = match kept.take() {
                Some(open) => open,
                None => self.connect(uri, &origin).await?,
            };
            let request = self.request(&method, uri, service, body.clone(), open.through.as_ref())?;
            match open.sender.send_request(request).await {
                Ok(response) => {
                    self.open = Some(open);
                    return Ok(response);
                }
                Err(_) if !fresh => {}
                Err(error) => return Err(broken(&error, &origin)),
            }
        }
    }

    async fn connect(&mut self, uri: &Uri, origin: &str) -> Result<Open, GitError> {
        let proxy = self.settings.proxy.for_server(uri)?;
        let secure = uri.scheme_str() == Some("https");
        let tls = if secure { Some(self.tls()?) } else { None };
        let work = open(uri, proxy.as_ref(), tls.as_ref(), self.settings.connect);
        let stream = tokio::time::timeout(self.settings.connect * 2, work)
            .await
            .map_err(|_| GitError::Slow { remote: self.shown(), after: self.settings.connect * 2 })??;
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
        let (sender, connection) = handshake.await.map_err(|error| broken(&error, origin))?;
        // Its end, good or bad, is seen by the request that it carries.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Open { origin: origin.to_owned(), sender, through: proxy.filter(|_| !secure) })
    }

    fn tls(&mut self) -> Result<Arc<ClientConfig>, GitError> {
        if let Some(config) = &self.tls {
            return Ok(config.clone());
        }
        let config = tls_config(self.settings.ca.as_deref(), self.settings.identity.as_ref())
            .map_err(|error| GitError::TlsSetUp { remote: self.shown(), reason: error.to_string() })?;
        Ok(self.tls.insert(Arc::new(config)).clone())
    }

    fn request(
        &self,
        method: &Method,
        uri: &Uri,
        service: Service,
        body: Option<Bytes>,
        through: Option<&Proxy>,
    ) -> Result<Request<Full<Bytes>>, GitError> {
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let target = if through.is_some() { uri.to_string() } else { path.to_owned() };
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, authority)
            .header(header::USER_AGENT, USER_AGENT);
        if service == Service::UploadPack {
            request = request.header("git-protocol", "version=2");
        }
        if body.is_some() {
            request = request
                .header(header::CONTENT_TYPE, format!("application/x-{}-request", service.name()))
                .header(header::ACCEPT, format!("application/x-{}-result", service.name()));
        } else {
            request = request.header(header::ACCEPT, "*/*");
        }
        if let Some(value) = self.settings.authorization.as_ref().filter(|_| self.is_ours(uri)) {
            request = request.header(header::AUTHORIZATION, secret(value.expose()));
        }
        if let Some(value) = through.and_then(Proxy::authorization) {
            request = request.header(header::PROXY_AUTHORIZATION, secret(&value));
        }
        let bad = |_| GitError::Address { shown: self.shown(), reason: "it is malformed" };
        request.body(Full::new(body.unwrap_or_default())).map_err(bad)
    }

    /// May it see our credentials?
    fn is_ours(&self, uri: &Uri) -> bool {
        Address::Http(uri.clone()).authority() == Address::Http(self.settings.address.clone()).authority()
    }
}

fn secret(text: &str) -> HeaderValue {
    // Names and passwords with control characters cannot be sent; an empty value lets the server refuse them.
    let mut value = HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

fn origin(uri: &Uri) -> String {
    format!("{}://{}", uri.scheme_str().unwrap_or("https"), uri.authority().map_or("", |authority| authority.as_str()))
}

fn content_type(response: &Response<Incoming>) -> &str {
    let value = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

fn broken(error: &hyper::Error, server: &str) -> GitError {
    if let Some(error) = tls_error(error, server) {
        return error;
    }
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !reason.contains(&text) {
            reason = format!("{reason}: {text}");
        }
        cause = inner.source();
    }
    GitError::Lost { server: server.to_owned(), reason }
}
