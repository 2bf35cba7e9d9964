//! A source of tokens: it takes one, keeps it fresh, and hands it to whoever spends it.

mod asker;
mod builder;
mod obtain;
mod revoke;
mod server;

use std::sync::Arc;
use std::time::Duration;

use countersign_proto::time::Clock;

use crate::cache::{Boarding, Found, Moment, Pilot, Place, Want};
use crate::dpop::Prover;
use crate::origin::Origins;
use crate::token::{Token, TokenError, Unreachable};
use asker::Asker;
pub use builder::Builder;

/// A source of tokens for one client, one server and one ask; a handle that is cheap to clone.
///
/// All clones share one token. It is renewed in the background before it expires, while it is in use; all who wait for
/// a token at one time wait for one request.
#[derive(Clone)]
pub struct TokenSource(Arc<Inner>);

struct Inner {
    place: Place,
    asker: Asker,
    prover: Option<Arc<Prover>>,
    origins: Origins,
    clock: Arc<dyn Clock>,
    /// Seconds that a token lives whose life the server does not say.
    assumed_life: i64,
}

impl TokenSource {
    /// Tokens of the issuer with this identifier, which is the `iss` of its tokens character by character; its metadata
    /// says where they are taken (RFC 8414, then OpenID Connect Discovery 1.0).
    pub fn discover(issuer: impl Into<String>) -> Builder {
        Builder::discover(issuer.into())
    }

    /// Tokens from this token endpoint, without discovery.
    pub fn at(token_endpoint: impl Into<String>) -> Builder {
        Builder::at(token_endpoint.into())
    }

    /// A token that is good for now: from memory where there is one, else from the server.
    ///
    /// It is used until ten seconds before it expires, or a fifth of its life where that is less. Dropping the future
    /// leaves the request to the others who wait for it.
    ///
    /// Does not check: the token; it is opaque to its client (RFC 6749 §1.4).
    ///
    /// # Errors
    /// [`TokenError`], when there is none in memory and the server gives none. While the server wants to be left alone
    /// (`Retry-After`, up to a minute of it), [`TokenError::Unreachable`] at once.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn token(&self) -> Result<Token, TokenError> {
        let now = self.0.now();
        match self.0.place.slot.find(now) {
            Found::Fresh(token) => Ok(token),
            Found::Due(token) => {
                self.renew(now, &token);
                Ok(token)
            }
            Found::Nothing => Box::pin(self.fetch(Want::Any)).await,
        }
    }

    /// A token other than `refused`, which a resource server did not take (`invalid_token`, RFC 6750 §3.1): one that is
    /// here already, or a new one.
    ///
    /// # Errors
    /// As [`Self::token`]; and [`TokenError::Unreachable`] at once when `refused` has itself just taken the place of a
    /// refused one, so that a resource server that refuses every token causes a few requests a minute at most: of all
    /// processes together, where the cache is on disk.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn instead_of(&self, refused: &Token) -> Result<Token, TokenError> {
        Box::pin(self.fetch(Want::InsteadOf(refused.clone()))).await
    }

    /// Where its tokens may be sent; empty = nowhere by the layers, which then refuse.
    pub(crate) fn origins(&self) -> &Origins {
        &self.0.origins
    }

    /// What makes the proofs for its tokens, where they are bound to a key.
    pub(crate) fn prover(&self) -> Option<&Arc<Prover>> {
        self.0.prover.as_ref()
    }

    /// The time by the source's clock.
    pub(crate) fn now(&self) -> countersign_proto::time::UnixTime {
        self.0.clock.now()
    }

    /// Begins to renew the token, unless somebody does already.
    fn renew(&self, now: Moment, due: &Token) {
        if let Boarding::Yours(pilot, _) = self.0.place.slot.board(now, Want::Renewal(due.clone())) {
            self.depart(pilot);
        }
    }

    /// Waits for the request that is under way, or begins one; anew when it was cut off with the runtime that it ran on.
    async fn fetch(&self, want: Want<Token>) -> Result<Token, TokenError> {
        for _ in 0..TRIES {
            let passenger = match self.0.place.slot.board(self.0.now(), want.clone()) {
                Boarding::Here(token) => return Ok(token),
                Boarding::Closed(remaining) => return Err(closed(remaining)),
                Boarding::Flying(None) => continue,
                Boarding::Flying(Some(passenger)) => passenger,
                Boarding::Yours(pilot, passenger) => {
                    self.depart(pilot);
                    passenger
                }
            };
            if let Some(outcome) = passenger.await {
                return outcome;
            }
        }
        Err(Unreachable::said("the token request was cut off".to_owned()).into())
    }

    fn depart(&self, pilot: Pilot) {
        let inner = Arc::clone(&self.0);
        tokio::spawn(Box::pin(async move {
            match inner.obtain(pilot.want()).await {
                Ok((token, life)) => pilot.land(token, life, inner.now()),
                Err(error) => {
                    let retry_after = error.retry_after().map(|after| after.as_millis());
                    let retry_after = retry_after.map(|after| u64::try_from(after).unwrap_or(u64::MAX));
                    pilot.fail(error, retry_after, jitter(), inner.now());
                }
            }
        }));
    }
}

impl Inner {
    fn now(&self) -> Moment {
        self.place.now(&*self.clock)
    }
}

fn closed(milliseconds: u64) -> TokenError {
    Unreachable::until(Duration::from_millis(milliseconds)).into()
}

/// Any number; the same one each time, should the source of random bits fail.
fn jitter() -> u32 {
    let mut bits = [0; 4];
    aws_lc_rs::rand::fill(&mut bits).map_or(0, |()| u32::from_ne_bytes(bits))
}

/// A request that was cut off is made once more.
const TRIES: usize = 2;
