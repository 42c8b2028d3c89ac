//! Connections to servers: three thin ways to carry the same two exchanges, an advertisement and a request with its reply.
//! Must not know what is said.

mod connect;
mod http;
mod known_hosts;
mod ssh;

use bytes::Bytes;

pub(super) use connect::{Proxy, ProxyChoice};
pub(super) use http::{Http, HttpSettings};
pub use ssh::SshAccess;
pub(super) use ssh::{Ssh, SshSettings};

use super::GitError;
use super::wire::{Service, WireError};

/// A connection to one repository.
#[derive(Debug)]
pub(super) enum Connection {
    /// http and https.
    Http(Box<Http>),
    /// ssh
    Ssh(Box<Ssh>),
}

/// Bytes as they arrive.
#[derive(Debug)]
pub(super) enum Stream {
    /// The body of a reply.
    Http(http::Body),
    /// What a program says next.
    Ssh,
}

impl Connection {
    /// Without credentials, for messages.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Http(http) => http.shown(),
            Self::Ssh(ssh) => ssh.shown(),
        }
    }

    /// What the server says first.
    pub(super) async fn advertisement(&mut self, service: Service) -> Result<Stream, GitError> {
        match self {
            Self::Http(http) => http.advertisement(service).await.map(Stream::Http),
            Self::Ssh(ssh) => ssh.advertisement(service).await.map(|()| Stream::Ssh),
        }
    }

    /// One request and its reply.
    pub(super) async fn exchange(&mut self, service: Service, request: Bytes) -> Result<Stream, GitError> {
        match self {
            Self::Http(http) => http.exchange(service, request).await.map(Stream::Http),
            Self::Ssh(ssh) => ssh.exchange(service, request).await.map(|()| Stream::Ssh),
        }
    }

    /// Something that is not the protocol; the server's own words are told apart.
    pub(super) fn protocol(&self, source: WireError) -> GitError {
        let remote = self.shown();
        match source {
            WireError::Said(words) => GitError::Said { remote, words },
            source => GitError::Protocol { remote, source },
        }
    }

    /// The next piece of what is being said; nothing at its end.
    pub(super) async fn piece(&mut self, stream: &mut Stream) -> Result<Option<Bytes>, GitError> {
        match (self, stream) {
            (_, Stream::Http(body)) => body.piece().await,
            (Self::Ssh(ssh), Stream::Ssh) => ssh.piece().await,
            (Self::Http(_), Stream::Ssh) => Ok(None),
        }
    }

    /// Forgets what was said: the next conversation starts anew.
    pub(super) fn close(&mut self) {
        if let Self::Ssh(ssh) = self {
            ssh.close();
        }
    }
}
