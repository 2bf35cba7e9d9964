//! Requests that were let in and came to no good end, by reason: for metrics, and for a log that stays bounded. What a caller
//! does is not held against the upstream.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use http::uri::Authority;
use http::{HeaderValue, Method};

use super::UpstreamError;
use crate::quota::Quota;
use crate::verifier::Verifier;

/// The counters of one proxy.
pub(super) struct Failures {
    upstream: Authority,
    verifier: Verifier,
    counts: [AtomicU64; LABELS.len()],
    quota: Quota,
}

impl Failures {
    /// Those of requests to this upstream, in seconds of this verifier's clock.
    pub(super) fn new(upstream: Authority, verifier: Verifier) -> Self {
        Self { upstream, verifier, counts: Default::default(), quota: Quota::new(LABELS.len()) }
    }

    /// Counts a request that got no answer, and logs it where the log has room: whoever may come in can bring about any number.
    pub(super) fn note(&self, error: &UpstreamError, method: &Method, id: Option<&HeaderValue>) {
        let request_id = id.and_then(|id| id.to_str().ok());
        match self.count(label(error)) {
            false => {}
            true if label(error) == BODY => {
                tracing::info!(%error, %method, request_id, "the body of a request did not come whole");
            }
            true => {
                let upstream = &self.upstream;
                tracing::warn!(%error, %method, %upstream, request_id, "no answer of the upstream");
            }
        }
    }

    /// The same of one whose answer broke off.
    pub(super) fn note_answer(&self, error: &dyn fmt::Display) {
        if self.count(ANSWER) {
            tracing::warn!(%error, upstream = %self.upstream, "the upstream broke off its answer");
        }
    }

    /// Of the upstream's doing, by reason.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.all().filter(|(label, _)| *label != BODY)
    }

    /// Of the callers' doing.
    pub(super) fn broken_bodies(&self) -> u64 {
        self.all().filter(|(label, _)| *label == BODY).map(|(_, count)| count).sum()
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        LABELS.iter().zip(&self.counts).map(|(label, count)| (*label, count.load(Relaxed)))
    }

    /// Says whether the log has room for it.
    fn count(&self, label: &str) -> bool {
        let Some(kind) = LABELS.iter().position(|known| *known == label) else { return true };
        if let Some(count) = self.counts.get(kind) {
            count.fetch_add(1, Relaxed);
        }
        self.quota.take(kind, self.verifier.now(), |kind, more| {
            let (reason, upstream) = (LABELS.get(kind), &self.upstream);
            tracing::warn!(reason, more, %upstream, "more requests without a whole answer within a second");
        })
    }
}

impl fmt::Debug for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.all()).finish()
    }
}

const fn label(error: &UpstreamError) -> &'static str {
    match error {
        UpstreamError::Body(_) | UpstreamError::Stalled(_) => BODY,
        UpstreamError::Switched(_) => ANSWER,
        UpstreamError::Busy(_) => "busy",
        UpstreamError::Timeout(..) => "timeout",
        _ => "unreachable",
    }
}

const LABELS: [&str; 5] = [ANSWER, BODY, "busy", "timeout", "unreachable"];
/// It began one, and not in a way that can be passed on to its end.
const ANSWER: &str = "answer";
const BODY: &str = "body";
