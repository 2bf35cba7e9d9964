//! Requests and secrets (RFC 6749 §2.3, §3.2).

use countersign_testkit::TestIssuer;
use countersign_testkit::issuer::{Document, Transport};
use http::Request;
use serde_json::json;

use crate::Ask;
use crate::ask::{issuer, send, verdict};

/// T-6749-02: testkit's issuer takes POST alone.
#[tokio::test]
async fn takes_post_alone() {
    let issuer = issuer().await;
    for method in ["GET", "PUT", "HEAD", "DELETE"] {
        let mut request = Ask::new().svc().request(&issuer.url(Document::Token));
        *request.method_mut() = method.parse().unwrap();
        let answer = send(request).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some("POST")), "{method}");
    }
}

/// T-6749-03: a query of the token endpoint belongs to its URL, and testkit's issuer misses it.
#[tokio::test]
async fn the_query_of_the_url_is_kept() {
    let issuer = TestIssuer::with().token_query("tenant=a&v=2").start().await;
    issuer.client("svc").secret("s3cret");
    let url = issuer.url(Document::Token);
    assert!(url.ends_with("/token?tenant=a&v=2"));
    assert_eq!(issuer.document(Document::OauthMetadata)["token_endpoint"], url);
    assert_eq!(Ask::new().svc().verdict(&issuer).await, "200 -");
    for wrong in [url.replace("?tenant=a&v=2", ""), url.replace("a&v", "b&v")] {
        assert_eq!(verdict(&send(Ask::new().svc().request(&wrong)).await), "400 invalid_request");
    }
}

/// T-6749-06, T-6749-07, T-6749-25: testkit's issuer reads one form, each parameter once, and nothing from the URL.
#[tokio::test]
async fn reads_a_strict_form() {
    let issuer = issuer().await;
    for ask in [
        Ask::new().svc().with("scope", "a").with("scope", "a"),
        Ask::new().svc().with("grant_type", "client_credentials"),
        Ask::without_grant().svc(),
    ] {
        assert_eq!(ask.verdict(&issuer).await, "400 invalid_request");
    }
    let resources = Ask::new().svc().with("resource", "https://a.example").with("resource", "urn:b");
    assert_eq!(resources.at(&issuer).await.claims()["aud"], json!(["https://a.example", "urn:b"]));
    let url = format!("{}?client_id=svc&client_secret=s3cret", issuer.url(Document::Token));
    assert_eq!(verdict(&send(Ask::new().request(&url)).await), "400 invalid_request");
    for (kind, body) in [
        (
            "application/json",
            r#"{"grant_type":"client_credentials","client_id":"svc","client_secret":"s3cret"}"#,
        ),
        ("text/plain", "grant_type=client_credentials&client_id=svc&client_secret=s3cret"),
        ("application/x-www-form-urlencoded", "grant_type=%zz&client_id=svc&client_secret=s3cret"),
        ("application/x-www-form-urlencoded", "grant_type=%ff&client_id=svc&client_secret=s3cret"),
    ] {
        let request = Request::post(issuer.url(Document::Token)).header("content-type", kind);
        let answer = send(request.body(body.into()).unwrap()).await;
        assert_eq!(verdict(&answer), "400 invalid_request", "{kind} {body}");
    }
}

/// T-6749-09, T-6749-10: testkit's issuer takes a secret by Basic, form-encoded and not otherwise, or in the form.
#[tokio::test]
async fn takes_a_secret_by_basic_and_in_the_form() {
    let issuer = issuer().await;
    issuer.client("a b:c").secret(" %&+£€");
    for ask in [
        Ask::new().svc(),
        Ask::new().svc().with("client_id", "svc"),
        Ask::new().with("client_id", "svc").with("client_secret", "s3cret"),
        Ask::new().basic("a+b%3Ac", "+%25%26%2B%C2%A3%E2%82%AC"),
        Ask::new().basic("a%20b%3ac", "%20%25%26%2B%C2%A3%E2%82%AC"),
        Ask::new().with("client_id", "a b:c").with("client_secret", " %&+£€"),
    ] {
        let answer = ask.at(&issuer).await;
        assert_eq!(answer.str("token_type"), "Bearer");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.claims()["iss"], issuer.issuer());
    }
    for ask in [
        Ask::new().basic("svc", "wrong"),
        Ask::new().basic("svc", ""),
        Ask::new().basic("other", "s3cret"),
        Ask::new().basic("a b%3Ac", "+%25%26%2B%C2%A3%E2%82%AC"),
        Ask::new().basic("a+b%3Ac", " %25%26%2B%C2%A3%E2%82%AC"),
        Ask::new().basic("a+b%3Ac", " %&+£€"),
        Ask::new().header("authorization", "Bearer x"),
        Ask::new().with("client_id", "svc"),
        Ask::new().with("client_id", "svc").with("client_secret", "wrong"),
        Ask::new().with("client_secret", "s3cret"),
        Ask::new(),
    ] {
        assert_eq!(ask.verdict(&issuer).await, "401 invalid_client");
    }
    let told = Ask::new().basic("svc", "wrong").at(&issuer).await;
    assert_eq!(told.header("www-authenticate"), Some("Basic realm=\"token\""));
}

/// T-6749-08: testkit's issuer refuses two ways of authentication in one request, and two clients.
#[tokio::test]
async fn takes_one_way_at_a_time() {
    let issuer = issuer().await;
    issuer.client("other").secret("s3cret");
    for ask in [
        Ask::new().svc().with("client_id", "svc").with("client_secret", "s3cret"),
        Ask::new().svc().with("client_assertion", "x"),
        Ask::new()
            .with("client_id", "svc")
            .with("client_secret", "s3cret")
            .with("client_assertion_type", "x"),
        Ask::new().svc().svc(),
        Ask::new().svc().with("client_id", "other"),
    ] {
        assert_eq!(ask.verdict(&issuer).await, "400 invalid_request");
    }
}

/// A secret may be bound to one way to send it, and be replaced.
#[tokio::test]
async fn secrets_are_registered_as_they_travel() {
    let issuer = TestIssuer::start().await;
    issuer.client("basic").secret_by("s", Transport::Basic);
    issuer.client("post").secret_by("s", Transport::Post);
    let post = |id: &str| Ask::new().with("client_id", id).with("client_secret", "s");
    assert_eq!(Ask::new().basic("basic", "s").verdict(&issuer).await, "200 -");
    assert_eq!(post("basic").verdict(&issuer).await, "401 invalid_client");
    assert_eq!(Ask::new().basic("post", "s").verdict(&issuer).await, "401 invalid_client");
    assert_eq!(post("post").verdict(&issuer).await, "200 -");
    issuer.client("post").without_secrets().secret("new");
    assert_eq!(post("post").verdict(&issuer).await, "401 invalid_client");
    assert_eq!(Ask::new().basic("post", "new").verdict(&issuer).await, "200 -");
    issuer.forget_client("post");
    assert_eq!(Ask::new().basic("post", "new").verdict(&issuer).await, "401 invalid_client");
}

/// As Auth0 is asked: JSON, from a client that is registered for it.
#[tokio::test]
async fn takes_json_where_it_is_registered() {
    let issuer = TestIssuer::start().await;
    issuer.client("svc").secret_by("s", Transport::Json);
    let ask = async |body: String| {
        let request = Request::post(issuer.url(Document::Token)).header("content-type", "application/json");
        send(request.body(body.into()).unwrap()).await
    };
    let good = json!({ "grant_type": "client_credentials", "client_id": "svc", "client_secret": "s", "audience": "urn:x" });
    assert_eq!(ask(good.to_string()).await.claims()["aud"], "urn:x");
    let twice = good.to_string().replacen('{', r#"{"client_id":"svc","#, 1);
    for bad in [twice, "[]".to_owned(), good.to_string().replace("\"urn:x\"", "7")] {
        assert_eq!(verdict(&ask(bad).await), "400 invalid_request");
    }
    assert_eq!(Ask::new().basic("svc", "s").verdict(&issuer).await, "401 invalid_client");
}

/// T-6749-22, T-6749-13, T-8707-01: testkit's issuer tells a grant, a scope and a target that it does not take.
#[tokio::test]
async fn refuses_what_is_not_granted() {
    let issuer = issuer().await;
    issuer.client("few").secret("s").scopes("a b").targets(&["https://a.example"]);
    let few = || Ask::new().basic("few", "s");
    for (ask, expected) in [
        (Ask::without_grant().svc().with("grant_type", "password"), "400 unsupported_grant_type"),
        (Ask::new().svc().with("scope", "a  b"), "400 invalid_scope"),
        (Ask::new().svc().with("scope", "a\"b"), "400 invalid_scope"),
        (Ask::new().svc().with("resource", "/orders"), "400 invalid_target"),
        (Ask::new().svc().with("resource", "https://a.example#x"), "400 invalid_target"),
        (few().with("scope", "a c"), "400 invalid_scope"),
        (few().with("resource", "https://b.example"), "400 invalid_target"),
        (few().with("audience", "https://b.example"), "400 invalid_target"),
        (few().with("scope", "b").with("resource", "https://a.example"), "200 -"),
    ] {
        assert_eq!(ask.verdict(&issuer).await, expected);
    }
    let claims = few().at(&issuer).await.claims();
    assert_eq!((&claims["scope"], &claims["aud"]), (&json!("a b"), &json!("https://a.example")));
}
