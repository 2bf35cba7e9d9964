//! Why a request is not let in, and how that is told: to the caller in the words of RFC 6750 and RFC 9449, to the operator
//! with the true reason.

use std::fmt;

use countersign_proto::authorization::AuthorizationError;
use countersign_proto::jose::VerifyError;
use countersign_proto::jose::dpop::ProofError;
use countersign_proto::jose::keys::KeyError;
use http::StatusCode;

use crate::{Ambiguous, Require};

/// A request that is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// It has no token, or credentials of another scheme.
    NoCredentials,
    /// It presents its token in a way that could be read in two (RFC 6750 §3.1 `invalid_request`).
    Malformed(Malformed),
    /// Its token is not one that we believe (`invalid_token`).
    Token(VerifyError),
    /// The issuer says that its token is not active (RFC 7662 §2.2).
    Inactive,
    /// Its token is bound to a key or certificate that the caller has not shown, or shown in the wrong way, or is not
    /// bound where it must be.
    Binding(Unbound),
    /// Its DPoP proof is not one for this request (RFC 9449 §4.3).
    Proof(ProofError),
    /// Its DPoP proof was used before.
    ProofReplayed,
    /// Its DPoP proof was made before this process began to remember which were used.
    ProofBeforeStart,
    /// Its DPoP proof is a good one, and there is no room to remember that it was used.
    ProofRoom,
    /// Its DPoP proof must have this nonce, which is a fresh one (RFC 9449 §9).
    UseNonce(String),
    /// Its token is genuine, and of an issuer that may not call here.
    OtherIssuer,
    /// Its token lacks scope; this is what is needed (`insufficient_scope`).
    Scope(Require),
    /// No rule lets anybody in there.
    NoRule,
    /// Its path could be read in two ways.
    Path(Ambiguous),
    /// A proxy asks about a request, and does not say which, or is not one that is believed.
    Untold,
    /// Its token says who it is in characters that no header can carry.
    NotPrintable,
    /// Whether to let it in cannot be known now: keys or issuer cannot be reached.
    Unavailable,
}

/// Two readings of the same request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// More than one `Authorization` line.
    TwoAuthorizations,
    /// A token in the header and one in the query (RFC 6750 §2).
    TwoTransports,
    /// A token that is not of the syntax `b64token` (RFC 6750 §2.1).
    Authorization,
    /// A token that is longer than any that we read.
    TooLong,
    /// More than one `DPoP` line (RFC 9449 §4.3, check 1).
    TwoProofs,
    /// A `DPoP` line that is no text.
    Proof,
    /// A header that should hold a client's certificate and does not.
    Certificate,
    /// A method that is not in upper case: methods are told apart by case (RFC 9110 §9.1), and servers exist that do not.
    Method,
    /// `CONNECT`, which asks for a tunnel past whoever judges (RFC 9110 §9.3.6).
    Connect,
    /// `TRACE`, which shows a caller what was added on the way (RFC 9110 §9.3.8).
    Trace,
    /// No host, more than one, or what is none (RFC 9112 §3.2), user information (RFC 9110 §4.2.4) included.
    Host,
    /// A target of another scheme than `http` and `https`.
    Scheme,
}

/// What is wrong with how a token is bound to its presenter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbound {
    /// Bound to a key by DPoP, and presented as a bearer token (RFC 9449 §7.2).
    DpopAsBearer,
    /// Not bound to a key, and presented with the scheme `DPoP`.
    BearerAsDpop,
    /// Presented with the scheme `DPoP`, without a proof.
    NoProof,
    /// Bound to a certificate, and none was shown (RFC 8705 §3).
    NoCertificate,
    /// Bound to another certificate than the one that was shown.
    OtherCertificate,
    /// Not bound, where only bound tokens are taken.
    Required,
    /// DPoP is not spoken here: nobody said under which URL callers know this API.
    NoOrigin,
}

/// A kind of refusal, for counting: one label each, however many callers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reason(usize);

impl Refusal {
    /// The status that says it (RFC 6750 §3.1, RFC 9449 §7.1).
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(Malformed::Trace) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Malformed(_) | Self::Path(_) => StatusCode::BAD_REQUEST,
            Self::Scope(_) | Self::NoRule | Self::Untold => StatusCode::FORBIDDEN,
            Self::Unavailable | Self::ProofRoom => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// The error code for the challenge and the body; none where nobody has tried to say who they are (RFC 6750 §3.1).
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoCredentials => return None,
            Self::Malformed(_) | Self::Path(_) => "invalid_request",
            Self::Scope(_) => "insufficient_scope",
            Self::Proof(_)
            | Self::ProofReplayed
            | Self::ProofBeforeStart
            | Self::Binding(Unbound::NoProof) => "invalid_dpop_proof",
            Self::UseNonce(_) => "use_dpop_nonce",
            Self::NoRule | Self::Untold => "access_denied",
            Self::Unavailable | Self::ProofRoom => "temporarily_unavailable",
            Self::Token(_) | Self::Inactive | Self::Binding(_) | Self::OtherIssuer | Self::NotPrintable => {
                "invalid_token"
            }
        })
    }

    /// What the caller is told: the rule, never what was found in its token.
    #[must_use]
    pub fn description(&self) -> &'static str {
        match self {
            Self::NoCredentials => "send an access token in the Authorization header",
            Self::Malformed(malformed) => malformed.description(),
            Self::Token(VerifyError::Expired(_)) => "the access token expired",
            Self::Token(_) | Self::Inactive | Self::OtherIssuer | Self::NotPrintable => {
                "the access token is not valid here"
            }
            Self::Binding(unbound) => unbound.description(),
            Self::Proof(_) => "the DPoP proof is not valid for this request",
            Self::ProofReplayed => "the DPoP proof was used before: make one per request",
            Self::ProofBeforeStart => {
                "the DPoP proof may have been used before a restart: make one per request"
            }
            Self::ProofRoom => "too many DPoP proofs are in use: try again soon",
            Self::UseNonce(_) => "the DPoP proof must have the nonce of the DPoP-Nonce header",
            Self::Scope(_) => "the access token lacks scope",
            Self::NoRule => "no rule allows this request",
            Self::Path(_) => "the path could be read in two ways",
            Self::Untold => "it is not known which request this is about",
            Self::Unavailable => "the issuer of access tokens cannot be reached now",
        }
    }

    /// The kind of refusal, for counting.
    #[must_use]
    pub fn reason(&self) -> Reason {
        let label = match self {
            Self::NoCredentials => "no_credentials",
            Self::Malformed(_) => "malformed_request",
            Self::Token(error) => token_reason(error),
            Self::Inactive => "inactive",
            Self::Binding(_) => "binding",
            Self::Proof(_) | Self::ProofBeforeStart => "proof",
            Self::ProofReplayed => "proof_replayed",
            Self::ProofRoom => "proof_room",
            Self::UseNonce(_) => "use_nonce",
            Self::OtherIssuer => "other_issuer",
            Self::Scope(_) => "insufficient_scope",
            Self::NoRule => "no_rule",
            Self::Path(_) => "ambiguous_path",
            Self::Untold => "untold",
            Self::NotPrintable => "not_printable",
            Self::Unavailable => "unavailable",
        };
        Reason(LABELS.iter().position(|known| *known == label).unwrap_or_default())
    }
}

impl Reason {
    /// All reasons there are, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..LABELS.len()).map(Self)
    }

    /// Its label, of lower-case letters and underscores.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        LABELS.get(self.0).copied().unwrap_or_default()
    }

    pub(crate) fn number(self) -> usize {
        self.0
    }
}

impl Malformed {
    const fn description(self) -> &'static str {
        match self {
            Self::TwoAuthorizations => "more than one Authorization header",
            Self::TwoTransports => "a token in the Authorization header and one in the query",
            Self::Authorization => "the Authorization header holds no well-formed token",
            Self::TooLong => "the token is longer than 16 KiB",
            Self::TwoProofs => "more than one DPoP header",
            Self::Proof => "the DPoP header is not ASCII",
            Self::Certificate => "the header with the client certificate cannot be read",
            Self::Method => "the method is not in upper case",
            Self::Connect => "there are no tunnels here",
            Self::Trace => "TRACE is not answered here",
            Self::Host => "one host is needed, with or without a port, and nothing beside it",
            Self::Scheme => "only http and https are spoken here",
        }
    }
}

impl Unbound {
    const fn description(self) -> &'static str {
        match self {
            Self::DpopAsBearer => {
                "the access token is bound to a key: present it with the scheme DPoP and a proof"
            }
            Self::BearerAsDpop => "the access token is not bound to a key: present it with the scheme Bearer",
            Self::NoProof => "a DPoP proof is needed in the DPoP header",
            Self::NoCertificate => "the access token is bound to a certificate: present it over mutual TLS",
            Self::OtherCertificate => "the access token is bound to another certificate",
            Self::Required => "only access tokens that are bound to a key or certificate are taken here",
            Self::NoOrigin => "access tokens with the scheme DPoP are not taken here",
        }
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<AuthorizationError> for Refusal {
    fn from(error: AuthorizationError) -> Self {
        match error {
            AuthorizationError::OtherScheme => Self::NoCredentials,
            AuthorizationError::TooLong => Malformed::TooLong.into(),
            AuthorizationError::Malformed => Malformed::Authorization.into(),
        }
    }
}

impl From<Unbound> for Refusal {
    fn from(unbound: Unbound) -> Self {
        Self::Binding(unbound)
    }
}

/// The true reason, for logs.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(error) => error.fmt(f),
            Self::Proof(error) => error.fmt(f),
            Self::Path(ambiguous) => ambiguous.fmt(f),
            Self::Inactive => f.write_str("the issuer says that the token is not active"),
            Self::OtherIssuer => f.write_str("the token is of an issuer that the rule does not name"),
            Self::Scope(needed) => write!(f, "the token lacks scope: {needed} needed"),
            Self::NotPrintable => {
                f.write_str("the token names its caller in characters that no header carries")
            }
            _ => f.write_str(self.description()),
        }
    }
}

impl std::error::Error for Refusal {}

fn token_reason(error: &VerifyError) -> &'static str {
    match error {
        VerifyError::Jws(_) => "malformed_token",
        VerifyError::Type => "type",
        VerifyError::Algorithm(_) => "algorithm",
        VerifyError::Claims(_) => "claims",
        VerifyError::Issuer => "issuer",
        VerifyError::Audience => "audience",
        VerifyError::Expired(_) => "expired",
        VerifyError::NotYetValid(_) | VerifyError::IssuedInFuture(_) => "not_yet_valid",
        VerifyError::Key(KeyError::Unavailable) => "unavailable",
        VerifyError::Key(_) => "key",
        VerifyError::Signature => "signature",
    }
}

const LABELS: [&str; 25] = [
    "no_credentials",
    "malformed_request",
    "malformed_token",
    "type",
    "algorithm",
    "claims",
    "issuer",
    "audience",
    "expired",
    "not_yet_valid",
    "key",
    "signature",
    "inactive",
    "binding",
    "proof",
    "proof_replayed",
    "proof_room",
    "use_nonce",
    "other_issuer",
    "insufficient_scope",
    "no_rule",
    "ambiguous_path",
    "untold",
    "not_printable",
    "unavailable",
];

#[cfg(test)]
mod tests;
