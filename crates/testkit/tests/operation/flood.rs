//! Too many requests at a time.

use std::pin::Pin;
use std::time::Duration;

use axum::response::Response;
use countersign_server::{Admit, Overloaded, Work};
use countersign_testkit::{Request, TestServer};

struct Full;

impl Admit for Full {
    fn admit<'a>(
        &'a self,
        _: Work<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Overloaded>> + Send + 'a>> {
        Box::pin(async { Err(Overloaded { retry_after: Duration::from_millis(1) }) })
    }
}

/// Issue 3, item 14, threats 7: token requests are refused with Retry-After, in every dialect; all else is answered.
#[tokio::test]
async fn a_flood_is_refused_and_the_rest_answered() {
    let server = TestServer::with().admit(Full).default_realm("all").start().await;
    let dialects = ["keycloak", "auth0", "fidesops"].map(str::to_owned).to_vec();
    let new = countersign_proto::admin::NewRealm {
        name: "all".to_owned(),
        dialects: Some(dialects),
        ..Default::default()
    };
    server.realm(new).await;
    for path in [
        "/realms/all/oauth2/token",
        "/realms/all/protocol/openid-connect/token",
        "/oauth/token",
        "/api/v1/oauth/token",
    ] {
        let request = Request::post(path).basic("a", "b").raw_form("grant_type=client_credentials");
        let answer = request.send(&server).await;
        assert_eq!(answer.refusal(), "503 temporarily_unavailable", "{path}");
        assert_eq!(answer.header("retry-after"), Some("1"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    for path in
        ["/realms/all/oauth2/jwks", "/realms/all/.well-known/openid-configuration", "/.well-known/jwks.json"]
    {
        assert_eq!(Request::get(path).send(&server).await.status, 200, "{path}");
    }
    assert!(server.ops("/metrics").await.text().contains(r#"reason="overloaded""#));
}

/// A body that is too large or never comes is judged before the gate, and holds no place inside.
#[tokio::test]
async fn the_gate_is_behind_the_body() {
    let server = TestServer::with().admit(Full).start().await;
    server.orders().await;
    let body = "a".repeat(70_000);
    let answer = Request::post("/realms/myorg/oauth2/token").raw_form(&body).send(&server).await;
    assert_eq!(answer.status, 413);
}
