//! What other products' clients say, mapped on the same decisions. Each file holds routes' handlers and conversions,
//! and none of them a decision about who may have a token.

pub(crate) mod auth0;
pub(crate) mod fidesops;
mod jwks;
pub(crate) mod keycloak;
