//! An access token, as its client holds it.

use std::fmt;
use std::sync::Arc;

use countersign_proto::time::UnixTime;
use countersign_proto::token::TokenResponse;
use http::HeaderValue;

use super::Misconfigured;

/// An access token with what was said about it; cheap to clone, and `Debug` shows all but the token.
#[derive(Clone)]
pub struct Token(Arc<Held>);

struct Held {
    authorization: HeaderValue,
    token_type: TokenType,
    expires_at: Option<UnixTime>,
    scope: Option<String>,
}

/// How a token is spent (RFC 6749 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenType {
    /// Whoever has it may spend it (RFC 6750).
    Bearer,
    /// It is spent with a proof for each request (RFC 9449 §7.1).
    Dpop,
}

impl TokenType {
    /// The scheme of the `Authorization` header.
    #[must_use]
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Bearer, Self::Dpop].into_iter().find(|kind| kind.scheme().eq_ignore_ascii_case(text))
    }
}

impl Token {
    /// Takes a token endpoint's answer to a request that was sent at `asked`: the token's life is counted from there, so
    /// that it is never thought longer than it is.
    ///
    /// # Errors
    /// [`Misconfigured`] for a token type that nobody here can spend (RFC 6749 §7.1), or a token that no header holds.
    pub(crate) fn new(answer: &TokenResponse, asked: UnixTime) -> Result<Self, Misconfigured> {
        let token_type = TokenType::parse(&answer.token_type).ok_or_else(|| {
            let kind = crate::http::shown(&answer.token_type);
            Misconfigured::new("issuer", format!("its tokens are of type {kind}, which is not known here"))
        })?;
        let text = zeroize::Zeroizing::new(format!("{} {}", token_type.scheme(), answer.access_token));
        let mut authorization = HeaderValue::from_str(&text)
            .map_err(|_| Misconfigured::new("issuer", "its token holds characters that no header holds"))?;
        authorization.set_sensitive(true);
        let expires_at = answer.expires_in.map(|life| asked.plus(i64::try_from(life).unwrap_or(i64::MAX)));
        Ok(Self(Arc::new(Held { authorization, token_type, expires_at, scope: answer.scope.clone() })))
    }

    /// The answer that it was made of, as far as it was read.
    pub(crate) fn answer(&self, asked: UnixTime) -> TokenResponse {
        TokenResponse {
            access_token: self.expose().to_owned(),
            token_type: self.token_type().scheme().to_owned(),
            expires_in: self.expires_at().map(|end| u64::try_from(end.since(asked)).unwrap_or_default()),
            scope: self.scope().map(ToOwned::to_owned),
        }
    }

    /// The token itself; every call is a place to look at in review.
    #[must_use]
    pub fn expose(&self) -> &str {
        let text = self.0.authorization.to_str().unwrap_or_default();
        text.split_once(' ').map_or(text, |(_, token)| token)
    }

    /// The value of the `Authorization` header; marked sensitive.
    #[must_use]
    pub fn authorization(&self) -> HeaderValue {
        self.0.authorization.clone()
    }

    /// How it is spent.
    #[must_use]
    pub fn token_type(&self) -> TokenType {
        self.0.token_type
    }

    /// When it expires, where the server said it.
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixTime> {
        self.0.expires_at
    }

    /// The scope that was granted, where the server said it.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.0.scope.as_deref()
    }

    /// Whether both are one and the same answer of the server.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Held { authorization: _, token_type, expires_at, scope } = &*self.0;
        f.debug_struct("Token")
            .field("token_type", token_type)
            .field("expires_at", expires_at)
            .field("scope", scope)
            .finish_non_exhaustive()
    }
}
