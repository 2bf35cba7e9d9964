//! `private_key_jwt` (RFC 7523, draft-ietf-oauth-rfc7523bis).

use std::sync::Arc;

use countersign_proto::jose::{Algorithm, SigningKey};
use countersign_testkit::issuer::Document;
use countersign_testkit::{Draft, TestIssuer};
use serde_json::json;

use crate::Ask;
use crate::ask::{JWT_BEARER, assertion};

/// An issuer that knows the key of `svc`.
async fn issuer(algorithm: Algorithm) -> (TestIssuer, Arc<SigningKey>) {
    let issuer = TestIssuer::with().path("/realms/a").start().await;
    let key = Arc::new(SigningKey::generate(algorithm, "own").unwrap());
    issuer.client("svc").key(key.public_jwk());
    (issuer, key)
}

async fn verdict(issuer: &TestIssuer, draft: &Draft) -> String {
    Ask::new().assertion(draft).verdict(issuer).await
}

/// T-7523-01, T-7523-05: testkit's issuer takes an assertion of each algorithm, with or without `client_id` and `kid`.
#[tokio::test]
async fn takes_a_good_assertion() {
    for algorithm in Algorithm::ALL {
        let (issuer, key) = issuer(algorithm).await;
        let ask = Ask::new().assertion(&assertion(&issuer, &key));
        assert_eq!(ask.at(&issuer).await.claims()["client_id"], "svc", "{algorithm}");
        let ask = Ask::new().with("client_id", "svc");
        let ask = ask.assertion(&assertion(&issuer, &key).without_header("kid"));
        assert_eq!(ask.verdict(&issuer).await, "200 -", "{algorithm}");
    }
}

/// T-7523-01, T-7523-02, T-7523-03, T-7523-04: testkit's issuer takes its own identifier as `aud`, as a string, and
/// nothing else.
#[tokio::test]
async fn the_audience_is_the_issuer_alone() {
    let (issuer, key) = issuer(Algorithm::ES256).await;
    let own = issuer.issuer();
    for aud in [
        json!(issuer.url(Document::Token)),
        json!(format!("{own}/")),
        json!(own.to_uppercase()),
        json!([own]),
        json!([own, "other"]),
        json!([own, own]),
        json!([]),
        json!(null),
        json!(7),
        json!({}),
    ] {
        let draft = assertion(&issuer, &key).claim("aud", aud.clone());
        assert_eq!(verdict(&issuer, &draft).await, "401 invalid_client", "{aud}");
    }
    let draft = assertion(&issuer, &key).without("aud");
    assert_eq!(verdict(&issuer, &draft).await, "401 invalid_client");
}

/// T-7523-05: testkit's issuer wants the explicit type; a client that is registered so must use an old one.
#[tokio::test]
async fn the_type_is_the_explicit_one() {
    let (issuer, key) = issuer(Algorithm::ES256).await;
    let explicit = || assertion(&issuer, &key);
    let (untyped, old) = (|| explicit().without_header("typ"), || explicit().header("typ", "JWT"));
    for draft in [untyped(), old(), explicit().header("typ", "at+jwt")] {
        assert_eq!(verdict(&issuer, &draft).await, "401 invalid_client");
    }
    issuer.client("svc").old_assertion_type();
    assert_eq!(verdict(&issuer, &explicit()).await, "401 invalid_client");
    for draft in [untyped(), old()] {
        assert_eq!(verdict(&issuer, &draft).await, "200 -");
    }
}

/// T-7523-07, T-7523-09, T-7523-10, T-7523-12: testkit's issuer checks who, when and that it is the first time, and
/// says one thing of all.
#[tokio::test]
async fn each_claim_is_checked() {
    let (issuer, key) = issuer(Algorithm::ES256).await;
    let (good, now) = (|| assertion(&issuer, &key), issuer.now());
    for (name, draft) in [
        ("iss of another", good().claim("iss", "other")),
        ("sub of another", good().claim("sub", "other")),
        ("both of another", good().claim("iss", "other").claim("sub", "other")),
        ("no iss", good().without("iss")),
        ("no sub", good().without("sub")),
        ("no exp", good().without("exp")),
        ("exp a string", good().claim("exp", now.plus(60).0.to_string())),
        ("expired", good().claim("exp", now.0)),
        ("too long", good().claim("exp", now.plus(301).0)),
        ("nbf in the future", good().claim("nbf", now.plus(11).0)),
        ("iat in the future", good().claim("iat", now.plus(11).0)),
        ("no jti", good().without("jti")),
        ("jti empty", good().claim("jti", "")),
        ("jti a number", good().claim("jti", 7)),
        ("a claim twice", good().again("sub", "\"svc\"")),
        ("no JSON", good().raw_payload("x")),
    ] {
        let told = Ask::new().assertion(&draft).at(&issuer).await;
        assert_eq!(told.refusal(), "401 invalid_client", "{name}");
        assert_eq!(told.str("error_description"), "client authentication failed", "{name}");
        assert_eq!(told.header("www-authenticate"), None, "{name}");
    }
    let edge = good().claim("exp", now.plus(300).0).claim("iat", now.plus(10).0).claim("nbf", now.plus(10).0);
    assert_eq!(verdict(&issuer, &edge).await, "200 -");
    assert_eq!(verdict(&issuer, &edge).await, "401 invalid_client", "a replay");
    let same_jti = good().claim("jti", "x");
    assert_eq!(verdict(&issuer, &same_jti.clone().signature([0; 64])).await, "401 invalid_client");
    assert_eq!(verdict(&issuer, &same_jti).await, "200 -", "what is refused does not use it up");
    assert_eq!(verdict(&issuer, &good().claim("jti", "x")).await, "401 invalid_client");
}

/// T-7523-07, T-7523-11: testkit's issuer takes the registered keys, each with its one algorithm.
#[tokio::test]
async fn the_key_is_a_registered_one() {
    let (issuer, key) = issuer(Algorithm::RS256).await;
    let other = Arc::new(SigningKey::generate(Algorithm::RS256, "own").unwrap());
    let der = key.to_pkcs8().unwrap();
    let ps256 = Arc::new(SigningKey::from_pkcs8(Algorithm::PS256, "own", &der).unwrap());
    for (name, draft) in [
        ("another key", assertion(&issuer, &other)),
        ("another algorithm", assertion(&issuer, &ps256)),
        ("another name", assertion(&issuer, &key).header("kid", "x")),
        ("none", assertion(&issuer, &key).header("alg", "none").signature("")),
        ("no signature", assertion(&issuer, &key).signature([0; 256])),
    ] {
        assert_eq!(verdict(&issuer, &draft).await, "401 invalid_client", "{name}");
    }
    issuer.client("svc").key(ps256.public_jwk());
    assert_eq!(verdict(&issuer, &assertion(&issuer, &ps256)).await, "200 -");
    assert_eq!(verdict(&issuer, &assertion(&issuer, &key)).await, "200 -");
}

/// T-7523-08: testkit's issuer wants both parameters, the type exact, and a `client_id` that fits.
#[tokio::test]
async fn the_parameters_belong_together() {
    let (issuer, key) = issuer(Algorithm::EdDSA).await;
    let draft = || assertion(&issuer, &key).token();
    for (ask, expected) in [
        (Ask::new().with("client_assertion", draft()), "400 invalid_request"),
        (Ask::new().with("client_assertion_type", JWT_BEARER), "400 invalid_request"),
        (
            Ask::new()
                .with("client_assertion_type", JWT_BEARER.to_uppercase())
                .with("client_assertion", draft()),
            "401 invalid_client",
        ),
        (Ask::new().assertion(&assertion(&issuer, &key)).with("client_id", "x"), "400 invalid_request"),
    ] {
        assert_eq!(ask.verdict(&issuer).await, expected);
    }
}
