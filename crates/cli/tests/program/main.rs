//! The real program, run as a user runs it: in folders of its own, on free ports, with nothing left behind.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails shall say so"
)]

// The testkit's own file: depending on the testkit would build what these tests do not use.
#[path = "../../../testkit/src/postgres.rs"]
pub mod databases;

mod agent;
mod cached;
mod call;
mod canary;
mod configuration;
mod contexts;
mod credentials;
mod demo;
mod exec;
mod guard;
mod guide;
mod harness;
mod limits;
mod postgres;
mod root;
mod spent;
mod start;
mod tls;
mod tokens;
mod verbs;
