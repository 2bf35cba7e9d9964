//! Tokens on requests: put there by hand, by a tower layer or by reqwest's middleware, and never anywhere but where the
//! source was made for.

mod call;
mod error;
mod layer;
mod replay;
#[cfg(feature = "reqwest")]
mod reqwest;

use http::{HeaderMap, Method};
use url::Url;

use crate::TokenSource;
use crate::token::Token;
pub use call::Call;
pub use error::{SpendError, Unfit};
pub use layer::{CallError, Spender, TokenLayer};

impl TokenSource {
    /// Puts a token on one request, with a proof for it where it is bound to a key (RFC 6750 §2.1, RFC 9449 §7.1): the
    /// headers `Authorization` and `DPoP`. For the answer, and what it may ask for, there is [`Self::call`].
    ///
    /// # Errors
    /// [`SpendError`], and then the request must not be sent: the URL is of none of the origins that
    /// [`only_to`](crate::Builder::only_to) named, one of the headers is there already, or there is no token.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn authorize(
        &self,
        method: &Method,
        url: &Url,
        headers: &mut HeaderMap,
    ) -> Result<Token, SpendError> {
        self.call().authorize(method, url, headers).await
    }

    /// One call of an API: a request that is sent once more where the answer asks for a fresh token or a nonce.
    #[must_use]
    pub fn call(&self) -> Call {
        Call::new(self.clone())
    }

    /// A tower layer that puts a token on each request of a service.
    #[must_use]
    pub fn layer(&self) -> TokenLayer {
        TokenLayer::new(self.clone())
    }
}
