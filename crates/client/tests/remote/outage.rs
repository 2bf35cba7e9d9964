//! An issuer that is away: before the first keys, after them, for long, and back again.

use countersign_client::JwksSettings;
use countersign_proto::jose::keys::KeyError;

use super::issuer::{Issuer, KEYS, METADATA, Reply, find, json, keys, later, seconds, status, turns};

/// Threats 2 "stale JWKS on AS outage: serve stale ≤ bound, then fail closed", and what comes back is the same.
#[tokio::test]
async fn keys_are_served_stale_up_to_the_bound_and_no_longer() {
    let issuer = Issuer::start().await;
    let remote = issuer.keys();
    remote.ready().await;
    issuer.reply(METADATA, status(503));
    later(seconds(300)).await;
    issuer.asked(METADATA, 2).await;
    later(seconds(3295)).await;
    assert_eq!(find(&remote, "a"), Ok(()));
    assert_eq!(remote.generation(), Some(1));
    let state = remote.state();
    assert!(state.age.unwrap() >= seconds(3595) && state.error.unwrap().contains("status 503"));
    later(seconds(10)).await;
    assert_eq!(find(&remote, "a"), Err(KeyError::Unavailable));
    assert_eq!(find(&remote, "x"), Err(KeyError::Unavailable), "nothing is known of other names either");
    assert_eq!((remote.is_ready(), remote.usable_for()), (false, None));
    turns().await; // whoever watches their age has one
    assert_eq!(remote.generation(), None);
    issuer.reply(METADATA, json(&issuer.metadata(KEYS)));
    later(seconds(31)).await;
    remote.ready().await;
    assert_eq!(find(&remote, "a"), Ok(()));
    assert_eq!((remote.generation(), remote.state().error), (Some(1), None));
}

/// Settings that leave a gap between two fetches leave none.
#[tokio::test]
async fn keys_do_not_lapse_between_two_good_fetches() {
    let issuer = Issuer::start().await;
    let remote = issuer.keys_with(JwksSettings { stale: seconds(0), ..JwksSettings::default() });
    remote.ready().await;
    later(seconds(300)).await;
    assert_eq!(find(&remote, "a"), Ok(()));
    let endless = JwksSettings {
        refresh: std::time::Duration::MAX,
        stale: std::time::Duration::MAX,
        ..JwksSettings::default()
    };
    issuer.keys_with(endless).ready().await;
}

/// A guard that was started before its issuer keeps trying, whatever the issuer answers, and asks no faster for it.
#[tokio::test]
async fn a_guard_before_its_issuer_keeps_trying() {
    let issuer = Issuer::start().await;
    let html = Reply::Say(200, "content-type: application/json\r\n", b"<html>".to_vec());
    let other = json(&issuer.metadata(KEYS).replacen("http:", "https:", 1));
    issuer.reply(METADATA, Reply::HangUp);
    let remote = issuer.keys();
    assert!(remote.refresh().await);
    for (tries, reply) in
        [status(500), status(404), status(429), html, other, Reply::HangUp].into_iter().enumerate()
    {
        issuer.reply(METADATA, reply);
        assert!(!remote.refresh().await, "tokens bring about no fetch within the cool-down");
        assert_eq!(find(&remote, "a"), Err(KeyError::Unavailable));
        let before = issuer.count(METADATA);
        assert_eq!(before, tries + 1);
        // the nth wait is at the most 2^(n-1) seconds and at the most half a minute
        let wait = seconds((1 << tries).min(30));
        later(wait / 2 - seconds(1) / 4).await;
        assert_eq!(issuer.count(METADATA), before);
        later(wait / 2 + seconds(1) / 4).await;
        issuer.asked(METADATA, before + 1).await;
        // waits for its end, if that has not come yet
        remote.refresh().await;
    }
    issuer.reply(METADATA, json(&issuer.metadata(KEYS)));
    later(seconds(31)).await;
    remote.ready().await;
    assert_eq!(find(&remote, "a"), Ok(()));
}

/// RFC 9110 §10.2.3: who asks to be left alone is.
#[tokio::test]
async fn retry_after_is_kept() {
    let issuer = Issuer::start().await;
    issuer.reply(METADATA, Reply::Say(503, "retry-after: 120\r\n", Vec::new()));
    let remote = issuer.keys();
    assert!(remote.refresh().await);
    issuer.reply(METADATA, json(&issuer.metadata(KEYS)));
    later(seconds(119)).await;
    assert_eq!(issuer.count(METADATA), 1);
    later(seconds(2)).await;
    remote.ready().await;
}

/// Failures cool down as well: tokens cannot hammer an issuer that is down.
#[tokio::test]
async fn a_failed_fetch_cools_down_as_a_good_one_does() {
    let issuer = Issuer::start().await;
    let remote = issuer.keys();
    remote.ready().await;
    issuer.reply(KEYS, status(500));
    later(seconds(31)).await;
    assert!(remote.refresh().await);
    for _ in 0..1000 {
        assert!(!remote.refresh().await);
    }
    assert_eq!(issuer.count(KEYS), 2);
    issuer.reply(KEYS, keys(&["a", "b"]));
    later(seconds(31)).await;
    assert!(remote.refresh().await);
    assert_eq!(find(&remote, "b"), Ok(()));
}

/// A runtime that ends with a fetch on its way leaves nobody waiting.
#[test]
fn the_end_of_the_runtime_ends_the_wait() {
    let build = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (build(), build());
    let (open, opened) = tokio::sync::watch::channel(false);
    let remote = first.block_on(async {
        let issuer = Issuer::start().await;
        issuer.reply(KEYS, Reply::Later(opened, Box::new(keys(&["a"]))));
        let remote = issuer.keys();
        issuer.asked(KEYS, 1).await;
        remote
    });
    let waiting = second.spawn({
        let remote = remote.clone();
        async move { remote.refresh().await }
    });
    second.block_on(tokio::task::yield_now());
    drop(first);
    assert!(second.block_on(waiting).unwrap());
    assert_eq!(remote.state().error.as_deref(), Some("the fetch was cut off"));
    assert_eq!(find(&remote, "a"), Err(KeyError::Unavailable));
    drop(open);
}

/// Whoever watches the age of keys may end before those who use them; then every use looks at the clock.
#[test]
fn keys_grow_old_without_their_runtime_too() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let theirs = runtime();
    let remote = theirs.block_on(async {
        let remote = Issuer::start().await.keys();
        remote.ready().await;
        turns().await; // whoever watches their age has one
        remote
    });
    drop(theirs);
    assert_eq!(remote.generation(), Some(1));
    runtime().block_on(async {
        later(seconds(3595)).await;
        assert_eq!(remote.generation(), Some(1));
        later(seconds(10)).await;
        assert_eq!(remote.generation(), None);
    });
}
