//! Why there is no token for a caller, and how that is answered: by blame, in one place.

use axum::body::Body;
use countersign_client::TokenError;
use countersign_proto::challenge::{Challenge, Code};
use countersign_proto::error::{ErrorBody, printable};
use http::header::{ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};

use super::door::respond;

/// Why there is no token.
#[derive(Debug)]
pub(super) enum Refusal {
    /// A browser asks, for some page.
    Browser,
    /// The request was meant for another host.
    OtherHost,
    /// The kernel does not say who asks, or names a user whom no context is for.
    Stranger,
    /// The context is for other users.
    NotTheirs,
    /// No key was shown.
    NoKey,
    /// Another key was shown.
    WrongKey,
    /// There is nothing else here.
    OtherPath,
    /// Tokens are got.
    OtherMethod,
    /// What is wrong with the query.
    Query(&'static str),
    /// The file has no such context.
    UnknownContext,
    /// The issuer gives none, or the file is wrong.
    Token(TokenError),
}

impl Refusal {
    /// The status; an issuer's refusal is not the caller's (RFC 9110 §15.6.3, §15.6.4).
    fn status(&self) -> StatusCode {
        match self {
            Self::Browser | Self::OtherHost | Self::Stranger | Self::NotTheirs => StatusCode::FORBIDDEN,
            Self::NoKey | Self::WrongKey => StatusCode::UNAUTHORIZED,
            Self::OtherPath | Self::UnknownContext => StatusCode::NOT_FOUND,
            Self::OtherMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Query(_) => StatusCode::BAD_REQUEST,
            Self::Token(TokenError::Refused(_)) => StatusCode::BAD_GATEWAY,
            Self::Token(TokenError::Unreachable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Token(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The code, as a caller and the log read it.
    pub(super) fn error(&self) -> &str {
        match self {
            Self::Browser | Self::OtherHost | Self::Stranger | Self::NotTheirs => "access_denied",
            Self::NoKey | Self::WrongKey => Code::InvalidToken.as_str(),
            Self::OtherPath => "not_found",
            Self::OtherMethod => "method_not_allowed",
            Self::Query(_) => Code::InvalidRequest.as_str(),
            Self::UnknownContext => "unknown_context",
            Self::Token(TokenError::Refused(refused)) => &refused.error,
            Self::Token(TokenError::Unreachable(_)) => "temporarily_unavailable",
            Self::Token(_) => "server_error",
        }
    }

    /// What the caller is told; of a wrong setting no more than that the log knows, and of an issuer's refusal no more than
    /// its code: there are issuers that repeat the request in their sentence, and with it the credential.
    fn description(&self) -> String {
        let text = match self {
            Self::Browser => "no page may have a token: Origin and Sec-Fetch-Site are refused",
            Self::OtherHost => "Host must be the address that the agent listens on",
            Self::Stranger => "no context of the agent is for this user",
            Self::NotTheirs => "this context is not for this user: `uids` in the agent's file says for whom",
            Self::NoKey => "show the key of the agent's --key-file as Authorization: Bearer KEY",
            Self::WrongKey => "this is not the agent's key: it is new at each start, read --key-file again",
            Self::OtherPath => "ask for /token?context=NAME",
            Self::OtherMethod => "use GET",
            Self::Query(why) => why,
            Self::UnknownContext => "the agent's file has no such context",
            Self::Token(TokenError::Refused(refused)) => {
                return format!("the issuer refuses the token request: {}", refused.error);
            }
            Self::Token(TokenError::Unreachable(why)) => return format!("no answer of the issuer: {why}"),
            Self::Token(_) => "the agent's settings for this context are wrong: its log says which",
        };
        text.to_owned()
    }

    /// The answer.
    pub(super) fn respond(&self) -> Response<Body> {
        let description = printable(&self.description());
        let challenge = match self {
            // a request without a key is told of no error (RFC 6750 §3.1)
            Self::NoKey => Some(Challenge::bearer(REALM)),
            Self::WrongKey => Some(Challenge::bearer(REALM).with_error(Code::InvalidToken, &description)),
            _ => None,
        };
        let body = ErrorBody { error: self.error().to_owned(), error_description: Some(description) };
        let mut response = respond(self.status(), &body);
        let headers = response.headers_mut();
        if let Some(value) = challenge.and_then(|challenge| HeaderValue::try_from(challenge.to_string()).ok())
        {
            headers.insert(WWW_AUTHENTICATE, value);
        }
        match self {
            Self::OtherMethod => drop(headers.insert(ALLOW, HeaderValue::from_static("GET"))),
            Self::Token(error @ TokenError::Unreachable(_)) => {
                let after = error.retry_after().map_or(RETRY, |after| after.as_secs().max(1));
                headers.insert(RETRY_AFTER, HeaderValue::from(after));
            }
            _ => {}
        }
        response
    }
}

const REALM: &str = "countersign agent";
/// Seconds, where the issuer says nothing: long enough for a restart, short enough to be waited for.
const RETRY: u64 = 5;
