//! §5.2, the error answer.

use countersign_testkit::{Request, TestServer};

/// T-6749-17, T-6749-20: errors are JSON that nobody keeps, and name the scheme where Basic was used.
#[tokio::test]
async fn errors_are_json_and_not_kept() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let wrong = server.token("myorg", "svc", "wrong", &[]).await;
    assert_eq!(wrong.header("www-authenticate"), Some("Basic realm=\"myorg\""));
    let scope = server.token("myorg", "svc", &secret, &[("scope", "no")]).await;
    assert_eq!(scope.header("www-authenticate"), None);
    for answer in [wrong, scope] {
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("pragma"), Some("no-cache"));
        assert!(!answer.str("error_description").is_empty());
        assert_eq!(answer.json().as_object().unwrap().len(), 2);
    }
}

/// T-6749-21: whatever is sent, what comes back holds only the allowed bytes.
#[tokio::test]
async fn nothing_is_reflected_outside_the_allowed_bytes() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let hostile = "<script>\"\\\r\n\u{0}é\u{202e}😀";
    for name in ["scope", "resource", "audience"] {
        let answer = server.token("myorg", "svc", &secret, &[(name, hostile)]).await;
        let told = answer.str("error_description");
        assert!(
            told.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)),
            "{name}: {told:?}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    let grant = [("grant_type", hostile)];
    let path = "/realms/myorg/oauth2/token";
    let answer = Request::post(path).basic("svc", &secret).form(&grant).send(&server).await;
    assert!(!answer.text().contains("<script"));
}
