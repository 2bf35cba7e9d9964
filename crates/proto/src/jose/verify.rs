//! The one way from a token to something that may be believed, and the only maker of [`Verified`]. Cheap checks come
//! first, then the key, then the signature; the first failure refuses the whole token (RFC 8725 §3.3).

use std::fmt;

use super::{
    Algorithm, Claims, Header, KeySource, NumericDate, Rules, Unverified, VerifyingKey,
    claims::{ClaimError, ClaimProblem, ClaimsError},
    jws::{self, JwsError},
    keys::KeyError,
};

/// Claims of a token that [`verify()`] believed.
///
/// It cannot be made elsewhere, so that holding one is the proof.
#[derive(Clone, Debug)]
pub struct Verified<T> {
    header: Header,
    claims: T,
}

/// A kind of token: which claims it must have beyond those that [`verify()`] itself demands.
pub trait FromClaims: Sized {
    /// Takes the claims apart; the header says which type they are of.
    ///
    /// # Errors
    /// [`ClaimError`] for the first claim that this kind of token needs and does not find, or may not have.
    fn from_claims(header: &Header, claims: Claims) -> Result<Self, ClaimError>;
}

/// What is demanded of an issuer's tokens, and the keys that sign them.
#[derive(Clone, Copy)]
pub struct Trust<'r> {
    /// What is demanded.
    pub rules: &'r Rules,
    /// The keys.
    pub keys: &'r dyn KeySource,
}

/// Which check refused a token; it carries nothing of the token but the names of claims and the `kid`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifyError {
    /// Not a compact JWS that we read.
    Jws(JwsError),
    /// Its `typ` is not an accepted one, or missing.
    Type,
    /// Its `alg` is not on the allow-list.
    Algorithm(Algorithm),
    /// Its payload is no set of claims, or a claim is missing or of another type.
    Claims(ClaimsError),
    /// Its `iss` is not exactly an accepted one.
    Issuer,
    /// Its `aud` names none of ours.
    Audience,
    /// Expired so many seconds ago.
    Expired(i64),
    /// Not valid before so many seconds from now.
    NotYetValid(i64),
    /// Issued so many seconds in the future.
    IssuedInFuture(i64),
    /// There is no key for it.
    Key(KeyError),
    /// The signature is not that of the key.
    Signature,
}

/// Verifies a token and returns its claims; `now` is in seconds since 1970.
///
/// # Errors
/// [`VerifyError`], the first check that failed: form, type, algorithm, claims (`iss` exactly one of ours, `aud` with
/// one of ours, `exp` there and not reached, `nbf` and `iat` not in the future, what `T` needs), key, signature.
///
/// Does not check: whether the token was revoked, whether it is bound to its presenter (`cnf`), whether its `jti` was
/// seen before, and whether its scope suffices.
pub fn verify<T: FromClaims>(
    token: &str,
    keys: &dyn KeySource,
    rules: &Rules,
    now: i64,
) -> Result<Verified<T>, VerifyError> {
    let jws = jws::parse(token).map_err(VerifyError::Jws)?;
    check_header(jws.header(), rules)?;
    let claims = Claims::parse(jws.payload()).map_err(VerifyError::Claims)?;
    believe(jws, claims, Trust { rules, keys }, now)
}

/// As [`verify()`], where each issuer has its own rules and keys: `trust` tells those of the issuer that the token
/// names, and `None` for one that is not trusted. Whatever is found is judged by that issuer's rules alone, so that one
/// issuer's key, audience or type never vouches for another's token (RFC 8725 §3.8).
///
/// # Errors
/// As [`verify()`]; [`VerifyError::Issuer`] for an issuer that is not trusted, before anything else is asked of the
/// claims.
///
/// Does not check: as [`verify()`].
pub fn verify_by_issuer<'r, T: FromClaims>(
    token: &str,
    trust: impl FnOnce(&str) -> Option<Trust<'r>>,
    now: i64,
) -> Result<Verified<T>, VerifyError> {
    let jws = jws::parse(token).map_err(VerifyError::Jws)?;
    let claims = Claims::parse(jws.payload()).map_err(VerifyError::Claims)?;
    let issuer = claims.iss.as_deref().ok_or_else(|| missing("iss"))?;
    let trust = trust(issuer).ok_or(VerifyError::Issuer)?;
    check_header(jws.header(), trust.rules)?;
    believe(jws, claims, trust, now)
}

/// Verifies the signature alone, under a key that the caller chose, and returns the payload.
///
/// # Errors
/// [`VerifyError::Key`] when the header's `alg` is not the key's, [`VerifyError::Signature`].
///
/// Does not check: the type, the `kid`, and anything in the payload.
pub fn verify_signature(jws: Unverified<'_>, key: &VerifyingKey) -> Result<Verified<Vec<u8>>, VerifyError> {
    check_signature(&jws, key)?;
    let (header, claims) = jws.into_parts();
    Ok(Verified { header, claims })
}

impl<T> Verified<T> {
    /// What the token says.
    #[must_use]
    pub const fn claims(&self) -> &T {
        &self.claims
    }

    /// What the token says, without the proof.
    #[must_use]
    pub fn into_claims(self) -> T {
        self.claims
    }

    /// The header, which the signature covers too.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }
}

impl FromClaims for Claims {
    fn from_claims(_: &Header, claims: Claims) -> Result<Self, ClaimError> {
        Ok(claims)
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jws(error) => error.fmt(f),
            Self::Type => f.write_str("the header's typ is missing or not of an accepted kind of token"),
            Self::Algorithm(algorithm) => write!(f, "the header's alg {algorithm} is not on the allow-list"),
            Self::Claims(error) => error.fmt(f),
            Self::Issuer => f.write_str("the claim iss is not exactly the expected issuer"),
            Self::Audience => f.write_str("the claim aud names none of the expected audiences"),
            Self::Expired(seconds) => write!(f, "the token expired {seconds} s ago (exp)"),
            Self::NotYetValid(seconds) => write!(f, "the token is valid only in {seconds} s (nbf)"),
            Self::IssuedInFuture(seconds) => {
                write!(f, "the token was issued {seconds} s in the future (iat)")
            }
            Self::Key(error) => error.fmt(f),
            Self::Signature => f.write_str("the signature is not that of the issuer's key"),
        }
    }
}

impl std::error::Error for VerifyError {}

fn check_header(header: &Header, rules: &Rules) -> Result<(), VerifyError> {
    if !rules.accepts_type(header.typ()) {
        return Err(VerifyError::Type);
    }
    if rules.algorithms.contains(&header.alg()) { Ok(()) } else { Err(VerifyError::Algorithm(header.alg())) }
}

/// All that comes after the header: claims, key, signature.
fn believe<T: FromClaims>(
    jws: Unverified<'_>,
    claims: Claims,
    trust: Trust<'_>,
    now: i64,
) -> Result<Verified<T>, VerifyError> {
    let Trust { rules, keys } = trust;
    let issuer = check_parties(&claims, rules)?;
    check_times(&claims, rules, now)?;
    let claims = T::from_claims(jws.header(), claims).map_err(claim)?;
    let key = keys.find(issuer, jws.header().kid(), jws.header().alg()).map_err(VerifyError::Key)?;
    check_signature(&jws, &key)?;
    Ok(Verified { header: jws.into_parts().0, claims })
}

/// Who issued it and for whom; returns our own spelling of the issuer.
fn check_parties<'r>(claims: &Claims, rules: &'r Rules) -> Result<&'r str, VerifyError> {
    let iss = claims.iss.as_ref().ok_or_else(|| missing("iss"))?;
    let issuer = rules.issuers.iter().find(|issuer| *issuer == iss).ok_or(VerifyError::Issuer)?;
    if claims.aud.is_empty() {
        return Err(missing("aud"));
    }
    if !claims.aud.iter().any(|audience| rules.audiences.contains(audience)) {
        return Err(VerifyError::Audience);
    }
    Ok(issuer)
}

fn check_times(claims: &Claims, rules: &Rules, now: i64) -> Result<(), VerifyError> {
    let exp = claims.exp.ok_or_else(|| missing("exp"))?;
    let past = now.saturating_sub(exp.seconds());
    if past >= rules.leeway {
        return Err(VerifyError::Expired(past));
    }
    let ahead = |date: Option<NumericDate>| {
        date.map(|date| date.seconds().saturating_sub(now)).filter(|ahead| *ahead > rules.leeway)
    };
    if let Some(seconds) = ahead(claims.nbf) {
        return Err(VerifyError::NotYetValid(seconds));
    }
    match ahead(claims.iat) {
        Some(seconds) => Err(VerifyError::IssuedInFuture(seconds)),
        None => Ok(()),
    }
}

/// The key decides what it verifies, whatever a source handed out.
fn check_signature(jws: &Unverified<'_>, key: &VerifyingKey) -> Result<(), VerifyError> {
    if jws.header().alg() != key.algorithm() {
        return Err(VerifyError::Key(KeyError::WrongAlgorithm(key.algorithm())));
    }
    let genuine = key.verifies(jws.signing_input().as_bytes(), jws.signature());
    if genuine { Ok(()) } else { Err(VerifyError::Signature) }
}

fn claim(error: ClaimError) -> VerifyError {
    VerifyError::Claims(ClaimsError::Claim(error))
}

fn missing(name: &'static str) -> VerifyError {
    claim(ClaimError { claim: name, problem: ClaimProblem::Missing })
}
