//! Why a token of ours was refused, in a word for the log; the caller reads the same of all of them.

use countersign_issuer::issuer::OwnTokenError;
use countersign_proto::jose::VerifyError;

/// The word; none for a fault, which the log tells by its cause.
pub(crate) const fn token_reason(error: &OwnTokenError) -> Option<&'static str> {
    match error {
        OwnTokenError::Invalid(error) => Some(unverified(error)),
        OwnTokenError::Standing => Some("token_client_standing"),
        OwnTokenError::Fault(_) => None,
    }
}

const fn unverified(error: &VerifyError) -> &'static str {
    match error {
        VerifyError::Jws(_) | VerifyError::Claims(_) => "token_malformed",
        VerifyError::Type => "token_type",
        VerifyError::Algorithm(_) => "token_algorithm",
        VerifyError::Issuer => "token_issuer",
        VerifyError::Audience => "token_audience",
        VerifyError::Expired(_) => "token_expired",
        VerifyError::NotYetValid(_) | VerifyError::IssuedInFuture(_) => "token_not_yet_valid",
        VerifyError::Key(_) => "token_key",
        VerifyError::Signature => "token_signature",
    }
}
