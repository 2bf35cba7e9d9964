//! `/.well-known/jwks.json` and the discovery document of a tenant.

use axum::response::Response;
use countersign_issuer::registry::{RealmView, Slot};
use countersign_proto::metadata::ServerMetadata;
use http::HeaderMap;

use super::door::Door;
use crate::dialect::jwks::jwks;
use crate::respond::{self, Caching};
use crate::state::AppState;

/// `GET /.well-known/jwks.json`.
pub(crate) async fn keys(Door(realm): Door, headers: HeaderMap) -> Response {
    let document = realm.document(Slot::Auth0Jwks, || jwks(&realm, &JWK));
    respond::document(&headers, document, Caching::AUTH0_KEYS)
}

/// The discovery document of a realm that has this dialect open: what works natively, under Auth0's URLs.
pub(crate) fn metadata_of(_: &AppState, realm: &RealmView, headers: &HeaderMap) -> Response {
    let document = realm.document(Slot::Auth0Metadata, || {
        let native: ServerMetadata = serde_json::from_slice(&realm.metadata().bytes).unwrap_or_default();
        let base = base(realm);
        let metadata = ServerMetadata {
            token_endpoint: format!("{base}/oauth/token"),
            jwks_uri: format!("{base}/.well-known/jwks.json"),
            ..native
        };
        serde_json::to_vec(&metadata).unwrap_or_default()
    });
    respond::document(headers, document, Caching::METADATA)
}

/// Where Auth0's URLs of a realm begin: at its issuer where that is the root of a host, else at its first host, else
/// at our public URL, where it answers as the default realm.
fn base(realm: &RealmView) -> String {
    let issuer = realm.issuer().trim_end_matches('/');
    let is_root = issuer.split_once("://").is_some_and(|(_, rest)| !rest.contains('/'));
    match realm.realm().hosts.first() {
        _ if is_root => issuer.to_owned(),
        Some(host) => {
            let scheme = realm.public_url().split_once("://").map_or("https", |(scheme, _)| scheme);
            format!("{scheme}://{host}")
        }
        None => realm.public_url().to_owned(),
    }
}

const JWK: [&str; 12] = ["alg", "kty", "use", "x5c", "n", "e", "crv", "x", "y", "kid", "x5t", "x5t#S256"];
