//! How many requests got no answer of the upstream, by reason: for metrics, and for a log that stays bounded.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use http::uri::Authority;

use super::UpstreamError;
use crate::quota::Quota;

/// The counters of one proxy.
pub(super) struct Failures {
    counts: [AtomicU64; LABELS.len()],
    quota: Quota,
}

impl Failures {
    pub(super) fn new() -> Self {
        Self { counts: Default::default(), quota: Quota::new(LABELS.len()) }
    }

    /// Counts a failure, and says whether the log has room for it; whoever may come in can bring about any number.
    pub(super) fn note(&self, error: &UpstreamError, upstream: &Authority, now: i64) -> bool {
        let label = label(error);
        let Some(kind) = LABELS.iter().position(|known| *known == label) else { return true };
        if let Some(count) = self.counts.get(kind) {
            count.fetch_add(1, Relaxed);
        }
        self.quota.take(kind, now, |kind, more| {
            let reason = LABELS.get(kind);
            tracing::warn!(reason, more, %upstream, "more requests without an answer of the upstream within a second");
        })
    }

    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        LABELS.iter().zip(&self.counts).map(|(label, count)| (*label, count.load(Relaxed)))
    }
}

const fn label(error: &UpstreamError) -> &'static str {
    match error {
        UpstreamError::Body(_) | UpstreamError::Stalled(_) => "body",
        UpstreamError::Busy(_) => "busy",
        UpstreamError::Timeout(..) => "timeout",
        _ => "unreachable",
    }
}

const LABELS: [&str; 4] = ["body", "busy", "timeout", "unreachable"];
