//! A conversation with a server: what it has, and objects of it. Owns the order of messages over any connection; must not
//! decide what is wanted.

use bytes::Bytes;

use super::object::{Format, ObjectId};
use super::origin::DEPTH_FIRST_TRIED;
use super::pack::{Scan, Scanner, Spool};
use super::transport::{Connection, Stream};
use super::wire::{
    Advertisement, AdvertisementReader, FetchEvent, FetchReader, FetchRequest, Packet, Packets, PushReader,
    PushRequest, Ref, RefReader, Service, WireError,
};
use super::{GitError, Limits};

/// One conversation.
#[derive(Debug)]
pub(super) struct Session {
    connection: Connection,
    limits: Limits,
    advertised: Option<Advertisement>,
}

/// What a fetch gave.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) scan: Scan,
    pub(super) spool: Spool,
}

impl Session {
    /// Nothing is sent yet.
    pub(super) fn new(connection: Connection, limits: Limits) -> Self {
        Self { connection, limits, advertised: None }
    }

    /// Without credentials, for messages.
    pub(super) fn shown(&self) -> String {
        self.connection.shown()
    }

    /// What the server said first; it is asked once.
    pub(super) async fn advertisement(&mut self) -> Result<&Advertisement, GitError> {
        if self.advertised.is_none() {
            let mut stream = self.connection.advertisement(Service::UploadPack).await?;
            let mut reader = AdvertisementReader::new(self.limits.refs);
            self.read(&mut stream, "the advertisement", |packet| reader.take(packet)).await?;
            self.advertised = Some(reader.finish());
        }
        Ok(self.advertised.as_ref().expect("it was just read"))
    }

    /// Begins anew: after an error, or for the next transfer from a server that hangs up after one.
    pub(super) fn again(&mut self) {
        self.connection.close();
        self.advertised = None;
    }

    /// Can this commit be asked for by its name alone, and if so, as which object?
    pub(super) async fn wantable(&mut self, commit: ObjectId) -> Result<Option<ObjectId>, GitError> {
        let said = self.advertisement().await?;
        if said.version == 2 || said.capabilities.has("allow-reachable-sha1-in-want") {
            return Ok(Some(commit));
        }
        let named = said.refs.iter().find(|found| found.id == commit);
        Ok(named.or_else(|| said.refs.iter().find(|found| found.commit() == commit)).map(|found| found.id))
    }

    /// What is accepted.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What to ask for, one after the other, to see the commits of a branch: only those where the server can do so.
    pub(super) async fn histories(&mut self, tip: ObjectId) -> Result<Vec<FetchRequest>, GitError> {
        let said = self.advertisement().await?;
        let history = FetchRequest { wants: vec![tip], ..FetchRequest::default() };
        if said.version == 2 && said.capabilities.offers("fetch", "filter") {
            return Ok(vec![FetchRequest { commits_only: true, ..history }]);
        }
        Ok(vec![FetchRequest { depth: Some(DEPTH_FIRST_TRIED), ..history.clone() }, history])
    }

    /// The hash of the repository.
    pub(super) async fn format(&mut self) -> Result<Format, GitError> {
        let format = self.advertisement().await?.capabilities.format();
        format.map_err(|error| self.connection.protocol(error))
    }

    /// References that begin with one of the prefixes.
    pub(super) async fn refs(&mut self, prefixes: &[String]) -> Result<Vec<Ref>, GitError> {
        let format = self.format().await?;
        let said = self.advertisement().await?;
        if said.version != 2 {
            let wanted = |found: &&Ref| prefixes.iter().any(|prefix| found.name.starts_with(prefix.as_str()));
            return Ok(said.refs.iter().filter(wanted).cloned().collect());
        }
        let request = RefReader::request(format, prefixes);
        let mut stream = self.connection.exchange(Service::UploadPack, request.into()).await?;
        let mut reader = RefReader::new(self.limits.refs);
        self.read(&mut stream, "the list of references", |packet| reader.take(packet)).await?;
        Ok(reader.finish())
    }

    /// Objects, scanned while they arrive.
    pub(super) async fn fetch(&mut self, request: &FetchRequest, mut spool: Spool) -> Result<Fetched, GitError> {
        let format = self.format().await?;
        let limits = self.limits.pack();
        let said = self.advertised.as_ref().expect("the format was read from it");
        let encoded = request.encode(said.version, &said.capabilities);
        let mut reply = FetchReader::new(said.version, &said.capabilities, request);
        let encoded = encoded.map_err(|error| self.connection.protocol(error))?;
        let mut stream = self.connection.exchange(Service::UploadPack, Bytes::from(encoded)).await?;
        let mut scanner = Scanner::new(format, limits);
        let mut packets = Packets::default();
        let remote = self.shown();
        let mut raw = false;
        let mut keep = |piece: &[u8]| {
            let kept = scanner.feed(piece).and_then(|()| Ok(spool.write(piece)?));
            kept.map_err(|source| GitError::Pack { remote: remote.clone(), source })
        };
        'reply: while let Some(piece) = self.connection.piece(&mut stream).await? {
            if raw {
                keep(&piece)?;
                continue;
            }
            packets.feed(&piece);
            while let Some(packet) = packets.next().map_err(|error| self.connection.protocol(error))? {
                match reply.take(packet).map_err(|error| self.connection.protocol(error))? {
                    FetchEvent::Nothing => {}
                    FetchEvent::Pack(piece) => keep(piece)?,
                    FetchEvent::Raw => raw = true,
                    FetchEvent::End => break 'reply,
                }
                if raw {
                    break;
                }
            }
            if raw {
                keep(packets.rest())?;
            }
        }
        if !reply.in_pack() {
            return Err(self.connection.protocol(WireError::Short("the reply")));
        }
        let scan = scanner.finish().map_err(|source| match reply.said() {
            said if said.is_empty() => GitError::Pack { remote: remote.clone(), source },
            words => GitError::Said { remote: remote.clone(), words },
        })?;
        Ok(Fetched { scan, spool })
    }

    /// Says where a reference shall be, and sends what is new with it.
    pub(super) async fn push(&mut self, request: &PushRequest, pack: &[u8]) -> Result<(), GitError> {
        let said = self.pushed_to().await?;
        if at(&said, request) != request.old {
            return Err(GitError::Moved { remote: self.shown(), name: request.name.clone() });
        }
        let encoded = request.encode(&said.capabilities);
        let mut bytes = encoded.map_err(|error| self.connection.protocol(error))?;
        bytes.extend_from_slice(pack);
        let mut stream = self.connection.exchange(Service::ReceivePack, Bytes::from(bytes)).await?;
        let mut report = PushReader::new(&said.capabilities);
        self.read(&mut stream, "the report", |packet| report.take(packet)).await?;
        let Err((reason, words)) = report.finish() else { return Ok(()) };
        // Words differ from server to server; where the branch is now does not.
        self.connection.close();
        if self.pushed_to().await.is_ok_and(|said| at(&said, request) != request.old) {
            return Err(GitError::Moved { remote: self.shown(), name: request.name.clone() });
        }
        let words = if words.is_empty() { reason } else { format!("{reason} ({words})") };
        Err(GitError::PushRefused { remote: self.shown(), name: request.name.clone(), words })
    }

    /// What the program says first that takes a push.
    async fn pushed_to(&mut self) -> Result<Advertisement, GitError> {
        let mut stream = self.connection.advertisement(Service::ReceivePack).await?;
        let mut reader = AdvertisementReader::new(self.limits.refs);
        self.read(&mut stream, "the advertisement", |packet| reader.take(packet)).await?;
        Ok(reader.finish())
    }

    async fn read(
        &mut self,
        stream: &mut Stream,
        what: &'static str,
        mut take: impl FnMut(Packet<'_>) -> Result<bool, WireError>,
    ) -> Result<(), GitError> {
        let mut packets = Packets::default();
        while let Some(piece) = self.connection.piece(stream).await? {
            packets.feed(&piece);
            while let Some(packet) = packets.next().map_err(|error| self.connection.protocol(error))? {
                if take(packet).map_err(|error| self.connection.protocol(error))? {
                    return Ok(());
                }
            }
        }
        Err(self.connection.protocol(WireError::Short(what)))
    }
}

/// Where the reference of a push is now.
fn at(said: &Advertisement, request: &PushRequest) -> ObjectId {
    let found = said.refs.iter().find(|found| found.name == request.name);
    found.map_or(ObjectId::zero(request.new.format()), |found| found.id)
}
