//! What the endpoint answers, truly or as a test wants it; and what it remembers.

use std::sync::Arc;

use countersign_proto::jose::{AccessToken, Algorithm, Rules, verify};
use countersign_testkit::issuer::{Document, Profile, Reply};
use countersign_testkit::{TestClock, TestIssuer};
use serde_json::json;

use crate::Ask;
use crate::ask::{issuer, send};

#[tokio::test]
async fn a_token_is_what_was_asked_for() {
    let clock = Arc::new(TestClock::default());
    let issuer = TestIssuer::with().path("/realms/a").clock(clock.clone()).start().await;
    issuer.client("svc").secret("s3cret");
    let ask = Ask::new().svc().with("scope", "x y").with("resource", "https://a.example/");
    let answer = ask.at(&issuer).await;
    assert_eq!((answer.json()["expires_in"].as_i64(), answer.str("scope")), (Some(300), "x y".to_owned()));
    let rules = Rules::access_token(issuer.issuer(), "https://a.example/", &[Algorithm::ES256]);
    let token = verify::<AccessToken>(&answer.token(), &issuer.static_keys(), &rules, issuer.now().0);
    let token = token.unwrap().into_claims();
    assert_eq!((&*token.client_id, token.exp.seconds()), ("svc", issuer.now().plus(300).0));
    issuer.gives_for(20);
    clock.advance(7);
    let answer = ask.at(&issuer).await;
    assert_eq!(answer.json()["expires_in"], 20);
    assert_eq!(answer.claims()["exp"], issuer.now().plus(20).0);
}

/// T-6749-19: testkit's issuer can say anything of a token's life, or nothing.
#[tokio::test]
async fn members_are_written_as_a_test_wants() {
    let issuer = issuer().await;
    let ask = Ask::new().svc();
    for odd in ["0", "\"300\"", "-1", "1.5", "null", "1e400", "99999999999999999999999"] {
        issuer.says("expires_in", Some(odd));
        let answer = ask.at(&issuer).await;
        assert!(answer.text().contains(&format!("\"expires_in\":{odd},")), "{}", answer.text());
    }
    issuer.says("expires_in", None);
    issuer.says("token_type", Some("\"mac\""));
    let answer = ask.at(&issuer).await;
    assert_eq!((answer.json().get("expires_in"), answer.str("token_type")), (None, "mac".to_owned()));
    issuer.says_the_truth();
    assert_eq!(ask.at(&issuer).await.json()["expires_in"], 300);
}

#[tokio::test]
async fn tokens_come_in_the_shapes_of_others() {
    let issuer = issuer().await;
    let ask = Ask::new().svc().with("scope", "x y").with("audience", "urn:a");
    for (profile, member, scope) in [
        (Profile::Rfc9068, "client_id", "scope"),
        (Profile::Keycloak, "azp", "scope"),
        (Profile::Auth0, "azp", "scope"),
        (Profile::Entra, "azp", "roles"),
        (Profile::Okta, "cid", "scp"),
    ] {
        issuer.gives(profile);
        let claims = ask.at(&issuer).await.claims();
        assert_eq!((&claims[member], &claims["aud"]), (&json!("svc"), &json!("urn:a")), "{profile:?}");
        assert!(claims[scope] == json!("x y") || claims[scope] == json!(["x", "y"]), "{profile:?}");
    }
    issuer.gives(Profile::Keycloak);
    let answer = ask.at(&issuer).await.json();
    assert_eq!((&answer["not-before-policy"], &answer["refresh_expires_in"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn desks_count_keep_and_answer() {
    let issuer = issuer().await;
    let ask = Ask::new().svc().with("scope", "a b").header("x-y", "z");
    issuer.answer(Document::Token, Reply::status(503).header("retry-after", "7"));
    assert_eq!(ask.at(&issuer).await.status, 503);
    issuer.restore(Document::Token);
    assert_eq!(ask.verdict(&issuer).await, "200 -");
    assert_eq!(issuer.count(Document::Token), 2);
    let received = issuer.received(Document::Token);
    let [_, last] = &*received else { panic!("two") };
    assert_eq!((last.header("x-y"), last.parameter("scope").as_deref()), (Some("z"), Some("a b")));
    assert_eq!((last.path(), last.query(), last.certificate()), ("/token", None, None));
    assert_eq!(last.form().len(), 2);
}

/// RFC 7009: a revoked token is not active; strangers revoke nothing.
#[tokio::test]
async fn revokes() {
    let issuer = issuer().await;
    issuer.introspects("t", json!({ "active": true }));
    let url = issuer.url(Document::Revocation);
    assert_eq!(issuer.document(Document::OauthMetadata)["revocation_endpoint"], url);
    let revoke = async |ask: Ask| send(ask.request(&url)).await;
    assert_eq!(revoke(Ask::without_grant().with("token", "t")).await.refusal(), "401 invalid_client");
    assert_eq!(revoke(Ask::without_grant().svc()).await.refusal(), "400 invalid_request");
    assert_eq!(revoke(Ask::without_grant().svc().with("token", "t")).await.status, 200);
    let asked = Ask::without_grant().basic("guard", "guard-secret").with("token", "t");
    let answer = send(asked.request(&issuer.url(Document::Introspection))).await;
    assert_eq!(answer.json(), json!({ "active": false }));
}
