//! The introspection endpoint of an issuer (RFC 7662): Basic authentication, and what a test says of each token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::json;

use super::state::State;
use super::{Reply, TestIssuer};

pub(super) async fn answer(state: &State, request: Request<Incoming>) -> Reply {
    if request.method() != Method::POST {
        return Reply::status(405).header("allow", "POST");
    }
    let (id, secret) = TestIssuer::INTROSPECTOR;
    let expected = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    if request.headers().get(AUTHORIZATION).is_none_or(|sent| sent.as_bytes() != expected.as_bytes()) {
        return refused(401, "invalid_client").header("www-authenticate", "Basic realm=\"introspection\"");
    }
    let Ok(body) = request.into_body().collect().await else { return refused(400, "invalid_request") };
    let body = body.to_bytes();
    let Some((_, token)) = form_urlencoded::parse(&body).find(|(name, _)| name == "token") else {
        return refused(400, "invalid_request");
    };
    let active = state.active.lock().expect("no test panicked here");
    Reply::json(active.get(token.as_ref()).unwrap_or(&json!({ "active": false })))
}

fn refused(status: u16, error: &str) -> Reply {
    let body = json!({ "error": error }).to_string();
    Reply::status(status).body("application/json", body)
}
