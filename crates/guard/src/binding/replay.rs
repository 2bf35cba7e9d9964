//! Each DPoP proof once (RFC 9449 §11.1): what was used is remembered until it is too old to be taken anyway.
//!
//! Only proofs that passed every other check get in, so that whoever has no token fills nothing. It is bounded; a full
//! one refuses rather than forgets. It is this process's own: several guards each take a proof once, and a restarted one
//! takes again what is younger than its window. Where that matters, nonces close it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};
use countersign_proto::jose::dpop::Proof;

use crate::refusal::Refusal;

/// The proofs that were used.
pub(crate) struct Replay {
    shards: Box<[Mutex<Shard>]>,
    room: usize,
}

/// Some of them.
#[derive(Default)]
struct Shard {
    /// Each with the second until which it is taken.
    used: HashMap<u128, i64>,
    /// When it was last looked through for what may be forgotten.
    swept: i64,
}

impl Replay {
    pub(crate) fn new() -> Self {
        Self::with_room(ROOM)
    }

    fn with_room(room: usize) -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), room }
    }

    /// Marks a proof as used.
    ///
    /// # Errors
    /// [`Refusal::ProofReplayed`] when it was used before, [`Refusal::ProofRoom`] when there is no room to remember it.
    pub(crate) fn first(&self, proof: &Proof, now: i64) -> Result<(), Refusal> {
        self.mark(name(&proof.thumbprint().to_string(), proof.jti()), proof.usable_until(), now)
    }

    fn mark(&self, name: u128, until: i64, now: i64) -> Result<(), Refusal> {
        let at = usize::try_from(name % SHARDS as u128).unwrap_or_default();
        let Some(shard) = self.shards.get(at) else { return Err(Refusal::ProofRoom) };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.used.len() >= self.room {
            // nothing gets too old within a second: a full one is looked through once in it, however many come
            if shard.swept != now {
                shard.swept = now;
                shard.used.retain(|_, until| *until >= now);
            }
            if shard.used.len() >= self.room {
                // one that was used is told so, also where there is no room for others
                return Err(match shard.used.get(&name) {
                    Some(earlier) if *earlier >= now => Refusal::ProofReplayed,
                    _ => Refusal::ProofRoom,
                });
            }
        }
        match shard.used.insert(name, until) {
            Some(earlier) if earlier >= now => Err(Refusal::ProofReplayed),
            _ => Ok(()),
        }
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
/// Of each shard: a million proofs in all, some 50 MiB.
const ROOM: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_767_225_600;
    const UNTIL: i64 = NOW + 60;

    /// T-9449-06, threats §3 (jti replay).
    #[test]
    fn once_as_long_as_it_is_taken() {
        let replay = Replay::new();
        let (one, other) = (name("key", "1"), name("key", "2"));
        assert_eq!(replay.mark(one, UNTIL, NOW), Ok(()));
        for now in [NOW, NOW + 1, UNTIL] {
            assert_eq!(replay.mark(one, UNTIL, now), Err(Refusal::ProofReplayed), "{now}");
        }
        assert_eq!(replay.mark(other, UNTIL, NOW), Ok(()));
        assert_ne!(one, name("another key", "1"), "a name is its key's own");
    }

    #[test]
    fn a_full_one_refuses_until_it_may_forget() {
        let replay = Replay::with_room(2);
        let refused = (0..1000).find(|n| replay.mark(name("key", &n.to_string()), UNTIL, NOW).is_err());
        assert!(refused.is_some_and(|n| n >= 2));
        for n in 0..2 {
            let later = replay.mark(name("key", &n.to_string()), UNTIL + 90, UNTIL + 1);
            assert_eq!(later, Ok(()), "{n}");
        }
    }

    /// A full one is looked through once a second, and what it refuses is neither a replay nor the issuer's fault.
    #[test]
    fn a_full_one_is_swept_once_a_second() {
        let replay = Replay::with_room(1);
        assert_eq!(replay.mark(0, NOW, NOW), Ok(()));
        let all = SHARDS as u128;
        assert_eq!(replay.mark(all, UNTIL, NOW), Err(Refusal::ProofRoom));
        assert_eq!(replay.mark(0, UNTIL, NOW), Err(Refusal::ProofReplayed));
        // as if another clock had gone back: within the same second nothing is looked through again
        replay.shards[0].lock().unwrap().used.insert(0, NOW - 1);
        assert_eq!(replay.mark(all, UNTIL, NOW), Err(Refusal::ProofRoom));
        assert_eq!(replay.mark(all, UNTIL, NOW + 1), Ok(()));
    }

    /// Threats §3 (jti race): of many at once one is first.
    #[test]
    fn of_many_at_once_one_is_first() {
        let replay = Replay::new();
        let mark = || usize::from(replay.mark(name("key", "1"), UNTIL, NOW).is_ok());
        let firsts: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..8).map(|_| scope.spawn(mark)).collect();
            tries.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(firsts, 1);
    }
}
