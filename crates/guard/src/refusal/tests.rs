use crate::Ambiguous;
use std::collections::HashSet;

use countersign_proto::challenge::Code;
use countersign_proto::jose::claims::{ClaimError, ClaimProblem, ClaimsError};
use countersign_proto::jose::jws::JwsError;

use super::*;

/// One of each kind.
fn all() -> Vec<Refusal> {
    let claim = ClaimError { claim: "exp", problem: ClaimProblem::Missing };
    let tokens = [
        VerifyError::Jws(JwsError::Parts),
        VerifyError::Type,
        VerifyError::Algorithm(countersign_proto::jose::Algorithm::RS256),
        VerifyError::Claims(ClaimsError::Claim(claim)),
        VerifyError::Issuer,
        VerifyError::Audience,
        VerifyError::Expired(1),
        VerifyError::NotYetValid(1),
        VerifyError::IssuedInFuture(1),
        VerifyError::Key(KeyError::Unavailable),
        VerifyError::Key(KeyError::UnknownKid("secret-kid".to_owned())),
        VerifyError::Signature,
    ];
    let malformed = [
        Malformed::TwoAuthorizations,
        Malformed::TwoTransports,
        Malformed::Authorization,
        Malformed::TooLong,
        Malformed::TwoProofs,
        Malformed::Proof,
        Malformed::Certificate,
        Malformed::Method,
        Malformed::Connect,
        Malformed::Host,
    ];
    let unbound = [
        Unbound::DpopAsBearer,
        Unbound::BearerAsDpop,
        Unbound::NoProof,
        Unbound::NoCertificate,
        Unbound::OtherCertificate,
        Unbound::Required,
        Unbound::NoOrigin,
    ];
    let others = [
        Refusal::NoCredentials,
        Refusal::Inactive,
        Refusal::Proof(ProofError::Signature),
        Refusal::ProofReplayed,
        Refusal::ProofBeforeStart,
        Refusal::ProofRoom,
        Refusal::UseNonce("nonce".to_owned()),
        Refusal::OtherIssuer,
        Refusal::Scope(Require::scope("a").unwrap()),
        Refusal::NoRule,
        Refusal::Path(Ambiguous::Semicolon),
        Refusal::Untold,
        Refusal::NotPrintable,
        Refusal::Unavailable,
    ];
    let tokens = tokens.into_iter().map(Refusal::Token);
    let (malformed, unbound) = (malformed.map(Refusal::from), unbound.map(Refusal::from));
    tokens.chain(malformed).chain(unbound).chain(others).collect()
}

/// A metric has one label for each kind, and no kind is counted as another.
#[test]
fn each_kind_has_its_label() {
    let labels: Vec<_> = Reason::all().map(Reason::as_str).collect();
    assert_eq!(labels.iter().collect::<HashSet<_>>().len(), labels.len());
    assert!(labels.iter().all(|label| label.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
    let used: HashSet<_> = all().iter().map(|refusal| refusal.reason().as_str()).collect();
    assert_eq!(used, labels.iter().copied().collect(), "each label is somebody's");
    for (number, reason) in Reason::all().enumerate() {
        assert_eq!(reason.number(), number);
    }
    // the first label is also what a mistyped one would become
    let first: Vec<_> = all().into_iter().filter(|refusal| refusal.reason().number() == 0).collect();
    assert_eq!(first, [Refusal::NoCredentials]);
}

/// T-6750-06, T-9449-10: the status follows from the code, and DPoP is never 403.
#[test]
fn status_and_code_agree() {
    for refusal in all() {
        let code = refusal.code();
        let expected = match code {
            None | Some("invalid_token" | "invalid_dpop_proof" | "use_dpop_nonce") => 401,
            Some("invalid_request") => 400,
            Some("insufficient_scope" | "access_denied") => 403,
            Some("temporarily_unavailable") => 503,
            Some(other) => panic!("{other}"),
        };
        assert_eq!(refusal.status().as_u16(), expected, "{refusal:?}");
        assert_eq!(code.is_none(), refusal == Refusal::NoCredentials);
        let is_challenge = code.is_none_or(|code| Code::parse(code).is_some());
        assert_eq!(is_challenge, !matches!(expected, 503) && code != Some("access_denied"), "{refusal:?}");
    }
}

/// T-6749-21: what a caller is told fits into a header, and names nothing of its token.
#[test]
fn descriptions_fit_into_headers() {
    for refusal in all() {
        let text = refusal.description();
        assert!(
            !text.is_empty()
                && text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
        );
        assert!(!text.contains("secret-kid"));
        assert!(!refusal.to_string().is_empty());
    }
}
