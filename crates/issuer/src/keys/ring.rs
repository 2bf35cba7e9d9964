//! The keys of one realm, as the token path and the JWKS want them.

use std::sync::{Arc, OnceLock};

use countersign_proto::jose::signing_key::SignError;
use countersign_proto::jose::{Algorithm, EncodedHeader, Jwk, JwkSet, Signer, StaticKeys};
use countersign_proto::time::UnixTime;

use super::{KeyRecord, KeyState, Vault};

/// A key that stands in the JWKS.
#[derive(Clone, Debug)]
pub struct PublishedKey {
    /// Its state when the view was made.
    pub state: KeyState,
    /// When it leaves the JWKS.
    pub published_until: Option<UnixTime>,
    /// The public half, named, with its certificate where it has one.
    pub jwk: Jwk,
}

/// The keys of one realm.
pub(crate) struct KeyRing {
    published: Vec<PublishedKey>,
    active: Vec<Arc<RingKey>>,
    verifying: StaticKeys,
    damage: Option<String>,
}

/// An active key, opened when it first signs: a restart with a thousand realms opens none of them.
pub(crate) struct RingKey {
    record: KeyRecord,
    vault: Arc<Vault>,
    /// `None` when it cannot be opened, which another attempt would not change.
    opened: OnceLock<Option<Box<dyn Signer>>>,
}

impl KeyRing {
    /// Reads the records of keys that have not left the JWKS at `now`; `before` hands on keys that are open already.
    ///
    /// A key that has left it verifies nothing, here no more than elsewhere: it may have been retired for a leak. A key
    /// that cannot be read is left out, and [`Self::damage`] says so.
    pub(crate) fn new(
        issuer: &str,
        records: &[KeyRecord],
        vault: &Arc<Vault>,
        before: Option<&Self>,
        now: UnixTime,
    ) -> Self {
        let mut damage = None;
        let mut published = Vec::with_capacity(records.len());
        let mut active: Vec<Arc<RingKey>> = Vec::new();
        for record in records.iter().filter(|record| record.published_until.is_none_or(|until| now < until)) {
            let jwk = match Jwk::parse(record.public_jwk.as_bytes()) {
                Ok(jwk) => jwk,
                Err(error) => {
                    damage = Some(format!("the public key {} cannot be read: {error}", record.kid));
                    continue;
                }
            };
            published.push(PublishedKey {
                state: record.state,
                published_until: record.published_until,
                jwk,
            });
            if record.state == KeyState::Active {
                let kept = before.and_then(|ring| ring.active.iter().find(|key| key.record == *record));
                active.push(kept.map_or_else(|| Arc::new(RingKey::new(record.clone(), vault)), Arc::clone));
            }
        }
        // The newest first; readers that take the first key they find get one that is in use.
        published.sort_by_key(|key| match key.state {
            KeyState::Active => 0,
            KeyState::Announced => 1,
            KeyState::Retired => 2,
        });
        let set: JwkSet = published.iter().map(|key| key.jwk.clone()).collect();
        Self { published, active, verifying: StaticKeys::new(issuer, &set), damage }
    }

    /// Which key could not be read, and why.
    pub(crate) fn damage(&self) -> Option<&str> {
        self.damage.as_deref()
    }

    /// What stands in the JWKS at `now`.
    pub(crate) fn published(&self, now: UnixTime) -> impl Iterator<Item = &PublishedKey> {
        self.published.iter().filter(move |key| key.published_until.is_none_or(|until| now < until))
    }

    /// The next moment at which a key leaves the JWKS, after `now`.
    pub(crate) fn next_departure(&self, now: UnixTime) -> Option<UnixTime> {
        self.published.iter().filter_map(|key| key.published_until).filter(|until| *until > now).min()
    }

    /// The key that signs with `algorithm`, the newest of them.
    pub(crate) fn active(&self, algorithm: Algorithm) -> Option<&Arc<RingKey>> {
        self.active.iter().rev().find(|key| key.record.algorithm == algorithm)
    }

    /// The algorithms that have an active key.
    pub(crate) fn has(&self, algorithm: Algorithm) -> bool {
        self.active(algorithm).is_some()
    }

    /// The keys as a verifier of our own tokens uses them.
    pub(crate) fn verifying(&self) -> &StaticKeys {
        &self.verifying
    }
}

impl RingKey {
    fn new(record: KeyRecord, vault: &Arc<Vault>) -> Self {
        Self { record, vault: Arc::clone(vault), opened: OnceLock::new() }
    }

    /// The header of tokens of this type under this key.
    pub(crate) fn header(&self, typ: &str) -> EncodedHeader {
        EncodedHeader::new(self.record.algorithm, Some(typ), Some(&self.record.kid))
    }

    /// Opens the key at the first call; where that fails, says so in the log, once.
    fn signer(&self) -> Option<&dyn Signer> {
        let opened = self.opened.get_or_init(|| match self.vault.open(&self.record) {
            Ok(key) => Some(Box::new(key)),
            Err(fault) => {
                tracing::error!(kid = %self.record.kid, %fault, "signing key cannot be opened");
                None
            }
        });
        opened.as_deref()
    }
}

#[cfg(feature = "measure")]
impl KeyRing {
    /// Puts `signer` in the place of every active key that has not signed yet.
    pub(crate) fn danger_replace_signers(&self, signer: impl Fn(Algorithm) -> Box<dyn Signer>) {
        for key in &self.active {
            let _ = key.opened.set(Some(signer(key.record.algorithm)));
        }
    }
}

impl Signer for RingKey {
    fn algorithm(&self) -> Algorithm {
        self.record.algorithm
    }

    fn kid(&self) -> Option<&str> {
        Some(&self.record.kid)
    }

    fn sign_into(&self, signing_input: &[u8], out: &mut Vec<u8>) -> Result<(), SignError> {
        self.signer().ok_or(SignError::Failed)?.sign_into(signing_input, out)
    }
}
