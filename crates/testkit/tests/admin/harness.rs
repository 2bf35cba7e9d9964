//! A server, and callers of its admin API.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_issuer::clock::Clock as _;
use countersign_testkit::{Request, TestClock, TestServer};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

/// What the server says of itself.
pub(crate) const PUBLIC_URL: &str = "http://localhost:8080";

/// A server.
pub(crate) struct Server(TestServer);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Answer {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body of a success with this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.body
    }

    /// Asserts a problem with this status and field (`""` for none), and returns its detail.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, field: &str) -> &str {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["field"].as_str().unwrap_or_default(), field, "{}", self.text);
        assert!(self.body["type"].as_str().unwrap().starts_with("/problems/"));
        assert!(!self.body["title"].as_str().unwrap().is_empty());
        assert_eq!(self.body["request_id"].as_str().unwrap(), self.header("x-request-id"));
        self.body["detail"].as_str().unwrap()
    }
}

impl Server {
    /// Starts a server with a root client.
    pub(crate) async fn start() -> Self {
        let server = TestServer::with().public_url(PUBLIC_URL).start().await;
        server.issuer().load_clients().await.unwrap();
        Self(server)
    }

    /// Its clock.
    pub(crate) fn clock(&self) -> &TestClock {
        self.0.clock()
    }

    /// The switch of its database.
    pub(crate) fn outage(&self) -> &countersign_testkit::outage::Outage {
        self.0.outage()
    }

    /// Seconds since 1970 by its clock.
    pub(crate) fn now(&self) -> i64 {
        self.clock().now().0
    }

    /// Writes when secrets were last used, as the server does once a minute.
    pub(crate) async fn flush_uses(&self) {
        self.0.issuer().flush_uses().await;
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request) -> Answer {
        let answer = request.send(&self.0).await;
        let text = answer.text().to_owned();
        Answer {
            status: answer.status,
            headers: answer.headers,
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
        }
    }

    /// A caller with this token.
    pub(crate) fn with(&self, token: impl Into<String>) -> Caller<'_> {
        Caller { server: self, token: token.into() }
    }

    /// Root's secret.
    pub(crate) fn root_secret(&self) -> &str {
        self.0.root().1
    }

    /// Root, with a fresh token.
    pub(crate) async fn root(&self) -> Caller<'_> {
        self.with(self.0.root_token().await)
    }

    /// Asks for a token; `more` is form-encoded.
    pub(crate) async fn token(&self, realm: &str, id: &str, secret: &str, more: &str) -> Answer {
        let body = format!("grant_type=client_credentials{}{more}", if more.is_empty() { "" } else { "&" });
        let request = Request::post(format!("/realms/{realm}/oauth2/token")).basic(id, secret);
        self.send(request.raw_form(&body)).await
    }
}

/// Somebody who calls the admin API.
#[derive(Clone)]
pub(crate) struct Caller<'s> {
    pub(crate) server: &'s Server,
    pub(crate) token: String,
}

impl Caller<'_> {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, &[], Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, &[], Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, &[], None).await
    }

    /// `path` is below `/admin/v1`.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::new(method, format!("/admin/v1{path}")).bearer(&self.token);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.server.send(request).await
    }

    /// Makes a realm and returns what was answered.
    pub(crate) async fn realm(&self, body: Value) -> Value {
        self.post("/realms", body).await.expect(201)
    }

    /// Makes a client and returns its secret.
    pub(crate) async fn client(&self, realm: &str, client_id: &str) -> String {
        let made = self
            .post(&format!("/realms/{realm}/clients"), json!({ "client_id": client_id }))
            .await
            .expect(201);
        made["secret"].as_str().unwrap().to_owned()
    }

    /// Grants scopes by default.
    pub(crate) async fn grant(&self, realm: &str, client_id: &str, api: &str, scopes: &[&str]) -> Answer {
        let path = format!("/realms/{realm}/clients/{client_id}/grants/{api}");
        self.put(&path, json!({ "default": scopes, "optional": [] })).await
    }

    /// Makes a client with these rights to administer `realm`, and returns it as a caller with a token.
    pub(crate) async fn administrator(&self, realm: &str, client_id: &str, rights: &[&str]) -> Caller<'_> {
        let secret = self.client(realm, client_id).await;
        let status = self.grant(realm, client_id, "admin", rights).await.status;
        assert!(status.is_success());
        self.server.with(self.admin_token(realm, client_id, &secret).await)
    }

    /// A token for the `admin` API of `realm`.
    pub(crate) async fn admin_token(&self, realm: &str, client_id: &str, secret: &str) -> String {
        let audience = format!("audience={PUBLIC_URL}/realms/{realm}/admin");
        let answer = self.server.token(realm, client_id, secret, &audience).await;
        answer.expect(200)["access_token"].as_str().unwrap().to_owned()
    }
}

/// The claims of a token, unverified.
pub(crate) fn claims(answer: &Value) -> Value {
    let token = answer["access_token"].as_str().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// The JOSE header of a token, unverified.
pub(crate) fn header(answer: &Value) -> Value {
    let token = answer["access_token"].as_str().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
}
