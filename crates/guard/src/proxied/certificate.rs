//! A client's certificate out of a header of a proxy that ended its TLS (RFC 9440), or nothing.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use tokio::time::Instant;

use super::TrustedProxies;
use crate::identity::strip_named;

/// The header in which proxies hand on the client's certificate, and which proxies are believed.
#[derive(Debug)]
pub struct CertificateHeader {
    name: HeaderName,
    proxies: TrustedProxies,
    strangers: Seldom,
    unreadable: Seldom,
}

/// What strangers can cause at will, and is told of at most once a minute.
#[derive(Debug, Default)]
struct Seldom(Mutex<Option<Instant>>);

/// A client's certificate as a proxy that is believed handed it on: DER. What it says is not looked at.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate(Box<[u8]>);

/// Why a proxy's header holds no certificate; the request is refused, as somebody meddled with it or the proxy errs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadClientCertificate {
    /// There are several: one of them is the caller's own.
    #[error(
        "the client certificate's header was sent more than once: the proxy must replace what its caller sent"
    )]
    Repeated,
    /// Longer than any certificate.
    #[error("the client certificate's header is longer than {MAX_HEADER} bytes")]
    TooLong,
    /// It is not `:base64:`.
    #[error("the client certificate's header is not a byte sequence, `:` base64 `:` (RFC 9440 section 2.2)")]
    NotBytes,
    /// The bytes are not one certificate.
    #[error("the client certificate's header does not hold one certificate in DER (RFC 9440 section 2.1)")]
    NotCertificate,
}

impl CertificateHeader {
    /// Believes the header of this name (RFC 9440 calls it `Client-Cert`) where it comes from one of these proxies and
    /// over a link that nobody can be on between.
    #[must_use]
    pub fn new(name: HeaderName, proxies: TrustedProxies) -> Self {
        Self { name, proxies, strangers: Seldom::default(), unreadable: Seldom::default() }
    }

    /// The certificate of a request, and `None` where the proxy sent none (`::` counts as none: proxies that fill in a
    /// template send it) or where nobody asked this peer: then the header is ignored, and told of in the log, at most
    /// once a minute (RFC 9700 §4.13).
    ///
    /// Does not check: that the client holds the certificate's key, which the proxy did; who signed it, when it expires.
    ///
    /// # Errors
    /// [`BadClientCertificate`] where a proxy that is believed sent something else than one certificate; the log says which,
    /// at most once a minute.
    pub fn read(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
    ) -> Result<Option<ClientCertificate>, BadClientCertificate> {
        if !headers.contains_key(&self.name) {
            return Ok(None);
        }
        if !self.believes(peer) {
            if self.strangers.is_due() {
                tracing::warn!(%peer, header = %self.name, "client certificate ignored: its header came from a peer that is not believed");
            }
            return Ok(None);
        }
        client_certificate(headers, &self.name).inspect_err(|error| {
            if self.unreadable.is_due() {
                tracing::warn!(%peer, %error, "a client certificate cannot be read");
            }
        })
    }

    /// Takes the header out, in every spelling that an upstream could read as it: what we did not believe, or used up,
    /// is not handed on.
    pub fn strip(&self, headers: &mut HeaderMap) {
        strip_named(headers, std::slice::from_ref(&self.name));
    }

    /// An address proves nothing on a network that others share: so besides being named, the proxy must be on this
    /// very machine. The place for other proofs of who it is.
    pub(crate) fn believes(&self, peer: IpAddr) -> bool {
        peer.to_canonical().is_loopback() && self.proxies.contains(peer)
    }
}

impl Seldom {
    fn is_due(&self) -> bool {
        let now = Instant::now();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| now.duration_since(last) >= EVERY);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}

impl ClientCertificate {
    /// The certificate, DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientCertificate({} bytes)", self.0.len())
    }
}

/// Reads the header, whoever sent it.
fn client_certificate(
    headers: &HeaderMap,
    name: &HeaderName,
) -> Result<Option<ClientCertificate>, BadClientCertificate> {
    let mut lines = headers.get_all(name).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(BadClientCertificate::Repeated);
    }
    if line.len() > MAX_HEADER {
        return Err(BadClientCertificate::TooLong);
    }
    let encoded = line.as_bytes().strip_prefix(b":").and_then(|rest| rest.strip_suffix(b":"));
    let der = STANDARD.decode(encoded.ok_or(BadClientCertificate::NotBytes)?);
    match der.map_err(|_| BadClientCertificate::NotBytes)? {
        none if none.is_empty() => Ok(None),
        der if is_certificate(&der) => Ok(Some(ClientCertificate(der.into()))),
        _ => Err(BadClientCertificate::NotCertificate),
    }
}

/// Whether this is the shape of one certificate and nothing after it: `SEQUENCE { SEQUENCE, SEQUENCE, BIT STRING }`
/// (RFC 5280 §4.1). Does not look into these.
fn is_certificate(der: &[u8]) -> bool {
    let parts = || {
        let (certificate, after) = element(der, SEQUENCE)?;
        let (_to_be_signed, rest) = element(certificate, SEQUENCE)?;
        let (_algorithm, rest) = element(rest, SEQUENCE)?;
        let (_signature, rest) = element(rest, BIT_STRING)?;
        Some(after.is_empty() && rest.is_empty())
    };
    parts().unwrap_or_default()
}

/// Splits off the contents of the first element, which must have this tag, and a length in its shortest form (X.690
/// §10.1) that is not zero.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = match rest {
        [short @ 1..=0x7f, rest @ ..] => (usize::from(*short), rest),
        [0x81, long @ 0x80..=0xff, rest @ ..] => (usize::from(*long), rest),
        [0x82, high @ 1..=0xff, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        _ => return None,
    };
    if *first == tag { rest.split_at_checked(length) } else { None }
}

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;

/// A certificate of 16 KiB in base64, between colons; what our own TLS takes at most.
const MAX_HEADER: usize = (16 * 1024_usize).div_ceil(3) * 4 + 2;

const EVERY: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
