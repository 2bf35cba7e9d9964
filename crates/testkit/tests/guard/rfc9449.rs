//! RFC 9449 at every door: a token that is bound to a key is good only with a proof of it, made for this request.

use countersign_guard::{BoundBy, VerifierBuilder};
use countersign_proto::jose::Algorithm;
use countersign_testkit::{Draft, TestClientKey};
use serde_json::json;

use crate::harness::{Ask, DOORS, Door, Heard, Scene};

const URL: &str = "https://orders.example/orders";

/// A client with a key, and a token that is bound to it.
struct Caller {
    scene: Scene,
    key: TestClientKey,
    token: String,
}

impl Caller {
    async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    async fn with(set: impl FnOnce(VerifierBuilder) -> VerifierBuilder) -> Self {
        let scene = Scene::with(|issuer| issuer, set).await;
        let key = TestClientKey::new(Algorithm::ES256).clock(scene.clock.clone());
        let token = scene.issuer.mint().bound_to(&key).token();
        Self { scene, key, token }
    }

    /// A good proof for `GET /orders`.
    fn proof(&self) -> Draft {
        self.key.proof("GET", URL).ath(&self.token)
    }

    fn ask(&self, proof: &Draft) -> Ask {
        Ask::get("/orders").dpop(&self.token, proof)
    }

    async fn heard(&self, door: Door, ask: &Ask) -> Heard {
        self.scene.doors.ask(door, ask).await
    }

    /// Makes sure that a proof is refused at every door, told as it should be.
    async fn is_refused(&self, name: &str, proof: &Draft) {
        for door in DOORS {
            let heard = self.heard(door, &self.ask(proof)).await;
            assert_is_refused_proof(name, &heard);
        }
    }
}

/// T-9449-10: a bad proof is 401 `invalid_dpop_proof`, told in a challenge of DPoP first, with the algorithms.
#[track_caller]
fn assert_is_refused_proof(name: &str, heard: &Heard) {
    let door = heard.door;
    assert_eq!(heard.verdict(), "401 invalid_dpop_proof", "{name} at {door:?}: {}", heard.text());
    assert!(!heard.is_let_in(), "{name} at {door:?}");
    let challenges = heard.challenges();
    let schemes: Vec<_> = challenges.iter().map(|challenge| challenge.scheme().as_str()).collect();
    assert_eq!(schemes, ["DPoP", "Bearer"], "{name} at {door:?}");
    assert_eq!(challenges[0].algs().collect::<Vec<_>>(), ["ES256", "ES384", "PS256", "EdDSA"], "{name}");
    assert_eq!(heard.header("dpop-nonce"), None, "{name} at {door:?}");
}

/// RFC 9449 §7.1: a good proof lets its token in, with every algorithm that proofs may have.
#[tokio::test]
async fn a_good_proof_is_taken_at_every_door() {
    let caller = Caller::new().await;
    for door in DOORS {
        let heard = caller.heard(door, &caller.ask(&caller.proof())).await;
        assert_eq!(heard.who()[0], "svc");
        let scheme = format!("dpop {}", caller.token);
        let ask = Ask::get("/orders").header("authorization", scheme).header("DPoP", caller.proof().token());
        assert!(caller.heard(door, &ask).await.is_let_in(), "the scheme in lower case");
    }
    for algorithm in [Algorithm::ES384, Algorithm::PS256, Algorithm::EdDSA] {
        let key = TestClientKey::new(algorithm);
        let token = caller.scene.issuer.mint().bound_to(&key).token();
        for door in DOORS {
            let proof = key.proof("POST", "https://orders.example/orders/write").ath(&token);
            let ask = Ask::new("POST", "/orders/write").dpop(&token, &proof);
            assert_eq!(
                caller.heard(door, &ask).await.verdict(),
                "403 insufficient_scope",
                "{algorithm} {door:?}"
            );
        }
    }
}

/// RFC 9449 §4.3: each check, at every door.
#[tokio::test]
async fn each_check_of_a_proof_is_made() {
    let caller = Caller::new().await;
    let (good, now) = (|| caller.proof(), caller.scene.issuer.now().0);
    let other = TestClientKey::new(Algorithm::ES256);
    let mut private = caller.key.jwk();
    private["d"] = json!("AAAA");
    let rsa = TestClientKey::new(Algorithm::RS256);
    let bound_to_rsa = caller.scene.issuer.mint().bound_to(&rsa).token();
    for (name, proof) in [
        ("2: no JWT", good().raw_header("x")),
        ("2: payload no JSON", good().raw_payload("x")),
        ("3: jti missing", good().without("jti")),
        ("3: jti empty", good().claim("jti", "")),
        ("3: jti number", good().claim("jti", 7)),
        ("3: jti too long", good().claim("jti", "x".repeat(257))),
        ("3: htm missing", good().without("htm")),
        ("3: htu missing", good().without("htu")),
        ("3: htu number (T-9449-09)", good().claim("htu", 7)),
        ("3: iat missing", good().without("iat")),
        ("3: iat string", good().claim("iat", now.to_string())),
        ("3: twice the same claim", good().again("htm", "\"GET\"")),
        ("4: typ missing", good().without_header("typ")),
        ("4: typ of an access token", good().header("typ", "at+jwt")),
        ("4: typ JWT", good().header("typ", "JWT")),
        ("5: alg none", good().header("alg", "none").signature("")),
        ("5: alg HS256", good().header("alg", "HS256")),
        ("6: signed by another key", good().signed_by(other.key())),
        ("6: signature empty", good().signature("")),
        ("6: signature of zeros", good().signature([0; 64])),
        ("6: no jwk", good().without_header("jwk")),
        ("6: a kid instead", good().without_header("jwk").header("kid", "es256-1")),
        ("7: private jwk", good().header("jwk", private)),
        ("7: symmetric jwk", good().header("jwk", json!({ "kty": "oct", "k": "AAAA" }))),
        ("7: jwk no object", good().header("jwk", "x")),
        ("8: another method", good().claim("htm", "POST")),
        ("8: the method in lower case", good().claim("htm", "get")),
        ("9: another path", good().claim("htu", "https://orders.example/other")),
        ("9: a path alone", good().claim("htu", "/orders")),
        ("9: malformed (T-9449-09)", good().claim("htu", "https://orders.example/%zz")),
        ("11: too old", good().claim("iat", now - 61)),
        ("11: in the future", good().claim("iat", now + 31)),
        ("11: expired (T-9449-08)", good().claim("exp", now)),
        ("11: not yet valid (T-9449-08)", good().claim("nbf", now + 31)),
        ("12: ath missing", good().without("ath")),
        ("12: ath of another token", good().ath("another")),
        ("12: ath is the token", good().claim("ath", caller.token.as_str())),
        ("12: of another key", other.proof("GET", URL).ath(&caller.token)),
        ("crit", good().header("crit", json!(["x"])).header("x", 1)),
    ] {
        caller.is_refused(name, &proof).await;
    }
    for door in DOORS {
        let proof = rsa.proof("GET", URL).ath(&bound_to_rsa);
        let heard = caller.heard(door, &Ask::get("/orders").dpop(&bound_to_rsa, &proof)).await;
        assert_is_refused_proof("5: RS256, which nobody named", &heard);
        assert!(caller.heard(door, &caller.ask(&caller.proof())).await.is_let_in());
    }
}

/// T-9449-10: RS256 proofs are taken where they are named, and then no others.
#[tokio::test]
async fn rs256_proofs_are_taken_by_name_alone() {
    let caller = Caller::with(|builder| builder.proof_algorithms(&[Algorithm::RS256])).await;
    let rsa = TestClientKey::new(Algorithm::RS256);
    let token = caller.scene.issuer.mint().bound_to(&rsa).token();
    for door in DOORS {
        let ask = Ask::get("/orders").dpop(&token, &rsa.proof("GET", URL).ath(&token));
        assert!(caller.heard(door, &ask).await.is_let_in(), "{door:?}");
        let heard = caller.heard(door, &caller.ask(&caller.proof())).await;
        assert_eq!(heard.verdict(), "401 invalid_dpop_proof", "{door:?}");
        assert_eq!(heard.challenges()[0].algs().collect::<Vec<_>>(), ["RS256"]);
    }
}

/// T-9449-08: 10 seconds early or late pass, whatever else a proof says is ignored.
#[tokio::test]
async fn clocks_may_differ_and_more_may_be_said() {
    let caller = Caller::new().await;
    caller.scene.clock.advance(60); // the guard is no longer new
    let now = caller.scene.issuer.now().0;
    for door in DOORS {
        for proof in [
            caller.proof().claim("iat", now - 10),
            caller.proof().claim("iat", now + 10),
            caller.proof().claim("iat", now - 60),
            caller.proof().claim("iat", now + 30),
            caller.proof().claim("exp", now + 1).claim("nbf", now),
            caller.proof().claim("aud", "x").claim("iss", 7).header("extra", json!({ "a": 1 })),
            caller.proof().header("typ", "application/dpop+jwt"),
        ] {
            let heard = caller.heard(door, &caller.ask(&proof)).await;
            assert!(heard.is_let_in(), "{door:?} {}", String::from_utf8_lossy(&proof.payload_bytes()));
        }
    }
}

/// T-9449-01, T-9449-02: the target is compared as RFC 3986 says and no further, with the configured URL, never with
/// what `Host` and its kin say.
#[tokio::test]
async fn htu_is_judged_against_the_public_url() {
    let caller = Caller::new().await;
    let asks = |proof: &Draft| {
        let ask = caller.ask(proof);
        // a caller may say what it wants of where it is
        let mut forged = ask.clone().header("forwarded", "host=evil.example;proto=http");
        forged.headers.insert("host", "evil.example".parse().unwrap());
        [ask, forged]
    };
    for door in DOORS {
        for htu in [
            "https://orders.example/orders",
            "HTTPS://ORDERS.EXAMPLE/orders",
            "https://orders.example:443/orders",
            "https://orders.example/%6Frders",
            "https://orders.example/x/../orders",
            "https://orders.example/orders?a=b#c",
        ] {
            for ask in asks(&caller.proof().claim("htu", htu)).into_iter().take(1) {
                assert!(caller.heard(door, &ask).await.is_let_in(), "{htu} at {door:?}");
            }
        }
        for htu in [
            "https://orders.example/Orders",
            "https://orders.example/orders/",
            "https://orders.example//orders",
            "https://orders.example/orders%2F",
            "https://orders.example/",
            "https://orders.example",
            "http://orders.example/orders",
            "https://orders.example:8443/orders",
            "https://orders.example./orders",
            "https://www.orders.example/orders",
            "https://orders.example.evil.example/orders",
            "https://evil.example/orders",
            "http://evil.example/orders",
            "https://user@orders.example/orders",
            "http://127.0.0.1/orders",
        ] {
            for ask in asks(&caller.proof().claim("htu", htu)) {
                assert_is_refused_proof(htu, &caller.heard(door, &ask).await);
            }
        }
        // the request's own query is no part of it
        let mut ask = caller.ask(&caller.proof());
        ask.target = "/orders?page=2&sort=a".to_owned();
        assert!(caller.heard(door, &ask).await.is_let_in(), "{door:?}");
    }
}

/// T-9449-10: a path that is as long as one may be is too long for any proof behind the public URL, which is no fault of
/// the path.
#[tokio::test]
async fn what_is_too_long_for_any_proof_is_told_so() {
    let caller = Caller::new().await;
    let path = format!("/orders/{}", "a".repeat(8 * 1024 - "/orders/".len()));
    for door in DOORS {
        let proof = caller.proof().claim("htu", format!("https://orders.example{path}"));
        let heard = caller.heard(door, &Ask::get(&path).dpop(&caller.token, &proof)).await;
        assert_is_refused_proof("too long", &heard);
        let shorter = &path[..path.len() - "https://orders.example".len()];
        let proof = caller.proof().claim("htu", format!("https://orders.example{shorter}"));
        let heard = caller.heard(door, &Ask::get(shorter).dpop(&caller.token, &proof)).await;
        assert_ne!(heard.status.as_u16(), 401, "{door:?}");
    }
}

/// T-9449-02: the API may have several URLs, and a path before its own.
#[tokio::test]
async fn both_urls_are_taken_where_there_are_two() {
    let caller =
        Caller::with(|builder| builder.or_url("http://localhost:8081").or_url("https://x.example/v1/")).await;
    for door in DOORS {
        for htu in [URL, "http://localhost:8081/orders", "https://x.example/v1/orders"] {
            let heard = caller.heard(door, &caller.ask(&caller.proof().claim("htu", htu))).await;
            assert!(heard.is_let_in(), "{htu} at {door:?}");
        }
        for htu in [
            "http://localhost/orders",
            "https://localhost:8081/orders",
            "https://x.example/orders",
            "http://127.0.0.1:8081/orders",
        ] {
            let heard = caller.heard(door, &caller.ask(&caller.proof().claim("htu", htu))).await;
            assert_is_refused_proof(htu, &heard);
        }
    }
}

/// T-9449-06: a proof is taken once, whichever door it comes to first; another key's proof of the same name is another.
#[tokio::test]
async fn a_proof_is_taken_once() {
    let caller = Caller::new().await;
    let other = TestClientKey::new(Algorithm::EdDSA);
    let token = caller.scene.issuer.mint().bound_to(&other).token();
    for first in DOORS {
        let proof = caller.proof();
        assert!(caller.heard(first, &caller.ask(&proof)).await.is_let_in());
        for door in DOORS {
            assert_is_refused_proof("replayed", &caller.heard(door, &caller.ask(&proof)).await);
        }
        let same_name: serde_json::Value = serde_json::from_slice(&proof.payload_bytes()).unwrap();
        let proof = other.proof("GET", URL).ath(&token).claim("jti", same_name["jti"].clone());
        assert!(caller.heard(first, &Ask::get("/orders").dpop(&token, &proof)).await.is_let_in());
        // the same proof signed anew is the same proof
        let proof = caller.proof();
        assert!(caller.heard(first, &caller.ask(&proof)).await.is_let_in());
        assert_is_refused_proof(
            "signed anew",
            &caller.heard(first, &caller.ask(&proof.clone().header("x", 1))).await,
        );
    }
    // up to the end of its window, which a clock that is ahead makes longer
    let proof = caller.proof().claim("iat", caller.scene.issuer.now().0 + 30);
    assert!(caller.heard(Door::Proxy, &caller.ask(&proof)).await.is_let_in());
    for seconds in [1, 59, 30, 1] {
        caller.scene.clock.advance(seconds);
        assert_is_refused_proof("replayed later", &caller.heard(Door::Proxy, &caller.ask(&proof)).await);
    }
}

/// T-9449-06: after a restart nothing is taken that the process before may have taken, but for what clocks may differ; a
/// nonce of its own tells it better.
#[tokio::test]
async fn proofs_of_before_a_restart_are_refused() {
    let caller = Caller::new().await;
    let start = caller.scene.issuer.now().0;
    caller.scene.clock.advance(20);
    for door in DOORS {
        for before in [40, 11] {
            let proof = caller.proof().claim("iat", start - before);
            assert_is_refused_proof("before", &caller.heard(door, &caller.ask(&proof)).await);
        }
        for after in [-10, -5, 0, 20, 50] {
            let proof = caller.proof().claim("iat", start + after);
            assert!(caller.heard(door, &caller.ask(&proof)).await.is_let_in(), "{after} at {door:?}");
        }
    }
    let caller = Caller::with(VerifierBuilder::demand_nonce).await;
    let proof = caller.proof().claim("iat", start - 40);
    let heard = caller.heard(Door::Proxy, &caller.ask(&proof)).await;
    assert_eq!(heard.verdict(), "401 use_dpop_nonce");
    let proof = proof.claim("nonce", heard.header("dpop-nonce").unwrap());
    assert!(caller.heard(Door::Proxy, &caller.ask(&proof)).await.is_let_in());
}

/// A refused request uses no proof up: who lacks scope may not, who erred in the token may try again.
#[tokio::test]
async fn bad_tokens_use_no_proof_up() {
    let caller = Caller::new().await;
    let expired = caller.scene.issuer.mint().bound_to(&caller.key).claim("exp", 1).token();
    for door in DOORS {
        let proof = caller.proof();
        let heard = caller.heard(door, &Ask::get("/orders").dpop(&expired, &proof)).await;
        assert_eq!(heard.verdict(), "401 invalid_token");
        assert!(caller.heard(door, &caller.ask(&proof)).await.is_let_in(), "{door:?}");
    }
}

/// RFC 9449 §4.3, check 1: one proof, in one line.
#[tokio::test]
async fn two_proofs_are_refused() {
    let caller = Caller::new().await;
    for door in DOORS {
        let (one, two) = (caller.proof(), caller.proof());
        for ask in [
            caller.ask(&one).header("dpop", two.token()),
            caller.ask(&one).header("dpop", one.token()),
            caller.ask(&one).header("dpop", ""),
        ] {
            let heard = caller.heard(door, &ask).await;
            let status = if matches!(door, Door::Original | Door::Forwarded) { 401 } else { 400 };
            assert_eq!((heard.status.as_u16(), heard.reached), (status, false), "{door:?}");
            let challenge = &heard.challenges()[0];
            assert_eq!((challenge.scheme().as_str(), challenge.error()), ("DPoP", Some("invalid_request")));
        }
        let joined = format!("{}, {}", one.token(), two.token());
        let ask = Ask::get("/orders")
            .header("authorization", format!("DPoP {}", caller.token))
            .header("dpop", joined);
        assert_is_refused_proof("two in one line", &caller.heard(door, &ask).await);
        let ask = Ask::get("/orders").header("authorization", format!("DPoP {}", caller.token));
        assert_is_refused_proof("none", &caller.heard(door, &ask).await);
        let ask = ask.header("dpop", b"caf\xe9");
        let heard = caller.heard(door, &ask).await;
        assert!(matches!(heard.status.as_u16(), 400 | 401) && !heard.reached, "no text");
    }
}

/// T-9449-04: a bound token is no bearer token, with a proof or without, and an unbound one is none of DPoP's.
#[tokio::test]
async fn schemes_are_not_to_be_exchanged() {
    let caller = Caller::new().await;
    let unbound = caller.scene.issuer.mint().token();
    for door in DOORS {
        for ask in [
            Ask::get("/orders").bearer(&caller.token),
            Ask::get("/orders").bearer(&caller.token).header("dpop", caller.proof().token()),
        ] {
            let heard = caller.heard(door, &ask).await;
            assert_eq!((heard.verdict().as_str(), heard.reached), ("401 invalid_token", false), "{door:?}");
            let algs: Vec<_> = heard.challenges().iter().map(|challenge| challenge.algs().count()).collect();
            assert_eq!(algs, [0, 4], "{door:?}: DPoP's challenge lists algs");
        }
        let proof = caller.key.proof("GET", URL).ath(&unbound);
        let heard = caller.heard(door, &Ask::get("/orders").dpop(&unbound, &proof)).await;
        assert_eq!((heard.verdict().as_str(), heard.reached), ("401 invalid_token", false), "{door:?}");
        assert_eq!(heard.challenges()[0].scheme().as_str(), "DPoP");
        let heard = caller.heard(door, &Ask::get("/orders").bearer(&unbound).header("dpop", "x")).await;
        assert!(heard.is_let_in(), "a proof that nobody asked for is not looked at");
    }
}

/// What must be bound is not taken unbound.
#[tokio::test]
async fn only_bound_tokens_where_that_is_demanded() {
    for by in [BoundBy::Dpop, BoundBy::Any, BoundBy::Mtls] {
        let caller = Caller::with(|builder| builder.require_bound(by)).await;
        let unbound = caller.scene.issuer.mint().token();
        for door in DOORS {
            let heard = caller.heard(door, &Ask::get("/orders").bearer(&unbound)).await;
            assert_eq!((heard.verdict().as_str(), heard.reached), ("401 invalid_token", false), "{door:?}");
            let heard = caller.heard(door, &caller.ask(&caller.proof())).await;
            assert_eq!(heard.is_let_in(), by != BoundBy::Mtls, "{by:?} at {door:?}");
        }
    }
}

/// T-9449-05, T-9449-07: where nonces are demanded, the first answer has exactly one, a proof with it is taken, and none
/// without, with one of the caller's making, or with one that grew old.
#[tokio::test]
async fn nonces_are_demanded_and_taken() {
    let caller = Caller::with(VerifierBuilder::demand_nonce).await;
    let other = Caller::with(VerifierBuilder::demand_nonce).await;
    let ask_for = async |caller: &Caller, door, proof: &Draft| {
        let heard = caller.heard(door, &caller.ask(proof)).await;
        assert_eq!((heard.verdict().as_str(), heard.reached), ("401 use_dpop_nonce", false), "{door:?}");
        assert_eq!(heard.challenges()[0].scheme().as_str(), "DPoP");
        heard.header("dpop-nonce").unwrap().to_owned()
    };
    for door in DOORS {
        let nonce = ask_for(&caller, door, &caller.proof()).await;
        assert!(nonce.len() >= 40 && nonce.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        let with_nonce = |nonce: &str| caller.proof().claim("nonce", nonce);
        assert!(caller.heard(door, &caller.ask(&with_nonce(&nonce))).await.is_let_in(), "{door:?}");
        assert!(
            caller.heard(door, &caller.ask(&with_nonce(&nonce))).await.is_let_in(),
            "more than one request"
        );
        let strange = ask_for(&other, door, &other.proof()).await;
        for wrong in ["x", &nonce[1..], &strange] {
            ask_for(&caller, door, &with_nonce(wrong)).await;
        }
        ask_for(&caller, door, &caller.proof()).await;
        // other flaws are told first: no nonce for who has no key
        let heard = caller.heard(door, &caller.ask(&caller.proof().ath("other"))).await;
        assert_eq!((heard.verdict().as_str(), heard.header("dpop-nonce")), ("401 invalid_dpop_proof", None));
        let ask = Ask::get("/orders").header("authorization", format!("DPoP {}", caller.token));
        let heard = caller.heard(door, &ask).await;
        assert_eq!((heard.verdict().as_str(), heard.header("dpop-nonce")), ("401 invalid_dpop_proof", None));
    }
    let caller = Caller::with(VerifierBuilder::demand_nonce).await;
    let nonce = ask_for(&caller, Door::Proxy, &caller.proof()).await;
    caller.scene.clock.advance(299);
    assert!(
        caller
            .heard(Door::Proxy, &caller.ask(&caller.proof().claim("nonce", nonce.as_str())))
            .await
            .is_let_in()
    );
    caller.scene.clock.advance(301);
    let token = caller.scene.issuer.mint().bound_to(&caller.key).token();
    let proof = caller.key.proof("GET", URL).ath(&token).claim("nonce", nonce);
    let heard = caller.heard(Door::Proxy, &Ask::get("/orders").dpop(&token, &proof)).await;
    assert_eq!(heard.verdict(), "401 use_dpop_nonce", "it grew old");
}

/// Of many requests with one proof at once, one gets in (threats 3: jti race).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_gets_in() {
    let caller = Caller::new().await;
    let ask = caller.ask(&caller.proof());
    let heard =
        futures_util::future::join_all((0..20).map(|_| ask.at(caller.scene.doors.address(Door::Proxy))))
            .await;
    assert_eq!(heard.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(caller.scene.doors.upstream.count(), 1);
}
