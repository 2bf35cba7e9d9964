//! Keys that were fetched, and how long they may be used.

use std::time::Duration;

use countersign_proto::jose::{Algorithm, JwkSet, StaticKeys};
use tokio::time::Instant;

/// The keys of one fetch; replaced as a whole, never changed.
pub(super) struct Kept {
    pub keys: StaticKeys,
    pub generation: u64,
    pub fetched: Instant,
    pub usable_until: Instant,
    names: Vec<Name>,
}

/// What makes a key another one: its `kid`, its algorithm, its thumbprint.
type Name = (Option<String>, Algorithm, String);

impl Kept {
    /// Keys that were fetched now, after the `former` ones.
    pub(super) fn new(
        issuer: &str,
        set: &JwkSet,
        former: Option<&Self>,
        fetched: Instant,
        usable_until: Instant,
    ) -> Self {
        let mut names: Vec<Name> = set
            .keys()
            .iter()
            .map(|key| (key.kid().map(str::to_owned), key.algorithm(), key.thumbprint()))
            .collect();
        names.sort();
        let generation = match former {
            Some(former) if former.names == names => former.generation,
            Some(former) => former.generation + 1,
            None => 1,
        };
        Self { keys: StaticKeys::new(issuer, set), generation, fetched, names, usable_until }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is a key, and it is not too old.
    pub(super) fn is_usable(&self) -> bool {
        self.usable_for().is_some()
    }

    /// For how long yet, if there is a key.
    pub(super) fn usable_for(&self) -> Option<Duration> {
        let left = self.usable_until.saturating_duration_since(Instant::now());
        (!self.names.is_empty() && !left.is_zero()).then_some(left)
    }
}
