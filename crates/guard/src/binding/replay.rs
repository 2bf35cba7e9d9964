//! Each DPoP proof once (RFC 9449 §11.1): what was used is remembered until it is too old to be taken anyway.
//!
//! Only proofs that passed every other check get in, so that whoever has no token fills nothing. It is bounded, for each key
//! and for all; a full one refuses rather than forgets. One key fills but its own part; a client that gets tokens for many
//! keys has the parts of all of them. It is this process's own: several guards each take a proof once, and where that
//! matters, nonces close it. What was made before its start an earlier process may have taken, and is refused, up to what
//! clocks may differ.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};
use countersign_proto::jose::dpop::Proof;

use crate::refusal::Refusal;

/// The proofs that were used.
pub(crate) struct Replay {
    shards: Box<[Mutex<Shard>]>,
    /// The second since which it remembers; earlier where the clock was set back.
    since: AtomicI64,
    room: Room,
    hasher: RandomState,
}

/// How many proofs a shard remembers.
#[derive(Clone, Copy)]
struct Room {
    of_all: usize,
    of_one_key: usize,
}

/// Some of them.
#[derive(Default)]
struct Shard {
    used: HashMap<u128, Used>,
    /// How many each key has of them.
    by_key: HashMap<u64, usize>,
    /// The second until which the first of them is taken that may be forgotten; before it is over no look is worth it.
    first_until: Option<i64>,
}

/// A proof that was used.
#[derive(Clone, Copy)]
struct Used {
    /// The second until which it is taken.
    until: i64,
    key: u64,
}

impl Replay {
    /// It remembers from now on.
    pub(crate) fn new(now: i64) -> Self {
        Self::with_room(ROOM, now)
    }

    fn with_room(room: Room, now: i64) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, since: AtomicI64::new(now), room, hasher: RandomState::new() }
    }

    /// Refuses a proof of this `iat` where it may have been used before anything was remembered.
    ///
    /// # Errors
    /// [`Refusal::ProofBeforeStart`].
    ///
    /// Does not check: the 10 s before, which a clock of a good caller may be behind.
    pub(crate) fn remembers_since(&self, iat: i64, now: i64) -> Result<(), Refusal> {
        // a clock that stood too late at the start would else refuse everything until it is as late again
        let since = self.since.fetch_min(now, Relaxed).min(now);
        if iat < since.saturating_sub(BEHIND) { Err(Refusal::ProofBeforeStart) } else { Ok(()) }
    }

    /// Marks a proof as used.
    ///
    /// # Errors
    /// [`Refusal::ProofReplayed`] when it was used before, [`Refusal::ProofRoom`] when there is no room to remember it.
    pub(crate) fn first(&self, proof: &Proof, now: i64) -> Result<(), Refusal> {
        let thumbprint = proof.thumbprint().to_string();
        let used = Used { until: proof.usable_until(), key: self.hasher.hash_one(&thumbprint) };
        self.mark(name(&thumbprint, proof.jti()), used, now)
    }

    fn mark(&self, name: u128, used: Used, now: i64) -> Result<(), Refusal> {
        let at = usize::try_from(name % SHARDS as u128).unwrap_or_default();
        let Some(shard) = self.shards.get(at) else { return Err(Refusal::ProofRoom) };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        // a full one is looked through where that makes room, and so once a second at most, however many come
        if !shard.has_room(self.room, used.key) && shard.first_until.is_some_and(|until| until < now) {
            shard.sweep(now);
        }
        // one that was used is told so, also where there is no room for others
        if shard.used.get(&name).is_some_and(|earlier| earlier.until >= now) {
            return Err(Refusal::ProofReplayed);
        }
        if !shard.has_room(self.room, used.key) {
            return Err(Refusal::ProofRoom);
        }
        if shard.used.insert(name, used).is_none() {
            *shard.by_key.entry(used.key).or_default() += 1;
        }
        shard.first_until = Some(shard.first_until.map_or(used.until, |until| until.min(used.until)));
        Ok(())
    }
}

impl Shard {
    fn has_room(&self, room: Room, key: u64) -> bool {
        self.used.len() < room.of_all && self.by_key.get(&key).is_none_or(|used| *used < room.of_one_key)
    }

    /// Forgets what is too old to be taken.
    fn sweep(&mut self, now: i64) {
        let Self { used, by_key, first_until } = self;
        *first_until = None;
        used.retain(|_, used| {
            let stays = used.until >= now;
            if stays {
                *first_until = Some(first_until.map_or(used.until, |until| until.min(used.until)));
            } else if let Some(count) = by_key.get_mut(&used.key) {
                *count = count.saturating_sub(1);
            }
            stays
        });
        by_key.retain(|_, count| *count > 0);
    }
}

/// A proof's name is its key's own matter: the same `jti` of two keys is two proofs.
fn name(thumbprint: &str, jti: &str) -> u128 {
    let mut context = Context::new(&SHA256);
    context.update(thumbprint.as_bytes());
    context.update(jti.as_bytes()); // the thumbprint's length is fixed: no other pair is the same text
    let digest = context.finish();
    digest.as_ref().first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes))
}

const SHARDS: usize = 16;
/// How many seconds a caller's clock may be behind at the start: what FAPI demands for any proof.
const BEHIND: i64 = 10;
/// Of each shard: a million proofs in all, and of one key 65,536, a thousand for each second that they are taken. Full, with a
/// key for each proof, that is some 100 MiB: tables of 131,072 places, 16 times 33 bytes and 17 bytes each.
const ROOM: Room = Room { of_all: 1 << 16, of_one_key: 1 << 12 };

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_767_225_600;
    const UNTIL: i64 = NOW + 60;

    const fn until(until: i64) -> Used {
        Used { until, key: 1 }
    }

    const fn room(of_all: usize, of_one_key: usize) -> Room {
        Room { of_all, of_one_key }
    }

    /// T-9449-06, threats §3 (jti replay).
    #[test]
    fn once_as_long_as_it_is_taken() {
        let replay = Replay::new(NOW);
        let (one, other) = (name("key", "1"), name("key", "2"));
        assert_eq!(replay.mark(one, until(UNTIL), NOW), Ok(()));
        for now in [NOW, NOW + 1, UNTIL] {
            assert_eq!(replay.mark(one, until(UNTIL), now), Err(Refusal::ProofReplayed), "{now}");
        }
        assert_eq!(replay.mark(other, until(UNTIL), NOW), Ok(()));
        assert_ne!(one, name("another key", "1"), "a name is its key's own");
    }

    /// T-9449-06: what an earlier process may have taken is refused, also while the clock goes on; one that was set back
    /// refuses nobody for longer than that.
    #[test]
    fn what_was_made_before_is_refused() {
        let replay = Replay::new(NOW);
        let judged = |iat, now| replay.remembers_since(iat, now);
        for now in [NOW, NOW + 30, NOW + 3600] {
            for (iat, expected) in [
                (NOW - 60, Err(Refusal::ProofBeforeStart)),
                (NOW - 11, Err(Refusal::ProofBeforeStart)),
                (NOW - 10, Ok(())),
                (NOW - 5, Ok(())),
                (NOW, Ok(())),
                (NOW + 30, Ok(())),
            ] {
                assert_eq!(judged(iat, now), expected, "{iat} at {now}");
            }
        }
        assert_eq!(judged(NOW - 3600, NOW - 3600), Ok(()));
        assert_eq!(judged(NOW - 3611, NOW - 3590), Err(Refusal::ProofBeforeStart));
    }

    #[test]
    fn a_full_one_refuses_until_it_may_forget() {
        let replay = Replay::with_room(room(2, 2), NOW);
        let refused =
            (0..1000).find(|n| replay.mark(name("key", &n.to_string()), until(UNTIL), NOW).is_err());
        assert!(refused.is_some_and(|n| n >= 2));
        for n in 0..2 {
            let later = replay.mark(name("key", &n.to_string()), until(UNTIL + 90), UNTIL + 1);
            assert_eq!(later, Ok(()), "{n}");
        }
    }

    /// A full one is looked through once a second, and what it refuses is neither a replay nor the issuer's fault.
    #[test]
    fn a_full_one_is_swept_once_a_second() {
        let replay = Replay::with_room(room(1, 1), NOW);
        assert_eq!(replay.mark(0, until(NOW), NOW), Ok(()));
        let all = SHARDS as u128;
        assert_eq!(replay.mark(all, until(UNTIL), NOW), Err(Refusal::ProofRoom));
        assert_eq!(replay.mark(0, until(UNTIL), NOW), Err(Refusal::ProofReplayed));
        // as if another clock had gone back: within the same second nothing is looked through again
        replay.shards[0].lock().unwrap().used.insert(0, until(NOW - 1));
        assert_eq!(replay.mark(all, until(UNTIL), NOW), Err(Refusal::ProofRoom));
        assert_eq!(replay.mark(all, until(UNTIL), NOW + 1), Ok(()));
    }

    /// Threats §3 (jti exhaustion): a key that is full has nobody's proofs looked through while none of them may be forgotten.
    #[test]
    fn what_makes_no_room_is_not_looked_through() {
        let replay = Replay::with_room(room(100, 1), NOW);
        assert_eq!(replay.mark(0, until(UNTIL), NOW), Ok(()));
        // as if one of them had been forgotten already: a look would find it
        replay.shards[0].lock().unwrap().used.insert(0, until(NOW - 1));
        let all = SHARDS as u128;
        for now in NOW..=UNTIL {
            assert_eq!(replay.mark(all, until(now + 60), now), Err(Refusal::ProofRoom), "{now}");
        }
        assert_eq!(replay.mark(all, until(UNTIL + 60), UNTIL + 1), Ok(()));
        let shard = replay.shards[0].lock().unwrap();
        assert_eq!((shard.first_until, shard.by_key[&1], shard.used.len()), (Some(UNTIL + 60), 1, 1));
    }

    /// Threats §3 (jti exhaustion): one client's key has its own part, and leaves the others theirs.
    #[test]
    fn one_key_does_not_fill_it_for_others() {
        let replay = Replay::with_room(room(100, 2), NOW);
        let marked = |key, now| {
            let used = Used { until: now + 60, key };
            let names = (0..1000).map(|n| name(&key.to_string(), &format!("{n} {now}")));
            names.filter(|name| replay.mark(*name, used, now) == Ok(())).count()
        };
        assert_eq!(marked(1, NOW), 2 * SHARDS);
        assert_eq!(marked(1, NOW + 1), 0);
        assert_eq!(marked(2, NOW + 1), 2 * SHARDS);
        assert_eq!(marked(1, NOW + 61), 2 * SHARDS, "what is too old is forgotten");
    }

    /// Threats §3 (jti race): of many at once one is first.
    #[test]
    fn of_many_at_once_one_is_first() {
        let replay = Replay::new(NOW);
        let mark = || usize::from(replay.mark(name("key", "1"), until(UNTIL), NOW).is_ok());
        let firsts: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..8).map(|_| scope.spawn(mark)).collect();
            tries.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(firsts, 1);
    }
}
