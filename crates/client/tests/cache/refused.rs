//! Tokens that a resource server did not take.

use std::sync::Arc;
use std::time::Duration;

use countersign_client::TokenSource;

use super::issuer::{Issuer, Reply};
use super::time::{Wall, later};

async fn source() -> (Issuer, Wall, TokenSource) {
    let issuer = Issuer::start(Reply::Token("3600")).await;
    let wall = Wall::new();
    let source = issuer.source().clock(Arc::new(wall.clone())).build_unasked().unwrap();
    (issuer, wall, source)
}

#[tokio::test]
async fn a_token_that_a_thousand_tasks_saw_refused_is_replaced_once() {
    let (issuer, _, source) = source().await;
    let refused = source.token().await.unwrap();
    let tasks: Vec<_> = (0..1_000)
        .map(|_| {
            let (source, refused) = (source.clone(), refused.clone());
            tokio::spawn(async move { source.instead_of(&refused).await.unwrap().expose().to_owned() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), "t2");
    }
    assert_eq!(issuer.count(), 2);
    later(3_000_000).await;
    assert_eq!(source.instead_of(&refused).await.unwrap().expose(), "t2", "one that is newer is here");
    assert_eq!(issuer.count(), 2);
}

#[tokio::test]
async fn a_resource_server_that_refuses_every_token_causes_no_storm() {
    let (issuer, _, source) = source().await;
    let mut token = source.token().await.unwrap();
    let mut told = 0;
    for _ in 0..600 {
        match source.instead_of(&token).await {
            Ok(other) => token = other,
            Err(error) => {
                told += 1;
                let after = error.retry_after().unwrap();
                assert!(after > Duration::ZERO && after <= Duration::from_secs(60));
            }
        }
        later(500).await;
    }
    // in five minutes: at once, then after 5, 10, 20, 40 seconds, then once a minute
    assert!((8..=10).contains(&issuer.count()), "{}", issuer.count());
    assert!(told > 580);
    assert!(source.token().await.is_ok(), "those who spend it elsewhere go on");
}

#[tokio::test]
async fn while_the_server_is_away_a_refused_token_is_still_there_for_others() {
    let (issuer, _, source) = source().await;
    let token = source.token().await.unwrap();
    issuer.reply(Reply::Status(503, "retry-after: 5\r\n"));
    assert!(source.instead_of(&token).await.is_err());
    for _ in 0..100 {
        assert!(source.instead_of(&token).await.is_err());
        assert!(source.token().await.unwrap().is(&token));
    }
    assert_eq!(issuer.count(), 2, "the server is left alone");
    issuer.reply(Reply::Token("3600"));
    later(5_000).await;
    assert_eq!(source.instead_of(&token).await.unwrap().expose(), "t3");
    assert_eq!(source.token().await.unwrap().expose(), "t3");
}
