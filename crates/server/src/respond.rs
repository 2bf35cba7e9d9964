//! The one place where a refusal or a fault becomes an answer on native endpoints.

mod document;
mod reason;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use countersign_issuer::mint::Issued;
use countersign_issuer::refusal::{Failure, Fault};
use countersign_issuer::registry::RealmView;
use countersign_proto::error::ErrorCode;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

pub(crate) use self::document::{Caching, document, preflight};
pub(crate) use self::reason::token_reason;
use crate::admit::Overloaded;
use crate::extract::body::Unread;
use crate::middleware::Told;

/// A token, and the client that got it.
pub(crate) type Issue = (Issued, Arc<str>);

/// What a token request came to, at the native endpoint of `realm` (RFC 6749 §5).
///
/// `challenged`: whether the client tried to authenticate by header.
pub(crate) fn token(realm: &Arc<RealmView>, outcome: Result<Issue, Failure>, challenged: bool) -> Response {
    let told = Told { door: "native", realm: Some(Arc::clone(realm)), ..Told::default() };
    match outcome {
        Ok((issued, client_id)) => {
            let body = success_body(&issued);
            Told { client_id: Some(client_id), issued: true, ..told }.within(json(StatusCode::OK, body))
        }
        Err(Failure::Refused(refusal)) => {
            let mut response = error(refusal.code(), &refusal.description());
            if challenged && refusal.code() == ErrorCode::InvalidClient {
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge(realm.name()));
            }
            Told { reason: Some(refusal.reason()), ..told }.within(response)
        }
        Err(Failure::Fault(fault)) => Told { cause: Some(cause(&fault)), ..told }.within(broken(&fault)),
    }
}

/// The status and text for a body that did not arrive whole.
pub(crate) fn unread(unread: Unread) -> (StatusCode, &'static str) {
    match unread {
        Unread::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 64 KiB."),
        Unread::TooSlow => (StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time."),
        Unread::Broken => (StatusCode::BAD_REQUEST, "The body did not arrive whole."),
    }
}

/// [`unread`] as an OAuth error.
pub(crate) fn not_read(why: Unread) -> Response {
    let (status, text) = unread(why);
    let mut response = error(ErrorCode::InvalidRequest, text);
    *response.status_mut() = status;
    Told { reason: Some("body_not_read"), ..Told::default() }.within(response)
}

/// No room for a token request now: 503 with Retry-After, in all dialects.
pub(crate) fn overloaded(overloaded: Overloaded) -> Response {
    let mut response =
        error(ErrorCode::TemporarilyUnavailable, "The server has too many requests in work; try again soon.");
    let seconds = overloaded.retry_after.as_secs().max(1);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    Told { reason: Some("overloaded"), ..Told::default() }.within(response)
}

/// The answer to a fault: 503 with Retry-After when it may pass, else 500; its cause is not in it.
pub(crate) fn broken(fault: &Fault) -> Response {
    if fault.is_passing() {
        let text = "The server cannot answer this now; try again soon.";
        let mut response = error(ErrorCode::TemporarilyUnavailable, text);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        return response;
    }
    error(ErrorCode::ServerError, "The server failed; its operator finds the cause under the request id.")
}

/// The cause of a fault, for the log.
pub(crate) fn cause(fault: &Fault) -> Arc<str> {
    fault.to_string().into()
}

/// The answer after a panic.
pub(crate) fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    let cause = format!("panic: {text}");
    let text = "The server failed; its operator finds the cause under the request id.";
    Told { cause: Some(cause.into()), ..Told::default() }.within(error(ErrorCode::ServerError, text))
}

/// Nothing is here, or nothing that may be shown.
pub(crate) fn not_found() -> Response {
    problem(StatusCode::NOT_FOUND, "not-found", "Not found", "There is nothing at this URL.")
}

/// No `Host` header, several, or one that is none (RFC 9112 §3.2).
pub(crate) fn unclear_host() -> Response {
    let text = "A request has exactly one Host header: a name or an address, and at most a port.";
    let response = problem(StatusCode::BAD_REQUEST, "unclear-host", "The host is not clear", text);
    Told { reason: Some("unclear_host"), ..Told::default() }.within(response)
}

/// The URL is one of ours, the method is not; the router adds `Allow`, or [`allowing`].
pub(crate) async fn other_method() -> Response {
    let text = "This URL does not take this method; see the Allow header.";
    problem(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", text)
}

/// With the methods that the URL takes, where the router cannot add them: it would to a 404 of the same URL, too, and so
/// say that a closed dialect is there.
pub(crate) fn allowing(methods: &'static str, mut response: Response) -> Response {
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}

/// An OAuth error (RFC 6749 §5.2) with the status that its code travels with.
fn error(code: ErrorCode, description: &str) -> Response {
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json(status, error_body(code.as_str(), description))
}

/// `{"error":…,"error_description":…}`.
pub(crate) fn error_body(code: &str, description: &str) -> String {
    let mut body = String::with_capacity(48 + code.len() + description.len());
    body.push_str(r#"{"error":""#);
    body.push_str(code);
    body.push_str(r#"","error_description":"#);
    body.push_str(&quoted(description));
    body.push('}');
    body
}

/// A JSON string; what a caller sent is in it only in the bytes of RFC 6749 §5.2.
pub(crate) fn quoted(text: &str) -> Cow<'static, str> {
    serde_json::to_string(text).map_or(Cow::Borrowed("\"\""), Cow::Owned)
}

/// A JSON answer that no cache keeps.
pub(crate) fn json(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(12);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// A problem (RFC 9457) where no OAuth error fits.
fn problem(status: StatusCode, kind: &str, title: &str, detail: &str) -> Response {
    let mut body = String::with_capacity(160);
    let _ = write!(
        body,
        r#"{{"type":"/problems/{kind}","title":"{title}","status":{},"detail":"{detail}"}}"#,
        status.as_u16()
    );
    let mut response = json(status, body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

/// The scope is always named (T-6749-14). Nothing here needs escaping: tokens are base64url and dots, and the grammar
/// of scopes leaves out what JSON would escape.
fn success_body(issued: &Issued) -> String {
    let mut body = String::with_capacity(96 + issued.access_token.len() + issued.scope.len());
    body.push_str(r#"{"access_token":""#);
    body.push_str(&issued.access_token);
    body.push_str(r#"","token_type":""#);
    body.push_str(issued.token_type);
    let _ = write!(body, r#"","expires_in":{},"scope":""#, issued.expires_in);
    body.push_str(&issued.scope);
    body.push_str("\"}");
    body
}

/// Realm names hold nothing that a quoted string would escape.
fn challenge(realm: &str) -> HeaderValue {
    HeaderValue::try_from(format!("Basic realm=\"{realm}\"")).unwrap_or(HeaderValue::from_static("Basic"))
}
