//! The Git protocol as bytes: packets, advertised references, requests and replies of both services. Pure and bounded: owns
//! what is said, must not know over which connection.

mod advertisement;
mod fetch;
mod packet;
mod push;

pub(crate) use advertisement::{Advertisement, AdvertisementReader, Ref, RefReader, Service};
pub(crate) use fetch::{FetchEvent, FetchReader, FetchRequest};
pub(crate) use packet::{Packet, Packets};
pub(crate) use push::{PushReader, PushRequest};

/// What a client calls itself.
pub(crate) const AGENT: &str = concat!("agent=kubectl-gitops/", env!("CARGO_PKG_VERSION"));

/// Something that is not the Git protocol, or more of it than is accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The length of a packet is malformed.
    #[error("a packet's length is malformed")]
    Length,
    /// A packet that does not belong where it is.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// The answer ends too early.
    #[error("the answer ends in the middle of {0}")]
    Short(&'static str),
    /// More references than accepted.
    #[error("more than {0} references are advertised")]
    References(usize),
    /// Neither of the versions that are understood.
    #[error("the server speaks no version of the protocol that is understood here")]
    Version,
    /// A hash that is not understood.
    #[error("the repository uses an object format that is not understood")]
    Format,
    /// Something that is needed.
    #[error("the server does not offer `{0}`")]
    Missing(&'static str),
    /// The server's own words.
    #[error("the server says: {0}")]
    Said(String),
}

/// A server's words as they may be shown: one line, printable, of bounded length.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    const SHOWN_MAX: usize = 400;
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<_> = text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|w| !w.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => format!("{} …", &line[..at]),
        None => line,
    }
}

/// A line without the end that most servers write.
fn chomp(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_are_made_presentable() {
        assert_eq!(quoted(b"  fatal:\x1b[31m no\n\tway\r\n"), "fatal: [31m no way");
        assert_eq!(quoted(&[b'x'; 5000]).chars().count(), 402);
    }
}
