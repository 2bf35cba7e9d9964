//! What a request presents: its token, its proof, its certificate; read once, strictly, before anything is believed.

use std::net::IpAddr;
use std::sync::Arc;

use countersign_proto::authorization::{Credentials, PresentedToken, Scheme};
use countersign_proto::jose::CertificateThumbprint;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

use crate::refusal::{Malformed, Refusal};

/// The parts of a request that decide whether it is let in.
#[derive(Clone, Copy)]
pub struct Presented<'r> {
    headers: &'r HeaderMap,
    target: Option<Target<'r>>,
    certificate: Whose<'r, Option<&'r PeerCertificate>>,
    peer: Whose<'r, Option<IpAddr>>,
    request_id: Option<&'r HeaderValue>,
}

/// What is known of a connection: as whoever listens tells it with the request, or as we are told.
#[derive(Clone, Copy)]
enum Whose<'r, T> {
    Connection(&'r Extensions),
    Told(T),
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
/// whoever ended TLS. That of `countersign-listen` is found there too, with one of the features `forward-auth` and `proxy`.
#[derive(Clone)]
pub struct PeerCertificate(Arc<[u8]>);

impl<'r> Presented<'r> {
    /// What a request presents that was sent to this server itself; the certificate is the one in its extensions.
    #[must_use]
    pub fn by(parts: &'r Parts) -> Self {
        Self::sent(&parts.method, &parts.uri, &parts.headers, &parts.extensions)
    }

    /// As [`Self::by`], of a request that is still whole.
    #[must_use]
    pub fn by_request<B>(request: &'r Request<B>) -> Self {
        Self::sent(request.method(), request.uri(), request.headers(), request.extensions())
    }

    fn sent(method: &'r Method, uri: &'r Uri, headers: &'r HeaderMap, extensions: &'r Extensions) -> Self {
        let uri = as_sent(uri, extensions);
        Self {
            target: Some(Target { method, path: uri.path(), query: uri.query() }),
            certificate: Whose::Connection(extensions),
            peer: Whose::Connection(extensions),
            ..Self::of_token(headers)
        }
    }

    /// What a request for this method, path and query presents in these headers.
    #[must_use]
    pub fn at(method: &'r Method, path_and_query: &'r str, headers: &'r HeaderMap) -> Self {
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path_and_query, None),
        };
        Self { target: Some(Target { method, path, query }), ..Self::of_token(headers) }
    }

    /// What these headers present, where it is not known what is asked for: then no DPoP proof can be judged.
    #[must_use]
    pub fn of_token(headers: &'r HeaderMap) -> Self {
        Self {
            headers,
            target: None,
            certificate: Whose::Told(None),
            peer: Whose::Told(None),
            request_id: None,
        }
    }

    /// The same from a caller who holds this certificate.
    #[must_use]
    pub fn with_certificate(mut self, certificate: Option<&'r PeerCertificate>) -> Self {
        self.certificate = Whose::Told(certificate);
        self
    }

    /// The same by this peer, for the log.
    #[must_use]
    pub fn with_peer(mut self, peer: Option<IpAddr>) -> Self {
        self.peer = Whose::Told(peer);
        self
    }

    /// The same, of a request of this name, for the log.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<&'r HeaderValue>) -> Self {
        self.request_id = request_id;
        self
    }

    /// The connection's other end.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        match self.peer {
            Whose::Connection(extensions) => listener_peer(extensions).or_else(|| axum_peer(extensions)),
            Whose::Told(peer) => peer,
        }
    }

    /// The request's name.
    pub(crate) fn request_id(&self) -> Option<&'r str> {
        self.request_id.and_then(|id| id.to_str().ok())
    }

    /// The one line of credentials, whatever stands in it.
    pub(crate) fn credentials(&self) -> Result<Credentials<'r>, Refusal> {
        let mut lines = self.headers.get_all(AUTHORIZATION).iter();
        let Some(line) = lines.next() else {
            // what stands in the query is not read (RFC 9700 §4.3.2): then there are no credentials
            return Err(Refusal::NoCredentials);
        };
        if lines.next().is_some() {
            return Err(Malformed::TwoAuthorizations.into());
        }
        let credentials = Credentials::parse(line.as_bytes())?;
        if self.target.and_then(|target| target.query).is_some_and(has_token) {
            return Err(Malformed::TwoTransports.into());
        }
        Ok(credentials)
    }

    /// The one token, and how it was presented.
    pub(crate) fn token(&self) -> Result<PresentedToken<'r>, Refusal> {
        Ok(self.credentials()?.token()?)
    }

    /// The scheme that the caller chose, whatever follows it; `Bearer` where it chose none.
    pub(crate) fn scheme(&self) -> Scheme {
        self.credentials().map_or(Scheme::Bearer, Credentials::scheme)
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
        match self.certificate {
            Whose::Connection(extensions) => match extensions.get::<PeerCertificate>() {
                Some(certificate) => Some(CertificateThumbprint::of_der(&certificate.0)),
                None => listener_certificate(extensions).map(CertificateThumbprint::of_der),
            },
            Whose::Told(certificate) => certificate.map(|told| CertificateThumbprint::of_der(&told.0)),
        }
    }
}

impl PeerCertificate {
    /// A certificate in DER whose key the peer has proven to hold.
    #[must_use]
    pub fn new(der: impl Into<Arc<[u8]>>) -> Self {
        Self(der.into())
    }
}

/// The connection's other end, where our own listener tells.
#[cfg(feature = "door")]
pub(crate) fn listener_peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<countersign_listen::PeerAddr>().map(|peer| peer.0.ip())
}

#[cfg(not(feature = "door"))]
fn listener_peer(_: &Extensions) -> Option<IpAddr> {
    None
}

/// The connection's other end, where `axum::serve` tells.
#[cfg(feature = "axum")]
fn axum_peer(extensions: &Extensions) -> Option<IpAddr> {
    use std::net::SocketAddr;

    use axum::extract::ConnectInfo;

    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
}

#[cfg(not(feature = "axum"))]
fn axum_peer(_: &Extensions) -> Option<IpAddr> {
    None
}

/// The certificate of the connection, in DER, where our own listener ended TLS.
#[cfg(feature = "door")]
fn listener_certificate(extensions: &Extensions) -> Option<&[u8]> {
    extensions.get::<countersign_listen::PeerCertificate>().map(countersign_listen::PeerCertificate::der)
}

#[cfg(not(feature = "door"))]
fn listener_certificate(_: &Extensions) -> Option<&[u8]> {
    None
}

/// The URI as the caller sent it: a router that is nested in another sees a shorter one.
#[cfg(feature = "axum")]
fn as_sent<'r>(uri: &'r Uri, extensions: &'r Extensions) -> &'r Uri {
    extensions.get::<axum::extract::OriginalUri>().map_or(uri, |original| &original.0)
}

#[cfg(not(feature = "axum"))]
fn as_sent<'r>(uri: &'r Uri, _: &'r Extensions) -> &'r Uri {
    uri
}

/// Whether a query has a parameter `access_token`, however it is spelled (RFC 6750 §2.3).
fn has_token(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token")
}

const DPOP: HeaderName = HeaderName::from_static("dpop");

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Request};

    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        headers
    }

    fn token(lines: &[(&'static str, &str)], target: &str) -> Result<(Scheme, String), Refusal> {
        let headers = headers(lines);
        let token = Presented::at(&Method::GET, target, &headers).token()?;
        Ok((token.scheme(), token.token().to_owned()))
    }

    /// T-6750-02, T-6750-04: one token, in one line, and none in the query beside it.
    #[test]
    fn there_is_one_token_or_none() {
        let bearer = ("authorization", "Bearer abc");
        assert_eq!(token(&[bearer], "/a?b=c"), Ok((Scheme::Bearer, "abc".to_owned())));
        assert_eq!(token(&[("authorization", "dpop abc")], "/"), Ok((Scheme::DPoP, "abc".to_owned())));
        for (lines, target, refusal) in [
            (&[][..], "/?access_token=abc", Refusal::NoCredentials),
            (&[("authorization", "Basic abc")], "/?access_token=abc", Refusal::NoCredentials),
            (&[bearer], "/?access_token=abc", Malformed::TwoTransports.into()),
            (&[bearer], "/?a&%61ccess%5ftoken", Malformed::TwoTransports.into()),
            (&[bearer], "/?x=?access_token=1&access_token=2", Malformed::TwoTransports.into()),
            (&[bearer, bearer], "/", Malformed::TwoAuthorizations.into()),
            (&[bearer, ("authorization", "Basic abc")], "/", Malformed::TwoAuthorizations.into()),
            (&[("authorization", "Bearer a b")], "/", Malformed::Authorization.into()),
        ] {
            assert_eq!(token(lines, target), Err(refusal), "{target}");
        }
        assert!(token(&[bearer], "/?access_tokens=a&xaccess_token=b;access_token=c").is_ok());
    }

    /// RFC 9449 §4.3, check 1.
    #[test]
    fn there_is_one_proof_or_none() {
        let proof = |lines: &[(&'static str, &str)]| {
            let headers = headers(lines);
            Presented::of_token(&headers).proof().map(|proof| proof.map(str::to_owned))
        };
        assert_eq!(proof(&[]), Ok(None));
        assert_eq!(proof(&[("dpop", "p")]), Ok(Some("p".to_owned())));
        assert_eq!(proof(&[("dpop", "p"), ("dpop", "p")]), Err(Malformed::TwoProofs.into()));
        assert_eq!(proof(&[("dpop", "caf\u{e9}")]), Err(Malformed::Proof.into()));
    }

    /// The certificate is the one that was given, and none where none was.
    #[test]
    fn the_certificate_is_that_of_the_connection() {
        let (mut parts, ()) = Request::get("/a/b?c").body(()).unwrap().into_parts();
        assert!(Presented::by(&parts).thumbprint().is_none());
        parts.extensions.insert(PeerCertificate::new(&b"der"[..]));
        let presented = Presented::by(&parts);
        assert_eq!(presented.thumbprint(), Some(CertificateThumbprint::of_der(b"der")));
        let target = presented.target().unwrap();
        assert_eq!((target.path, target.query, target.method), ("/a/b", Some("c"), &Method::GET));
        assert!(presented.with_certificate(None).thumbprint().is_none());
    }

    /// Who is at the other end is told by our own listener, or by axum's.
    #[cfg(all(feature = "axum", feature = "door"))]
    #[test]
    fn the_peer_is_whom_the_listener_tells() {
        let (mut parts, ()) = Request::get("/").body(()).unwrap().into_parts();
        assert_eq!(Presented::by(&parts).peer(), None);
        let at = |address: &str| format!("{address}:9").parse::<std::net::SocketAddr>().unwrap();
        parts.extensions.insert(axum::extract::ConnectInfo(at("192.0.2.1")));
        assert_eq!(Presented::by(&parts).peer(), Some(at("192.0.2.1").ip()));
        parts.extensions.insert(countersign_listen::PeerAddr(at("192.0.2.2")));
        assert_eq!(Presented::by(&parts).peer(), Some(at("192.0.2.2").ip()));
        assert_eq!(Presented::by(&parts).with_peer(None).peer(), None);
    }
}
