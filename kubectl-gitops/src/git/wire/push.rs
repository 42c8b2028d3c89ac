//! Offering objects: the command that moves a reference, and the server's report.

use super::advertisement::Capabilities;
use super::packet::{Packet, Packets, data};
use super::{AGENT, WireError, chomp, quoted};
use crate::git::object::ObjectId;

/// A reference that is to move. The pack follows it.
#[derive(Debug, Clone)]
pub(crate) struct PushRequest {
    /// `refs/heads/main`
    pub(crate) name: String,
    /// Where it must be now; zero: it must not exist.
    pub(crate) old: ObjectId,
    /// Where it shall be.
    pub(crate) new: ObjectId,
}

impl PushRequest {
    /// The bytes of it.
    pub(crate) fn encode(&self, capabilities: &Capabilities) -> Result<Vec<u8>, WireError> {
        if !capabilities.has("report-status") {
            return Err(WireError::Missing("report-status"));
        }
        let mut words = "report-status".to_owned();
        if capabilities.has("side-band-64k") {
            words.push_str(" side-band-64k");
        }
        if capabilities.has("object-format") {
            words.push_str(" object-format=");
            words.push_str(self.new.format().name());
        }
        let mut request = Vec::new();
        let Self { name, old, new } = self;
        data(&mut request, format!("{old} {new} {name}\0 {words} {AGENT}").as_bytes());
        request.extend_from_slice(b"0000");
        Ok(request)
    }
}

/// Reads the report, packet by packet.
#[derive(Debug)]
pub(crate) struct PushReader {
    side_band: bool,
    inner: Packets,
    unpacked: bool,
    accepted: bool,
    refused: Option<String>,
    said: Vec<u8>,
}

/// Most of what a server says while it works.
const SAID_MAX: usize = 4096;

impl PushReader {
    /// For the report of a server that can do this.
    pub(crate) fn new(capabilities: &Capabilities) -> Self {
        Self {
            side_band: capabilities.has("side-band-64k"),
            inner: Packets::default(),
            unpacked: false,
            accepted: false,
            refused: None,
            said: Vec::new(),
        }
    }

    /// Takes the next packet. True: that was the last one.
    pub(crate) fn take(&mut self, packet: Packet<'_>) -> Result<bool, WireError> {
        match packet {
            Packet::Flush => Ok(true),
            Packet::Data(content) if !self.side_band => self.line(content).map(|()| false),
            Packet::Data([1, content @ ..]) => {
                let mut inner = std::mem::take(&mut self.inner);
                inner.feed(content);
                while let Some(packet) = inner.next()? {
                    if let Packet::Data(line) = packet {
                        self.line(line)?;
                    }
                }
                self.inner = inner;
                Ok(false)
            }
            Packet::Data([2, words @ ..]) => {
                let room = SAID_MAX.saturating_sub(self.said.len());
                self.said.extend_from_slice(&words[..words.len().min(room)]);
                Ok(false)
            }
            Packet::Data([3, words @ ..]) => Err(WireError::Said(quoted(words))),
            _ => Err(WireError::Malformed("the report")),
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<(), WireError> {
        let line = chomp(line);
        if let Some(words) = line.strip_prefix(b"ERR ") {
            return Err(WireError::Said(quoted(words)));
        }
        if line == b"unpack ok" {
            self.unpacked = true;
        } else if let Some(words) = line.strip_prefix(b"unpack ") {
            self.refused = Some(quoted(words));
        } else if line.starts_with(b"ok ") {
            self.accepted = true;
        } else if let Some(words) = line.strip_prefix(b"ng ") {
            // `ng NAME REASON`
            let reason = words.splitn(2, |byte| *byte == b' ').nth(1).unwrap_or(words);
            self.refused = Some(quoted(reason));
        }
        Ok(())
    }

    /// The server's reason, and what it said meanwhile, if it did not move the reference.
    pub(crate) fn finish(self) -> Result<(), (String, String)> {
        let said = quoted(&self.said);
        match self.refused {
            Some(reason) => Err((reason, said)),
            None if self.unpacked && self.accepted => Ok(()),
            None => Err(("it did not say that it did".to_owned(), said)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::advertisement::AdvertisementReader;
    use super::*;

    const ID: &str = "ce013625030ba8dba906f756967f9e9ca394464a";

    fn report(words: &str, packets: &[&[u8]]) -> Result<Result<(), (String, String)>, WireError> {
        let mut first = AdvertisementReader::new(9);
        first.take(Packet::Data(format!("{ID} HEAD\0{words}").as_bytes())).unwrap();
        let mut reader = PushReader::new(&first.finish().capabilities);
        for packet in packets {
            reader.take(Packet::Data(packet))?;
        }
        Ok(reader.finish())
    }

    #[test]
    fn reports_are_read_with_and_without_side_band() {
        assert_eq!(report("", &[b"unpack ok\n", b"ok refs/heads/main\n"]), Ok(Ok(())));
        assert_eq!(report("side-band-64k", &[b"\x01000eunpack ok\n00", b"\x0117ok refs/heads/main\n0000"]), Ok(Ok(())));
    }

    #[test]
    fn refusals_give_their_reason() {
        let refused = |reason: &str, said: &str| Ok(Err((reason.to_owned(), said.to_owned())));
        let words = [&b"unpack ok"[..], b"ng refs/heads/main non-fast-forward\n"];
        assert_eq!(report("", &words), refused("non-fast-forward", ""));
        assert_eq!(report("", &[b"unpack index-pack abnormal exit"]), refused("index-pack abnormal exit", ""));
        assert_eq!(report("side-band-64k", &[b"\x02hook: no\n"]), refused("it did not say that it did", "hook: no"));
        assert_eq!(report("side-band-64k", &[b"\x03dying"]), Err(WireError::Said("dying".to_owned())));
    }
}
