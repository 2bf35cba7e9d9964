//! RFC 9728: what the API says of itself.

use countersign_guard::{BoundBy, TrustedIssuer, Verifier};
use countersign_proto::jose::Algorithm;
use countersign_proto::resource_metadata::ResourceMetadata;
use countersign_testkit::{TestClientKey, TestIssuer};
use serde_json::json;

use crate::harness::{Ask, DOORS, Door, Doors, Scene, ready};

const PATH: &str = "/.well-known/oauth-protected-resource";

/// T-9728-01, T-9728-03: layer and proxy serve the document without a token, and it says what is set.
#[tokio::test]
async fn the_document_is_what_is_set() {
    let scene = Scene::new().await;
    for door in [Door::Layer, Door::Proxy] {
        let heard = scene.doors.ask(door, &Ask::get(PATH)).await;
        assert_eq!((heard.status.as_u16(), heard.reached), (200, false));
        assert_eq!(heard.header("content-type"), Some("application/json"));
        assert_eq!(heard.header("access-control-allow-origin"), Some("*"));
        assert_eq!(
            heard.json(),
            json!({
                "resource": "https://orders.example",
                "authorization_servers": [scene.issuer.issuer()],
                "bearer_methods_supported": ["header"],
                "dpop_signing_alg_values_supported": ["ES256", "ES384", "PS256", "EdDSA"],
            })
        );
        ResourceMetadata::parse(&heard.body, "https://orders.example").unwrap();
        let head = scene.doors.ask(door, &Ask::new("HEAD", PATH)).await;
        assert_eq!((head.status.as_u16(), head.reached), (200, false));
        for ask in [Ask::new("POST", PATH), Ask::get(&format!("{PATH}/")), Ask::get(&format!("{PATH}/other"))]
        {
            let heard = scene.doors.ask(door, &ask).await;
            assert!(matches!(heard.status.as_u16(), 401 | 403), "{ask:?}: {}", heard.status);
        }
    }
}

/// T-9728-01, T-9728-02: the path of an audience that is a URL of the API goes behind the well-known one, and the
/// challenge says where.
#[tokio::test]
async fn the_path_of_the_resource_is_inserted() {
    let issuer = TestIssuer::start().await;
    for (public, audiences, resource, path) in [
        (
            "https://api.example",
            ["urn:orders", "https://api.example/v1/orders"],
            "https://api.example/v1/orders",
            "/v1/orders",
        ),
        (
            "https://api.example/",
            ["https://api.example.evil/x", "https://other.example/"],
            "https://api.example",
            "",
        ),
        ("https://api.example/v1", ["urn:a", "urn:b"], "https://api.example/v1", "/v1"),
        ("HTTPS://API.example:443/v1/", ["urn:a", "https://api.example"], "https://api.example/v1", "/v1"),
        ("http://localhost:8081", ["urn:a", "http://localhost:80811/"], "http://localhost:8081", ""),
        (
            "https://api.example",
            ["urn:a", "https://api.example/orders?v=1"],
            "https://api.example/orders?v=1",
            "/orders?v=1",
        ),
    ] {
        let trusted = TrustedIssuer::discover(issuer.issuer(), audiences[0]).or_audience(audiences[1]);
        let verifier = Verifier::builder(trusted).public_url(public).build().unwrap();
        ready(&verifier).await;
        let doors = Doors::of(&verifier);
        for door in DOORS {
            let heard = doors.ask(door, &Ask::get("/orders")).await;
            let url = heard.challenges()[0].resource_metadata().unwrap().to_owned();
            let origin = public.to_lowercase().replace(":443", "");
            let origin = origin.trim_end_matches('/').trim_end_matches("/v1");
            assert_eq!(url, format!("{origin}{PATH}{path}"));
            if matches!(door, Door::Original | Door::Forwarded | Door::Extractor) {
                continue;
            }
            let heard = doors.ask(door, &Ask::get(url.strip_prefix(origin).unwrap())).await;
            assert_eq!(heard.json()["resource"], resource, "{public} {audiences:?}");
        }
    }
}

/// T-9728-03: what is required, and what certificates are good for, is said as it is.
#[tokio::test]
async fn bindings_are_said_as_they_are() {
    let says = async |set: fn(countersign_guard::VerifierBuilder) -> countersign_guard::VerifierBuilder| {
        let scene = Scene::with(|issuer| issuer, set).await;
        let document = scene.doors.ask(Door::Proxy, &Ask::get(PATH)).await.json();
        let lines = scene.doors.ask(Door::Layer, &Ask::get("/orders")).await.challenges();
        let schemes: Vec<_> = lines.iter().map(|line| line.scheme().as_str()).collect();
        let of = |name: &str| document[name].clone();
        (
            schemes,
            of("dpop_signing_alg_values_supported"),
            of("dpop_bound_access_tokens_required"),
            of("tls_client_certificate_bound_access_tokens"),
        )
    };
    let null = serde_json::Value::Null;
    let all = json!(["ES256", "ES384", "PS256", "EdDSA"]);
    assert_eq!(
        says(|builder| builder.require_bound(BoundBy::Dpop)).await,
        (vec!["DPoP"], all.clone(), json!(true), null.clone())
    );
    assert_eq!(
        says(|builder| builder.require_bound(BoundBy::Mtls)).await,
        (vec!["Bearer"], null.clone(), null.clone(), json!(true))
    );
    assert_eq!(
        says(|builder| builder.require_bound(BoundBy::Any).takes_certificates()).await,
        (vec!["Bearer", "DPoP"], all, null.clone(), json!(true))
    );
    assert_eq!(
        says(|builder| builder.proof_algorithms(&[Algorithm::RS256])).await,
        (vec!["Bearer", "DPoP"], json!(["RS256"]), null.clone(), null)
    );
}

/// Without a public URL there is no document, no word of one, and no DPoP.
#[tokio::test]
async fn without_a_public_url_nothing_is_promised() {
    let issuer = TestIssuer::start().await;
    let trusted = TrustedIssuer::discover(issuer.issuer(), TestIssuer::AUDIENCE).jwks(issuer.key_set());
    let clock = std::sync::Arc::new(countersign_testkit::TestClock::default());
    let verifier = Verifier::builder(trusted).clock(clock).build().unwrap();
    let doors = Doors::of(&verifier);
    let key = TestClientKey::new(Algorithm::ES256);
    let token = issuer.mint().bound_to(&key).token();
    for door in DOORS {
        let heard = doors.ask(door, &Ask::get("/orders")).await;
        assert_eq!(heard.lines(), [r#"Bearer realm="https://orders.example""#]);
        let heard = doors.ask(door, &Ask::get(PATH)).await;
        assert!(matches!(heard.status.as_u16(), 401 | 403), "{door:?}");
        let proof = key.proof("GET", "https://orders.example/orders").ath(&token);
        let heard = doors.ask(door, &Ask::get("/orders").dpop(&token, &proof)).await;
        assert_eq!((heard.verdict().as_str(), heard.reached), ("401 invalid_token", false), "{door:?}");
        assert_eq!(heard.lines().len(), 1);
    }
}
