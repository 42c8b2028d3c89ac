//! HTTP/1.1 as far as git and a JSON API need it: one request read, one asked.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A request as it came.
pub(super) struct Request {
    pub(super) method: String,
    /// With the query.
    pub(super) target: String,
    /// By name in small letters.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    /// `200` and the like.
    pub status: u16,
    /// What came with it.
    pub body: String,
}

impl Request {
    /// The next one of a connection; none when it ended.
    pub(super) fn read<S: Read + Write>(stream: &mut BufReader<S>) -> io::Result<Option<Self>> {
        let Some(first) = line(stream)? else { return Ok(None) };
        let mut words = first.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (method, target) = (method.to_owned(), target.to_owned());
        let headers = headers(stream)?;
        if headers.get("expect").is_some_and(|value| value == "100-continue") {
            stream.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            stream.get_mut().flush()?;
        }
        let body = body(stream, &headers, false)?;
        Ok(Some(Self { method, target, headers, body }))
    }

    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub(super) fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// `user:password` as a header wants it.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Asks a server once, with JSON.
pub(super) fn ask(server: SocketAddr, method: &str, path: &str, authorization: &str, json: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {server}\r\nAuthorization: {authorization}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{json}",
        json.len()
    )?;
    let mut stream = BufReader::new(stream);
    let first = line(&mut stream)?.unwrap_or_default();
    let status = first.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or_default();
    let headers = headers(&mut stream)?;
    let body = body(&mut stream, &headers, true)?;
    Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
}

fn line(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(line.trim_end().to_owned()))
}

/// Up to the empty line.
pub(super) fn headers(stream: &mut impl BufRead) -> io::Result<BTreeMap<String, String>> {
    let mut headers = BTreeMap::new();
    while let Some(line) = line(stream)?.filter(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    Ok(headers)
}

fn body(stream: &mut impl BufRead, headers: &BTreeMap<String, String>, to_the_end: bool) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        loop {
            let size = line(stream)?.unwrap_or_default();
            let size = size.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(size, 16).map_err(io::Error::other)?;
            stream.by_ref().take(size).read_to_end(&mut body)?;
            line(stream)?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
    match headers.get("content-length").and_then(|value| value.parse().ok()) {
        Some(size) => stream.by_ref().take(size).read_to_end(&mut body).map(drop)?,
        None if to_the_end => stream.read_to_end(&mut body).map(drop)?,
        None => {}
    }
    Ok(body)
}
