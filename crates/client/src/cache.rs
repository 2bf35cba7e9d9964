//! Where tokens are kept: one place for each kind of token, in memory or on disk too, read without a lock and filled by
//! one request at a time.

mod disk;
mod flight;
mod key;
mod life;
mod moment;
mod pace;
mod slot;
mod sync;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_proto::jose::{Algorithm, SigningKey};
use countersign_proto::time::Clock;
use tokio::time::Instant;

use crate::token::{Misconfigured, Token, TokenError};
use disk::Folder;
pub(crate) use disk::{Entry, Failure, Sight, Stored, Turn};
pub(crate) use key::{Binding, CacheKey, Whom};
pub(crate) use life::{ASSUMED, Life};
pub(crate) use moment::Moment;
pub(crate) use slot::{Boarding, Found, Same, Want};

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
    folder: Option<Folder>,
}

/// The place of one kind of token.
pub(crate) struct Place {
    pub slot: Arc<Slot>,
    /// Its file, where the cache is on disk.
    pub entry: Option<Arc<Entry>>,
    began: Instant,
}

impl TokenCache {
    /// Tokens that the processes of one user share, in files (0600) of `folder`, which is made (0700) where it is not
    /// there; the modes, and whose a file is, are seen to on Unix alone. Proof keys are kept there too, for as much as a month, so that the next process can spend a bound token.
    ///
    /// One process at a time asks for a token; the others wait for it, or for its failure where there is no answer, for a
    /// minute at most. How long a server wants to be left alone, and that a token has just taken the place of a refused
    /// one, holds for all of them. Of a token that lives for a second or two each process asks for its own.
    /// A file that others may read, that is another
    /// user's or a link, or that holds something else, is no token and is replaced. While the folder cannot be used the
    /// source goes on without.
    ///
    /// # Errors
    /// [`Misconfigured`] when the folder cannot be made or written to, is a link or another user's, or others may enter
    /// it.
    pub fn on_disk(folder: impl Into<PathBuf>) -> Result<Self, Misconfigured> {
        let folder = folder.into();
        let wrong = |error| Misconfigured::new("cache", format!("{}: {error}", folder.display()));
        let folder = Folder::open(&folder).map_err(wrong)?;
        Ok(Self::with(Some(folder)))
    }

    fn with(folder: Option<Folder>) -> Self {
        Self(Arc::new(Inner { slots: Mutex::default(), began: Instant::now(), folder }))
    }

    /// The proof key for such tokens, where the cache keeps any; `key` is bound to its algorithm alone.
    ///
    /// # Errors
    /// [`Misconfigured`] when it cannot be kept.
    pub(crate) fn proof_key(
        &self,
        key: &CacheKey,
        algorithm: Algorithm,
    ) -> Result<Option<SigningKey>, Misconfigured> {
        let Some(folder) = &self.0.folder else { return Ok(None) };
        let wrong = |error| Misconfigured::new("cache", format!("the proof key: {error}"));
        folder.proof_key(key, algorithm).map(Some).map_err(wrong)
    }

    /// The place for such tokens.
    pub(crate) fn place(&self, key: CacheKey, clock: &dyn Clock) -> Place {
        let Inner { slots, began, folder } = &*self.0;
        let entry = folder.as_ref().map(|folder| Arc::new(folder.entry(&key)));
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
        Place { slot, entry, began: *began }
    }
}

/// In memory.
impl Default for TokenCache {
    fn default() -> Self {
        Self::with(None)
    }
}

impl Place {
    /// Holds this token no longer, in memory and on disk.
    pub(crate) async fn forget(&self, token: &Token) {
        // on disk first, or one who comes meanwhile finds it there and holds it again
        if let Some(entry) = &self.entry {
            entry.forget(token.clone()).await;
        }
        self.slot.forget(token);
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemClock;
    use crate::token::Ask;

    fn key(number: usize) -> CacheKey {
        CacheKey::new(Whom::Endpoint("https://x".to_owned()), &number.to_string(), &Ask::default(), None)
    }

    #[test]
    fn a_cache_is_bounded_and_lets_go_of_what_nobody_uses_first() {
        let cache = TokenCache::default();
        let held: Vec<Place> = (0..10).map(|number| cache.place(key(number), &SystemClock)).collect();
        for number in 0..MAX_PLACES + 5 {
            cache.place(key(number), &SystemClock);
        }
        let count = || cache.0.slots.lock().unwrap().len();
        assert_eq!(count(), 10 + 5);
        for (number, place) in held.iter().enumerate() {
            assert!(Arc::ptr_eq(&place.slot, &cache.place(key(number), &SystemClock).slot));
        }
        let all: Vec<Place> =
            (0..MAX_PLACES + 5).map(|number| cache.place(key(number), &SystemClock)).collect();
        assert_eq!((count(), all.len()), (MAX_PLACES, MAX_PLACES + 5), "those beyond have one of their own");
    }
}
