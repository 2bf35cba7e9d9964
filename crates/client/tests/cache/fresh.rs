//! How long a token is used, and when it is renewed.

use std::sync::Arc;
use std::time::Duration;

use countersign_client::TokenSource;

use super::issuer::{Issuer, Reply};
use super::time::{Wall, later, renewed};

async fn source(life: &'static str) -> (Issuer, Wall, TokenSource) {
    let issuer = Issuer::start(Reply::Token(life)).await;
    let wall = Wall::new();
    let source = issuer.source().clock(Arc::new(wall.clone())).build_unasked().unwrap();
    (issuer, wall, source)
}

async fn text(source: &TokenSource) -> String {
    source.token().await.unwrap().expose().to_owned()
}

#[tokio::test]
async fn it_is_renewed_in_the_background_while_it_is_used() {
    let (issuer, wall, source) = source("300").await;
    let first = source.token().await.unwrap();
    wall.pass(225).await;
    assert_eq!(text(&source).await, "t1");
    assert_eq!(issuer.count(), 1, "four fifths are not over");
    wall.pass(37).await;
    issuer.open(false);
    for _ in 0..100 {
        assert_eq!(text(&source).await, "t1", "nobody waits for a renewal");
    }
    issuer.asked(2).await;
    issuer.open(true);
    assert_eq!(renewed(&source, &first).await.expose(), "t2");
    assert_eq!(issuer.count(), 2);
}

#[tokio::test]
async fn an_idle_source_never_asks() {
    let (issuer, wall, source) = source("300").await;
    assert_eq!(text(&source).await, "t1");
    for _ in 0..100 {
        wall.pass(60).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(issuer.count(), 1);
    assert_eq!(text(&source).await, "t2");
}

#[tokio::test]
async fn it_is_never_used_past_its_end_minus_the_leeway() {
    let (issuer, wall, source) = source("300").await;
    assert_eq!(text(&source).await, "t1");
    wall.pass(290).await;
    assert_eq!(text(&source).await, "t2");
    issuer.reply(Reply::Status(503, ""));
    wall.pass(290).await;
    assert!(source.token().await.is_err(), "no token rather than an old one");
}

#[tokio::test]
async fn a_token_that_lives_for_seconds_is_used_while_it_lives() {
    let (issuer, _, source) = source("9").await;
    assert_eq!(text(&source).await, "t1");
    later(4_000).await;
    assert_eq!((text(&source).await.as_str(), issuer.count()), ("t1", 1));
    later(3_300).await;
    assert_eq!(text(&source).await, "t2", "a fifth of its life is its leeway");
}

#[tokio::test]
async fn a_token_that_lives_for_a_second_is_used_for_four_fifths_of_it() {
    let (issuer, wall, source) = source("1").await;
    assert_eq!(text(&source).await, "t1");
    // the second in which it was asked for ends a moment later
    wall.set_by(1);
    later(600).await;
    assert_eq!((text(&source).await.as_str(), issuer.count()), ("t1", 1));
    later(200).await;
    assert_eq!(text(&source).await, "t2");
}

/// T-6749-19: `expires_in` absent, 0, a string or huge.
#[tokio::test]
async fn every_lifetime_is_survived() {
    let (issuer, wall, source) = source("").await;
    assert_eq!(text(&source).await, "t1");
    wall.pass(30).await;
    assert_eq!((text(&source).await.as_str(), issuer.count()), ("t1", 1));
    issuer.reply(Reply::Token("0"));
    wall.pass(20).await;
    let waiting = (0..10).map(|_| {
        tokio::spawn({
            let source = source.clone();
            async move { source.token().await.unwrap().expose().to_owned() }
        })
    });
    for waiting in waiting.collect::<Vec<_>>() {
        assert_eq!(waiting.await.unwrap(), "t2", "for those who waited");
    }
    assert_eq!((text(&source).await.as_str(), issuer.count()), ("t3", 3), "and for nobody else");
    issuer.reply(Reply::Token("18446744073709551615"));
    assert_eq!(text(&source).await, "t4");
    wall.pass(19 * 60 * 60).await;
    assert_eq!((text(&source).await.as_str(), issuer.count()), ("t4", 4));
    wall.pass(5 * 60 * 60).await;
    assert_eq!(text(&source).await, "t5", "a day at most");
}

#[tokio::test]
async fn the_life_that_is_assumed_can_be_said() {
    let issuer = Issuer::start(Reply::Token("")).await;
    let wall = Wall::new();
    let builder = issuer.source().clock(Arc::new(wall.clone()));
    let source = builder.assumed_life(Duration::from_secs(600)).build_unasked().unwrap();
    assert_eq!(text(&source).await, "t1");
    wall.pass(450).await;
    assert_eq!((text(&source).await.as_str(), issuer.count()), ("t1", 1));
    wall.pass(150).await;
    assert_eq!(text(&source).await, "t2");
}

#[tokio::test]
async fn the_life_is_counted_from_when_the_token_was_asked_for() {
    let (issuer, wall, source) = source("60").await;
    issuer.open(false);
    let waiting = tokio::spawn({
        let source = source.clone();
        async move { source.token().await.unwrap().expose().to_owned() }
    });
    issuer.asked(1).await;
    wall.pass(25).await;
    issuer.open(true);
    assert_eq!(waiting.await.unwrap(), "t1");
    assert_eq!(text(&source).await, "t1");
    wall.pass(25).await;
    assert_eq!(text(&source).await, "t2", "fifty seconds after it was asked for");
}

#[tokio::test]
async fn a_wall_clock_that_is_set_back_prolongs_nothing() {
    let (_issuer, wall, source) = source("300").await;
    assert_eq!(text(&source).await, "t1");
    wall.set_by(-1_000_000);
    assert_eq!(text(&source).await, "t1");
    later(290_000).await;
    assert_eq!(text(&source).await, "t2");
}

#[tokio::test]
async fn a_machine_that_slept_asks_anew() {
    let (_issuer, wall, source) = source("300").await;
    assert_eq!(text(&source).await, "t1");
    // tokio's clock stands still meanwhile
    wall.set_by(290);
    assert_eq!(text(&source).await, "t2");
}
