//! The token request and its answer (RFC 6749 §4.4.2, §5; RFC 8707 §2).

use std::collections::BTreeMap;

use bytes::Bytes;
use countersign_proto::error::ErrorCode;
use countersign_proto::jose::json::{self, Limits};
use countersign_proto::time::UnixTime;
use countersign_proto::token::{CLIENT_CREDENTIALS, TokenResponse};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode};
use serde_json::{Map, Value};

use super::canonical::canonical;
use super::{Misconfigured, Refused, TokenError, Unreachable};
use crate::Answer;
use crate::auth::{ClientAuth, Proven, Recipient, Unsaid};
use crate::http::shown;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ask {
    /// `scope`, one name each; empty = the client's default ones.
    pub scope: Vec<String>,
    /// `resource` (RFC 8707 §2), an absolute URI each.
    pub resource: Vec<String>,
    /// `audience`, Auth0's name for the same.
    pub audience: Vec<String>,
}

impl Ask {
    /// The same with each resource in its canonical form.
    ///
    /// # Errors
    /// [`Misconfigured`], when a resource is no absolute URI or has a fragment.
    pub(crate) fn canonical(self) -> Result<Self, Misconfigured> {
        let resource = self.resource.iter().map(|uri| canonical(uri)).collect::<Result<_, _>>()?;
        Ok(Self { resource, ..self })
    }
}

/// How the parameters of a token request are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As RFC 6749 §4.4.2 has it.
    #[default]
    Form,
    /// As a JSON object, which is what Auth0 documents.
    Json,
}

/// A token request; it holds what the client proves itself with, so that `Debug` shows nothing of it.
pub struct TokenRequest(Request<Bytes>);

impl TokenRequest {
    /// The request itself, secrets and all; every call is a place to look at in review.
    #[must_use]
    pub fn expose(self) -> Request<Bytes> {
        self.0
    }
}

impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenRequest").finish_non_exhaustive()
    }
}

/// The token request of this client at this moment, for those who want to see the exchange; a [`TokenSource`](crate::TokenSource) makes
/// it by itself.
///
/// # Errors
/// [`Misconfigured`] when the client's credentials cannot be read, or when it signs an assertion and no issuer is said.
pub async fn compose(ask: &Ask, auth: &ClientAuth, now: UnixTime) -> Result<TokenRequest, Misconfigured> {
    let to = Recipient { issuer: None, algorithms: &[], now };
    request(ask, auth.prove(&to).await?, Encoding::Form).map(TokenRequest)
}

/// The token request with this proof.
///
/// # Errors
/// [`Misconfigured`] when it has a parameter twice and is to be JSON, which has no way to say it.
pub(crate) fn request(
    ask: &Ask,
    proven: Proven,
    encoding: Encoding,
) -> Result<Request<Bytes>, Misconfigured> {
    let scope = ask.scope.join(" ");
    let mut parameters = vec![("grant_type", CLIENT_CREDENTIALS)];
    parameters.extend(proven.pairs());
    parameters.extend(Some(("scope", scope.as_str())).filter(|_| !ask.scope.is_empty()));
    parameters.extend(ask.resource.iter().map(|value| ("resource", value.as_str())));
    parameters.extend(ask.audience.iter().map(|value| ("audience", value.as_str())));
    Ok(match encoding {
        Encoding::Form => post(FORM, form(&parameters), proven.authorization),
        Encoding::Json => post("application/json", json(&parameters)?, proven.authorization),
    })
}

/// A request with parameters as a form.
pub(crate) fn post_form(parameters: &[(&str, &str)], authorization: Option<HeaderValue>) -> Request<Bytes> {
    post(FORM, form(parameters), authorization)
}

fn post(kind: &'static str, body: Bytes, authorization: Option<HeaderValue>) -> Request<Bytes> {
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.extend(authorization.map(|value| (AUTHORIZATION, value)));
    request
}

fn form(parameters: &[(&str, &str)]) -> Bytes {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(parameters);
    form.finish().into()
}

fn json(parameters: &[(&str, &str)]) -> Result<Bytes, Misconfigured> {
    let mut object = BTreeMap::new();
    for (name, value) in parameters {
        if object.insert(*name, *value).is_some() {
            return Err(Misconfigured::new(
                "json_body",
                format!("holds one {name} alone, and there are more"),
            ));
        }
    }
    // strings can always be written
    Ok(serde_json::to_vec(&object).unwrap_or_default().into())
}

/// Reads what a token endpoint answered at `now`, from which a `Retry-After` that is a date is counted.
///
/// Does not check: the token; it is opaque to its client (RFC 6749 §1.4). Nor whether the server's words repeat what was
/// sent.
///
/// # Errors
/// [`TokenError`].
pub fn read(answer: &Answer, now: UnixTime) -> Result<TokenResponse, TokenError> {
    read_without(&Unsaid::default(), answer, now)
}

/// As [`read`]; what the request held and nobody is to see is in no error.
pub(crate) fn read_without(
    unsaid: &Unsaid,
    answer: &Answer,
    now: UnixTime,
) -> Result<TokenResponse, TokenError> {
    let Answer { status, body, .. } = answer;
    let is_ok = *status == StatusCode::OK;
    if is_ok {
        // RFC 6749 §5.1: a page to log in at, or what a proxy makes of an answer, is no token
        answer.json().map_err(no_token_endpoint)?;
    }
    let read = json::object(body, LIMITS);
    let refused = read.as_ref().ok().and_then(|members| said(members, unsaid));
    if status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS {
        let after = answer.retry_after_at(now);
        return Err(match refused {
            Some((error, _)) => Unreachable::saying(*status, error, after),
            None => Unreachable::status(*status, after),
        }
        .into());
    }
    if let Some((error, description)) = refused {
        return Err(Refused::new(*status, error, description).into());
    }
    if !is_ok {
        return Err(no_token_endpoint(format!("status {status} without an OAuth error in it")));
    }
    let members = read.map_err(|error| no_token_endpoint(format!("its answer is {error}")))?;
    let token: TokenResponse = serde_json::from_value(Value::Object(members))
        // serde's own words would quote what is there
        .map_err(|_| no_token_endpoint("its answer holds no token, or no type of it"))?;
    // RFC 6749 appendix A.12: a token ends in headers and terminals, where other characters do harm
    if token.access_token.is_empty() || !token.access_token.bytes().all(|b| matches!(b, 0x20..=0x7e)) {
        return Err(no_token_endpoint("its token holds characters that no token holds"));
    }
    Ok(token)
}

/// Code and description of an OAuth error, whatever else there is; a stranger's words, so that they are made printable.
fn said(members: &Map<String, Value>, unsaid: &Unsaid) -> Option<(String, Option<String>)> {
    let error = members.get("error")?.as_str()?;
    let description = members.get("error_description").and_then(Value::as_str);
    Some((code(error, unsaid), description.map(|text| shown(&unsaid.blank(text)))))
}

/// An error code as it is told: a registered one repeats nobody's secret, whatever the secret is.
pub(crate) fn code(error: &str, unsaid: &Unsaid) -> String {
    let is_registered = ErrorCode::ALL.iter().any(|code| code.as_str() == error);
    if is_registered { error.to_owned() } else { shown(&unsaid.blank(error)) }
}

/// As deep as a token response may be, of which nothing deep is read.
const LIMITS: Limits = Limits { bytes: MAX_ANSWER, depth: 16 };
/// Tokens with a hundred groups and rights have 16 KiB.
pub(crate) const MAX_ANSWER: usize = 256 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";

fn no_token_endpoint(why: impl std::fmt::Display) -> TokenError {
    Misconfigured::new("issuer", format!("what answered is no token endpoint: {why}")).into()
}

#[cfg(test)]
mod tests {
    use countersign_proto::credential::{Basic, PresentedSecret};

    use super::*;
    use crate::token::Secret;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: [(CONTENT_TYPE, HeaderValue::from_static("application/json"))].into_iter().collect(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    /// T-6749-10: what we send is what a server that follows RFC 6749 §2.3.1 reads, whatever the secret holds.
    #[tokio::test]
    async fn odd_secrets_survive_the_basic_header() {
        for text in ["plain", "a:b", " %&+£€", "a%20b", ""] {
            let auth = ClientAuth::client_secret_basic("svc@acme:1", Secret::new(text.to_owned()));
            let request = compose(&Ask::default(), &auth, UnixTime(0)).await.unwrap().expose();
            assert_eq!(&request.body()[..], b"grant_type=client_credentials");
            let header = &request.headers()[AUTHORIZATION];
            assert!(header.is_sensitive());
            let read = PresentedSecret::from(Basic::parse(header.as_bytes()).ok().unwrap());
            assert_eq!(read.client_id, "svc@acme:1");
            assert_eq!(read.secret.as_bytes(), text.as_bytes());
        }
    }

    #[tokio::test]
    async fn the_body_holds_what_was_asked_and_no_more() {
        let ask = Ask {
            scope: vec!["a".to_owned(), "b".to_owned()],
            resource: vec!["https://x.example/?a=1".to_owned()],
            audience: vec!["y".to_owned()],
        };
        let auth = ClientAuth::client_secret_post("c", Secret::new("s&t".to_owned()));
        let request = compose(&ask, &auth, UnixTime(0)).await.unwrap().expose();
        assert!(!request.headers().contains_key(AUTHORIZATION));
        assert_eq!(
            &request.body()[..],
            &b"grant_type=client_credentials&client_id=c&client_secret=s%26t&scope=a+b\
               &resource=https%3A%2F%2Fx.example%2F%3Fa%3D1&audience=y"[..]
        );
    }

    #[test]
    fn answers_are_read_by_blame() {
        let token =
            read(&answer(200, r#"{"access_token":"t","token_type":"Bearer","expires_in":5}"#), UnixTime(0))
                .unwrap();
        assert_eq!((token.access_token.as_str(), token.expires_in), ("t", Some(5)));
        let refused = r#"{"error":"invalid_scope","error_description":"a\u001b[31mb"}"#;
        match read(&answer(400, refused), UnixTime(0)).unwrap_err() {
            TokenError::Refused(Refused { error, description, .. }) => {
                assert_eq!((error.as_str(), description.as_deref()), ("invalid_scope", Some("a?[31mb")));
            }
            other => panic!("{other}"),
        }
        let setting = |status, body: &str| match read(&answer(status, body), UnixTime(0)) {
            Err(TokenError::Misconfigured(error)) => error.setting(),
            other => panic!("{other:?}"),
        };
        assert!(matches!(read(&answer(503, "busy"), UnixTime(0)), Err(TokenError::Unreachable(_))));
        let busy = read(&answer(503, r#"{"error":"temporarily_unavailable"}"#), UnixTime(0)).unwrap_err();
        assert!(matches!(busy, TokenError::Unreachable(_)), "{busy}");
        assert!(busy.to_string().contains("temporarily_unavailable"), "{busy}");
        assert_eq!(setting(404, "<html>"), "issuer");
        assert_eq!(setting(200, "<html>"), "issuer");
        assert_eq!(setting(302, ""), "issuer");
        for odd in ["", "a\\u001b[2J", "a\\r\\nb", "ä"] {
            let body = format!(r#"{{"access_token":"{odd}","token_type":"Bearer"}}"#);
            assert_eq!(setting(200, &body), "issuer", "{odd}");
        }
    }
}
