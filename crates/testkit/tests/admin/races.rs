//! threats 4, "TOCTOU on role checks": commands at the same moment act one after the other.

use serde_json::json;

use crate::harness::Server;

/// Of many who take one name, one gets it, and the others are told.
#[tokio::test]
async fn one_takes_the_name() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let make = async |path: &str, body: serde_json::Value| {
        let made = (0..8).map(|_| root.post(path, body.clone()));
        let answers = futures_util::future::join_all(made).await;
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        (
            statuses.iter().filter(|status| **status == 201).count(),
            statuses.iter().filter(|status| **status == 409).count(),
        )
    };
    assert_eq!(make("/realms", json!({ "name": "x", "hosts": ["x.example"] })).await, (1, 7));
    assert_eq!(make("/realms/r/clients", json!({ "client_id": "x" })).await, (1, 7));
    assert_eq!(make("/realms/r/apis", json!({ "identifier": "x" })).await, (1, 7));
    assert_eq!(make("/realms/r/apis/x/scopes", json!({ "name": "x" })).await, (1, 7));
}

/// A number that is a limit is one for those who come together, too.
#[tokio::test]
async fn limits_hold_for_all_at_once() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.client("r", "svc").await;
    let made = (0..110).map(|_| root.post("/realms/r/clients/svc/secrets", json!({})));
    let answers = futures_util::future::join_all(made).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 99);
    let listed = root.get("/realms/r/clients/svc/secrets?limit=1000").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 100);
}

/// A scope that goes while it is being granted is granted to nobody.
#[tokio::test]
async fn a_scope_that_goes_is_granted_to_nobody() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.post("/realms/r/apis", json!({ "identifier": "a" })).await.expect(201);
    root.client("r", "svc").await;
    for round in 0..10 {
        root.post("/realms/r/apis/a/scopes", json!({ "name": "s" })).await.expect(201);
        let (granted, deleted) =
            tokio::join!(root.grant("r", "svc", "a", &["s"]), root.delete("/realms/r/apis/a/scopes/s"));
        assert_eq!(deleted.status, 204);
        assert!(granted.status.is_success() || granted.status == 400, "{}", granted.text);
        let client = root.get("/realms/r/clients/svc").await.expect(200);
        for grant in client["grants"].as_array().unwrap() {
            assert_eq!(grant["default"], json!([]), "round {round}");
        }
    }
}

/// Of two who change what both have read, one is told that it is not as it was.
#[tokio::test]
async fn if_match_lets_one_through() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let etag = root.get("/realms/r").await.header("etag").to_owned();
    let headers = [("if-match", etag.as_str())];
    let change = |seconds: i64| {
        root.call(http::Method::PATCH, "/realms/r", &headers, Some(json!({ "token_lifetime": seconds })))
    };
    let answers = futures_util::future::join_all((1..=6).map(change)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 412).count(), 5);
}
