//! One cache for several sources.

use countersign_client::{Builder, TokenCache};
use countersign_proto::jose::Algorithm;

use super::issuer::{Issuer, Reply};

/// Threats 4 "wrong tenant's token": sources that ask for one thing have one token, and whatever they ask for otherwise
/// makes another.
#[tokio::test]
async fn equal_sources_share_and_others_do_not() {
    let (issuer, other) =
        (Issuer::start(Reply::Token("300")).await, Issuer::start(Reply::Token("300")).await);
    let cache = TokenCache::default();
    let base = |issuer: &Issuer| issuer.source().resource("https://a.example").scope("r").scope("w");
    let token = async |builder: Builder| {
        let source = builder.cache(cache.clone()).build_unasked().unwrap();
        source.token().await.unwrap().expose().to_owned()
    };
    assert_eq!(token(base(&issuer)).await, "t1");
    assert_eq!(token(base(&issuer)).await, "t1");
    let turned = issuer.source().scope("w").scope("r").resource("https://a.example");
    assert_eq!(token(turned).await, "t1");
    let secret = || countersign_client::token::Secret::new("s".to_owned());
    for (builder, expected) in [
        (base(&issuer).scope("x"), "t2"),
        (base(&issuer).resource("https://b.example"), "t3"),
        (base(&issuer).audience("https://a.example"), "t4"),
        (base(&issuer).client_secret("other", secret()), "t5"),
    ] {
        assert_eq!(token(builder).await, expected);
    }
    assert_eq!(token(base(&other)).await, "t1", "of the other server");
    assert_eq!((issuer.count(), other.count()), (5, 1));
    assert_eq!(token(base(&issuer)).await, "t1");
}

/// Each source has a proof key of its own, so none can spend the other's token.
#[tokio::test]
async fn bound_tokens_are_not_shared_in_memory() {
    let issuer = Issuer::start(Reply::Bound).await;
    let cache = TokenCache::default();
    for expected in ["t1", "t2"] {
        let source = issuer.source().dpop(Algorithm::ES256).cache(cache.clone()).build_unasked().unwrap();
        assert_eq!(source.token().await.unwrap().expose(), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn equal_sources_make_one_request_between_them() {
    let issuer = Issuer::start(Reply::Token("300")).await;
    let cache = TokenCache::default();
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let source = issuer.source().cache(cache.clone()).build_unasked().unwrap();
            tokio::spawn(async move { source.token().await.unwrap().expose().to_owned() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), "t1");
    }
    assert_eq!(issuer.count(), 1);
}
