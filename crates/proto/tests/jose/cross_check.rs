//! A foreign library must agree: it accepts what we sign, we accept what it signs, for every algorithm.

use base64::{Engine, engine::general_purpose::STANDARD};
use countersign_proto::jose::{Algorithm, EncodedHeader, SigningKey, compact};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::Value;

use crate::support::{API, ISSUER, check, claims, jwk_json, key};

/// T-9068-01: a token of ours is one for others.
#[test]
fn they_accept_ours() {
    for algorithm in Algorithm::ALL {
        let key = key(algorithm);
        let header = EncodedHeader::of(&*key, Some("at+jwt"));
        let token = compact::sign(&header, claims().to_string().as_bytes(), &*key).unwrap();
        let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_str(&jwk_json(key.public_jwk())).unwrap();
        let mut validation = Validation::new(theirs(algorithm));
        validation.set_audience(&[API]);
        validation.set_issuer(&[ISSUER]);
        let read = decode::<Value>(&token, &DecodingKey::from_jwk(&jwk).unwrap(), &validation).unwrap();
        assert_eq!(read.claims, claims(), "{algorithm}");
        assert_eq!(read.header.typ.as_deref(), Some("at+jwt"));
        assert_eq!(read.header.kid.as_deref(), Some(algorithm.as_str()));
    }
}

#[test]
fn we_accept_theirs() {
    for algorithm in Algorithm::ALL {
        let mut header = Header::new(theirs(algorithm));
        header.typ = Some("at+jwt".into());
        header.kid = Some(algorithm.to_string());
        let token = encode(&header, &claims(), &their_key(&key(algorithm))).unwrap();
        let verified = check(&token).unwrap();
        assert_eq!(verified.header().alg(), algorithm);
        assert_eq!(verified.claims().sub, "svc");
    }
}

fn their_key(key: &SigningKey) -> EncodingKey {
    let body = STANDARD.encode(&*key.to_pkcs8().unwrap());
    let lines: Vec<&str> =
        body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    match key.algorithm() {
        Algorithm::RS256 | Algorithm::PS256 => EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(),
        Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_pem(pem.as_bytes()).unwrap(),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(pem.as_bytes()).unwrap(),
    }
}

fn theirs(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::RS256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::PS256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::ES256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::ES384 => jsonwebtoken::Algorithm::ES384,
        Algorithm::EdDSA => jsonwebtoken::Algorithm::EdDSA,
    }
}
