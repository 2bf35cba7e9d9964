//! The source as middleware of reqwest.

use http::Extensions;
use reqwest::{Client, Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error, Middleware, Next};
use url::Url;

use super::SpendError;
use crate::TokenSource;

impl TokenSource {
    /// A reqwest client that puts a token on each of its requests, and sends none without.
    ///
    /// Requests to other origins than those that [`only_to`](crate::Builder::only_to) named are refused. A request is
    /// sent again, once each, when its token is refused (`invalid_token`) and when a nonce is asked for
    /// (`use_dpop_nonce`), unless its body is a stream.
    ///
    /// A redirect that `client` follows to another origin goes there without the token, for reqwest takes it off. A
    /// proof is for one URL, so with [`dpop`](crate::Builder::dpop) no redirect can be followed: a call that was
    /// redirected is an error, whatever was answered. There, make `client` with `redirect(Policy::none())`: it then
    /// gives the redirect back, and no proof reaches a place that it was not made for.
    ///
    /// Does not check: whether `client` follows redirects, before it does; what it does with a request beyond that.
    #[must_use]
    pub fn layer_over(&self, client: Client) -> ClientWithMiddleware {
        ClientBuilder::new(client).with(Spending { tokens: self.clone() }).build()
    }
}

struct Spending {
    tokens: TokenSource,
}

#[async_trait::async_trait]
impl Middleware for Spending {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response, Error> {
        let mut call = self.tokens.call();
        loop {
            let kept = request.try_clone();
            let (method, url) = (request.method().clone(), request.url().clone());
            call.authorize(&method, &url, request.headers_mut()).await.map_err(Error::middleware)?;
            let response = next.clone().run(request, extensions).await?;
            if self.tokens.prover().is_some() && is_elsewhere(&url, response.url()) {
                return Err(Error::middleware(SpendError::Redirected));
            }
            // who answers from another place has no say about the token
            let own = response.url().origin() == url.origin();
            let again = own && call.again(&url, response.status(), response.headers()).await;
            let (true, Some(same)) = (again, kept) else { return Ok(response) };
            request = same;
        }
    }
}

/// Whether a redirect was followed; fragments are not sent.
fn is_elsewhere(asked: &Url, answered: &Url) -> bool {
    let sent = |url: &Url| {
        let mut url = url.clone();
        url.set_fragment(None);
        url
    };
    sent(asked) != sent(answered)
}
