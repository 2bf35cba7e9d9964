//! §2.3, client authentication.

use countersign_issuer::issuer::Issuer;
use countersign_proto::admin::{Change, ClientPatch, NewClient, RealmPatch};
use countersign_proto::time::UnixTime;
use countersign_testkit::{Answer, Request, TestServer};

const TOKEN: &str = "/realms/myorg/oauth2/token";
const GRANT: &str = "grant_type=client_credentials";

/// T-6749-09: a client with a secret uses Basic or the body.
#[tokio::test]
async fn takes_a_secret_by_basic_and_by_body() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let basic = Request::post(TOKEN).basic("svc", &secret).raw_form(GRANT).send(&server).await;
    assert_eq!(basic.str("scope"), "orders:read");
    let pairs = [("grant_type", "client_credentials"), ("client_id", "svc"), ("client_secret", &secret)];
    assert_eq!(Request::post(TOKEN).form(&pairs).send(&server).await.str("scope"), "orders:read");
}

/// C1: a client that is held to one method cannot use the other.
#[tokio::test]
async fn a_client_can_be_held_to_one_method() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let patch = ClientPatch {
        token_endpoint_auth_method: Change::Set("client_secret_post".to_owned()),
        ..ClientPatch::default()
    };
    server.update_client("myorg", "svc", patch).await;
    assert_eq!(server.token("myorg", "svc", &secret, &[]).await.refusal(), "401 invalid_client");
    let pairs = [("grant_type", "client_credentials"), ("client_id", "svc"), ("client_secret", &secret)];
    assert_eq!(Request::post(TOKEN).form(&pairs).send(&server).await.status, 200);
}

/// T-6749-07: credentials in the URL are refused even if correct, and even if they stand in the body too.
#[tokio::test]
async fn refuses_credentials_in_the_url() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let in_url = format!("{TOKEN}?client_id=svc&client_secret={secret}");
    let answer = Request::post(&in_url).raw_form(GRANT).send(&server).await;
    assert_eq!(answer.refusal(), "400 invalid_request");
    let body = format!("{GRANT}&client_id=svc&client_secret={secret}");
    let answer = Request::post(&in_url).raw_form(&body).send(&server).await;
    assert_eq!(answer.refusal(), "400 invalid_request");
    let escaped = format!("{TOKEN}?client%5Fsecret={secret}");
    let answer = Request::post(escaped).basic("svc", &secret).raw_form(GRANT).send(&server).await;
    assert_eq!(answer.refusal(), "400 invalid_request");
    assert!(!answer.text().contains(&secret));
}

/// T-6749-08: one method in one request, one client, one header.
#[tokio::test]
async fn refuses_two_methods_at_once() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let post = || Request::post(TOKEN).basic("svc", &secret);
    for body in [
        format!("{GRANT}&client_secret={secret}"),
        format!("{GRANT}&client_id=svc&client_secret={secret}"),
        format!("{GRANT}&client_id=other"),
        format!("{GRANT}&client_assertion=x&client_assertion_type=y"),
    ] {
        assert_eq!(post().raw_form(&body).send(&server).await.refusal(), "400 invalid_request", "{body}");
    }
    let twice = post().basic("svc", &secret).raw_form(GRANT).send(&server).await;
    assert_eq!(twice.refusal(), "400 invalid_request");
    let same_id = post().raw_form(&format!("{GRANT}&client_id=svc")).send(&server).await;
    assert_eq!(same_id.status, 200);
}

/// T-6749-10, C13: form-encoded and raw Basic, with the characters that differ, the test string of appendix B included.
#[tokio::test]
async fn reads_basic_encoded_and_raw() {
    let server = TestServer::start().await;
    server.orders().await;
    for (at, given) in
        [" %&+£€ and more text", "100%zz secret:with+all", "🔑 a key of some length"].iter().enumerate()
    {
        let id = format!("svc{at}");
        let new = NewClient {
            client_id: Some(id.clone()),
            secret: Some((*given).to_owned()),
            ..NewClient::default()
        };
        server.new_client("myorg", new).await;
        server.grant("myorg", &id, "https://orders.example", &["orders:read"], &[]).await;
        let encoded: String = form_encoded(given);
        for secret in [given, encoded.as_str(), &encoded.replace('+', "%20")] {
            let answer = server.token("myorg", &id, secret, &[]).await;
            assert_eq!(answer.status, 200, "{given:?} as {secret:?}: {}", answer.text());
        }
        let wrong = format!("{given}x");
        assert_eq!(server.token("myorg", &id, &wrong, &[]).await.refusal(), "401 invalid_client");
    }
}

/// T-6749-11, threats 3 "malformed Authorization header": refused in the same words as a wrong secret, never a crash.
#[tokio::test]
async fn refuses_malformed_headers() {
    let server = TestServer::start().await;
    server.orders().await;
    for header in [
        "Basic",
        "Basic ",
        "Basic\tYTpi",
        "Basic  YTpi",
        "Basic YTpi ?",
        "Basic YWI=",
        "Basic YTo_",
        "Bearer x",
        "x",
    ] {
        let request = Request::post(TOKEN).header("authorization", header).raw_form(GRANT);
        let answer = request.send(&server).await;
        assert_eq!(answer.refusal(), "401 invalid_client", "{header:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"myorg\""), "{header:?}");
    }
    let long = format!("Basic {}", "A".repeat(20_000));
    let answer = Request::post(TOKEN).header("authorization", &long).raw_form(GRANT).send(&server).await;
    assert!(answer.status == 401 || answer.status == 431, "{}", answer.status);
}

/// T-6749-24: unknown, disabled and expired client, disabled realm, wrong and expired secret: the same status, body and
/// headers.
#[tokio::test]
async fn failures_look_the_same() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let mut answers = vec![
        server.token("myorg", "nobody", &secret, &[]).await,
        server.token("myorg", "svc", "wrong", &[]).await,
        server.token("myorg", "svc", "", &[]).await,
    ];
    let disabled = ClientPatch { enabled: Change::Set(false), ..ClientPatch::default() };
    server.update_client("myorg", "svc", disabled).await;
    answers.push(server.token("myorg", "svc", &secret, &[]).await);
    let enabled = ClientPatch { enabled: Change::Set(true), ..ClientPatch::default() };
    server.update_client("myorg", "svc", enabled).await;
    let ending = UnixTime(TestServer::EPOCH.0 + 60);
    let expires = ClientPatch { expires_at: Change::Set(ending), ..ClientPatch::default() };
    server.update_client("myorg", "svc", expires).await;
    assert_eq!(server.token("myorg", "svc", &secret, &[]).await.status, 200);
    server.clock().advance(60);
    answers.push(server.token("myorg", "svc", &secret, &[]).await);
    server.clock().advance(-60);
    server.update_realm("myorg", RealmPatch { enabled: Change::Set(false), ..RealmPatch::default() }).await;
    answers.push(server.token("myorg", "svc", &secret, &[]).await);
    let first = visible(&answers[0]);
    for answer in &answers {
        assert_eq!(answer.refusal(), "401 invalid_client");
        assert_eq!(visible(answer), first);
    }
}

/// Design rule 3: disabling, deleting and narrowing take effect on the next request.
#[tokio::test]
async fn a_change_is_visible_on_the_next_request() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    assert_eq!(server.token("myorg", "svc", &secret, &[]).await.status, 200);
    server.delete_client("myorg", "svc").await;
    assert_eq!(server.token("myorg", "svc", &secret, &[]).await.refusal(), "401 invalid_client");
    let again = server.client("myorg", "svc").await;
    assert_eq!(server.token("myorg", "svc", &secret, &[]).await.refusal(), "401 invalid_client");
    assert_eq!(server.token("myorg", "svc", &again, &[]).await.refusal(), "400 invalid_target");
    server.grant("myorg", "svc", "https://orders.example", &[], &[]).await;
    assert_eq!(server.token("myorg", "svc", &again, &[]).await.str("scope"), "");
}

/// A client that may call from some networks only: judged by the connection, and by a trusted proxy's word.
#[tokio::test]
async fn sources_can_be_bound() {
    let server = TestServer::with().trusted_proxy("127.0.0.0/8").start().await;
    let secret = server.orders().await;
    let cidrs = Change::Set(vec!["192.0.2.0/24".to_owned()]);
    server
        .update_client("myorg", "svc", ClientPatch { allowed_cidrs: cidrs, ..ClientPatch::default() })
        .await;
    assert_eq!(server.token("myorg", "svc", &secret, &[]).await.refusal(), "401 invalid_client");
    let from = |address: &str| {
        let request = Request::post(TOKEN).header("x-forwarded-for", address);
        request.basic("svc", &secret).raw_form(GRANT).send(&server)
    };
    assert_eq!(from("192.0.2.77").await.status, 200);
    assert_eq!(from("192.0.2.77, 198.51.100.1").await.status, 401);
}

/// The load at the start and single look-ups agree: a client is found before all clients are loaded.
#[tokio::test]
async fn clients_are_found_whatever_is_loaded() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    Issuer::load_clients(server.issuer()).await.unwrap();
    assert_eq!(server.token("myorg", "svc", &secret, &[]).await.status, 200);
    assert_eq!(server.token("myorg", "other", &secret, &[]).await.status, 401);
}

fn form_encoded(text: &str) -> String {
    countersign_testkit::form(&[("", text)]).split_off(1)
}

/// What a caller sees, less what differs from request to request.
fn visible(answer: &Answer) -> String {
    let headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    format!("{} {headers:?} {}", answer.status, answer.text())
}
