//! The token that a source holds: read without a lock, renewed by one request at a time.

mod flight;
mod life;

use arc_swap::ArcSwapOption;
use countersign_proto::time::UnixTime;
use std::sync::Arc;

use crate::token::{Token, TokenError};
use flight::Flight;
use life::Life;

/// The place of one token.
#[derive(Default)]
pub(crate) struct Slot {
    kept: ArcSwapOption<Kept>,
    flight: Flight,
}

struct Kept {
    token: Token,
    life: Life,
}

/// What there is.
pub(crate) enum Found {
    /// A token, and nothing is to be done.
    Fresh(Token),
    /// A token that is good and should be renewed.
    Due(Token),
    /// No token that is good.
    Nothing,
}

impl Slot {
    /// Looks for a token.
    pub(crate) fn find(&self, now: UnixTime) -> Found {
        match &*self.kept.load() {
            Some(kept) if now < kept.life.renew_at => Found::Fresh(kept.token.clone()),
            Some(kept) if now < kept.life.use_until => Found::Due(kept.token.clone()),
            _ => Found::Nothing,
        }
    }

    /// Keeps a token that was asked for at `asked`.
    pub(crate) fn keep(&self, token: &Token, asked: UnixTime) {
        let life = Life::of(token.expires_at(), asked);
        self.kept.store(Some(Arc::new(Kept { token: token.clone(), life })));
    }

    /// Holds this token no longer, where it is still the one that is held.
    pub(crate) fn forget(&self, token: &Token) {
        self.kept.rcu(|kept| kept.clone().filter(|kept| !kept.token.is(token)));
    }

    /// Begins a request, unless one is under way.
    pub(crate) fn begin<F>(&self, request: impl FnOnce() -> F)
    where
        F: Future<Output = Result<Token, TokenError>> + Send + 'static,
    {
        drop(self.flight.board(|| None, request));
    }

    /// Waits for the request that is under way, or begins one, unless it has just come to its end.
    pub(crate) async fn join<F>(
        &self,
        now: UnixTime,
        request: impl FnOnce() -> F,
    ) -> Result<Token, TokenError>
    where
        F: Future<Output = Result<Token, TokenError>> + Send + 'static,
    {
        let landed = || match self.find(now) {
            Found::Fresh(token) | Found::Due(token) => Some(token),
            Found::Nothing => None,
        };
        self.flight.board(landed, request).land().await
    }
}
