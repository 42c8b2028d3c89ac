//! `-f https://…`: one file over HTTP, bounded in size, time and redirects. Uses the HTTP and TLS stack that the Kubernetes
//! client links anyway.

use std::time::Duration;

use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::FILE_BYTES_MAX;

/// From the first connection to the last byte.
const TIME_MAX: Duration = Duration::from_mins(1);
/// As browsers and curl do.
const REDIRECTS_MAX: usize = 10;

type Https = Client<hyper_rustls::HttpsConnector<HttpConnector>, Empty<&'static [u8]>>;

/// Why a URL gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// It is no URL.
    #[error("it is not a valid http or https URL")]
    Url,
    /// The TLS library or the machine's certificates are not usable.
    #[error("TLS cannot be set up")]
    Tls(#[source] crate::web::TrustError),
    /// The runtime could not start.
    #[error("the network cannot be used")]
    Runtime(#[source] std::io::Error),
    /// No connection, or it broke.
    #[error("the server cannot be reached")]
    Connect(#[source] hyper_util::client::legacy::Error),
    /// An answer that is not the file.
    #[error("the server answered {0}")]
    Status(StatusCode),
    /// Redirected in circles, to nowhere, or from https to http.
    #[error("the server redirects {0}")]
    Redirect(&'static str),
    /// The body broke off, or is larger than what is accepted.
    #[error("the answer broke off or is larger than {FILE_BYTES_MAX} bytes")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It took too long.
    #[error("no complete answer within {} s", TIME_MAX.as_secs())]
    Slow,
}

/// The content behind `url`.
pub(super) fn fetch(url: &str) -> Result<Vec<u8>, DownloadError> {
    let uri: Uri = url.parse().map_err(|_| DownloadError::Url)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(DownloadError::Runtime)?;
    runtime.block_on(async {
        let client = client()?;
        tokio::time::timeout(TIME_MAX, follow(&client, uri)).await.map_err(|_| DownloadError::Slow)?
    })
}

fn client() -> Result<Https, DownloadError> {
    let config = crate::web::tls_config(None, None).map_err(DownloadError::Tls)?;
    let connector =
        hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

async fn follow(client: &Https, mut uri: Uri) -> Result<Vec<u8>, DownloadError> {
    for _ in 0..=REDIRECTS_MAX {
        let response = client.request(request(&uri)?).await.map_err(DownloadError::Connect)?;
        let status = response.status();
        if status.is_redirection() {
            uri = next(&uri, response.headers().get(header::LOCATION))?;
            continue;
        }
        if !status.is_success() {
            return Err(DownloadError::Status(status));
        }
        let limit = usize::try_from(FILE_BYTES_MAX).expect("the limit fits into memory");
        let body = Limited::new(response.into_body(), limit).collect().await.map_err(DownloadError::Body)?;
        return Ok(body.to_bytes().to_vec());
    }
    Err(DownloadError::Redirect("too often"))
}

fn request(uri: &Uri) -> Result<Request<Empty<&'static [u8]>>, DownloadError> {
    let request = Request::get(strip_user(uri)?)
        .header(header::USER_AGENT, concat!("kubectl-gitops/", env!("CARGO_PKG_VERSION")))
        .header(header::ACCEPT, "application/yaml, application/json, text/plain, */*");
    let request = match credentials(uri) {
        Some(value) => request.header(header::AUTHORIZATION, value),
        None => request,
    };
    request.body(Empty::new()).map_err(|_| DownloadError::Url)
}

/// `user:password@` as basic authentication.
fn credentials(uri: &Uri) -> Option<HeaderValue> {
    use base64::Engine as _;
    let (user, _) = uri.authority()?.as_str().rsplit_once('@')?;
    let encoded = base64::engine::general_purpose::STANDARD.encode(user);
    let mut value = HeaderValue::from_str(&format!("Basic {encoded}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn strip_user(uri: &Uri) -> Result<Uri, DownloadError> {
    let Some((_, host)) = uri.authority().and_then(|authority| authority.as_str().rsplit_once('@')) else {
        return Ok(uri.clone());
    };
    let mut parts = uri.clone().into_parts();
    parts.authority = Some(host.parse().map_err(|_| DownloadError::Url)?);
    Uri::from_parts(parts).map_err(|_| DownloadError::Url)
}

fn next(uri: &Uri, location: Option<&HeaderValue>) -> Result<Uri, DownloadError> {
    let text = location.and_then(|value| value.to_str().ok()).ok_or(DownloadError::Redirect("to nowhere"))?;
    let scheme = uri.scheme_str().unwrap_or("https");
    let host = uri.authority().map_or("", |authority| authority.as_str()).rsplit('@').next().unwrap_or_default();
    let absolute = if text.starts_with("//") {
        format!("{scheme}:{text}")
    } else if text.starts_with('/') {
        format!("{scheme}://{host}{text}")
    } else if text.contains("://") {
        text.to_owned()
    } else {
        let directory = uri.path().rsplit_once('/').map_or("", |(directory, _)| directory);
        format!("{scheme}://{host}{directory}/{text}")
    };
    let next: Uri = absolute.parse().map_err(|_| DownloadError::Redirect("to what is no URL"))?;
    match (scheme, next.scheme_str()) {
        ("https", Some("http")) => Err(DownloadError::Redirect("from https to http")),
        (_, Some("http" | "https")) => Ok(next),
        _ => Err(DownloadError::Redirect("to another protocol")),
    }
}

/// The URL without `user:password@`, and without a query, which may hold a token.
pub(super) fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit_once('@').map_or(authority, |(user, host)| {
        // The user of ssh is part of the address, a password never is.
        if scheme == "ssh" && !user.contains(':') { authority } else { host }
    });
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_never_shown() {
        for (url, shown) in [
            ("https://ann:hunter2@example.com/a.yaml?token=x", "https://example.com/a.yaml"),
            ("https://example.com", "https://example.com"),
            ("ssh://git@example.com/home.git", "ssh://git@example.com/home.git"),
            ("git@example.com:home.git", "git@example.com:home.git"),
            ("https://example.com/a@b.yaml", "https://example.com/a@b.yaml"),
        ] {
            assert_eq!(without_credentials(url), shown);
        }
    }

    #[test]
    fn redirects_stay_secure() {
        let from: Uri = "https://ann:pw@example.com/dir/a.yaml".parse().unwrap();
        let to = |text: &'static str| next(&from, Some(&HeaderValue::from_static(text))).map(|uri| uri.to_string());
        assert_eq!(to("/b.yaml").unwrap(), "https://example.com/b.yaml");
        assert_eq!(to("b.yaml").unwrap(), "https://example.com/dir/b.yaml");
        assert_eq!(to("https://other.example/b").unwrap(), "https://other.example/b");
        assert_eq!(to("//other.example/b").unwrap(), "https://other.example/b");
        assert!(to("http://example.com/b").is_err());
        assert!(to("file:///etc/passwd").is_err());
        assert!(next(&from, None).is_err());
    }

    #[test]
    fn a_file_comes_over_http_within_bounds() {
        use std::io::{Read as _, Write as _};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            for answer in [
                "HTTP/1.1 302 Found\r\nLocation: /b.yaml\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nkind: ",
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            ] {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 4096];
                let read = stream.read(&mut request).unwrap();
                assert!(read > 0);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        assert_eq!(fetch(&format!("http://{address}/a.yaml")).unwrap(), b"kind: ");
        let error = fetch(&format!("http://{address}/a.yaml")).unwrap_err();
        assert!(matches!(error, DownloadError::Status(StatusCode::NOT_FOUND)));
        server.join().unwrap();
    }
}
