//! The introspection client against the same issuer.

use std::sync::Arc;

use countersign_client::token::Secret;
use countersign_client::{
    ClientAuth, Endpoint, HttpClient, HttpError, IntrospectError, IntrospectionSettings, Introspector,
};
use countersign_proto::introspection::IntrospectionResponse;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::issuer::{Issuer, KEYS, METADATA, Reply, json, later, seconds, status, until};

const PLACE: &str = "/introspect";

fn auth() -> ClientAuth {
    ClientAuth::client_secret_basic("api", Secret::new("secret".to_owned()))
}

fn given(issuer: &Issuer) -> Introspector {
    let place = Endpoint::parse(&format!("{}{PLACE}", issuer.url)).unwrap();
    Introspector::at(Arc::new(HttpClient::default()), place, auth())
}

/// RFC 7662 §2.1, §2.2: the exchange.
#[tokio::test]
async fn an_active_token_and_one_that_is_not() {
    let issuer = Issuer::start().await;
    issuer.reply(PLACE, json(r#"{"active":true,"scope":"a b","client_id":"c","exp":5}"#));
    let introspector = given(&issuer);
    let IntrospectionResponse::Active(token) = introspector.introspect("opaque").await.unwrap() else {
        panic!("active");
    };
    assert_eq!((token.client_id.as_deref(), token.scopes().count()), (Some("c"), 2));
    let request = issuer.requests(PLACE).remove(0);
    assert!(request.starts_with("POST /introspect HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: Basic YXBpOnNlY3JldA==\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\ntoken=opaque&token_type_hint=access_token"), "{request}");
    issuer.reply(PLACE, json(r#"{"active":false,"exp":"nonsense"}"#));
    assert_eq!(introspector.introspect("opaque").await.unwrap(), IntrospectionResponse::Inactive);
}

/// T-7662-06: single flight; and the answer is kept no longer.
#[tokio::test]
async fn a_thousand_callers_with_one_token_ask_once() {
    let issuer = Issuer::start().await;
    let (open, opened) = watch::channel(false);
    issuer.reply(PLACE, Reply::Later(opened, Box::new(json(r#"{"active":false}"#))));
    let introspector = given(&issuer);
    let mut callers = JoinSet::new();
    for _ in 0..1000 {
        let introspector = introspector.clone();
        callers.spawn(async move { introspector.introspect("one").await });
    }
    issuer.asked(PLACE, 1).await;
    open.send_replace(true);
    assert!(callers.join_all().await.iter().all(Result::is_ok));
    assert_eq!(issuer.count(PLACE), 1);
    introspector.introspect("one").await.unwrap();
    assert_eq!(issuer.count(PLACE), 2);
}

/// T-7662-06: an issuer that is away says nothing about a token.
#[tokio::test]
async fn no_answer_is_neither_yes_nor_no() {
    let issuer = Issuer::start().await;
    let introspector = given(&issuer);
    issuer.reply(PLACE, status(503));
    let error = introspector.introspect("t").await.unwrap_err();
    assert!(matches!(error, IntrospectError::Unavailable { .. }), "{error}");
    issuer.reply(PLACE, Reply::HangUp);
    let error = introspector.introspect("t").await.unwrap_err();
    assert!(matches!(error, IntrospectError::Http(_)), "{error}");
    issuer.reply(PLACE, Reply::Flood);
    let error = introspector.introspect("t").await.unwrap_err();
    let large = matches!(&error, IntrospectError::Http(why) if matches!(**why, HttpError::TooLarge { max: 65_536, .. }));
    assert!(large, "{error}");
    issuer.reply(PLACE, Reply::Say(307, "location: /other\r\n", Vec::new()));
    let error = introspector.introspect("t").await.unwrap_err();
    assert!(matches!(error, IntrospectError::NotUnderstood(_)), "{error}");
    assert_eq!(issuer.count("/other"), 0);
}

/// RFC 8414 §2: where the metadata say, once they are read; an issuer may have that and no keys.
#[tokio::test]
async fn the_endpoint_is_discovered() {
    let issuer = Issuer::start().await;
    issuer.reply(PLACE, json(r#"{"active":false}"#));
    let named =
        |url: &str| json(&format!(r#"{{"issuer":"{}","introspection_endpoint":"{url}"}}"#, issuer.url));
    issuer.reply(METADATA, named(&format!("{}{PLACE}", issuer.url)));
    let introspector = Introspector::discover(
        Arc::new(HttpClient::default()),
        &issuer.url,
        Endpoint::parse,
        IntrospectionSettings::default(),
        auth(),
    )
    .unwrap();
    assert_eq!(introspector.introspect("t").await.unwrap(), IntrospectionResponse::Inactive);
    assert_eq!(
        (introspector.is_ready(), introspector.error()),
        (true, None),
        "it has no keys, and needs none"
    );
    assert_eq!((issuer.count(METADATA), issuer.count(KEYS)), (1, 0));
    later(seconds(200)).await;
    introspector.introspect("t").await.unwrap();
    assert_eq!(issuer.count(METADATA), 1, "what went well is not tried again and again");
    // a place inside, at another host or that is none: the token and our secret stay here
    let (good, fragment) = (format!("{}{PLACE}", issuer.url), format!("{}{PLACE}#x", issuer.url));
    for (asked, wrong) in [
        "https://169.254.169.254/",
        "http://localhost/introspect",
        "file:///x",
        "https://introspect.example/",
        &fragment,
    ]
    .into_iter()
    .enumerate()
    {
        if !introspector.is_ready() {
            issuer.reply(METADATA, named(&good));
            later(seconds(301)).await;
            while !introspector.is_ready() {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(introspector.introspect("t").await.unwrap(), IntrospectionResponse::Inactive);
        assert_eq!(issuer.count(PLACE), 3 + asked);
        issuer.reply(METADATA, named(wrong));
        let read = issuer.count(METADATA);
        later(seconds(301)).await;
        issuer.asked(METADATA, read + 1).await;
        until(|| !introspector.is_ready()).await;
        assert!(introspector.error().unwrap().contains("introspection_endpoint"));
        let error = introspector.introspect("t").await.unwrap_err();
        assert!(matches!(error, IntrospectError::NoEndpoint), "{error}");
        assert_eq!(issuer.count(PLACE), 3 + asked);
    }
}

/// Threats 3 "mix-up": metadata that name another server's endpoint lead no credential and no token there, unless an
/// operator named its origin.
#[tokio::test]
async fn introspection_credentials_do_not_go_to_another() {
    let (issuer, other) = (Issuer::start().await, Issuer::start().await);
    other.reply(PLACE, json(r#"{"active":true}"#));
    let elsewhere = other.url.replace("127.0.0.1", "localhost");
    let metadata = |place: &str| {
        json(&format!(r#"{{"issuer":"{}","introspection_endpoint":"{place}{PLACE}"}}"#, issuer.url))
    };
    let discover = |endpoints_at: &[&str]| {
        let endpoints_at = endpoints_at.iter().map(|origin| (*origin).to_owned()).collect();
        let settings = IntrospectionSettings { endpoints_at, ..IntrospectionSettings::default() };
        let http = Arc::new(HttpClient::default());
        Introspector::discover(http, &issuer.url, Endpoint::parse, settings, auth())
    };
    for place in [elsewhere.as_str(), "https://introspect.example"] {
        issuer.reply(METADATA, metadata(place));
        let introspector = discover(&[]).unwrap();
        let error = introspector.introspect("t").await.unwrap_err();
        assert!(matches!(error, IntrospectError::NoEndpoint), "{place}: {error}");
        assert_eq!(other.count(PLACE), 0);
    }
    issuer.reply(METADATA, metadata("https://introspect.example"));
    let introspector = discover(&[]).unwrap();
    introspector.introspect("t").await.unwrap_err();
    assert!(introspector.error().unwrap().contains("endpoints_at"));

    issuer.reply(METADATA, metadata(&elsewhere));
    let answer = discover(&[&elsewhere]).unwrap().introspect("t").await.unwrap();
    assert!(matches!(answer, IntrospectionResponse::Active(_)));
    assert_eq!(other.count(PLACE), 1);
    for wrong in [format!("{elsewhere}{PLACE}"), "http://introspect.example".to_owned()] {
        assert_eq!(discover(&[&wrong]).err().unwrap().setting(), "endpoints_at", "{wrong}");
    }
}
