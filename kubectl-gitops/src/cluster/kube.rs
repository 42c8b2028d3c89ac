//! The real wire. The only file that names a `kube::Client`; owns how our requests become HTTP and how the library's
//! failures become [`Broken`]. Must not repeat requests or read bodies.

use std::cell::RefCell;
use std::error::Error as StdError;
use std::io;
use std::sync::Once;
use std::time::Duration;

use futures::stream::TryStreamExt as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kube::client::Body;

use super::client::{Cluster, Notice};
use super::connect::ClusterAddress;
use super::retry::Patience;
use super::transport::{Broken, Method, Opened, Request, Response, Transport};

/// A connection pool to one API server.
#[derive(Clone)]
pub struct KubeTransport {
    client: RefCell<kube::Client>,
    config: kube::Config,
}

impl std::fmt::Debug for KubeTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KubeTransport").finish_non_exhaustive()
    }
}

/// The connection's settings do not make a client (certificates, credentials).
#[derive(Debug, thiserror::Error)]
#[error("cannot make a client for {server}")]
pub struct MakeClient {
    /// The API server.
    pub server: String,
    /// Why.
    #[source]
    pub source: Box<kube::Error>,
}

impl ClusterAddress {
    /// A cluster to work with. Sends nothing yet.
    pub fn open(&self, patience: Patience, notice: Box<dyn Fn(Notice)>) -> Result<Cluster<KubeTransport>, MakeClient> {
        install_tls_provider();
        let make = |source| MakeClient { server: self.server.clone(), source: Box::new(source) };
        let client = kube::Client::try_from(self.config.clone()).map_err(make)?;
        let transport = KubeTransport { client: RefCell::new(client), config: self.config.clone() };
        Ok(Cluster::new(transport, patience, notice))
    }
}

/// One provider for the whole process: two in a dependency tree make rustls refuse to choose.
fn install_tls_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that somebody in this process installed one before, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
}

impl Transport for KubeTransport {
    async fn send(&self, request: Request) -> Result<Response, Broken> {
        let mut body = Vec::new();
        let mut response = self.stream(request, &mut |bytes| body.extend_from_slice(bytes)).await?;
        if response.is_well() {
            response.body = body;
        }
        Ok(response)
    }

    async fn stream(&self, request: Request, each: &mut dyn FnMut(&[u8])) -> Result<Response, Broken> {
        let (timeout, bytes_max) = (request.timeout, request.answer_bytes_max);
        in_time(timeout, async { take_in(self.answer(request).await?, bytes_max, each).await }).await
    }

    async fn open(&self, request: Request) -> Result<Opened, Broken> {
        let (timeout, bytes_max) = (request.timeout, request.answer_bytes_max);
        let opened = async {
            let answer = self.answer(request).await?;
            if !answer.status().is_success() {
                return take_in(answer, bytes_max, &mut |_| {}).await.map(Opened::Refused);
            }
            let chunks = answer.into_body().into_data_stream();
            Ok(Opened::Going(Box::pin(chunks.map_err(|error| Broken::Lost { reason: chain(&error) }))))
        };
        in_time(timeout, opened).await
    }
}

impl KubeTransport {
    /// Credentials may have been replaced where they come from, and the library holds what it read for a minute: the next request
    /// reads them again.
    fn renew(&self) {
        if let Ok(client) = kube::Client::try_from(self.config.clone()) {
            self.client.replace(client);
        }
    }

    async fn answer(&self, request: Request) -> Result<http::Response<Body>, Broken> {
        let request = to_http(request).map_err(|reason| Broken::Connect { reason })?;
        let client = self.client.borrow().clone();
        let answer = client.send(request).await.map_err(|error| broken(&error))?;
        if answer.status() == http::StatusCode::UNAUTHORIZED {
            self.renew();
        }
        Ok(answer)
    }
}

async fn in_time<R>(limit: Duration, answer: impl Future<Output = Result<R, Broken>>) -> Result<R, Broken> {
    // Everything that sends anything has this in it.
    match tokio::time::timeout(limit, Box::pin(answer)).await {
        Ok(result) => result,
        Err(_) => Err(Broken::TimedOut { after_s: limit.as_secs() }),
    }
}

async fn take_in(
    answer: http::Response<Body>,
    bytes_max: usize,
    each: &mut dyn FnMut(&[u8]),
) -> Result<Response, Broken> {
    let (parts, body) = answer.into_parts();
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let mut response = Response {
        status: parts.status.as_u16(),
        warnings: parts.headers.get_all("warning").iter().filter_map(|v| warning_text(v.to_str().ok()?)).collect(),
        retry_after: header("retry-after").and_then(|s| s.trim().parse().ok()).map(Duration::from_secs),
        content_type: header("content-type").unwrap_or_default().to_owned(),
        body: Vec::new(),
    };
    let mut body = std::pin::pin!(Limited::new(body, bytes_max));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            if error.is::<LengthLimitError>() {
                Broken::TooLarge { bytes_max }
            } else {
                Broken::Lost { reason: chain(error.as_ref()) }
            }
        })?;
        let Some(bytes) = frame.data_ref() else { continue };
        if response.is_well() {
            each(bytes);
        } else {
            response.body.extend_from_slice(bytes);
        }
    }
    Ok(response)
}

fn to_http(request: Request) -> Result<http::Request<Body>, String> {
    let method = match request.method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    };
    let mut builder = http::Request::builder().method(method).uri(request.path).header("accept", request.accept);
    builder = builder.header("user-agent", concat!("kubectl-gitops/", env!("CARGO_PKG_VERSION")));
    if !request.body.is_empty() {
        builder = builder.header("content-type", request.content_type);
    }
    builder.body(Body::from(request.body)).map_err(|error| error.to_string())
}

fn broken(error: &kube::Error) -> Broken {
    let reason = chain(error);
    if matches!(error, kube::Error::Auth(_)) {
        return Broken::Credentials { reason };
    }
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<rustls::Error>() {
            return Broken::Connect { reason };
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
            if matches!(error.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable) {
                return Broken::Connect { reason };
            }
        }
        cause = error.source();
    }
    // Also names that do not resolve, which the library does not tell apart: then nothing was done, and assuming that
    // something may have been is the safe side.
    Broken::Lost { reason }
}

/// The whole chain in one line, without the repetitions that wrappers make.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !texts.iter().any(|known| known.contains(&text)) {
            texts.retain(|known| !text.contains(known.as_str()));
            texts.push(text);
        }
        cause = error.source();
    }
    texts.join(": ")
}

/// The quoted text of `299 - "text"`.
fn warning_text(header: &str) -> Option<String> {
    let quoted = header.split_once('"')?.1;
    let end = quoted.rfind('"')?;
    Some(quoted[..end].replace("\\\"", "\"").replace("\\\\", "\\"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warning_headers_give_their_text() {
        assert_eq!(warning_text(r#"299 - "v1 \"x\" is deprecated""#).as_deref(), Some("v1 \"x\" is deprecated"));
        assert_eq!(warning_text("garbage"), None);
    }
}
