//! The dialects of Keycloak, Auth0 and fidesops, against what is known and what was recorded of the originals.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by failing"
)]

mod auth0;
mod fidesops;
mod keycloak;
mod openness;
mod replay;
mod standing;
