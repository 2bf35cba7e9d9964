//! One call of an API: the token and the proof of each of its requests, and whether an answer asks for another.

use std::sync::Arc;

use countersign_proto::challenge::{self, Code};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, StatusCode, Uri};
use tracing::debug;
use url::Url;

use super::{SpendError, Unfit};
use crate::TokenSource;
use crate::dpop;
use crate::origin::Target;
use crate::token::Token;

/// One call of an API: a request, and once each the same request again, with a fresh token where the first was refused
/// (`invalid_token`, RFC 6750 §3.1) and with a nonce where that is asked for (`use_dpop_nonce`, RFC 9449 §9).
///
/// It is for those who send requests by themselves; the layers are made of it:
///
/// ```no_run
/// # async fn call(tokens: &countersign_client::TokenSource) -> Result<(), Box<dyn std::error::Error>> {
/// # async fn send(_: http::HeaderMap) -> http::Response<()> { http::Response::new(()) }
/// let (method, url) = (http::Method::GET, url::Url::parse("https://orders.example/1")?);
/// let mut call = tokens.call();
/// let response = loop {
///     let mut headers = http::HeaderMap::new();
///     call.authorize(&method, &url, &mut headers).await?;
///     let response = send(headers).await;
///     if !call.again(&url, response.status(), response.headers()).await {
///         break response;
///     }
/// };
/// # Ok(())
/// # }
/// ```
pub struct Call {
    source: TokenSource,
    state: State,
}

/// What was sent, and what was tried.
#[derive(Default)]
struct State {
    token: Option<Token>,
    nonce: Option<Arc<str>>,
    renewed: bool,
    had_nonce: bool,
}

impl Call {
    pub(super) fn new(source: TokenSource) -> Self {
        Self { source, state: State::default() }
    }

    /// Puts the token on the request, with a proof of its own where it is bound to a key; the token that it is.
    ///
    /// # Errors
    /// As [`TokenSource::authorize`].
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn authorize(
        &mut self,
        method: &Method,
        url: &Url,
        headers: &mut HeaderMap,
    ) -> Result<Token, SpendError> {
        let target = self.source.origins().of_url(url)?;
        self.state.authorize(&self.source, method, &target, headers).await
    }

    /// Hears the answer to the request that was sent to `url`: keeps the nonce that it may carry, and says whether the
    /// same request should be sent once more, authorized anew.
    ///
    /// A token that was refused is replaced even where the request is not sent again. Where there is no other, the answer
    /// stands; see [`TokenSource::instead_of`].
    pub async fn again(&mut self, url: &Url, status: StatusCode, headers: &HeaderMap) -> bool {
        let Ok(target) = self.source.origins().of_url(url) else { return false };
        self.state.again(&self.source, &target, status, headers).await
    }

    /// As [`Self::authorize`], for a URI as `http` has it.
    pub(super) async fn authorize_uri(
        &mut self,
        method: &Method,
        uri: &Uri,
        headers: &mut HeaderMap,
    ) -> Result<Token, SpendError> {
        let target = self.source.origins().of_uri(uri)?;
        self.state.authorize(&self.source, method, &target, headers).await
    }

    /// As [`Self::again`], for a URI as `http` has it.
    pub(super) async fn again_uri(&mut self, uri: &Uri, status: StatusCode, headers: &HeaderMap) -> bool {
        let Ok(target) = self.source.origins().of_uri(uri) else { return false };
        self.state.again(&self.source, &target, status, headers).await
    }
}

impl State {
    async fn authorize(
        &mut self,
        source: &TokenSource,
        method: &Method,
        target: &Target<'_>,
        headers: &mut HeaderMap,
    ) -> Result<Token, SpendError> {
        if let Some(header) =
            [AUTHORIZATION, dpop::HEADER].into_iter().find(|name| headers.contains_key(name))
        {
            return Err(Unfit::Header(header).into());
        }
        let token = match self.token.take() {
            Some(token) => token,
            None => source.token().await?,
        };
        if let Some(prover) = source.prover() {
            self.nonce = prover.nonce(target.origin());
            let (now, uri) = (source.now(), target.uri());
            let proof = prover.proof(method.as_str(), &uri, now, Some(&token), self.nonce.as_deref())?;
            headers.insert(dpop::HEADER, proof);
        }
        headers.insert(AUTHORIZATION, token.authorization());
        self.token = Some(token.clone());
        Ok(token)
    }

    async fn again(
        &mut self,
        source: &TokenSource,
        target: &Target<'_>,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> bool {
        if let Some(prover) = source.prover() {
            prover.learn_of(target.origin(), headers);
        }
        let Some(token) = self.token.as_ref().filter(|_| status == StatusCode::UNAUTHORIZED) else {
            return false;
        };
        match asked_for(headers) {
            Some(Code::UseDpopNonce) if !self.had_nonce => {
                self.had_nonce = true;
                let sent = self.nonce.as_deref();
                source.prover().is_some_and(|prover| prover.knows_another(target.origin(), sent))
            }
            Some(Code::InvalidToken) if !self.renewed => {
                self.renewed = true;
                match source.instead_of(token).await {
                    Ok(fresh) => {
                        let other = fresh.expose() != token.expose();
                        self.token = Some(fresh);
                        other
                    }
                    Err(error) => {
                        debug!(%error, "a token was refused, and there is no other");
                        false
                    }
                }
            }
            _ => false,
        }
    }
}

/// What a 401 asks for, where the same request may succeed with it; headers that are malformed ask for nothing.
fn asked_for(headers: &HeaderMap) -> Option<Code> {
    let values = headers.get_all(WWW_AUTHENTICATE).iter().map(http::HeaderValue::as_bytes);
    let challenges = challenge::parse(values).ok()?;
    let asks = |code| challenges.iter().any(|challenge| challenge.code() == Some(code));
    [Code::UseDpopNonce, Code::InvalidToken].into_iter().find(|code| asks(*code))
}
