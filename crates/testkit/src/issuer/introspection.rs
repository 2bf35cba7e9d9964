//! The introspection endpoint of an issuer (RFC 7662): Basic authentication, and what a test says of each token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use serde_json::json;

use super::state::State;
use super::{Reply, TestIssuer};
use crate::Received;

pub(super) fn answer(state: &State, received: &Received) -> Reply {
    let (id, secret) = TestIssuer::INTROSPECTOR;
    let expected = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    if received.headers.get(AUTHORIZATION).is_none_or(|sent| sent.as_bytes() != expected.as_bytes()) {
        return refused(401, "invalid_client").header("www-authenticate", "Basic realm=\"introspection\"");
    }
    let parameters = received.form();
    let Some((_, token)) = parameters.iter().find(|(name, _)| name == "token") else {
        return refused(400, "invalid_request");
    };
    let active = state.active.lock().expect("no test panicked here");
    Reply::json(active.get(token).unwrap_or(&json!({ "active": false })))
}

fn refused(status: u16, error: &str) -> Reply {
    let body = json!({ "error": error }).to_string();
    Reply::status(status).body("application/json", body)
}
