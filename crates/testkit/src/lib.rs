//! A server in one line, ephemeral databases, and the black-box suites.
//!
//! [`TestServer`] is the whole application on a real port, with its own database, and a clock that a test moves. What
//! it is asked over HTTP is a [`Request`], what it says an [`Answer`].

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "what fails in the harness fails the test that uses it"
)]

mod answer;
mod gate;
pub mod outage;
pub mod postgres;
pub mod recorded;
mod request;
mod server;
mod setup;

pub use answer::Answer;
pub use request::{Request, form};
pub use server::{Database, TestServer, TestServerBuilder};
