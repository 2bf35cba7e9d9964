//! A token for a source that has none that will do: from another process's file, or from the server.

use super::{Inner, jitter};
use crate::cache::{Life, Moment, Same, Stored, Turn, Want};
use crate::token::{Token, TokenError, TokenType};

impl Inner {
    /// A token from disk, where it is kept there too, or from the server.
    pub(super) async fn obtain(&self, want: &Want<Token>) -> Result<(Token, Life), TokenError> {
        let Some(entry) = &self.place.entry else {
            let Asked { token, life, .. } = self.ask().await?;
            return Ok((token, life));
        };
        match entry.turn(|stored| self.taken(stored, want)).await {
            Turn::Found(found) => Ok(found),
            Turn::Ours(held) => {
                let Asked { token, life, stored } = self.ask().await?;
                entry.keep(stored, held, self.now().wall).await;
                Ok((token, life))
            }
        }
    }

    async fn ask(&self) -> Result<Asked, TokenError> {
        self.asker.find().await?;
        // not before the endpoint is known: the life is counted from here
        let asked = self.now();
        let token = self.asker.ask(asked.wall, self.prover.as_deref()).await?;
        let life = Life::of(token.expires_at(), asked, self.assumed_life, jitter());
        let stored =
            Stored { asked: asked.wall, answer: token.answer(asked.wall), until: life.shared_until(asked) };
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

/// A token that the server has just given.
struct Asked {
    token: Token,
    life: Life,
    stored: Stored,
}
