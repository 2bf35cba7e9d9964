//! What a guard that listens demands of requests besides a genuine token: that it is bound, and how that must be shown.

use clap::Args;
use countersign_guard::{BoundBy, VerifierBuilder};

use super::file::File;
use super::issuers::algorithms;
use crate::failure::Failure;

/// The flags that say what must be shown besides a token.
#[derive(Args, Debug)]
#[command(next_help_heading = "Tokens")]
pub(super) struct Demands {
    /// An algorithm that DPoP proofs may be signed with; repeatable [default: ES256, ES384, PS256, EdDSA]
    #[arg(long = "proof-alg", value_name = "ALG")]
    proof_algs: Vec<String>,
    /// Demand a nonce of ours in each DPoP proof
    #[arg(long)]
    dpop_nonce: bool,
}

/// What can be judged here.
#[derive(Clone, Copy)]
pub(super) struct Judges {
    pub(super) proofs: bool,
    pub(super) certificates: bool,
}

impl Demands {
    /// Makes a verifier demand it.
    ///
    /// # Errors
    /// Where it could let nobody in, or would do nothing.
    pub(super) fn put(
        &self,
        mut builder: VerifierBuilder,
        file: &File,
        by: Option<BoundBy>,
        judges: Judges,
    ) -> Result<VerifierBuilder, Failure> {
        self.judge(file, by, judges)?;
        if !judges.proofs {
            builder = builder.without_proofs();
        }
        if judges.certificates {
            builder = builder.takes_certificates();
        }
        if let Some(by) = by {
            builder = builder.require_bound(by);
        }
        let proof_algs = self.proof_algs(file);
        if !proof_algs.is_empty() {
            builder = builder.proof_algorithms(&algorithms(proof_algs)?);
        }
        Ok(if self.demands_nonce(file) { builder.demand_nonce() } else { builder })
    }

    fn judge(&self, file: &File, by: Option<BoundBy>, judges: Judges) -> Result<(), Failure> {
        let speaks_dpop = self.demands_nonce(file) || !self.proof_algs(file).is_empty();
        if !judges.proofs && (by == Some(BoundBy::Dpop) || speaks_dpop) {
            return Err(Failure::new(
                "DPoP proofs cannot be judged: it is not known which URL they must name",
            )
            .next("give --public-url URL, and to forward-auth --trust-forwarded too"));
        }
        match by {
            Some(BoundBy::Mtls) if !judges.certificates => Err(Failure::new(
                "tokens must be bound to certificates, and callers' certificates are not known",
            )
            .next(CERTIFICATES)),
            Some(BoundBy::Any) if !judges.certificates && !judges.proofs => {
                Err(Failure::new("tokens must be bound, and neither proofs nor certificates can be judged")
                    .next(format!("give --public-url URL for DPoP proofs; for certificates {CERTIFICATES}")))
            }
            _ => Ok(()),
        }
    }

    fn proof_algs<'a>(&'a self, file: &'a File) -> &'a [String] {
        if self.proof_algs.is_empty() { &file.proof_algs } else { &self.proof_algs }
    }

    fn demands_nonce(&self, file: &File) -> bool {
        self.dpop_nonce || file.dpop_nonce
    }
}

const CERTIFICATES: &str =
    "give --client-certs ask with TLS, or --client-certs-from-header NAME behind a proxy";
