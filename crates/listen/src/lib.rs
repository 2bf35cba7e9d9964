//! Accept loop, TLS, limits and a graceful end, for any HTTP service.
//!
//! [`Listener`] binds addresses, or takes a unix socket, and serves a [`tower::Service`] on them over HTTP/1.1 and
//! HTTP/2, in the clear or over [`tls`]. What a hostile peer can hold is bounded by [`Limits`]: time for a head, time in silence, header
//! bytes, streams, connections. [`admission`] bounds what a flood of honest callers can queue. Nothing here knows
//! OAuth.
//!
//! Does not limit request bodies: their size and pace are the service's to judge, as it alone knows what it reads.

mod accept;
mod activity;
pub mod admission;
mod bind;
mod connection;
#[cfg(unix)]
mod crowd;
mod framing;
mod guarded;
mod limits;
mod listener;
mod peer;
mod service;
mod socket;
mod stats;
pub mod tls;
mod workers;

pub use bind::BindError;
pub use limits::Limits;
pub use listener::{Ended, Listener};
#[cfg(unix)]
pub use peer::PeerProcess;
pub use peer::{PeerAddr, PeerCertificate};
pub use stats::{Counts, Stats};
pub use workers::Workers;
