//! RFC 8705 §3: a token that is bound to a certificate is good only over a connection of it, or with a proxy's word.

use axum::body::Body;
use countersign_guard::certificates::Certificates;
use countersign_guard::forward_auth::ForwardAuth;
use countersign_guard::forwarded::Family;
use countersign_guard::proxied::{CertificateHeader, TrustedProxies};
use countersign_guard::proxy::{Proxy, ProxyParts};
use countersign_guard::{BoundBy, GuardLayer, PeerCertificate, Verifier};
use countersign_proto::jose::Algorithm;
use countersign_testkit::{Answer, TestClientKey};
use http::{HeaderName, Request};
use hyper::body::Incoming;
use tower::{Layer as _, service_fn};

use crate::harness::{Ask, Authority, DOORS, Door, Identity, Scene, Served, proxy_parts, rules};

fn verdict(answer: &Answer) -> String {
    let error = if answer.status == 200 { "-".to_owned() } else { answer.str("error") };
    format!("{} {error}", answer.status.as_u16())
}

fn header(proxies: &[&str]) -> Certificates {
    let name = HeaderName::from_static("client-cert");
    Certificates::handed_on_in(CertificateHeader::new(name, TrustedProxies::parse(proxies).unwrap()))
}

fn proxy(verifier: &Verifier, scene: &Scene, certificates: Certificates) -> Proxy {
    Proxy::new(ProxyParts { certificates, ..proxy_parts(verifier, &scene.doors.upstream.url()) })
}

/// A service behind the layer, on our own TLS, which tells the layer whose certificate it saw.
fn layered(verifier: &Verifier, authority: &Authority) -> Served {
    let inner = service_fn(async |_: Request<Incoming>| {
        Ok::<_, std::convert::Infallible>(http::Response::new(Body::empty()))
    });
    let guarded = GuardLayer::new(verifier.clone()).layer(inner);
    Served::on("127.0.0.1:0".parse().unwrap(), Some(authority.tls.clone()), guarded)
}

/// T-8705-04: the certificate of this very connection, or 401 `invalid_token`; at the proxy and at the layer, over TLS.
#[tokio::test]
async fn bound_tokens_need_their_certificate() {
    let scene = Scene::new().await;
    let authority = Authority::new();
    let (own, other) = (Identity::new(), Identity::new());
    let bound = scene.issuer.mint().bound_to_certificate(&own.der).token();
    let unbound = scene.issuer.mint().token();
    let passes =
        Proxy::new(ProxyParts { is_tls: true, ..proxy_parts(&scene.verifier, &scene.doors.upstream.url()) });
    let passes = Served::on("127.0.0.1:0".parse().unwrap(), Some(authority.tls.clone()), passes);
    let layered = layered(&scene.verifier, &authority);
    for served in [&passes, &layered] {
        let ask = Ask::get("/orders").bearer(&bound);
        // twice, so that what is kept of the token is asked as well
        for _ in 0..2 {
            for (identity, expected) in
                [(Some(&own), "200 -"), (Some(&other), "401 invalid_token"), (None, "401 invalid_token")]
            {
                let answer = authority.ask(served.address, &ask, identity).await;
                assert_eq!(verdict(&answer), expected);
                let plain =
                    authority.ask(served.address, &Ask::get("/orders").bearer(&unbound), identity).await;
                assert_eq!(verdict(&plain), "200 -", "a token that is not bound needs none");
            }
            // a header is a caller's word
            let answer =
                authority.ask(served.address, &ask.clone().certificate(&own.der), Some(&other)).await;
            assert_eq!(verdict(&answer), "401 invalid_token");
            let answer = authority.ask(served.address, &ask.clone().certificate(&own.der), None).await;
            assert_eq!(verdict(&answer), "401 invalid_token");
        }
    }
}

/// T-8705-04: bound to a key and to a certificate is bound to both.
#[tokio::test]
async fn bound_to_both_needs_both() {
    let scene = Scene::new().await;
    let (own, other) = (PeerCertificate::new(&b"own"[..]), PeerCertificate::new(&b"other"[..]));
    let key = TestClientKey::new(Algorithm::ES256);
    let jkt = key.jkt();
    let x5t = {
        let draft = scene.issuer.mint().bound_to_certificate(b"own");
        let claims: serde_json::Value = serde_json::from_slice(&draft.payload_bytes()).unwrap();
        claims["cnf"]["x5t#S256"].clone()
    };
    let token = scene.issuer.mint().claim("cnf", serde_json::json!({ "jkt": jkt, "x5t#S256": x5t })).token();
    for door in [Door::Layer, Door::Extractor] {
        let proof = || key.proof("GET", "https://orders.example/orders").ath(&token);
        let good = Ask::get("/orders").dpop(&token, &proof());
        let heard = scene.doors.ask_with(door, &good, Some(own.clone())).await;
        assert!(heard.is_let_in(), "{door:?}");
        for (ask, certificate, expected) in [
            (Ask::get("/orders").dpop(&token, &proof()), None, "401 invalid_token"),
            (Ask::get("/orders").dpop(&token, &proof()), Some(other.clone()), "401 invalid_token"),
            (Ask::get("/orders").bearer(&token), Some(own.clone()), "401 invalid_token"),
            (good, Some(own.clone()), "401 invalid_dpop_proof"),
        ] {
            assert_eq!(scene.doors.ask_with(door, &ask, certificate).await.verdict(), expected, "{door:?}");
        }
    }
}

/// Where certificates are demanded, an unbound token is refused, with a certificate as well.
#[tokio::test]
async fn unbound_tokens_are_refused_where_certificates_are_demanded() {
    let scene = Scene::with(|issuer| issuer, |builder| builder.require_bound(BoundBy::Mtls)).await;
    let bound = scene.issuer.mint().bound_to_certificate(b"own").token();
    let unbound = scene.issuer.mint().token();
    let own = || Some(PeerCertificate::new(&b"own"[..]));
    for door in [Door::Layer, Door::Extractor] {
        let heard = scene.doors.ask_with(door, &Ask::get("/orders").bearer(&unbound), own()).await;
        assert_eq!(heard.verdict(), "401 invalid_token");
        let heard = scene.doors.ask_with(door, &Ask::get("/orders").bearer(&bound), own()).await;
        assert!(heard.is_let_in());
    }
}

/// T-8705-06: without the option the header is nobody's word.
#[tokio::test]
async fn the_header_is_not_read_unless_asked_for() {
    let scene = Scene::new().await;
    let own = Identity::new();
    let token = scene.issuer.mint().bound_to_certificate(&own.der).token();
    for door in DOORS {
        let heard = scene.doors.ask(door, &Ask::get("/orders").bearer(&token).certificate(&own.der)).await;
        assert_eq!((heard.verdict().as_str(), heard.reached), ("401 invalid_token", false), "{door:?}");
    }
}

/// T-8705-06: a proxy on loopback is believed, a peer that was not named is not; two headers, or one that holds no
/// certificate, are refused; and the upstream never sees it.
#[tokio::test]
async fn a_proxy_hands_certificates_on() {
    let scene = Scene::new().await;
    let (own, other) = (Identity::new(), Identity::new());
    let bound = scene.issuer.mint().bound_to_certificate(&own.der).token();
    let unbound = scene.issuer.mint().token();
    let believing = Served::start(proxy(&scene.verifier, &scene, header(&["127.0.0.1"])));
    let doubting = Served::start(proxy(&scene.verifier, &scene, header(&["127.0.0.9", "10.0.0.0/8"])));

    let ask = || Ask::get("/orders").bearer(&bound);
    for (ask, expected) in [
        (ask().certificate(&own.der), "200 -"),
        (ask().certificate(&other.der), "401 invalid_token"),
        (ask(), "401 invalid_token"),
        (ask().header("client-cert", "::"), "401 invalid_token"),
        (ask().certificate(&own.der).certificate(&own.der), "400 invalid_request"),
        (ask().certificate(&other.der).certificate(&own.der), "400 invalid_request"),
        (ask().header("client-cert", "x"), "400 invalid_request"),
        (ask().certificate(b"no certificate"), "400 invalid_request"),
        (ask().header("client_cert", ""), "401 invalid_token"),
    ] {
        assert_eq!(verdict(&ask.at(believing.address).await), expected, "{ask:?}");
    }
    let before = scene.doors.upstream.count();
    for ask in [ask().certificate(&own.der), ask().certificate(&own.der).certificate(&own.der)] {
        assert_eq!(verdict(&ask.at(doubting.address).await), "401 invalid_token", "{ask:?}");
    }
    assert_eq!((before, scene.doors.upstream.count()), (1, 1));
    for served in [&believing, &doubting] {
        let ask = Ask::get("/orders").bearer(&unbound).certificate(&own.der).header("client_cert", "forged");
        assert_eq!(verdict(&ask.at(served.address).await), "200 -");
        let seen = scene.doors.upstream.last();
        assert!(!seen.headers.keys().any(|name| name.as_str().contains("cert")), "{:?}", seen.headers);
    }
}

/// T-8705-06: with forward-auth, the certificate is in the header too, and duplicates are refused.
#[tokio::test]
async fn forward_auth_takes_certificates_from_the_header() {
    let scene = Scene::new().await;
    let (own, other) = (Identity::new(), Identity::new());
    let bound = scene.issuer.mint().bound_to_certificate(&own.der).token();
    let told = (Family::Original, TrustedProxies::default());
    let of_requests = ForwardAuth::of_requests(scene.verifier.clone(), header(&["127.0.0.1"]), told, rules());
    let of_tokens = ForwardAuth::of_tokens(scene.verifier.clone(), header(&["127.0.0.1"]));
    for served in [Served::start(of_requests), Served::start(of_tokens)] {
        let ask = || {
            let ask = Ask::get("/auth").bearer(&bound);
            ask.header("x-original-method", "GET").header("x-original-uri", "/orders")
        };
        for (ask, expected) in [
            (ask().certificate(&own.der), "200 -"),
            (ask().certificate(&other.der), "401 invalid_token"),
            (ask(), "401 invalid_token"),
            (ask().certificate(&own.der).certificate(&own.der), "401 invalid_request"),
            (ask().certificate(b"no certificate"), "401 invalid_request"),
        ] {
            assert_eq!(verdict(&ask.at(served.address).await), expected, "{ask:?}");
        }
    }
}

/// T-8705-04: the certificate of a proxy that asks, or passes on, is its own and never its caller's.
#[tokio::test]
async fn a_proxys_own_certificate_is_not_its_callers() {
    let scene = Scene::new().await;
    let authority = Authority::new();
    let proxys = Identity::new();
    let bound = scene.issuer.mint().bound_to_certificate(&proxys.der).token();
    let told = || (Family::Original, TrustedProxies::default());
    let ask = Ask::get("/auth")
        .bearer(&bound)
        .header("x-original-method", "GET")
        .header("x-original-uri", "/orders");
    for certificates in [Certificates::default(), header(&["127.0.0.1"])] {
        for auth in [
            ForwardAuth::of_requests(scene.verifier.clone(), certificates.clone(), told(), rules()),
            ForwardAuth::of_tokens(scene.verifier.clone(), certificates),
        ] {
            let served = Served::on("127.0.0.1:0".parse().unwrap(), Some(authority.tls.clone()), auth);
            let answer = authority.ask(served.address, &ask, Some(&proxys)).await;
            assert_eq!(verdict(&answer), "401 invalid_token");
        }
    }
    let behind_another = proxy(&scene.verifier, &scene, header(&["127.0.0.1"]));
    let served = Served::on("127.0.0.1:0".parse().unwrap(), Some(authority.tls.clone()), behind_another);
    let ask = Ask::get("/orders").bearer(&bound);
    assert_eq!(verdict(&authority.ask(served.address, &ask, Some(&proxys)).await), "401 invalid_token");
    let handed_on = ask.certificate(&proxys.der);
    assert_eq!(verdict(&authority.ask(served.address, &handed_on, None).await), "200 -");
    // who is not believed comes for itself
    let not_named = proxy(&scene.verifier, &scene, header(&["127.0.0.9"]));
    let served = Served::on("127.0.0.1:0".parse().unwrap(), Some(authority.tls.clone()), not_named);
    let ask = Ask::get("/orders").bearer(&bound);
    assert_eq!(verdict(&authority.ask(served.address, &ask, Some(&proxys)).await), "200 -");
}
