//! How much of the machine one peer, and all of them together, may hold.

use std::time::Duration;

/// The bounds of a listener; the default suits a server that faces the open network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From a request head's first byte to its last; the first head also counts from the start of the connection.
    pub head_timeout: Duration,
    /// For a TLS handshake.
    pub handshake_timeout: Duration,
    /// A connection without a request in work is closed after this long.
    pub idle_timeout: Duration,
    /// A peer that takes nothing of what we write is cut off after this long; on HTTP/2 also one that in this time
    /// gives no room for the next frame of any one answer (RFC 9113 section 5.2).
    pub write_timeout: Duration,
    /// From the wish to end until what is still in flight is cut off.
    pub drain_timeout: Duration,
    /// Bytes of a request head, at least 8,192 on HTTP/1.1; more is answered with 431 (RFC 6585 section 5).
    pub head_bytes: usize,
    /// Header lines of an HTTP/1.1 request; more is answered with 431.
    pub headers: usize,
    /// Open connections; beyond them the others wait in the kernel's queue until one closes.
    pub connections: usize,
    /// Requests in work at a time on one HTTP/2 connection (RFC 9113 section 5.1.2).
    pub streams: u32,
    /// Streams that an HTTP/2 peer may open and reset before anyone looked at them; more ends the connection.
    pub pending_resets: usize,
    /// Streams that an HTTP/2 peer may make us reset by breaking the protocol; more ends the connection.
    pub provoked_resets: usize,
    /// How often a quiet HTTP/2 peer is asked whether it still lives, and how long it has to answer.
    pub ping: Duration,
}

impl Limits {
    /// The shortest time after which any connection may become late: what a watch may sleep without missing one.
    pub(crate) fn shortest(&self) -> Duration {
        self.head_timeout.min(self.idle_timeout).min(self.write_timeout)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(30),
            head_bytes: 32 * 1024,
            headers: 100,
            connections: 10_000,
            streams: 128,
            pending_resets: 20,
            provoked_resets: 64,
            ping: Duration::from_secs(20),
        }
    }
}
