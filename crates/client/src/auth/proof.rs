//! What one request carries as proof, and for whom it is made.

use aws_lc_rs::digest::{SHA256, digest};
use countersign_proto::time::UnixTime;
use http::HeaderValue;
use zeroize::Zeroizing;

/// For whom a proof is made, and when.
#[derive(Clone, Copy)]
pub(crate) struct Recipient<'a> {
    /// The server's issuer identifier, where it is known.
    pub issuer: Option<&'a str>,
    /// Its `token_endpoint_auth_signing_alg_values_supported`; empty where it does not say.
    pub algorithms: &'a [String],
    /// The present time.
    pub now: UnixTime,
}

/// What one request carries as proof.
#[derive(Default)]
pub(crate) struct Proven {
    /// Parameters of the body.
    pub parameters: Vec<(&'static str, Zeroizing<String>)>,
    /// The `Authorization` header.
    pub authorization: Option<HeaderValue>,
    /// What it was made from, where that can rotate.
    pub stamp: Option<Stamp>,
}

/// A digest of what a proof was made from, which tells whether it has rotated since.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp([u8; 32]);

impl Proven {
    /// Its parameters, as a form takes them.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.parameters.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The same with one more parameter.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.parameters.push((name, Zeroizing::new(value.to_owned())));
        self
    }
}

impl Stamp {
    pub(super) fn of(read: &[u8]) -> Self {
        let mut stamp = Self([0; 32]);
        stamp.0.copy_from_slice(digest(&SHA256, read).as_ref());
        stamp
    }
}
