//! The client against the other parts of the house, against the answers of other products, and against servers that
//! misbehave.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on says so by failing"
)]

mod auth0;
mod dialects;
mod guarded;
mod keycloak;
mod misbehaving;
mod replayed;
mod tenants;
