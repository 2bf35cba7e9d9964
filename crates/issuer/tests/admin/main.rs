//! Administration from inside: what no request can reach, and races that no request can time.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "../harness/mod.rs"]
mod harness;

mod rights;
mod root;
