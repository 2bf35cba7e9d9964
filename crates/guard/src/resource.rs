//! What this API says of itself: the protected resource metadata of RFC 9728, and where it is.

use bytes::Bytes;
use countersign_proto::resource_metadata::{ResourceMetadata, well_known};
use http::Uri;

use crate::TrustedIssuer;
use crate::binding::{Bindings, BoundBy};

/// The metadata, written once.
pub(crate) struct Resource {
    /// Its path at this server.
    path: String,
    /// Its query, which the identifier of a resource may have (RFC 9728 §3).
    query: Option<String>,
    /// Its URL, for challenges (RFC 9728 §5.1).
    pub(crate) url: String,
    /// The document.
    pub(crate) document: Bytes,
}

impl Resource {
    /// The resource identifier is the first audience that is a URL of the public origin, or else the public URL itself:
    /// it must be a URL that callers know (RFC 9728 §3.3).
    pub(crate) fn new(public_url: &str, issuers: &[TrustedIssuer], bindings: &Bindings) -> Option<Self> {
        let audiences = issuers.iter().flat_map(|issuer| &issuer.audiences).map(String::as_str);
        let here = audiences.filter(|audience| audience.strip_prefix(public_url).is_some_and(starts_a_path));
        // an audience may be any text; the public URL was judged to be one before
        let mut known = here
            .chain([public_url])
            .filter_map(|identifier| Some((identifier, well_known(identifier).ok()?)));
        let (identifier, url) = known.next()?;
        let at = url.strip_prefix(origin(public_url)).unwrap_or(&url);
        let (path, query) = match at.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (at.to_owned(), None),
        };
        let servers = issuers.iter().map(|issuer| issuer.issuer.clone()).collect();
        let metadata = ResourceMetadata {
            dpop_signing_alg_values_supported: bindings.proof_algorithms().unwrap_or_default().to_vec(),
            dpop_bound_access_tokens_required: bindings.required == Some(BoundBy::Dpop),
            tls_client_certificate_bound_access_tokens: bindings.takes_certificates,
            ..ResourceMetadata::new(identifier, servers)
        };
        let document = serde_json::to_vec(&metadata).ok()?; // strings and lists: it cannot fail
        Some(Self { path, query, url, document: document.into() })
    }

    /// Whether this is where the document is; one without a query is there with any.
    pub(crate) fn is_at(&self, uri: &Uri) -> bool {
        uri.path() == self.path && (self.query.is_none() || uri.query() == self.query.as_deref())
    }
}

fn starts_a_path(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

/// Scheme, host and port of a URL that was judged before.
fn origin(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let end =
        url.get(after_scheme..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| after_scheme + at);
    url.get(..end).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use countersign_proto::jose::dpop::DEFAULT_ALGORITHMS;

    use super::*;
    use crate::binding::Replay;

    fn resource(public_url: &str, audiences: &[&str]) -> Resource {
        let bindings = Bindings {
            required: None,
            takes_certificates: false,
            origins: vec![public_url.to_owned()],
            algorithms: DEFAULT_ALGORITHMS.to_vec(),
            nonces: None,
            replay: Replay::new(0),
        };
        let issuers =
            audiences.iter().map(|audience| TrustedIssuer::discover("https://issuer.example", *audience));
        Resource::new(public_url, &issuers.collect::<Vec<_>>(), &bindings).unwrap()
    }

    /// T-9728-01: the identifier is one that callers know, and its path goes behind the well-known one.
    #[test]
    fn the_identifier_is_one_that_callers_know() {
        for (public_url, audiences, identifier, path) in [
            ("https://api.example", &["urn:a"][..], "https://api.example", ""),
            ("https://api.example", &["urn:a", "https://api.example"], "https://api.example", ""),
            ("https://api.example", &["https://api.example/"], "https://api.example/", ""),
            (
                "https://api.example",
                &["https://api.example/v1", "https://api.example/v2"],
                "https://api.example/v1",
                "/v1",
            ),
            ("https://api.example/v1", &["https://api.example"], "https://api.example/v1", "/v1"),
            (
                "https://api.example/v1",
                &["https://api.example/v1/orders"],
                "https://api.example/v1/orders",
                "/v1/orders",
            ),
            ("https://api.example", &["https://api.example.evil.example"], "https://api.example", ""),
            ("https://api.example", &["https://api.example:8443"], "https://api.example", ""),
            ("https://api.example", &["http://api.example"], "https://api.example", ""),
            ("http://localhost:8081", &["http://localhost:8081/x"], "http://localhost:8081/x", "/x"),
        ] {
            let Resource { path: at, query, url, document } = resource(public_url, audiences);
            assert_eq!(
                (at, query),
                (format!("/.well-known/oauth-protected-resource{path}"), None),
                "{audiences:?}"
            );
            assert_eq!(url, well_known(identifier).unwrap());
            assert_eq!(ResourceMetadata::parse(&document, identifier).unwrap().resource, identifier);
        }
    }

    /// T-9728-01: what challenges name is served, also where an identifier has a query.
    #[test]
    fn a_query_of_the_identifier_is_asked_for() {
        for (audience, uri) in [
            ("https://api.example/a?k=v", "https://api.example/.well-known/oauth-protected-resource/a?k=v"),
            ("https://api.example/?k=v", "https://api.example/.well-known/oauth-protected-resource?k=v"),
        ] {
            let resource = resource("https://api.example", &[audience]);
            assert_eq!(resource.url, uri);
            assert!(resource.is_at(&uri.parse().unwrap()));
            for other in [uri.split_once('?').unwrap().0.to_owned(), format!("{uri}2")] {
                assert!(!resource.is_at(&other.parse().unwrap()), "{other}");
            }
        }
        let plain = resource("https://api.example", &["urn:a"]);
        assert!(plain.is_at(&Uri::from_static("/.well-known/oauth-protected-resource?x=y")));
    }

    #[test]
    fn an_audience_that_cannot_be_a_resource_gives_way() {
        let Resource { url, .. } =
            resource("https://api.example", &["https://api.example/#a", "https://api.example/a b"]);
        assert_eq!(url, "https://api.example/.well-known/oauth-protected-resource");
    }
}
