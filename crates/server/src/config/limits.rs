//! How much of the machine callers may hold.

use std::time::Duration;

use super::{ConfigError, Layers, Setting};

/// How much of the machine callers may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Open connections of one listener.
    pub connections: usize,
    /// Token requests in work at a time.
    pub in_work: usize,
    /// Token requests that wait for their turn.
    pub waiting: usize,
    /// The longest that a token request shall wait.
    pub patience: Duration,
    /// For a request head to be complete.
    pub head_timeout: Duration,
    /// For a TLS handshake.
    pub handshake_timeout: Duration,
    /// For a connection without a request.
    pub idle_timeout: Duration,
    /// For a peer that takes nothing of what we write.
    pub write_timeout: Duration,
    /// From the wish to end until what is in flight is cut off.
    pub drain_timeout: Duration,
}

impl Limits {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let time = |setting: &Setting, least: Duration| {
            layers.get(setting).duration(setting, least..=Duration::from_secs(3600))
        };
        Ok(Self {
            connections: layers.get(&CONNECTIONS).number(&CONNECTIONS, 1..=1_000_000)?,
            in_work: layers.get(&IN_WORK).number(&IN_WORK, 64..=1_000_000)?,
            waiting: layers.get(&WAITING).number(&WAITING, 0..=1_000_000)?,
            patience: time(&PATIENCE, Duration::from_millis(1))?,
            head_timeout: time(&HEAD_TIMEOUT, SECOND)?,
            handshake_timeout: time(&HANDSHAKE_TIMEOUT, SECOND)?,
            idle_timeout: time(&IDLE_TIMEOUT, SECOND)?,
            write_timeout: time(&WRITE_TIMEOUT, SECOND)?,
            drain_timeout: time(&DRAIN_TIMEOUT, Duration::ZERO)?,
        })
    }
}

const SECOND: Duration = Duration::from_secs(1);

const CONNECTIONS: Setting = Setting::one(
    "limits.connections",
    "COUNT",
    "10000",
    "Open connections of each listener; beyond them callers wait in the kernel's queue.",
);
const IN_WORK: Setting =
    Setting::one("limits.in_work", "COUNT", "64", "Token requests in work at a time; at least 64.");
const WAITING: Setting = Setting::one(
    "limits.waiting",
    "COUNT",
    "4096",
    "Token requests that may wait for their turn; beyond them the answer is 503 with Retry-After.",
);
const PATIENCE: Setting = Setting::one(
    "limits.patience",
    "TIME",
    "100ms",
    "The longest that a token request shall wait for its turn.",
);
const HEAD_TIMEOUT: Setting =
    Setting::one("limits.head_timeout", "TIME", "30s", "For the headers of a request to be complete.");
const HANDSHAKE_TIMEOUT: Setting =
    Setting::one("limits.handshake_timeout", "TIME", "10s", "For a TLS handshake.");
const IDLE_TIMEOUT: Setting = Setting::one(
    "limits.idle_timeout",
    "TIME",
    "75s",
    "A connection without a request is closed after this.",
);
const WRITE_TIMEOUT: Setting = Setting::one(
    "limits.write_timeout",
    "TIME",
    "30s",
    "A caller that takes nothing of its answer is cut off.",
);
const DRAIN_TIMEOUT: Setting = Setting::one(
    "limits.drain_timeout",
    "TIME",
    "30s",
    "At SIGTERM: how long requests in flight may take to finish.",
);

pub(super) const SETTINGS: &[Setting] = &[
    CONNECTIONS,
    IN_WORK,
    WAITING,
    PATIENCE,
    HEAD_TIMEOUT,
    HANDSHAKE_TIMEOUT,
    IDLE_TIMEOUT,
    WRITE_TIMEOUT,
    DRAIN_TIMEOUT,
];
