//! A panic ends one request, with a 500 that says nothing, and not its connection.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that ends with the panic of the one inside, if it panics.
pub(super) struct Caught<F>(pub(super) Pin<Box<F>>);

/// What a panic left.
pub(crate) type Panic = Box<dyn Any + Send>;

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Panic>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Unwind-safe: after a panic the future is dropped and nothing of it is looked at again.
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn catches_a_panic_after_an_await() {
        let work = async {
            tokio::task::yield_now().await;
            panic!("on purpose");
        };
        let caught = Caught(Box::pin(work));
        assert!(caught.await.is_err());
        assert_eq!(Caught(Box::pin(async { 7 })).await.ok(), Some(7));
    }
}
