//! One token from the server: where it is asked for, and the request, as often as the protocol wants it.

use std::sync::Arc;

use countersign_proto::time::UnixTime;
use tokio::sync::OnceCell;

use crate::dpop::Prover;
use crate::token::request::{form, read};
use crate::token::{Ask, Misconfigured, Token, TokenError, TokenType, Unreachable};
use crate::{Answer, ClientAuth, DiscoveryError, Endpoint, HttpClient, discovery};

/// Asks one server for one kind of token.
pub(super) struct Asker {
    pub http: Arc<HttpClient>,
    pub place: Place,
    pub auth: ClientAuth,
    pub ask: Ask,
}

/// Where the token endpoint is.
pub(super) enum Place {
    Given(Endpoint),
    Discovered { issuer: String, judge: discovery::Judge, found: OnceCell<Endpoint> },
}

impl Asker {
    /// Finds the token endpoint, where that is not done.
    pub(super) async fn endpoint(&self) -> Result<&Endpoint, TokenError> {
        match &self.place {
            Place::Given(endpoint) => Ok(endpoint),
            Place::Discovered { issuer, judge, found } => {
                found.get_or_try_init(|| discover(&self.http, issuer, *judge)).await
            }
        }
    }

    /// Asks for a token.
    pub(super) async fn ask(&self, now: UnixTime, prover: Option<&Prover>) -> Result<Token, TokenError> {
        let endpoint = self.endpoint().await?;
        let mut answer = self.send(endpoint, now, prover).await?;
        if let Some(prover) = prover
            && is_nonce_wanted(&answer)
            && prover.learn(endpoint.url(), &answer.headers)
        {
            answer = self.send(endpoint, now, Some(prover)).await?;
        }
        let token = Token::new(&read(&answer)?, now)?;
        let bound = token.token_type() == TokenType::Dpop;
        if bound != prover.is_some() {
            let why = if bound {
                "the server binds its tokens to a key, and none is given"
            } else {
                "the server does not bind its tokens to a key (its answer says Bearer)"
            };
            return Err(Misconfigured::new("dpop", why).into());
        }
        Ok(token)
    }

    async fn send(
        &self,
        endpoint: &Endpoint,
        now: UnixTime,
        prover: Option<&Prover>,
    ) -> Result<Answer, TokenError> {
        let mut request = form(&self.ask, self.auth.prove().await?);
        if let Some(prover) = prover {
            let proof = prover.proof("POST", endpoint.url(), now, None)?;
            request.headers_mut().insert(crate::dpop::HEADER, proof);
        }
        let answer = self.http.send(endpoint, request).await?;
        if let Some(prover) = prover
            && answer.status.is_success()
        {
            prover.learn(endpoint.url(), &answer.headers);
        }
        Ok(answer)
    }
}

async fn discover(http: &HttpClient, issuer: &str, judge: discovery::Judge) -> Result<Endpoint, TokenError> {
    let metadata = discovery::metadata(http, issuer, judge).await.map_err(by_blame)?;
    let issuer = discovery::endpoint(issuer, judge).map_err(by_blame)?;
    discovery::member("token_endpoint", &metadata.token_endpoint, &issuer).map_err(by_blame)
}

fn by_blame(error: DiscoveryError) -> TokenError {
    match error {
        DiscoveryError::Http(error) => error.into(),
        DiscoveryError::Status { status, retry_after, .. }
            if status.is_server_error() || status == http::StatusCode::TOO_MANY_REQUESTS =>
        {
            Unreachable::status(status, retry_after).into()
        }
        other => Misconfigured::new("issuer", other).into(),
    }
}

/// RFC 9449 §8: a 400 with `use_dpop_nonce`.
fn is_nonce_wanted(answer: &Answer) -> bool {
    answer.status == http::StatusCode::BAD_REQUEST
        && serde_json::from_slice::<countersign_proto::error::ErrorBody>(&answer.body)
            .is_ok_and(|body| body.error == "use_dpop_nonce")
}
