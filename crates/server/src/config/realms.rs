//! Realms, and how many clients are kept in memory.

use super::{ConfigError, Layers, Setting};

/// Realms and clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realms {
    /// The realm that root-level dialect URLs mean when the request's host is bound to none.
    pub default_realm: Option<String>,
    /// So many clients are kept in memory.
    pub max_clients: usize,
}

impl Realms {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self {
            default_realm: layers.get(&DEFAULT_REALM).optional().map(str::to_owned),
            max_clients: layers.get(&MAX_CLIENTS).number(&MAX_CLIENTS, 1..=100_000_000)?,
        })
    }
}

const DEFAULT_REALM: Setting = Setting::one(
    "default_realm",
    "NAME",
    "",
    "The realm that the root-level URLs of the dialects (`/oauth/token`, `/api/v1/oauth/token` …) mean when the \
     request's host is bound to no realm; unless given they answer 404 then.",
);
const MAX_CLIENTS: Setting = Setting::one(
    "registry.max_clients",
    "COUNT",
    "1000000",
    "So many clients are kept in memory, at about 100 bytes each; beyond them a cache of this size takes over.",
);

pub(super) const SETTINGS: &[Setting] = &[DEFAULT_REALM, MAX_CLIENTS];
