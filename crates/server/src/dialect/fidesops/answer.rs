//! The one shape of fidesops' errors: `{"detail": …}`.

use axum::response::Response;
use countersign_issuer::admin::AdminError;
use countersign_issuer::refusal::Fault;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::door::Door;
use crate::middleware::Told;
use crate::respond;

/// `{"detail":"…"}`.
pub(super) fn detail(status: StatusCode, text: &str) -> Response {
    respond::json(status, format!(r#"{{"detail":{}}}"#, respond::quoted(text)))
}

/// A body that breaks a rule, as pydantic 1 tells it.
pub(super) fn invalid(at: &[&str], message: &str, kind: &str) -> Response {
    let error = serde_json::json!({"detail": [{"loc": at, "msg": message, "type": kind}]});
    respond::json(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
}

/// 401 with the challenge of a scheme.
pub(super) fn unauthorized(text: &str, scheme: Option<&'static str>) -> Response {
    let mut response = detail(StatusCode::UNAUTHORIZED, text);
    if let Some(scheme) = scheme {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
    }
    response
}

/// 200 with a JSON value.
pub(super) fn ok(value: &impl Serialize) -> Response {
    respond::json(StatusCode::OK, serde_json::to_string(value).unwrap_or_default())
}

/// 200 with `null`: what says that something was done, or that there was nothing to do.
pub(super) fn null() -> Response {
    respond::json(StatusCode::OK, "null".to_owned())
}

/// A command that was not carried out.
pub(super) fn from_admin(error: AdminError) -> Response {
    match error {
        AdminError::NotAllowed { .. } => detail(StatusCode::FORBIDDEN, "Not Authorized for this action"),
        AdminError::NotFound(_) => detail(StatusCode::NOT_FOUND, "Client not found."),
        AdminError::Invalid { field, rule } => invalid(&["body", &field], &rule, "value_error"),
        AdminError::Conflict { detail: text, .. } => detail(StatusCode::CONFLICT, &text),
        AdminError::Stale => detail(StatusCode::CONFLICT, "The client was changed meanwhile; try again."),
        AdminError::Fault(fault) => broken(&fault),
    }
}

/// A failure of ours.
pub(super) fn broken(fault: &Fault) -> Response {
    Told { door: DOOR, cause: Some(respond::cause(fault)), ..Told::default() }.within(respond::broken(fault))
}

/// No such URL, no such realm, or none that speaks this dialect.
pub(super) fn not_found() -> Response {
    detail(StatusCode::NOT_FOUND, "Not Found")
}

/// One of our URLs, another method; the router adds `Allow`.
pub(crate) async fn wrong_method(_: Door) -> Response {
    detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
}

/// What this dialect is called in the log and in metrics.
pub(super) const DOOR: &str = "fidesops";
