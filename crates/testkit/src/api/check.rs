//! Whether a request may pass: its token, and what the token is bound to.

use countersign_proto::jose::dpop::{BoundToken, Expected, Htu, verify_proof};
use countersign_proto::jose::{
    AccessToken, Algorithm, CertificateThumbprint, KeyThumbprint, Rules, StaticKeys, verify,
};
use serde_json::{Map, Value};

use super::State;
use crate::issuer::Published;
use crate::{Received, TestIssuer};

/// What an API takes for a token.
pub(super) enum Check {
    Bearer(Box<dyn Fn(&str) -> bool + Send + Sync>),
    Of { issuer: Published, audience: String },
}

/// Why a request may not pass: the error of its 401, if it has one (RFC 6750 §3.1, RFC 9449 §7.1).
pub(super) type Refused = Option<&'static str>;

impl Check {
    pub(super) fn of(issuer: &TestIssuer) -> Self {
        Self::Of { issuer: issuer.published(), audience: TestIssuer::AUDIENCE.to_owned() }
    }

    pub(super) fn for_audience(self, audience: &str) -> Self {
        match self {
            Self::Of { issuer, .. } => Self::Of { issuer, audience: audience.to_owned() },
            bearer @ Self::Bearer(_) => bearer,
        }
    }
}

impl State {
    pub(super) fn judge(&self, received: &Received) -> Result<(), Refused> {
        let [line] = *received.lines("authorization") else { return Err(None) };
        let (scheme, token) = line.split_once(' ').ok_or(None)?;
        let is_dpop = match &*scheme.to_ascii_lowercase() {
            "bearer" => false,
            "dpop" => true,
            _ => return Err(None),
        };
        if self.revoked.lock().expect("no test panicked here").contains(token) {
            return Err(INVALID_TOKEN);
        }
        match &self.check {
            Check::Bearer(check) if !is_dpop && check(token) => Ok(()),
            Check::Bearer(_) => Err(INVALID_TOKEN),
            Check::Of { issuer, audience } => {
                let rules = Rules::access_token(issuer.issuer(), audience.clone(), &Algorithm::ALL);
                let keys = StaticKeys::new(issuer.issuer(), &issuer.key_set());
                let claims = verify::<AccessToken>(token, &keys, &rules, issuer.now().0);
                let cnf = claims.map_err(|_| INVALID_TOKEN)?.into_claims().cnf.unwrap_or_default();
                certificate(received, &cnf)?;
                match (cnf.get("jkt").and_then(Value::as_str), is_dpop) {
                    (None, false) => Ok(()),
                    (Some(jkt), true) => self.proof(received, token, jkt, issuer.now().0),
                    _ => Err(INVALID_TOKEN),
                }
            }
        }
    }

    fn proof(&self, received: &Received, token: &str, jkt: &str, now: i64) -> Result<(), Refused> {
        let [proof] = *received.lines("dpop") else { return Err(INVALID_PROOF) };
        let jkt = KeyThumbprint::parse(jkt).map_err(|_| INVALID_TOKEN)?;
        let target = format!("{}{}", self.origin, received.path());
        let targets = [Htu::parse(&target).map_err(|_| INVALID_PROOF)?];
        let bound = BoundToken { access_token: token, jkt: &jkt };
        let expected = Expected::at_resource(received.method.as_str(), &targets, bound, now);
        let proof = verify_proof(proof, &expected).map_err(|_| INVALID_PROOF)?;
        if !self.nonces.accept(proof.nonce()) {
            return Err(super::respond::USE_NONCE);
        }
        let use_of_it = (proof.thumbprint().to_string(), proof.jti().to_owned());
        let is_first = self.used.lock().expect("no test panicked here").insert(use_of_it);
        if is_first { Ok(()) } else { Err(INVALID_PROOF) }
    }
}

/// A token that is bound to a certificate came over a connection of it (RFC 8705 §3).
fn certificate(received: &Received, cnf: &Map<String, Value>) -> Result<(), Refused> {
    let Some(bound) = cnf.get("x5t#S256").and_then(Value::as_str) else { return Ok(()) };
    let shown = received.certificate().map(|der| CertificateThumbprint::of_der(der).to_string());
    if shown.as_deref() == Some(bound) { Ok(()) } else { Err(INVALID_TOKEN) }
}

const INVALID_TOKEN: Refused = Some("invalid_token");
const INVALID_PROOF: Refused = Some("invalid_dpop_proof");
