//! The caller's certificate: of this connection, or as a proxy on this machine hands it on (RFC 9440).

use std::sync::Arc;

use http::request::Parts;

use crate::presented::{PeerCertificate, listener_peer};
use crate::proxied::CertificateHeader;
use crate::refusal::{Malformed, Refusal};

/// Where callers' certificates come from; by default from the connection alone.
#[derive(Clone, Debug, Default)]
pub struct Certificates(Option<Arc<CertificateHeader>>);

impl Certificates {
    /// Also from this header, of proxies that are believed.
    #[must_use]
    pub fn handed_on_in(header: CertificateHeader) -> Self {
        Self(Some(Arc::new(header)))
    }

    /// The certificate of a caller who may have come by itself: that of its connection, and of a proxy that is believed
    /// only what it hands on, as the connection's is then the proxy's own.
    ///
    /// Does not check:
    /// - the certificate's chain, its expiry and its names: a token is bound to the one, whatever it says (RFC 8705 §3);
    /// - that the caller holds its key, which whoever ended TLS did;
    /// - that a proxy that is believed replaces what its own caller sent in the header;
    /// - who is at the other end of a connection whose listener does not tell: that one is believed in nothing.
    #[cfg(feature = "proxy")]
    pub(crate) fn of(&self, parts: &Parts) -> Result<Option<PeerCertificate>, Refusal> {
        let handed_on = self.handed_on(parts)?; // of others too, as it tells of them in the log
        let peer = listener_peer(&parts.extensions);
        if self.0.as_ref().zip(peer).is_some_and(|(header, peer)| header.believes(peer)) {
            return Ok(handed_on);
        }
        let shown = parts.extensions.get::<countersign_listen::PeerCertificate>();
        Ok(shown.map(|certificate| PeerCertificate::new(certificate.der())))
    }

    /// The certificate of a caller on whose behalf a proxy asks: never that of the connection, which is the proxy's own.
    ///
    /// Does not check: as [`Self::of`].
    pub(crate) fn handed_on(&self, parts: &Parts) -> Result<Option<PeerCertificate>, Refusal> {
        let Some((header, peer)) = self.0.as_ref().zip(listener_peer(&parts.extensions)) else {
            return Ok(None);
        };
        let handed_on = header.read(peer, &parts.headers);
        let handed_on = handed_on.map_err(|_| Malformed::Certificate)?; // which rule it breaks is in the log
        Ok(handed_on.map(|certificate| PeerCertificate::new(certificate.der())))
    }

    /// Takes the header out of what is passed on.
    #[cfg(feature = "proxy")]
    pub(crate) fn strip(&self, headers: &mut http::HeaderMap) {
        if let Some(header) = &self.0 {
            header.strip(headers);
        }
    }
}
