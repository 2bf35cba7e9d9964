//! Proofs and nonces at resources (RFC 9449 §7, §9).

use countersign_proto::jose::Algorithm;
use countersign_proto::jose::dpop::{BoundToken, Expected, Htu, Proof, verify_proof};
use countersign_proto::jose::{KeyThumbprint, base64url};
use countersign_proto::time::Clock as _;
use http::Request;
use http_body_util::Full;

use super::api::Heard;
use super::scene::Scene;

const INVALID: &str = r#"DPoP error="invalid_token", algs="ES256""#;

/// The proof of a request, verified against it and its token as a strict API does.
fn proof(scene: &Scene, heard: &Heard) -> Proof {
    assert!(heard.header("authorization").unwrap().starts_with("DPoP "));
    let targets = [Htu::parse(&heard.uri.to_string()).unwrap()];
    let jkt = bound_to(heard.token());
    let token = BoundToken { access_token: heard.token(), jkt: &jkt };
    let now = scene.clock.now().0;
    let expected = Expected::at_resource(heard.method.as_str(), &targets, token, now).window(0, 0).unwrap();
    verify_proof(heard.header("dpop").unwrap(), &expected).unwrap()
}

/// `cnf.jkt` of a token.
fn bound_to(token: &str) -> KeyThumbprint {
    let claims = base64url::decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    KeyThumbprint::parse(claims.pointer("/cnf/jkt").unwrap().as_str().unwrap()).unwrap()
}

/// The nonces of the requests that were heard.
fn nonces(scene: &Scene, heard: &[Heard]) -> Vec<Option<String>> {
    heard.iter().map(|heard| proof(scene, heard).nonce().map(str::to_owned)).collect()
}

fn said(nonce: &str) -> Option<String> {
    Some(nonce.to_owned())
}

/// T-9449-01 and RFC 9449 §4.2: a proof for each request, of its method and target without the query, of its token, of
/// now.
#[tokio::test]
async fn each_request_has_a_proof_of_its_own() {
    for algorithm in [Algorithm::ES256, Algorithm::ES384, Algorithm::PS256, Algorithm::EdDSA] {
        let scene = Scene::dpop(algorithm).await;
        for (method, url) in [
            ("GET", "https://orders.example/1"),
            ("GET", "https://orders.example/1"),
            ("DELETE", "https://ORDERS.example:443/a/../b%7e//c/?x=https://y/#z"),
            ("PATCH", "https://b.example"),
        ] {
            let request = Request::builder().method(method).uri(url).body(Full::default()).unwrap();
            assert_eq!(scene.call(request).await.unwrap().status(), 200);
            scene.clock.advance(1);
        }
        scene.clock.advance(-4);
        let mut ids = Vec::new();
        for heard in scene.api.heard() {
            let proof = proof(&scene, &heard);
            assert_eq!(proof.nonce(), None);
            ids.push(proof.jti().to_owned());
            scene.clock.advance(1);
        }
        let told = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!((told, ids.len(), scene.asked()), (4, 4, 1), "{algorithm}");
        assert!(ids.iter().all(|jti| base64url::decode(jti).unwrap().len() >= 12), "96 bits at least");
    }
}

/// T-9449-05: the nonce that is asked for is sent at once, and with all that follows; each answer may bring the next,
/// and each origin has its own.
#[tokio::test]
async fn nonces_are_kept_for_each_origin() {
    let scene = Scene::dpop(Algorithm::ES256).await;
    scene.api.wants_nonce("n1");
    let (status, heard) = scene.got().await;
    assert_eq!((status, nonces(&scene, &heard)), (200, vec![None, said("n1")]));
    assert_eq!(nonces(&scene, &scene.got().await.1), [said("n1")]);
    for (status, nonce) in [(200, "n2"), (204, "n3"), (404, "n4"), (403, "n5")] {
        scene.api.says(status, &[("dpop-nonce", nonce)], "");
        assert_eq!(scene.got().await.0, status);
        assert_eq!(nonces(&scene, &scene.got().await.1), [said(nonce)]);
    }
    scene.get("https://b.example/1").await;
    assert_eq!(nonces(&scene, &scene.api.heard()), [None]);
    assert_eq!(nonces(&scene, &scene.got().await.1), [said("n5")]);
    assert_eq!(scene.asked(), 1, "a nonce is no matter of the token");
}

/// T-9449-05: once; what is no nonce, or more than one, is none.
#[tokio::test]
async fn a_nonce_is_tried_once() {
    let scene = Scene::dpop(Algorithm::ES256).await;
    scene.api.wants_nonce("n1");
    scene.api.wants_nonce("n2");
    let (status, heard) = scene.got().await;
    assert_eq!((status, nonces(&scene, &heard)), (401, vec![None, said("n1")]));
    assert_eq!(nonces(&scene, &scene.got().await.1), [said("n2")]);
    // the one that was sent is not worth another try
    scene.api.wants_nonce("n2");
    assert_eq!(scene.got().await.1.len(), 1);
    let challenge = ("www-authenticate", r#"DPoP error="use_dpop_nonce""#);
    let long = "n".repeat(1025);
    for odd in [
        &[challenge][..],
        &[challenge, ("dpop-nonce", "n3"), ("dpop-nonce", "n4")],
        &[challenge, ("dpop-nonce", "")],
        &[challenge, ("dpop-nonce", "a b")],
        &[challenge, ("dpop-nonce", "\"a\"")],
        &[challenge, ("dpop-nonce", &long)],
    ] {
        scene.api.says(401, odd, "");
        let (status, heard) = scene.got().await;
        assert_eq!((status, nonces(&scene, &heard)), (401, vec![said("n2")]), "{odd:?}");
    }
}

/// One call may need both: a nonce, and a fresh token, which is bound to the same key.
#[tokio::test]
async fn a_nonce_and_a_fresh_token_in_one_call() {
    for nonce_first in [true, false] {
        let scene = Scene::dpop(Algorithm::ES256).await;
        if nonce_first {
            scene.api.wants_nonce("n");
            scene.api.challenges(INVALID);
        } else {
            scene.api.challenges(INVALID);
            scene.api.wants_nonce("n");
        }
        let (status, heard) = scene.got().await;
        let [first, second, third] = &heard[..] else { panic!("{}", heard.len()) };
        assert_eq!((status, scene.asked()), (200, 2));
        let expected = [None, said("n").filter(|_| nonce_first), said("n")];
        assert_eq!(nonces(&scene, &heard), expected);
        assert_ne!(first.token(), third.token());
        assert_eq!(second.token() == first.token(), nonce_first);
        assert_eq!(bound_to(first.token()), bound_to(third.token()));
        // and neither a second time
        scene.much_later().await;
        scene.api.challenges(INVALID);
        scene.api.wants_nonce("m");
        scene.api.challenges(INVALID);
        scene.api.wants_nonce("l");
        let (status, heard) = scene.got().await;
        assert_eq!((status, heard.len()), (401, 3));
    }
}

/// T-9449-05: two calls at one time, one of which learns the nonce before the other hears that it needs it.
#[tokio::test]
async fn a_nonce_that_another_call_learned_meanwhile_is_used() {
    let scene = Scene::dpop(Algorithm::ES256).await;
    let url = url::Url::parse(Scene::URL).unwrap();
    let mut headers = http::HeaderMap::new();
    let mut call = scene.tokens.call();
    call.authorize(&http::Method::GET, &url, &mut headers).await.unwrap();
    scene.api.wants_nonce("n");
    assert_eq!(scene.got().await.0, 200);
    let challenge = http::HeaderValue::from_static(r#"DPoP error="use_dpop_nonce""#);
    let mut answer = http::HeaderMap::new();
    answer.insert("www-authenticate", challenge);
    answer.insert("dpop-nonce", http::HeaderValue::from_static("n"));
    assert!(call.again(&url, http::StatusCode::UNAUTHORIZED, &answer).await);
}

/// T-9449-05: the token endpoint's nonce is its own: 400 `use_dpop_nonce`, once, and the next comes with a token.
#[tokio::test]
async fn the_issuer_has_a_nonce_of_its_own() {
    let scene = Scene::dpop(Algorithm::ES256).await;
    scene.issuer.demand_new_nonce();
    let (status, heard) = scene.got().await;
    assert_eq!((status, nonces(&scene, &heard), scene.asked()), (200, vec![None], 2));
    scene.issuer.announce_new_nonce();
    for asked in [3, 4] {
        scene.much_later().await;
        scene.api.challenges(INVALID);
        assert_eq!((scene.got().await.0, scene.asked()), (200, asked));
    }
}

/// Every source has a key of its own.
#[tokio::test]
async fn two_sources_have_two_keys() {
    let (one, other) = (Scene::dpop(Algorithm::ES256).await, Scene::dpop(Algorithm::ES256).await);
    let (one, other) = (one.got().await.1.remove(0), other.got().await.1.remove(0));
    assert_ne!(bound_to(one.token()), bound_to(other.token()));
}
