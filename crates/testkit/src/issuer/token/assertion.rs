//! Authentication by a signed assertion: of the client itself (`private_key_jwt`, draft-ietf-oauth-rfc7523bis), or of
//! an issuer that is believed about it, as workloads have it from Kubernetes or SPIFFE (RFC 7523 §3).

use countersign_proto::form::Form;
use countersign_proto::jose::json::{self, Limits};
use countersign_proto::jose::verify::verify_signature;
use countersign_proto::jose::{Jwk, Unverified, VerifyingKey, jws};
use serde_json::{Map, Value};

use super::refused::Refused;
use crate::issuer::client::Client;
use crate::issuer::state::State;

pub(super) fn check(state: &State, form: &Form<'_>) -> Result<Client, Refused> {
    let said = form.get("client_assertion_type").zip(form.get("client_assertion"));
    let (kind, assertion) =
        said.ok_or(Refused::request("client_assertion and client_assertion_type belong together"))?;
    if *kind != JWT_BEARER {
        return Err(Refused::client());
    }
    judge(state, assertion).ok_or_else(Refused::client)
}

/// The client that an assertion speaks of; every failure is told in one way (T-7523-12).
fn judge(state: &State, assertion: &str) -> Option<Client> {
    let jws = jws::parse(assertion).ok()?;
    let claims = json::object(jws.payload(), LIMITS).ok()?;
    let (iss, sub) = (text(&claims, "iss")?, text(&claims, "sub")?);
    if iss == sub {
        let client = state.client(iss)?;
        own(state, &client, jws, &claims)?;
        Some(client)
    } else {
        let client = state.client_of(iss, sub)?;
        federated(state, client.trusted(iss, sub)?, jws, &claims)?;
        Some(client)
    }
}

fn own(state: &State, client: &Client, jws: Unverified<'_>, claims: &Map<String, Value>) -> Option<()> {
    let typ = jws.header().typ();
    let typed = if client.old_type {
        typ.is_none_or(|typ| typ == "JWT")
    } else {
        typ == Some("client-authentication+jwt")
    };
    // T-7523-01: the issuer, as a string and as the sole value.
    let meant = claims.get("aud")?.as_str()? == state.issuer();
    let (now, exp) = (state.now().0, time(claims, "exp")?);
    let timely = current(state, claims)? && exp - now <= MAX_LIFETIME;
    let jti = text(claims, "jti").filter(|jti| !jti.is_empty())?;
    is_signed(jws, &client.keys)?;
    // last, so that what is refused does not use it up
    (typed && meant && timely && state.is_first_use(&client.id, jti)).then_some(())
}

/// Such assertions lie in a file until they are replaced: they are used many times, and not all have a `jti`.
fn federated(state: &State, by: &State, jws: Unverified<'_>, claims: &Map<String, Value>) -> Option<()> {
    let typed = jws.header().typ().is_none_or(|typ| matches!(typ, "JWT" | "JOSE"));
    let meant = match claims.get("aud")? {
        Value::String(one) => one == state.issuer(),
        Value::Array(several) => **several == [Value::from(state.issuer())],
        _ => false,
    };
    let timely = current(state, claims)?;
    let keys: Vec<Jwk> = by.keys().iter().map(|key| key.public_jwk().clone()).collect();
    is_signed(jws, &keys)?;
    (typed && meant && timely).then_some(())
}

/// Not expired, and neither made nor valid more than ten seconds from now (T-7523-10).
fn current(state: &State, claims: &Map<String, Value>) -> Option<bool> {
    let now = state.now().0;
    let begun = |name| match claims.get(name) {
        None => Some(true),
        Some(_) => time(claims, name).map(|at| at <= now + SKEW),
    };
    Some(time(claims, "exp")? > now && begun("nbf")? && begun("iat")?)
}

/// By the key of that name, or the only one of that algorithm (T-7523-11).
fn is_signed(jws: Unverified<'_>, keys: &[Jwk]) -> Option<()> {
    let (kid, alg) = (jws.header().kid(), jws.header().alg());
    let named = |key: &Jwk| kid.is_none() || key.kid().is_none() || key.kid() == kid;
    let mut fitting = keys.iter().filter(|key| key.algorithm() == alg && named(key));
    let (Some(key), None) = (fitting.next(), fitting.next()) else { return None };
    verify_signature(jws, &VerifyingKey::from(key)).ok().map(drop)
}

fn text<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c str> {
    claims.get(name)?.as_str()
}

fn time(claims: &Map<String, Value>, name: &str) -> Option<i64> {
    claims.get(name)?.as_i64()
}

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const LIMITS: Limits = Limits { bytes: 16 << 10, depth: 8 };
/// Seconds from now to `exp`, at most.
const MAX_LIFETIME: i64 = 300;
/// Seconds that a client's clock may be ahead.
const SKEW: i64 = 10;
