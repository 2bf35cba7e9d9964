//! The claims of a proof (RFC 9449 §4.2), and how they are held against the request. Claims that a proof does not have
//! are ignored, whatever their type.

use serde_json::{Map, Value};

use super::{Expected, Htu, ProofError, access_token_hash};
use crate::jose::{
    NumericDate,
    json::{self, Limits},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProofClaims {
    pub(super) jti: String,
    htm: String,
    htu: String,
    pub(super) iat: NumericDate,
    nbf: Option<NumericDate>,
    exp: Option<NumericDate>,
    ath: Option<String>,
    pub(super) nonce: Option<String>,
}

impl ProofClaims {
    pub(super) fn parse(payload: &[u8]) -> Result<Self, ProofError> {
        let mut members = json::object(payload, LIMITS).map_err(ProofError::Json)?;
        let mut required = |name| text(&mut members, name)?.ok_or(ProofError::Claim(name));
        Ok(Self {
            jti: required("jti")?,
            htm: required("htm")?,
            htu: required("htu")?,
            iat: date(&members, "iat")?.ok_or(ProofError::Claim("iat"))?,
            nbf: date(&members, "nbf")?,
            exp: date(&members, "exp")?,
            ath: text(&mut members, "ath")?,
            nonce: text(&mut members, "nonce")?,
        })
    }

    pub(super) fn check(&self, expected: &Expected<'_>) -> Result<(), ProofError> {
        if self.htm != expected.method {
            return Err(ProofError::Method);
        }
        let target = Htu::parse(&self.htu).map_err(ProofError::Htu)?;
        if !expected.targets.contains(&target) {
            return Err(ProofError::Target);
        }
        self.check_times(expected)?;
        let Some(token) = expected.token else { return Ok(()) };
        match &self.ath {
            None => Err(ProofError::Claim("ath")),
            Some(ath) if *ath == access_token_hash(token.access_token) => Ok(()),
            Some(_) => Err(ProofError::OtherToken),
        }
    }

    /// `exp` has no leeway: it can only shorten a window that the clocks' difference is already part of.
    fn check_times(&self, expected: &Expected<'_>) -> Result<(), ProofError> {
        let past = |date: NumericDate| expected.now.saturating_sub(date.seconds());
        let ahead = |date: NumericDate| date.seconds().saturating_sub(expected.now);
        if past(self.iat) > expected.past {
            return Err(ProofError::TooOld(past(self.iat)));
        }
        if ahead(self.iat) > expected.future {
            return Err(ProofError::IssuedInFuture(ahead(self.iat)));
        }
        match (self.exp, self.nbf) {
            (Some(exp), _) if past(exp) >= 0 => Err(ProofError::Expired(past(exp))),
            (_, Some(nbf)) if ahead(nbf) > expected.future => Err(ProofError::NotYetValid(ahead(nbf))),
            _ => Ok(()),
        }
    }
}

/// A string that is not empty and at most as long as the claim may be; `None` when it is absent.
fn text(members: &mut Map<String, Value>, name: &'static str) -> Result<Option<String>, ProofError> {
    // A target that is too long is told apart by the one who reads it.
    let longest = if name == "htu" { usize::MAX } else { MAX_TEXT };
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() && text.len() <= longest => Ok(Some(text)),
        Some(_) => Err(ProofError::Claim(name)),
    }
}

fn date(members: &Map<String, Value>, name: &'static str) -> Result<Option<NumericDate>, ProofError> {
    let Some(value) = members.get(name) else { return Ok(None) };
    NumericDate::from_json(value).map(Some).ok_or(ProofError::Claim(name))
}

const LIMITS: Limits = Limits { bytes: 12 * 1024, depth: 8 };
/// What is remembered of a proof, or compared, must not be a way to fill memory.
const MAX_TEXT: usize = 256;
