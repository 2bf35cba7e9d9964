//! The place of one token: read without a lock, and filled by one request at a time.
//!
//! All changes are made under the desk's lock, but one: who finds a token due claims its renewal by one exchange of a
//! number, so that nobody else goes to the desk for it. Loom goes through all orders of these: `tests/loom`.

use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::sync::{Arc, PoisonError};

use super::flight::{Flight, Passenger};
use super::life::Life;
use super::moment::Moment;
use super::pace;
use super::sync::{AtomicU64, Mutex, MutexGuard, Shared};

/// The place of one token `T`, which a request brings or fails to with `E`.
pub(crate) struct Slot<T, E> {
    kept: Shared<Kept<T>>,
    desk: Mutex<Desk<T, E>>,
}

struct Kept<T> {
    token: T,
    life: Life,
    /// Ticks before which its renewal is not tried; [`CLAIMED`] while somebody is at it.
    next_try: AtomicU64,
}

struct Desk<T, E> {
    flight: Option<Arc<Flight<Result<T, E>>>>,
    /// Requests in a row that failed.
    failures: u32,
    /// Ticks before which nobody asks: so the server wanted it.
    closed_until: u64,
    /// Tokens in a row that took the place of a refused one.
    replacements: u32,
    /// Ticks before which the token that is kept is not replaced, though it be refused.
    replaced_until: u64,
}

/// What can be told from another of its kind.
pub(crate) trait Same {
    /// Whether both are one.
    fn same(&self, other: &Self) -> bool;
}

/// What there is.
#[derive(Debug)]
pub(crate) enum Found<T> {
    /// A token, and nothing is to be done.
    Fresh(T),
    /// A token that is good, and whose renewal is now the caller's to begin.
    Due(T),
    /// No token that is good.
    Nothing,
}

/// What a request is for.
#[derive(Clone)]
pub(crate) enum Want<T> {
    /// There is no token.
    Any,
    /// This one is due.
    Renewal(T),
    /// This one was refused by a resource server.
    InsteadOf(T),
}

/// What one who comes to the desk gets.
pub(crate) enum Boarding<T, E> {
    /// The token is here.
    Here(T),
    /// Somebody asks already; or, for a renewal, there is no need to.
    Flying(Option<Passenger<Result<T, E>>>),
    /// The caller has to ask.
    Yours(Pilot<T, E>, Passenger<Result<T, E>>),
    /// Nobody may ask for so many milliseconds.
    Closed(u64),
}

/// The one who asks: it brings a token, or says why not. Dropped, the request was cut off, and somebody else may ask.
pub(crate) struct Pilot<T, E> {
    slot: Arc<Slot<T, E>>,
    flight: Option<Arc<Flight<Result<T, E>>>>,
    want: Want<T>,
    departed: Moment,
}

impl<T: Clone + Same, E: Clone> Slot<T, E> {
    /// Looks for a token, without a lock. Of those who find it due, one is told so.
    pub(crate) fn find(&self, now: Moment) -> Found<T> {
        self.kept.read(|kept| match kept {
            Some(kept) if now.reached(kept.life.use_until) => Found::Nothing,
            Some(kept) if now.reached(kept.life.renew_at) && kept.claim(now) => {
                Found::Due(kept.token.clone())
            }
            Some(kept) => Found::Fresh(kept.token.clone()),
            None => Found::Nothing,
        })
    }

    /// Joins the request that is under way or makes the caller begin one, unless what the last one brought will do.
    pub(crate) fn board(self: &Arc<Self>, now: Moment, want: Want<T>) -> Boarding<T, E> {
        let mut desk = self.desk();
        if let Some(boarding) = self.kept.read(|kept| kept.and_then(|kept| desk.serve(kept, now, &want))) {
            return boarding;
        }
        if let Some(flight) = &desk.flight {
            return Boarding::Flying(Some(flight.seat()));
        }
        if now.ticks < desk.closed_until && !matches!(want, Want::Renewal(_)) {
            return Boarding::Closed(desk.closed_until - now.ticks);
        }
        let flight = Flight::depart();
        desk.flight = Some(Arc::clone(&flight));
        let passenger = flight.seat();
        let pilot = Pilot { slot: Arc::clone(self), flight: Some(flight), want, departed: now };
        Boarding::Yours(pilot, passenger)
    }

    /// Whether a token is here that is good, or on its way.
    pub(super) fn is_in_use(&self, now: Moment) -> bool {
        self.desk().flight.is_some()
            || self.kept.read(|kept| kept.is_some_and(|kept| !now.reached(kept.life.use_until)))
    }
}

impl<T: Same, E> Slot<T, E> {
    /// Holds this token no longer, where it is the one that is held.
    pub(crate) fn forget(&self, token: &T) {
        let _desk = self.desk();
        if self.kept.read(|kept| kept.is_some_and(|kept| kept.token.same(token))) {
            self.kept.replace(None);
        }
    }
}

impl<T, E> Slot<T, E> {
    pub(crate) fn empty() -> Arc<Self> {
        let desk = Desk { flight: None, failures: 0, closed_until: 0, replacements: 0, replaced_until: 0 };
        Arc::new(Self { kept: Shared::empty(), desk: Mutex::new(desk) })
    }

    fn try_again_at(&self, ticks: u64) {
        self.kept.read(|kept| {
            if let Some(kept) = kept {
                // an exchange as the claim is: of two such each is before or after the other
                kept.next_try.swap(ticks, AcqRel);
            }
        });
    }

    fn desk(&self) -> MutexGuard<'_, Desk<T, E>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Kept<T> {
    fn claim(&self, now: Moment) -> bool {
        let next = self.next_try.load(Acquire);
        next <= now.ticks && self.next_try.compare_exchange(next, CLAIMED, AcqRel, Acquire).is_ok()
    }
}

impl<T, E> Desk<T, E> {
    /// What the token that is kept means to one who comes to the desk, if anything.
    fn serve(&self, kept: &Kept<T>, now: Moment, want: &Want<T>) -> Option<Boarding<T, E>>
    where
        T: Clone + Same,
    {
        let next_try = kept.next_try.load(Acquire);
        match want {
            // another has landed since the caller looked, or has failed to
            Want::Renewal(_) => (next_try != CLAIMED).then_some(Boarding::Flying(None)),
            _ if now.reached(kept.life.use_until) => None,
            Want::InsteadOf(refused) if kept.token.same(refused) => {
                if self.flight.is_some() {
                    return None;
                }
                // a later try that no failure has put off says nothing about the server
                let tried = if next_try == CLAIMED || self.failures == 0 { 0 } else { next_try };
                let closed = self.replaced_until.max(tried).saturating_sub(now.ticks);
                (closed > 0).then_some(Boarding::Closed(closed))
            }
            Want::Any | Want::InsteadOf(_) => Some(Boarding::Here(kept.token.clone())),
        }
    }
}

impl<T: Clone, E: Clone> Pilot<T, E> {
    /// What it asks for.
    pub(crate) const fn want(&self) -> &Want<T> {
        &self.want
    }

    /// Brings a token; one that has no life is for those who wait and is not kept.
    pub(crate) fn land(self, token: T, life: Life, now: Moment) {
        let later = now.ticks.saturating_add(GRACE);
        self.end(Ok(token.clone()), |slot, desk, want| {
            desk.failures = 0;
            desk.closed_until = 0;
            (desk.replacements, desk.replaced_until) = match want {
                Want::Any | Want::Renewal(_) => (0, 0),
                Want::InsteadOf(_) => {
                    let replacements = desk.replacements.saturating_add(1);
                    (replacements, now.ticks.saturating_add(pace::after_replacement(replacements)))
                }
            };
            if now.reached(life.use_until) {
                slot.try_again_at(later);
            } else {
                let next_try = AtomicU64::new(if now.reached(life.renew_at) { later } else { 0 });
                slot.kept.replace(Some(Kept { token, life, next_try }));
            }
        });
    }

    /// Says why there is no token, and for how many milliseconds the server asks to be left alone; `jitter` is any
    /// number.
    pub(crate) fn fail(self, error: E, retry_after: Option<u64>, jitter: u32, now: Moment) {
        self.end(Err(error), |slot, desk, _| {
            let renewal = pace::after_failure(desk.failures, retry_after, jitter);
            desk.failures = desk.failures.saturating_add(1);
            desk.closed_until = now.ticks.saturating_add(pace::closed(retry_after));
            slot.try_again_at(now.ticks.saturating_add(renewal));
        });
    }

    fn end(mut self, outcome: Result<T, E>, change: impl FnOnce(&Slot<T, E>, &mut Desk<T, E>, &Want<T>)) {
        let flight = self.flight.take();
        let mut desk = self.slot.desk();
        change(&self.slot, &mut desk, &self.want);
        desk.flight = None;
        drop(desk);
        if let Some(flight) = flight {
            flight.end(Some(outcome));
        }
    }
}

impl<T, E> Drop for Pilot<T, E> {
    fn drop(&mut self) {
        if let Some(flight) = self.flight.take() {
            let mut desk = self.slot.desk();
            self.slot.try_again_at(self.departed.ticks.saturating_add(GRACE));
            desk.flight = None;
            drop(desk);
            flight.end(None);
        }
    }
}

/// The renewal of a token is under way.
const CLAIMED: u64 = u64::MAX;
/// Milliseconds before a renewal that would otherwise begin at once: of a token that was due when it came, as one may be
/// that another process asked for, or after a request that was cut off.
const GRACE: u64 = 5_000;
