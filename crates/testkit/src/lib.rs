//! A server in one line, tokens good and bad, ephemeral databases, and the black-box suites.
//!
//! `TestServer` is the whole application on a real port, with its own database, and a clock that a test moves. What
//! it is asked over HTTP is a `Request`, what it says an [`Answer`]. It is behind the feature `server`.
//!
//! [`TestIssuer`] is for those who verify: it signs any token, publishes its keys, and answers as a test wants; and for
//! those who ask for tokens: its token endpoint takes nothing that a strict server would not.
//! [`TestApi`] is for those who spend them, and [`misbehaviours()`] has the answers that clients must outlive.
//! [`hostile()`] has the tokens that nobody may let in, [`lenient()`] those that nobody may keep out.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what fails in the harness fails the test that uses it"
)]

mod answer;
pub mod api;
mod client_key;
pub mod clock;
mod door;
mod draft;
#[cfg(feature = "server")]
mod gate;
pub mod hostile;
pub mod issuer;
mod keys;
pub mod misbehaving;
mod nonces;
#[cfg(feature = "server")]
pub mod outage;
#[cfg(feature = "server")]
pub mod postgres;
mod received;
pub mod recorded;
mod reply;
#[cfg(feature = "server")]
mod request;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod setup;
mod tls;

pub use answer::Answer;
pub use api::TestApi;
pub use client_key::TestClientKey;
pub use clock::{TestClock, TokioClock};
pub use draft::Draft;
pub use hostile::{hostile, lenient};
pub use issuer::TestIssuer;
pub use misbehaving::{MisbehavingServer, misbehaviours};
pub use received::Received;
#[cfg(feature = "server")]
pub use request::{Request, form};
#[cfg(feature = "server")]
pub use server::{Database, TestServer, TestServerBuilder};
pub use tls::{TestAuthority, TestIdentity};
