//! Auth0's URLs at the root of a tenant's host.

pub(crate) mod documents;
mod door;
pub(crate) mod token;

pub(crate) use door::{preflight, takes};
