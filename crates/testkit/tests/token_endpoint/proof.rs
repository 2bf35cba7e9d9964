//! DPoP at the token endpoint (RFC 9449 §5, §8).

use countersign_proto::jose::Algorithm;
use countersign_testkit::issuer::Document;
use countersign_testkit::{Draft, TestClientKey, TestIssuer};

use crate::Ask;
use crate::ask::{issuer, send, verdict};

fn proof(issuer: &TestIssuer, key: &TestClientKey) -> Draft {
    key.proof("POST", &issuer.url(Document::Token))
}

/// T-9449-03: testkit's issuer binds a token to the key of its proof, and says `DPoP`.
#[tokio::test]
async fn a_proof_binds_the_token() {
    let issuer = issuer().await;
    for algorithm in [Algorithm::ES256, Algorithm::ES384, Algorithm::PS256, Algorithm::EdDSA] {
        let key = TestClientKey::new(algorithm);
        let answer = Ask::new().svc().dpop(&proof(&issuer, &key)).at(&issuer).await;
        assert_eq!((answer.str("token_type"), answer.header("dpop-nonce")), ("DPoP".to_owned(), None));
        assert_eq!(answer.claims()["cnf"]["jkt"], key.jkt());
    }
    let unbound = Ask::new().svc().at(&issuer).await;
    assert_eq!((unbound.str("token_type"), unbound.claims().get("cnf")), ("Bearer".to_owned(), None));
}

/// T-9449-01, T-9449-06, T-9449-10: testkit's issuer refuses any other proof with 400.
#[tokio::test]
async fn a_bad_proof_is_refused() {
    let issuer = issuer().await;
    let key = TestClientKey::new(Algorithm::ES256);
    let good = || proof(&issuer, &key);
    for (name, ask) in [
        ("no proof", Ask::new().header("dpop", "x")),
        ("two proofs", Ask::new().dpop(&good()).dpop(&good())),
        ("another method", Ask::new().dpop(&good().claim("htm", "GET"))),
        ("another place", Ask::new().dpop(&good().claim("htu", issuer.issuer()))),
        ("old", Ask::new().dpop(&good().claim("iat", issuer.now().0 - 61))),
        ("another key", Ask::new().dpop(&good().signed_by(TestClientKey::new(Algorithm::ES256).key()))),
        ("RS256", Ask::new().dpop(&proof(&issuer, &TestClientKey::new(Algorithm::RS256)))),
    ] {
        assert_eq!(ask.svc().verdict(&issuer).await, "400 invalid_dpop_proof", "{name}");
    }
    let once = Ask::new().svc().dpop(&good());
    assert_eq!(once.verdict(&issuer).await, "200 -");
    assert_eq!(once.verdict(&issuer).await, "400 invalid_dpop_proof");
}

/// T-9449-03: testkit's issuer demands a proof of who is registered so, before it speaks of nonces.
#[tokio::test]
async fn a_proof_may_be_demanded() {
    let issuer = issuer().await;
    issuer.client("svc").must_use_dpop();
    issuer.demand_new_nonce();
    let answer = Ask::new().svc().at(&issuer).await;
    assert_eq!((answer.refusal().as_str(), answer.header("dpop-nonce")), ("400 invalid_dpop_proof", None));
}

/// T-9449-05, T-9449-07: testkit's issuer demands its nonce once it was asked to, one at a time, and hands out the next
/// with a token.
#[tokio::test]
async fn nonces_are_demanded_and_change() {
    let issuer = issuer().await;
    let key = TestClientKey::new(Algorithm::ES256);
    let with = async |nonce: Option<&str>| {
        let proof = proof(&issuer, &key);
        let proof = nonce.map_or(proof.clone(), |nonce| proof.claim("nonce", nonce));
        Ask::new().svc().dpop(&proof).at(&issuer).await
    };
    let nonce = |answer: &countersign_testkit::Answer| answer.header("dpop-nonce").unwrap().to_owned();
    assert_eq!(with(None).await.header("dpop-nonce"), None);
    issuer.demand_new_nonce();
    let refused = with(None).await;
    assert_eq!(refused.refusal(), "400 use_dpop_nonce");
    let first = nonce(&refused);
    assert!(first.len() >= 22);
    let given = with(Some(&first)).await;
    assert_eq!((verdict(&given).as_str(), nonce(&given)), ("200 -", first.clone()));
    for wrong in [None, Some("x")] {
        assert_eq!(with(wrong).await.refusal(), "400 use_dpop_nonce");
    }
    issuer.announce_new_nonce();
    let second = nonce(&with(Some(&first)).await);
    assert_ne!(first, second);
    assert_eq!(with(Some(&first)).await.refusal(), "400 use_dpop_nonce", "the next was handed out");
    assert_eq!(verdict(&with(Some(&second)).await), "200 -");
    issuer.demand_new_nonce();
    let refused = with(Some(&second)).await;
    assert_eq!(refused.refusal(), "400 use_dpop_nonce");
    assert_eq!(verdict(&with(Some(&nonce(&refused))).await), "200 -");
    // who sends no proof is not concerned
    assert_eq!(verdict(&send(Ask::new().svc().request(&issuer.url(Document::Token))).await), "200 -");
}
