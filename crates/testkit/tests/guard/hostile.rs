//! Every hostile token at every door, and every lenient one.

use countersign_guard::TrustedIssuer;
use countersign_testkit::hostile::{Accepts, Expect, Hostile};
use countersign_testkit::{TestIssuer, hostile, lenient};

use crate::harness::{Ask, DOORS, Door, Scene};

/// Doors that take RFC 9068's tokens alone, and such that take those of other issuers too.
async fn scenes() -> [(Scene, TestIssuer); 2] {
    let strict = Scene::new().await;
    let wide = Scene::with(TrustedIssuer::accept_typ_jwt, |builder| builder).await;
    let other = TestIssuer::with().path("/realms/other");
    [(strict, other.start().await), (wide, TestIssuer::with().path("/realms/other").start().await)]
}

/// T-6750-06, T-6750-08, T-8725-01 to -08, T-9068-04, T-9068-05, T-9449-04, T-8705-04, threats 1: each hostile token is
/// refused at each door with its status and a well-formed challenge, and nothing behind the door hears of it.
#[tokio::test]
async fn hostile_tokens_are_refused_at_every_door() {
    let mut refused = 0;
    for (index, (scene, other)) in scenes().await.iter().enumerate() {
        for token in hostile(&scene.issuer, other, TestIssuer::AUDIENCE) {
            let is_for_the_strict = token.accepts == Accepts::AtJwt;
            let skipped =
                if index == 0 { !is_for_the_strict } else { is_for_the_strict && is_rfc9068(&token) };
            if skipped || !token.can_be_sent() {
                continue;
            }
            for door in DOORS {
                let ask = Ask::get("/orders").bearer(&token.token);
                let heard = scene.doors.ask(door, &ask).await;
                let is_plain = matches!(door, Door::Original | Door::Forwarded);
                let (name, verdict) = (token.name, heard.verdict());
                match verdict.as_str() {
                    "401 invalid_token" => {}
                    // what is no b64token, or too long for one
                    "400 invalid_request" if !is_plain => assert!(may_be_malformed(&token), "{name}"),
                    "401 invalid_request" if is_plain => assert!(may_be_malformed(&token), "{name}"),
                    _ => panic!("{name} at {door:?}: {verdict} {}", heard.text()),
                }
                assert!(!heard.is_let_in(), "{name} at {door:?}");
                assert_eq!(heard.str("error"), heard.challenges()[0].error().unwrap(), "{name}");
                refused += 1;
            }
        }
        assert_eq!(scene.doors.upstream.count(), 0);
        assert_eq!(scene.verifier.allowed(), 0);
    }
    assert!(refused >= 60 * DOORS.len(), "{refused}");
}

/// T-9068-04: what is unusual and good passes every door.
#[tokio::test]
async fn lenient_tokens_pass_every_door() {
    let [(strict, _), (wide, _)] = scenes().await;
    for scene in [&strict, &wide] {
        for token in lenient(&scene.issuer, TestIssuer::AUDIENCE) {
            if token.accepts != Accepts::AtJwt && std::ptr::eq(scene, &strict) {
                let heard = scene.doors.ask(Door::Layer, &Ask::get("/orders").bearer(&token.token)).await;
                assert_eq!(
                    heard.verdict(),
                    "401 invalid_token",
                    "{}: only where it is asked for",
                    token.name
                );
                continue;
            }
            for door in DOORS {
                let heard = scene.doors.ask(door, &Ask::get("/orders").bearer(&token.token)).await;
                assert!(heard.is_let_in(), "{} at {door:?}: {} {}", token.name, heard.status, heard.text());
                assert_eq!(heard.who()[2], scene.issuer.issuer(), "{}", token.name);
            }
        }
    }
}

/// Whether it is only RFC 9068 that makes it a bad one.
fn is_rfc9068(token: &Hostile) -> bool {
    use countersign_proto::jose::VerifyError;

    let by_its_own_claims = ["client-id-missing", "jti-missing", "iat-missing"].contains(&token.name);
    by_its_own_claims || token.expect == Expect::Refused(VerifyError::Type)
}

fn may_be_malformed(token: &Hostile) -> bool {
    !token.is_b64token() || token.token.len() > 16 * 1024
}
