//! What a token costs that is in memory.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::issuer::{Issuer, Reply};

/// Issue 5: no allocation for a cached token; nor does it wait for anything.
#[test]
fn a_cached_token_allocates_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let source = runtime.block_on(async {
        let issuer = Issuer::start(Reply::Token("3600")).await;
        let source = issuer.source().build_unasked().unwrap();
        source.token().await.unwrap();
        source
    });
    let used = allocation_counter::measure(|| {
        for _ in 0..10_000 {
            let polled = pin!(source.token()).poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(polled, Poll::Ready(Ok(_))));
        }
    });
    assert_eq!(used.count_total, 0, "{used:?}");
}
