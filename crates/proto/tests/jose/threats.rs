//! Known failures of others in verifying tokens, each a test of ours.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_lc_rs::hmac;
use countersign_proto::jose::{
    AccessToken, Algorithm, Claims, Jwk, JwkSet, KeySource, Rules, SigningKey, StaticKeys, VerifyError,
    VerifyingKey, base64url,
    claims::ClaimsError,
    header::HeaderError,
    json::JsonError,
    jws::{JwsError, MAX_LEN, Part},
    keys::KeyError,
    verify,
};
use serde_json::{Value, json};

use crate::support::{
    API, ISSUER, NOW, check, claims, claims_with, forge, header, jwk_json, key, keys, published, refused,
    rules, token,
};

const ES256: Algorithm = Algorithm::ES256;

fn header_error(error: HeaderError) -> VerifyError {
    VerifyError::Jws(JwsError::Header(error))
}

/// An honest ES256 signature over a header with more members.
fn with_members(members: &str) -> String {
    let header = format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"ES256",{members}}}"#);
    forge(&header, &claims().to_string(), &key(ES256))
}

/// The base of all tests below: nothing else is wrong with their tokens.
#[test]
fn the_unchanged_token_is_accepted() {
    for algorithm in Algorithm::ALL {
        let token = forge(&header(algorithm), &claims().to_string(), &key(algorithm));
        assert_eq!(check(&token).unwrap().claims().sub, "svc");
    }
}

/// T-8725-02 (CVE-2015-9235): `none` in every case, with and without a signature.
#[test]
fn alg_none() {
    for alg in ["none", "None", "NONE", "nOnE"] {
        let signed =
            forge(&format!(r#"{{"alg":"{alg}","typ":"at+jwt"}}"#), &claims().to_string(), &key(ES256));
        assert_eq!(refused(&signed), header_error(HeaderError::Unsigned));
        let (input, _) = signed.rsplit_once('.').unwrap();
        assert_eq!(refused(&format!("{input}.")), VerifyError::Jws(JwsError::NoSignature));
        assert_eq!(refused(input), VerifyError::Jws(JwsError::Parts));
    }
}

/// T-8725-01 (CVE-2022-29217, CVE-2026-48526): a public key in any of its spellings is no HMAC secret, nor is nothing.
#[test]
fn public_key_as_hmac_secret() {
    for algorithm in Algorithm::ALL {
        let key = key(algorithm);
        let jwk = jwk_json(key.public_jwk()).into_bytes();
        for secret in [key.spki_der().unwrap(), jwk, Vec::new()] {
            for (alg, hash) in
                [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)]
            {
                let header = format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"{algorithm}"}}"#);
                let payload = claims().to_string();
                let input = format!(
                    "{}.{}",
                    base64url::encode(header.as_bytes()),
                    base64url::encode(payload.as_bytes())
                );
                let tag = hmac::sign(&hmac::Key::new(hash, &secret), input.as_bytes());
                let token = format!("{input}.{}", base64url::encode(tag.as_ref()));
                assert_eq!(refused(&token), header_error(HeaderError::Symmetric));
            }
        }
    }
}

/// T-8725-01: each key has one algorithm; the header cannot choose another that the key could do.
#[test]
fn one_key_one_algorithm() {
    let der = key(Algorithm::RS256).to_pkcs8().unwrap();
    let same_key_pss = SigningKey::from_pkcs8(Algorithm::PS256, "RS256", &der).unwrap();
    let token =
        forge(r#"{"alg":"PS256","typ":"at+jwt","kid":"RS256"}"#, &claims().to_string(), &same_key_pss);
    assert_eq!(refused(&token), VerifyError::Key(KeyError::WrongAlgorithm(Algorithm::RS256)));
    let swapped =
        forge(r#"{"alg":"ES384","typ":"at+jwt","kid":"ES256"}"#, &claims().to_string(), &key(ES256));
    assert_eq!(refused(&swapped), VerifyError::Key(KeyError::WrongAlgorithm(ES256)));
}

/// T-8725-01: only the allow-list decides, and names are compared case-sensitively.
#[test]
fn the_allow_list_decides() {
    let only = Rules::access_token(ISSUER, API, &[Algorithm::EdDSA]);
    let verified = verify::<Claims>(&token(&claims().to_string()), &keys(), &only, NOW);
    assert_eq!(verified.err(), Some(VerifyError::Algorithm(ES256)));
    for alg in ["es256", "Es256", "ES256 ", "RS384", "ES512", "ES256K"] {
        let token = forge(&format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"ES256"}}"#), "{}", &key(ES256));
        assert_eq!(refused(&token), header_error(HeaderError::UnknownAlgorithm));
    }
}

/// A source that hands out a key for another algorithm cannot weaken the check either.
#[test]
fn a_careless_key_source_changes_nothing() {
    struct Careless;
    impl KeySource for Careless {
        fn find(&self, _: &str, _: Option<&str>, _: Algorithm) -> Result<Arc<VerifyingKey>, KeyError> {
            Ok(Arc::new(VerifyingKey::from(key(Algorithm::RS256).public_jwk())))
        }
    }
    let verified = verify::<Claims>(&token(&claims().to_string()), &Careless, &rules(), NOW);
    assert_eq!(verified.err(), Some(VerifyError::Key(KeyError::WrongAlgorithm(Algorithm::RS256))));
}

/// T-8725-06 (CVE-2018-0114, CVE-2026-27962): a key or a URL in the header is never used.
#[test]
fn key_in_the_header() {
    let attacker = SigningKey::generate(ES256, "evil").unwrap();
    let jwk = jwk_json(attacker.public_jwk());
    let members = [
        format!(r#""jwk":{jwk}"#),
        r#""jku":"https://evil.example/jwks.json""#.into(),
        r#""x5u":"https://evil.example/cert.pem""#.into(),
        r#""x5c":["MIIB"],"x5t":"AA","x5t#S256":"AA""#.into(),
    ];
    for member in members {
        let header = format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"ES256",{member}}}"#);
        assert_eq!(refused(&forge(&header, &claims().to_string(), &attacker)), VerifyError::Signature);
        let header = format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"evil",{member}}}"#);
        let error = refused(&forge(&header, &claims().to_string(), &attacker));
        assert_eq!(error, VerifyError::Key(KeyError::UnknownKid("evil".into())));
        assert!(check(&with_members(&member)).is_ok(), "ignored under an honest signature: {member}");
    }
}

/// T-8725-06: a kid is only ever compared.
#[test]
fn hostile_kid() {
    for kid in [
        "../../dev/null",
        "' OR 1=1 --",
        "\u{0}",
        "ES256\u{0}",
        "es256",
        &"k".repeat(256),
        "https://evil.example",
    ] {
        let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": kid}).to_string();
        let error = refused(&forge(&header, &claims().to_string(), &key(ES256)));
        assert_eq!(error, VerifyError::Key(KeyError::UnknownKid(kid.into())));
        let shown = error.to_string();
        assert!(shown.len() < 600 && shown.chars().all(|c| !c.is_control()), "{shown:?}");
    }
    for kid in [json!(1), json!(null), json!(["ES256"]), json!({"a": 1}), json!(""), json!("k".repeat(257))] {
        let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": kid}).to_string();
        let error = refused(&forge(&header, &claims().to_string(), &key(ES256)));
        assert_eq!(error, header_error(HeaderError::Member("kid")));
    }
    let twice = r#"{"alg":"ES256","typ":"at+jwt","kid":"x","kid":"ES256"}"#;
    let error = refused(&forge(twice, &claims().to_string(), &key(ES256)));
    assert_eq!(error, header_error(HeaderError::Json(JsonError::Duplicate("kid".into()))));
}

/// T-8725-06: without a kid only when there is exactly one key of the algorithm.
#[test]
fn missing_kid() {
    let without = forge(r#"{"alg":"ES256","typ":"at+jwt"}"#, &claims().to_string(), &key(ES256));
    assert!(check(&without).is_ok());
    let second = SigningKey::generate(ES256, "second").unwrap();
    let both: JwkSet = published().keys().iter().cloned().chain([second.public_jwk().clone()]).collect();
    let verified = verify::<Claims>(&without, &StaticKeys::new(ISSUER, &both), &rules(), NOW);
    assert_eq!(verified.err(), Some(VerifyError::Key(KeyError::NotOne)));
}

/// T-8725-03 (CVE-2025-59420, CVE-2026-32597): `crit` demands what we do not have, whatever it lists.
#[test]
fn crit() {
    for value in
        [r#"["exp"]"#, r#"["alg"]"#, "[]", "null", r#""exp""#, r#"["x","x"]"#, r#"["b64"],"b64":true"#]
    {
        assert_eq!(
            refused(&with_members(&format!(r#""crit":{value}"#))),
            header_error(HeaderError::Critical)
        );
    }
}

/// CVE-2026-48990: an unencoded payload (RFC 7797), with and without `crit`.
#[test]
fn b64() {
    for value in ["false", "true", "null"] {
        assert_eq!(
            refused(&with_members(&format!(r#""b64":{value}"#))),
            header_error(HeaderError::Unencoded)
        );
    }
}

/// T-8725-08: nothing is decompressed or decrypted.
#[test]
fn compression_and_encryption_in_the_header() {
    assert_eq!(refused(&with_members(r#""zip":"DEF""#)), header_error(HeaderError::Compressed));
    assert_eq!(refused(&with_members(r#""enc":"A128GCM""#)), header_error(HeaderError::Encrypted));
}

/// CVE-2022-21449: r and s of zero, of the order, or in another encoding.
#[test]
fn psychic_signatures() {
    const ORDER: [u8; 32] =
        *b"\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";
    let good = token(&claims().to_string());
    let (input, signature) = good.rsplit_once('.').unwrap();
    let signature = base64url::decode(signature).unwrap();
    let one = [[0; 31].as_slice(), &[1]].concat();
    let forgeries = [
        vec![0; 64],
        [ORDER, ORDER].concat(),
        [&ORDER[..], &[0; 32]].concat(),
        [&one[..], &[0; 32]].concat(),
        [&[0; 32], &one[..]].concat(),
        [&one[..], &one[..]].concat(),
        [&[0; 16], &signature[..32], &[0; 16], &signature[32..]].concat(),
        [&signature[..], &[0]].concat(),
        signature[..63].to_vec(),
        [&[0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00][..]].concat(),
        vec![0],
    ];
    for forgery in forgeries {
        assert_eq!(refused(&format!("{input}.{}", base64url::encode(&forgery))), VerifyError::Signature);
    }
}

/// Threats §1 (Ed25519 malleability): the order added to S makes no second signature.
#[test]
fn ed25519_malleability() {
    const ORDER: [u8; 32] =
        *b"\xed\xd3\xf5\x5c\x1a\x63\x12\x58\xd6\x9c\xf7\xa2\xde\xf9\xde\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10";
    let good = forge(&header(Algorithm::EdDSA), &claims().to_string(), &key(Algorithm::EdDSA));
    let (input, signature) = good.rsplit_once('.').unwrap();
    let mut signature = base64url::decode(signature).unwrap();
    let mut carry = 0_u16;
    for (byte, more) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    assert_eq!(refused(&format!("{input}.{}", base64url::encode(&signature))), VerifyError::Signature);
}

/// T-8725-03 (CVE-2023-51774, CVE-2026-29000): a JWE, also with an empty key part (CVE-2026-34986).
#[test]
fn jwe_where_a_jws_is_expected() {
    let good = token(&claims().to_string());
    let (head, payload, signature) = {
        let mut parts = good.split('.');
        (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap())
    };
    let direct = base64url::encode(br#"{"alg":"dir","enc":"A128GCM"}"#);
    for jwe in [format!("{direct}..AA.AA.AA"), format!("{head}.{payload}.{signature}.AA.AA"), "....".into()] {
        assert_eq!(refused(&jwe), VerifyError::Jws(JwsError::Encrypted));
    }
}

/// CVE-2025-30204, CVE-2025-27144: size and dots are counted before anything is cut or decoded.
#[test]
fn oversized_and_many_dots() {
    assert_eq!(refused(&".".repeat(MAX_LEN + 1)), VerifyError::Jws(JwsError::TooLong));
    assert_eq!(refused(&".".repeat(MAX_LEN)), VerifyError::Jws(JwsError::Parts));
    assert_eq!(refused(&"A".repeat(1_000_000)), VerifyError::Jws(JwsError::TooLong));
    let big = token(&claims_with("x", json!("x".repeat(MAX_LEN))));
    assert_eq!(refused(&big), VerifyError::Jws(JwsError::TooLong));
    let big_header = with_members(&format!(r#""x":"{}""#, "x".repeat(4096)));
    assert_eq!(refused(&big_header), header_error(HeaderError::Json(JsonError::TooLong(4096))));
}

/// CVE-2025-53864: nesting is capped in header and payload.
#[test]
fn deeply_nested_json() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let payload = |levels| claims().to_string().replacen('{', &format!(r#"{{"x":{},"#, nested(levels)), 1);
    assert!(check(&token(&payload(15))).is_ok());
    assert_eq!(refused(&token(&payload(16))), VerifyError::Claims(ClaimsError::Json(JsonError::TooDeep(16))));
    assert_eq!(
        refused(&token(&payload(5000))),
        VerifyError::Claims(ClaimsError::Json(JsonError::TooDeep(16)))
    );
    let error = refused(&with_members(&format!(r#""x":{}"#, nested(1000))));
    assert_eq!(error, header_error(HeaderError::Json(JsonError::TooDeep(8))));
}

/// Threats §1 (duplicate keys): in header and payload, at every level, in another spelling too.
#[test]
fn duplicate_members() {
    let duplicate = |name: &str| VerifyError::Claims(ClaimsError::Json(JsonError::Duplicate(name.into())));
    let with = |member: &str| token(&claims().to_string().replacen('{', &format!("{{{member},"), 1));
    assert_eq!(refused(&with(r#""sub":"root""#)), duplicate("sub"));
    assert_eq!(refused(&with(r#""\u0073ub":"root""#)), duplicate("sub"));
    assert_eq!(refused(&with(r#""cnf":{"jkt":"a","jkt":"b"}"#)), duplicate("jkt"));
    assert_eq!(refused(&with(r#""x":[{"a":1,"a":2}]"#)), duplicate("a"));
    let error = refused(&with_members(r#""alg":"none""#));
    assert_eq!(error, header_error(HeaderError::Json(JsonError::Duplicate("alg".into()))));
}

/// T-8725-08: a JSON serialization that a reader by dots could take for a token.
#[test]
fn json_serialization() {
    let good = token(&claims().to_string());
    let parts: Vec<&str> = good.split('.').collect();
    for form in [
        json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]}).to_string(),
        json!({"payload": parts[1], "signatures": [{"protected": parts[0], "signature": parts[2]}]})
            .to_string(),
        format!(r#"{{"x":".{}.{}","protected":""}}"#, parts[1], parts[2]),
    ] {
        assert_eq!(refused(&form), VerifyError::Jws(JwsError::JsonSerialization));
    }
    assert_eq!(refused(&format!(" {good}")), VerifyError::Jws(JwsError::Alphabet));
    assert_eq!(refused(&format!("\"{good}\"")), VerifyError::Jws(JwsError::Alphabet));
}

/// Threats §1 (base64): one token, one spelling.
#[test]
fn other_spellings_of_a_good_token() {
    let good = token(&claims().to_string());
    for spelling in [
        format!("{good}="),
        format!("{good}=="),
        format!("{good}\n"),
        good.replace('.', "=."),
        format!("Bearer {good}"),
    ] {
        assert_eq!(refused(&spelling), VerifyError::Jws(JwsError::Alphabet));
    }
    // 64 bytes leave four bits of the last character unused.
    let last = good.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = alphabet.chars().nth(alphabet.find(last).unwrap() + 1).unwrap();
    let twin = format!("{}{next}", &good[..good.len() - 1]);
    assert_eq!(refused(&twin), VerifyError::Jws(JwsError::Encoding(Part::Signature)));
}

/// Threats §1 (weak RSA keys): none of them becomes a key that could verify.
#[test]
fn weak_rsa_keys() {
    let honest: Value = serde_json::from_str(&jwk_json(key(Algorithm::RS256).public_jwk())).unwrap();
    let with = |name: &str, bytes: &[u8]| {
        let mut jwk = honest.clone();
        jwk[name] = json!(base64url::encode(bytes));
        Jwk::parse(jwk.to_string().as_bytes())
    };
    assert!(with("e", &[1, 0, 1]).is_ok());
    for e in [&[][..], &[0], &[1], &[2], &[4], &[1, 0, 0], &[0, 1, 0, 1], &[1; 5], &[0xff; 256]] {
        assert!(with("e", e).is_err(), "{e:?}");
    }
    for bytes in [0, 1, 64, 128, 255, 513, 2048] {
        assert!(with("n", &vec![0xff; bytes]).is_err(), "{bytes}");
    }
}

/// Threats §1: the checks are cheap first: a token that fails any of them costs no look-up and no signature.
#[test]
fn cheap_checks_come_first() {
    #[derive(Default)]
    struct Counting(AtomicUsize);
    impl KeySource for Counting {
        fn find(
            &self,
            issuer: &str,
            kid: Option<&str>,
            alg: Algorithm,
        ) -> Result<Arc<VerifyingKey>, KeyError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            keys().find(issuer, kid, alg)
        }
    }
    let counting = Counting::default();
    let count = |token: &str| {
        let _ = verify::<AccessToken>(token, &counting, &rules(), NOW);
        counting.0.load(Ordering::Relaxed)
    };
    for (claim, value) in [("iss", json!("x")), ("aud", json!("x")), ("exp", json!(1)), ("jti", Value::Null)]
    {
        assert_eq!(count(&token(&claims_with(claim, value))), 0, "{claim}");
    }
    assert_eq!(
        count(&forge(r#"{"alg":"ES256","typ":"JWT","kid":"ES256"}"#, &claims().to_string(), &key(ES256))),
        0
    );
    assert_eq!(count(&token(&claims().to_string())), 1);
}

/// CVE-2025-65015: what is shown of a refusal holds nothing of the token but claim names and the kid.
#[test]
fn refusals_show_nothing_of_the_token() {
    const CANARY: &str = "c4n4ry";
    let good = claims().to_string();
    let tokens = [
        format!("{CANARY}.{CANARY}"),
        token(&claims_with("sub", json!([CANARY]))),
        token(&claims_with("iss", json!(CANARY))),
        token(&claims_with("aud", json!(CANARY))),
        token(&claims_with("exp", json!(CANARY))),
        token(&good.replacen('{', &format!(r#"{{"x":"{CANARY}""#), 1)),
        forge(&format!(r#"{{"alg":"{CANARY}"}}"#), &good, &key(ES256)),
        forge(&format!(r#"{{"alg":"ES256","typ":"{CANARY}"}}"#), &good, &key(ES256)),
        with_members(&format!(r#""crit":["{CANARY}"]"#)),
        with_members(&format!(r#""kid2":"{CANARY}",}}"#)),
    ];
    for token in tokens {
        let error = refused(&token);
        assert!(!error.to_string().contains(CANARY) && !format!("{error:?}").contains(CANARY), "{error:?}");
    }
}
