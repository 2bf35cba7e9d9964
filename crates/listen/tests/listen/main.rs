//! The listener from outside: real sockets, raw bytes, hostile peers. One binary, so that it links once.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "all of this is test code; the exemption for tests does not reach their helpers"
)]

mod certificate;
mod drain;
mod harness;
mod http1;
mod http2;
mod room;
mod timeouts;
mod tls;
#[cfg(unix)]
mod unix;
