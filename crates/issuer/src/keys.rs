//! Signing keys: announced, active, retired; sealed at rest.

mod record;

pub use self::record::{KeyRecord, KeyState};
