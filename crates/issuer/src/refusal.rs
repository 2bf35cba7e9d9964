//! The two kinds of error, split by blame: a [`Refusal`] is the caller's fault, a [`Fault`] is ours.
//!
//! A refusal keeps its cause and its data; each door (native, dialect, admin) renders it in its own words. What all
//! callers may read is [`Refusal::code`] and [`Refusal::description`]; [`Refusal::reason`] is for the operator's log.

use std::borrow::Cow;
use std::fmt;

use countersign_proto::error::{ErrorCode, printable};
use countersign_proto::scope::ScopeError;

use crate::store::StoreError;

/// Why a request gets no token although nothing is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The client is not who it says, or may not be told whether it is.
    Unauthenticated(AuthnFailure),
    /// `grant_type` is missing or empty (RFC 6749 §4.4.2).
    NoGrantType,
    /// The server does not know this `grant_type`.
    UnsupportedGrantType,
    /// A parameter stands more than once (RFC 6749 §3.2).
    Repeated,
    /// The request cannot be read; the text says why and is ours, not the caller's.
    Malformed(Cow<'static, str>),
    /// `scope` breaks the grammar (RFC 6749 §3.3).
    ScopeSyntax(ScopeError),
    /// Scopes that are not the client's on this API.
    ScopeNotGranted {
        /// What was asked for and is not granted, in the order asked.
        refused: Vec<String>,
        /// What this client may ask for there.
        allowed: Vec<String>,
        /// The `scope` parameter as it was sent.
        asked: String,
    },
    /// `resource` is no absolute URI without fragment (RFC 8707 §2).
    TargetSyntax {
        /// The identifiers of the APIs that this client has a grant on.
        allowed: Vec<String>,
    },
    /// More than one API in one request.
    ManyTargets {
        /// The identifiers of the APIs that this client has a grant on.
        allowed: Vec<String>,
    },
    /// No API of this realm has this identifier, or it is disabled.
    UnknownTarget {
        /// What was asked for.
        asked: String,
        /// The identifiers of the APIs that this client has a grant on.
        allowed: Vec<String>,
    },
    /// The client has no grant on this API.
    NoGrant {
        /// The identifier of the API.
        api: String,
        /// The client, for dialects that name it.
        client_id: String,
        /// The identifiers of the APIs that this client has a grant on.
        allowed: Vec<String>,
    },
}

/// Why a client is not authenticated; never told to it on native endpoints (T-6749-24).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthnFailure {
    /// No credentials in the request.
    NoCredentials,
    /// A `client_id` without a secret.
    NoSecret,
    /// An `Authorization` header that cannot be read.
    Unreadable,
    /// No client has this id.
    UnknownClient,
    /// None of its live secrets is this one.
    WrongSecret,
    /// The secret would have been right, and has expired.
    ExpiredSecret,
    /// The client is disabled.
    ClientDisabled,
    /// The client has expired.
    ClientExpired,
    /// The realm is disabled.
    RealmDisabled,
    /// The client is held to another method.
    OtherMethod,
    /// The client may not call from this address.
    SourceNotAllowed,
}

impl Refusal {
    /// The registered error code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unauthenticated(_) => ErrorCode::InvalidClient,
            Self::NoGrantType | Self::Repeated | Self::Malformed(_) => ErrorCode::InvalidRequest,
            Self::UnsupportedGrantType => ErrorCode::UnsupportedGrantType,
            Self::ScopeSyntax(_) | Self::ScopeNotGranted { .. } => ErrorCode::InvalidScope,
            Self::TargetSyntax { .. }
            | Self::ManyTargets { .. }
            | Self::UnknownTarget { .. }
            | Self::NoGrant { .. } => ErrorCode::InvalidTarget,
        }
    }

    /// What the caller may read, in the bytes that RFC 6749 §5.2 allows.
    ///
    /// One sentence for every authentication failure; after authentication it helps.
    #[must_use]
    pub fn description(&self) -> Cow<'static, str> {
        match self {
            Self::Unauthenticated(_) => {
                "Client authentication failed: check client_id and secret, and that the client is enabled."
                    .into()
            }
            Self::NoGrantType => {
                "The parameter grant_type is missing; send grant_type=client_credentials.".into()
            }
            Self::UnsupportedGrantType => "This grant_type is not supported; send client_credentials.".into(),
            Self::Repeated => "A parameter stands more than once.".into(),
            Self::Malformed(why) => why.clone(),
            Self::ScopeSyntax(error) => printable(&error.to_string()).into(),
            Self::ScopeNotGranted { refused, allowed, .. } => {
                format!("Not granted: {}. This client may ask for: {}.", list(refused), list(allowed)).into()
            }
            Self::TargetSyntax { allowed } => format!(
                "A resource is an absolute URI without a fragment. This client may ask for: {}.",
                list(allowed)
            )
            .into(),
            Self::ManyTargets { allowed } => {
                format!("One request asks for one API. This client may ask for: {}.", list(allowed)).into()
            }
            Self::UnknownTarget { asked, allowed } => {
                format!("There is no API {}. This client may ask for: {}.", shown(asked), list(allowed))
                    .into()
            }
            Self::NoGrant { api, allowed, .. } => format!(
                "This client has no grant on the API {}. It may ask for: {}.",
                shown(api),
                list(allowed)
            )
            .into(),
        }
    }

    /// The true reason, a word for the operator's log and metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unauthenticated(failure) => failure.as_str(),
            Self::NoGrantType => "no_grant_type",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::Repeated => "repeated_parameter",
            Self::Malformed(_) => "malformed",
            Self::ScopeSyntax(_) => "scope_syntax",
            Self::ScopeNotGranted { .. } => "scope_not_granted",
            Self::TargetSyntax { .. } => "target_syntax",
            Self::ManyTargets { .. } => "many_targets",
            Self::UnknownTarget { .. } => "unknown_target",
            Self::NoGrant { .. } => "no_grant",
        }
    }
}

impl AuthnFailure {
    /// The word for it in the log and in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoCredentials => "no_credentials",
            Self::NoSecret => "no_secret",
            Self::Unreadable => "unreadable_credentials",
            Self::UnknownClient => "unknown_client",
            Self::WrongSecret => "wrong_secret",
            Self::ExpiredSecret => "expired_secret",
            Self::ClientDisabled => "client_disabled",
            Self::ClientExpired => "client_expired",
            Self::RealmDisabled => "realm_disabled",
            Self::OtherMethod => "other_auth_method",
            Self::SourceNotAllowed => "source_not_allowed",
        }
    }
}

impl From<AuthnFailure> for Refusal {
    fn from(failure: AuthnFailure) -> Self {
        Self::Unauthenticated(failure)
    }
}

/// We are broken; its cause is logged once and never sent.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store does not answer: 503, and never a refusal (threats 7); 500 where what it holds cannot be read.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    /// A signing key is missing or does not sign.
    #[error("signing failed: {0}")]
    Signing(String),
    /// No random bits.
    #[error(transparent)]
    Randomness(#[from] crate::random::NoRandomness),
    /// A state that should not exist.
    #[error("{0}")]
    Broken(String),
}

impl Fault {
    /// Whether the same request may succeed soon: 503 with Retry-After rather than 500.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Store(error) if !matches!(error, StoreError::Corrupt(_)))
    }
}

/// Either kind, as the five steps return it.
#[derive(Debug)]
pub enum Failure {
    /// The caller's fault.
    Refused(Refusal),
    /// Ours.
    Fault(Fault),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<AuthnFailure> for Failure {
    fn from(failure: AuthnFailure) -> Self {
        Self::Refused(failure.into())
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => f.write_str(refusal.reason()),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

/// At most ten names, for a sentence.
fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let mut shown_names = names.iter().take(10).map(|name| shown(name)).collect::<Vec<_>>().join(", ");
    if names.len() > 10 {
        shown_names.push_str(", ...");
    }
    shown_names
}

/// A caller's own word, short enough and in allowed bytes.
fn shown(word: &str) -> String {
    let short: String = word.chars().take(100).collect();
    printable(&short)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// threats 7: a database that is away may come back; a damaged row does not mend itself.
    #[test]
    fn damage_does_not_pass() {
        assert!(Fault::Store(StoreError::Unavailable("away".into())).is_passing());
        assert!(!Fault::Store(StoreError::Corrupt("a row".to_owned())).is_passing());
        assert!(!Fault::Broken("a state".to_owned()).is_passing());
    }
}
