//! Why a request came to nothing, by blame: there is no token for it, or it is not one that a token may be sent with.

use http::HeaderName;

use crate::token::{Misconfigured, TokenError};

/// Why a request was not sent, for nothing is sent without a token; or came to nothing afterwards.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpendError {
    /// There is no token, or no proof for it.
    #[error("the request was not sent, for there is no token: {0}")]
    Token(#[from] TokenError),
    /// The request is not one that a token may be sent with.
    #[error("the request was not sent: {0}")]
    Request(#[from] Unfit),
    /// The request was sent, and the HTTP client followed a redirect with its proof, which is for another URL.
    #[error(
        "the request was sent, and redirected: the HTTP client followed with a proof that is for another URL; make it \
         with redirect(Policy::none())"
    )]
    Redirected,
}

/// Why a token may not be sent with a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// It goes to another origin than those that the source was made for.
    #[error("tokens of this source may not be sent to {0}; where that is meant, name it by only_to")]
    Origin(String),
    /// Its URI does not say where it goes.
    #[error("its URI has no scheme and host")]
    Relative,
    /// Its URL holds a user or a password, which would be sent and logged by accident.
    #[error("its URL holds a user or a password")]
    UserInfo,
    /// It has this header already: whose it is cannot be known.
    #[error("it has a header {0} already")]
    Header(HeaderName),
}

impl From<Misconfigured> for SpendError {
    fn from(error: Misconfigured) -> Self {
        Self::Token(error.into())
    }
}
