//! RFC 8707, resource indicators, and `audience`, Auth0's name for them.

use countersign_testkit::TestServer;

async fn two_apis() -> (TestServer, String) {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    server.api("myorg", "https://stock.example", &["stock:read"]).await;
    server.api("myorg", "https://closed.example", &["closed:read"]).await;
    server.grant("myorg", "svc", "https://stock.example", &["stock:read"], &[]).await;
    (server, secret)
}

/// T-8707-01: absolute, without fragment, known, and this client's own; afterwards its own APIs are told.
#[tokio::test]
async fn bad_targets_are_refused() {
    let (server, secret) = two_apis().await;
    for resource in [
        "orders.example",
        "/orders",
        "https://orders.example#f",
        "https://nowhere.example",
        "https://closed.example",
        "https://orders.example/",
        "HTTPS://orders.example",
    ] {
        let answer = server.token("myorg", "svc", &secret, &[("resource", resource)]).await;
        assert_eq!(answer.refusal(), "400 invalid_target", "{resource}");
    }
    let answer = server.token("myorg", "svc", &secret, &[("resource", "https://nowhere.example")]).await;
    let told = answer.str("error_description");
    assert!(told.contains("https://orders.example") && told.contains("https://stock.example"), "{told}");
    assert!(!told.contains("https://closed.example"), "{told}");
}

/// T-8707-02: exactly one audience, the one asked for; two APIs in one request are refused.
#[tokio::test]
async fn a_token_is_for_one_api() {
    let (server, secret) = two_apis().await;
    for name in ["resource", "audience"] {
        let answer = server.token("myorg", "svc", &secret, &[(name, "https://stock.example")]).await;
        assert_eq!(answer.claims()["aud"], "https://stock.example");
        assert_eq!(answer.str("scope"), "stock:read");
    }
    let (stock, orders) = ("https://stock.example", "https://orders.example");
    for pairs in [[("resource", stock), ("resource", orders)], [("resource", stock), ("audience", orders)]] {
        assert_eq!(server.token("myorg", "svc", &secret, &pairs).await.refusal(), "400 invalid_target");
    }
    let same = [("resource", stock), ("resource", stock), ("audience", stock)];
    assert_eq!(server.token("myorg", "svc", &secret, &same).await.status, 200);
}

/// T-8707-02: scopes mean something only at their own API.
#[tokio::test]
async fn scopes_belong_to_their_api() {
    let (server, secret) = two_apis().await;
    let pairs = [("resource", "https://stock.example"), ("scope", "orders:read")];
    assert_eq!(server.token("myorg", "svc", &secret, &pairs).await.refusal(), "400 invalid_scope");
}

/// T-8707-03: without a target, the client's default API: its first grant; never all, never none.
#[tokio::test]
async fn without_a_target_it_is_the_default_api() {
    let (server, secret) = two_apis().await;
    assert_eq!(server.token("myorg", "svc", &secret, &[]).await.claims()["aud"], "https://orders.example");
    let lonely = server.client("myorg", "lonely").await;
    assert_eq!(server.token("myorg", "lonely", &lonely, &[]).await.refusal(), "400 invalid_target");
    server.scope("myorg", "default", "ping").await;
    server.grant("myorg", "lonely", "default", &["ping"], &[]).await;
    let answer = server.token("myorg", "lonely", &lonely, &[]).await;
    assert_eq!(answer.claims()["aud"], format!("{}/realms/myorg/api", server.public_url()));
}
