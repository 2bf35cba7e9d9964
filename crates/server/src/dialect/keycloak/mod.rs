//! Keycloak's URLs below `/realms/{realm}`, as its 26.7 answers them.
//!
//! What differs on purpose stands in `docs/dialects.md`.

mod answer;
pub(crate) mod documents;
mod door;
pub(crate) mod token;

pub(crate) use answer::{preflight, protocol_unknown, takes, unknown_path};
