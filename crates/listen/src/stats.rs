//! Counters of a listener, for metrics: written by its connections, read by anyone at any time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A handle on a listener's counters; clones see the same ones.
#[derive(Clone, Debug, Default)]
pub struct Stats(Arc<Counters>);

/// What the counters stood at when they were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections accepted since the start.
    pub accepted: u64,
    /// Connections open now.
    pub open: u64,
    /// Requests handed to the service since the start.
    pub requests: u64,
    /// How often the listener stopped accepting because all connections were taken, or closed one of a user who had too
    /// many.
    pub full: u64,
    /// How often accepting failed, for want of file descriptors for instance.
    pub accept_errors: u64,
    /// TLS handshakes that failed.
    pub handshake_failures: u64,
    /// TLS handshakes that were not done in time.
    pub handshake_timeouts: u64,
    /// Request heads that were not complete in time.
    pub head_timeouts: u64,
    /// Connections closed because they were idle.
    pub idle_timeouts: u64,
    /// Connections cut off because the peer took nothing of what we wrote.
    pub write_timeouts: u64,
    /// Requests whose framing was ambiguous, refused before anyone read them (RFC 9112 section 11.2).
    pub malformed: u64,
    /// Connections cut off at the end of the drain.
    pub cut: u64,
}

/// One event that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Request,
    Full,
    AcceptError,
    HandshakeFailure,
    HandshakeTimeout,
    HeadTimeout,
    IdleTimeout,
    WriteTimeout,
    Malformed,
    Cut,
}

/// Counts a connection as open for as long as it lives, however it ends.
#[derive(Debug)]
pub(crate) struct Open(Stats);

#[derive(Debug, Default)]
struct Counters {
    accepted: AtomicU64,
    open: AtomicU64,
    requests: AtomicU64,
    full: AtomicU64,
    accept_errors: AtomicU64,
    handshake_failures: AtomicU64,
    handshake_timeouts: AtomicU64,
    head_timeouts: AtomicU64,
    idle_timeouts: AtomicU64,
    write_timeouts: AtomicU64,
    malformed: AtomicU64,
    cut: AtomicU64,
}

impl Stats {
    /// Reads all counters; each is exact, together they are as of about now.
    #[must_use]
    pub fn read(&self) -> Counts {
        let c = &self.0;
        Counts {
            accepted: c.accepted.load(Relaxed),
            open: c.open.load(Relaxed),
            requests: c.requests.load(Relaxed),
            full: c.full.load(Relaxed),
            accept_errors: c.accept_errors.load(Relaxed),
            handshake_failures: c.handshake_failures.load(Relaxed),
            handshake_timeouts: c.handshake_timeouts.load(Relaxed),
            head_timeouts: c.head_timeouts.load(Relaxed),
            idle_timeouts: c.idle_timeouts.load(Relaxed),
            write_timeouts: c.write_timeouts.load(Relaxed),
            malformed: c.malformed.load(Relaxed),
            cut: c.cut.load(Relaxed),
        }
    }

    pub(crate) fn count(&self, event: Event) {
        let c = &self.0;
        let counter = match event {
            Event::Request => &c.requests,
            Event::Full => &c.full,
            Event::AcceptError => &c.accept_errors,
            Event::HandshakeFailure => &c.handshake_failures,
            Event::HandshakeTimeout => &c.handshake_timeouts,
            Event::HeadTimeout => &c.head_timeouts,
            Event::IdleTimeout => &c.idle_timeouts,
            Event::WriteTimeout => &c.write_timeouts,
            Event::Malformed => &c.malformed,
            Event::Cut => &c.cut,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn open(&self) -> Open {
        self.0.accepted.fetch_add(1, Relaxed);
        self.0.open.fetch_add(1, Relaxed);
        Open(self.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Relaxed);
    }
}
