//! Keeps the token in the file fresh for as long as the program runs.

use std::convert::Infallible;
use std::time::Duration;

use countersign_client::{Token, TokenSource};
use countersign_proto::time::UnixTime;
use tokio::time::sleep;

use super::token_file::TokenFile;
use crate::failure::Failure;
use crate::moment::{now, rfc3339};
use crate::output::Output;
use crate::source::Blame;

/// What renews the file.
pub(super) struct Fresh<'a> {
    pub(super) tokens: TokenSource,
    pub(super) file: &'a TokenFile,
    pub(super) blame: Blame,
    pub(super) output: Output,
}

/// Why there is no new token in the file.
struct Missed {
    why: Failure,
    retry_after: Option<Duration>,
}

impl Fresh<'_> {
    /// Puts each token that the source has into the file; where there is none, the one before stays, and the first
    /// failure of several is told.
    pub(super) async fn keep(self, mut held: Token) -> Infallible {
        let mut failures = 0;
        let mut pause = look_again(held.expires_at(), now());
        loop {
            sleep(pause).await;
            // the source renews its token by itself for one who asks for it often enough
            pause = match self.look(&mut held).await {
                Ok(()) => {
                    if failures > 0 {
                        self.output.note("the token is renewed again");
                    }
                    failures = 0;
                    look_again(held.expires_at(), now())
                }
                Err(missed) => {
                    if failures == 0 {
                        self.output.note(&not_renewed(&held, &missed.why));
                    }
                    failures += 1;
                    try_again(failures, missed.retry_after)
                }
            };
        }
    }

    async fn look(&self, held: &mut Token) -> Result<(), Missed> {
        let token = self
            .tokens
            .token()
            .await
            .map_err(|error| Missed { why: self.blame.of(&error), retry_after: error.retry_after() })?;
        if token.expose() != held.expose() {
            self.file.write(&token).map_err(|error| Missed {
                why: Failure::new(format!("{} cannot be written: {error}", self.file.path().display())),
                retry_after: None,
            })?;
        }
        *held = token;
        Ok(())
    }
}

fn not_renewed(held: &Token, why: &Failure) -> String {
    let until = held.expires_at().map(|at| format!(", good until {}", rfc3339(at))).unwrap_or_default();
    format!(
        "warning: the token is not renewed; the file keeps the one before{until}, and it is tried again\n{why}"
    )
}

/// Often enough within what is left of the token's life to be in time for its renewal, and at least every few seconds:
/// while a machine sleeps, time goes on and timers do not.
fn look_again(expires_at: Option<UnixTime>, now: UnixTime) -> Duration {
    let left = expires_at.and_then(|at| u64::try_from(at.since(now)).ok()).unwrap_or(0);
    if expires_at.is_none() { LONGEST } else { (Duration::from_secs(left) / 20).clamp(SHORTEST, LONGEST) }
}

/// Twice as long each time up to some seconds, so that the file is not behind for long once the server is there again;
/// and not before the server said, unless that is for ever.
fn try_again(failures: u32, retry_after: Option<Duration>) -> Duration {
    let doubled = Duration::from_secs(1 << failures.saturating_sub(1).min(3));
    doubled.max(retry_after.unwrap_or_default()).min(LONGEST_BREAK)
}

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);
/// Whatever the server says, it may have been mended long before.
const LONGEST_BREAK: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_lives_are_looked_at_more_often() {
        let start = UnixTime(1_000);
        let after = |left: i64| look_again(Some(start.plus(left)), start).as_millis();
        assert_eq!([300, 20, 2, 1, 0, -5].map(after), [2_000, 1_000, 100, 100, 100, 100]);
        assert_eq!(look_again(None, start), LONGEST);
    }

    #[test]
    fn failures_are_repeated_ever_more_seldom() {
        let pauses: Vec<u64> = (1..=8).map(|failures| try_again(failures, None).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 8, 8, 8, 8]);
        assert_eq!(try_again(1, Some(Duration::from_secs(30))).as_secs(), 30);
        assert_eq!(try_again(1, Some(Duration::MAX)), LONGEST_BREAK);
    }
}
