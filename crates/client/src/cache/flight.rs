//! One request at a time; all who want a token meanwhile wait for its answer.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::token::{Token, TokenError, Unreachable};

type Outcome = Result<Token, TokenError>;

/// The request that is under way, if any; it goes on when those who wait for it have gone.
#[derive(Default)]
pub(super) struct Flight(Mutex<Option<watch::Receiver<Option<Outcome>>>>);

/// What one who boarded waits for.
pub(super) enum Boarded {
    /// It was there already.
    Landed(Token),
    /// It is under way.
    Flying(watch::Receiver<Option<Outcome>>),
}

impl Flight {
    /// Joins the request that is under way, or begins one, unless `landed` has what the last one brought.
    pub(super) fn board<F>(
        &self,
        landed: impl FnOnce() -> Option<Token>,
        request: impl FnOnce() -> F,
    ) -> Boarded
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut flying = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outcome) = flying.as_ref().filter(|outcome| is_flying(outcome)) {
            return Boarded::Flying(outcome.clone());
        }
        if let Some(token) = landed() {
            return Boarded::Landed(token);
        }
        let (sender, outcome) = watch::channel(None);
        let request = request();
        tokio::spawn(Box::pin(async move {
            let found = request.await;
            sender.send_replace(Some(found));
        }));
        *flying = Some(outcome.clone());
        Boarded::Flying(outcome)
    }
}

impl Boarded {
    pub(super) async fn land(self) -> Outcome {
        match self {
            Self::Landed(token) => Ok(token),
            Self::Flying(mut outcome) => {
                let found = outcome.wait_for(Option::is_some).await;
                let cut = || Err(Unreachable::said("the token request was cut off".to_owned()).into());
                found.ok().and_then(|found| found.clone()).unwrap_or_else(cut)
            }
        }
    }
}

/// Whether its answer is still to come: a request that ended without one is over too.
fn is_flying(outcome: &watch::Receiver<Option<Outcome>>) -> bool {
    outcome.borrow().is_none() && outcome.has_changed().is_ok()
}
