//! Signing keys: announced, active, retired; sealed at rest under a key that is not in the database.

mod certificate;
mod made;
mod master;
mod record;
mod ring;
mod vault;

pub(crate) use self::made::{MadeKey, Wanted};
pub use self::master::{MasterKeys, MasterKeysError};
pub use self::record::{KeyRecord, KeyState};
pub use self::ring::PublishedKey;
pub(crate) use self::ring::{KeyRing, RingKey};
pub(crate) use self::vault::Vault;

/// Seconds for which any cache may serve the JWKS, stale or not: what every `Cache-Control` of it keeps to.
pub const JWKS_KEPT: i64 = 600;
/// Seconds for which a key is published before it signs without force: longer than any cache serves a JWKS without it.
pub const ANNOUNCEMENT: i64 = JWKS_KEPT + MARGIN;
/// For the way there and clocks that differ.
const MARGIN: i64 = 300;
