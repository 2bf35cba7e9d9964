//! The last failure to get a token: for the processes that waited meanwhile, and for as long as the server wants to be
//! left alone.

use std::time::Duration;

use countersign_proto::time::UnixTime;
use serde::{Deserialize, Serialize};

use super::super::pace;
use crate::http::shown;
use crate::token::Unreachable;

/// A failure as it is kept; what a server refused is not, since another process may have another secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failure {
    /// Any number: two failures of one second have different ones.
    number: u32,
    at: UnixTime,
    why: String,
    /// Milliseconds for which the server asked to be left alone.
    retry_after: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    key: String,
    failure: Failure,
}

impl Failure {
    /// This failure at this moment; `number` is any.
    pub(crate) fn new(error: &Unreachable, at: UnixTime, number: u32) -> Self {
        let retry_after =
            error.retry_after().map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        Self { number, at, why: shown(&error.why()), retry_after }
    }

    /// What it was, for one who waited for it.
    pub(crate) fn told(&self) -> Unreachable {
        Unreachable::heard(shown(&self.why), self.retry_after.map(Duration::from_millis))
    }

    /// For how long nobody is to ask yet; a failure of the future counts for nothing.
    pub(crate) fn closed_at(&self, now: UnixTime) -> Option<Duration> {
        pace::remaining(pace::closed(self.retry_after), self.at, now)
    }

    /// Reads a file that is for `key`.
    pub(super) fn read(text: &str, key: &str) -> Option<Self> {
        let File { key: found, failure } = serde_json::from_str(text).ok()?;
        (found == key).then_some(failure)
    }

    pub(super) fn write(self, key: &str) -> serde_json::Result<String> {
        serde_json::to_string(&File { key: key.to_owned(), failure: self })
    }
}
