//! Why there is no token, by blame: the server said no, it cannot be reached, or a setting is wrong.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::HttpError;

/// Why there is no token, by blame.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The server said no, in OAuth's words: the request, the credentials or what is registered must change.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There is no usable answer now: the same request may succeed later.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// A setting of this client is wrong: nothing helps but to change it.
    #[error(transparent)]
    Misconfigured(#[from] Misconfigured),
}

/// The server said no (RFC 6749 §5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The status.
    pub status: StatusCode,
    /// The error code, printable.
    pub error: String,
    /// The server's sentence for the developer, printable.
    pub description: Option<String>,
    pub(super) found: Option<String>,
}

/// No usable answer.
#[derive(Clone, Debug)]
pub struct Unreachable {
    why: Why,
    retry_after: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Why {
    Http(Arc<HttpError>),
    Status { status: StatusCode, error: Option<String> },
    Said(String),
}

/// A setting is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misconfigured {
    setting: &'static str,
    why: String,
}

impl TokenError {
    /// After how long the same request may be tried again, where the server said it; `None` where it said nothing or
    /// where trying again does not help.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unreachable(unreachable) => unreachable.retry_after,
            Self::Refused(_) | Self::Misconfigured(_) => None,
        }
    }
}

impl Refused {
    pub(crate) const fn new(status: StatusCode, error: String, description: Option<String>) -> Self {
        Self { status, error, description, found: None }
    }

    /// The same, with what was found out about its reason, for [`Self::advice`].
    pub(crate) fn because(self, found: Option<String>) -> Self {
        Self { found, ..self }
    }
}

impl Unreachable {
    /// The server cannot answer now (429 or 5xx).
    pub(crate) const fn status(status: StatusCode, retry_after: Option<Duration>) -> Self {
        Self { why: Why::Status { status, error: None }, retry_after }
    }

    /// The same, in the words of RFC 6749 §5.2, printable.
    pub(crate) const fn saying(status: StatusCode, error: String, retry_after: Option<Duration>) -> Self {
        Self { why: Why::Status { status, error: Some(error) }, retry_after }
    }

    /// The exchange did not come to its end.
    pub(crate) const fn said(why: String) -> Self {
        Self { why: Why::Said(why), retry_after: None }
    }

    /// What another process had in the place of an answer.
    pub(crate) const fn heard(why: String, retry_after: Option<Duration>) -> Self {
        Self { why: Why::Said(why), retry_after }
    }

    /// What happened, and not when to try again.
    pub(crate) fn why(&self) -> String {
        self.why.to_string()
    }

    /// How long the server asks to be left alone.
    pub(crate) const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Nobody asks now: a server failed, or took no token, a short while ago.
    pub(crate) fn until(remaining: Duration) -> Self {
        let why = "nothing is asked for now, after what the server answered last".to_owned();
        // up to the next whole second, so that who waits as long as it says has waited long enough
        let seconds = remaining.as_millis().div_ceil(1000);
        let after = Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX));
        Self { why: Why::Said(why), retry_after: Some(after) }
    }

    /// What happened on the network, where that is the reason.
    #[must_use]
    pub fn http(&self) -> Option<&HttpError> {
        match &self.why {
            Why::Http(error) => Some(error),
            Why::Status { .. } | Why::Said(_) => None,
        }
    }

    /// Whether the server asks for fewer requests (429, RFC 6585 §4).
    pub(crate) fn is_too_many(&self) -> bool {
        matches!(self.why, Why::Status { status: StatusCode::TOO_MANY_REQUESTS, .. })
    }
}

impl Misconfigured {
    pub(crate) fn new(setting: &'static str, why: impl fmt::Display) -> Self {
        Self { setting, why: why.to_string() }
    }

    /// The setting's name, as the builder has it.
    #[must_use]
    pub const fn setting(&self) -> &'static str {
        self.setting
    }
}

/// What this side's files lack is no fault of the network.
impl From<HttpError> for TokenError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Trust(error) => Misconfigured::new(error.setting(), error).into(),
            error => Unreachable { why: Why::Http(Arc::new(error)), retry_after: None }.into(),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)?;
        self.description.as_ref().map_or(Ok(()), |text| write!(f, ": {text}"))
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)?;
        self.retry_after.map_or(Ok(()), |after| write!(f, "; try again in {} s", after.as_secs()))
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(error) => error.fmt(f),
            Self::Status { status, error } => {
                let error = error.as_ref().map(|error| format!(", {error}")).unwrap_or_default();
                write!(f, "the server cannot answer now (status {status}{error})")
            }
            Self::Said(why) => f.write_str(why),
        }
    }
}

impl fmt::Display for Misconfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.why)
    }
}

impl std::error::Error for Refused {}
impl std::error::Error for Unreachable {}
impl std::error::Error for Misconfigured {}
