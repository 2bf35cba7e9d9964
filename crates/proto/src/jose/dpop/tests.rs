//! The examples of RFC 9449, and one hostile proof for each check of its §4.3.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::*;
use crate::jose::{Algorithm, SigningKey, header::HeaderError, json::JsonError, jws::JwsError};

/// RFC 9449 §4.1: the example.
const TOKEN_PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
/// RFC 9449 §7.1: the example.
const RESOURCE_PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
/// RFC 9449 §7.1: the access token that it came with.
const RESOURCE_TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
/// RFC 9449 §6.1: the thumbprint of the key of both.
const RFC_JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

const NOW: i64 = 1_800_000_000;
const URI: &str = "https://api.example/orders";
const TOKEN: &str = "the.access.token";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::ES256, "k").unwrap());

/// A proof that passes, to be spoilt.
struct Draft {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

fn draft() -> Draft {
    draft_of(&KEY)
}

fn draft_of(key: &SigningKey) -> Draft {
    let jwk: Value = serde_json::from_str(&key.public_jwk().required_members()).unwrap();
    let header = json!({"typ": "dpop+jwt", "alg": key.algorithm().as_str(), "jwk": jwk});
    let ath = access_token_hash(TOKEN);
    let claims = json!({"jti": "1", "htm": "GET", "htu": URI, "iat": NOW, "ath": ath});
    let members = |value: Value| value.as_object().unwrap().clone();
    Draft { header: members(header), claims: members(claims) }
}

impl Draft {
    fn header(mut self, name: &str, value: Value) -> Self {
        self.header.insert(name.into(), value);
        self
    }

    fn jwk(mut self, name: &str, value: Value) -> Self {
        self.header["jwk"].as_object_mut().unwrap().insert(name.into(), value);
        self
    }

    fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims.insert(name.into(), value);
        self
    }

    fn without(mut self, name: &str) -> Self {
        assert!(self.header.remove(name).or(self.claims.remove(name)).is_some());
        self
    }

    fn sign(&self, key: &SigningKey) -> String {
        let part = |members: &Map<String, Value>| base64url::encode(&serde_json::to_vec(members).unwrap());
        let input = format!("{}.{}", part(&self.header), part(&self.claims));
        let mut signature = Vec::new();
        key.sign(input.as_bytes(), &mut signature).unwrap();
        format!("{input}.{}", base64url::encode(&signature))
    }

    /// What comes of it at the resource that it was drafted for, signed by the right key.
    fn judge(&self) -> Result<Proof, ProofError> {
        judge(&self.sign(&KEY), &KEY)
    }
}

fn judge(proof: &str, key: &SigningKey) -> Result<Proof, ProofError> {
    judge_by(proof, key, &DEFAULT_ALGORITHMS)
}

fn judge_by(proof: &str, key: &SigningKey, algorithms: &[Algorithm]) -> Result<Proof, ProofError> {
    let targets = [Htu::parse("https://other.example/orders").unwrap(), Htu::parse(URI).unwrap()];
    let jkt = KeyThumbprint::of(key.public_jwk());
    let token = BoundToken { access_token: TOKEN, jkt: &jkt };
    verify_proof(proof, &Expected::at_resource("GET", &targets, token, NOW).algorithms(algorithms))
}

#[test]
fn the_proofs_of_the_standard_pass() {
    let token_endpoint = [Htu::parse("https://server.example.com/token").unwrap()];
    let expected = Expected::at_token_endpoint("POST", &token_endpoint, 1_562_262_616);
    let proof = verify_proof(TOKEN_PROOF, &expected).unwrap();
    assert_eq!(proof.thumbprint().to_string(), RFC_JKT);
    assert_eq!((proof.jti(), proof.iat(), proof.nonce()), ("-BwC3ESc6acc2lTc", 1_562_262_616, None));
    assert_eq!(proof.usable_until(), 1_562_262_676);

    let resource = [Htu::parse("https://resource.example.org/protectedresource").unwrap()];
    let jkt = KeyThumbprint::parse(RFC_JKT).unwrap();
    let token = BoundToken { access_token: RESOURCE_TOKEN, jkt: &jkt };
    let proof =
        verify_proof(RESOURCE_PROOF, &Expected::at_resource("GET", &resource, token, 1_562_262_618)).unwrap();
    assert_eq!(proof.jti(), "e1j3V_bKic8-LAEB");
    assert_eq!(access_token_hash(RESOURCE_TOKEN), "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
}

/// RFC 9449 §4.3 check 2: one well-formed JWT.
#[test]
fn what_is_no_jws_is_refused() {
    let good = draft().sign(&KEY);
    assert!(judge(&good, &KEY).is_ok());
    for (proof, error) in [
        (String::new(), JwsError::Parts),
        (good.replacen('.', "", 1), JwsError::Parts),
        (format!("{good},{good}"), JwsError::Alphabet),
        (format!(" {good}"), JwsError::Alphabet),
        (format!("{good}="), JwsError::Alphabet),
        ("x".repeat(20_000), JwsError::TooLong),
        (good.rsplit_once('.').unwrap().0.to_owned() + ".", JwsError::NoSignature),
    ] {
        assert_eq!(judge(&proof, &KEY), Err(ProofError::Jws(error)));
    }
    for (member, error) in
        [("crit", HeaderError::Critical), ("b64", HeaderError::Unencoded), ("zip", HeaderError::Compressed)]
    {
        let refused = draft().header(member, json!(["exp"])).judge();
        assert_eq!(refused, Err(ProofError::Jws(JwsError::Header(error))), "{member}");
    }
}

/// RFC 9449 §4.3 check 3, T-9449-09: each claim is there, and of its type.
#[test]
fn each_claim_is_required_and_typed() {
    for name in ["jti", "htm", "htu", "iat", "ath"] {
        assert_eq!(draft().without(name).judge(), Err(ProofError::Claim(name)), "{name}");
        for bad in [json!(null), json!(true), json!([URI]), json!({"a": 1}), json!("")] {
            let refused = draft().claim(name, bad.clone()).judge();
            assert_eq!(refused, Err(ProofError::Claim(name)), "{name} {bad}");
        }
    }
    for name in ["jti", "htm", "htu", "ath", "nonce"] {
        assert_eq!(draft().claim(name, json!(1)).judge(), Err(ProofError::Claim(name)), "{name}");
    }
    for name in ["jti", "htm", "ath", "nonce"] {
        let long = json!("x".repeat(257));
        assert_eq!(draft().claim(name, long).judge(), Err(ProofError::Claim(name)), "{name}");
    }
    for name in ["iat", "exp", "nbf"] {
        for bad in [json!("1800000000"), json!(-1), json!(1e300)] {
            assert_eq!(draft().claim(name, bad).judge(), Err(ProofError::Claim(name)), "{name}");
        }
    }
    assert_eq!(draft().claim("jti", json!("x".repeat(256))).judge().unwrap().jti().len(), 256);
}

#[test]
fn claims_are_strict_json() {
    let proof = |claims: &str| {
        let header = base64url::encode(&serde_json::to_vec(&draft().header).unwrap());
        let input = format!("{header}.{}", base64url::encode(claims.as_bytes()));
        let mut signature = Vec::new();
        KEY.sign(input.as_bytes(), &mut signature).unwrap();
        format!("{input}.{}", base64url::encode(&signature))
    };
    let twice = r#"{"jti":"1","jti":"2"}"#;
    let refused = judge(&proof(twice), &KEY);
    assert_eq!(refused, Err(ProofError::Json(JsonError::Duplicate("jti".into()))));
    assert_eq!(judge(&proof("[]"), &KEY), Err(ProofError::Json(JsonError::NotAnObject)));
    assert_eq!(judge(&proof("{"), &KEY), Err(ProofError::Json(JsonError::Syntax)));
}

/// RFC 9449 §4.3 check 4: the type, as a media type.
#[test]
fn the_type_is_that_of_a_proof() {
    for typ in ["dpop+jwt", "DPoP+JWT", "application/dpop+jwt"] {
        assert!(draft().header("typ", json!(typ)).judge().is_ok(), "{typ}");
    }
    for typ in ["JWT", "at+jwt", "dpop", "dpop+jwt;a=b", "text/dpop+jwt"] {
        assert_eq!(draft().header("typ", json!(typ)).judge(), Err(ProofError::Type), "{typ}");
    }
    assert_eq!(draft().without("typ").judge(), Err(ProofError::Type));
}

/// RFC 9449 §4.3 check 5: none and shared secrets are no algorithms here.
#[test]
fn the_algorithm_is_asymmetric() {
    for (alg, error) in [
        ("none", HeaderError::Unsigned),
        ("HS256", HeaderError::Symmetric),
        ("ES256K", HeaderError::UnknownAlgorithm),
        ("es256", HeaderError::UnknownAlgorithm),
    ] {
        let refused = draft().header("alg", json!(alg)).judge();
        assert_eq!(refused, Err(ProofError::Jws(JwsError::Header(error))), "{alg}");
    }
}

/// T-9449-10: all algorithms but RS256 by default, and that one when it is allowed by name.
#[test]
fn rs256_only_by_name() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm, "k").unwrap();
        let proof = draft_of(&key).sign(&key);
        let by_default = judge(&proof, &key);
        if algorithm == Algorithm::RS256 {
            assert_eq!(by_default, Err(ProofError::Algorithm(algorithm)));
        } else {
            assert!(by_default.is_ok(), "{algorithm}: {by_default:?}");
        }
        assert!(judge_by(&proof, &key, &[algorithm]).is_ok(), "{algorithm}");
        let others: Vec<_> = Algorithm::ALL.into_iter().filter(|other| *other != algorithm).collect();
        let refused = judge_by(&proof, &key, &others);
        assert_eq!(refused, Err(ProofError::Algorithm(algorithm)));
    }
}

/// RFC 9449 §4.3 check 6: another key's signature, a changed one, one over something else.
#[test]
fn the_signature_is_that_of_the_key() {
    let other = SigningKey::generate(Algorithm::ES256, "k").unwrap();
    assert_eq!(judge(&draft().sign(&other), &KEY), Err(ProofError::Signature));
    let (input, signature) =
        draft().sign(&KEY).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let mut spoilt = base64url::decode(&signature).unwrap();
    spoilt[10] ^= 1;
    assert_eq!(judge(&format!("{input}.{}", base64url::encode(&spoilt)), &KEY), Err(ProofError::Signature));
    let elsewhere = draft().claim("jti", json!("2")).sign(&KEY);
    let elsewhere = elsewhere.rsplit_once('.').unwrap().1;
    assert_eq!(judge(&format!("{input}.{elsewhere}"), &KEY), Err(ProofError::Signature));
}

/// RFC 9449 §4.3 check 7, threats §1 (private jwk, symmetric jwk): public, asymmetric, and for the algorithm.
#[test]
fn the_key_is_public_and_fits() {
    assert_eq!(draft().without("jwk").judge(), Err(ProofError::NoKey));
    for jwk in [json!(null), json!("k"), json!([])] {
        assert_eq!(draft().header("jwk", jwk).judge(), Err(ProofError::NoKey));
    }
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
        let refused = draft().jwk(private, json!("AA")).judge();
        assert_eq!(refused, Err(ProofError::Key(JwkError::Private)), "{private}");
    }
    let symmetric = draft().header("jwk", json!({"kty": "oct", "k": "c2VjcmV0"})).judge();
    assert_eq!(symmetric, Err(ProofError::Key(JwkError::Private)));
    let keyless = draft().header("jwk", json!({"kty": "oct"})).judge();
    assert_eq!(keyless, Err(ProofError::Key(JwkError::Kind)));
    for (member, value) in [("alg", "ES384"), ("alg", "RS256"), ("alg", "none")] {
        let refused = draft().jwk(member, json!(value)).judge();
        assert_eq!(refused, Err(ProofError::Key(JwkError::Algorithm)), "{value}");
    }
    assert_eq!(draft().header("alg", json!("EdDSA")).judge(), Err(ProofError::Key(JwkError::Algorithm)));
    assert_eq!(draft().jwk("use", json!("enc")).judge(), Err(ProofError::Key(JwkError::Purpose)));
    let off_the_curve = draft().jwk("x", json!(base64url::encode(&[7; 32]))).judge();
    assert_eq!(off_the_curve, Err(ProofError::Key(JwkError::Point)));

    let rsa = SigningKey::generate(Algorithm::PS256, "k").unwrap();
    let claims_rs256 = draft_of(&rsa).jwk("alg", json!("RS256")).sign(&rsa);
    assert_eq!(judge(&claims_rs256, &rsa), Err(ProofError::Key(JwkError::Algorithm)));
}

/// RFC 9449 §4.3 check 8.
#[test]
fn the_method_is_that_of_the_request() {
    for method in ["POST", "get", "GET ", "*"] {
        assert_eq!(draft().claim("htm", json!(method)).judge(), Err(ProofError::Method), "{method}");
    }
}

/// T-9449-01, T-9449-02: any of the configured targets, whatever its query, and no other.
#[test]
fn the_target_is_that_of_the_request() {
    for htu in [
        "https://api.example/orders?x=1#y",
        "HTTPS://API.example:443/a/../%6frders",
        "https://other.example/orders",
    ] {
        assert!(draft().claim("htu", json!(htu)).judge().is_ok(), "{htu}");
    }
    for htu in ["https://api.example/orders/", "https://api.example/Orders", "http://api.example/orders"] {
        assert_eq!(draft().claim("htu", json!(htu)).judge(), Err(ProofError::Target), "{htu}");
    }
    let nowhere = verify_proof(&draft().sign(&KEY), &Expected::at_token_endpoint("GET", &[], NOW));
    assert_eq!(nowhere, Err(ProofError::Target));
}

/// T-9449-09: a malformed target is an error of its own.
#[test]
fn a_malformed_target_is_refused() {
    let htu = |htu: &str| draft().claim("htu", json!(htu)).judge();
    assert_eq!(htu("/orders"), Err(ProofError::Htu(HtuError::Scheme)));
    assert_eq!(htu("https://api.example/%zz"), Err(ProofError::Htu(HtuError::Escape)));
    assert_eq!(htu("https://[api.example/orders"), Err(ProofError::Htu(HtuError::Authority)));
    assert_eq!(htu("https://api.example/\0"), Err(ProofError::Htu(HtuError::Character)));
}

/// T-9449-08: clocks may differ by 10 seconds either way; what is beyond the window is refused.
#[test]
fn a_proof_is_recent() {
    let iat = |offset: i64| draft().claim("iat", json!(NOW + offset)).judge();
    for offset in [-60, -10, 0, 10, 30] {
        assert_eq!(iat(offset).unwrap().usable_until(), NOW + offset + 60, "{offset}");
    }
    assert_eq!(iat(-61), Err(ProofError::TooOld(61)));
    assert_eq!(iat(31), Err(ProofError::IssuedInFuture(31)));
    let proof = draft().claim("iat", json!(NOW - 6)).sign(&KEY);
    let targets = [Htu::parse(URI).unwrap()];
    let expected = Expected::at_token_endpoint("GET", &targets, NOW);
    let narrow = |past| verify_proof(&proof, &expected.window(past, 0).unwrap());
    assert_eq!(narrow(6).unwrap().usable_until(), NOW);
    assert_eq!(narrow(5), Err(ProofError::TooOld(6)));
    assert!(expected.window(300, 300).is_ok());
    assert_eq!(expected.window(301, 0).err(), Some(WindowTooLong));
    assert_eq!(expected.window(0, 301).err(), Some(WindowTooLong));
}

/// T-9449-08: `nbf` and `exp` are honoured where they are there.
#[test]
fn its_own_limits_are_honoured() {
    let exp = |offset: i64| draft().claim("exp", json!(NOW + offset)).judge();
    assert!(exp(1).is_ok());
    assert_eq!(exp(0), Err(ProofError::Expired(0)));
    assert_eq!(exp(-5), Err(ProofError::Expired(5)));
    let nbf = |offset: i64| draft().claim("nbf", json!(NOW + offset)).judge();
    for offset in [-1000, 10, 30] {
        assert!(nbf(offset).is_ok(), "{offset}");
    }
    assert_eq!(nbf(31), Err(ProofError::NotYetValid(31)));
}

/// T-9449-08: members that a proof does not have are ignored, whatever they are.
#[test]
fn what_is_unknown_is_ignored() {
    let proof = draft()
        .header("kid", json!("k"))
        .header("x5u", json!(1))
        .header("iss", json!(["x"]))
        .claim("aud", json!(1))
        .claim("sub", json!(null))
        .claim("cnf", json!("x"))
        .claim("nested", json!({"a": [1, 2]}));
    assert!(proof.judge().is_ok());
}

/// RFC 9449 §4.3 check 12: the hash of this very token, and the key that this token is bound to.
#[test]
fn the_token_is_the_one_that_was_presented() {
    let other = json!(access_token_hash("another"));
    assert_eq!(draft().claim("ath", other).judge(), Err(ProofError::OtherToken));
    let padded = json!(access_token_hash(TOKEN) + "=");
    assert_eq!(draft().claim("ath", padded).judge(), Err(ProofError::OtherToken));
    let thief = SigningKey::generate(Algorithm::ES256, "k").unwrap();
    assert_eq!(judge(&draft_of(&thief).sign(&thief), &KEY), Err(ProofError::OtherKey));
    // Where a token is only asked for, a hash of one means nothing.
    let targets = [Htu::parse(URI).unwrap()];
    let asked = Expected::at_token_endpoint("GET", &targets, NOW);
    assert!(verify_proof(&draft().without("ath").sign(&KEY), &asked).is_ok());
}

#[test]
fn what_we_make_passes() {
    for algorithm in DEFAULT_ALGORITHMS {
        let key = ProofKey::new(SigningKey::generate(algorithm, "k").unwrap());
        let jkt = key.thumbprint();
        let uri = format!("{URI}?page=2#top");
        let new = NewProof {
            method: "GET",
            htu: &uri,
            iat: NOW,
            jti: "j",
            access_token: Some(TOKEN),
            nonce: Some("n\"1"),
        };
        let text = key.sign(&new).unwrap();
        let targets = [Htu::parse(URI).unwrap()];
        let token = BoundToken { access_token: TOKEN, jkt: &jkt };
        let proof = verify_proof(&text, &Expected::at_resource("GET", &targets, token, NOW)).unwrap();
        assert_eq!((proof.jti(), proof.iat(), proof.nonce()), ("j", NOW, Some("n\"1")));
        assert_eq!(*proof.thumbprint(), jkt);
        assert_eq!(key.algorithm(), algorithm);
        let payload = base64url::decode(text.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(claims["htu"], URI);
    }
}
