//! `private_key_jwt`.

use std::sync::Arc;

use countersign_client::{ClientAuth, Endpoint, HttpClient, Introspector, PrivateKey};
use countersign_proto::jose::{Algorithm, SigningKey};
use countersign_testkit::issuer::{Document, Reply};
use serde_json::json;

use super::scene::{Scene, decoded, pem, refused, setting, take};

fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm, "registered").unwrap()
}

/// T-7523-01, T-7523-05, T-7523-07: each algorithm, for the issuer alone, of the registered type, from and about the
/// client, a minute long, and with a name of its own.
#[tokio::test]
async fn an_assertion_of_each_algorithm_is_taken() {
    let scene = Scene::new().await;
    for algorithm in Algorithm::ALL {
        let (id, key) = (format!("svc-{algorithm}"), key(algorithm));
        let _ = scene.issuer.client(&id).key(key.public_jwk());
        let path = scene.file(&format!("{algorithm}.pem"), &pem(&key));
        let chosen = Some(algorithm).filter(|algorithm| algorithm.kty() == "RSA");
        let tokens = scene.discover().private_key(&id, PrivateKey::from_file(&path, chosen, None));
        let tokens = tokens.build().await.unwrap();
        tokens.token().await.unwrap();
        scene.clock.advance(3600);
        tokens.token().await.unwrap();
        let asked = scene.asked();
        let last_two = asked.iter().rev().take(2).map(|sent| {
            assert_eq!(sent.parameter("client_id"), Some(id.clone()));
            assert_eq!(
                sent.parameter("client_assertion_type").as_deref(),
                Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            );
            assert!(sent.header("authorization").is_none());
            decoded(&sent.parameter("client_assertion").unwrap())
        });
        let last_two: Vec<_> = last_two.collect();
        for (typ, kid, alg, claims) in &last_two {
            assert_eq!(typ.as_deref(), Some("client-authentication+jwt"));
            assert_eq!((kid.as_deref(), *alg), (None, algorithm));
            assert_eq!(claims["aud"], json!(scene.issuer.issuer()));
            assert_eq!((&claims["iss"], &claims["sub"]), (&json!(id), &json!(id)));
            let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
            assert_eq!(life, 60);
            assert!(claims["jti"].as_str().unwrap().len() >= 22);
        }
        assert_ne!(last_two[0].3["jti"], last_two[1].3["jti"]);
    }
}

/// An RSA key signs PS256, unless it is told otherwise or the server takes RS256 alone.
#[tokio::test]
async fn the_algorithm_of_an_rsa_key_follows_the_metadata() {
    let scene = Scene::new().await;
    let path = scene.file("key.pem", &pem(&key(Algorithm::PS256)));
    for (supported, given, signed) in [
        (Some(json!(["RS256", "PS256", "ES256"])), None, Algorithm::PS256),
        (Some(json!(["RS256", "ES256"])), None, Algorithm::RS256),
        (Some(json!(["ES256"])), None, Algorithm::PS256),
        (None, None, Algorithm::PS256),
        (Some(json!(["RS256"])), Some(Algorithm::PS256), Algorithm::PS256),
        (Some(json!(["PS256"])), Some(Algorithm::RS256), Algorithm::RS256),
    ] {
        let mut metadata = scene.issuer.document(Document::OauthMetadata);
        metadata["token_endpoint_auth_signing_alg_values_supported"] = json!(supported);
        scene.issuer.answer(Document::OauthMetadata, Reply::json(&metadata));
        let key = PrivateKey::from_file(&path, given, Some("mine".to_owned()));
        refused(take(scene.discover().private_key("nobody", key)).await);
        let (_, kid, alg, _) = decoded(&scene.last().parameter("client_assertion").unwrap());
        assert_eq!((kid.as_deref(), alg), (Some("mine"), signed), "{supported:?}");
    }
}

/// T-7523-05: the type can be left out.
#[tokio::test]
async fn a_server_that_knows_no_type_is_served_too() {
    let scene = Scene::new().await;
    let key = Arc::new(key(Algorithm::ES256));
    let _ = scene.issuer.client("svc").key(key.public_jwk()).old_assertion_type();
    let typed = PrivateKey::from_signer(key.clone());
    let error = refused(take(scene.discover().private_key("svc", typed.clone())).await);
    assert_eq!(error.error, "invalid_client");
    take(scene.discover().private_key("svc", typed.untyped())).await.unwrap();
    let (typ, kid, ..) = decoded(&scene.last().parameter("client_assertion").unwrap());
    assert_eq!((typ, kid.as_deref()), (None, Some("registered")));
}

/// T-7523-01: where no issuer is known, none is made up of the token endpoint's URL.
#[tokio::test]
async fn without_an_issuer_there_is_no_assertion() {
    let scene = Scene::new().await;
    let key = Arc::new(key(Algorithm::EdDSA));
    let _ = scene.issuer.client("svc").key(key.public_jwk());
    let key = PrivateKey::from_signer(key);
    assert_eq!(setting(take(scene.at().private_key("svc", key.clone())).await), "issuer");
    assert_eq!(scene.issuer.count(Document::Token), 0);
    take(scene.at().issuer(scene.issuer.issuer()).private_key("svc", key.clone())).await.unwrap();
    assert_eq!(
        setting(take(scene.discover().issuer("https://b.example").private_key("svc", key)).await),
        "issuer"
    );
}

/// Threats 3 "mix-up": what proves a client to one issuer is not made for another.
#[tokio::test]
async fn a_client_of_one_issuer_proves_nothing_to_another() {
    let scene = Scene::new().await;
    let key = PrivateKey::from_signer(Arc::new(key(Algorithm::EdDSA)));
    let auth = ClientAuth::private_key_jwt("svc", key).for_issuer("https://other.example");
    assert_eq!(setting(take(scene.discover().auth(auth)).await), "issuer");
    assert_eq!(scene.issuer.count(Document::Token), 0);
}

/// The key is read anew, so that a new one is used at once.
#[tokio::test]
async fn a_key_that_rotated_is_used_at_once() {
    let scene = Scene::new().await;
    let (old, new) = (key(Algorithm::ES256), key(Algorithm::ES384));
    let path = scene.file("key.pem", &pem(&old));
    let _ = scene.issuer.client("svc").key(new.public_jwk());
    let tokens = scene.discover().private_key("svc", PrivateKey::from_file(&path, None, None));
    let tokens = tokens.build().await.unwrap();
    refused(tokens.token().await);
    std::fs::write(&path, pem(&new)).unwrap();
    tokens.token().await.unwrap();
}

/// What is no PKCS#8 is told apart, with the command that converts it.
#[tokio::test]
async fn other_forms_of_a_key_are_named() {
    let scene = Scene::new().await;
    let good = pem(&key(Algorithm::ES256));
    let labelled = |label: &str| good.replace("PRIVATE KEY", label);
    for (text, said) in [
        (labelled("RSA PRIVATE KEY"), "PKCS#1; convert it: openssl pkey -in "),
        (labelled("EC PRIVATE KEY"), "SEC1; convert it: openssl pkey -in "),
        (labelled("ENCRYPTED PRIVATE KEY"), "encrypted key; convert it: openssl pkey -in "),
        (labelled("OPENSSH PRIVATE KEY"), "ssh-keygen -p -m PKCS8"),
        (labelled("CERTIFICATE"), "no private key in PEM"),
        (good.replace('M', "!"), "the key in it is cut or changed"),
        (good.replace("MIGHAgEAM", "MIGHAgEAN"), "a key of another kind"),
        (String::new(), "no private key in PEM"),
    ] {
        let path = scene.file("key.pem", &text);
        let tokens = scene.discover().private_key("svc", PrivateKey::from_file(&path, None, None));
        let error = tokens.build().await.map(drop).unwrap_err().to_string();
        assert!(error.starts_with("private_key: ") && error.contains(said), "{error}");
        assert!(error.contains(path.to_str().unwrap()), "{error}");
    }
    let path = scene.file("key.pem", &good);
    let tokens =
        scene.discover().private_key("svc", PrivateKey::from_file(path, Some(Algorithm::PS256), None));
    let error = tokens.build().await.map(drop).unwrap_err().to_string();
    assert!(error.ends_with("holds no key that signs PS256"), "{error}");
}

/// T-7523-01: the issuer is the audience where tokens are introspected as well.
#[tokio::test]
async fn an_introspector_proves_itself_to_the_issuer() {
    let scene = Scene::new().await;
    let key = Arc::new(key(Algorithm::ES256));
    let auth = ClientAuth::private_key_jwt("api", PrivateKey::from_signer(key));
    let http = Arc::new(HttpClient::default());
    let at = Endpoint::parse(&scene.issuer.url(Document::Introspection)).unwrap();
    let untold = Introspector::at(http.clone(), at.clone(), auth.clone());
    assert!(untold.introspect("t").await.unwrap_err().to_string().starts_with("issuer: "));
    let discovered = Introspector::discover(
        http.clone(),
        scene.issuer.issuer(),
        Endpoint::parse,
        countersign_client::IntrospectionSettings::default(),
        auth.clone(),
    );
    let told = Introspector::at(http, at, auth.for_issuer(scene.issuer.issuer()));
    for introspector in [told, discovered.unwrap()] {
        // the issuer of tests takes a secret here, and nothing else
        introspector.introspect("t").await.unwrap_err();
        let sent = scene.issuer.received(Document::Introspection).pop().unwrap();
        let (typ, _, _, claims) = decoded(&sent.parameter("client_assertion").unwrap());
        assert_eq!(typ.as_deref(), Some("client-authentication+jwt"));
        assert_eq!(claims["aud"], json!(scene.issuer.issuer()));
    }
}

/// RFC 9449 §4.3, RFC 7523 §3: assertion and proof of a second request are of the moment in which it is made.
#[tokio::test]
async fn a_second_request_is_of_its_own_time() {
    let scene = Scene::new().await;
    let key = SigningKey::generate(Algorithm::ES256, "k").unwrap();
    let _ = scene.issuer.client("svc").key(key.public_jwk());
    scene.issuer.demand_new_nonce();
    let tokens = scene.discover().dpop(Algorithm::ES256);
    let tokens = tokens.private_key("svc", PrivateKey::from_signer(Arc::new(key))).build().await.unwrap();
    let held = scene.issuer.hold(Document::Token);
    let token = tokens.clone();
    let token = tokio::spawn(async move { token.token().await });
    scene.issuer.asked(Document::Token, 1).await;
    scene.clock.advance(20);
    drop(held);
    token.await.unwrap().unwrap();
    let asked = scene.asked();
    let iat = |index: usize| {
        let proof = asked[index].header("dpop").unwrap().to_owned();
        let assertion = asked[index].parameter("client_assertion").unwrap();
        [proof, assertion].map(|jwt| decoded(&jwt).3["iat"].as_i64().unwrap())
    };
    assert_eq!((asked.len(), iat(1)), (2, iat(0).map(|first| first + 20)));
}
