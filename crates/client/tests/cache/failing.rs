//! While the server fails.

use std::sync::Arc;
use std::time::Duration;

use countersign_client::{TokenError, TokenSource};

use super::issuer::{Issuer, Reply};
use super::time::{Wall, later, renewed};

async fn source(reply: Reply) -> (Issuer, Wall, TokenSource) {
    let issuer = Issuer::start(reply).await;
    let wall = Wall::new();
    let source = issuer.source().clock(Arc::new(wall.clone())).build_unasked().unwrap();
    (issuer, wall, source)
}

/// Calls until the source has let go of a renewal that failed, `seconds` of moved time away.
async fn next_try(issuer: &Issuer, source: &TokenSource) -> u64 {
    let asked = issuer.count();
    for milliseconds in 0.. {
        drop(source.token().await.unwrap());
        settle().await;
        if issuer.count() > asked {
            return milliseconds * 100;
        }
        later(100).await;
    }
    unreachable!("it is tried again some time")
}

/// Lets what is on its way over loopback arrive.
async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_failed_renewal_keeps_the_token_and_is_tried_ever_more_seldom() {
    let (issuer, wall, source) = source(Reply::Token("3600")).await;
    let first = source.token().await.unwrap();
    issuer.reply(Reply::Status(503, ""));
    wall.pass(3300).await;
    assert_eq!(next_try(&issuer, &source).await, 0);
    let mut tried = 0;
    for (least, most) in [(300, 1_100), (700, 2_100), (1_500, 4_100), (3_000, 8_100)] {
        let paused = next_try(&issuer, &source).await;
        assert!((least..=most).contains(&paused), "{paused} is not in {least}..={most}");
        tried += paused;
    }
    assert!(tried < 16_000);
    issuer.reply(Reply::Token("3600"));
    later(16_000).await;
    assert!(!renewed(&source, &first).await.is(&first));
}

#[tokio::test]
async fn a_renewal_is_put_off_for_as_long_as_the_server_asks() {
    let (issuer, wall, source) = source(Reply::Token("3600")).await;
    drop(source.token().await.unwrap());
    issuer.reply(Reply::Status(429, "retry-after: 120\r\n"));
    wall.pass(3300).await;
    assert_eq!(next_try(&issuer, &source).await, 0);
    let paused = next_try(&issuer, &source).await;
    assert!((110_000..=120_100).contains(&paused), "{paused}");
}

#[tokio::test]
async fn a_failure_is_for_those_who_waited_and_for_nobody_else() {
    let (issuer, _, source) = source(Reply::Status(503, "")).await;
    issuer.open(false);
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let source = source.clone();
            tokio::spawn(async move { source.token().await.map(|_| ()) })
        })
        .collect();
    issuer.asked(1).await;
    issuer.open(true);
    for waiting in waiting {
        assert!(matches!(waiting.await.unwrap(), Err(TokenError::Unreachable(_))));
    }
    assert_eq!(issuer.count(), 1);
    issuer.reply(Reply::Token("300"));
    assert_eq!(source.token().await.unwrap().expose(), "t2");
}

#[tokio::test]
async fn while_the_server_wants_to_be_left_alone_nobody_asks() {
    let (issuer, _, source) = source(Reply::Status(503, "retry-after: 30\r\n")).await;
    assert_eq!(source.token().await.unwrap_err().retry_after(), Some(Duration::from_secs(30)));
    later(10_500).await;
    for _ in 0..100 {
        let error = source.token().await.unwrap_err();
        assert!(matches!(error, TokenError::Unreachable(_)));
        let remains = error.retry_after().unwrap();
        assert!((15..=20).contains(&remains.as_secs()) && remains.subsec_nanos() == 0, "{remains:?}");
    }
    assert_eq!(issuer.count(), 1);
    issuer.reply(Reply::Token("300"));
    later(19_500).await;
    assert_eq!(source.token().await.unwrap().expose(), "t2");
}

#[tokio::test]
async fn no_server_keeps_a_client_without_tokens_for_more_than_a_minute() {
    let (_issuer, _, source) = source(Reply::Status(503, "retry-after: 3000\r\n")).await;
    drop(source.token().await.unwrap_err());
    later(1_000).await;
    let remains = source.token().await.unwrap_err().retry_after().unwrap();
    assert!((50..=59).contains(&remains.as_secs()), "{remains:?}");
    later(59_000).await;
    assert_eq!(source.token().await.unwrap_err().retry_after(), Some(Duration::from_secs(3_000)), "asked");
}

/// The one whose request it was is gone, with its runtime: somebody else asks.
#[test]
fn a_request_that_is_cut_off_with_its_runtime_holds_nobody_up() {
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (mine, other) = (runtime(), runtime());
    mine.block_on(async {
        let (issuer, _, source) = source(Reply::Token("300")).await;
        issuer.open(false);
        let theirs = source.clone();
        let asker = other.spawn(async move { drop(theirs.token().await) });
        issuer.asked(1).await;
        let waiting = tokio::spawn({
            let source = source.clone();
            async move { source.token().await.unwrap().expose().to_owned() }
        });
        other.shutdown_background();
        assert!(asker.await.is_err());
        issuer.open(true);
        assert_eq!(waiting.await.unwrap(), "t2");
        assert_eq!(source.token().await.unwrap().expose(), "t2");
    });
}

#[tokio::test]
async fn one_who_no_longer_waits_leaves_the_request_to_the_others() {
    let (issuer, _, source) = source(Reply::Token("300")).await;
    issuer.open(false);
    let first = tokio::spawn({
        let source = source.clone();
        async move { drop(source.token().await) }
    });
    issuer.asked(1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    issuer.open(true);
    assert_eq!(source.token().await.unwrap().expose(), "t1");
    assert_eq!(issuer.count(), 1);
}
