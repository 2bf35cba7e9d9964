//! Keycloak's headers and its two shapes of errors.

use axum::response::Response;
use axum::routing::{MethodRouter, any};
use http::header::{
    HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::door::Door;
use crate::respond;
use crate::state::AppState;

/// An answer of the token endpoint: `{"error":…,"error_description":…}`.
pub(super) fn oauth_error(status: StatusCode, code: &str, description: &str) -> Response {
    with_headers(respond::json(status, respond::error_body(code, description)))
}

/// Adds the headers that Keycloak's answers carry, over plain HTTP too.
pub(super) fn with_headers(mut response: Response) -> Response {
    put(response.headers_mut());
    response
}

/// No such realm.
pub(super) fn no_realm() -> Response {
    plain_error(StatusCode::NOT_FOUND, "Realm does not exist")
}

/// One of Keycloak's URLs, to be given what it does for each of these methods; others are answered as by Keycloak where
/// the dialect is open.
pub(crate) fn takes(methods: &'static str) -> MethodRouter<AppState> {
    any(async move |_: Door| {
        respond::allowing(methods, plain_error(StatusCode::METHOD_NOT_ALLOWED, "HTTP 405 Method Not Allowed"))
    })
}

/// What a browser asks before it reads a document; nothing where the dialect is closed.
pub(crate) async fn preflight(_: Door) -> Response {
    respond::preflight().await
}

/// `/realms/{realm}/protocol/{protocol}` for another protocol.
pub(crate) async fn protocol_unknown(_: Door) -> Response {
    plain_error(StatusCode::NOT_FOUND, "Protocol not found")
}

/// Any other URL below the realm, introspection and revocation among them as long as they do not exist here.
pub(crate) async fn unknown_path(_: Door) -> Response {
    plain_error(StatusCode::NOT_FOUND, "HTTP 404 Not Found")
}

fn plain_error(status: StatusCode, error: &'static str) -> Response {
    with_headers(respond::json(status, format!(r#"{{"error":"{error}"}}"#)))
}

fn put(headers: &mut HeaderMap) {
    for (name, value) in &HEADERS {
        headers.insert(name.clone(), value.clone());
    }
}

static HEADERS: [(HeaderName, HeaderValue); 5] = [
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("none")),
];
