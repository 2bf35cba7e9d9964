//! The JWT profile of access tokens (RFC 9068), the reading side: its type, its required claims, its rules.

use serde_json::{Map, Value};

use super::{
    Algorithm, Claims, Header, NumericDate, Rules,
    claims::{ClaimError, ClaimProblem},
    verify::FromClaims,
};

/// The `typ` of an access token (RFC 9068 §2.1), without `application/`.
pub const TYPE: &str = "at+jwt";

/// The claims of an access token (RFC 9068 §2.2); all that are required are there.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessToken {
    /// `iss`: who issued it.
    pub iss: String,
    /// `sub`: on whose behalf; with client credentials the client itself.
    pub sub: String,
    /// `client_id`: the client that asked for it.
    pub client_id: String,
    /// `aud`: the APIs that it is for, at least one.
    pub aud: Vec<String>,
    /// `exp`: from this second on it is void.
    pub exp: NumericDate,
    /// `iat`: when it was issued.
    pub iat: NumericDate,
    /// `jti`: its own name.
    pub jti: String,
    /// `scope`: what it allows, space-separated, in the order of the token.
    pub scope: Option<String>,
    /// `cnf`: what its presenter must prove to hold (RFC 7800 §3.1).
    pub cnf: Option<Map<String, Value>>,
    /// Every other claim, as it came.
    pub other: Map<String, Value>,
}

impl AccessToken {
    /// The scopes, one by one; none when there is no `scope`.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.as_deref().unwrap_or_default().split(' ').filter(|scope| !scope.is_empty())
    }
}

impl Rules {
    /// Access tokens of RFC 9068 §4, from this issuer, for this API.
    #[must_use]
    pub fn access_token(
        issuer: impl Into<String>,
        audience: impl Into<String>,
        algorithms: &[Algorithm],
    ) -> Self {
        Self::new(TYPE, issuer, audience, algorithms)
    }
}

impl FromClaims for AccessToken {
    fn from_claims(_: &Header, claims: Claims) -> Result<Self, ClaimError> {
        if claims.aud.is_empty() {
            return Err(missing("aud"));
        }
        Ok(Self {
            iss: claims.iss.ok_or(missing("iss"))?,
            sub: claims.sub.ok_or(missing("sub"))?,
            client_id: claims.client_id.ok_or(missing("client_id"))?,
            aud: claims.aud,
            exp: claims.exp.ok_or(missing("exp"))?,
            iat: claims.iat.ok_or(missing("iat"))?,
            jti: claims.jti.ok_or(missing("jti"))?,
            scope: claims.scope,
            cnf: claims.cnf,
            other: claims.other,
        })
    }
}

const fn missing(claim: &'static str) -> ClaimError {
    ClaimError { claim, problem: ClaimProblem::Missing }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(claims: &str) -> Result<AccessToken, ClaimError> {
        let header = Header::parse(br#"{"alg":"ES256","typ":"at+jwt"}"#).unwrap();
        AccessToken::from_claims(&header, Claims::parse(claims.as_bytes()).unwrap())
    }

    const FULL: &str = r#"{"iss":"i","sub":"s","client_id":"c","aud":"a","exp":2,"iat":1,"jti":"j","scope":"x  y ","tenant":7}"#;

    #[test]
    fn a_full_token_is_taken_apart() {
        let token = read(FULL).unwrap();
        assert_eq!(token.scopes().collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!((token.sub.as_str(), token.exp.seconds()), ("s", 2));
        assert_eq!(token.other.get("tenant"), Some(&Value::from(7)));
    }

    /// T-9068-02: each of the required claims is required.
    #[test]
    fn each_required_claim_is_required() {
        for name in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] {
            let mut members: Map<String, Value> = serde_json::from_str(FULL).unwrap();
            members.remove(name).unwrap();
            assert_eq!(read(&Value::Object(members).to_string()), Err(missing(name)));
        }
    }
}
