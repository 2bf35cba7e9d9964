//! A request whose body has arrived.

use std::net::IpAddr;

use axum::extract::Request;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::body::{self, Unread};
use super::peer::Peer;
use crate::state::AppState;

/// A request with its whole body, of at most 64 KiB.
pub(crate) struct Posted {
    pub(crate) head: Parts,
    pub(crate) body: Bytes,
}

impl Posted {
    /// Waits for the body.
    ///
    /// # Errors
    /// See [`body::read`].
    pub(crate) async fn read(request: Request) -> Result<Self, Unread> {
        let (head, body) = request.into_parts();
        let body = body::read(body, CAP).await?;
        Ok(Self { head, body })
    }

    /// The address of whoever sent it.
    pub(crate) fn source(&self, app: &AppState) -> IpAddr {
        app.source(self.head.extensions.get::<Peer>(), &self.head.headers)
    }

    /// Whether its sender tried to authenticate by header, so that a challenge is due (RFC 6749 §5.2).
    pub(crate) fn has_authorization(&self) -> bool {
        self.head.headers.contains_key(AUTHORIZATION)
    }
}

/// Sixteen times what the longest sensible request needs.
pub(crate) const CAP: usize = 64 * 1024;
