//! An issuer and an API that count: what a client does is told by those whom it asks.
//!
//! `counting issuer HOST:PORT LIFE_S DELAY_MS` gives each who asks a token that says when it ends; `counting api HOST:PORT
//! NTH` lets in who has a token that has not ended, and from its NTH call on no longer takes the token of that call. Both
//! tell their counts at `/counts`.

use std::collections::HashSet;
use std::env;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (address, app) = match *arguments.as_slice() {
        ["issuer", address, life, delay] => (address, issuer(address, life.parse()?, delay.parse()?)),
        ["api", address, nth] => (address, api(nth.parse()?)),
        _ => return Err("usage: counting issuer HOST:PORT LIFE_S DELAY_MS | api HOST:PORT NTH".into()),
    };
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, app).await?;
    Ok(())
}

/// The issuer is `http://HOST:PORT/realms/bench`, as one of the real server's.
fn issuer(address: &str, life: u64, delay: u64) -> Router {
    let issuer = format!("http://{address}{ISSUER}");
    let metadata = json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}/oauth2/token"),
        "jwks_uri": format!("{issuer}/oauth2/jwks"),
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    });
    let issued = Arc::new(Mutex::new(0));
    let counts = Arc::clone(&issued);
    let token = async move || {
        let number = {
            let mut issued = issued.lock().unwrap_or_else(PoisonError::into_inner);
            *issued += 1;
            *issued
        };
        tokio::time::sleep(Duration::from_millis(delay)).await;
        let ends = now() + u128::from(life) * 1000;
        let token = format!("{number}.{ends}");
        answer(&json!({ "access_token": token, "token_type": "Bearer", "expires_in": life }))
    };
    let tell =
        async move || answer(&json!({ "issued": *counts.lock().unwrap_or_else(PoisonError::into_inner) }));
    Router::new()
        .route(&format!("{ISSUER}/oauth2/token"), post(token))
        .route(&format!("{ISSUER}/oauth2/jwks"), get(async || answer(&json!({ "keys": [] }))))
        .route("/counts", get(tell))
        // Whichever well-known form is asked for.
        .fallback(async move || answer(&metadata))
}

#[derive(Default)]
struct Seen {
    calls: u64,
    expired: u64,
    refused: u64,
    tokens: HashSet<String>,
    dropped: Option<String>,
}

type Judge = (u64, Arc<Mutex<Seen>>);

fn api(nth: u64) -> Router {
    Router::new().route("/api", get(judge)).route("/counts", get(tell)).with_state((nth, Arc::default()))
}

async fn judge(State((nth, seen)): State<Judge>, headers: HeaderMap) -> Response {
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.calls += 1;
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(token) = header.and_then(|text| text.strip_prefix("Bearer ")).map(str::to_owned) else {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")]).into_response();
    };
    let ends: u128 = token.split_once('.').and_then(|(_, ends)| ends.parse().ok()).unwrap_or_default();
    let expired = ends <= now();
    if seen.calls == nth {
        seen.dropped = Some(token.clone());
    }
    let refused = seen.dropped.as_deref() == Some(&token);
    seen.tokens.insert(token);
    seen.expired += u64::from(expired);
    seen.refused += u64::from(refused);
    if expired || refused {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#)])
            .into_response();
    }
    "hello".into_response()
}

async fn tell(State((_, seen)): State<Judge>) -> Response {
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let Seen { calls, expired, refused, tokens, dropped: _ } = &*seen;
    answer(&json!({ "calls": calls, "expired": expired, "refused": refused, "tokens": tokens.len() }))
}

fn answer(value: &Value) -> Response {
    ([(CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "this is the program's clock")]
fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

const ISSUER: &str = "/realms/bench";
