//! What a server says first: its capabilities and, in the old versions of the protocol, its references; in version 2, the reply
//! to `ls-refs`.

use super::packet::{Packet, data, text};
use super::{AGENT, WireError, chomp, quoted};
use crate::git::object::{Format, ObjectId};

/// Longest name of a reference that is kept.
const NAME_MAX: usize = 1024;
/// Most lines of capabilities.
const CAPABILITIES_MAX: usize = 256;

/// Which of the two programs of a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// Reading.
    UploadPack,
    /// Writing.
    ReceivePack,
}

impl Service {
    /// The program's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UploadPack => "git-upload-pack",
            Self::ReceivePack => "git-receive-pack",
        }
    }
}

/// A reference of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ref {
    /// `refs/heads/main`, `HEAD`
    pub(crate) name: String,
    /// The object it names.
    pub(crate) id: ObjectId,
    /// For an annotated tag: what it stands for.
    pub(crate) peeled: Option<ObjectId>,
    /// For a symbolic reference: the name of the other one.
    pub(crate) target: Option<String>,
}

impl Ref {
    /// The commit that it stands for.
    pub(crate) fn commit(&self) -> ObjectId {
        self.peeled.unwrap_or(self.id)
    }
}

/// What a server can do, as words with or without values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Capabilities(Vec<String>);

impl Capabilities {
    /// Is this one there, with or without a value?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// The values of one; empty for one without.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter_map(move |word| match word.strip_prefix(name)? {
            "" => Some(""),
            rest => rest.strip_prefix('='),
        })
    }

    /// Does the value of this one hold that word?
    pub(crate) fn offers(&self, name: &str, word: &str) -> bool {
        self.values(name).any(|value| value.split(' ').any(|offered| offered == word))
    }

    /// The hash of the repository.
    pub(crate) fn format(&self) -> Result<Format, WireError> {
        match self.values("object-format").next() {
            Some(name) => Format::named(name).ok_or(WireError::Format),
            None => Ok(Format::Sha1),
        }
    }
}

/// All that a server says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Advertisement {
    /// 0 (also for 1, which differs in nothing else) or 2.
    pub(crate) version: u8,
    /// What it can do.
    pub(crate) capabilities: Capabilities,
    /// Its references, in version 0.
    pub(crate) refs: Vec<Ref>,
}

/// Reads an advertisement, packet by packet.
#[derive(Debug)]
pub(crate) struct AdvertisementReader {
    refs_max: usize,
    state: State,
    said: Advertisement,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was said.
    Start,
    /// The line with the name of the service; its flush follows.
    Service,
    /// The first line of what matters.
    First,
    /// References.
    Refs,
    /// Capabilities, in version 2.
    Capabilities,
}

impl AdvertisementReader {
    /// Accepts at most so many references.
    pub(crate) fn new(refs_max: usize) -> Self {
        let said = Advertisement { version: 0, capabilities: Capabilities::default(), refs: Vec::new() };
        Self { refs_max, state: State::Start, said }
    }

    /// Takes the next packet. True: that was the last one.
    pub(crate) fn take(&mut self, packet: Packet<'_>) -> Result<bool, WireError> {
        match (self.state, packet) {
            (State::Start | State::First, Packet::Data(line)) => self.first(chomp(line)).map(|()| false),
            (State::Service, Packet::Flush) => {
                self.state = State::First;
                Ok(false)
            }
            (State::Capabilities, Packet::Data(line)) => self.capability(chomp(line)).map(|()| false),
            (State::Refs, Packet::Data(line)) => self.reference(chomp(line)).map(|()| false),
            // An old server says nothing at all about an empty repository.
            (State::First | State::Start | State::Capabilities | State::Refs, Packet::Flush) => Ok(true),
            _ => Err(WireError::Malformed("the advertisement")),
        }
    }

    /// What was read, once all of it was.
    pub(crate) fn finish(self) -> Advertisement {
        self.said
    }

    fn first(&mut self, line: &[u8]) -> Result<(), WireError> {
        if let Some(words) = line.strip_prefix(b"ERR ") {
            return Err(WireError::Said(quoted(words)));
        }
        if line.starts_with(b"# service=") && self.state == State::Start {
            self.state = State::Service;
            return Ok(());
        }
        match line {
            b"version 2" => {
                self.said.version = 2;
                self.state = State::Capabilities;
                return Ok(());
            }
            b"version 1" if self.state != State::First || self.said.refs.is_empty() => {
                self.state = State::First;
                return Ok(());
            }
            _ => {}
        }
        let end = line.iter().position(|byte| *byte == 0).unwrap_or(line.len());
        let words = String::from_utf8_lossy(line.get(end + 1..).unwrap_or_default());
        self.said.capabilities = Capabilities(words.split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect());
        self.state = State::Refs;
        // An empty repository has only this line.
        if line[..end].ends_with(b" capabilities^{}") { Ok(()) } else { self.reference(&line[..end]) }
    }

    fn capability(&mut self, line: &[u8]) -> Result<(), WireError> {
        if self.said.capabilities.0.len() >= CAPABILITIES_MAX {
            return Err(WireError::Malformed("the list of capabilities"));
        }
        self.said.capabilities.0.push(String::from_utf8_lossy(line).into_owned());
        Ok(())
    }

    fn reference(&mut self, line: &[u8]) -> Result<(), WireError> {
        // The boundary of a repository that is itself shallow is no reference.
        if line.starts_with(b"shallow ") {
            return Ok(());
        }
        let (id, name) = id_and(line)?;
        if let Some(tag) = name.strip_suffix("^{}") {
            if let Some(last) = self.said.refs.last_mut().filter(|last| last.name == tag) {
                last.peeled = Some(id);
            }
            return Ok(());
        }
        let mut targets = self.said.capabilities.values("symref");
        let target = targets.find_map(|pair| pair.strip_prefix(name)?.strip_prefix(':')).map(str::to_owned);
        push(&mut self.said.refs, self.refs_max, Ref { name: name.to_owned(), id, peeled: None, target })
    }
}

/// Asks for references and reads them, in version 2.
#[derive(Debug)]
pub(crate) struct RefReader {
    refs_max: usize,
    refs: Vec<Ref>,
}

impl RefReader {
    /// Accepts at most so many references.
    pub(crate) fn new(refs_max: usize) -> Self {
        Self { refs_max, refs: Vec::new() }
    }

    /// The request for those that begin with one of the prefixes.
    pub(crate) fn request(format: Format, prefixes: &[String]) -> Vec<u8> {
        let mut request = Vec::new();
        text(&mut request, "command=ls-refs");
        text(&mut request, AGENT);
        text(&mut request, &format!("object-format={}", format.name()));
        request.extend_from_slice(b"0001");
        text(&mut request, "peel");
        text(&mut request, "symrefs");
        for prefix in prefixes {
            data(&mut request, format!("ref-prefix {prefix}\n").as_bytes());
        }
        request.extend_from_slice(b"0000");
        request
    }

    /// Takes the next packet of the reply. True: that was the last one.
    pub(crate) fn take(&mut self, packet: Packet<'_>) -> Result<bool, WireError> {
        let line = match packet {
            Packet::Flush => return Ok(true),
            Packet::Data(line) => chomp(line),
            Packet::Delimiter | Packet::End => return Err(WireError::Malformed("the list of references")),
        };
        if let Some(words) = line.strip_prefix(b"ERR ") {
            return Err(WireError::Said(quoted(words)));
        }
        // HEAD of an empty repository.
        if line.starts_with(b"unborn ") {
            return Ok(false);
        }
        let (id, rest) = id_and(line)?;
        let mut words = rest.split(' ');
        let name = words.next().unwrap_or_default();
        let mut found = Ref { name: name.to_owned(), id, peeled: None, target: None };
        for word in words {
            if let Some(target) = word.strip_prefix("symref-target:") {
                found.target = Some(target.to_owned());
            } else if let Some(peeled) = word.strip_prefix("peeled:") {
                found.peeled = Some(peeled.parse().map_err(|_| WireError::Malformed("the list of references"))?);
            }
        }
        push(&mut self.refs, self.refs_max, found).map(|()| false)
    }

    /// The references, once all were read.
    pub(crate) fn finish(self) -> Vec<Ref> {
        self.refs
    }
}

fn push(refs: &mut Vec<Ref>, refs_max: usize, found: Ref) -> Result<(), WireError> {
    // A name that cannot be asked for is of no use.
    if found.name.len() > NAME_MAX || found.name.chars().any(|c| c.is_control() || c == ' ') {
        return Ok(());
    }
    if refs.len() >= refs_max {
        return Err(WireError::References(refs_max));
    }
    refs.push(found);
    Ok(())
}

/// `4f2c… rest`; names that are no text do not count.
fn id_and(line: &[u8]) -> Result<(ObjectId, &str), WireError> {
    let bad = || WireError::Malformed("a line of the advertisement");
    let space = line.iter().position(|byte| *byte == b' ').ok_or_else(bad)?;
    let id = std::str::from_utf8(&line[..space]).map_err(|_| bad())?.parse().map_err(|_| bad())?;
    // One that is no text gets a name that nobody can ask for.
    Ok((id, std::str::from_utf8(&line[space + 1..]).unwrap_or("\u{0}")))
}

#[cfg(test)]
mod tests {
    use super::super::packet::Packets;
    use super::*;

    const ID: &str = "ce013625030ba8dba906f756967f9e9ca394464a";
    const OTHER: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    fn advertised(lines: &[&str], refs_max: usize) -> Result<Advertisement, WireError> {
        let mut stream = Vec::new();
        for line in lines {
            if *line == "0000" { stream.extend(b"0000") } else { data(&mut stream, line.as_bytes()) }
        }
        let mut packets = Packets::default();
        packets.feed(&stream);
        let mut reader = AdvertisementReader::new(refs_max);
        while let Some(packet) = packets.next()? {
            if reader.take(packet)? {
                return Ok(reader.finish());
            }
        }
        Err(WireError::Short("the advertisement"))
    }

    #[test]
    fn version_2_gives_capabilities() {
        let said = advertised(
            &[
                "# service=git-upload-pack\n",
                "0000",
                "version 2\n",
                "fetch=shallow filter\n",
                "object-format=sha256\n",
                "0000",
            ],
            9,
        )
        .unwrap();
        assert_eq!(said.version, 2);
        assert!(said.capabilities.offers("fetch", "filter") && !said.capabilities.offers("fetch", "fil"));
        assert_eq!(said.capabilities.format(), Ok(Format::Sha256));
    }

    #[test]
    fn version_0_gives_references() {
        let said = advertised(
            &[
                "# service=git-upload-pack\n",
                "0000",
                &format!("{ID} HEAD\0side-band-64k symref=HEAD:refs/heads/main\n"),
                &format!("{ID} refs/heads/main\n"),
                &format!("{OTHER} refs/tags/v1"),
                &format!("{ID} refs/tags/v1^{{}}\n"),
                &format!("shallow {ID}"),
                "0000",
            ],
            9,
        )
        .unwrap();
        assert_eq!((said.version, said.refs.len()), (0, 3));
        assert_eq!(said.refs[0].target.as_deref(), Some("refs/heads/main"));
        assert_eq!(said.refs[2].commit().to_string(), ID);
    }

    #[test]
    fn an_empty_repository_has_no_references() {
        let zero = "0".repeat(40);
        for lines in
            [&[&*format!("{zero} capabilities^{{}}\0side-band-64k\n"), "0000"][..], &["version 1\n", "0000"], &["0000"]]
        {
            assert!(advertised(lines, 9).unwrap().refs.is_empty());
        }
    }

    #[test]
    fn what_is_wrong_is_told_apart() {
        let many = [format!("{ID} refs/heads/a\0"), format!("{ID} refs/heads/b")];
        for (lines, error) in [
            (&["ERR no\nway\n"][..], WireError::Said("no way".to_owned())),
            (&[&*many[0], &*many[1], "0000"], WireError::References(1)),
            (&["<html>"], WireError::Malformed("a line of the advertisement")),
            (&[&*many[0]], WireError::Short("the advertisement")),
        ] {
            assert_eq!(advertised(lines, 1).unwrap_err(), error);
        }
    }

    #[test]
    fn ls_refs_gives_peeled_tags_and_targets() {
        let mut reader = RefReader::new(9);
        for line in [
            format!("{ID} HEAD symref-target:refs/heads/main\n"),
            format!("{OTHER} refs/tags/v1 peeled:{ID}\n"),
            "unborn HEAD symref-target:refs/heads/x".to_owned(),
        ] {
            assert!(!reader.take(Packet::Data(line.as_bytes())).unwrap());
        }
        assert!(reader.take(Packet::Flush).unwrap());
        let refs = reader.finish();
        assert_eq!(refs.len(), 2);
        assert_eq!(refs[0].target.as_deref(), Some("refs/heads/main"));
        assert_eq!(refs[1].commit().to_string(), ID);
    }
}
