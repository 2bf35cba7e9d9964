//! Signing keys: announced, active, retired; sealed at rest under a key that is not in the database.

mod certificate;
mod master;
mod record;
mod ring;
mod vault;

pub use self::master::{MasterKeys, MasterKeysError};
pub use self::record::{KeyRecord, KeyState};
pub use self::ring::PublishedKey;
pub(crate) use self::ring::{KeyRing, RingKey};
pub(crate) use self::vault::Vault;
