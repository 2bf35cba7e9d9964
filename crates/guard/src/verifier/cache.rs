//! Tokens that were verified need not be verified again. Reads take no lock; what is kept is bounded by construction,
//! and only accepted tokens get in, so that a flood of bad ones changes nothing here.
//!
//! A table of small sets: a token, hashed under a secret of this process, says which set it belongs to. Of a JWT that is its
//! end, a part of the signature, which spreads well, and who knows it has the token; of any other token it is the whole. The
//! whole token is compared only where all 64 bits of the hash agree, so that the time of a comparison tells nothing about
//! tokens of others.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::Access;

/// The verified tokens of one verifier.
pub(super) struct TokenCache {
    sets: Box<[[ArcSwapOption<Entry>; WAYS]]>,
    hasher: RandomState,
}

struct Entry {
    hash: u64,
    token: Box<str>,
    /// The keys that it was verified with: see `Keys::generation`.
    generation: u64,
    access: Access,
}

impl TokenCache {
    /// Room for so many tokens, rounded up to a power of two, and for four at least.
    pub(super) fn new(tokens: usize) -> Self {
        let sets = tokens.min(MAX_TOKENS).div_ceil(WAYS).next_power_of_two();
        Self {
            sets: (0..sets).map(|_| std::array::from_fn(|_| ArcSwapOption::empty())).collect(),
            hasher: RandomState::new(),
        }
    }

    /// What a token gave access to when it was verified, where `is_current` says that the keys of then are those of now.
    ///
    /// Does not check: its expiry, and whether it is bound to its presenter.
    pub(super) fn get(&self, token: &[u8], is_current: impl Fn(&Access, u64) -> bool) -> Option<Access> {
        let hash = self.hash(token);
        self.set(hash).iter().find_map(|slot| {
            let entry = slot.load();
            let entry =
                entry.as_ref().filter(|entry| entry.hash == hash && entry.token.as_bytes() == token)?;
            is_current(&entry.access, entry.generation).then(|| entry.access.clone())
        })
    }

    /// Keeps an accepted token, in the place of itself, of nothing, or of the one in its set that is of use for the shortest
    /// time.
    pub(super) fn insert(&self, token: &str, access: &Access, generation: u64) {
        if token.len() > MAX_TOKEN {
            return;
        }
        let hash = self.hash(token.as_bytes());
        let worth = |slot: &&ArcSwapOption<Entry>| match &*slot.load() {
            None => i64::MIN,
            Some(entry) if entry.hash == hash && *entry.token == *token => i64::MIN,
            Some(entry) if entry.access.at() == access.at() && entry.generation != generation => i64::MIN,
            Some(entry) => entry.access.expires_at().min(entry.access.believed_until()),
        };
        if let Some(slot) = self.set(hash).iter().min_by_key(worth) {
            let (token, access) = (token.into(), access.clone());
            slot.store(Some(Arc::new(Entry { hash, token, generation, access })));
        }
    }

    fn hash(&self, token: &[u8]) -> u64 {
        let end = if token.starts_with(JWT) { token.len().saturating_sub(END) } else { 0 };
        let mut hasher = self.hasher.build_hasher();
        hasher.write(token.get(end..).unwrap_or_default());
        hasher.finish()
    }

    fn set(&self, hash: u64) -> &[ArcSwapOption<Entry>] {
        // a power of two: the remainder is a mask
        let at = usize::try_from(hash % self.sets.len() as u64).unwrap_or_default();
        self.sets.get(at).map_or(&[], |set| &set[..])
    }
}

const WAYS: usize = 4;
/// `{"` in base64url. What begins so by chance is still found, by its end; a JWT that begins otherwise by its whole.
const JWT: &[u8] = b"eyJ";
/// Of a signature, the shortest of which has 86 characters; these hold 96 bits of it, and one round of the hash each eight.
const END: usize = 16;
/// Longer ones are rare, and would make the bound on memory worth little.
const MAX_TOKEN: usize = 4096;
pub(super) const MAX_TOKENS: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verifier::access::Granted;

    fn access(subject: &str, expires_at: i64) -> Access {
        believed(subject, expires_at, i64::MAX)
    }

    fn believed(subject: &str, expires_at: i64, believed_until: i64) -> Access {
        Access::new(Granted {
            verifier: 0,
            at: 0,
            issuer: "https://issuer.example".into(),
            subject: subject.to_owned(),
            client_id: None,
            audience: Vec::new(),
            scope: String::new(),
            expires_at,
            believed_until,
            token_id: None,
            confirmation: None,
            claims: serde_json::Map::new(),
        })
    }

    fn subject(cache: &TokenCache, token: &str) -> Option<String> {
        cache.get(token.as_bytes(), |_, _| true).map(|access| access.subject().to_owned())
    }

    #[test]
    fn the_whole_token_is_the_key() {
        let cache = TokenCache::new(64);
        let end = "e".repeat(80);
        let (one, other) = (format!("eyJ.b.{end}"), format!("eyJ.c.{end}"));
        cache.insert(&one, &access("one", 9), 1);
        assert_eq!(subject(&cache, &one).as_deref(), Some("one"));
        assert_eq!(subject(&cache, &other), None, "the same end, another token");
        assert_eq!(subject(&cache, &one[1..]), None);
    }

    #[test]
    fn what_other_keys_verified_is_not_found() {
        let cache = TokenCache::new(64);
        cache.insert("t", &access("s", 9), 1);
        assert!(cache.get(b"t", |_, generation| generation == 1).is_some());
        assert!(cache.get(b"t", |_, generation| generation == 2).is_none());
    }

    #[test]
    fn it_stays_within_its_bound_and_gives_up_what_expires_first() {
        let cache = TokenCache::new(WAYS);
        assert_eq!(cache.sets.len(), 1);
        for number in 0..100 {
            cache.insert(&format!("token-{number}"), &access("s", number), 1);
        }
        let kept = (0..100).filter(|n| subject(&cache, &format!("token-{n}")).is_some());
        assert_eq!(kept.collect::<Vec<_>>(), [96, 97, 98, 99]);
        cache.insert("token-99", &access("again", 1), 1);
        assert_eq!(subject(&cache, "token-99").as_deref(), Some("again"), "a token replaces itself");
        assert_eq!(subject(&cache, "token-96").as_deref(), Some("s"));
    }

    /// An answer that is believed for seconds does not push out what is good for hours.
    #[test]
    fn what_is_no_longer_believed_is_given_up_first() {
        let cache = TokenCache::new(WAYS);
        cache.insert("asked", &believed("s", i64::MAX, 30), 1);
        for number in 1..WAYS {
            cache.insert(&format!("token-{number}"), &access("s", 3600), 1);
        }
        cache.insert("another", &access("s", 3600), 1);
        assert_eq!(subject(&cache, "asked"), None);
        assert!((1..WAYS).all(|number| subject(&cache, &format!("token-{number}")).is_some()));
    }

    /// Opaque tokens may differ at any place: those that end alike do not push one another out.
    #[test]
    fn opaque_tokens_that_end_alike_have_sets_of_their_own() {
        let cache = TokenCache::new(1024);
        let token = |number: u32| format!("{number}-{}", "e".repeat(END));
        for number in 0..100 {
            cache.insert(&token(number), &access("s", 9), 1);
        }
        let kept = (0..100).filter(|number| subject(&cache, &token(*number)).is_some());
        assert!(kept.count() > 50, "chance pushes out one or two");
    }

    #[test]
    fn there_is_never_less_room_than_was_asked_for() {
        for (asked, room) in
            [(1, 4), (4, 4), (5, 8), (1000, 1024), (10_000, 16_384), (MAX_TOKENS, MAX_TOKENS)]
        {
            assert_eq!(TokenCache::new(asked).sets.len() * WAYS, room);
        }
    }

    #[test]
    fn very_long_tokens_are_not_kept() {
        let cache = TokenCache::new(64);
        let long = "x".repeat(MAX_TOKEN + 1);
        cache.insert(&long, &access("s", 9), 1);
        assert_eq!(subject(&cache, &long), None);
    }
}
