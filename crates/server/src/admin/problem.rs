//! Problems (RFC 9457): the one place where an administrative error becomes an answer.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use countersign_issuer::admin::AdminError;
use countersign_issuer::issuer::OwnTokenError;
use countersign_issuer::refusal::Fault;
use countersign_proto::admin::Problem;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

use super::body::BodyError;
use crate::extract::body::Unread;
use crate::respond;

/// A problem that is going to be told; the request's id is put in on the way out.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    field: Option<String>,
    /// `WWW-Authenticate`, where the token is what is wrong.
    challenge: Option<String>,
    /// For the log: a word.
    pub(super) reason: &'static str,
    /// For the log: what broke on our side.
    pub(super) cause: Option<Arc<str>>,
}

impl Trouble {
    pub(super) fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            status,
            kind,
            title,
            detail: detail.into(),
            field: None,
            challenge: None,
            reason: kind,
            cause: None,
        }
    }

    /// A member or parameter that breaks a rule.
    pub(super) fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        let field = Some(field.into()).filter(|field| !field.is_empty());
        Self { field, ..Self::new(StatusCode::BAD_REQUEST, "invalid-field", "A member is not valid", rule) }
    }

    /// A request without a usable token (RFC 6750 §3).
    pub(super) fn no_token(reason: &'static str, challenge: &str, detail: &str) -> Self {
        let status = StatusCode::UNAUTHORIZED;
        let trouble = Self::new(status, "invalid-token", "A token for the admin API is needed", detail);
        Self { challenge: Some(challenge.to_owned()), reason, ..trouble }
    }

    /// The answer, with the request's id.
    pub(super) fn render(&self, request_id: &str) -> Response {
        let problem = Problem {
            kind: format!("/problems/{}", self.kind),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            detail: Some(self.detail.clone()),
            field: self.field.clone(),
            request_id: Some(request_id.to_owned()),
        };
        let mut response = Response::new(Body::from(serde_json::to_vec(&problem).unwrap_or_default()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(challenge) = self.challenge.as_ref().and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

impl From<AdminError> for Trouble {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::NotAllowed { right, detail } => {
                let title = "The token's client may not do this";
                let detail = format!("{right} is needed: {detail}");
                let trouble = Self::new(StatusCode::FORBIDDEN, "insufficient-scope", title, detail);
                let challenge = Some(format!("Bearer error=\"insufficient_scope\", scope=\"{right}\""));
                Self { challenge, ..trouble }
            }
            AdminError::NotFound(detail) => {
                Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
            }
            AdminError::Invalid { field, rule } => Self::invalid(field, rule),
            AdminError::Conflict { field, detail } => {
                let field = Some(field).filter(|field| !field.is_empty());
                Self {
                    field,
                    ..Self::new(StatusCode::CONFLICT, "conflict", "Something stands in the way", detail)
                }
            }
            AdminError::Stale => {
                let detail = "It was changed since it was read: read it again and apply the change to that.";
                Self::new(StatusCode::PRECONDITION_FAILED, "changed", "It was changed in between", detail)
            }
            AdminError::Fault(fault) => fault.into(),
        }
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        let cause = Some(respond::cause(&fault));
        let trouble = if fault.is_passing() {
            let detail = "The store does not answer; nothing is known to have changed. Try again soon.";
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not now", detail)
        } else {
            let detail = "The server failed; its operator finds the cause under the request id.";
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server-error", "The server failed", detail)
        };
        Self { cause, ..trouble }
    }
}

impl From<OwnTokenError> for Trouble {
    fn from(error: OwnTokenError) -> Self {
        let (reason, detail) = match error {
            OwnTokenError::Invalid(_) => (
                "token_not_valid",
                "The token is not valid here: take a new one for the admin API of the realm, or of system.",
            ),
            OwnTokenError::Standing => (
                "token_client_not_in_standing",
                "The token's client is not allowed in any more, or its realm is disabled.",
            ),
            OwnTokenError::Fault(fault) => return fault.into(),
        };
        Self::no_token(reason, "Bearer error=\"invalid_token\"", detail)
    }
}

impl From<BodyError> for Trouble {
    fn from(error: BodyError) -> Self {
        let invalid =
            |detail| Self::new(StatusCode::BAD_REQUEST, "invalid-body", "The body cannot be read", detail);
        match error {
            BodyError::Json(detail) => invalid(detail),
            BodyError::NotObject => invalid("The body is a JSON object.".to_owned()),
            BodyError::Member { field, rule } => Self::invalid(field, rule),
        }
    }
}

impl From<Unread> for Trouble {
    fn from(unread: Unread) -> Self {
        let (status, detail) = respond::unread(unread);
        Self::new(status, "body-not-read", "The body was not read", detail)
    }
}

/// The fallback of all routes.
pub(super) async fn nothing_here() -> Trouble {
    Trouble::new(
        StatusCode::NOT_FOUND,
        "not-found",
        "There is no such thing",
        "There is nothing at this URL.",
    )
}

/// The URL is one of ours, the method is not; the router adds `Allow`.
pub(super) async fn other_method() -> Trouble {
    let detail = "This URL does not take this method; see the Allow header.";
    Trouble::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Another method is needed", detail)
}
