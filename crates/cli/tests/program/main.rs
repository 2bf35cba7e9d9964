//! The real program, run as a user runs it: in folders of its own, on free ports, with nothing left behind.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails shall say so"
)]

mod canary;
mod configuration;
mod contexts;
mod demo;
mod harness;
mod limits;
mod postgres;
mod root;
mod start;
mod tls;
mod tokens;
mod verbs;
