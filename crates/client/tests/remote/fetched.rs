//! Keys that come as they should: where from, when, and by whom asked.

use std::sync::Arc;

use countersign_client::{Endpoint, HttpClient, JwksSettings, RemoteJwks};
use countersign_proto::jose::keys::KeyError;
use countersign_proto::jose::{Algorithm, KeySource};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::issuer::{
    Issuer, KEYS, METADATA, OIDC, Reply, find, json, key_set, keys, later, seconds, status, unknown,
};

/// T-8414-01: metadata first where RFC 8414 puts them; keys where they say.
#[tokio::test]
async fn keys_are_where_the_metadata_say() {
    let issuer = Issuer::start().await;
    let remote = issuer.keys();
    assert_eq!(find(&remote, "a"), Err(KeyError::Unavailable));
    assert!(!remote.is_ready());
    remote.ready().await;
    assert_eq!(find(&remote, "a"), Ok(()));
    assert_eq!(find(&remote, "b"), unknown("b"));
    let other = remote.find("https://other.example", Some("a"), Algorithm::EdDSA).err();
    assert_eq!(other, Some(KeyError::UnknownIssuer));
    let state = remote.state();
    assert_eq!((state.generation, state.keys, state.error), (Some(1), 1, None));
    assert_eq!((issuer.count(METADATA), issuer.count(OIDC), issuer.count(KEYS)), (1, 0, 1));
    assert!(issuer.requests(KEYS)[0].contains("accept: application/json"));
}

/// T-8414-01: then where OpenID Connect Discovery does, whatever the server says of a place that it does not know.
#[tokio::test]
async fn metadata_may_be_where_openid_connect_puts_them() {
    for reply in [
        status(400),
        status(401),
        status(403),
        status(404),
        status(405),
        Reply::Say(302, "location: /login\r\n", Vec::new()),
        Reply::Say(200, "content-type: text/html; charset=utf-8\r\n", b"<html>".to_vec()),
    ] {
        let issuer = Issuer::start().await;
        issuer.reply(METADATA, reply);
        issuer.reply(OIDC, json(&issuer.metadata(KEYS)));
        issuer.keys().ready().await;
        assert_eq!((issuer.count(METADATA), issuer.count(OIDC)), (1, 1));
    }
    // a server that is ill says nothing about the place
    let issuer = Issuer::start().await;
    issuer.reply(METADATA, status(503));
    issuer.keys().refresh().await;
    assert_eq!(issuer.count(OIDC), 0);
}

/// A URL that the operator names needs no metadata.
#[tokio::test]
async fn keys_at_a_fixed_url() {
    let issuer = Issuer::start().await;
    let place = Endpoint::parse(&format!("{}{KEYS}", issuer.url)).unwrap();
    let http = Arc::new(HttpClient::default());
    let remote = RemoteJwks::at(http, "https://issuer.example", place, JwksSettings::default());
    remote.ready().await;
    assert!(remote.find("https://issuer.example", Some("a"), Algorithm::EdDSA).is_ok());
    assert_eq!(issuer.count(METADATA), 0);
}

/// Single flight: all who ask first wait for the one fetch that began with the handle.
#[tokio::test]
async fn a_thousand_first_callers_make_one_fetch() {
    let issuer = Issuer::start().await;
    let remote = issuer.keys();
    let mut callers = JoinSet::new();
    for _ in 0..1000 {
        let remote = remote.clone();
        callers.spawn(async move {
            assert!(remote.refresh().await);
            find(&remote, "a")
        });
    }
    for found in callers.join_all().await {
        assert_eq!(found, Ok(()));
    }
    assert_eq!((issuer.count(METADATA), issuer.count(KEYS)), (1, 1));
}

/// A caller that goes away takes nothing from those who wait with it.
#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_fetch_to_the_others() {
    let issuer = Issuer::start().await;
    let (open, opened) = watch::channel(false);
    issuer.reply(KEYS, Reply::Later(opened, Box::new(keys(&["a"]))));
    let remote = issuer.keys();
    let first = tokio::spawn({
        let remote = remote.clone();
        async move { remote.refresh().await }
    });
    let second = tokio::spawn({
        let remote = remote.clone();
        async move { remote.refresh().await }
    });
    issuer.asked(KEYS, 1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    open.send_replace(true);
    assert!(second.await.unwrap());
    assert_eq!(find(&remote, "a"), Ok(()));
    assert_eq!(issuer.count(KEYS), 1);
}

/// Threats 2 "key rotation": the old key is good within the overlap, a key that is gone is refused after a refresh, and
/// the generation tells.
#[tokio::test]
async fn keys_rotate() {
    let issuer = Issuer::start().await;
    let remote = issuer.keys();
    remote.ready().await;
    issuer.reply(KEYS, keys(&["a", "b"]));
    assert_eq!(find(&remote, "b"), unknown("b"));
    assert!(!remote.refresh().await, "within the cool-down");
    later(seconds(31)).await;
    assert!(remote.refresh().await);
    assert_eq!((find(&remote, "a"), find(&remote, "b")), (Ok(()), Ok(())));
    assert_eq!(remote.generation(), Some(2));
    // neither the order nor what is beside the keys makes others of them
    issuer.reply(KEYS, json(&key_set(&["b", "a"]).replace(r#""kid""#, r#""use":"sig","kid""#)));
    later(seconds(31)).await;
    assert!(remote.refresh().await);
    assert_eq!(remote.generation(), Some(2));
    issuer.reply(KEYS, keys(&["b"]));
    later(seconds(31)).await;
    assert!(remote.refresh().await);
    assert_eq!((find(&remote, "a"), find(&remote, "b")), (unknown("a"), Ok(())));
    assert_eq!(remote.generation(), Some(3));
}

/// Threats 2 "removed key refused within bound": nobody needs to ask.
#[tokio::test]
async fn keys_are_fetched_anew_before_they_are_old() {
    let issuer = Issuer::start().await;
    let remote = issuer.keys();
    remote.ready().await;
    issuer.reply(KEYS, keys(&["b"]));
    later(seconds(269)).await;
    assert_eq!((find(&remote, "a"), issuer.count(KEYS)), (Ok(()), 1));
    later(seconds(31)).await;
    issuer.asked(KEYS, 2).await;
    // waits for its end, if that has not come yet
    remote.refresh().await;
    assert_eq!((find(&remote, "a"), find(&remote, "b")), (unknown("a"), Ok(())));
    assert_eq!((issuer.count(METADATA), issuer.count(KEYS)), (2, 2));
}

/// RFC 9111 §5.2.2.1: an issuer may ask to be asked more often.
#[tokio::test]
async fn max_age_brings_the_next_fetch_forward() {
    let issuer = Issuer::start().await;
    let headers = "content-type: application/jwk-set+json\r\ncache-control: public, max-age=90\r\n";
    issuer.reply(KEYS, Reply::Say(200, headers, key_set(&["a"]).into_bytes()));
    let remote = issuer.keys();
    remote.ready().await;
    later(seconds(80)).await;
    assert_eq!(issuer.count(KEYS), 1);
    later(seconds(10)).await;
    issuer.asked(KEYS, 2).await;
}

/// The metadata are read anew with the keys.
#[tokio::test]
async fn the_keys_may_move() {
    let issuer = Issuer::start().await;
    let remote = issuer.keys();
    remote.ready().await;
    issuer.reply(METADATA, json(&issuer.metadata("/moved")));
    issuer.reply("/moved", keys(&["b"]));
    later(seconds(31)).await;
    assert!(remote.refresh().await);
    assert_eq!((find(&remote, "b"), issuer.count(KEYS)), (Ok(()), 1));
}

/// With the last handle, task and connections go.
#[tokio::test]
async fn all_ends_with_the_last_handle() {
    let issuer = Issuer::start().await;
    let http = Arc::new(HttpClient::default());
    let remote =
        RemoteJwks::discover(Arc::clone(&http), &issuer.url, Endpoint::parse, JwksSettings::default())
            .unwrap();
    let another = remote.clone();
    drop(remote);
    another.ready().await;
    drop(another);
    later(seconds(3600)).await;
    assert_eq!(issuer.count(KEYS), 1);
    assert_eq!(Arc::strong_count(&http), 1);
    // and a fetch that is on its way
    let (_open, opened) = watch::channel(false);
    issuer.reply(KEYS, Reply::Later(opened, Box::new(Reply::HangUp)));
    let remote =
        RemoteJwks::discover(Arc::clone(&http), &issuer.url, Endpoint::parse, JwksSettings::default())
            .unwrap();
    issuer.asked(KEYS, 2).await;
    drop(remote);
    later(seconds(1)).await;
    assert_eq!(Arc::strong_count(&http), 1);
}
