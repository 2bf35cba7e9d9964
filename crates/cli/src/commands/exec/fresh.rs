//! Keeps the token in the file fresh for as long as the program runs.

use std::convert::Infallible;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use countersign_client::{Token, TokenError, TokenSource};
use countersign_proto::time::UnixTime;
use tokio::time::sleep;

use super::token_file::TokenFile;
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

impl Fresh<'_> {
    /// Renews the token that is in the file, again and again; one that cannot be renewed stays.
    pub(super) async fn keep(self, mut held: Token) -> Infallible {
        let mut due = due(now(), held.expires_at(), spread());
        let mut failures = 0;
        loop {
            // in short steps: while the machine sleeps, time goes on and timers do not
            let left = u64::try_from(due.since(now())).unwrap_or_default();
            if left > 0 {
                sleep(Duration::from_secs(left.min(STEP))).await;
                continue;
            }
            match self.renew(&held).await {
                Ok(token) => {
                    if failures > 0 {
                        self.output.note("the token is renewed again");
                    }
                    (failures, held) = (0, token);
                    due = self::due(now(), held.expires_at(), spread());
                }
                Err(why) => {
                    if failures == 0 {
                        self.output.note(&not_renewed(&held, &why.said));
                    }
                    failures += 1;
                    due = now().plus(pause(failures, why.retry_after));
                }
            }
        }
    }

    async fn renew(&self, held: &Token) -> Result<Token, Why> {
        let token = self.tokens.instead_of(held).await.map_err(|error| self.why(&error))?;
        let written = self.file.write(&token);
        written.map_err(|error| Why {
            said: format!("error: {} cannot be written: {error}", self.file.path().display()),
            retry_after: None,
        })?;
        Ok(token)
    }

    fn why(&self, error: &TokenError) -> Why {
        Why { said: self.blame.of(error).to_string(), retry_after: error.retry_after() }
    }
}

/// Why there is no new token in the file.
struct Why {
    said: String,
    retry_after: Option<Duration>,
}

fn not_renewed(held: &Token, why: &str) -> String {
    let until = held.expires_at().map(|at| format!(", good until {}", rfc3339(at))).unwrap_or_default();
    format!(
        "warning: the token cannot be renewed; the file keeps the old one{until}, and it is tried again\n{why}"
    )
}

/// When a token is renewed: at about three quarters of what is left of its life, and not at once with all others that
/// were started together. `spread` is out of 0..100.
fn due(now: UnixTime, expires_at: Option<UnixTime>, spread: i64) -> UnixTime {
    let left = expires_at.map_or(ASSUMED, |at| at.since(now)).clamp(0, LONGEST);
    now.plus((left * (700 + spread) / 1000).max(1))
}

/// Seconds until it is tried again: twice as long each time, and not before the server said.
fn pause(failures: u32, retry_after: Option<Duration>) -> i64 {
    let doubled = 1i64 << failures.saturating_sub(1).min(6);
    let asked = retry_after.map_or(0, |after| i64::try_from(after.as_secs()).unwrap_or(i64::MAX));
    doubled.max(asked).min(LONGEST_PAUSE)
}

fn spread() -> i64 {
    let random = RandomState::new().build_hasher().finish();
    i64::try_from(random % 100).unwrap_or_default()
}

/// Seconds of sleep at a time.
const STEP: u64 = 5;
/// Seconds that a token is taken to live where its server does not say.
const ASSUMED: i64 = 60;
/// Seconds after which even a token that lives for ever is renewed.
const LONGEST: i64 = 24 * 60 * 60;
/// Seconds between two attempts at most, whatever the server says: it may have been mended long before.
const LONGEST_PAUSE: i64 = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_renewed_before_they_expire_and_never_at_once_again() {
        let start = UnixTime(1_000);
        let at = |left: i64, spread| due(start, Some(start.plus(left)), spread).since(start);
        assert_eq!((at(300, 0), at(300, 99)), (210, 239));
        for left in [-5, 0, 1] {
            assert_eq!(at(left, 50), 1, "{left}");
        }
        assert_eq!(at(3, 50), 2);
        assert_eq!(due(start, None, 0).since(start), 42);
        assert!(at(i64::MAX, 99) < LONGEST);
    }

    #[test]
    fn failures_are_repeated_ever_more_seldom() {
        let pauses: Vec<i64> = (1..=9).map(|failures| pause(failures, None)).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
        assert_eq!(pause(1, Some(Duration::from_secs(30))), 30);
        assert_eq!(pause(1, Some(Duration::MAX)), LONGEST_PAUSE);
    }
}
