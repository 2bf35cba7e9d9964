//! One token by client credentials (RFC 6749 §4.4): the request, its answer, and what went wrong, by blame.

mod advice;
mod canonical;
mod error;
mod held;
pub(crate) mod request;
mod secret;

pub use error::{Misconfigured, Refused, TokenError, Unreachable};
pub use held::{Token, TokenType};
pub use request::{Ask, TokenRequest, compose, read};
pub use secret::Secret;
