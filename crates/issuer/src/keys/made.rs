//! A signing key between its making and its first place: wanted, made, and in no realm yet.

use countersign_proto::jose::Algorithm;
use countersign_proto::jose::signing_key::RsaSize;
use countersign_proto::time::UnixTime;

use super::{KeyRecord, KeyState};
use crate::realm::Realm;

/// What a signing key shall be. It is sealed for its realm and its certificate bears the realm's name, so a key that was
/// made for one is of no use to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(super) realm_id: String,
    pub(super) realm_name: String,
    pub(super) algorithm: Algorithm,
    /// For an RSA key.
    pub(super) size: RsaSize,
}

/// A signing key, sealed; it begins its life where it gets a state and a time.
#[derive(Clone)]
pub(crate) struct MadeKey {
    pub(super) wanted: Wanted,
    pub(super) kid: String,
    pub(super) sealed: Vec<u8>,
    pub(super) sealed_by: String,
    pub(super) public_jwk: String,
}

impl Wanted {
    pub(crate) fn new(realm: &Realm, algorithm: Algorithm, size: RsaSize) -> Self {
        Self { realm_id: realm.id.clone(), realm_name: realm.name.clone(), algorithm, size }
    }
}

impl MadeKey {
    /// What it was made to be.
    pub(crate) fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// The key at the beginning of its life, now.
    pub(crate) fn begin(self, state: KeyState, now: UnixTime) -> KeyRecord {
        let Self { wanted, kid, sealed, sealed_by, public_jwk } = self;
        KeyRecord {
            kid,
            realm_id: wanted.realm_id,
            algorithm: wanted.algorithm,
            state,
            sealed,
            sealed_by,
            public_jwk,
            created_at: now,
            changed_at: now,
            published_until: None,
        }
    }
}
