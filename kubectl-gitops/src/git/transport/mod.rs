//! Connections to servers: three thin ways to carry the same two exchanges, an advertisement and a request with its reply.
//! Must not know what is said.

mod connect;
mod http;

use bytes::Bytes;

pub(super) use connect::{Proxy, ProxyChoice};
pub(super) use http::{Http, HttpSettings};

use super::GitError;
use super::wire::{Service, WireError};

/// A connection to one repository.
#[derive(Debug)]
pub(super) enum Connection {
    /// http and https.
    Http(Box<Http>),
}

/// Bytes as they arrive.
#[derive(Debug)]
pub(super) enum Stream {
    /// The body of a reply.
    Http(http::Body),
}

impl Connection {
    /// Without credentials, for messages.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Http(http) => http.shown(),
        }
    }

    /// What the server says first.
    pub(super) async fn advertisement(&mut self, service: Service) -> Result<Stream, GitError> {
        match self {
            Self::Http(http) => http.advertisement(service).await.map(Stream::Http),
        }
    }

    /// One request and its reply.
    pub(super) async fn exchange(&mut self, service: Service, request: Bytes) -> Result<Stream, GitError> {
        match self {
            Self::Http(http) => http.exchange(service, request).await.map(Stream::Http),
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
}

impl Stream {
    /// The next piece; nothing at the end.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, GitError> {
        match self {
            Self::Http(body) => body.piece().await,
        }
    }
}
