//! Problems (RFC 9457): the one place where an administrative error becomes an answer.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use countersign_issuer::admin::AdminError;
use countersign_issuer::issuer::OwnTokenError;
use countersign_issuer::refusal::Fault;
use countersign_proto::admin::{BodyError, Problem};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

use crate::extract::body::Unread;
use crate::respond;

/// A problem that is going to be told; the request's id is put in on the way out.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    kind: &'static Kind,
    detail: Box<str>,
    /// The member or parameter that is wrong.
    field: Option<Box<str>>,
    /// `WWW-Authenticate`, where the token is what is wrong.
    challenge: Option<Box<str>>,
    /// For the log: a word.
    pub(super) reason: &'static str,
    /// For the log: what broke on our side.
    pub(super) cause: Option<Arc<str>>,
}

/// A kind of problem: its place is `/problems/{word}`.
#[derive(Debug)]
pub(super) struct Kind {
    status: StatusCode,
    word: &'static str,
    /// The same for the log and the counts.
    reason: &'static str,
    title: &'static str,
}

impl Trouble {
    pub(super) fn new(kind: &'static Kind, detail: impl Into<Box<str>>) -> Self {
        Self { kind, detail: detail.into(), field: None, challenge: None, reason: kind.reason, cause: None }
    }

    /// A member or parameter that breaks a rule.
    pub(super) fn invalid(field: impl Into<Box<str>>, rule: impl Into<Box<str>>) -> Self {
        let field = Some(field.into()).filter(|field| !field.is_empty());
        Self { field, ..Self::new(&INVALID_FIELD, rule) }
    }

    /// A request without a usable token (RFC 6750 §3).
    pub(super) fn no_token(reason: &'static str, challenge: &str, detail: &str) -> Self {
        Self { challenge: Some(challenge.into()), reason, ..Self::new(&INVALID_TOKEN, detail) }
    }

    /// The answer, with the request's id.
    pub(super) fn render(&self, request_id: &str) -> Response {
        let problem = Problem {
            kind: format!("/problems/{}", self.kind.word),
            title: self.kind.title.to_owned(),
            status: self.kind.status.as_u16(),
            detail: Some(self.detail.to_string()),
            field: self.field.as_deref().map(str::to_owned),
            request_id: Some(request_id.to_owned()),
        };
        let mut response = Response::new(Body::from(serde_json::to_vec(&problem).unwrap_or_default()));
        *response.status_mut() = self.kind.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(challenge) = self.challenge.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if self.kind.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.kind.status;
        response.extensions_mut().insert(self);
        response
    }
}

impl From<AdminError> for Trouble {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::NotAllowed { right, detail } => {
                let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{right}\"");
                let detail = format!("{right} is needed: {detail}");
                Self { challenge: Some(challenge.into()), ..Self::new(&INSUFFICIENT_SCOPE, detail) }
            }
            AdminError::NotHeld(scopes) => {
                Self::new(&INSUFFICIENT_SCOPE, format!("the caller does not hold {}", scopes.join(", ")))
            }
            AdminError::NotFound(detail) => Self::new(&NOT_FOUND, detail),
            AdminError::Invalid { field, rule } => Self::invalid(field, rule),
            AdminError::Conflict { field, detail } => {
                let field = Some(field.into_boxed_str()).filter(|field| !field.is_empty());
                Self { field, ..Self::new(&CONFLICT, detail) }
            }
            AdminError::Stale => Self::new(
                &CHANGED,
                "It was changed since it was read: read it again and apply the change to that.",
            ),
            AdminError::Fault(fault) => fault.into(),
        }
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        let cause = Some(respond::cause(&fault));
        let trouble = if fault.is_passing() {
            Self::new(
                &UNAVAILABLE,
                "The store does not answer; read again what was to be changed, and try again soon.",
            )
        } else {
            Self::new(&SERVER_ERROR, "The server failed; its operator finds the cause under the request id.")
        };
        Self { cause, ..trouble }
    }
}

impl From<OwnTokenError> for Trouble {
    fn from(error: OwnTokenError) -> Self {
        let reason = respond::token_reason(&error).unwrap_or(INVALID_TOKEN.reason);
        let detail = match error {
            OwnTokenError::Invalid(_) => NOT_VALID,
            OwnTokenError::Standing => NO_STANDING,
            OwnTokenError::Fault(fault) => return fault.into(),
        };
        Self::no_token(reason, "Bearer error=\"invalid_token\"", detail)
    }
}

impl From<BodyError> for Trouble {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Json(error) => Self::new(&INVALID_BODY, format!("The body is {error}.")),
            BodyError::Member { field, rule } => Self::invalid(field, rule),
        }
    }
}

impl From<Unread> for Trouble {
    fn from(unread: Unread) -> Self {
        let kind = match unread {
            Unread::TooLarge => &BODY_TOO_LARGE,
            Unread::TooSlow => &BODY_TOO_SLOW,
            Unread::Broken => &INVALID_BODY,
        };
        Self::new(kind, respond::unread(unread).1)
    }
}

/// The fallback of all routes.
pub(super) async fn nothing_here() -> Trouble {
    Trouble::new(&NOT_FOUND, "There is nothing at this URL.")
}

/// The URL is one of ours, the method is not; the router adds `Allow`.
pub(super) async fn other_method() -> Trouble {
    Trouble::new(&METHOD_NOT_ALLOWED, "This URL does not take this method; see the Allow header.")
}

const fn kind(status: StatusCode, word: &'static str, reason: &'static str, title: &'static str) -> Kind {
    Kind { status, word, reason, title }
}

pub(super) static INVALID_REQUEST: Kind =
    kind(StatusCode::BAD_REQUEST, "invalid-request", "invalid_request", "The request cannot be read");
static INVALID_BODY: Kind =
    kind(StatusCode::BAD_REQUEST, "invalid-body", "invalid_body", "The body cannot be read");
static INVALID_FIELD: Kind =
    kind(StatusCode::BAD_REQUEST, "invalid-field", "invalid_field", "A member is not valid");
static INVALID_TOKEN: Kind =
    kind(StatusCode::UNAUTHORIZED, "invalid-token", "invalid_token", "A token for the admin API is needed");
static INSUFFICIENT_SCOPE: Kind = kind(
    StatusCode::FORBIDDEN,
    "insufficient-scope",
    "insufficient_scope",
    "The token's client may not do this",
);
pub(super) static NOT_FOUND: Kind =
    kind(StatusCode::NOT_FOUND, "not-found", "not_found", "There is no such thing");
static METHOD_NOT_ALLOWED: Kind = kind(
    StatusCode::METHOD_NOT_ALLOWED,
    "method-not-allowed",
    "method_not_allowed",
    "Another method is needed",
);
static BODY_TOO_SLOW: Kind =
    kind(StatusCode::REQUEST_TIMEOUT, "body-too-slow", "body_too_slow", "The body did not come");
static CONFLICT: Kind = kind(StatusCode::CONFLICT, "conflict", "conflict", "Something stands in the way");
static CHANGED: Kind =
    kind(StatusCode::PRECONDITION_FAILED, "changed", "changed", "It was changed in between");
static BODY_TOO_LARGE: Kind =
    kind(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "body_too_large", "The body is too large");
pub(super) static UNSUPPORTED_MEDIA_TYPE: Kind = kind(
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "unsupported-media-type",
    "unsupported_media_type",
    "The body has another media type",
);
static SERVER_ERROR: Kind =
    kind(StatusCode::INTERNAL_SERVER_ERROR, "server-error", "server_error", "The server failed");
static UNAVAILABLE: Kind = kind(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "unavailable", "Not now");

const NOT_VALID: &str =
    "The token is not valid here: take a new one for the admin API of the realm, or of system.";
const NO_STANDING: &str = "The token's client is not let in any more, or its realm is disabled.";

#[cfg(test)]
mod tests {
    use countersign_issuer::store::StoreError;

    use super::*;

    /// Design rule 2: a store that does not answer is our fault, told as such, its cause kept for the log.
    #[tokio::test]
    async fn a_fault_is_no_refusal() {
        let cause = StoreError::Unavailable("the disk of db-7 is full".into());
        let trouble = Trouble::from(AdminError::from(cause));
        assert!(trouble.cause.as_ref().is_some_and(|cause| cause.contains("db-7")));
        let response = trouble.render("id");
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers().get(RETRY_AFTER).unwrap(), "1");
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("db-7"));
        let broken = Trouble::from(Fault::Broken("db-7".to_owned())).render("id");
        assert_eq!(broken.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(broken.headers().get(RETRY_AFTER), None);
    }

    /// What a caller reads in `type` stands in the documentation.
    #[test]
    fn every_kind_is_documented() {
        let page = include_str!("../../../../docs/admin-api.md");
        for kind in [
            &INVALID_REQUEST,
            &INVALID_BODY,
            &INVALID_FIELD,
            &INVALID_TOKEN,
            &INSUFFICIENT_SCOPE,
            &NOT_FOUND,
            &METHOD_NOT_ALLOWED,
            &BODY_TOO_SLOW,
            &CONFLICT,
            &CHANGED,
            &BODY_TOO_LARGE,
            &UNSUPPORTED_MEDIA_TYPE,
            &SERVER_ERROR,
            &UNAVAILABLE,
        ] {
            let line = format!("| `/problems/{}` | {} |", kind.word, kind.status.as_u16());
            assert!(page.contains(&line), "{line}");
        }
    }
}
