//! What was verified is not verified again, and is not believed a moment longer for it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use countersign_client::JwksSettings;
use countersign_guard::{Access, GuardLayer, TrustedIssuer, Verifier, VerifierBuilder};
use countersign_proto::jose::Algorithm;
use countersign_testkit::issuer::Document;
use countersign_testkit::{TestClientKey, TestClock, TestIssuer};
use http::Request;
use tower::ServiceExt as _;

use crate::harness::{Ask, DOORS, Scene, now_later, until_asked};

/// With tokens kept, and without.
const SETTINGS: [fn(VerifierBuilder) -> VerifierBuilder; 3] =
    [|builder| builder, |builder| builder.cached_tokens(0), |builder| builder.cached_tokens(1)];

/// T-9068-04: a token that was let in a moment ago is refused when it has expired, the leeway counted.
#[tokio::test]
async fn a_kept_token_expires() {
    for set in SETTINGS {
        let scene = Scene::with(|issuer| issuer, set).await;
        let token = scene.issuer.mint().token();
        let ask = Ask::get("/orders").bearer(&token);
        for (seconds, is_let_in) in
            [(0, true), (TestIssuer::LIFETIME, true), (29, true), (1, false), (9999, false)]
        {
            scene.clock.advance(seconds);
            for door in DOORS {
                assert_eq!(scene.doors.ask(door, &ask).await.is_let_in(), is_let_in, "{door:?}");
            }
        }
        // a clock that is set back believes it again, as it would have believed it anew
        scene.clock.advance(-9999 - 1);
        assert!(scene.doors.ask(DOORS[0], &ask).await.is_let_in());
    }
}

/// A token that is not valid yet is not kept as one that never is.
#[tokio::test]
async fn what_is_not_yet_valid_becomes_so() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().claim("nbf", scene.issuer.now().0 + 40).token();
    for door in DOORS {
        let heard = scene.doors.ask(door, &Ask::get("/orders").bearer(&token)).await;
        assert_eq!(heard.verdict(), "401 invalid_token");
    }
    scene.clock.advance(10);
    for door in DOORS {
        assert!(scene.doors.ask(door, &Ask::get("/orders").bearer(&token)).await.is_let_in());
    }
}

/// Threats 2 (key rotation): a token whose key the issuer took back is refused once that is known, kept or not; those of
/// the other keys go on.
#[tokio::test]
async fn a_key_that_is_taken_back_is_believed_no_longer() {
    for set in SETTINGS {
        let scene = Scene::with(|issuer| issuer, set).await;
        let (es, ed) = (Algorithm::ES256, Algorithm::EdDSA);
        let taken_back = Ask::get("/orders").bearer(&scene.issuer.mint().key(&scene.issuer.key(es)).token());
        let goes_on = Ask::get("/orders").bearer(&scene.issuer.mint().key(&scene.issuer.key(ed)).token());
        for door in DOORS {
            assert!(scene.doors.ask(door, &taken_back).await.is_let_in());
            assert!(scene.doors.ask(door, &goes_on).await.is_let_in());
        }
        let before = scene.issuer.count(Document::Jwks);
        scene.issuer.remove_key("es256-1");
        now_later(JwksSettings::default().refresh.as_secs()).await;
        until_asked(&scene.issuer, before + 1).await;
        for door in DOORS {
            let heard = scene.doors.ask_until(door, &taken_back, |heard| !heard.reached).await;
            assert_eq!(heard.verdict(), "401 invalid_token", "{door:?}");
            assert!(scene.doors.ask(door, &goes_on).await.is_let_in(), "{door:?}");
        }
    }
}

/// What another verifier let in is not believed, though it lies where ours would.
#[tokio::test]
async fn verifiers_share_nothing() {
    let clock = Arc::new(TestClock::default());
    let issuer = TestIssuer::with().clock(clock.clone()).start().await;
    let verifier = |audience: &str| {
        let trusted = TrustedIssuer::discover(issuer.issuer(), audience).jwks(issuer.key_set());
        Verifier::builder(trusted).clock(clock.clone()).build().unwrap()
    };
    let (wide, ours, same) =
        (verifier("https://other.example"), verifier(TestIssuer::AUDIENCE), verifier(TestIssuer::AUDIENCE));
    let app = |layers: &[&Verifier]| {
        let handler = async |access: Access| access.audience().join(" ");
        let maybe =
            async |access: Option<Access>| access.map_or("nobody".to_owned(), |a| a.audience().join(" "));
        let router =
            Router::new().route("/", get(handler)).route("/maybe", get(maybe)).with_state(ours.clone());
        layers.iter().fold(router, |router, verifier| router.layer(GuardLayer::new((*verifier).clone())))
    };
    let status = async |app: &Router, path: &str, token: &str| {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
    };
    let other = issuer.mint().claim("aud", "https://other.example").token();
    let (own, both) = (
        issuer.mint().token(),
        issuer
            .mint()
            .claim("aud", serde_json::json!([TestIssuer::AUDIENCE, "https://other.example"]))
            .token(),
    );
    for path in ["/", "/maybe"] {
        let behind_another = app(&[&wide]);
        for _ in 0..2 {
            assert_eq!(
                status(&behind_another, path, &other).await,
                401,
                "let in by the layer, not by the handler's own"
            );
            assert_eq!(status(&behind_another, path, &own).await, 401);
            assert_eq!(status(&behind_another, path, &both).await, 200);
            assert_eq!(status(&app(&[]), path, &own).await, 200);
            assert_eq!(status(&app(&[&ours]), path, &own).await, 200);
            assert_eq!(status(&app(&[&ours, &same]), path, &own).await, 200);
        }
    }
    // once by the layer and not again by the extractor
    let before = ours.allowed();
    assert_eq!(status(&app(&[&ours]), "/", &own).await, 200);
    assert_eq!(ours.allowed(), before + 1);
}

/// Scope and binding are judged at each request, also of a token that is kept.
#[tokio::test]
async fn scope_and_binding_are_judged_each_time() {
    for set in SETTINGS {
        let scene = Scene::with(|issuer| issuer, set).await;
        let key = TestClientKey::new(Algorithm::ES256);
        let (bound, plain) = (scene.issuer.mint().bound_to(&key).token(), scene.issuer.mint().token());
        for _ in 0..2 {
            for door in DOORS {
                let proof = |path: &str| key.proof("GET", &format!("{}{path}", Scene::URL)).ath(&bound);
                for (ask, verdict) in [
                    (Ask::get("/orders").bearer(&plain), "200 -"),
                    (Ask::get("/orders/write").bearer(&plain), "403 insufficient_scope"),
                    (Ask::get("/orders").dpop(&bound, &proof("/orders")), "200 -"),
                    (Ask::get("/orders").bearer(&bound), "401 invalid_token"),
                    (
                        Ask::get("/orders/write").dpop(&bound, &proof("/orders/write")),
                        "403 insufficient_scope",
                    ),
                    (Ask::get("/orders").dpop(&bound, &proof("/orders/write")), "401 invalid_dpop_proof"),
                    (Ask::get("/orders").dpop(&plain, &proof("/orders")), "401 invalid_token"),
                ] {
                    assert_eq!(scene.doors.ask(door, &ask).await.verdict(), verdict, "{door:?}");
                }
            }
        }
    }
}

/// A token that differs from a kept one in a single character is another token.
#[tokio::test]
async fn a_kept_token_vouches_for_no_other() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().token();
    assert!(scene.doors.ask(DOORS[0], &Ask::get("/orders").bearer(&token)).await.is_let_in());
    let forged = scene.issuer.mint().claim("scope", "orders:write").token();
    let (_, signature) = token.rsplit_once('.').unwrap();
    let with_its_signature = format!("{}.{signature}", forged.rsplit_once('.').unwrap().0);
    let mut others = vec![with_its_signature, format!("{token}="), token[..token.len() - 1].to_owned()];
    for at in (0..token.len()).step_by(7) {
        let mut other = token.clone().into_bytes();
        other[at] = if other[at] == b'A' { b'B' } else { b'A' };
        others.push(String::from_utf8(other).unwrap());
    }
    for other in others {
        let heard = scene.doors.ask(DOORS[0], &Ask::get("/orders").bearer(&other)).await;
        assert!(!heard.is_let_in(), "{other}");
    }
}
