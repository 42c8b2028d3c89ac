//! Just enough HTTP/1.1 to stand between a client and an API server: whole messages, by length or in chunks. Reads what well
//! behaved peers send and refuses the rest.

use std::fmt::Write as _;
use std::io::{self, BufRead, Read, Write};

const HEAD_BYTES_MAX: usize = 64 << 10;
const BODY_BYTES_MAX: usize = 64 << 20;

/// A request, body included.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// `GET`, `PATCH`, …
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer, body included.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Call {
    /// Without headers.
    pub fn new(method: &str, path: &str, body: Vec<u8>) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body }
    }

    /// One header more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// Reads one; none if the peer has closed the connection.
    pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some((line, headers)) = read_head(from)? else { return Ok(None) };
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
        let body = read_body(from, &headers, false)?;
        Ok(Some(Self { method, path, headers, body }))
    }

    /// Does it ask for changes as they come?
    pub fn is_watch(&self) -> bool {
        self.method == "GET" && self.path.contains("watch=true")
    }

    pub(crate) fn write(&self, to: &mut impl Write, host: &str) -> io::Result<()> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {host}\r\n", self.method, self.path);
        let own = ["host", "content-length", "transfer-encoding", "connection", "accept-encoding"];
        push_headers(&mut head, self.headers.iter().filter(|(name, _)| !own.contains(&name.as_str())));
        write!(head, "content-length: {}\r\n\r\n", self.body.len()).expect("writing to a string");
        to.write_all(&[head.as_bytes(), &self.body].concat())?;
        to.flush()
    }
}

impl Answer {
    /// An answer of an API server that refuses.
    pub fn refusal(status: u16, reason: &str, message: &str) -> Self {
        let body = serde_json::json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "reason": reason, "message": message, "code": status,
        });
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    /// One header more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Was it done?
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Reads one; none if the peer has closed the connection instead.
    pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some(mut answer) = Self::read_head(from)? else { return Ok(None) };
        answer.read_body(from)?;
        Ok(Some(answer))
    }

    /// The same without the body, which comes next.
    pub(crate) fn read_head(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some((line, headers)) = read_head(from)? else { return Ok(None) };
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status line: {line}")))?;
        Ok(Some(Self { status, headers, body: Vec::new() }))
    }

    pub(crate) fn read_body(&mut self, from: &mut impl BufRead) -> io::Result<()> {
        let bodiless = self.status == 204 || self.status == 304;
        if !bodiless {
            self.body = read_body(from, &self.headers, true)?;
        }
        Ok(())
    }

    /// Does its body come in pieces, without a length?
    pub(crate) fn is_chunked(&self) -> bool {
        find(&self.headers, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
    }

    /// The head of an answer that comes in pieces.
    pub(crate) fn flowing_head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} X\r\n", self.status);
        let own = ["content-length", "transfer-encoding", "connection"];
        push_headers(&mut head, self.headers.iter().filter(|(name, _)| !own.contains(&name.as_str())));
        head.push_str("transfer-encoding: chunked\r\n\r\n");
        head.into_bytes()
    }

    /// As it goes over the wire, with its length.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} X\r\n", self.status);
        let own = ["content-length", "transfer-encoding", "connection"];
        push_headers(&mut head, self.headers.iter().filter(|(name, _)| !own.contains(&name.as_str())));
        write!(head, "content-length: {}\r\n\r\n", self.body.len()).expect("writing to a string");
        [head.as_bytes(), &self.body].concat()
    }

    /// Does the peer close the connection after it?
    pub(crate) fn closes(&self) -> bool {
        find(&self.headers, "connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

fn push_headers<'a>(head: &mut String, headers: impl Iterator<Item = &'a (String, String)>) {
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").expect("writing to a string");
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

type Head = (String, Vec<(String, String)>);

/// First line and headers; none at the end of the stream.
fn read_head(from: &mut impl BufRead) -> io::Result<Option<Head>> {
    let mut first = String::new();
    let mut headers = Vec::new();
    let mut left = HEAD_BYTES_MAX as u64;
    loop {
        let mut line = String::new();
        let read = from.by_ref().take(left).read_line(&mut line)?;
        left -= read as u64;
        if read == 0 || !line.ends_with('\n') {
            let whole = first.is_empty() && line.is_empty();
            return if whole { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        let line = line.trim_end();
        match (first.is_empty(), line.is_empty()) {
            (true, _) => line.clone_into(&mut first),
            (false, true) => return Ok(Some((first, headers))),
            (false, false) => {
                let (name, value) = line.split_once(':').ok_or_else(|| io::Error::other("a header without a colon"))?;
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
    }
}

fn read_body(from: &mut impl BufRead, headers: &[(String, String)], to_the_end: bool) -> io::Result<Vec<u8>> {
    if find(headers, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        return read_chunks(from);
    }
    let length = find(headers, "content-length").map(str::parse::<usize>).transpose().map_err(io::Error::other)?;
    let mut body = Vec::new();
    match length {
        Some(length) if length > BODY_BYTES_MAX => return Err(io::Error::other("a body too large")),
        Some(length) => {
            body.resize(length, 0);
            from.read_exact(&mut body)?;
        }
        None if to_the_end => {
            from.by_ref().take(BODY_BYTES_MAX as u64).read_to_end(&mut body)?;
        }
        None => {}
    }
    Ok(body)
}

fn read_chunks(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let piece = read_chunk(from)?;
        if body.len() + piece.len() > BODY_BYTES_MAX {
            return Err(io::Error::other("a body too large"));
        }
        body.extend_from_slice(&piece);
        if piece.is_empty() {
            // Trailers are not in use here.
            return Ok(body);
        }
    }
}

/// One piece; empty for the last.
pub(crate) fn read_chunk(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    let size = line.trim_end().split(';').next().unwrap_or_default();
    let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
    if size > BODY_BYTES_MAX {
        return Err(io::Error::other("a body too large"));
    }
    let mut piece = vec![0; size];
    from.read_exact(&mut piece)?;
    let mut end = String::new();
    from.read_line(&mut end)?;
    Ok(piece)
}

/// The same as it goes over the wire.
pub(crate) fn chunk(piece: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(from: &mut &[u8]) -> Option<Call> {
        Call::read(from).expect("a whole request")
    }

    fn answer(from: &mut &[u8]) -> Answer {
        Answer::read(from).expect("a whole answer").expect("an answer")
    }

    #[test]
    fn messages_are_read_by_length_and_in_chunks() {
        let mut plain: &[u8] = b"POST /a?b=c HTTP/1.1\r\nContent-Length: 2\r\nX: y\r\n\r\nhiGET / HTTP/1.1\r\n\r\n";
        let first = call(&mut plain).expect("a request");
        assert_eq!((first.method.as_str(), first.path.as_str(), first.body.as_slice()), ("POST", "/a?b=c", &b"hi"[..]));
        assert_eq!(first.header("x"), Some("y"));
        assert_eq!(call(&mut plain).expect("a request").method, "GET");
        assert!(call(&mut plain).is_none());
        let mut chunked: &[u8] =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        let read = answer(&mut chunked);
        assert_eq!((read.status, read.body.as_slice()), (200, &b"abcde"[..]));
        assert!(answer(&mut read.bytes().as_slice()).body == b"abcde");
        let flowing = [read.flowing_head(), chunk(b"abc"), chunk(b"de"), chunk(b"")].concat();
        assert!(answer(&mut flowing.as_slice()).body == b"abcde");
    }

    #[test]
    fn half_a_message_is_an_error() {
        for text in ["GET / HT", "GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc"] {
            assert!(Call::read(&mut text.as_bytes()).is_err(), "{text}");
        }
    }
}
