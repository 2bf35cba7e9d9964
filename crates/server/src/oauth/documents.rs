//! Keys and metadata: where RFC 8414 §3 puts them, and where OpenID Connect Discovery does.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use countersign_issuer::issuer::Issuer;
use countersign_issuer::realm::Dialect;
use countersign_issuer::registry::RealmView;
use http::HeaderMap;
use http::request::Parts;

use crate::dialect::{auth0, keycloak};
use crate::extract::host::host;
use crate::extract::realm::{RealmInUrl, unreadable};
use crate::respond::{self, Caching};
use crate::router::READ;
use crate::state::AppState;

/// `GET /realms/{realm}/oauth2/jwks`.
pub(crate) async fn jwks(RealmInUrl(realm): RealmInUrl, headers: HeaderMap) -> Response {
    respond::document(&headers, realm.jwks(), Caching::KEYS)
}

/// `GET /.well-known/oauth-authorization-server/realms/{realm}`.
pub(crate) async fn metadata(RealmInUrl(realm): RealmInUrl, headers: HeaderMap) -> Response {
    native(&realm, &headers)
}

/// `GET /realms/{realm}/.well-known/…`: a realm that Keycloak's users call answers as they expect.
pub(crate) async fn discovery(
    State(app): State<AppState>,
    named: Result<RealmInUrl, Response>,
    head: Parts,
) -> Response {
    match (below_its_issuer(&app, &head), named) {
        (Some(realm), _) | (None, Ok(RealmInUrl(realm))) => in_its_shape(&app, &realm, &head.headers),
        (None, Err(refused)) => refused,
    }
}

/// Metadata as the realm's callers expect it.
pub(crate) fn in_its_shape(app: &AppState, realm: &Arc<RealmView>, headers: &HeaderMap) -> Response {
    if let Some(broken) = unreadable(realm) {
        return broken;
    }
    match realm.opens(Dialect::Keycloak) {
        true => keycloak::documents::metadata_of(app, realm, headers),
        false => native(realm, headers),
    }
}

/// The realm whose issuer is the URL that stands before `/.well-known/…` (OpenID Connect Discovery §4).
pub(crate) fn below_its_issuer(app: &AppState, head: &Parts) -> Option<Arc<RealmView>> {
    let path = head.uri.path().trim_end_matches('/');
    let path = APPENDED.iter().find_map(|suffix| path.strip_suffix(suffix))?;
    given(app.issuer(), &host(head), path.trim_start_matches('/'))
}

/// `GET /.well-known/oauth-authorization-server[/…]` and `/.well-known/openid-configuration[/…]`: the metadata of an
/// issuer that was given, which stands between its host and its path (RFC 8414 §3), or of the realm that Auth0's
/// users find at the root of this host.
pub(crate) async fn inserted(State(app): State<AppState>, head: Parts) -> Response {
    let path = head.uri.path().splitn(4, '/').nth(3).unwrap_or_default();
    if let Some(realm) = given(app.issuer(), &host(&head), path) {
        return at_root(&app, &realm, path, &head.headers);
    }
    match app.issuer().realm_at(&host(&head)).filter(|realm| realm.opens(Dialect::Auth0)) {
        Some(realm) if path.is_empty() => auth0::documents::metadata_of(&app, &realm, &head.headers),
        _ => respond::not_found(),
    }
}

/// Other methods at the URLs of [`inserted`]: nothing where there is nothing to read.
pub(crate) async fn inserted_otherwise(app: State<AppState>, head: Parts) -> Response {
    let is_preflight = head.method == http::Method::OPTIONS;
    let read = inserted(app, head).await;
    match is_preflight {
        _ if read.status() == http::StatusCode::NOT_FOUND => read,
        true => respond::preflight().await,
        false => respond::allowing(READ, respond::other_method().await),
    }
}

/// The last word before 404: the metadata of a given issuer in the form of OpenID Connect Discovery §4, below its path.
pub(crate) async fn appended(State(app): State<AppState>, head: Parts) -> Response {
    let is_read = matches!(head.method, http::Method::GET | http::Method::HEAD);
    match below_its_issuer(&app, &head).filter(|_| is_read) {
        Some(realm) => native(&realm, &head.headers),
        None => respond::not_found(),
    }
}

fn native(realm: &RealmView, headers: &HeaderMap) -> Response {
    respond::document(headers, realm.metadata(), Caching::METADATA)
}

/// A root-level issuer of a realm with Auth0's URLs is one of Auth0's shape.
fn at_root(app: &AppState, realm: &Arc<RealmView>, path: &str, headers: &HeaderMap) -> Response {
    match path.is_empty() && realm.opens(Dialect::Auth0) {
        true => auth0::documents::metadata_of(app, realm, headers),
        false => native(realm, headers),
    }
}

/// The realm whose issuer was given as `http[s]://{host}/{path}`, with or without a slash at the end.
fn given(issuer: &Issuer, host: &str, path: &str) -> Option<Arc<RealmView>> {
    let path = path.trim_end_matches('/');
    let slash = if path.is_empty() { "" } else { "/" };
    ["https", "http"].into_iter().find_map(|scheme| {
        let plain = format!("{scheme}://{host}{slash}{path}");
        issuer.realm_by_issuer(&plain).or_else(|| issuer.realm_by_issuer(&format!("{plain}/")))
    })
}

const APPENDED: [&str; 2] = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];
