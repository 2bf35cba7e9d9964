//! The JOSE module against the standards' vectors, a foreign library, the known attacks, and chance.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

mod cookbook;
mod cross_check;
mod properties;
mod support;
mod threats;
mod threats_claims;
mod types;
mod wycheproof;
