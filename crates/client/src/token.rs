//! One token by client credentials (RFC 6749 §4.4), and what went wrong, by blame.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use countersign_proto::error::{ErrorBody, printable};
use countersign_proto::secret::ClientSecret;
use countersign_proto::token::{CLIENT_CREDENTIALS, TokenResponse};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode};

use crate::auth::basic;
use crate::{Answer, Endpoint, HttpClient, HttpError};

/// What is asked for, and by whom.
#[derive(Clone)]
pub struct Ask<'a> {
    /// The client.
    pub client_id: &'a str,
    /// Its secret.
    pub client_secret: &'a Secret,
    /// How the secret travels.
    pub transport: Transport,
    /// `scope`, space-separated; `None` = the client's default ones.
    pub scope: Option<Cow<'a, str>>,
    /// `resource` (RFC 8707 §2).
    pub resource: Option<&'a str>,
    /// `audience`, Auth0's name for the same.
    pub audience: Option<&'a str>,
}

/// A client secret as somebody gave it to us; whether it is a good one is the server's to judge.
#[derive(Clone, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct Secret(String);

/// How a secret travels (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// `client_secret_basic`.
    #[default]
    Basic,
    /// `client_secret_post`.
    Body,
}

/// Why there is no token, by blame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The server said no, in OAuth's words: the request, the credentials or what is registered must change.
    #[error("{error}{}", said(description.as_deref()))]
    Refused {
        /// The status.
        status: StatusCode,
        /// The error code (RFC 6749 §5.2).
        error: String,
        /// The server's sentence for the developer.
        description: Option<String>,
    },
    /// The server cannot now (429 or 5xx): the same request may succeed later.
    #[error("the server cannot answer now (status {status}){}", wait(retry_after.as_deref()))]
    Unavailable {
        /// The status.
        status: StatusCode,
        /// `Retry-After`, as sent.
        retry_after: Option<String>,
    },
    /// The answer is not one of a token endpoint: probably the URL is wrong.
    #[error("what answered is no token endpoint: {0}")]
    NotOAuth(String),
    /// No answer.
    #[error(transparent)]
    Http(#[from] HttpError),
}

impl Secret {
    /// Takes a secret.
    #[must_use]
    pub const fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself; every call is a place to look at in review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&ClientSecret> for Secret {
    fn from(secret: &ClientSecret) -> Self {
        Self(secret.expose().to_owned())
    }
}

/// Asks `endpoint` for one token and returns the answer.
///
/// Does not check: the token; it is opaque to its client (RFC 6749 §1.4).
///
/// # Errors
/// [`TokenError`].
pub async fn request(
    http: &HttpClient,
    endpoint: &Endpoint,
    ask: &Ask<'_>,
) -> Result<TokenResponse, TokenError> {
    read(&http.send(endpoint, compose(ask)).await?)
}

/// The request that [`request`] sends, for those who want to see the exchange.
#[must_use]
pub fn compose(ask: &Ask<'_>) -> Request<Bytes> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", CLIENT_CREDENTIALS);
    if ask.transport == Transport::Body {
        form.append_pair("client_id", ask.client_id).append_pair("client_secret", ask.client_secret.expose());
    }
    for (name, value) in
        [("scope", ask.scope.as_deref()), ("resource", ask.resource), ("audience", ask.audience)]
    {
        if let Some(value) = value {
            form.append_pair(name, value);
        }
    }
    let mut request = Request::new(Bytes::from(form.finish()));
    *request.method_mut() = Method::POST;
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    if ask.transport == Transport::Basic {
        headers.insert(AUTHORIZATION, basic(ask.client_id, ask.client_secret));
    }
    request
}

/// Reads what a token endpoint answered.
///
/// # Errors
/// [`TokenError`], any but [`TokenError::Http`].
pub fn read(answer: &Answer) -> Result<TokenResponse, TokenError> {
    let Answer { status, headers, body } = answer;
    if *status == StatusCode::OK {
        let token: TokenResponse = serde_json::from_slice(body)
            .map_err(|error| TokenError::NotOAuth(format!("its 200 answer holds no token ({error})")))?;
        // RFC 6749 appendix A.12: a token ends in headers and terminals, where other characters do harm
        if token.access_token.is_empty() || !token.access_token.bytes().all(|b| matches!(b, 0x20..=0x7e)) {
            return Err(TokenError::NotOAuth("its token holds characters that no token holds".to_owned()));
        }
        return Ok(token);
    }
    if let Ok(ErrorBody { error, error_description }) = serde_json::from_slice::<ErrorBody>(body) {
        // an unknown server's words go to a terminal: nothing but printable ASCII may pass
        let description = error_description.map(|text| printable(&text));
        return Err(TokenError::Refused { status: *status, error: printable(&error), description });
    }
    if status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS {
        let retry_after = headers.get("retry-after").and_then(|v| v.to_str().ok()).map(printable);
        return Err(TokenError::Unavailable { status: *status, retry_after });
    }
    Err(TokenError::NotOAuth(format!("status {status} without an OAuth error in it")))
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic => "client_secret_basic",
            Self::Body => "client_secret_post",
        })
    }
}

fn said(description: Option<&str>) -> String {
    description.map(|text| format!(": {text}")).unwrap_or_default()
}

fn wait(retry_after: Option<&str>) -> String {
    retry_after.map(|seconds| format!("; try again in {seconds} s")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use countersign_proto::credential::{Basic, PresentedSecret};

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: http::HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    /// T-6749-10: what we send is what a server that follows RFC 6749 §2.3.1 reads, whatever the secret holds.
    #[test]
    fn odd_secrets_survive_the_basic_header() {
        for text in ["plain", "a:b", " %&+£€", "a%20b", ""] {
            let secret = Secret::new(text.to_owned());
            let ask = Ask {
                client_id: "svc@acme:1",
                client_secret: &secret,
                transport: Transport::Basic,
                scope: None,
                resource: None,
                audience: None,
            };
            let request = compose(&ask);
            assert_eq!(&request.body()[..], b"grant_type=client_credentials");
            let header = &request.headers()[AUTHORIZATION];
            assert!(header.is_sensitive());
            let read = PresentedSecret::from(Basic::parse(header.as_bytes()).ok().unwrap());
            assert_eq!(read.client_id, "svc@acme:1");
            assert_eq!(read.secret.as_bytes(), text.as_bytes());
        }
    }

    #[test]
    fn the_body_holds_what_was_asked_and_no_more() {
        let secret = Secret::new("s&t".to_owned());
        let ask = Ask {
            client_id: "c",
            client_secret: &secret,
            transport: Transport::Body,
            scope: Some("a b".into()),
            resource: Some("https://x.example/?a=1"),
            audience: Some("y"),
        };
        let request = compose(&ask);
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
            read(&answer(200, r#"{"access_token":"t","token_type":"Bearer","expires_in":5}"#)).unwrap();
        assert_eq!((token.access_token.as_str(), token.expires_in), ("t", Some(5)));
        let refused = r#"{"error":"invalid_scope","error_description":"a\u001b[31mb"}"#;
        match read(&answer(400, refused)).unwrap_err() {
            TokenError::Refused { error, description, .. } => {
                assert_eq!((error.as_str(), description.as_deref()), ("invalid_scope", Some("a?[31mb")));
            }
            other => panic!("{other}"),
        }
        assert!(matches!(read(&answer(503, "busy")), Err(TokenError::Unavailable { .. })));
        assert!(matches!(read(&answer(404, "<html>")), Err(TokenError::NotOAuth(_))));
        assert!(matches!(read(&answer(200, "<html>")), Err(TokenError::NotOAuth(_))));
        assert!(matches!(read(&answer(302, "")), Err(TokenError::NotOAuth(_))));
        for odd in ["", "a\\u001b[2J", "a\\r\\nb", "ä"] {
            let body = format!(r#"{{"access_token":"{odd}","token_type":"Bearer"}}"#);
            assert!(matches!(read(&answer(200, &body)), Err(TokenError::NotOAuth(_))), "{odd}");
        }
    }
}
