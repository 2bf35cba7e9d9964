//! What was recorded of a live Keycloak 26.7.3, replayed against us: the same status, the same members with values of the
//! same kind (codes and descriptions to the letter), the headers that dialects.md names.

use std::collections::BTreeSet;

use countersign_testkit::recorded::{Exchange, exchanges};
use countersign_testkit::{Answer, Request, TestServer};
use http::Method;
use serde_json::Value;

use crate::keycloak::tutorial;

/// What we leave out or do otherwise on purpose, and why.
const DIFFERENCES: [(&str, &str, &str); 11] = [
    ("token_openid", "/id_token", "nobody logs in here: `openid` is accepted, and gives no id_token"),
    ("*", "/access_token/realm_access", "roles are a client's own claims, not every client's"),
    ("*", "/access_token/resource_access", "roles are a client's own claims, not every client's"),
    ("certs", "/keys/1", "no encryption key: nothing is ever encrypted to us"),
    ("well_known", "/*_endpoint", "only endpoints that exist"),
    ("well_known", "/*_supported", "only what works: no log-in, no request objects, no other methods"),
    ("well_known", "/check_session_iframe", "no sessions"),
    ("well_known", "/require_request_uri_registration", "no authorization endpoint"),
    ("well_known", "/tls_client_certificate_bound_access_tokens", "not built yet"),
    ("well_known", "/mtls_endpoint_aliases", "not built yet"),
    ("well_known", "/require_pushed_authorization_requests", "no authorization endpoint"),
];

/// `token_basic`, `token_tutorial1`, `token_openid`.
#[tokio::test]
async fn tokens() {
    let server = tutorial().await;
    for name in ["token_basic", "token_tutorial1", "token_openid"] {
        replay(&server, name).await;
    }
}

/// `errors_token_endpoint`.
#[tokio::test]
async fn errors() {
    let server = tutorial().await;
    let Some(recorded) = exchanges("keycloak-26.7.3/errors_token_endpoint.json") else { return };
    assert!(recorded.len() >= 8);
    for exchange in recorded {
        let answer = send(&server, &exchange).await;
        assert_eq!(answer.status, exchange.status, "{}", exchange.name);
        assert_eq!(answer.text(), exchange.body, "{}", exchange.name);
        same_headers(&exchange.name, &answer, &exchange);
    }
}

/// `certs`, `realm_info`, `well_known`.
#[tokio::test]
async fn documents() {
    let server = tutorial().await;
    for name in ["certs", "realm_info", "well_known"] {
        replay(&server, name).await;
    }
}

async fn replay(server: &TestServer, name: &str) {
    let Some(recorded) = exchanges(&format!("keycloak-26.7.3/{name}.json")) else { return };
    for exchange in recorded {
        let answer = send(server, &exchange).await;
        assert_eq!(answer.status, exchange.status, "{name}");
        same_headers(name, &answer, &exchange);
        let theirs: Value = serde_json::from_str(&exchange.body).unwrap();
        let (theirs, ours) = (opened(&theirs), opened(&answer.json()));
        let (theirs, ours) = (kinds(&theirs), kinds(&ours));
        let missing: Vec<_> =
            theirs.difference(&ours).filter(|(path, _)| !is_on_purpose(name, path)).collect();
        let added: Vec<_> = ours.difference(&theirs).collect();
        assert!(missing.is_empty() && added.is_empty(), "{name}: missing {missing:?}, added {added:?}");
    }
}

async fn send(server: &TestServer, exchange: &Exchange) -> Answer {
    let mut request = Request::new(exchange.method.parse::<Method>().unwrap(), &exchange.path);
    let mut media_type = None;
    for (name, value) in &exchange.request_headers {
        match name.to_ascii_lowercase().as_str() {
            "host" | "content-length" | "connection" => {}
            "content-type" => media_type = Some(value.clone()),
            _ => request = request.header(name, value),
        }
    }
    if let Some(media_type) = media_type {
        request = request.body(&media_type, exchange.request_body.clone());
    }
    request.send(server).await
}

/// All headers of theirs but those of the connection, with our own CORS beside them.
fn same_headers(name: &str, answer: &Answer, exchange: &Exchange) {
    for (header, value) in &exchange.headers {
        if !["content-length", "connection"].contains(&header.to_ascii_lowercase().as_str()) {
            assert_eq!(answer.header(header), Some(value.as_str()), "{name}: {header}");
        }
    }
}

/// The document with its token decoded in place, so that claims are compared too.
fn opened(document: &Value) -> Value {
    use base64::Engine as _;
    let mut document = document.clone();
    for name in ["access_token", "id_token"] {
        let Some(token) = document.get(name).and_then(Value::as_str) else { continue };
        let claims = token.split('.').nth(1).unwrap();
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
        document[name] = serde_json::from_slice(&claims).unwrap();
    }
    document
}

/// Every path of a document with the kind of value that stands there.
fn kinds(document: &Value) -> BTreeSet<(String, &'static str)> {
    fn walk(at: &str, value: &Value, out: &mut BTreeSet<(String, &'static str)>) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        if !at.is_empty() {
            out.insert((at.to_owned(), kind));
        }
        match value {
            Value::Object(members) => members.iter().for_each(|(n, v)| walk(&format!("{at}/{n}"), v, out)),
            Value::Array(items) if at == "/keys" => {
                items.iter().enumerate().for_each(|(n, v)| walk(&format!("{at}/{n}"), v, out));
            }
            _ => {}
        }
    }
    let mut out = BTreeSet::new();
    walk("", document, &mut out);
    out
}

fn is_on_purpose(name: &str, path: &str) -> bool {
    DIFFERENCES.iter().any(|(file, pattern, _)| {
        let here = match pattern.split_once('*') {
            None => path == *pattern || path.starts_with(&format!("{pattern}/")),
            Some((head, tail)) => path.starts_with(head) && path.ends_with(tail),
        };
        (*file == "*" || *file == name) && here
    })
}
