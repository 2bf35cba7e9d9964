//! §5.1, the successful answer.

use countersign_testkit::TestServer;

/// T-6749-17: members, media type, and that nobody keeps it.
#[tokio::test]
async fn the_answer_is_complete_and_not_kept() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let answer = server.token("myorg", "svc", &secret, &[]).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    let json = answer.json();
    assert_eq!((json["token_type"].as_str(), json["expires_in"].as_i64()), (Some("Bearer"), Some(3600)));
    let claims = answer.claims();
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    assert_eq!(claims["iat"].as_i64(), Some(TestServer::EPOCH.0));
    assert_eq!(answer.header("access-control-allow-origin"), None);
}
