//! Let in only who may.

#[cfg(feature = "forward-auth")]
pub mod forwarded;
#[cfg(any(feature = "forward-auth", feature = "proxy"))]
pub mod identity;
#[cfg(any(feature = "forward-auth", feature = "proxy"))]
pub mod proxied;
