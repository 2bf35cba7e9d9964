//! The caller's certificate: of this connection, or as a proxy on this machine hands it on (RFC 9440).

use std::sync::Arc;

use countersign_listen::PeerAddr;
use http::HeaderMap;
use http::request::Parts;

use crate::presented::PeerCertificate;
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

    /// The certificate that a request comes with.
    pub(crate) fn of(&self, parts: &Parts) -> Result<Option<PeerCertificate>, Refusal> {
        if let (Some(header), Some(peer)) = (&self.0, parts.extensions.get::<PeerAddr>()) {
            let handed_on = header.read(peer.0.ip(), &parts.headers).map_err(|error| {
                tracing::warn!(%error, "a client certificate cannot be read");
                Refusal::from(Malformed::Certificate)
            })?;
            if let Some(certificate) = handed_on {
                return Ok(Some(PeerCertificate::new(certificate.der())));
            }
        }
        let shown = parts.extensions.get::<countersign_listen::PeerCertificate>();
        Ok(shown.map(|certificate| PeerCertificate::new(certificate.der())))
    }

    /// Takes the header out of what is passed on.
    pub(crate) fn strip(&self, headers: &mut HeaderMap) {
        if let Some(header) = &self.0 {
            header.strip(headers);
        }
    }
}
