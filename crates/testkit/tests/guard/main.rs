//! The guard as its callers see it: one verifier behind every door, asked over real HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod cache;
mod forward_auth;
mod harness;
mod hostile;
mod issuers;
mod layer;
mod outages;
mod proxy;
mod rfc6750;
mod rfc7662;
mod rfc8705;
mod rfc9449;
mod rfc9728;
mod wycheproof;
