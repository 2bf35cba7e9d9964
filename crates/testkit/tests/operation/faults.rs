//! When we are broken.

use std::pin::Pin;

use axum::response::Response;
use countersign_server::{Admit, Overloaded, Work};
use countersign_testkit::{Request, TestServer};

/// threats 7: the database is away: tokens come from memory, a client that is not there gets 503 and never a refusal.
#[tokio::test]
async fn without_a_database_tokens_come_from_memory() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    server.issuer().load_clients().await.unwrap();
    server.outage().begin();
    assert_eq!(server.token("myorg", "svc", &secret, &[]).await.status, 200);
    assert_eq!(server.token("myorg", "svc", "wrong", &[]).await.refusal(), "401 invalid_client");
    assert_eq!(server.ops("/readyz").await.status, 200);
}

/// threats 7, threats 3 "storage error treated as success": what memory cannot answer is 503 with Retry-After, in every
/// dialect, and the cause is nobody's business.
#[tokio::test]
async fn what_memory_cannot_answer_is_503() {
    let server = TestServer::with().max_clients(1).default_realm("myorg").start().await;
    let secret = server.orders().await;
    let dialects = ["keycloak", "auth0", "fidesops"].map(str::to_owned).to_vec();
    let patch = countersign_proto::admin::RealmPatch {
        dialects: countersign_proto::admin::Change::Set(dialects),
        ..Default::default()
    };
    server.update_realm("myorg", patch).await;
    for n in 0..200 {
        server.client("myorg", &format!("other{n}")).await;
    }
    server.issuer().load_clients().await.unwrap();
    server.outage().begin();
    let pairs =
        [("grant_type", "client_credentials"), ("client_id", "nobody-at-all"), ("client_secret", &secret)];
    for path in [
        "/realms/myorg/oauth2/token",
        "/realms/myorg/protocol/openid-connect/token",
        "/oauth/token",
        "/api/v1/oauth/token",
    ] {
        let answer = Request::post(path).form(&pairs).send(&server).await;
        assert_eq!(answer.refusal(), "503 temporarily_unavailable", "{path}");
        assert_eq!(answer.header("retry-after"), Some("1"), "{path}");
        assert!(!answer.text().contains("TOPSECRETCAUSE"), "{path}");
    }
    server.outage().end();
    assert_eq!(server.token("myorg", "svc", &secret, &[]).await.status, 200);
}

struct Panics;

impl Admit for Panics {
    fn admit<'a>(
        &'a self,
        _: Work<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Overloaded>> + Send + 'a>> {
        panic!("a secret cause")
    }
}

/// Issue 3, item 14: a panic is a 500 that says nothing, with its id, and the server goes on.
#[tokio::test]
async fn a_panic_ends_one_request() {
    let server = TestServer::with().admit(Panics).start().await;
    let secret = server.orders().await;
    for _ in 0..2 {
        let answer = server.token("myorg", "svc", &secret, &[]).await;
        assert_eq!(answer.refusal(), "500 server_error");
        assert!(!answer.text().contains("secret cause") && answer.header("x-request-id").is_some());
    }
    assert_eq!(Request::get("/realms/myorg/oauth2/jwks").send(&server).await.status, 200);
    assert!(server.ops("/metrics").await.text().contains("countersign_faults_total 2"));
}
