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
    /// The scopes, from `scope`, or `scp` where that is not there (Okta, Entra), and from those claims that the issuer is
    /// known to say them in: a string with spaces, or a list of strings. Anything in there that is no string is not a
    /// scope.
    pub(crate) fn take_scopes(&mut self, other: &[String]) -> String {
        let scp = self.scope.is_none().then_some(SCP);
        let scope = self.scope.take().unwrap_or_default();
        if scp.is_none() && other.is_empty() && scope.split(' ').all(|word| !word.is_empty()) {
            return scope; // as nearly all write it: single spaces already
        }
        let mut all: Vec<&str> = words(&scope).collect();
        for name in scp.into_iter().chain(other.iter().map(String::as_str)) {
            match self.claims.get(name) {
                Some(Value::String(text)) => all.extend(words(text)),
                Some(Value::Array(list)) => all.extend(list.iter().filter_map(Value::as_str).flat_map(words)),
                _ => {}
            }
        }
        all.join(" ")
    }
}

/// What is no claim of the standard's, and yet where two issuers say scopes.
const SCP: &str = "scp";

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

/// Refuses what marks another kind of token than one for access: ID tokens have `nonce` or `at_hash` (OpenID Connect Core
/// §2, §3.1.3.6), security events have `events` (RFC 8417 §2.2), Keycloak says the kind in a claim `typ`, Cognito and Hydra
/// in `token_use`.
pub(crate) fn refuse_other_kinds(claims: &Map<String, Value>) -> Result<(), ClaimError> {
    let says = |claim, allowed: [&str; 2]| match claims.get(claim) {
        None => true,
        Some(value) => value.as_str().is_some_and(|value| allowed.contains(&value)),
    };
    let mark = ["nonce", "at_hash", "events"].into_iter().find(|claim| claims.contains_key(*claim));
    let mark = mark.or_else(|| (!says("typ", ["Bearer", "DPoP"])).then_some("typ"));
    let mark = mark.or_else(|| (!says("token_use", ["access_token", "access"])).then_some("token_use"));
    mark.map_or(Ok(()), |claim| Err(ClaimError { claim, problem: ClaimProblem::OfAnotherKind }))
}

/// A token that any of an issuer's could be.
fn jwt(claims: Claims) -> Result<Local, ClaimError> {
    refuse_other_kinds(&claims.other)?;
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
    Confirmation::read(cnf).map_err(|_| ClaimError { claim: "cnf", problem: ClaimProblem::NotABinding })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

/// What issuers call the client beside `client_id`: OpenID Connect's `azp` (Keycloak, Auth0, Entra), Okta's, Entra's.
const CLIENT: [&str; 3] = ["azp", "cid", "appid"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(typ: Option<&str>, changes: &Value) -> Result<Local, ClaimError> {
        let header = match typ {
            Some(typ) => json!({ "alg": "ES256", "typ": typ }),
            None => json!({ "alg": "ES256" }),
        };
        let mut claims = json!({
            "iss": "https://issuer.example", "sub": "s", "aud": "https://orders.example", "exp": 2, "iat": 1, "jti": "j",
            "client_id": "c", "scope": "a b",
        });
        let members = claims.as_object_mut().unwrap();
        members.extend(changes.as_object().unwrap().clone());
        members.retain(|_, value| *value != "absent");
        let header = Header::parse(header.to_string().as_bytes()).unwrap();
        Local::from_claims(&header, Claims::parse(claims.to_string().as_bytes()).unwrap())
    }

    const JWT: [Option<&str>; 5] =
        [None, Some("JWT"), Some("jwt"), Some("application/jwt"), Some("Application/JWT")];
    const AT_JWT: [Option<&str>; 2] = [Some("at+jwt"), Some("application/at+jwt")];

    fn problem(read: Result<Local, ClaimError>) -> Option<(&'static str, ClaimProblem)> {
        read.err().map(|error| (error.claim, error.problem))
    }

    /// T-9068-02: RFC 9068's own must be complete; of others only what there is to judge by.
    #[test]
    fn what_must_be_there() {
        for claim in ["client_id", "jti", "iat", "sub"] {
            let without = json!({ claim: "absent" });
            for typ in AT_JWT {
                assert_eq!(problem(read(typ, &without)), Some((claim, ClaimProblem::Missing)), "{typ:?}");
            }
            for typ in JWT {
                let expected = (claim == "sub").then_some((claim, ClaimProblem::Missing));
                assert_eq!(problem(read(typ, &without)), expected, "{claim} {typ:?}");
            }
        }
    }

    /// T-9068-05: what marks another kind is refused in a token of type `JWT`, and means nothing in one of `at+jwt`.
    #[test]
    fn marks_of_other_kinds() {
        for (claim, value) in [
            ("nonce", json!("n")),
            ("nonce", json!(null)),
            ("at_hash", json!("h")),
            ("events", json!({})),
            ("typ", json!("ID")),
            ("typ", json!("bearer")),
            ("typ", json!(["Bearer"])),
            ("token_use", json!("id")),
            ("token_use", json!("refresh_token")),
            ("token_use", json!(null)),
        ] {
            let marked = json!({ claim: value });
            for typ in JWT {
                assert_eq!(
                    problem(read(typ, &marked)),
                    Some((claim, ClaimProblem::OfAnotherKind)),
                    "{typ:?}"
                );
            }
            for typ in AT_JWT {
                assert!(read(typ, &marked).is_ok(), "{marked} {typ:?}");
            }
        }
        for typ in ["Bearer", "DPoP"] {
            assert!(read(Some("JWT"), &json!({ "typ": typ })).is_ok());
        }
        for token_use in ["access", "access_token"] {
            assert!(read(Some("JWT"), &json!({ "token_use": token_use })).is_ok());
        }
    }

    /// The client is `client_id`, or else what other issuers call it; in an `at+jwt` nothing else counts.
    #[test]
    fn who_the_client_is() {
        let client = |changes: &Value| read(Some("JWT"), changes).unwrap().client_id;
        let all = json!({ "azp": "azp", "cid": "cid", "appid": "appid" });
        assert_eq!(client(&all).as_deref(), Some("c"));
        let mut without = all.clone();
        for (gone, next) in
            [("client_id", Some("azp")), ("azp", Some("cid")), ("cid", Some("appid")), ("appid", None)]
        {
            without[gone] = "absent".into();
            assert_eq!(client(&without).as_deref(), next);
        }
        assert_eq!(client(&json!({ "client_id": "absent", "azp": 7, "cid": ["x"] })), None);
        assert_eq!(read(Some("at+jwt"), &all).unwrap().client_id.as_deref(), Some("c"));
    }

    #[test]
    fn scopes_are_read_where_they_are_said() {
        let scopes = |changes: &Value, other: &[&str]| {
            let other: Vec<_> = other.iter().map(|name| (*name).to_owned()).collect();
            read(Some("JWT"), changes).unwrap().take_scopes(&other)
        };
        for (scope, read) in [("a b", "a b"), (" a   b ", "a b"), ("a", "a"), ("", ""), (" ", "")] {
            assert_eq!(scopes(&json!({ "scope": scope }), &[]), read);
        }
        assert_eq!(scopes(&json!({ "scope": "absent", "scp": ["c", "d e", 7, null, ["f"]] }), &[]), "c d e");
        assert_eq!(
            scopes(&json!({ "scp": "c", "roles": ["d"] }), &["roles"]),
            "a b d",
            "scp widens no scope"
        );
        assert_eq!(scopes(&json!({ "scp": "c" }), &["scp"]), "a b c", "unless the issuer is known to");
        assert_eq!(scopes(&json!({ "roles": ["d"] }), &[]), "a b", "only where the issuer is known to");
        assert_eq!(scopes(&json!({ "scope": "absent", "scp": { "a": 1 } }), &[]), "");
    }

    /// T-9449-04, T-8705-04: a binding that cannot be read is none that can be shown.
    #[test]
    fn a_binding_that_cannot_be_read_is_refused() {
        for cnf in [
            json!({}),
            json!({ "kid": "x" }),
            json!({ "jkt": 1 }),
            json!({ "jkt": "" }),
            json!({ "jkt": "short" }),
        ] {
            for typ in [Some("JWT"), Some("at+jwt")] {
                assert_eq!(
                    read(typ, &json!({ "cnf": cnf })).err(),
                    Some(ClaimError { claim: "cnf", problem: ClaimProblem::NotABinding }),
                    "{cnf}"
                );
            }
        }
    }
}
