//! One token from the server: where it is asked for, and the request, as often as the protocol wants it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_proto::time::{Clock, UnixTime};
use countersign_proto::token::TokenResponse;
use tokio::time::Instant;

use super::server::{Place, Server};
use crate::auth::{Proven, Recipient, Stamp, Unsaid};
use crate::dpop::Prover;
use crate::token::request::{Encoding, MAX_ANSWER, read_without, request};
use crate::token::{Ask, Misconfigured, Refused, Token, TokenError, TokenType};
use crate::{Answer, ClientAuth, HttpClient};

/// Asks one server for one kind of token.
pub(super) struct Asker {
    pub http: Arc<HttpClient>,
    pub place: Place,
    pub auth: ClientAuth,
    pub ask: Ask,
    pub encoding: Encoding,
    /// Whence the time of proofs and assertions comes: an exchange may take long.
    pub clock: Arc<dyn Clock>,
    /// Whether the last request failed, so that a failure is told once.
    pub failing: AtomicBool,
}

impl Asker {
    /// Finds the server, where that is not done.
    pub(super) async fn find(&self) -> Result<Arc<Server>, TokenError> {
        let begun = Instant::now();
        let found = self.place.server(&self.http).await;
        found.inspect_err(|error| self.tell(begun, Err(error)))
    }

    /// Asks for a token, whose life is counted from `asked`.
    pub(super) async fn ask(&self, asked: UnixTime, prover: Option<&Prover>) -> Result<Token, TokenError> {
        let server = self.find().await?;
        let begun = Instant::now();
        let found = self.ask_wherever(&server, asked, prover).await;
        self.tell(begun, found.as_ref());
        found
    }

    /// What a request to this server carries as proof.
    pub(super) async fn prove(&self, server: &Server) -> Result<Proven, Misconfigured> {
        let now = self.clock.now();
        let to = Recipient { issuer: server.issuer.as_deref(), algorithms: &server.algorithms, now };
        self.auth.prove(&to).await
    }

    /// At this server, or where its metadata says that it is now.
    async fn ask_wherever(
        &self,
        server: &Arc<Server>,
        asked: UnixTime,
        prover: Option<&Prover>,
    ) -> Result<Token, TokenError> {
        match self.ask_at(server, asked, prover).await {
            Err(error) if may_have_moved(&error) => match self.place.moved(&self.http, server).await {
                Some(moved) => self.ask_at(&moved, asked, prover).await,
                None => Err(error),
            },
            found => found,
        }
    }

    async fn ask_at(
        &self,
        server: &Server,
        asked: UnixTime,
        prover: Option<&Prover>,
    ) -> Result<Token, TokenError> {
        let heard = self.exchange(server, prover).await?;
        let mut answered = heard.read(self.clock.now());
        // what was replaced while the request was under way
        if is_invalid_client(&answered) && self.has_rotated(server, heard.used).await {
            answered = self.exchange(server, prover).await?.read(self.clock.now());
        }
        let answered = answered.map_err(|error| self.advised(error, server))?;
        let token = Token::new(&answered, asked)?;
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

    /// One request, and a second one where the server wants its nonce in the proof.
    async fn exchange(&self, server: &Server, prover: Option<&Prover>) -> Result<Heard, TokenError> {
        let heard = self.send(server, prover).await?;
        if let Some(prover) = prover
            && is_nonce_wanted(&heard.answer)
        {
            let url = server.token_endpoint.url();
            prover.learn(url, &heard.answer.headers);
            if prover.knows_another(&url.origin(), heard.nonce.as_deref()) {
                return self.send(server, Some(prover)).await;
            }
        }
        Ok(heard)
    }

    async fn send(&self, server: &Server, prover: Option<&Prover>) -> Result<Heard, TokenError> {
        let endpoint = &server.token_endpoint;
        let proven = self.prove(server).await?;
        let (used, unsaid) = (proven.stamp, Unsaid::of(&proven));
        let mut request = request(&self.ask, proven, self.encoding)?;
        let nonce = prover.and_then(|prover| prover.nonce(&endpoint.url().origin()));
        if let Some(prover) = prover {
            let (now, uri) = (self.clock.now(), endpoint.url().as_str());
            let proof = prover.proof("POST", uri, now, None, nonce.as_deref())?;
            request.headers_mut().insert(crate::dpop::HEADER, proof);
        }
        let answer = self.http.send_for(endpoint, request, MAX_ANSWER).await?;
        if let Some(prover) = prover
            && answer.status.is_success()
        {
            prover.learn(endpoint.url(), &answer.headers);
        }
        Ok(Heard { answer, used, unsaid, nonce })
    }

    /// Whether what the client proves itself with is another than it was.
    async fn has_rotated(&self, server: &Server, used: Option<Stamp>) -> bool {
        used.is_some() && self.prove(server).await.is_ok_and(|proven| proven.stamp != used)
    }

    /// With what the metadata says about the way in which this client proves itself.
    fn advised(&self, error: TokenError, server: &Server) -> TokenError {
        let names = self.auth.names();
        let is_taken = |name: &&str| server.methods.iter().any(|method| method == name);
        match error {
            TokenError::Refused(refused) if refused.error == INVALID_CLIENT => {
                let differs = !names.is_empty() && !server.methods.is_empty() && !names.iter().any(is_taken);
                let found = differs.then(|| {
                    let methods = crate::http::shown(&server.methods.join(", "));
                    format!(
                        "this client proves itself by {}, and the server takes {methods}",
                        names.join(" or ")
                    )
                });
                refused.because(found).into()
            }
            other => other,
        }
    }

    /// Each request at debug; of failures in a row, the first one as a warning.
    fn tell(&self, begun: Instant, found: Result<&Token, &TokenError>) {
        let server = self.place.name();
        let client_id = self.auth.client_id().unwrap_or_default();
        let ms = begun.elapsed().as_millis();
        let failed_before = self.failing.swap(found.is_err(), Ordering::Relaxed);
        match found {
            Ok(token) => tracing::debug!(
                server,
                client_id,
                ms,
                expires_at = token.expires_at().map(|at| at.0),
                "took a token"
            ),
            Err(error) if failed_before => tracing::debug!(server, client_id, ms, %error, "no token again"),
            Err(error) => tracing::warn!(server, client_id, ms, %error, "no token"),
        }
    }
}

/// An answer, and what its request was made from.
struct Heard {
    answer: Answer,
    /// What the client proved itself with.
    used: Option<Stamp>,
    /// What of it nobody is to see.
    unsaid: Unsaid,
    /// The nonce of its proof.
    nonce: Option<Arc<str>>,
}

impl Heard {
    fn read(&self, now: UnixTime) -> Result<TokenResponse, TokenError> {
        read_without(&self.unsaid, &self.answer, now)
    }
}

/// Whether the metadata may know better: there is no answer, or one of something else than a token endpoint.
fn may_have_moved(error: &TokenError) -> bool {
    match error {
        TokenError::Refused(_) => false,
        TokenError::Unreachable(unreachable) => !unreachable.is_too_many(),
        TokenError::Misconfigured(error) => error.setting() == "issuer",
    }
}

fn is_invalid_client<T>(answered: &Result<T, TokenError>) -> bool {
    matches!(answered, Err(TokenError::Refused(Refused { error, .. })) if error == INVALID_CLIENT)
}

/// RFC 9449 §8: a 400 with `use_dpop_nonce`.
fn is_nonce_wanted(answer: &Answer) -> bool {
    answer.status == http::StatusCode::BAD_REQUEST
        && serde_json::from_slice::<countersign_proto::error::ErrorBody>(&answer.body)
            .is_ok_and(|body| body.error == "use_dpop_nonce")
}

const INVALID_CLIENT: &str = "invalid_client";
