//! A token for a source that has none that will do: from another process's file, or from the server.

use super::{Inner, jitter};
use crate::cache::{Failure, Life, Moment, Same, Sight, Stored, Turn, Want};
use crate::token::{Token, TokenError, TokenType, Unreachable};

impl Inner {
    /// A token from disk, where it is kept there too, or from the server.
    pub(super) async fn obtain(&self, want: &Want<Token>) -> Result<(Token, Life), TokenError> {
        let Some(entry) = &self.place.entry else {
            let Asked { token, life, .. } = self.ask().await?;
            return Ok((token, life));
        };
        match entry.turn(|sight| self.judged(sight, want)).await {
            Turn::Found(outcome) => outcome,
            Turn::Ours(held, before) => match self.ask().await {
                Ok(Asked { token, life, mut stored }) => {
                    stored.replacements = replacements(before.as_ref(), want);
                    entry.keep(stored, held, self.now().wall).await;
                    Ok((token, life))
                }
                Err(error) => {
                    if let TokenError::Unreachable(error) = &error {
                        entry.fail(Failure::new(error, self.now().wall, jitter()), held).await;
                    }
                    Err(error)
                }
            },
        }
    }

    /// What comes of what other processes left, if anything: a token, or that nobody asks now.
    fn judged(&self, sight: &Sight, want: &Want<Token>) -> Option<Result<(Token, Life), TokenError>> {
        if let Some(found) = sight.stored.as_ref().and_then(|stored| self.taken(stored, want)) {
            return Some(Ok(found));
        }
        let now = self.now().wall;
        let stays = sight.stored.as_ref().filter(|stored| is_refused(stored, want));
        let stays = stays.and_then(|stored| stored.stays_at(now)).map(Unreachable::until);
        let told = || {
            let failure = sight.failure.as_ref()?;
            let closed = || failure.closed_at(now).map(Unreachable::until);
            if sight.is_news { Some(failure.told()) } else { closed() }
        };
        stays.or_else(told).map(|error| Err(error.into()))
    }

    async fn ask(&self) -> Result<Asked, TokenError> {
        self.asker.find().await?;
        // not before the endpoint is known: the life is counted from here
        let asked = self.now();
        let token = self.asker.ask(asked.wall, self.prover.as_deref()).await?;
        let life = Life::of(token.expires_at(), asked, self.assumed_life, jitter());
        let stored = Stored {
            asked: asked.wall,
            answer: token.answer(asked.wall),
            until: life.shared_until(asked),
            replacements: 0,
        };
        Ok(Asked { token, life, stored })
    }

    /// What another process left, where it is good, and better than what there is.
    fn taken(&self, stored: &Stored, want: &Want<Token>) -> Option<(Token, Life)> {
        let token = Token::new(&stored.answer, stored.asked).ok()?;
        let now = self.now();
        let asked = Moment { wall: stored.asked, ..now };
        let life = Life::of(token.expires_at(), asked, self.assumed_life, jitter()).found(asked, now)?;
        let bound = token.token_type() == TokenType::Dpop;
        let good = bound == self.prover.is_some() && !now.reached(life.use_until);
        let better = match want {
            Want::Any => true,
            Want::Renewal(due) => !token.same(due) && !now.reached(life.renew_at),
            Want::InsteadOf(refused) => !token.same(refused),
        };
        (good && better).then_some((token, life))
    }
}

/// The how manieth in a row it is that takes the place of a refused one.
fn replacements(before: Option<&Stored>, want: &Want<Token>) -> u32 {
    let before = before.filter(|stored| is_refused(stored, want)).map_or(0, |stored| stored.replacements);
    if matches!(want, Want::InsteadOf(_)) { before.saturating_add(1) } else { 0 }
}

/// Whether it is this very token that was refused.
fn is_refused(stored: &Stored, want: &Want<Token>) -> bool {
    matches!(want, Want::InsteadOf(refused) if refused.expose() == stored.answer.access_token)
}

/// A token that the server has just given.
struct Asked {
    token: Token,
    life: Life,
    stored: Stored,
}
