//! Tokens on requests: an issuer of testkit's gives them, and an API that says what a test tells it to is called.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod api;
mod call;
mod dpop;
mod origins;
#[cfg(feature = "reqwest")]
mod reqwest;
mod resource;
mod retries;
mod scene;
