//! Many at once, and many in a row.

use std::sync::Arc;

use super::issuer::{Issuer, Reply};
use super::time::Wall;

/// Threats 2 "stampede": 1,000 tasks that start at once with nothing in memory make one request.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_tasks_make_one_request() {
    let issuer = Issuer::start(Reply::Token("300")).await;
    let source = issuer.source().build_unasked().unwrap();
    let barrier = Arc::new(tokio::sync::Barrier::new(1_000));
    let tasks: Vec<_> = (0..1_000)
        .map(|_| {
            let (source, barrier) = (source.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                source.token().await.unwrap().expose().to_owned()
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), "t1");
    }
    assert_eq!(issuer.count(), 1);
}

/// 10,000 calls over an hour, with tokens of five minutes: 17 requests at most, and no token after its end.
#[tokio::test]
async fn ten_thousand_calls_in_an_hour_make_few_requests() {
    let issuer = Issuer::start(Reply::Token("300")).await;
    let wall = Wall::new();
    let source = issuer.source().clock(Arc::new(wall.clone())).build_unasked().unwrap();
    for call in 0..10_000 {
        let token = source.token().await.unwrap();
        assert!(countersign_proto::time::Clock::now(&wall) < token.expires_at().unwrap());
        if call % 25 == 24 {
            wall.pass(9).await;
            // between two calls there is time for an answer
            let asked = issuer.count();
            drop(source.token().await.unwrap());
            if issuer.count() > asked {
                super::time::renewed(&source, &token).await;
            }
        }
    }
    assert!((13..=17).contains(&issuer.count()), "{}", issuer.count());
}
