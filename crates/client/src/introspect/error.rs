//! Why nothing is known about a token.

use std::sync::Arc;
use std::time::Duration;

use countersign_proto::error::ErrorBody;
use http::StatusCode;

use crate::auth::Unsaid;
use crate::discovery::hint;
use crate::token::Misconfigured;
use crate::token::request::code;
use crate::{Answer, HttpError};

/// Why nothing is known about a token, by blame; never that the token is bad.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntrospectError {
    /// The metadata could not be read, or names no endpoint that may be called.
    #[error("the issuer's metadata names no introspection endpoint that may be called, or could not be read")]
    NoEndpoint,
    /// The server does not take our request: the credentials for introspection, or what is registered, must change.
    #[error(
        "the issuer refuses to introspect for this guard (status {status}, {error}): check its credentials"
    )]
    Refused {
        /// The status.
        status: StatusCode,
        /// The error code (RFC 6749 §5.2), or what there was in its place.
        error: String,
    },
    /// The server cannot now (429 or 5xx).
    #[error("the issuer cannot introspect now (status {status})")]
    Unavailable {
        /// The status.
        status: StatusCode,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The answer is not one of an introspection endpoint: probably the URL is wrong.
    #[error("what answered is no introspection endpoint: {0}")]
    NotUnderstood(String),
    /// The credentials for introspection cannot be read.
    #[error(transparent)]
    Misconfigured(Misconfigured),
    /// No answer.
    #[error(transparent)]
    Http(Arc<HttpError>),
    /// As many exchanges are under way as there may be; nothing was sent.
    #[error("too many tokens are being asked about at this moment")]
    TooMany,
    /// The exchange was cut off: its runtime ended.
    #[error("the exchange with the introspection endpoint was cut off")]
    CutOff,
}

impl IntrospectError {
    /// What an answer other than 200 means, to a request with these secrets.
    pub(super) fn of(answer: &Answer, unsaid: &Unsaid) -> Self {
        let status = answer.status;
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Self::Unavailable { status, retry_after: answer.retry_after() };
        }
        if !status.is_client_error() {
            return Self::NotUnderstood(format!("it answered with status {status}{}", hint(status)));
        }
        let error = serde_json::from_slice::<ErrorBody>(&answer.body).map(|body| body.error);
        let error = error.unwrap_or_else(|_| "no OAuth error".to_owned());
        Self::Refused { status, error: code(&error, unsaid) }
    }
}

impl From<HttpError> for IntrospectError {
    fn from(error: HttpError) -> Self {
        Self::Http(Arc::new(error))
    }
}
