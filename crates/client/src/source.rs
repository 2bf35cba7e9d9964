//! A source of tokens: it takes one, keeps it fresh, and hands it to whoever spends it.

mod asker;
mod builder;

use std::sync::Arc;

use countersign_proto::time::Clock;

use crate::cache::{Found, Slot};
use crate::dpop::Prover;
use crate::origin::Origins;
use crate::token::{Token, TokenError};
use asker::Asker;
pub use builder::Builder;

/// A source of tokens for one client, one server and one ask; a handle that is cheap to clone.
///
/// All clones share one token. It is renewed in the background before it expires, while it is in use; all who wait for
/// a token at one time wait for one request.
#[derive(Clone)]
pub struct TokenSource(Arc<Inner>);

struct Inner {
    slot: Slot,
    asker: Asker,
    prover: Option<Arc<Prover>>,
    origins: Origins,
    clock: Arc<dyn Clock>,
}

impl TokenSource {
    /// Tokens of the issuer with this identifier, which is the `iss` of its tokens character by character; its metadata
    /// says where they are taken (RFC 8414, then OpenID Connect Discovery 1.0).
    #[must_use]
    pub fn discover(issuer: impl Into<String>) -> Builder {
        Builder::discover(issuer.into())
    }

    /// Tokens from this token endpoint, without discovery.
    #[must_use]
    pub fn at(token_endpoint: impl Into<String>) -> Builder {
        Builder::at(token_endpoint.into())
    }

    /// A token that is good for now: from memory where there is one, else from the server.
    ///
    /// Dropping the future leaves the request to the others who wait for it.
    ///
    /// Does not check: the token; it is opaque to its client (RFC 6749 §1.4).
    ///
    /// # Errors
    /// [`TokenError`], when there is none in memory and the server gives none.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn token(&self) -> Result<Token, TokenError> {
        match self.0.slot.find(self.0.clock.now()) {
            Found::Fresh(token) => Ok(token),
            Found::Due(token) => {
                self.renew();
                Ok(token)
            }
            Found::Nothing => Box::pin(self.fetch()).await,
        }
    }

    /// A token other than `refused`, which a resource server did not take (`invalid_token`, RFC 6750 §3.1).
    ///
    /// # Errors
    /// As [`Self::token`].
    pub async fn instead_of(&self, refused: &Token) -> Result<Token, TokenError> {
        self.0.slot.forget(refused);
        self.token().await
    }

    /// Where its tokens may be sent; empty = nowhere by the layers, which then refuse.
    pub(crate) fn origins(&self) -> &Origins {
        &self.0.origins
    }

    /// What makes the proofs for its tokens, where they are bound to a key.
    pub(crate) fn prover(&self) -> Option<&Arc<Prover>> {
        self.0.prover.as_ref()
    }

    /// Begins to renew the token, unless somebody does already.
    fn renew(&self) {
        self.0.slot.begin(|| self.request());
    }

    async fn fetch(&self) -> Result<Token, TokenError> {
        self.0.slot.join(self.0.clock.now(), || self.request()).await
    }

    fn request(&self) -> impl Future<Output = Result<Token, TokenError>> + Send + 'static {
        let inner = Arc::clone(&self.0);
        async move {
            let asked = inner.clock.now();
            let token = inner.asker.ask(asked, inner.prover.as_deref()).await?;
            inner.slot.keep(&token, asked);
            Ok(token)
        }
    }
}
