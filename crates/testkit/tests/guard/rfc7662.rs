//! RFC 7662: tokens that only their issuer can read. It is asked as seldom as may be, and its silence is no answer.

use std::sync::Arc;

use countersign_client::ClientAuth;
use countersign_client::token::Secret;
use countersign_guard::{TrustedIssuer, Verifier, VerifierBuilder};
use countersign_proto::jose::Algorithm;
use countersign_testkit::issuer::{Document, Reply};
use countersign_testkit::{TestClientKey, TestClock, TestIssuer};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Ask, DOORS, Door, Doors, Scene, now_later, ready};

fn auth() -> ClientAuth {
    let (client_id, secret) = TestIssuer::INTROSPECTOR;
    let (client_id, client_secret) = (client_id.to_owned(), Secret::new(secret.to_owned()));
    ClientAuth::client_secret_basic(client_id, client_secret)
}

async fn asking() -> Scene {
    with(|builder| builder).await
}

async fn with(set: impl FnOnce(VerifierBuilder) -> VerifierBuilder) -> Scene {
    Scene::with(|issuer| issuer.introspect(None, auth()), set).await
}

/// What an issuer says of a good token, with this changed; null takes out.
fn active(scene: &Scene, changes: Value) -> Value {
    let mut answer = json!({
        "active": true, "iss": scene.issuer.issuer(), "sub": "user", "client_id": "svc", "aud": TestIssuer::AUDIENCE,
        "exp": scene.issuer.now().0 + 300, "iat": scene.issuer.now().0, "scope": "orders:read", "token_type": "Bearer",
    });
    for (name, value) in changes.as_object().unwrap() {
        answer[name] = value.clone();
    }
    answer.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    answer
}

fn asked(scene: &Scene) -> u64 {
    scene.issuer.count(Document::Introspection)
}

/// T-7662-06: an active token passes every door; its issuer is asked once in 30 seconds, and not beyond `exp`.
#[tokio::test]
async fn an_active_token_passes_and_is_kept_for_a_while() {
    let scene = asking().await;
    scene.issuer.introspects("opaque", active(&scene, json!({})));
    let ask = Ask::get("/orders").bearer("opaque");
    for door in DOORS {
        for _ in 0..3 {
            let heard = scene.doors.ask(door, &ask).await;
            assert_eq!(heard.who(), ["svc", "user", scene.issuer.issuer(), "orders:read"], "{door:?}");
        }
        let narrow = scene.doors.ask(door, &Ask::get("/orders/write").bearer("opaque")).await;
        assert_eq!(narrow.verdict(), "403 insufficient_scope");
    }
    for (seconds, times) in [(29, 1), (1, 2), (29, 2), (1, 3)] {
        scene.clock.advance(seconds);
        assert!(scene.doors.ask(Door::Proxy, &ask).await.is_let_in());
        assert_eq!(asked(&scene), times);
    }
    // revoked: seen within 30 seconds
    scene.issuer.introspects("opaque", json!({ "active": false }));
    assert!(scene.doors.ask(Door::Proxy, &ask).await.is_let_in());
    scene.clock.advance(30);
    for door in DOORS {
        assert_eq!(scene.doors.ask(door, &ask).await.verdict(), "401 invalid_token", "{door:?}");
    }
}

/// T-7662-06: never beyond `exp`, the leeway counted.
#[tokio::test]
async fn an_active_token_expires() {
    let scene = asking().await;
    scene.issuer.introspects("opaque", active(&scene, json!({ "exp": scene.issuer.now().0 + 10 })));
    let ask = Ask::get("/orders").bearer("opaque");
    for (seconds, is_let_in) in [(0, true), (9, true), (1, true), (29, true), (1, false)] {
        scene.clock.advance(seconds);
        for door in DOORS {
            assert_eq!(scene.doors.ask(door, &ask).await.is_let_in(), is_let_in, "{door:?}");
        }
    }
    assert!(asked(&scene) > 1, "after exp it is no longer believed without asking");
}

/// T-7662-06: what is not active is refused, and asked about once in 10 seconds.
#[tokio::test]
async fn inactive_tokens_are_refused_and_kept_for_a_while() {
    let scene = asking().await;
    let other = json!({ "aud": "https://other.example" });
    scene.issuer.introspects("for-others", active(&scene, other));
    for (number, token) in ["unknown", "for-others"].into_iter().enumerate() {
        let before = u64::try_from(2 * number).unwrap();
        let ask = Ask::get("/orders").bearer(token);
        for door in DOORS {
            let heard = scene.doors.ask(door, &ask).await;
            assert_eq!((heard.verdict().as_str(), heard.reached), ("401 invalid_token", false), "{door:?}");
        }
        assert_eq!(asked(&scene), before + 1);
        scene.clock.advance(9);
        assert!(!scene.doors.ask(Door::Layer, &ask).await.is_let_in());
        assert_eq!(asked(&scene), before + 1);
        scene.issuer.introspects(token, active(&scene, json!({})));
        scene.clock.advance(1);
        assert!(scene.doors.ask(Door::Layer, &ask).await.is_let_in());
        assert_eq!(asked(&scene), before + 2);
    }
}

/// RFC 7662 §4: what is called active must still be for us, of this issuer, in time, and held by who presents it.
#[tokio::test]
async fn what_is_active_may_still_not_be_for_us() {
    let scene = asking().await;
    let now = scene.issuer.now().0;
    let key = TestClientKey::new(Algorithm::ES256);
    let bad = [
        json!({ "active": false }),
        json!({ "aud": "https://other.example" }),
        json!({ "aud": null }),
        json!({ "aud": [] }),
        json!({ "token_type": "refresh_token" }),
        json!({ "token_type": "DPoP" }),
        json!({ "token_use": "refresh_token" }),
        json!({ "typ": "Refresh" }),
        json!({ "aud": ["https://other.example", "https://orders.example/"] }),
        json!({ "iss": "https://other.example" }),
        json!({ "iss": format!("{}/", scene.issuer.issuer()) }),
        json!({ "exp": now - 30 }),
        json!({ "nbf": now + 31 }),
        json!({ "sub": null, "client_id": null }),
        json!({ "cnf": { "jkt": key.jkt() } }),
        json!({ "cnf": { "x5t#S256": "UFDYDSLs1HHqVd9wNAQsHgQTQf9AZuf2_zjiC3IN-Oo" } }),
        json!({ "cnf": { "future": "x" } }),
    ];
    for (number, changes) in bad.into_iter().enumerate() {
        let token = format!("bad-{number}");
        scene.issuer.introspects(&token, active(&scene, changes.clone()));
        for door in DOORS {
            let heard = scene.doors.ask(door, &Ask::get("/orders").bearer(&token)).await;
            assert_eq!(
                (heard.verdict().as_str(), heard.reached),
                ("401 invalid_token", false),
                "{changes} {door:?}"
            );
        }
    }
    for (number, (changes, who)) in [
        (json!({ "aud": ["x", TestIssuer::AUDIENCE], "iss": null, "exp": null }), "user"),
        (json!({ "sub": null }), "svc"),
        (json!({ "exp": now - 29, "nbf": now + 30 }), "user"),
    ]
    .into_iter()
    .enumerate()
    {
        let token = format!("good-{number}");
        scene.issuer.introspects(&token, active(&scene, changes.clone()));
        for door in DOORS {
            let heard = scene.doors.ask(door, &Ask::get("/orders").bearer(&token)).await;
            assert_eq!(heard.who()[1], who, "{changes} {door:?}");
        }
    }
    scene.issuer.introspects("bound", active(&scene, json!({ "cnf": { "jkt": key.jkt() } })));
    for door in DOORS {
        let proof = || key.proof("GET", "https://orders.example/orders").ath("bound");
        assert!(scene.doors.ask(door, &Ask::get("/orders").dpop("bound", &proof())).await.is_let_in());
        assert!(!scene.doors.ask(door, &Ask::get("/orders").bearer("bound")).await.is_let_in());
        let other = proof().ath("another");
        assert!(!scene.doors.ask(door, &Ask::get("/orders").dpop("bound", &other)).await.is_let_in());
    }
}

/// T-7662-06: all who present one token at one time wait for one answer.
#[tokio::test]
async fn all_who_come_at_once_ask_once() {
    let scene = asking().await;
    scene.issuer.introspects("opaque", active(&scene, json!({})));
    let hold = scene.issuer.hold(Document::Introspection);
    let asks = join_all((0..20).map(|_| scene.verifier.danger_verify_unpresented("opaque")));
    let waiting = async {
        scene.issuer.asked(Document::Introspection, 1).await;
        tokio::task::yield_now().await;
        hold.release();
    };
    let (judged, ()) = futures_util::future::join(asks, waiting).await;
    assert!(judged.iter().all(Result::is_ok));
    assert_eq!(asked(&scene), 1);
}

/// T-7662-06, threats 7: while the issuer gives no answer, whatever it gives instead, nobody is let in and nobody is told
/// that its token is bad; a token that is kept goes on.
#[tokio::test]
async fn without_an_answer_it_is_503() {
    let scene = asking().await;
    let kept = Ask::get("/orders").bearer("kept");
    scene.issuer.introspects("kept", active(&scene, json!({})));
    assert!(scene.doors.ask(Door::Layer, &kept).await.is_let_in());
    scene.issuer.introspects("opaque", active(&scene, json!({})));
    let ask = Ask::get("/orders").bearer("opaque");
    let all_say_503 = async |why: &str| {
        for door in DOORS {
            let heard = scene.doors.ask(door, &ask).await;
            assert_eq!((heard.status.as_u16(), heard.reached), (503, false), "{why} {door:?}");
            assert!(heard.header("retry-after").is_some() && heard.lines().is_empty());
            assert!(scene.doors.ask(door, &kept).await.is_let_in(), "{why} {door:?}");
        }
    };
    for reply in [
        Reply::status(500),
        Reply::status(503).header("retry-after", "1"),
        Reply::status(401).body("application/json", r#"{"error":"invalid_client"}"#),
        Reply::status(400).body("application/json", r#"{"error":"invalid_request"}"#),
        Reply::status(302).header("location", "http://127.0.0.1:1/introspect"),
        Reply::status(200).body("text/html", "<h1>active: true"),
        Reply::json(&json!({})),
        Reply::json(&json!({ "active": "true" })),
        Reply::json(&json!([true])),
        Reply::status(200)
            .body("application/json", format!(r#"{{"active":true,"x":"{}"}}"#, "x".repeat(100_000))),
    ] {
        scene.issuer.answer(Document::Introspection, reply.clone());
        all_say_503(&format!("{reply:?}").chars().take(80).collect::<String>()).await;
    }
    scene.issuer.restore(Document::Introspection);
    scene.issuer.down().await;
    all_say_503("down").await;
    scene.issuer.up();
    for door in DOORS {
        assert!(scene.doors.ask(door, &ask).await.is_let_in());
    }
}

/// Threats 7: a guard that was started before the issuer that it asks is not ready, says 503, and works later.
#[tokio::test]
async fn before_its_issuer_a_guard_says_503() {
    let clock = Arc::new(TestClock::default());
    let issuer = TestIssuer::with().clock(clock.clone()).start().await;
    issuer.introspects("opaque", json!({ "active": true, "aud": TestIssuer::AUDIENCE, "client_id": "svc" }));
    issuer.down().await;
    let trusted = TrustedIssuer::discover(issuer.issuer(), TestIssuer::AUDIENCE).introspect(None, auth());
    let verifier = Verifier::builder(trusted).clock(clock).build().unwrap();
    let doors = Doors::of(&verifier);
    for door in DOORS {
        let heard = doors.ask(door, &Ask::get("/orders").bearer("opaque")).await;
        assert_eq!((heard.status.as_u16(), heard.reached), (503, false), "{door:?}");
    }
    assert!(!verifier.is_ready());
    issuer.up();
    now_later(40).await;
    ready(&verifier).await;
    for door in DOORS {
        assert!(doors.ask(door, &Ask::get("/orders").bearer("opaque")).await.is_let_in());
    }
}

/// Where JWTs of one issuer are verified and another is asked, each token goes its way, and nobody is asked about what
/// is none of its business.
#[tokio::test]
async fn each_token_goes_its_way() {
    let clock = Arc::new(TestClock::default());
    let issuer = || TestIssuer::with().clock(clock.clone()).start();
    let (signing, asked, stranger) = (issuer().await, issuer().await, issuer().await);
    let first = TrustedIssuer::discover(signing.issuer(), TestIssuer::AUDIENCE);
    let endpoint = asked.url(Document::Introspection);
    let second =
        TrustedIssuer::discover(asked.issuer(), TestIssuer::AUDIENCE).introspect(Some(endpoint), auth());
    let verifier = Verifier::builder(first).issuer(second).clock(clock.clone()).build().unwrap();
    ready(&verifier).await;
    let doors = Doors::of(&verifier);
    let says = json!({ "active": true, "aud": TestIssuer::AUDIENCE, "client_id": "opaque" });
    let own_jwt = asked.mint().token();
    asked.introspects("opaque", says.clone());
    asked.introspects(&own_jwt, says.clone());
    let (others_jwt, broken) = (stranger.mint().token(), signing.mint().header("kid", "x").token());
    asked.introspects(&others_jwt, says.clone());
    asked.introspects(&broken, says);
    for door in DOORS {
        for (token, who, issuer) in [
            (signing.mint().token(), "svc", &signing),
            ("opaque".to_owned(), "opaque", &asked),
            (own_jwt.clone(), "opaque", &asked),
        ] {
            let heard = doors.ask(door, &Ask::get("/orders").bearer(&token)).await;
            assert_eq!((heard.who()[0], heard.who()[2]), (who, issuer.issuer()), "{door:?}");
        }
        for token in [&others_jwt, &broken] {
            let heard = doors.ask(door, &Ask::get("/orders").bearer(token)).await;
            assert_eq!(heard.verdict(), "401 invalid_token", "another's JWT is not asked about");
        }
    }
    assert_eq!(asked.count(Document::Introspection), 2);
    assert_eq!(signing.count(Document::Introspection) + stranger.count(Document::Introspection), 0);
    assert_eq!(asked.count(Document::OauthMetadata), 0, "the endpoint was given");
}

/// Without room for tokens each request asks.
#[tokio::test]
async fn without_a_cache_each_request_asks() {
    let scene = with(|builder| builder.cached_tokens(0)).await;
    scene.issuer.introspects("opaque", active(&scene, json!({})));
    for door in DOORS {
        assert!(scene.doors.ask(door, &Ask::get("/orders").bearer("opaque")).await.is_let_in());
    }
    assert_eq!(asked(&scene), DOORS.len() as u64);
}
