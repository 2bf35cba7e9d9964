//! What this API says of itself: the protected resource metadata of RFC 9728, and where it is.

use bytes::Bytes;
use countersign_proto::resource_metadata::{ResourceMetadata, well_known};

use crate::TrustedIssuer;
use crate::binding::{Bindings, BoundBy};

/// The metadata, written once.
pub(crate) struct Resource {
    /// Its path at this server.
    pub(crate) path: String,
    /// Its URL, for challenges (RFC 9728 §5.1).
    pub(crate) url: String,
    /// The document.
    pub(crate) document: Bytes,
}

impl Resource {
    /// The resource identifier is the first audience that is a URL of the public origin, or else the public URL itself:
    /// it must be a URL that callers know (RFC 9728 §3.3).
    pub(crate) fn new(public_url: &str, issuers: &[TrustedIssuer], bindings: &Bindings) -> Option<Self> {
        let audiences = issuers.iter().flat_map(|issuer| &issuer.audiences);
        let is_here = |audience: &&String| audience.strip_prefix(public_url).is_some_and(starts_a_path);
        let identifier = audiences.clone().find(is_here).map_or(public_url, String::as_str);
        // both were judged to be URLs before
        let url = well_known(identifier).ok()?;
        let path = url.strip_prefix(origin(public_url)).unwrap_or(&url).to_owned();
        let servers = issuers.iter().map(|issuer| issuer.issuer.clone()).collect();
        let metadata = ResourceMetadata {
            dpop_signing_alg_values_supported: bindings.proof_algorithms().unwrap_or_default().to_vec(),
            dpop_bound_access_tokens_required: bindings.required == Some(BoundBy::Dpop),
            tls_client_certificate_bound_access_tokens: bindings.takes_certificates,
            ..ResourceMetadata::new(identifier, servers)
        };
        let document = serde_json::to_vec(&metadata).ok()?; // strings and lists: it cannot fail
        Some(Self { path, url, document: document.into() })
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
