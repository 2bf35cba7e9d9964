//! A client that must get no token gets none through any door.

use countersign_issuer::admin::Administrator;
use countersign_proto::admin::{Change, ClientPatch, NewRealm, RealmPatch};
use countersign_proto::time::UnixTime;
use countersign_testkit::{Request, TestServer};

const DOORS: [&str; 4] = [
    "/realms/all/oauth2/token",
    "/realms/all/protocol/openid-connect/token",
    "/oauth/token",
    "/api/v1/oauth/token",
];

async fn statuses(server: &TestServer, secret: &str) -> Vec<u16> {
    let pairs = [("grant_type", "client_credentials"), ("client_id", "svc"), ("client_secret", secret)];
    let mut statuses = Vec::new();
    for door in DOORS {
        statuses.push(Request::post(door).form(&pairs).send(server).await.status.as_u16());
    }
    statuses
}

/// threats 3, "disabled client / deleted client still gets tokens in some path".
#[tokio::test]
async fn no_door_is_forgotten() {
    let server = TestServer::with().default_realm("all").start().await;
    let dialects = ["keycloak", "auth0", "fidesops"].map(str::to_owned).to_vec();
    let new = NewRealm { name: "all".to_owned(), dialects: Some(dialects), ..NewRealm::default() };
    server.realm(new).await;
    let secret = server.client("all", "svc").await;
    server.grant("all", "svc", "default", &[], &[]).await;
    let good = vec![200; 4];
    assert_eq!(statuses(&server, &secret).await, good);

    let enabled = |on| ClientPatch { enabled: Change::Set(on), ..ClientPatch::default() };
    server.update_client("all", "svc", enabled(false)).await;
    assert_eq!(statuses(&server, &secret).await, [401; 4]);
    server.update_client("all", "svc", enabled(true)).await;
    assert_eq!(statuses(&server, &secret).await, good);

    let ends = Change::Set(UnixTime(TestServer::EPOCH.0 + 10));
    server.update_client("all", "svc", ClientPatch { expires_at: ends, ..ClientPatch::default() }).await;
    server.clock().advance(10);
    assert_eq!(statuses(&server, &secret).await, [401; 4]);
    server.clock().advance(-10);

    let enabled = |on| RealmPatch { enabled: Change::Set(on), ..RealmPatch::default() };
    server.update_realm("all", enabled(false)).await;
    assert_eq!(statuses(&server, &secret).await, [401, 403, 401, 401]);
    server.update_realm("all", enabled(true)).await;
    assert_eq!(statuses(&server, &secret).await, good);

    let by = Administrator::offline("test");
    let client = server.issuer().read_client(&by, "all", "svc").await.unwrap().body;
    let only = &client.secrets[0].id;
    server.issuer().delete_secret(&by, "all", "svc", only, None).await.unwrap();
    assert_eq!(statuses(&server, &secret).await, [401; 4]);

    server.delete_client("all", "svc").await;
    assert_eq!(statuses(&server, &secret).await, [401; 4]);
}
