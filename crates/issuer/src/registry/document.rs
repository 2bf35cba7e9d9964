//! Documents that are made once and sent many times: JWKS and metadata, each with its ETag.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest;
use bytes::Bytes;
use countersign_proto::jose::base64url;

/// The bytes of a document and their ETag.
#[derive(Clone, Debug)]
pub struct Document {
    /// What is sent.
    pub bytes: Bytes,
    /// Quoted, as the header wants it (RFC 9110 §8.8.3).
    pub etag: Arc<str>,
}

impl Document {
    /// Wraps bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        let hash = digest::digest(&digest::SHA256, &bytes);
        let short = hash.as_ref().get(..15).unwrap_or_default();
        Self { etag: format!("\"{}\"", base64url::encode(short)).into(), bytes: bytes.into() }
    }
}

/// Which document of a realm; the dialects fill theirs through [`super::RealmView::document`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The native JWKS.
    Jwks,
    /// The native metadata.
    Metadata,
    /// Keycloak's `certs`.
    KeycloakCerts,
    /// Keycloak's well-known document.
    KeycloakMetadata,
    /// Keycloak's realm info.
    KeycloakRealm,
    /// Auth0's JWKS.
    Auth0Jwks,
    /// Auth0's well-known document.
    Auth0Metadata,
}

/// One place for each [`Slot`]; emptied by making a new view.
#[derive(Default)]
pub(super) struct Documents([OnceLock<Document>; 7]);

impl Documents {
    pub(super) fn get(&self, slot: Slot, make: impl FnOnce() -> Vec<u8>) -> Document {
        match self.0.get(slot as usize) {
            Some(place) => place.get_or_init(|| Document::new(make())).clone(),
            None => Document::new(make()),
        }
    }
}
