//! Time that a test moves: the wall's clock, and tokio's.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use countersign_client::{SystemClock, Token, TokenSource};
use countersign_proto::time::{Clock, UnixTime};

/// A wall's clock; clones show the same.
#[derive(Clone)]
pub(crate) struct Wall(Arc<AtomicI64>);

impl Wall {
    pub(crate) fn new() -> Self {
        // files have the time of the real one
        Self(Arc::new(AtomicI64::new(SystemClock.now().0)))
    }

    /// Sets it forth, or back.
    pub(crate) fn set_by(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Lets time pass, by both clocks.
    pub(crate) async fn pass(&self, seconds: u64) {
        self.set_by(seconds as i64);
        later(seconds * 1000).await;
    }
}

impl Clock for Wall {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.load(Ordering::Relaxed))
    }
}

/// Moves tokio's time alone, by milliseconds; what goes over sockets goes on in real time.
pub(crate) async fn later(milliseconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_millis(milliseconds)).await;
    tokio::time::resume();
}

/// Waits until the source hands out another token than `old`, as it does once a renewal has come to its end.
pub(crate) async fn renewed(source: &TokenSource, old: &Token) -> Token {
    loop {
        let token = source.token().await.unwrap();
        if !token.is(old) {
            return token;
        }
        tokio::task::yield_now().await;
    }
}
