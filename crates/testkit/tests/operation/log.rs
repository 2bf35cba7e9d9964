//! What the log says, and what it never says.

use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_testkit::{Request, TestServer};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

/// Everything that this process logs, at every level, of every crate.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn all() -> &'static Self {
        static ALL: OnceLock<Captured> = OnceLock::new();
        ALL.get_or_init(|| {
            let captured = Self::default();
            let subscriber = tracing_subscriber::fmt()
                .json()
                .with_max_level(tracing::Level::TRACE)
                .with_writer(captured.clone())
                .finish();
            tracing::subscriber::set_global_default(subscriber).unwrap();
            captured
        })
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines of one request, those of the access log.
    fn access(&self, request_id: &str) -> Vec<Value> {
        let lines: Vec<Value> = self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let ours = |line: &&Value| {
            line["target"] == "countersign::access" && line["fields"]["request_id"] == request_id
        };
        lines.iter().filter(ours).cloned().collect()
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Issue 3, item 14: one line a request, with what an operator needs, the true reason of a refusal among it.
#[tokio::test]
async fn one_line_a_request() {
    let log = Captured::all();
    let server = TestServer::with().trusted_proxy("127.0.0.0/8").start().await;
    let secret = server.orders().await;
    for (id, who, what, status, client, reason) in [
        ("log-good", "svc", secret.as_str(), 200, json!("svc"), Value::Null),
        ("log-wrong", "svc", "wrong", 401, Value::Null, json!("wrong_secret")),
        ("log-nobody", "nobody", "wrong", 401, Value::Null, json!("unknown_client")),
    ] {
        let request = Request::post("/realms/myorg/oauth2/token?hint=CANARYQUERY").header("x-request-id", id);
        request.basic(who, what).raw_form("grant_type=client_credentials").send(&server).await;
        let lines = log.access(id);
        assert_eq!(lines.len(), 1, "{id}: {lines:?}");
        let fields = &lines[0]["fields"];
        assert_eq!((&fields["method"], &fields["status"]), (&json!("POST"), &json!(status)));
        assert_eq!(
            (&fields["route"], &fields["realm"]),
            (&json!("/realms/{realm}/oauth2/token"), &json!("myorg"))
        );
        assert_eq!((&fields["client"], &fields["reason"]), (&client, &reason), "{id}");
        assert!(fields["us"].is_u64() && fields["source"] == "127.0.0.1");
    }
    assert!(!log.text().contains("CANARYQUERY"));
}

/// Issue 3, item 14: the dialects tell as much, client management and bodies that were not read among it.
#[tokio::test]
async fn dialects_tell_as_much() {
    let log = Captured::all();
    let server = TestServer::with().default_realm("doors").trusted_proxy("127.0.0.0/8").start().await;
    server.plain_realm("doors", "rfc9068", Some("fidesops")).await;
    let dialects = ["keycloak", "fidesops"].map(str::to_owned).to_vec();
    let patch = countersign_proto::admin::RealmPatch {
        dialects: countersign_proto::admin::Change::Set(dialects),
        ..Default::default()
    };
    server.update_realm("doors", patch).await;
    let (id, secret) = server.root();
    let pairs = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    let root = Request::post("/api/v1/oauth/token").form(&pairs).send(&server).await.token();
    let root_id = format!("{id}@system");
    let large = "x".repeat(70_000);
    let (client, scope) = ("/api/v1/oauth/client", "/api/v1/oauth/scope");
    for (id, request, status, client, reason) in [
        ("door-a", Request::get(client), 401, None, Some("no_token")),
        ("door-b", Request::get(client).bearer("a.b.c"), 403, None, Some("token_malformed")),
        ("door-c", Request::get(scope).bearer(&root), 200, Some(&root_id), None),
        (
            "door-d",
            Request::get("/api/v1/oauth/client/x").bearer(&root),
            404,
            Some(&root_id),
            Some("no_such_client"),
        ),
        ("door-e", Request::post("/api/v1/oauth/token").raw_form(&large), 413, None, Some("body_not_read")),
        (
            "door-f",
            Request::post("/realms/doors/protocol/openid-connect/token").raw_form(&large),
            413,
            None,
            Some("body_not_read"),
        ),
    ] {
        assert_eq!(request.header("x-request-id", id).send(&server).await.status, status, "{id}");
        let fields = &log.access(id)[0]["fields"];
        assert_eq!(
            (&fields["realm"], &fields["client"], &fields["reason"]),
            (&json!("doors"), &json!(client), &json!(reason)),
            "{id}"
        );
    }
    let metrics = server.ops("/metrics").await;
    assert!(metrics.text().contains(r#"reason="token_malformed",door="fidesops""#), "{}", metrics.text());
}

/// threats 4, "secrets, tokens, assertions in logs": none, at any level, of any crate, however requests go wrong.
#[tokio::test]
async fn no_secret_is_ever_logged() {
    let log = Captured::all();
    let server = TestServer::with().default_realm("myorg").start().await;
    let secret = server.orders().await;
    let dialects = ["keycloak", "auth0", "fidesops"].map(str::to_owned).to_vec();
    let patch = countersign_proto::admin::RealmPatch {
        dialects: countersign_proto::admin::Change::Set(dialects),
        ..Default::default()
    };
    server.update_realm("myorg", patch).await;
    let mut canaries = vec![secret.clone(), server.root().1.to_owned(), "CANARYSECRET".to_owned()];
    canaries.push(STANDARD.encode(format!("svc:{secret}")));
    for path in [
        "/realms/myorg/oauth2/token",
        "/realms/myorg/protocol/openid-connect/token",
        "/oauth/token",
        "/api/v1/oauth/token",
    ] {
        for secret in [secret.as_str(), "CANARYSECRET"] {
            let pairs =
                [("grant_type", "client_credentials"), ("client_id", "svc"), ("client_secret", secret)];
            let by_form = Request::post(path).form(&pairs).send(&server).await;
            let grant = [("grant_type", "client_credentials")];
            let by_basic = Request::post(path).basic("svc", secret).form(&grant).send(&server).await;
            for answer in [by_form, by_basic] {
                if answer.status == 200 {
                    canaries.push(answer.token());
                }
            }
            let object =
                json!({"grant_type": "client_credentials", "client_id": "svc", "client_secret": secret});
            Request::post(path).json(&object).send(&server).await;
            let in_url = format!("{path}?client_secret={secret}");
            Request::post(in_url)
                .raw_form(&format!("client_secret={secret}&client_secret=%zz"))
                .send(&server)
                .await;
        }
    }
    let root = server.root_token().await;
    Request::get("/admin/v1/realms").bearer(&root).send(&server).await;
    Request::get("/api/v1/oauth/client").bearer(&root).send(&server).await;
    let made = Request::post("/admin/v1/realms/myorg/clients").bearer(&root);
    let made =
        made.json(&json!({"client_id": "new", "secret": "CANARYSECRET and sixteen"})).send(&server).await;
    assert_eq!(made.status, 201, "{}", made.text());
    canaries.push(root);
    server.outage().begin();
    server.token("myorg", "unknown", "CANARYSECRET", &[]).await;
    server.outage().end();
    let text = log.text();
    assert!(text.contains("countersign::access") && canaries.len() > 8);
    for canary in canaries {
        assert!(!text.contains(&canary), "{canary} is in the log");
    }
    let metrics = server.ops("/metrics").await;
    assert!(!metrics.text().contains("CANARY"));
}
