//! One request on its way, and those who wait for it: it has one outcome, which each of them gets, whatever becomes of
//! the request.

use std::collections::BTreeMap;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};

use super::sync::{Mutex, MutexGuard};

/// A request on its way.
pub(super) struct Flight<O>(Mutex<Progress<O>>);

enum Progress<O> {
    Flying(Waiting),
    Landed(O),
    Cut,
}

#[derive(Default)]
struct Waiting {
    next: u64,
    wakers: BTreeMap<u64, Waker>,
}

/// One who waits: the outcome, or `None` when the request was cut off.
pub(crate) struct Passenger<O> {
    flight: Arc<Flight<O>>,
    seat: Option<u64>,
}

impl<O> Flight<O> {
    pub(super) fn depart() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Progress::Flying(Waiting::default()))))
    }

    /// A place among those who wait.
    pub(super) fn seat(self: &Arc<Self>) -> Passenger<O> {
        Passenger { flight: Arc::clone(self), seat: None }
    }

    /// Ends the flight, once; `None` = it was cut off.
    pub(super) fn end(&self, outcome: Option<O>) {
        let before = mem::replace(&mut *self.lock(), outcome.map_or(Progress::Cut, Progress::Landed));
        // outside of the lock: a waker may do anything
        if let Progress::Flying(waiting) = before {
            waiting.wakers.into_values().for_each(Waker::wake);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Progress<O>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O: Clone> Future for Passenger<O> {
    type Output = Option<O>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<O>> {
        let flight = Arc::clone(&self.flight);
        let mut progress = flight.lock();
        match &mut *progress {
            Progress::Landed(outcome) => Poll::Ready(Some(outcome.clone())),
            Progress::Cut => Poll::Ready(None),
            Progress::Flying(waiting) => {
                let seat = *self.seat.get_or_insert_with(|| {
                    waiting.next += 1;
                    waiting.next
                });
                waiting.wakers.insert(seat, context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// One who no longer waits is not woken, nor kept.
impl<O> Drop for Passenger<O> {
    fn drop(&mut self) {
        if let (Some(seat), Progress::Flying(waiting)) = (self.seat, &mut *self.flight.lock()) {
            waiting.wakers.remove(&seat);
        }
    }
}
