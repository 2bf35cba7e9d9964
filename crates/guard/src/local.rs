//! JWT access tokens: what they say, judged by the rules of the one issuer that they name.
//!
//! RFC 9068's own (`at+jwt`) must be complete. Other issuers type their access tokens `JWT`, as they do ID tokens and
//! whatever else they sign; where an operator takes these, what marks another kind of token is refused.

use countersign_proto::jose::claims::{ClaimError, ClaimProblem};
use countersign_proto::jose::confirmation::Confirmation;
use countersign_proto::jose::{AccessToken, Claims, Header, verify::FromClaims};
use serde_json::{Map, Value};

/// The claims of an access token of any issuer, before scopes are read.
pub(crate) struct Local {
    pub(crate) subject: String,
    pub(crate) client_id: Option<String>,
    pub(crate) audience: Vec<String>,
    pub(crate) scope: Option<String>,
    pub(crate) expires_at: i64,
    pub(crate) token_id: Option<String>,
    pub(crate) confirmation: Option<Confirmation>,
    pub(crate) claims: Map<String, Value>,
}

impl FromClaims for Local {
    fn from_claims(header: &Header, claims: Claims) -> Result<Self, ClaimError> {
        let is_jwt = header.typ().is_none_or(|typ| {
            typ.rsplit('/').next().is_some_and(|subtype| subtype.eq_ignore_ascii_case("jwt"))
        });
        if is_jwt { jwt(claims) } else { at_jwt(AccessToken::from_claims(header, claims)?) }
    }
}

impl Local {
    /// The scopes, from `scope` and from those claims that the issuer is known to say them in: a string with spaces, or
    /// a list of strings. Anything in there that is no string is not a scope.
    pub(crate) fn scopes(&self, other: &[String]) -> String {
        let mut all: Vec<&str> = words(self.scope.as_deref().unwrap_or_default()).collect();
        for name in other {
            match self.claims.get(name) {
                Some(Value::String(text)) => all.extend(words(text)),
                Some(Value::Array(list)) => all.extend(list.iter().filter_map(Value::as_str).flat_map(words)),
                _ => {}
            }
        }
        all.join(" ")
    }
}

fn at_jwt(token: AccessToken) -> Result<Local, ClaimError> {
    Ok(Local {
        confirmation: token.cnf.as_ref().map(confirmation).transpose()?,
        subject: token.sub,
        client_id: Some(token.client_id),
        audience: token.aud,
        scope: token.scope,
        expires_at: token.exp.seconds(),
        token_id: Some(token.jti),
        claims: token.other,
    })
}

/// A token that any of an issuer's could be: ID tokens have `nonce` or `at_hash` (OpenID Connect Core §2, §3.1.3.6),
/// security events have `events` (RFC 8417 §2.2), and Keycloak says the kind in a claim `typ`.
fn jwt(claims: Claims) -> Result<Local, ClaimError> {
    for claim in ["nonce", "at_hash", "events"] {
        if claims.other.contains_key(claim) {
            return Err(ClaimError { claim, problem: ClaimProblem::OfAnotherKind });
        }
    }
    let bearer = |typ: &Value| typ.as_str().is_some_and(|typ| matches!(typ, "Bearer" | "DPoP"));
    if !claims.other.get("typ").is_none_or(bearer) {
        return Err(ClaimError { claim: "typ", problem: ClaimProblem::OfAnotherKind });
    }
    let missing = |claim| ClaimError { claim, problem: ClaimProblem::Missing };
    let named = |name: &str| claims.other.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(Local {
        confirmation: claims.cnf.as_ref().map(confirmation).transpose()?,
        client_id: claims.client_id.clone().or_else(|| CLIENT.iter().find_map(|name| named(name))),
        subject: claims.sub.ok_or_else(|| missing("sub"))?,
        audience: claims.aud,
        scope: claims.scope,
        expires_at: claims.exp.ok_or_else(|| missing("exp"))?.seconds(),
        token_id: claims.jti,
        claims: claims.other,
    })
}

/// A `cnf` that cannot be read might ask for anything: the token is bound to something that nobody can show.
fn confirmation(cnf: &Map<String, Value>) -> Result<Confirmation, ClaimError> {
    Confirmation::read(cnf).map_err(|_| ClaimError { claim: "cnf", problem: ClaimProblem::NotAnObject })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

/// What issuers call the client beside `client_id`: OpenID Connect's `azp` (Keycloak, Auth0, Entra), Okta's, Entra's.
const CLIENT: [&str; 3] = ["azp", "cid", "appid"];
