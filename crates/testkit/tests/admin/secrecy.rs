//! threats 4, "secrets, tokens in logs": a canary in every place where a secret goes in, sought in all that comes out.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::harness::Server;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A secret is shown once, when it is made, and nowhere else: no list, no audit record, no error, no log line.
#[tokio::test]
async fn a_secret_is_shown_once() {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // Of the whole test binary: tracing forgets a subscriber of one thread when another thread logs first.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let given = "CANARY-given-0123456789-abcdefghij";
    let made = root.post("/realms/r/clients", json!({ "client_id": "c", "secret": given })).await.expect(201);
    assert_eq!(made["secret"], given);
    let second = root.post("/realms/r/clients/c/secrets", json!({})).await.expect(201);
    let third = root
        .post("/realms/r/clients/c/secrets", json!({ "secret": "CANARY-third-0123456789" }))
        .await
        .expect(201);
    let secrets = [
        given,
        second["secret"].as_str().unwrap(),
        third["secret"].as_str().unwrap(),
        server.root_secret(),
        "CANARY",
    ];
    root.grant("r", "c", "default", &[]).await.expect(201);
    server.token("r", "c", given, "").await.expect(200);
    let mut seen = String::new();
    for bad in [
        json!({ "secret": "CANARY" }),
        json!({ "secret": ["CANARY-in-a-list-0123456789"] }),
        json!({ "secret": { "CANARY": 1 } }),
        json!({ "client_id": "c", "secret": "CANARY-conflict-0123456789" }),
        json!({ "secret": given, "name": 7 }),
    ] {
        let answer = root.post("/realms/r/clients", bad).await;
        assert!(answer.status.is_client_error());
        seen.push_str(&answer.text);
    }
    for path in [
        "/realms",
        "/realms/r",
        "/realms/r/clients",
        "/realms/r/clients/c",
        "/realms/r/clients/c/secrets",
        "/realms/r/audit",
        "/realms/system/audit",
        "/realms/system/clients",
        "/realms/r/keys",
    ] {
        seen.push_str(&root.get(path).await.text);
    }
    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/admin/v1/realms/{realm}/clients"), "the log was captured:\n{log}");
    for secret in secrets.into_iter().chain([root.token.as_str()]) {
        assert!(!seen.contains(secret), "an answer shows {secret}");
        assert!(!log.contains(secret), "the log shows {secret}");
    }
}
