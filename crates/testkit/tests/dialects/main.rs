//! The dialects of Keycloak, Auth0 and fidesops, against what is known and what was recorded of the originals.

mod auth0;
mod fidesops;
mod keycloak;
mod openness;
mod replay;
