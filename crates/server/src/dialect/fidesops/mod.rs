//! fidesops' URLs below `/api/v1/oauth`: a token endpoint, and the management of clients with its tokens.

mod answer;
mod body;
mod caller;
pub(crate) mod clients;
mod door;
pub(crate) mod scopes;
pub(crate) mod token;

pub(crate) use answer::{takes, unknown_path};
pub(crate) use caller::told;
