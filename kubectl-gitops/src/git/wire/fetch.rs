//! Asking for objects, and the reply: shallow boundaries, acknowledgements, the pack in its side band. Owns both versions of
//! the exchange, which is always one request and one reply.

use super::advertisement::Capabilities;
use super::packet::{Packet, text};
use super::{AGENT, WireError, chomp, quoted};
use crate::git::object::{Format, ObjectId};

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct FetchRequest {
    /// These, with what belongs to them.
    pub(crate) wants: Vec<ObjectId>,
    /// These are here already.
    pub(crate) haves: Vec<ObjectId>,
    /// Those among what is here whose parents are not.
    pub(crate) shallow: Vec<ObjectId>,
    /// So many commits of each history; none: all of it.
    pub(crate) depth: Option<u32>,
    /// No directories and no files; only in version 2, of a server that offers it.
    pub(crate) commits_only: bool,
}

impl FetchRequest {
    /// The bytes of it, for a server that can do this.
    pub(crate) fn encode(&self, version: u8, capabilities: &Capabilities) -> Result<Vec<u8>, WireError> {
        let format = capabilities.format()?;
        if version == 2 { self.encode_v2(format, capabilities) } else { self.encode_v0(format, capabilities) }
    }

    fn encode_v2(&self, format: Format, capabilities: &Capabilities) -> Result<Vec<u8>, WireError> {
        if !capabilities.has("fetch") {
            return Err(WireError::Missing("fetch"));
        }
        if self.depth.is_some() && !capabilities.offers("fetch", "shallow") {
            return Err(WireError::Missing("shallow"));
        }
        let mut request = Vec::new();
        text(&mut request, "command=fetch");
        text(&mut request, AGENT);
        text(&mut request, &format!("object-format={}", format.name()));
        request.extend_from_slice(b"0001");
        text(&mut request, "ofs-delta");
        text(&mut request, "no-progress");
        if !self.haves.is_empty() {
            text(&mut request, "thin-pack");
        }
        if self.commits_only {
            text(&mut request, "filter tree:0");
        }
        self.ids(&mut request, "want", &self.wants);
        self.boundary(&mut request);
        self.ids(&mut request, "have", &self.haves);
        text(&mut request, "done");
        request.extend_from_slice(b"0000");
        Ok(request)
    }

    fn encode_v0(&self, format: Format, capabilities: &Capabilities) -> Result<Vec<u8>, WireError> {
        if self.depth.is_some() && !capabilities.has("shallow") {
            return Err(WireError::Missing("shallow"));
        }
        let mut wished = vec!["multi_ack_detailed", "no-progress", "ofs-delta", "side-band-64k"];
        if !self.haves.is_empty() {
            wished.push("thin-pack");
        }
        let mut words: Vec<String> =
            wished.into_iter().filter(|word| capabilities.has(word)).map(str::to_owned).collect();
        if capabilities.has("object-format") {
            words.push(format!("object-format={}", format.name()));
        }
        if capabilities.has("agent") {
            words.push(AGENT.to_owned());
        }
        let mut request = Vec::new();
        let (first, others) = self.wants.split_first().expect("something is wanted");
        text(&mut request, &format!("want {first} {}", words.join(" ")));
        self.ids(&mut request, "want", others);
        self.boundary(&mut request);
        request.extend_from_slice(b"0000");
        self.ids(&mut request, "have", &self.haves);
        text(&mut request, "done");
        Ok(request)
    }

    fn boundary(&self, request: &mut Vec<u8>) {
        self.ids(request, "shallow", &self.shallow);
        if let Some(depth) = self.depth {
            text(request, &format!("deepen {depth}"));
        }
    }

    #[expect(clippy::unused_self, reason = "reads as part of the request")]
    fn ids(&self, request: &mut Vec<u8>, word: &str, ids: &[ObjectId]) {
        for id in ids {
            text(request, &format!("{word} {id}"));
        }
    }
}

/// What a packet of the reply brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FetchEvent<'a> {
    /// Nothing that matters.
    Nothing,
    /// A piece of the pack.
    Pack(&'a [u8]),
    /// From here on, everything is the pack, without packets.
    Raw,
    /// That was all.
    End,
}

/// Reads the reply, packet by packet.
#[derive(Debug)]
pub(crate) struct FetchReader {
    version: u8,
    side_band: bool,
    state: State,
    /// The new boundary: commits that came without their parents.
    pub(crate) shallow: Vec<ObjectId>,
    /// Commits whose parents came now.
    pub(crate) unshallow: Vec<ObjectId>,
    said: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Version 0, after `deepen`: the boundary, up to a flush.
    Boundary,
    /// Version 0: acknowledgements.
    Acknowledgements,
    /// Version 2: a header of a section.
    Header,
    /// Version 2: the boundary, up to a delimiter.
    Shallow,
    /// Version 2: a section that does not matter.
    Other,
    /// The pack.
    Pack,
}

/// Most lines of a boundary, and most of what a server says while it works.
const LINES_MAX: usize = 100_000;
const SAID_MAX: usize = 4096;

impl FetchReader {
    /// For the reply to `request`.
    pub(crate) fn new(version: u8, capabilities: &Capabilities, request: &FetchRequest) -> Self {
        let state = match (version, request.depth) {
            (2, _) => State::Header,
            (_, Some(_)) => State::Boundary,
            (_, None) => State::Acknowledgements,
        };
        let side_band = version == 2 || capabilities.has("side-band-64k");
        Self { version, side_band, state, shallow: Vec::new(), unshallow: Vec::new(), said: Vec::new() }
    }

    /// Takes the next packet.
    pub(crate) fn take<'a>(&mut self, packet: Packet<'a>) -> Result<FetchEvent<'a>, WireError> {
        if self.state == State::Pack {
            return self.pack(packet);
        }
        if let Packet::Data(line) = packet
            && let Some(words) = line.strip_prefix(b"ERR ")
        {
            return Err(WireError::Said(quoted(words)));
        }
        match (self.state, packet) {
            (State::Boundary | State::Shallow, Packet::Data(line)) => self.boundary(chomp(line))?,
            (State::Boundary, Packet::Flush) => self.state = State::Acknowledgements,
            (State::Acknowledgements, Packet::Data(line)) => return self.acknowledgement(line),
            (State::Header, Packet::Data(line)) => {
                self.state = match chomp(line) {
                    b"shallow-info" => State::Shallow,
                    b"packfile" => State::Pack,
                    b"acknowledgments" | b"wanted-refs" | b"packfile-uris" => State::Other,
                    _ => return Err(WireError::Malformed("the reply")),
                };
            }
            (State::Shallow | State::Other, Packet::Delimiter) => self.state = State::Header,
            (State::Other, Packet::Data(_)) => {}
            _ => return Err(WireError::Malformed("the reply")),
        }
        Ok(FetchEvent::Nothing)
    }

    /// Has the pack begun? The end of a stream is an end then in version 0 without a side band.
    pub(crate) fn in_pack(&self) -> bool {
        self.state == State::Pack
    }

    /// What the server said while it worked, for messages.
    pub(crate) fn said(&self) -> String {
        quoted(&self.said)
    }

    fn boundary(&mut self, line: &[u8]) -> Result<(), WireError> {
        let bad = || WireError::Malformed("the boundary of a shallow history");
        let line = std::str::from_utf8(line).map_err(|_| bad())?;
        let (list, id) = if let Some(id) = line.strip_prefix("shallow ") {
            (&mut self.shallow, id)
        } else {
            (&mut self.unshallow, line.strip_prefix("unshallow ").ok_or_else(bad)?)
        };
        if list.len() >= LINES_MAX {
            return Err(bad());
        }
        list.push(id.parse().map_err(|_| bad())?);
        Ok(())
    }

    fn acknowledgement<'a>(&mut self, line: &'a [u8]) -> Result<FetchEvent<'a>, WireError> {
        let text = chomp(line);
        // `ACK id common` and the like go on; `ACK id` and `NAK` are the last word.
        if text != b"NAK" && !text.starts_with(b"ACK ") {
            if !self.side_band {
                return Err(WireError::Malformed("the reply"));
            }
            self.state = State::Pack;
            return self.pack(Packet::Data(line));
        }
        let last = text == b"NAK" || text.split(|byte| *byte == b' ').count() == 2;
        if last && !self.side_band {
            self.state = State::Pack;
            return Ok(FetchEvent::Raw);
        }
        Ok(FetchEvent::Nothing)
    }

    fn pack<'a>(&mut self, packet: Packet<'a>) -> Result<FetchEvent<'a>, WireError> {
        match packet {
            Packet::Data([1, content @ ..]) => Ok(FetchEvent::Pack(content)),
            Packet::Data([2, words @ ..]) => {
                let room = SAID_MAX.saturating_sub(self.said.len());
                self.said.extend_from_slice(&words[..words.len().min(room)]);
                Ok(FetchEvent::Nothing)
            }
            Packet::Data([3, words @ ..]) => Err(WireError::Said(quoted(words))),
            Packet::Flush => Ok(FetchEvent::End),
            Packet::End if self.version == 2 => Ok(FetchEvent::End),
            _ => Err(WireError::Malformed("the pack's side band")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::advertisement::AdvertisementReader;
    use super::super::packet::Packets;
    use super::*;

    const ID: &str = "ce013625030ba8dba906f756967f9e9ca394464a";

    fn capabilities(words: &str) -> Capabilities {
        let mut reader = AdvertisementReader::new(9);
        reader.take(Packet::Data(format!("{ID} HEAD\0{words}").as_bytes())).unwrap();
        reader.finish().capabilities
    }

    fn request() -> FetchRequest {
        FetchRequest { wants: vec![ID.parse().unwrap()], depth: Some(1), ..FetchRequest::default() }
    }

    fn read(version: u8, words: &str, stream: &[&[u8]]) -> Result<(Vec<u8>, usize), WireError> {
        let mut bytes = Vec::new();
        for packet in stream {
            if packet.len() == 4 && packet.starts_with(b"000") {
                bytes.extend_from_slice(packet);
            } else {
                super::super::packet::data(&mut bytes, packet);
            }
        }
        let mut packets = Packets::default();
        packets.feed(&bytes);
        let mut reader = FetchReader::new(version, &capabilities(words), &request());
        let mut pack = Vec::new();
        while let Some(packet) = packets.next()? {
            match reader.take(packet)? {
                FetchEvent::Pack(piece) => pack.extend_from_slice(piece),
                FetchEvent::End => return Ok((pack, reader.shallow.len())),
                FetchEvent::Raw => {
                    pack.extend_from_slice(packets.rest());
                    return Ok((pack, reader.shallow.len()));
                }
                FetchEvent::Nothing => {}
            }
        }
        Err(WireError::Short("the reply"))
    }

    #[test]
    fn both_versions_give_the_pack() {
        let shallow = format!("shallow {ID}\n");
        let v2: &[&[u8]] =
            &[b"shallow-info\n", shallow.as_bytes(), b"0001", b"packfile\n", b"\x02hm", b"\x01PA", b"\x01CK", b"0000"];
        assert_eq!(read(2, "", v2), Ok((b"PACK".to_vec(), 1)));
        let v0: &[&[u8]] = &[shallow.as_bytes(), b"0000", b"ACK x common\n", b"NAK\n", b"\x01PACK", b"0000"];
        assert_eq!(read(0, "side-band-64k", v0), Ok((b"PACK".to_vec(), 1)));
    }

    #[test]
    fn a_server_without_side_band_sends_the_pack_bare() {
        assert_eq!(read(0, "", &[b"0000", b"NAK\n", b"PA"]), Ok((b"0006PA".to_vec(), 0)));
    }

    #[test]
    fn a_servers_errors_are_told() {
        for stream in [&[&b"ERR upload-pack: not our ref\n"[..]][..], &[b"packfile\n", b"\x03upload-pack: not our ref"]]
        {
            assert_eq!(read(2, "", stream), Err(WireError::Said("upload-pack: not our ref".to_owned())));
        }
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for stream in [&[&b"hello"[..]][..], &[b"0000"], &[b"packfile", b"\x09x"], &[b"shallow-info", b"shallow x"]] {
            assert!(matches!(read(2, "", stream), Err(WireError::Malformed(_))), "{stream:?}");
        }
        assert_eq!(read(2, "", &[b"packfile", b"\x01PACK"]), Err(WireError::Short("the reply")));
    }

    #[test]
    fn requests_name_what_is_here() {
        let mut request = request();
        request.haves = request.wants.clone();
        request.shallow = request.wants.clone();
        let bytes = request.encode(0, &capabilities("shallow side-band-64k agent=x")).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(&format!("want {ID} side-band-64k agent=")), "{text}");
        assert!(text.contains("deepen 1\n0000") && text.contains(&format!("shallow {ID}")), "{text}");
        assert!(text.ends_with(&format!("have {ID}\n0009done\n")), "{text}");
        assert_eq!(request.encode(0, &capabilities("")), Err(WireError::Missing("shallow")));
    }
}
