//! One exchange for all who ask about one token at one time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_proto::introspection::IntrospectionResponse;
use tokio::sync::watch;

use super::IntrospectError;

type Outcome = Result<IntrospectionResponse, IntrospectError>;
type Waiting = HashMap<Arc<str>, watch::Receiver<Option<Outcome>>>;

/// The exchanges on their way, by token, within a bound: each goes on when its callers have gone.
#[derive(Default)]
pub(super) struct Flights(Arc<Mutex<Waiting>>);

impl Flights {
    /// Waits for the exchange about `token`; begins `exchange` in a task of its own when there is none.
    ///
    /// # Errors
    /// [`IntrospectError::TooMany`] at once, when there are [`MAX_FLIGHTS`] about other tokens.
    pub(super) async fn join(
        &self,
        token: &str,
        exchange: impl Future<Output = Outcome> + Send + 'static,
    ) -> Outcome {
        let key: Arc<str> = token.into();
        let (mut outcome, flight) = {
            let mut waiting = lock(&self.0);
            if let Some(outcome) = waiting.get(&key) {
                (outcome.clone(), None)
            } else if waiting.len() >= MAX_FLIGHTS {
                return Err(IntrospectError::TooMany);
            } else {
                let (sender, outcome) = watch::channel(None);
                waiting.insert(Arc::clone(&key), outcome.clone());
                (outcome, Some(Flight { waiting: Arc::clone(&self.0), key, sender }))
            }
        };
        if let Some(flight) = flight {
            tokio::spawn(Box::pin(async move {
                let found = exchange.await;
                flight.land(found);
            }));
        }
        let found = outcome.wait_for(Option::is_some).await;
        found.ok().and_then(|found| found.clone()).unwrap_or(Err(IntrospectError::CutOff))
    }
}

/// An exchange on its way; whatever becomes of it, it is forgotten, so that the next caller asks anew.
struct Flight {
    waiting: Arc<Mutex<Waiting>>,
    key: Arc<str>,
    sender: watch::Sender<Option<Outcome>>,
}

impl Flight {
    fn land(self, found: Outcome) {
        self.sender.send_replace(Some(found));
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        lock(&self.waiting).remove(&self.key);
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// So many exchanges at a time are what an issuer can bear of one guard, and what is held for them.
pub(super) const MAX_FLIGHTS: usize = 128;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// T-7662-06: single flight, which outlives the one who began it, and of which nothing is left.
    #[tokio::test]
    async fn one_exchange_for_all_who_ask_at_one_time() {
        let flights = Flights::default();
        let (open, count) = (Arc::new(tokio::sync::Semaphore::new(0)), Arc::new(AtomicU32::new(0)));
        let exchange = || {
            let (open, count) = (Arc::clone(&open), Arc::clone(&count));
            async move {
                count.fetch_add(1, Ordering::Relaxed);
                open.acquire().await.unwrap().forget();
                Ok(IntrospectionResponse::Inactive)
            }
        };
        let mut first = Box::pin(flights.join("a", exchange()));
        assert!(waits(&mut first).await);
        drop(first);
        let mut others: Vec<_> = (0..100).map(|_| Box::pin(flights.join("a", exchange()))).collect();
        for other in &mut others {
            assert!(waits(other).await);
        }
        open.add_permits(1);
        for other in others {
            assert_eq!(other.await.unwrap(), IntrospectionResponse::Inactive);
        }
        assert_eq!(count.load(Ordering::Relaxed), 1);
        assert!(lock(&flights.0).is_empty());
        open.add_permits(2);
        let (again, another) = tokio::join!(flights.join("a", exchange()), flights.join("b", exchange()));
        assert!(again.is_ok() && another.is_ok());
        assert_eq!(count.load(Ordering::Relaxed), 3);
    }

    /// Threats 7: made-up tokens, whose senders are gone at once, start no more exchanges than the bound.
    #[tokio::test]
    async fn exchanges_are_bounded() {
        let flights = Flights::default();
        let open = Arc::new(tokio::sync::Semaphore::new(0));
        let exchange = || {
            let open = Arc::clone(&open);
            async move {
                open.acquire().await.unwrap().forget();
                Ok(IntrospectionResponse::Inactive)
            }
        };
        for number in 0..MAX_FLIGHTS {
            assert!(waits(&mut Box::pin(flights.join(&number.to_string(), exchange()))).await);
        }
        let beyond = flights.join("beyond", exchange()).await;
        assert!(matches!(beyond, Err(IntrospectError::TooMany)));
        let mut again = Box::pin(flights.join("0", exchange()));
        assert!(waits(&mut again).await, "what is under way already is waited for");
        open.add_permits(MAX_FLIGHTS + 1);
        assert!(again.await.is_ok());
        while !lock(&flights.0).is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(flights.join("beyond", exchange()).await.is_ok());
    }

    /// A panic in the exchange is no answer, and the next caller is served.
    #[tokio::test]
    async fn an_exchange_that_is_cut_off_is_no_answer() {
        let flights = Flights::default();
        let cut = flights.join("a", async { panic!("on purpose") }).await;
        assert!(matches!(cut, Err(IntrospectError::CutOff)));
        assert!(flights.join("a", async { Ok(IntrospectionResponse::Inactive) }).await.is_ok());
    }

    /// Polls once; whether it is still waiting.
    async fn waits<F: Future + Unpin>(future: &mut F) -> bool {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_pending())
        })
        .await
    }
}
