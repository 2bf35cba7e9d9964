//! The issuer is away, or slow, or asked for too much: nobody is let in for that, and nobody kept out for good.

use std::time::Duration;

use countersign_client::JwksSettings;
use countersign_guard::{TrustedIssuer, Verifier};
use countersign_proto::jose::Algorithm;
use countersign_testkit::TestIssuer;
use countersign_testkit::issuer::{Document, Reply};

use crate::harness::{Ask, DOORS, Doors, Scene, now_later, ready, until_asked};

/// Threats 7: a guard that was started before its issuer says 503 at each door, never 2xx and never 401, whatever the
/// issuer answers, and works as soon as the keys are there.
#[tokio::test]
async fn before_its_issuer_a_guard_says_503() {
    let clock = std::sync::Arc::new(countersign_testkit::TestClock::default());
    let issuer = TestIssuer::with().clock(clock.clone()).start().await;
    issuer.down().await;
    let trusted = TrustedIssuer::discover(issuer.issuer(), TestIssuer::AUDIENCE);
    let verifier = Verifier::builder(trusted).clock(clock).build().unwrap();
    let doors = Doors::of(&verifier);
    let (good, bad) = (issuer.mint().token(), issuer.mint().header("kid", "other").token());
    let all_say_503 = async |why: &str| {
        assert!(!verifier.is_ready());
        for door in DOORS {
            for token in [&good, &bad] {
                let heard = doors.ask(door, &Ask::get("/orders").bearer(token)).await;
                assert_eq!((heard.status.as_u16(), heard.reached), (503, false), "{why}: {door:?}");
                assert!(heard.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
                assert_eq!(
                    (heard.lines().len(), heard.str("error").as_str()),
                    (0, "temporarily_unavailable")
                );
            }
            let heard = doors.ask(door, &Ask::get("/orders")).await;
            assert_eq!(
                (heard.status.as_u16(), heard.reached),
                (503, false),
                "{why}: {door:?} without a token"
            );
            // what needs no keys is told all the same
            let expired = issuer.mint().claim("exp", 1).token();
            let heard = doors.ask(door, &Ask::get("/orders").bearer(&expired)).await;
            assert_eq!(heard.verdict(), "401 invalid_token");
        }
    };
    all_say_503("nobody is there").await;
    let waiting: Vec<_> = verifier.waiting_for().collect();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].0, issuer.issuer());
    assert!(waiting[0].1.as_ref().is_some_and(|why| !why.is_empty()));

    issuer.up();
    let mut asked = 0;
    for reply in [
        Reply::status(404),
        Reply::status(500).body("text/html", "<h1>sorry"),
        Reply::json(&serde_json::json!({ "keys": [] })),
        Reply::json(&serde_json::json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] })),
        Reply::status(200).body("application/json", "[".repeat(100_000)),
        Reply::status(302).header("location", "http://127.0.0.1:1/jwks"),
    ] {
        issuer.answer(Document::Jwks, reply.clone());
        asked = issuer.count(Document::Jwks).max(asked);
        now_later(40).await;
        until_asked(&issuer, asked + 1).await;
        all_say_503(&format!("{reply:?}")).await;
    }
    issuer.restore(Document::Jwks);
    now_later(40).await;
    ready(&verifier).await;
    for door in DOORS {
        assert!(doors.ask(door, &Ask::get("/orders").bearer(&good)).await.is_let_in());
        assert_eq!(doors.ask(door, &Ask::get("/orders").bearer(&bad)).await.verdict(), "401 invalid_token");
    }
}

/// Threats 2 (stale JWKS), 7: while the issuer is away the keys that are there serve, up to a bound, and then nobody is let
/// in until it is back.
#[tokio::test]
async fn kept_keys_serve_up_to_their_bound() {
    let settings = JwksSettings {
        refresh: Duration::from_secs(60),
        stale: Duration::from_secs(600),
        ..JwksSettings::default()
    };
    for tokens in [0, 100] {
        let scene =
            Scene::with(|issuer| issuer, |builder| builder.jwks(settings).cached_tokens(tokens)).await;
        let ask = Ask::get("/orders").bearer(&scene.issuer.mint().token());
        assert!(scene.doors.ask(DOORS[0], &ask).await.is_let_in());
        scene.issuer.down().await;
        for _ in 0..5 {
            now_later(110).await;
            for door in DOORS {
                assert!(scene.doors.ask(door, &ask).await.is_let_in(), "{door:?}");
            }
            assert!(scene.verifier.is_ready());
        }
        now_later(60).await;
        assert!(!scene.verifier.is_ready());
        for _ in 0..100 {
            tokio::task::yield_now().await; // whoever watches the keys' age has a turn
        }
        for door in DOORS {
            let heard = scene.doors.ask(door, &ask).await;
            assert_eq!((heard.status.as_u16(), heard.reached), (503, false), "{door:?}");
        }
        scene.issuer.up();
        now_later(60).await;
        ready(&scene.verifier).await;
        for door in DOORS {
            assert!(scene.doors.ask(door, &ask).await.is_let_in(), "{door:?}");
        }
    }
}

/// Threats 2 (unknown-kid amplification): whatever names keys that are not there causes one question at most in a
/// cool-down, and who is good is served meanwhile.
#[tokio::test]
async fn a_storm_of_unknown_keys_asks_once() {
    let scene = Scene::new().await;
    let good = Ask::get("/orders").bearer(&scene.issuer.mint().token());
    for number in 0..1000 {
        let draft = scene.issuer.mint().header("kid", format!("random-{number}"));
        let judged = scene.verifier.danger_verify_unpresented(&draft.token()).await;
        assert!(judged.is_err());
        if number % 100 == 0 {
            for door in DOORS {
                let heard = scene.doors.ask(door, &Ask::get("/orders").bearer(&draft.token())).await;
                assert_eq!(heard.verdict(), "401 invalid_token");
                assert!(scene.doors.ask(door, &good).await.is_let_in());
            }
        }
    }
    assert!(scene.issuer.count(Document::Jwks) <= 2, "{}", scene.issuer.count(Document::Jwks));
    assert_eq!(scene.issuer.count(Document::OauthMetadata), scene.issuer.count(Document::Jwks));
}

/// All who wait for one question are served by it, and who needs no answer does not wait.
#[tokio::test]
async fn nobody_waits_who_need_not() {
    let scene = Scene::new().await;
    let hold = scene.issuer.hold(Document::Jwks);
    now_later(31).await;
    let new_key = scene.issuer.add_key(Algorithm::ES256);
    let new = scene.issuer.mint().key(&new_key).token();
    let old = scene.issuer.mint().key(&scene.issuer.key(Algorithm::EdDSA)).token();
    let (new, old) = (Ask::get("/orders").bearer(&new), Ask::get("/orders").bearer(&old));
    let waiting = futures_util::future::join_all(DOORS.map(|door| scene.doors.ask(door, &new)));
    let meanwhile = async {
        scene.issuer.asked(Document::Jwks, 2).await;
        for door in DOORS {
            assert_eq!(scene.doors.ask(door, &old).await.status, 200, "{door:?}");
        }
        hold.release();
    };
    let (answers, ()) = futures_util::future::join(waiting, meanwhile).await;
    assert!(answers.iter().all(|heard| heard.status == 200), "a new key is found when it is needed");
    assert_eq!(scene.issuer.count(Document::Jwks), 2);
}
