//! The second listener.

use countersign_testkit::{Request, TestServer};

/// Issue 3, item 14: alive always, ready while it serves; not on the first listener.
#[tokio::test]
async fn ready_while_it_serves() {
    let server = TestServer::start().await;
    assert_eq!(
        (server.ops("/livez").await.status, server.ops("/readyz").await.status),
        (200.try_into().unwrap(), 200.try_into().unwrap())
    );
    server.readiness().not_serving();
    assert_eq!(server.ops("/readyz").await.status, 503);
    assert_eq!(server.ops("/livez").await.status, 200);
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(Request::get(path).send(&server).await.status, 404, "{path}");
    }
}

/// Issue 3, item 14: requests, tokens, refusals by their true reason, sizes; labels from bounded sets.
#[tokio::test]
async fn counts_what_happens() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    for _ in 0..3 {
        server.token("myorg", "svc", &secret, &[]).await;
    }
    server.token("myorg", "svc", "wrong", &[]).await;
    server.token("myorg", "nobody", "wrong", &[]).await;
    for n in 0..20 {
        Request::get(format!("/made-up/{n}")).send(&server).await;
        server.token(&format!("made-up-{n}"), "svc", &secret, &[]).await;
    }
    let text = server.ops("/metrics").await.text().to_owned();
    for line in [
        r#"countersign_tokens_issued_total{realm="myorg",profile="rfc9068",door="native"} 3"#,
        r#"countersign_refusals_total{reason="wrong_secret",door="native"} 1"#,
        r#"countersign_refusals_total{reason="unknown_client",door="native"} 1"#,
        r#"countersign_requests_total{endpoint="/realms/{realm}/oauth2/token",status="200"} 3"#,
        r#"countersign_requests_total{endpoint="unmatched",status="404"} 20"#,
        "countersign_token_requests_in_work 0",
        "countersign_realms 2",
        "# EOF",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(!text.contains("made-up") && !text.contains("nobody"), "only bounded labels");
    assert!(text.contains("countersign_request_seconds_bucket"));
}
