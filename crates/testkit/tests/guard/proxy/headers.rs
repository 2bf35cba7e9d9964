//! What goes through of a request's head and an answer's, what does not, and what is said anew.

use std::time::Duration;

use countersign_guard::proxied::TrustedProxies;
use countersign_guard::proxy::ProxyParts;
use http::{HeaderMap, Response};

use super::{Proxied, before, full};
use crate::harness::{Ask, Scene};

/// T-9700-07: who calls is said by the guard alone, in whatever spelling a caller tries, also where anybody may come in.
#[tokio::test]
async fn identity_headers_are_the_guards_own() {
    let proxied = Proxied::new().await;
    let forged = |ask: Ask| {
        let names = [
            "X-Auth-Client",
            "x_auth_client",
            "X-AUTH_SUBJECT",
            "x.auth.issuer",
            "x_auth-scope",
            "X-Auth-Scope",
        ];
        names.into_iter().fold(ask, |ask, name| ask.header(name, "forged").header(name, "forged again"))
    };
    let seen = proxied.get(forged(Ask::get("/orders"))).await;
    let issuer = proxied.scene.issuer.issuer();
    for (name, value) in [
        ("x-auth-client", "svc"),
        ("x-auth-subject", "svc"),
        ("x-auth-issuer", issuer),
        ("x-auth-scope", "orders:read"),
    ] {
        assert_eq!(seen.header(name).as_deref(), Some(value));
    }
    let names = |headers: &HeaderMap| headers.keys().filter(|name| name.as_str().contains("auth")).count();
    assert_eq!(names(&seen.headers), 4, "{:?}", seen.headers);

    for ask in [forged(Ask::get("/open")), forged(Ask::get("/open")).bearer(&proxied.token)] {
        assert_eq!(ask.at(proxied.proxy.address).await.status, 200);
        assert_eq!(names(&proxied.upstream.last().headers), 0, "{:?}", proxied.upstream.last().headers);
    }
}

/// RFC 9110 §7.6.1: what is for one connection alone ends here, and `Connection` takes out nothing that the guard says.
#[tokio::test]
async fn hop_by_hop_headers_end_here() {
    let proxied = Proxied::new().await;
    let ask = Ask::get("/orders")
        .header(
            "connection",
            "X-Auth-Client, x-auth-scope, X-Hop, close, Host, keep-alive, ,\u{e9}".as_bytes(),
        )
        .header("connection", "X-Forwarded-For, x-other-hop, authorization, date")
        .header("x-hop", "1")
        .header("x-other-hop", "1")
        .header("keep-alive", "timeout=5")
        .header("proxy-connection", "keep-alive")
        .header("proxy-authorization", "Basic c3ZjOnNlY3JldA==")
        .header("te", "trailers")
        .header("upgrade", "websocket")
        .header("x-stays", "1");
    let seen = proxied.get(ask).await;
    for gone in [
        "x-hop",
        "x-other-hop",
        "keep-alive",
        "proxy-connection",
        "proxy-authorization",
        "te",
        "upgrade",
        "connection",
    ] {
        assert_eq!(seen.header(gone), None, "{gone}");
    }
    assert_eq!(seen.header("x-auth-client").as_deref(), Some("svc"));
    assert_eq!(seen.header("x-auth-scope").as_deref(), Some("orders:read"));
    assert_eq!(seen.header("x-forwarded-for").as_deref(), Some("127.0.0.1"));
    assert_eq!(seen.header("x-stays").as_deref(), Some("1"));
    assert_eq!(seen.header("host").as_deref(), Some("orders.example"));
}

/// The same on the way back.
#[tokio::test]
async fn hop_by_hop_headers_of_the_upstream_end_here() {
    let scene = Scene::new().await;
    let (proxy, _upstream) = before(&scene, Duration::from_secs(5), |_| async {
        let response = Response::builder()
            .header("connection", "x-hop")
            .header("x-hop", "1")
            .header("keep-alive", "timeout=5")
            .header("proxy-authenticate", "Basic")
            .header("x-stays", "1")
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .header("date", "Thu, 01 Jan 1970 00:00:00 GMT");
        Ok(response.body(full("hi")).unwrap())
    })
    .await;
    let answer = Ask::get("/orders").bearer(&scene.issuer.mint().token()).at(proxy.address).await;
    for gone in ["x-hop", "keep-alive", "proxy-authenticate", "connection"] {
        assert_eq!(answer.header(gone), None, "{gone}");
    }
    assert_eq!((answer.header("x-stays"), answer.text()), (Some("1"), "hi"));
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2);
    assert_eq!(answer.header("date"), Some("Thu, 01 Jan 1970 00:00:00 GMT"), "the upstream's own");
}

/// The token and its proof have done their work; the upstream gets them only where it is to.
#[tokio::test]
async fn the_token_is_passed_only_where_it_is_to_be() {
    let proxied = Proxied::new().await;
    for ask in [Ask::get("/orders"), Ask::get("/open")] {
        let seen = proxied.get(ask.header("dpop", "proof").header("cookie", "a=b")).await;
        assert_eq!((seen.header("authorization"), seen.header("dpop")), (None, None));
        assert_eq!(seen.header("cookie").as_deref(), Some("a=b"));
    }
    let passing = Proxied::with(|parts| ProxyParts { pass_authorization: true, ..parts }).await;
    let seen =
        passing.get(Ask::get("/orders").header("dpop", "proof").header("connection", "authorization")).await;
    assert_eq!(seen.header("authorization"), Some(format!("Bearer {}", passing.token)));
    assert_eq!(seen.header("dpop").as_deref(), Some("proof"));
}

/// RFC 9440: what names a certificate is nobody's word, whether or not a header of that name is configured.
#[tokio::test]
async fn certificates_of_callers_end_here() {
    let proxied = Proxied::new().await;
    let names = ["client-cert", "Client_Cert", "client-cert-chain", "client_cert_chain"];
    let seen = proxied
        .get(names.into_iter().fold(Ask::get("/orders"), |ask, name| ask.header(name, ":AA==:")))
        .await;
    assert!(seen.headers.keys().all(|name| !name.as_str().contains("cert")), "{:?}", seen.headers);
}

/// `X-Forwarded-…` of a stranger are replaced, in whatever spelling; those of a trusted proxy grow.
#[tokio::test]
async fn forwarded_headers_are_believed_of_trusted_peers_alone() {
    let forged = || {
        let lines = [
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-port", "443"),
            ("x-forwarded-prefix", "/evil"),
            ("x_forwarded_for", "203.0.113.7"),
            ("x-real-ip", "203.0.113.7"),
            ("forwarded", "for=203.0.113.7;host=evil.example"),
        ];
        lines.into_iter().fold(Ask::get("/orders"), |ask, (name, value)| ask.header(name, value))
    };
    let none = TrustedProxies::parse(Vec::<String>::new()).unwrap();
    let strict = Proxied::with(|parts| ProxyParts { trusted_proxies: none, ..parts }).await;
    for ask in [forged(), Ask::get("/orders")] {
        let seen = strict.get(ask).await;
        assert_eq!(seen.header("x-forwarded-for").as_deref(), Some("127.0.0.1"));
        assert_eq!(seen.header("x-forwarded-host").as_deref(), Some("orders.example"));
        assert_eq!(seen.header("x-forwarded-proto").as_deref(), Some("http"));
        for gone in ["forwarded", "x-forwarded-port", "x-forwarded-prefix", "x_forwarded_for", "x-real-ip"] {
            assert_eq!(seen.header(gone), None, "{gone}");
        }
    }
    let trusting = Proxied::new().await;
    let seen = trusting.get(forged()).await;
    assert_eq!(seen.header("x-forwarded-for").as_deref(), Some("203.0.113.7, 127.0.0.1"));
    assert_eq!(seen.header("x-forwarded-host").as_deref(), Some("evil.example"));
    assert_eq!(seen.header("x-forwarded-proto").as_deref(), Some("https"));
    for gone in ["forwarded", "x-forwarded-prefix"] {
        assert_eq!(seen.header(gone), None, "{gone} is taken out, whoever sent it");
    }
    let tls = Proxied::with(|parts| ProxyParts { is_tls: true, ..parts }).await;
    assert_eq!(tls.get(Ask::get("/orders")).await.header("x-forwarded-proto").as_deref(), Some("https"));
}

/// What clients send is passed on as it came, and every answer is dated (FAPI).
#[tokio::test]
async fn what_clients_send_passes_unchanged() {
    let proxied = Proxied::new().await;
    let lines = [
        ("accept", "application/json, text/*;q=0.5"),
        ("accept-charset", "utf-8, iso-8859-1;q=0.5"),
        ("accept-encoding", "br, gzip"),
        ("accept-language", "de-CH"),
        ("x-fapi-interaction-id", "93bac548-d2de-4546-b106-880a5018460d"),
        ("x-fapi-auth-date", "Mon, 01 Jan 2024 00:00:00 GMT"),
        ("user-agent", "test/1"),
        ("content-type", "application/json; charset=utf-8"),
        ("if-none-match", "\"abc\""),
        ("range", "bytes=0-1"),
        ("cookie", "a=b; c=d"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ];
    let ask = lines
        .iter()
        .fold(Ask::get("/orders?b=2&a=%2F%c3%a9&b=1"), |ask, (name, value)| ask.header(name, value));
    let seen = proxied.get(ask).await;
    for (name, value) in lines {
        assert_eq!(seen.header(name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(seen.target, "/orders?b=2&a=%2F%c3%a9&b=1", "the query as it came");
    for ask in [Ask::get("/orders"), Ask::get("/orders").bearer(&proxied.token), Ask::get("/nowhere")] {
        let answer = ask.at(proxied.proxy.address).await;
        assert!(answer.header("date").is_some_and(|date| date.ends_with(" GMT")), "{}", answer.status);
    }
    let bytes = proxied.get(Ask::get("/orders").header("x-latin", b"caf\xe9")).await;
    assert_eq!(bytes.headers["x-latin"].as_bytes(), b"caf\xe9");
}
