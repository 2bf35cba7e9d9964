//! Answers of Auth0's shape (dialects b.1, b.2, b.4, b.6), read by our client.

use std::time::Duration;

use countersign_client::TokenError;
use countersign_testkit::clock::EPOCH;
use countersign_testkit::issuer::{Document, Reply};
use serde_json::{Value, json};

use crate::replayed::{Replayed, refused};

/// dialects b.6: the issuer ends with a slash, there is no introspection, and nobody is told of `client_credentials`.
async fn tenant() -> Replayed {
    let metadata = json!({
        "issuer": "https://tenant.eu.auth0.com/",
        "authorization_endpoint": "https://tenant.eu.auth0.com/authorize",
        "token_endpoint": "https://tenant.eu.auth0.com/oauth/token",
        "device_authorization_endpoint": "https://tenant.eu.auth0.com/oauth/device/code",
        "userinfo_endpoint": "https://tenant.eu.auth0.com/userinfo",
        "mfa_challenge_endpoint": "https://tenant.eu.auth0.com/mfa/challenge",
        "jwks_uri": "https://tenant.eu.auth0.com/.well-known/jwks.json",
        "registration_endpoint": "https://tenant.eu.auth0.com/oidc/register",
        "revocation_endpoint": "https://tenant.eu.auth0.com/oauth/revoke",
        "scopes_supported": ["openid", "profile", "offline_access"],
        "response_types_supported": ["code", "token", "id_token", "code token", "code id_token token"],
        "code_challenge_methods_supported": ["S256", "plain"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "RS384", "PS256"],
        "request_uri_parameter_supported": false,
    });
    let tenant = Replayed::start("/", metadata).await;
    assert!(tenant.0.issuer().ends_with('/'));
    tenant
}

/// dialects b.2: with granted scopes and, where there are none, without the member.
#[tokio::test]
async fn tokens_are_read() {
    let tenant = tenant().await;
    for scope in [None, Some("read:x create:y")] {
        let mut said = json!({ "access_token": "eyJ.a.b", "expires_in": 86_400, "token_type": "Bearer" });
        said.as_object_mut().unwrap().extend(scope.map(|scope| ("scope".to_owned(), json!(scope))));
        let reply =
            Reply::json(&said).header("x-ratelimit-remaining", "99").header("cache-control", "no-store");
        let token = tenant.token(reply).await.unwrap();
        assert_eq!((token.expose(), token.scope()), ("eyJ.a.b", scope));
        assert_eq!(token.expires_at(), Some(EPOCH.plus(86_400)));
    }
}

/// dialects b.1: the JSON that its documentation shows, and nothing else in it.
#[tokio::test]
async fn the_request_is_the_documented_json() {
    let tenant = tenant().await;
    let said = json!({ "access_token": "t", "expires_in": 86_400, "token_type": "Bearer" });
    tenant.0.answer(Document::Token, Reply::json(&said));
    let auth = countersign_client::ClientAuth::client_secret_post("app", "s&\"t".to_owned());
    let tokens = tenant.tokens().auth(auth).json_body().audience("https://my-api/").build().await.unwrap();
    tokens.token().await.unwrap();
    let sent = tenant.0.received(Document::Token).pop().unwrap();
    assert_eq!(sent.header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_slice(&sent.body).unwrap();
    let expected = json!({
        "grant_type": "client_credentials", "client_id": "app", "client_secret": "s&\"t", "audience": "https://my-api/",
    });
    assert_eq!(body, expected);
    let two = tenant.tokens().json_body().audience("a").audience("b").build_unasked().unwrap();
    assert!(
        matches!(two.token().await, Err(TokenError::Misconfigured(error)) if error.setting() == "json_body")
    );
    assert_eq!(tenant.0.count(Document::Token), 1);
}

/// dialects b.4: refusals in its statuses and words, which are not those of RFC 6749; none is asked again.
#[tokio::test]
async fn refusals_are_read() {
    let tenant = tenant().await;
    let not_granted = "Client is not authorized to access \"https://my-api/\". You need to create a \"client-grant\" \
        associated to this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants";
    let all = [
        (401, "access_denied", "Unauthorized"),
        (401, "invalid_client", "Client authentication failed"),
        (403, "access_denied", "Service not enabled within domain: https://nope"),
        (403, "access_denied", not_granted),
        (403, "access_denied", "Client has not been granted scopes: a, b"),
        (403, "access_denied", "Non-global clients are not allowed access to APIv1"),
        (403, "unauthorized_client", "Grant type 'client_credentials' not allowed for the client."),
        (403, "unsupported_grant_type", "Unsupported grant type: x"),
        (400, "invalid_request", "Missing required parameter: grant_type"),
    ];
    for (status, error, description) in all {
        let said = json!({ "error": error, "error_description": description, "error_uri": "https://auth0.com/docs" });
        let reply = Reply::status(status).body("application/json", said.to_string());
        // quotation marks are made simple, for messages are quoted themselves
        let shown = description.replace('"', "'");
        assert_eq!(refused(tenant.token(reply).await), (error.to_owned(), shown));
    }
    assert_eq!(tenant.0.count(Document::Token), all.len() as u64);
}

/// dialects b.4: beyond the quota the client waits as long as it is told, and is not to blame.
#[tokio::test]
async fn a_quota_is_waited_for() {
    let tenant = tenant().await;
    let said = json!({ "error": "too_many_requests", "error_description": "Client quota exceeded" });
    let reply = Reply::status(429)
        .body("application/json", said.to_string())
        .header("retry-after", "7")
        .header("x-ratelimit-reset", "1767225607")
        .header("auth0-client-quota-limit", "b=per_hour;q=100;r=0;t=7");
    let error = tenant.token(reply).await.unwrap_err();
    assert!(matches!(error, TokenError::Unreachable(_)), "{error}");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}
