//! From a host to a stream of bytes: names, proxies, TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use krm::Masked;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::git::GitError;

/// Longest answer of a proxy to CONNECT.
const PROXY_ANSWER_MAX: usize = 16 << 10;

/// Which proxy is used.
#[derive(Debug, Clone, Default)]
pub(in crate::git) enum ProxyChoice {
    /// The one that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name.
    #[default]
    Environment,
    /// None, whatever the environment says.
    None,
    /// This one, whatever the environment says.
    Given(Proxy),
}

/// A proxy.
#[derive(Debug, Clone)]
pub(in crate::git) struct Proxy {
    /// http or https; host and port.
    pub(in crate::git) address: Uri,
    /// For it only.
    pub(in crate::git) login: Option<(String, Masked<String>)>,
}

impl Proxy {
    /// From a URL, which may hold user and password.
    pub(in crate::git) fn parse(url: &str, login: Option<(String, Masked<String>)>) -> Result<Self, GitError> {
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let shown = || crate::git::address::shown(&url);
        let bad = |reason: &str| GitError::Proxy { proxy: shown(), reason: reason.to_owned() };
        let parsed = crate::git::address::Address::parse(&url).map_err(|_| bad("its URL is malformed"))?;
        let crate::git::address::Address::Http(address) = parsed.address else {
            return Err(bad("only proxies with the protocols http and https are understood"));
        };
        Ok(Self { address, login: login.or(parsed.login) })
    }

    /// `Basic …`
    pub(super) fn authorization(&self) -> Option<String> {
        self.login.as_ref().map(|(user, password)| basic(user, password))
    }

    fn shown(&self) -> String {
        crate::git::address::shown(&self.address.to_string())
    }
}

/// `Basic …`
pub(super) fn basic(user: &str, password: &Masked<String>) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{}", password.expose())))
}

impl ProxyChoice {
    /// The proxy for this server.
    pub(super) fn for_server(&self, server: &Uri) -> Result<Option<Proxy>, GitError> {
        match self {
            Self::None => Ok(None),
            Self::Given(proxy) => Ok(Some(proxy.clone())),
            Self::Environment => {
                let found = crate::cluster::proxy_from_environment(server, |name| std::env::var(name).ok());
                found.map(|uri| Proxy::parse(&uri.to_string(), None)).transpose()
            }
        }
    }
}

/// Something to read from and to write to.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A stream to the server, through the proxy if there is one. For http through a proxy, the stream ends at the proxy.
pub(super) async fn open(
    server: &Uri,
    proxy: Option<&Proxy>,
    tls: Option<&Arc<ClientConfig>>,
    patience: Duration,
) -> Result<Box<dyn Wire>, GitError> {
    let (host, port) = host_and_port(server);
    let shown = format!("{}:{port}", server.host().unwrap_or_default());
    let Some(proxy) = proxy else {
        let stream = reach(host, port, patience).await?;
        return match tls {
            Some(config) => secure(stream, host, &shown, config).await,
            None => Ok(Box::new(stream)),
        };
    };
    let (proxy_host, proxy_port) = host_and_port(&proxy.address);
    let bad = |reason: String| GitError::Proxy { proxy: proxy.shown(), reason };
    let stream = reach(proxy_host, proxy_port, patience).await.map_err(|error| bad(told(&error)))?;
    let mut stream: Box<dyn Wire> = if proxy.address.scheme_str() == Some("https") {
        let config = crate::web::tls_config(None, None).map_err(|error| bad(error.to_string()))?;
        secure(stream, proxy_host, &proxy.shown(), &Arc::new(config)).await.map_err(|error| bad(told(&error)))?
    } else {
        Box::new(stream)
    };
    let Some(config) = tls else { return Ok(stream) };
    tunnel(&mut stream, &shown, proxy).await.map_err(bad)?;
    secure(stream, host, &shown, config).await
}

fn told(error: &GitError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn host_and_port(uri: &Uri) -> (&str, u16) {
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
    (uri.host().unwrap_or_default().trim_matches(['[', ']']), port)
}

/// A TCP connection, to the first address of the name that answers.
pub(super) async fn reach(host: &str, port: u16, patience: Duration) -> Result<TcpStream, GitError> {
    let unreachable = |source| GitError::Unreachable { server: format!("{host}:{port}"), source };
    match tokio::time::timeout(patience, TcpStream::connect((host, port))).await {
        Ok(Ok(stream)) => {
            // Small requests must not wait for company.
            stream.set_nodelay(true).map_err(unreachable)?;
            Ok(stream)
        }
        Ok(Err(error)) => Err(unreachable(error)),
        Err(_) => {
            let text = format!("no connection within {} s", patience.as_secs());
            Err(unreachable(io::Error::new(io::ErrorKind::TimedOut, text)))
        }
    }
}

async fn secure<S: Wire + 'static>(
    stream: S,
    host: &str,
    shown: &str,
    config: &Arc<ClientConfig>,
) -> Result<Box<dyn Wire>, GitError> {
    let bad = |reason: String, untrusted| GitError::Tls { server: shown.to_owned(), reason, untrusted };
    let name = ServerName::try_from(host.to_owned()).map_err(|_| bad("its name is malformed".to_owned(), false))?;
    match tokio_rustls::TlsConnector::from(config.clone()).connect(name, stream).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(tls_error(&error, shown)
            .unwrap_or_else(|| GitError::Lost { server: shown.to_owned(), reason: error.to_string() })),
    }
}

/// Is it TLS that failed?
pub(super) fn tls_error(error: &(dyn std::error::Error + 'static), server: &str) -> Option<GitError> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let found = error
            .downcast_ref::<rustls::Error>()
            .or_else(|| inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()));
        if let Some(found) = found {
            let untrusted = matches!(found, rustls::Error::InvalidCertificate(_));
            return Some(GitError::Tls { server: server.to_owned(), reason: found.to_string(), untrusted });
        }
        cause = error.source();
    }
    None
}

/// Asks the proxy for a tunnel.
async fn tunnel(stream: &mut Box<dyn Wire>, target: &str, proxy: &Proxy) -> Result<(), String> {
    let login = proxy.authorization().map(|value| format!("Proxy-Authorization: {value}\r\n")).unwrap_or_default();
    let request = Masked::new(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{login}\r\n"));
    stream.write_all(request.expose().as_bytes()).await.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        // Byte by byte: what follows belongs to TLS.
        let byte = stream.read_u8().await.map_err(|_| "it hung up".to_owned())?;
        answer.push(byte);
        if answer.len() > PROXY_ANSWER_MAX {
            return Err("its answer is too long".to_owned());
        }
    }
    let line = String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned();
    let status = line.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
    match (line.starts_with("HTTP/1."), status) {
        (true, Some(200..=299)) => Ok(()),
        (true, Some(407)) => Err("it asks for other credentials (407)".to_owned()),
        (true, Some(status)) => Err(format!("it answered {status}")),
        _ => Err("it does not answer as a proxy does".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_shown_without_their_login() {
        let proxy = Proxy::parse("ann:hunter2@proxy.example:3128", None).unwrap();
        assert_eq!(proxy.shown(), "http://proxy.example:3128/");
        assert!(!format!("{proxy:?}").contains("hunter2"));
        assert_eq!(proxy.authorization().unwrap(), "Basic YW5uOmh1bnRlcjI=");
        let error = Proxy::parse("socks5://ann:hunter2@proxy.example:1080", None).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
