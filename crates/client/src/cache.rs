//! Where tokens are kept: one place for each kind of token, in memory or on disk too, read without a lock and filled by
//! one request at a time.

mod flight;
mod key;
mod life;
mod moment;
mod pace;
mod slot;
mod sync;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_proto::time::Clock;
use tokio::time::Instant;

use crate::token::{Token, TokenError};
pub(crate) use key::{Binding, CacheKey, Whom};
pub(crate) use life::{ASSUMED, Life};
pub(crate) use moment::Moment;
use slot::Same;
pub(crate) use slot::{Boarding, Found, Want};

pub(crate) type Slot = slot::Slot<Token, TokenError>;
pub(crate) type Pilot = slot::Pilot<Token, TokenError>;

/// Tokens that several sources share; a handle that is cheap to clone. A source that is given none has one of its own.
///
/// Sources that ask one issuer (or endpoint), as one client, for the same APIs, audiences and scopes, and bind their
/// tokens to one key or to none, have one token and make one request between them.
///
/// Does not check: credentials. A source gets the token that another of the same client asked for, whatever its own
/// secret is worth: share a cache among those alone who may have one another's tokens.
#[derive(Clone)]
pub struct TokenCache(Arc<Inner>);

struct Inner {
    slots: Mutex<HashMap<CacheKey, Arc<Slot>>>,
    began: Instant,
}

/// The place of one kind of token.
pub(crate) struct Place {
    pub slot: Arc<Slot>,
    began: Instant,
}

impl TokenCache {
    /// The place for such tokens.
    pub(crate) fn place(&self, key: CacheKey, clock: &dyn Clock) -> Place {
        let Inner { slots, began } = &*self.0;
        let mut slots = slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MAX_PLACES && !slots.contains_key(&key) {
            let now = moment(clock, *began);
            slots.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.is_in_use(now));
        }
        let slot = if slots.len() < MAX_PLACES {
            Arc::clone(slots.entry(key).or_insert_with(Slot::empty))
        } else {
            slots.get(&key).map_or_else(Slot::empty, Arc::clone)
        };
        Place { slot, began: *began }
    }
}

/// In memory.
impl Default for TokenCache {
    fn default() -> Self {
        Self(Arc::new(Inner { slots: Mutex::default(), began: Instant::now() }))
    }
}

impl Place {
    /// The present moment.
    pub(crate) fn now(&self, clock: &dyn Clock) -> Moment {
        moment(clock, self.began)
    }
}

impl Same for Token {
    fn same(&self, other: &Self) -> bool {
        self.is(other) || self.expose() == other.expose()
    }
}

fn moment(clock: &dyn Clock, began: Instant) -> Moment {
    let ticks = Instant::now().saturating_duration_since(began).as_millis();
    Moment { wall: clock.now(), ticks: u64::try_from(ticks).unwrap_or(u64::MAX) }
}

/// Kinds of token that one cache has places for; a source beyond them has one of its own.
const MAX_PLACES: usize = 10_000;
