//! The keys of one issuer: given beforehand, or fetched and kept.

use std::sync::Arc;

use countersign_client::RemoteJwks;
use countersign_proto::jose::Algorithm;
use countersign_proto::jose::keys::{KeyError, KeySource, StaticKeys, VerifyingKey};

/// Where an issuer's keys are looked up, without waiting.
pub(crate) enum Keys {
    Fixed(StaticKeys),
    Remote(RemoteJwks),
}

/// For how long what keys verified is as good as verified by them: while they are these, and until then at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) generation: u64,
    /// The second since 1970.
    pub(crate) until: i64,
}

impl Keys {
    /// That of what the present keys verify from now on; `None` while there are none that may be used.
    pub(crate) fn lease(&self, now: i64) -> Option<Lease> {
        match self {
            Self::Fixed(_) => Some(Lease { generation: 0, until: i64::MAX }),
            Self::Remote(keys) => {
                let generation = keys.generation()?;
                let left = i64::try_from(keys.usable_for()?.as_secs()).unwrap_or(i64::MAX);
                Some(Lease { generation, until: now.saturating_add(left) })
            }
        }
    }

    /// Whether a lease still runs. That keys are too old is seen by its own end, and before it by whoever watches them, with
    /// no look at a clock here.
    pub(crate) fn is_current(&self, lease: Lease, now: i64) -> bool {
        now < lease.until && self.generation() == Some(lease.generation)
    }

    /// Whether there are keys that may be used.
    pub(crate) fn is_ready(&self) -> bool {
        match self {
            Self::Fixed(_) => true,
            Self::Remote(keys) => keys.is_ready(),
        }
    }

    /// A number that is another one whenever the keys are others.
    pub(crate) fn generation(&self) -> Option<u64> {
        match self {
            Self::Fixed(_) => Some(0),
            Self::Remote(keys) => keys.generation(),
        }
    }

    /// Why the last fetch failed, if it did.
    pub(crate) fn error(&self) -> Option<String> {
        match self {
            Self::Fixed(_) => None,
            Self::Remote(keys) => keys.state().error,
        }
    }

    /// Whether looking again may find what was not found.
    pub(crate) fn may_learn(&self, error: &KeyError) -> bool {
        let is_new = matches!(error, KeyError::UnknownKid(_) | KeyError::NotOne | KeyError::Unavailable);
        is_new && matches!(self, Self::Remote(_))
    }

    /// Waits until there are keys.
    pub(crate) async fn ready(&self) {
        if let Self::Remote(keys) = self {
            keys.ready().await;
        }
    }

    /// Looks for new keys, as often as it may, and says whether it did.
    pub(crate) async fn refresh(&self) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Remote(keys) => keys.refresh().await,
        }
    }
}

impl KeySource for Keys {
    fn find(&self, issuer: &str, kid: Option<&str>, alg: Algorithm) -> Result<Arc<VerifyingKey>, KeyError> {
        match self {
            Self::Fixed(keys) => keys.find(issuer, kid, alg),
            Self::Remote(keys) => keys.find(issuer, kid, alg),
        }
    }
}
