//! The agent's one URL: `GET /token?context=NAME`.

use std::sync::Arc;

use axum::body::Body;
use countersign_client::{Token, TokenError};
use countersign_listen::{PeerAddr, PeerProcess};
use countersign_proto::error::printable;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use serde::Serialize;
use url::form_urlencoded;

use super::broker::Broker;
use super::place::Place;
use super::refusal::Refusal;

/// Answers those who come.
pub(super) struct Door {
    broker: Arc<Broker>,
    place: Arc<Place>,
}

/// What is answered: RFC 6749's names, and a moment in place of a duration, which a cache would make wrong.
#[derive(Serialize)]
struct Given<'a> {
    access_token: &'a str,
    token_type: &'static str,
    /// Epoch seconds; `null` where the issuer did not say.
    expires_at: Option<i64>,
}

impl Door {
    pub(super) const fn new(broker: Arc<Broker>, place: Arc<Place>) -> Self {
        Self { broker, place }
    }

    /// Answers one request, and says so in the log; a body is not read.
    pub(super) async fn answer<B>(&self, request: Request<B>) -> Response<Body> {
        let (head, _) = request.into_parts();
        let mut asked = None;
        let outcome = self.judge(&head, &mut asked).await;
        log(&head, asked.as_deref(), &outcome);
        match outcome {
            Ok(token) => respond(
                StatusCode::OK,
                &Given {
                    access_token: token.expose(),
                    token_type: token.token_type().scheme(),
                    expires_at: token.expires_at().map(|at| at.0),
                },
            ),
            Err(refusal) => refusal.respond(),
        }
    }

    /// Who asks, for what, and whether they get it; `asked` is told which context they named.
    async fn judge(&self, head: &Parts, asked: &mut Option<String>) -> Result<Token, Refusal> {
        let caller = self.place.admit(head)?;
        let name = asked.insert(context(head)?);
        self.broker.token(name, caller).await
    }
}

/// An answer that no cache keeps and no browser guesses at.
pub(super) fn respond(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    let text = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The context that is asked for.
fn context(head: &Parts) -> Result<String, Refusal> {
    if head.uri.path() != "/token" {
        return Err(Refusal::OtherPath);
    }
    if head.method != Method::GET {
        return Err(Refusal::OtherMethod);
    }
    let mut pairs = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
    match (pairs.next(), pairs.next()) {
        (Some((name, value)), None) if name == "context" => Ok(value.into_owned()),
        (None, _) => Err(Refusal::Query("say for what: /token?context=NAME")),
        _ => Err(Refusal::Query("the query is context=NAME, once and alone")),
    }
}

/// One line for each request.
fn log(head: &Parts, asked: Option<&str>, outcome: &Result<Token, Refusal>) {
    let context = asked.map(|name| printable(&name.chars().take(MAX_NAME).collect::<String>()));
    let (context, process) = (context.as_deref(), head.extensions.get::<PeerProcess>());
    let (uid, pid) = (process.map(|peer| peer.uid), process.and_then(|peer| peer.pid));
    let peer = head.extensions.get::<PeerAddr>().map(|peer| peer.0.to_string());
    let peer = peer.as_deref();
    match outcome {
        Ok(_) => tracing::info!(context, outcome = "given", uid, pid, peer, "token asked for"),
        // what went wrong here is said whole; an issuer's own sentence is not: it may repeat the credential
        Err(Refusal::Token(error)) if !matches!(error, TokenError::Refused(_)) => {
            let outcome = printable(&error.to_string());
            tracing::warn!(context, outcome, uid, pid, peer, "token asked for");
        }
        Err(refusal) => {
            let outcome = printable(refusal.error());
            let outcome = &*outcome;
            tracing::warn!(context, outcome, uid, pid, peer, "token asked for");
        }
    }
}

/// Characters of a context's name that the log repeats.
const MAX_NAME: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_context_is_asked_for_at_one_url() {
        let asked = |method: &str, target: &str| {
            let request = Request::builder().method(method).uri(target).body(()).unwrap();
            context(&request.into_parts().0).map_err(|refusal| refusal.respond().status().as_u16())
        };
        assert_eq!(asked("GET", "/token?context=orders").as_deref(), Ok("orders"));
        assert_eq!(asked("GET", "/token?context=a%20b%2Fc").as_deref(), Ok("a b/c"));
        assert_eq!(asked("GET", "/token?context=a+b").as_deref(), Ok("a b"));
        for target in [
            "/token",
            "/token?",
            "/token?context=a&context=b",
            "/token?context=a&context=a",
            "/token?context=a&scope=admin",
            "/token?name=a",
            "/token?Context=a",
        ] {
            assert_eq!(asked("GET", target), Err(400), "{target}");
        }
        for target in ["/", "/token/", "//token", "/Token?context=a", "/tokens?context=a"] {
            assert_eq!(asked("GET", target), Err(404), "{target}");
        }
        for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "get"] {
            assert_eq!(asked(method, "/token?context=a"), Err(405), "{method}");
        }
    }
}
