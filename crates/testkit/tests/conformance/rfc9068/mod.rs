//! RFC 9068, JWT access tokens.

use std::collections::HashSet;

use countersign_proto::jose::{AccessToken, Algorithm, JwkSet, Rules, StaticKeys, verify};
use countersign_testkit::{Request, TestServer};

/// T-9068-01, T-9068-02, T-9068-03: type, algorithm, and the claims that are always there.
#[tokio::test]
async fn tokens_have_the_profile() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let answer = server.token("myorg", "svc", &secret, &[]).await;
    let header = answer.jose_header();
    assert_eq!((header["typ"].as_str(), header["alg"].as_str()), (Some("at+jwt"), Some("ES256")));
    let claims = answer.claims();
    assert_eq!(claims["iss"], format!("{}/realms/myorg", server.public_url()));
    assert_eq!(claims["aud"], "https://orders.example");
    assert_eq!((claims["sub"].as_str(), claims["client_id"].as_str()), (Some("svc"), Some("svc")));
    assert_eq!(claims["scope"], "orders:read");
    assert!(claims["exp"].is_i64() && claims["iat"].is_i64() && claims["jti"].is_string());
}

/// T-9068-02, T-6749-23: no two tokens share a `jti`.
#[tokio::test]
async fn each_token_has_its_own_name() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let mut names = HashSet::new();
    for _ in 0..50 {
        let claims = server.token("myorg", "svc", &secret, &[]).await.claims();
        assert!(names.insert(claims["jti"].as_str().unwrap().to_owned()));
    }
}

/// T-9068-04: a verifier with nothing but the metadata's JWKS accepts it, for this API and no other.
#[tokio::test]
async fn a_verifier_accepts_it_for_its_own_api_alone() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let token = server.token("myorg", "svc", &secret, &[]).await.token();
    let jwks = Request::get("/realms/myorg/oauth2/jwks").send(&server).await;
    let issuer = format!("{}/realms/myorg", server.public_url());
    let keys = StaticKeys::new(&issuer, &JwkSet::parse(&jwks.body).unwrap());
    let now = TestServer::EPOCH.0;
    let judge = |audience: &str, at: i64| {
        let rules = Rules::access_token(&issuer, audience, &[Algorithm::ES256]);
        verify::<AccessToken>(&token, &keys, &rules, at).map(|verified| verified.into_claims().client_id)
    };
    assert_eq!(judge("https://orders.example", now).unwrap(), "svc");
    assert!(judge("https://stock.example", now).is_err(), "T-9700-06");
    assert!(judge("https://orders.example", now + 3600 + 61).is_err());
    let private = ["\"d\"", "\"p\"", "\"q\"", "\"k\""];
    assert!(private.iter().all(|member| !jwks.text().contains(member)), "threats 2");
}

/// Every algorithm of the realm signs tokens that its JWKS verifies.
#[tokio::test]
async fn every_algorithm_signs() {
    let server = TestServer::start().await;
    for algorithm in Algorithm::ALL {
        let name = format!("r-{}", algorithm.as_str().to_ascii_lowercase());
        let new = countersign_proto::admin::NewRealm {
            name: name.clone(),
            algorithm: Some(algorithm.as_str().to_owned()),
            ..Default::default()
        };
        let issuer = server.realm(new).await.issuer;
        let secret = server.client(&name, "svc").await;
        server.grant(&name, "svc", "default", &[], &[]).await;
        let token = server.token(&name, "svc", &secret, &[]).await.token();
        let jwks = Request::get(format!("/realms/{name}/oauth2/jwks")).send(&server).await;
        let keys = StaticKeys::new(&issuer, &JwkSet::parse(&jwks.body).unwrap());
        let rules = Rules::access_token(&issuer, format!("{issuer}/api"), &[algorithm]);
        verify::<AccessToken>(&token, &keys, &rules, TestServer::EPOCH.0).unwrap();
    }
}
