//! The token request and its answer (RFC 6749 §4.4.2, §5; RFC 8707 §2).

use bytes::Bytes;
use countersign_proto::error::{ErrorBody, printable};
use countersign_proto::token::{CLIENT_CREDENTIALS, TokenResponse};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode};

use super::{Misconfigured, Refused, TokenError, Unreachable};
use crate::Answer;
use crate::auth::{ClientAuth, Proven};

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

/// The token request of this client, for those who want to see the exchange; a [`TokenSource`](crate::TokenSource) makes
/// it by itself.
///
/// # Errors
/// [`Misconfigured`] when the client's credentials cannot be read.
pub async fn compose(ask: &Ask, auth: &ClientAuth) -> Result<Request<Bytes>, Misconfigured> {
    Ok(form(ask, auth.prove().await?))
}

pub(crate) fn form(ask: &Ask, proven: Proven) -> Request<Bytes> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", CLIENT_CREDENTIALS);
    for (name, value) in &proven.parameters {
        form.append_pair(name, value);
    }
    if !ask.scope.is_empty() {
        form.append_pair("scope", &ask.scope.join(" "));
    }
    for (name, values) in [("resource", &ask.resource), ("audience", &ask.audience)] {
        for value in values {
            form.append_pair(name, value);
        }
    }
    let mut request = Request::new(Bytes::from(form.finish()));
    *request.method_mut() = Method::POST;
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    if let Some(value) = proven.authorization {
        headers.insert(AUTHORIZATION, value);
    }
    request
}

/// Reads what a token endpoint answered.
///
/// Does not check: the token; it is opaque to its client (RFC 6749 §1.4).
///
/// # Errors
/// [`TokenError`].
pub fn read(answer: &Answer) -> Result<TokenResponse, TokenError> {
    let Answer { status, body, .. } = answer;
    if *status == StatusCode::OK {
        let token: TokenResponse = serde_json::from_slice(body)
            .map_err(|error| no_token_endpoint(format!("its 200 answer holds no token ({error})")))?;
        // RFC 6749 appendix A.12: a token ends in headers and terminals, where other characters do harm
        if token.access_token.is_empty() || !token.access_token.bytes().all(|b| matches!(b, 0x20..=0x7e)) {
            return Err(no_token_endpoint("its token holds characters that no token holds"));
        }
        return Ok(token);
    }
    if let Ok(ErrorBody { error, error_description }) = serde_json::from_slice::<ErrorBody>(body) {
        // an unknown server's words go to a terminal: nothing but printable ASCII may pass
        let description = error_description.map(|text| printable(&text));
        return Err(Refused { status: *status, error: printable(&error), description }.into());
    }
    if status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Unreachable::status(*status, answer.retry_after()).into());
    }
    Err(no_token_endpoint(format!("status {status} without an OAuth error in it")))
}

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
            headers: http::HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    /// T-6749-10: what we send is what a server that follows RFC 6749 §2.3.1 reads, whatever the secret holds.
    #[tokio::test]
    async fn odd_secrets_survive_the_basic_header() {
        for text in ["plain", "a:b", " %&+£€", "a%20b", ""] {
            let auth = ClientAuth::client_secret_basic("svc@acme:1", Secret::new(text.to_owned()));
            let request = compose(&Ask::default(), &auth).await.unwrap();
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
        let request = compose(&ask, &auth).await.unwrap();
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
            TokenError::Refused(Refused { error, description, .. }) => {
                assert_eq!((error.as_str(), description.as_deref()), ("invalid_scope", Some("a?[31mb")));
            }
            other => panic!("{other}"),
        }
        let setting = |status, body: &str| match read(&answer(status, body)) {
            Err(TokenError::Misconfigured(error)) => error.setting(),
            other => panic!("{other:?}"),
        };
        assert!(matches!(read(&answer(503, "busy")), Err(TokenError::Unreachable(_))));
        assert_eq!(setting(404, "<html>"), "issuer");
        assert_eq!(setting(200, "<html>"), "issuer");
        assert_eq!(setting(302, ""), "issuer");
        for odd in ["", "a\\u001b[2J", "a\\r\\nb", "ä"] {
            let body = format!(r#"{{"access_token":"{odd}","token_type":"Bearer"}}"#);
            assert_eq!(setting(200, &body), "issuer", "{odd}");
        }
    }
}
