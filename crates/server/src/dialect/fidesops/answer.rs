//! The one shape of fidesops' errors, `{"detail": …}`, and the answers of client management.

use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any};
use countersign_issuer::admin::AdminError;
use countersign_issuer::refusal::Fault;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::door::Door;
use super::scopes::python_list;
use crate::extract::body::Unread;
use crate::middleware::Told;
use crate::respond;
use crate::state::AppState;

/// Why client management does not do as it was asked.
#[derive(Debug)]
pub(crate) enum No {
    /// There is no bearer token.
    Unauthenticated,
    /// The token is bad, or too narrow: one answer for both, as there, and the true reason for the log.
    NotAuthorized(&'static str),
    /// The caller may not give these scopes.
    Lacks(String),
    /// No client has this id.
    UnknownClient,
    /// A scope that the registry does not have.
    InvalidScope(String),
    /// A body or a query that breaks a rule.
    Invalid {
        /// Where, as a path from the outside in.
        at: Vec<String>,
        /// The rule.
        message: String,
    },
    /// Something stands in the way.
    Conflict(String),
    /// The body did not arrive.
    Unread(Unread),
    /// Ours.
    Fault(Fault),
}

impl No {
    /// A body or a query that breaks a rule.
    pub(super) fn invalid(at: &[&str], message: impl Into<String>) -> Self {
        let at = at.iter().filter(|step| !step.is_empty()).map(|&step| step.to_owned()).collect();
        Self::Invalid { at, message: message.into() }
    }

    /// For the log: the reason in a word, or what broke on our side.
    fn told(&self) -> Told {
        let reason = match self {
            Self::Unauthenticated => "no_token",
            Self::NotAuthorized(reason) => reason,
            Self::Lacks(_) => "scope_not_held",
            Self::UnknownClient => "no_such_client",
            Self::InvalidScope(_) => "unknown_scope",
            Self::Invalid { .. } => "malformed",
            Self::Conflict(_) => "conflict",
            Self::Unread(_) => BODY_NOT_READ,
            Self::Fault(fault) if fault.is_passing() => "unavailable",
            Self::Fault(_) => "server_error",
        };
        let cause = if let Self::Fault(fault) = self { Some(respond::cause(fault)) } else { None };
        Told { door: DOOR, reason: Some(reason), cause, ..Told::default() }
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        self.told().within(match self {
            Self::Unauthenticated => unauthorized("Failed to authenticate", Some("Bearer")),
            Self::NotAuthorized(_) => detail(StatusCode::FORBIDDEN, "Not Authorized for this action"),
            Self::Lacks(text) => detail(StatusCode::FORBIDDEN, &text),
            Self::UnknownClient => detail(StatusCode::NOT_FOUND, "Client not found."),
            Self::InvalidScope(text) => detail(StatusCode::UNPROCESSABLE_ENTITY, &text),
            Self::Invalid { at, message } => invalid(&at, &message),
            Self::Conflict(text) => detail(StatusCode::CONFLICT, &text),
            Self::Unread(unread) => not_read(unread),
            Self::Fault(fault) => respond::broken(&fault),
        })
    }
}

impl From<AdminError> for No {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::NotAllowed { .. } => Self::NotAuthorized("insufficient_scope"),
            AdminError::NotHeld(scopes) => Self::Lacks(format!(
                "Cannot assign scopes that you do not have. Missing scopes: {}",
                python_list(&scopes)
            )),
            AdminError::NotFound(_) => Self::UnknownClient,
            AdminError::Invalid { field, rule } => Self::invalid(&["body", &field], rule),
            AdminError::Conflict { detail, .. } => Self::Conflict(detail),
            AdminError::Stale => Self::Conflict("The client was changed meanwhile; try again.".to_owned()),
            AdminError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<Fault> for No {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Unread> for No {
    fn from(unread: Unread) -> Self {
        Self::Unread(unread)
    }
}

/// 200 with a JSON value.
pub(super) fn ok(value: &impl Serialize) -> Response {
    respond::json(StatusCode::OK, serde_json::to_string(value).unwrap_or_default())
}

/// 200 with `null`: what says that something was done, or that there was nothing to do.
pub(super) fn null() -> Response {
    respond::json(StatusCode::OK, "null".to_owned())
}

/// `{"detail":"…"}`.
pub(super) fn detail(status: StatusCode, text: &str) -> Response {
    respond::json(status, format!(r#"{{"detail":{}}}"#, respond::quoted(text)))
}

/// 401, with the challenge of a scheme where there is one.
pub(super) fn unauthorized(text: &str, scheme: Option<&'static str>) -> Response {
    let mut response = detail(StatusCode::UNAUTHORIZED, text);
    if let Some(scheme) = scheme {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
    }
    response
}

/// A body that did not arrive whole.
pub(super) fn not_read(unread: Unread) -> Response {
    let (status, text) = respond::unread(unread);
    detail(status, text)
}

/// No such URL, no such realm, or none that speaks this dialect.
pub(super) fn not_found() -> Response {
    detail(StatusCode::NOT_FOUND, "Not Found")
}

/// Any other URL of that product's.
pub(crate) async fn unknown_path() -> Response {
    not_found()
}

/// One of fidesops' URLs, to be given what it does for each of these methods; others are answered where the dialect is
/// open.
pub(crate) fn takes(methods: &'static str) -> MethodRouter<AppState> {
    any(async move |_: Door| {
        respond::allowing(methods, detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"))
    })
}

/// As pydantic 1 tells what is wrong with a body.
fn invalid(at: &[String], message: &str) -> Response {
    let error = serde_json::json!({"detail": [{"loc": at, "msg": message, "type": "value_error"}]});
    respond::json(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
}

/// What this dialect is called in the log and in metrics.
pub(super) const DOOR: &str = "fidesops";
/// The reason in the log where a body did not arrive whole.
pub(super) const BODY_NOT_READ: &str = "body_not_read";
