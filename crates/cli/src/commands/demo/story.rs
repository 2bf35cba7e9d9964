//! The story that the demo tells, and what each step must come to.

use bytes::Bytes;
use countersign_client::token::{Ask, Secret, compose};
use countersign_client::{Answer, ClientAuth, Endpoint, HttpClient, discovery};
use countersign_issuer::realm::SYSTEM;
use countersign_proto::error::ErrorBody;
use countersign_proto::jose::{AccessToken, Algorithm, Rules, StaticKeys, verify};
use countersign_proto::token::TokenResponse;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::transcript::{Shown, Transcript, short};
use crate::failure::Failure;
use crate::moment::now;

/// The story, and what it has come to.
pub(super) struct Story {
    /// The root client's id and secret.
    pub(super) root: (String, String),
    /// The server's public URL.
    pub(super) server: String,
    /// Where it is shown.
    pub(super) transcript: Transcript,
}

/// What the API of the story is called.
pub(super) const API: &str = "https://orders.example";

impl Story {
    pub(super) async fn tell(&mut self) -> Result<(), Failure> {
        self.transcript.chapter("Root takes a token for the admin API");
        let (id, secret) = self.root.clone();
        let root = granted(&self.ask(SYSTEM, &id, &secret, None).await?, None)?;

        self.transcript.chapter("Root makes the realm 'myorg', with an API and its scopes");
        self.administer(&root, Method::POST, "realms", &json!({ "name": "myorg" }), 201).await?;
        let scopes = json!([
            { "name": "orders:read", "description": "Look at orders" },
            { "name": "orders:write", "description": "Change orders" },
            { "name": "orders:refund", "description": "Give money back" },
        ]);
        let api = json!({ "identifier": API, "name": "Orders", "scopes": scopes });
        self.administer(&root, Method::POST, "realms/myorg/apis", &api, 201).await?;

        self.transcript
            .chapter("… and two clients: a shop that reads and may write, a report that only reads");
        let grant = json!({ "default": ["orders:read"], "optional": ["orders:write"] });
        let shop = self.register(&root, "shop", &grant).await?;
        let grant = json!({ "default": ["orders:read"], "optional": [] });
        let report = self.register(&root, "report", &grant).await?;

        self.transcript.chapter("A token with the default scopes: the request names none");
        let token = granted(&self.ask("myorg", "shop", &shop, None).await?, Some("orders:read"))?;

        self.transcript.chapter("A token with an optional scope: the request asks for it");
        let asked = Some("orders:read orders:write");
        granted(&self.ask("myorg", "shop", &shop, asked).await?, asked)?;

        self.transcript.chapter("A scope that is not granted: refused, and the answer says what there is");
        let answer = self.ask("myorg", "report", &report, Some("orders:refund")).await?;
        refused(&answer, 400, "invalid_scope")?;

        self.transcript.chapter(
            "What an API does with the token: it decodes it, and verifies it with the published keys",
        );
        self.verify(&token).await?;

        self.transcript.chapter("A wrong secret: refused, and nobody learns whether the client exists");
        let wrong = self.ask("myorg", "shop", "csk_not_the_secret_of_this_client", None).await?;
        refused(&wrong, 401, "invalid_client")?;
        let nobody = self.ask("myorg", "nobody", "csk_not_the_secret_of_this_client", None).await?;
        refused(&nobody, 401, "invalid_client")?;
        must(wrong.body == nobody.body, "a wrong secret and an unknown client must look the same")?;

        self.call_the_api(&token).await?;
        self.rotate(&root, &shop).await?;
        self.transcript.say("\nThat was all of it. The server and its data are gone; `countersign serve` starts one that stays.");
        Ok(())
    }

    /// Registers a client with a grant on the API; returns its secret.
    async fn register(&self, root: &str, id: &str, grant: &Value) -> Result<String, Failure> {
        let client = json!({ "client_id": id });
        let answer = self.administer(root, Method::POST, "realms/myorg/clients", &client, 201).await?;
        let path = format!("realms/myorg/clients/{id}/grants/https:%2F%2Forders.example");
        self.administer(root, Method::PUT, &path, grant, 201).await?;
        text(&answer, "secret")
    }

    async fn rotate(&mut self, root: &str, old: &str) -> Result<(), Failure> {
        self.transcript.chapter("A secret is rotated without a gap: the new one is added, and both work");
        let clients = "realms/myorg/clients/shop";
        let shown = self.administer(root, Method::GET, clients, &Value::Null, 200).await?;
        let old_id = shown.pointer("/secrets/0/id").and_then(Value::as_str).map(str::to_owned);
        let old_id = old_id.ok_or_else(|| Failure::new("the client must show the id of its secret"))?;
        let added = json!({ "label": "the next one" });
        let new = self.administer(root, Method::POST, &format!("{clients}/secrets"), &added, 201).await?;
        let new = text(&new, "secret")?;
        for secret in [old, new.as_str()] {
            granted(&self.ask("myorg", "shop", secret, None).await?, Some("orders:read"))?;
        }
        self.transcript.chapter("… then the old one is deleted, and stops working on the next request");
        let path = format!("{clients}/secrets/{old_id}");
        self.administer(root, Method::DELETE, &path, &Value::Null, 204).await?;
        refused(&self.ask("myorg", "shop", old, None).await?, 401, "invalid_client")?;
        granted(&self.ask("myorg", "shop", &new, None).await?, Some("orders:read"))?;
        Ok(())
    }

    async fn verify(&self, token: &str) -> Result<(), Failure> {
        let issuer = format!("{}/realms/myorg", self.server);
        let http = HttpClient::default();
        let metadata = discovery::metadata(&http, &issuer, Endpoint::parse).await.map_err(Failure::new)?;
        self.transcript.exchange(&metadata.jwks_uri, Request::new(Bytes::new()), Shown("")).await?;
        let keys = discovery::keys(&http, &metadata, Endpoint::parse).await.map_err(Failure::new)?;
        let rules = Rules::access_token(&issuer, API, &[Algorithm::ES256]);
        let verified = verify::<AccessToken>(token, &StaticKeys::new(&issuer, &keys), &rules, now().0);
        let verified = verified.map_err(|error| Failure::new(format!("the token must verify: {error}")))?;
        let claims = verified.claims();
        must(claims.client_id == "shop", "the token must be the shop's")?;
        must(claims.scopes().eq(["orders:read"]), "the token must have the default scope")?;
        self.transcript.say(&format!(
            "\nThe token verifies: signed by {issuer}\nwith the key {}, for {}, until {}:\n{}",
            verified.header().kid().unwrap_or_default(),
            claims.aud.join(", "),
            crate::moment::rfc3339(countersign_proto::time::UnixTime(claims.exp.seconds())),
            decoded(token)?,
        ));
        Ok(())
    }

    /// One token request.
    async fn ask(&self, realm: &str, id: &str, secret: &str, scope: Option<&str>) -> Result<Answer, Failure> {
        let auth = ClientAuth::client_secret_basic(id, Secret::new(secret.to_owned()));
        let ask = Ask { scope: scope.map(str::to_owned).into_iter().collect(), ..Ask::default() };
        let request = compose(&ask, &auth, now()).await.map_err(Failure::new)?.expose();
        let url = format!("{}/realms/{realm}/oauth2/token", self.server);
        let shown = format!("Basic {id}:{}   (in base64)", short(secret));
        self.transcript.exchange(&url, request, Shown(&shown)).await
    }

    /// One request to the admin API; `null` is no body.
    async fn administer(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: &Value,
        status: u16,
    ) -> Result<Value, Failure> {
        let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let mut request = Request::new(bytes);
        *request.method_mut() = method;
        if !body.is_null() {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let bearer = HeaderValue::from_str(&format!("Bearer {token}")).map_err(Failure::new)?;
        request.headers_mut().insert(AUTHORIZATION, bearer);
        let url = format!("{}/admin/v1/{path}", self.server);
        let shown = format!("Bearer {}", short(token));
        let answer = self.transcript.exchange(&url, request, Shown(&shown)).await?;
        has_status(&answer, status)?;
        if answer.body.is_empty() { Ok(Value::Null) } else { read(&answer) }
    }
}

/// The token of an answer that must be one, with exactly this scope where one is named.
fn granted(answer: &Answer, scope: Option<&str>) -> Result<String, Failure> {
    has_status(answer, 200)?;
    let token: TokenResponse = read(answer)?;
    must(token.token_type.eq_ignore_ascii_case("Bearer"), "a token's type must be Bearer")?;
    if let Some(scope) = scope {
        must(token.scope.as_deref() == Some(scope), &format!("the scope granted must be '{scope}'"))?;
    }
    Ok(token.access_token)
}

fn refused(answer: &Answer, status: u16, error: &str) -> Result<(), Failure> {
    has_status(answer, status)?;
    let body: ErrorBody = read(answer)?;
    must(body.error == error, &format!("the error must be {error}"))
}

pub(super) fn has_status(answer: &Answer, status: u16) -> Result<(), Failure> {
    must(answer.status == status, &format!("the status must be {status}, and is {}", answer.status))
}

pub(super) fn must(holds: bool, what: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure::new(format!("the demo went wrong: {what}"))) }
}

pub(super) fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, Failure> {
    serde_json::from_slice(&answer.body)
        .map_err(|error| Failure::new(format!("the demo went wrong: an answer cannot be read: {error}")))
}

fn text(value: &Value, member: &str) -> Result<String, Failure> {
    let text = value.get(member).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| Failure::new(format!("the demo went wrong: an answer has no '{member}'")))
}

/// The claims as they stand in the token.
fn decoded(token: &str) -> Result<String, Failure> {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let bytes = countersign_proto::jose::base64url::decode(payload).map_err(Failure::new)?;
    let claims: Value = serde_json::from_slice(&bytes).map_err(Failure::new)?;
    serde_json::to_string_pretty(&claims).map_err(Failure::new)
}
