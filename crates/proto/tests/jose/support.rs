//! Keys, tokens and vectors that several of these tests use.

use std::{
    env, fs,
    io::{self, Write},
    path::PathBuf,
    sync::{Arc, LazyLock},
};

use countersign_proto::jose::{
    AccessToken, Algorithm, Jwk, JwkSet, Rules, SigningKey, StaticKeys, Verified, VerifyError, base64url,
    claims::{ClaimError, ClaimProblem, ClaimsError},
    verify,
};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://issuer.example/realms/a";
pub(crate) const API: &str = "https://orders.example";
pub(crate) const NOW: i64 = 1_800_000_000;

/// One key per algorithm, made once; its kid is the algorithm's name.
pub(crate) fn key(algorithm: Algorithm) -> Arc<SigningKey> {
    static KEYS: LazyLock<Vec<Arc<SigningKey>>> = LazyLock::new(|| {
        let make = |algorithm: Algorithm| SigningKey::generate(algorithm, algorithm.as_str()).unwrap();
        Algorithm::ALL.into_iter().map(|algorithm| Arc::new(make(algorithm))).collect()
    });
    Arc::clone(KEYS.iter().find(|key| key.algorithm() == algorithm).unwrap())
}

/// What the issuer publishes: all five keys.
pub(crate) fn published() -> JwkSet {
    Algorithm::ALL.into_iter().map(|algorithm| key(algorithm).public_jwk().clone()).collect()
}

pub(crate) fn keys() -> StaticKeys {
    StaticKeys::new(ISSUER, &published())
}

pub(crate) fn rules() -> Rules {
    Rules::access_token(ISSUER, API, &Algorithm::ALL)
}

/// A full set of claims, valid at [`NOW`].
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "svc", "client_id": "svc", "aud": API, "scope": "orders:read",
        "exp": NOW + 300, "iat": NOW, "jti": "01J"
    })
}

/// [`claims`] with one of them changed, or removed by null.
pub(crate) fn claims_with(name: &str, value: Value) -> String {
    let mut claims = claims();
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name).unwrap();
    } else {
        claims[name] = value;
    }
    claims.to_string()
}

/// The usual header of this algorithm's key.
pub(crate) fn header(algorithm: Algorithm) -> String {
    format!(r#"{{"alg":"{algorithm}","typ":"at+jwt","kid":"{algorithm}"}}"#)
}

/// Signs whatever it is told to.
pub(crate) fn forge(header: &str, payload: &str, key: &SigningKey) -> String {
    let input = format!("{}.{}", base64url::encode(header.as_bytes()), base64url::encode(payload.as_bytes()));
    let mut signature = Vec::new();
    key.sign(input.as_bytes(), &mut signature).unwrap();
    format!("{input}.{}", base64url::encode(&signature))
}

/// A good ES256 token with this payload.
pub(crate) fn token(payload: &str) -> String {
    forge(&header(Algorithm::ES256), payload, &key(Algorithm::ES256))
}

pub(crate) fn check(token: &str) -> Result<Verified<AccessToken>, VerifyError> {
    verify(token, &keys(), &rules(), NOW)
}

/// Why [`check`] refused it.
pub(crate) fn refused(token: &str) -> VerifyError {
    check(token).err().unwrap_or_else(|| panic!("accepted: {token}"))
}

pub(crate) fn claim_error(claim: &'static str, problem: ClaimProblem) -> VerifyError {
    VerifyError::Claims(ClaimsError::Claim(ClaimError { claim, problem }))
}

pub(crate) fn jwk_json(jwk: &Jwk) -> String {
    serde_json::to_string(jwk).unwrap()
}

/// A file of the standards' vectors; none when they are not here, unless they are required.
pub(crate) fn vectors(file: &str) -> Option<Value> {
    let root = env::var_os("COUNTERSIGN_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let path = root.join(file);
    match fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(error) => {
            let missing = format!("VECTORS MISSING, NOTHING WAS TESTED: {}: {error}", path.display());
            assert!(env::var_os("COUNTERSIGN_VECTORS_REQUIRED").is_none(), "{missing}");
            // Written past the test harness, which shows nothing of what a passing test prints.
            let mut stderr = io::stderr();
            writeln!(stderr, "{missing}; set COUNTERSIGN_VECTORS to the folder that holds them").unwrap();
            None
        }
    }
}
