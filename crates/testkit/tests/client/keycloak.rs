//! What was recorded of a live Keycloak 26.7.3, read by our client.

use std::sync::Arc;

use countersign_client::{ClientAuth, Endpoint, HttpClient, Introspector, TokenType};
use countersign_proto::introspection::IntrospectionResponse;
use countersign_proto::jose::Algorithm;
use countersign_testkit::clock::EPOCH;
use countersign_testkit::issuer::{Document, Reply};
use countersign_testkit::recorded::{Exchange, exchanges};
use serde_json::Value;

use crate::replayed::{Replayed, refused};

/// dialects a.4, T-6749-18: tokens by each way to ask, with all the members that are no one's business.
#[tokio::test]
async fn tokens_are_read() {
    let Some(keycloak) = keycloak().await else { return };
    for file in ["token_basic", "token_tutorial1", "token_openid", "token_with_audience_mapper"] {
        let (answer, said) = recorded(file);
        let token = keycloak.token(reply(&answer)).await.unwrap();
        assert_eq!(token.expose(), said["access_token"], "{file}");
        assert_eq!(token.scope(), said["scope"].as_str(), "{file}");
        assert_eq!(token.expires_at(), Some(EPOCH.plus(said["expires_in"].as_i64().unwrap())), "{file}");
        assert_eq!(token.token_type(), TokenType::Bearer, "{file}");
    }
}

/// T-9449-03: a token that Keycloak bound to a key is spent by who has the key, and taken by nobody else.
#[tokio::test]
async fn bound_tokens_are_read() {
    let Some(keycloak) = keycloak().await else { return };
    let (answer, said) = recorded("token_dpop");
    let tokens = keycloak.tokens().dpop(Algorithm::ES256).build().await.unwrap();
    keycloak.0.answer(Document::Token, reply(&answer));
    let token = tokens.token().await.unwrap();
    assert_eq!(
        (token.expose(), token.token_type()),
        (said["access_token"].as_str().unwrap(), TokenType::Dpop)
    );
    assert!(keycloak.token(reply(&answer)).await.unwrap_err().to_string().contains("key"));
}

/// dialects a.5: each refusal by its code and sentence, with advice.
#[tokio::test]
async fn refusals_are_read() {
    let Some(keycloak) = keycloak().await else { return };
    let all = exchanges("keycloak-26.7.3/errors_token_endpoint.json").unwrap();
    assert!(all.len() >= 8);
    for exchange in all {
        let said: Value = serde_json::from_str(&exchange.body).unwrap();
        let words = |member: &str| said[member].as_str().unwrap().to_owned();
        let found = refused(keycloak.token(reply(&exchange)).await);
        assert_eq!(found, (words("error"), words("error_description")), "{}", exchange.name);
    }
}

/// dialects a.7, RFC 7662, RFC 7009: what is said about tokens, and of those that are given back.
#[tokio::test]
async fn introspection_and_revocation_are_read() {
    let Some(keycloak) = keycloak().await else { return };
    let place = Endpoint::parse(&keycloak.0.url(Document::Introspection)).unwrap();
    let auth = ClientAuth::client_secret_basic("rs1", "rs1secret".to_owned());
    let introspector = Introspector::at(Arc::new(HttpClient::default()), place, auth);
    let (answer, said) = recorded("introspect_active");
    keycloak.0.answer(Document::Introspection, reply(&answer));
    let IntrospectionResponse::Active(active) = introspector.introspect("t").await.unwrap() else {
        panic!("it is active")
    };
    assert_eq!(active.client_id.as_deref(), said["client_id"].as_str());
    assert_eq!(
        (active.iss.as_deref(), active.scope.as_deref()),
        (said["iss"].as_str(), said["scope"].as_str())
    );
    assert_eq!(active.aud, ["https://api.example.com", "rs1", "account"]);
    for exchange in exchanges("keycloak-26.7.3/introspect_inactive.json").unwrap() {
        keycloak.0.answer(Document::Introspection, reply(&exchange));
        let said = introspector.introspect("t").await;
        match exchange.status {
            200 => assert_eq!(said.unwrap(), IntrospectionResponse::Inactive, "{}", exchange.name),
            _ => assert!(said.is_err(), "{}: {said:?}", exchange.name),
        }
    }
    keycloak.0.restore(Document::Token);
    let _ = keycloak.0.client("svc").secret("secret");
    for exchange in exchanges("keycloak-26.7.3/revoke.json").unwrap() {
        keycloak.0.answer(Document::Revocation, reply(&exchange));
        let tokens = keycloak.tokens().build().await.unwrap();
        let done = tokens.revoke(&tokens.token().await.unwrap()).await;
        assert_eq!(done.is_ok(), exchange.status == 200, "{}: {done:?}", exchange.name);
    }
}

/// The issuer with Keycloak's metadata, where there are recordings.
async fn keycloak() -> Option<Replayed> {
    let metadata = exchanges("keycloak-26.7.3/well_known.json")?.pop().unwrap();
    let metadata = serde_json::from_str(&metadata.body).unwrap();
    Some(Replayed::start("/realms/myorg", metadata).await)
}

/// The one exchange of a file, and its answer, read.
fn recorded(file: &str) -> (Exchange, Value) {
    let exchange = exchanges(&format!("keycloak-26.7.3/{file}.json")).unwrap().pop().unwrap();
    let said = serde_json::from_str(&exchange.body).unwrap();
    (exchange, said)
}

/// The same answer, but for the headers that are those of its connection.
fn reply(exchange: &Exchange) -> Reply {
    let own = exchange
        .headers
        .iter()
        .filter(|(name, _)| !["content-length", "connection"].contains(&name.to_ascii_lowercase().as_str()));
    let reply = Reply::status(exchange.status).body("", exchange.body.clone());
    own.fold(reply, |reply, (name, value)| reply.header(name, value))
}
