//! Where hostile tokens are made: two issuers, an audience, a second.

use std::sync::Arc;

use countersign_proto::jose::claims::{ClaimError, ClaimProblem, ClaimsError};
use countersign_proto::jose::header::HeaderError;
use countersign_proto::jose::json::JsonError;
use countersign_proto::jose::jws::JwsError;
use countersign_proto::jose::keys::KeyError;
use countersign_proto::jose::verify::VerifyError;
use countersign_proto::jose::{Algorithm, SigningKey};

use super::{Accepts, Expect, Hostile};
use crate::{Draft, TestIssuer};

pub(super) struct Scene<'a> {
    pub(super) issuer: &'a TestIssuer,
    pub(super) other: &'a TestIssuer,
    pub(super) audience: &'a str,
    pub(super) now: i64,
    /// A key that no issuer publishes, under the name of one that the issuer does.
    pub(super) attacker: Arc<SigningKey>,
    tokens: Vec<Hostile>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(issuer: &'a TestIssuer, other: &'a TestIssuer, audience: &'a str) -> Self {
        let name = issuer.key(Algorithm::ES256).kid().to_owned();
        let attacker = crate::keys::make(Algorithm::ES256, &name);
        Self { issuer, other, audience, now: issuer.now().0, attacker, tokens: Vec::new() }
    }

    /// A good token, for ES256.
    pub(super) fn good(&self) -> Draft {
        let draft = self.issuer.mint().claim("aud", self.audience);
        draft.claim("jti", "hostile").claim("exp", self.now + TestIssuer::LIFETIME).claim("iat", self.now)
    }

    /// A good token of a shape that needs [`Accepts::Jwt`].
    pub(super) fn good_jwt(&self) -> Draft {
        self.issuer.keycloak().claim("aud", self.audience)
    }

    pub(super) fn key(&self, algorithm: Algorithm) -> Arc<SigningKey> {
        self.issuer.key(algorithm)
    }

    /// A good token whose encoded header and payload were altered before it was signed.
    pub(super) fn altered(&self, draft: &Draft, alter: impl FnOnce(String) -> String) -> String {
        let signing_input = alter(draft.signing_input());
        let signature = base64url(&draft.sign(&signing_input));
        format!("{signing_input}.{signature}")
    }

    pub(super) fn add(&mut self, name: &'static str, id: &'static str, token: String, error: VerifyError) {
        self.put(name, id, token, Accepts::AtJwt, Expect::Refused(error));
    }

    /// A token that the guard alone refuses.
    pub(super) fn guard(&mut self, name: &'static str, id: &'static str, draft: &Draft, why: &'static str) {
        self.put(name, id, draft.token(), Accepts::AtJwt, Expect::Guard(why));
    }

    /// A token that the guard alone refuses, if it takes those of type `JWT`.
    pub(super) fn guard_jwt(
        &mut self,
        name: &'static str,
        id: &'static str,
        draft: &Draft,
        why: &'static str,
    ) {
        self.put(name, id, draft.token(), Accepts::Jwt, Expect::Guard(why));
    }

    pub(super) fn into_tokens(self) -> Vec<Hostile> {
        self.tokens
    }

    fn put(&mut self, name: &'static str, id: &'static str, token: String, accepts: Accepts, expect: Expect) {
        self.tokens.push(Hostile { name, id, token, accepts, expect });
    }
}

pub(super) fn base64url(bytes: &[u8]) -> String {
    countersign_proto::jose::base64url::encode(bytes)
}

pub(super) fn header(error: HeaderError) -> VerifyError {
    VerifyError::Jws(JwsError::Header(error))
}

pub(super) fn header_json(error: JsonError) -> VerifyError {
    header(HeaderError::Json(error))
}

pub(super) fn payload(error: JsonError) -> VerifyError {
    VerifyError::Claims(ClaimsError::Json(error))
}

pub(super) fn claim(claim: &'static str, problem: ClaimProblem) -> VerifyError {
    VerifyError::Claims(ClaimsError::Claim(ClaimError { claim, problem }))
}

pub(super) fn unknown_kid(kid: &str) -> VerifyError {
    VerifyError::Key(KeyError::UnknownKid(kid.to_owned()))
}

pub(super) fn key_is_for(algorithm: Algorithm) -> VerifyError {
    VerifyError::Key(KeyError::WrongAlgorithm(algorithm))
}
