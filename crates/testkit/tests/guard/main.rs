//! The guard as its callers see it: one verifier behind every door, asked over real HTTP.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod harness;
mod hostile;
mod rfc6750;
mod rfc9449;
mod rfc9728;
