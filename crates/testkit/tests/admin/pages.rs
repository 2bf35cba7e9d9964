//! Lists: complete, in order, with cursors that are ours alone.

use serde_json::json;

use crate::harness::{Caller, Server};

/// Follows `next` to the end.
async fn all(root: &Caller<'_>, path: &str, limit: usize, key: &str) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = root.get(&format!("{path}?limit={limit}{cursor}")).await.expect(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        seen.extend(items.iter().map(|item| item[key].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

/// Issue 3, item 10: every list is complete, whatever its limit.
#[tokio::test]
async fn every_list_is_complete() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let scopes: Vec<_> = (0..7).map(|n| json!({ "name": format!("s{n}") })).collect();
    for n in 0..7 {
        root.realm(json!({ "name": format!("realm-{n}") })).await;
        root.post("/realms/r/apis", json!({ "identifier": format!("api-{n}"), "scopes": scopes }))
            .await
            .expect(201);
        root.client("r", &format!("client-{n}")).await;
        root.grant("r", "client-0", &format!("api-{n}"), &[]).await.expect(201);
        root.post("/realms/r/clients/client-0/secrets", json!({})).await.expect(201);
        root.post("/realms/r/keys", json!({ "algorithm": "EdDSA" })).await.expect(201);
    }
    for (path, key, count) in [
        ("/realms", "name", 9),
        ("/realms/r/apis", "identifier", 9),
        ("/realms/r/apis/api-3/scopes", "name", 7),
        ("/realms/r/clients", "client_id", 7),
        ("/realms/r/clients/client-0/grants", "api", 7),
        ("/realms/r/clients/client-0/secrets", "id", 8),
        ("/realms/r/keys", "kid", 8),
        ("/realms/r/audit", "id", 36),
    ] {
        let whole = all(&root, path, 1000, key).await;
        assert_eq!(whole.len(), count, "{path}: {whole:?}");
        let mut once = whole.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), count, "{path} shows nothing twice");
        for limit in [1, 3, count, count + 1] {
            assert_eq!(all(&root, path, limit, key).await, whole, "{path} by {limit}");
        }
        for query in ["limit=0", "limit=1001", "limit=x", "limit=-1", "limit=", "limit=1&limit=2"] {
            root.get(&format!("{path}?{query}")).await.problem(400, "limit");
        }
        for cursor in ["x", "", "AAAA", "Y2xpZW50czph%3D", "Zm9yZWlnbjph"] {
            root.get(&format!("{path}?cursor={cursor}")).await.problem(400, "cursor");
        }
        root.get(&format!("{path}?page=2")).await.problem(400, "page");
    }
}

/// A cursor of one list opens no other; one whose item is gone goes on behind it.
#[tokio::test]
async fn cursors_are_of_one_list() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    for id in ["a", "b", "c"] {
        root.client("r", id).await;
    }
    let page = root.get("/realms/r/clients?limit=2").await.expect(200);
    let next = page["next"].as_str().unwrap();
    root.get(&format!("/realms/r/apis?cursor={next}")).await.problem(400, "cursor");
    root.get(&format!("/realms/r/audit?cursor={next}")).await.problem(400, "cursor");
    root.delete("/realms/r/clients/b").await.expect(204);
    let rest = root.get(&format!("/realms/r/clients?cursor={next}")).await.expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!((&rest["items"][0]["client_id"], &rest["next"]), (&json!("c"), &json!(null)));
}

/// What no name can be is refused before a database is asked, which may not even take such a byte: shown by one that is
/// away.
#[tokio::test]
async fn impossible_names_reach_no_database() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    server.outage().begin();
    root.get("/realms/%00/audit").await.problem(404, "");
    root.get("/realms/r/clients/%00").await.problem(404, "");
    // clients:\0
    root.get("/realms/r/clients?cursor=Y2xpZW50czoA").await.problem(400, "cursor");
    assert_eq!(root.get("/realms/gone/audit").await.status, 503, "what a name can be does");
}
