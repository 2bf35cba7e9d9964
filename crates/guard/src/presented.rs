//! What a request presents: its token, its proof, its certificate; read once, strictly, before anything is believed.

use std::sync::Arc;

use countersign_proto::authorization::{AuthorizationError, PresentedToken, Scheme};
use countersign_proto::jose::CertificateThumbprint;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method};

use crate::refusal::{Malformed, Refusal};

/// The parts of a request that decide whether it is let in.
#[derive(Clone, Copy)]
pub struct Presented<'r> {
    headers: &'r HeaderMap,
    target: Option<Target<'r>>,
    certificate: Option<&'r PeerCertificate>,
}

/// What is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Target<'r> {
    pub(crate) method: &'r Method,
    /// As it was sent.
    pub(crate) path: &'r str,
    query: Option<&'r str>,
}

/// The certificate that the caller proved to hold on this connection, in DER; put into a request's extensions by
/// whoever ended TLS.
#[derive(Clone)]
pub struct PeerCertificate(Arc<[u8]>);

impl<'r> Presented<'r> {
    /// What a request presents that was sent to this server itself; the certificate is the one in its extensions.
    #[must_use]
    pub fn by(parts: &'r Parts) -> Self {
        let uri = uri(parts);
        let target = Target { method: &parts.method, path: uri.path(), query: uri.query() };
        Self { headers: &parts.headers, target: Some(target), certificate: parts.extensions.get() }
    }

    /// What a request for this method, path and query presents in these headers.
    #[must_use]
    pub fn at(method: &'r Method, path_and_query: &'r str, headers: &'r HeaderMap) -> Self {
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path_and_query, None),
        };
        Self { headers, target: Some(Target { method, path, query }), certificate: None }
    }

    /// What these headers present, where it is not known what is asked for: then no DPoP proof can be judged.
    #[must_use]
    pub fn of_token(headers: &'r HeaderMap) -> Self {
        Self { headers, target: None, certificate: None }
    }

    /// The same from a caller who holds this certificate.
    #[must_use]
    pub fn with_certificate(mut self, certificate: Option<&'r PeerCertificate>) -> Self {
        self.certificate = certificate;
        self
    }

    /// The one token, and how it was presented.
    pub(crate) fn token(&self) -> Result<PresentedToken<'r>, Refusal> {
        let mut lines = self.headers.get_all(AUTHORIZATION).iter();
        let Some(line) = lines.next() else {
            // what stands in the query is not read (RFC 9700 §4.3.2): then there are no credentials
            return Err(Refusal::NoCredentials);
        };
        if lines.next().is_some() {
            return Err(Malformed::TwoAuthorizations.into());
        }
        let token = PresentedToken::parse(line.as_bytes()).map_err(|error| match error {
            AuthorizationError::OtherScheme => Refusal::NoCredentials,
            AuthorizationError::TooLong => Malformed::TooLong.into(),
            AuthorizationError::Malformed => Malformed::Authorization.into(),
        })?;
        if self.target.and_then(|target| target.query).is_some_and(has_token) {
            return Err(Malformed::TwoTransports.into());
        }
        Ok(token)
    }

    /// The scheme that the caller chose; `Bearer` where it chose none.
    pub(crate) fn scheme(&self) -> Scheme {
        self.token().map_or(Scheme::Bearer, |token| token.scheme())
    }

    /// The one DPoP proof, `None` where there is none (RFC 9449 §4.3, check 1).
    pub(crate) fn proof(&self) -> Result<Option<&'r str>, Refusal> {
        let mut lines = self.headers.get_all(DPOP).iter();
        let Some(line) = lines.next() else { return Ok(None) };
        if lines.next().is_some() {
            return Err(Malformed::TwoProofs.into());
        }
        line.to_str().map(Some).map_err(|_| Malformed::Proof.into())
    }

    pub(crate) fn target(&self) -> Option<Target<'r>> {
        self.target
    }

    pub(crate) fn thumbprint(&self) -> Option<CertificateThumbprint> {
        self.certificate.map(|certificate| CertificateThumbprint::of_der(&certificate.0))
    }
}

impl PeerCertificate {
    /// A certificate in DER whose key the peer has proven to hold.
    #[must_use]
    pub fn new(der: impl Into<Arc<[u8]>>) -> Self {
        Self(der.into())
    }
}

/// The URI as the caller sent it: a router that is nested in another sees a shorter one.
#[cfg(feature = "axum")]
fn uri(parts: &Parts) -> &http::Uri {
    parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |original| &original.0)
}

#[cfg(not(feature = "axum"))]
fn uri(parts: &Parts) -> &http::Uri {
    &parts.uri
}

/// Whether a query has a parameter `access_token`, however it is spelled (RFC 6750 §2.3).
fn has_token(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token")
}

const DPOP: HeaderName = HeaderName::from_static("dpop");
