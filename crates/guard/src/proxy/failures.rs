//! How many requests got no answer of the upstream, by reason: for metrics.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::UpstreamError;

/// The counters of one proxy.
#[derive(Debug, Default)]
pub(super) struct Failures([AtomicU64; LABELS.len()]);

impl Failures {
    pub(super) fn count(&self, error: &UpstreamError) {
        let label = label(error);
        let counts = LABELS.iter().zip(&self.0).find(|(known, _)| **known == label);
        if let Some((_, count)) = counts {
            count.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        LABELS.iter().zip(&self.0).map(|(label, count)| (*label, count.load(Relaxed)))
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
