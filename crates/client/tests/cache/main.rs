//! The cache of tokens against a real little server, with time that the tests move.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod disk;
mod failing;
mod fresh;
mod hot;
mod issuer;
mod refused;
mod shared;
mod storm;
mod time;
