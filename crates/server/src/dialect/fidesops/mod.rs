//! fidesops' URLs below `/api/v1/oauth`: a token endpoint, and the management of clients with its tokens.

mod answer;
mod door;
pub(crate) mod token;

pub(crate) use answer::wrong_method;
