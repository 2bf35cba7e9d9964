//! Whether whoever presents a token is whom it was given to: DPoP proofs (RFC 9449 §7) and client certificates (RFC 8705
//! §3). Judged on every request, also where the token itself was verified before.

mod nonce;
mod replay;

use countersign_proto::authorization::{Credentials, Scheme};
use countersign_proto::jose::dpop::{BoundToken, Expected, Htu, Proof, ProofError, verify_proof};
use countersign_proto::jose::{Algorithm, KeyThumbprint};

use crate::Access;
use crate::path::RequestPath;
use crate::presented::Presented;
use crate::refusal::{Refusal, Unbound};
pub(crate) use nonce::Nonces;
pub(crate) use replay::Replay;

/// What bound tokens must be bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundBy {
    /// A key, shown by DPoP proofs.
    Dpop,
    /// A certificate, shown by mutual TLS.
    Mtls,
    /// One of these.
    Any,
}

impl BoundBy {
    /// Whether a token is bound so.
    ///
    /// Does not check: whether whoever presents it has shown the key or certificate.
    #[must_use]
    pub fn is_met_by(self, access: &Access) -> bool {
        let bound = access.confirmation();
        match self {
            Self::Dpop => bound.is_some_and(|bound| bound.jkt().is_some()),
            Self::Mtls => bound.is_some_and(|bound| bound.x5t_s256().is_some()),
            Self::Any => bound.is_some(),
        }
    }
}

/// How a verifier judges bindings.
pub(crate) struct Bindings {
    pub(crate) required: Option<BoundBy>,
    /// Whether certificates of callers are known here.
    pub(crate) takes_certificates: bool,
    /// URLs under which callers know this API; no slash at the end. Without one no proof can be judged.
    pub(crate) origins: Vec<String>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) nonces: Option<Nonces>,
    pub(crate) replay: Replay,
}

impl Bindings {
    /// Whether the scheme `DPoP` is spoken here, and with which algorithms.
    pub(crate) fn proof_algorithms(&self) -> Option<&[Algorithm]> {
        (!self.origins.is_empty() && self.required != Some(BoundBy::Mtls)).then_some(&*self.algorithms)
    }

    /// Whether the scheme `Bearer` is spoken here; it is also that of tokens bound to certificates (RFC 8705 §3).
    pub(crate) fn takes_bearer(&self) -> bool {
        self.required != Some(BoundBy::Dpop)
    }

    /// Judges how a token that is good in itself was presented.
    pub(crate) fn check(
        &self,
        access: &Access,
        presented: &Presented<'_>,
        credentials: Credentials<'_>,
        now: i64,
    ) -> Result<(), Refusal> {
        let bound = access.confirmation();
        let (key, certificate) =
            (bound.and_then(|bound| bound.jkt()), bound.and_then(|bound| bound.x5t_s256()));
        if let Some(certificate) = certificate {
            let shown = presented.thumbprint().ok_or(Unbound::NoCertificate)?;
            if shown != *certificate {
                return Err(Unbound::OtherCertificate.into());
            }
        }
        match (key, credentials.scheme()) {
            (None, Scheme::Bearer) => {}
            (Some(_), Scheme::Bearer) => return Err(Unbound::DpopAsBearer.into()),
            (None, Scheme::DPoP) => return Err(Unbound::BearerAsDpop.into()),
            (Some(key), Scheme::DPoP) => self.check_proof(key, presented, credentials, now)?,
        }
        match self.required {
            Some(by) if !by.is_met_by(access) => Err(Unbound::Required.into()),
            _ => Ok(()),
        }
    }

    fn check_proof(
        &self,
        jkt: &KeyThumbprint,
        presented: &Presented<'_>,
        credentials: Credentials<'_>,
        now: i64,
    ) -> Result<(), Refusal> {
        let target = presented.target().filter(|_| !self.origins.is_empty()).ok_or(Unbound::NoOrigin)?;
        let targets = self.origins.iter().map(|origin| Htu::parse(&format!("{origin}{}", target.path)));
        // a path that is good in itself is too long behind our origin
        let targets = targets.collect::<Result<Vec<_>, _>>().map_err(|error| {
            RequestPath::parse(target.path)
                .map_or_else(Refusal::Path, |_| Refusal::Proof(ProofError::Htu(error)))
        })?;
        let proof = presented.proof()?.ok_or(Unbound::NoProof)?;
        let bound = BoundToken { access_token: credentials.token()?.token(), jkt };
        let expected =
            Expected::at_resource(target.method.as_str(), &targets, bound, now).algorithms(&self.algorithms);
        let proof = verify_proof(proof, &expected).map_err(Refusal::Proof)?;
        self.check_fresh(&proof, now)?;
        self.replay.first(&proof, now)
    }

    /// Whether a proof was made for this process: a nonce of ours says so, or the time at which it was made.
    fn check_fresh(&self, proof: &Proof, now: i64) -> Result<(), Refusal> {
        let Some(nonces) = &self.nonces else { return self.replay.remembers_since(proof.iat(), now) };
        let is_ours = proof.nonce().is_some_and(|nonce| nonces.is_current(nonce, now));
        if is_ours { Ok(()) } else { Err(Refusal::UseNonce(nonces.issue(now))) }
    }
}
