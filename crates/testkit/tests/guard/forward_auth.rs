//! Forward-auth: who may ask, what must be told, and what a proxy can read of the answers.

use countersign_guard::certificates::Certificates;
use countersign_guard::forward_auth::ForwardAuth;
use countersign_guard::forwarded::Family;
use countersign_guard::proxied::TrustedProxies;
use countersign_proto::jose::Algorithm;
use countersign_testkit::{Answer, TestClientKey};

use crate::harness::{Ask, Door, Scene, Served, rules};

const IDENTITY: [&str; 4] = ["x-auth-client", "x-auth-subject", "x-auth-issuer", "x-auth-scope"];

fn original(ask: Ask) -> Ask {
    ask.header("x-original-method", "GET").header("x-original-uri", "/orders")
}

fn forwarded(ask: Ask) -> Ask {
    let ask = ask.header("x-forwarded-method", "GET").header("x-forwarded-uri", "/orders");
    ask.header("x-forwarded-host", "orders.example")
}

/// A verdict that nginx, Caddy and Traefik can read: 200, 401, 403.
fn verdict(answer: &Answer) -> String {
    match answer.status.as_u16() {
        200 => "200 -".to_owned(),
        401 | 403 => answer.refusal(),
        other => panic!("{other}: {}", answer.text()),
    }
}

/// Any method asks, at one path alone.
#[tokio::test]
async fn any_method_asks_at_auth() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().token();
    let at = scene.doors.address(Door::Original);
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PURGE", "post"] {
        for target in ["/auth", "/auth?x=y", "/auth/"] {
            let ask = original(Ask::new(method, target)).bearer(&token);
            assert_eq!(ask.at(at).await.status, 200, "{method} {target}");
            assert_eq!(original(Ask::new(method, target)).at(at).await.status, 401);
        }
    }
    for target in ["/", "/orders", "/authx", "/auth/x", "/Auth", "/oauth"] {
        let answer = original(Ask::get(target)).bearer(&token).at(at).await;
        assert_eq!(answer.status, 404, "{target}");
        assert!(answer.text().contains("/auth"), "{target}");
    }
}

/// A 200 carries all four headers, so that what a caller forged is overwritten.
#[tokio::test]
async fn all_four_headers_are_there() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().token();
    let forge = |ask: Ask| IDENTITY.into_iter().fold(ask, |ask, name| ask.header(name, "forged"));
    for door in [Door::Original, Door::Forwarded] {
        let heard = scene.doors.ask(door, &forge(Ask::get("/orders")).bearer(&token)).await;
        assert_eq!(heard.who(), ["svc", "svc", scene.issuer.issuer(), "orders:read"]);
        let heard = scene.doors.ask(door, &forge(Ask::get("/open"))).await;
        assert_eq!(heard.who(), ["", "", "", ""]);
        assert_eq!(heard.header("cache-control"), Some("no-store"));
    }
}

/// The request that is asked about is told by one family of headers, each exactly once; the other is a caller's word.
#[tokio::test]
async fn the_other_family_is_not_read() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().token();
    let (nginx, caddy) = (scene.doors.address(Door::Original), scene.doors.address(Door::Forwarded));
    let ask = || Ask::get("/auth").bearer(&token);
    let open = "/open";
    for (at, ask, expected) in [
        (nginx, original(ask()), "200 -"),
        (
            nginx,
            original(ask()).header("x-forwarded-uri", "/nowhere").header("x-forwarded-method", "x"),
            "200 -",
        ),
        (nginx, forwarded(ask()), "403 access_denied"),
        (nginx, ask(), "403 access_denied"),
        (nginx, original(ask()).header("x-original-uri", open), "403 access_denied"),
        (nginx, original(ask()).header("x-original-method", "GET"), "403 access_denied"),
        (nginx, ask().header("x-original-uri", "/orders"), "403 access_denied"),
        (
            nginx,
            ask().header("x-original-method", "get").header("x-original-uri", "/orders"),
            "403 access_denied",
        ),
        (
            nginx,
            ask().header("x-original-method", "GET").header("x-original-uri", "orders"),
            "403 access_denied",
        ),
        (
            nginx,
            ask().header("x-original-method", "GET").header("x-original-uri", "/open#/../x"),
            "403 access_denied",
        ),
        (caddy, forwarded(ask()), "200 -"),
        (
            caddy,
            forwarded(ask()).header("x-original-uri", "/nowhere").header("x-original-method", "x"),
            "200 -",
        ),
        (caddy, original(ask()), "403 access_denied"),
        (caddy, forwarded(ask()).header("x-forwarded-uri", open), "403 access_denied"),
        (caddy, forwarded(ask()).header("x-forwarded-host", "evil.example"), "403 access_denied"),
        (caddy, forwarded(ask()).header("x-forwarded-proto", "gopher"), "403 access_denied"),
        (
            caddy,
            forwarded(ask()).header("x-forwarded-proto", "https").header("x-forwarded-proto", "https"),
            "403 access_denied",
        ),
    ] {
        assert_eq!(verdict(&ask.at(at).await), expected, "{ask:?}");
    }
    // nobody is let in by what is open, when it is not known that this is asked for
    let nobody = Ask::get("/auth").header("x-original-uri", open);
    assert_eq!(verdict(&nobody.at(nginx).await), "403 access_denied");
}

/// T-9700-07: who is no trusted proxy gets no answer, whatever it says and however good its token.
#[tokio::test]
async fn strangers_get_no_answer() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().token();
    for (family, ask) in
        [(Family::Original, original(Ask::get("/auth"))), (Family::Forwarded, forwarded(Ask::get("/auth")))]
    {
        let told = (family, TrustedProxies::parse(["10.0.0.0/8"]).unwrap());
        let service =
            ForwardAuth::of_requests(scene.verifier.clone(), Certificates::default(), told, rules());
        let served = Served::start(service);
        for ask in [
            ask.clone(),
            ask.clone().bearer(&token),
            ask.header("x-forwarded-for", "10.0.0.1").bearer(&token),
        ] {
            assert_eq!(verdict(&ask.at(served.address).await), "403 access_denied");
        }
    }
}

/// Where it is not known what is asked for, the token alone is judged: nothing that needs a request is let in.
#[tokio::test]
async fn a_token_alone_is_judged() {
    let scene = Scene::new().await;
    let key = TestClientKey::new(Algorithm::ES256);
    let bound = scene.issuer.mint().bound_to(&key).token();
    let served = Served::start(ForwardAuth::of_tokens(scene.verifier.clone(), Certificates::default()));
    for (ask, expected) in [
        (Ask::get("/auth").bearer(&scene.issuer.mint().token()), "200 -"),
        (original(Ask::get("/auth")).bearer(&scene.issuer.mint().token()), "200 -"),
        (Ask::get("/auth"), "401 unauthorized"),
        (original(Ask::get("/auth")).header("x-original-uri", "/open"), "401 unauthorized"),
        (Ask::get("/auth").bearer("x"), "401 invalid_token"),
        (Ask::get("/auth").bearer("x y"), "401 invalid_request"),
        (Ask::get("/auth").bearer(&bound), "401 invalid_token"),
        (
            Ask::get("/auth").dpop(&bound, &key.proof("GET", "https://orders.example/orders").ath(&bound)),
            "401 invalid_token",
        ),
        (
            original(Ask::get("/auth"))
                .dpop(&bound, &key.proof("GET", "https://orders.example/auth").ath(&bound)),
            "401 invalid_token",
        ),
        (
            Ask::new("OPTIONS", "/auth").header("origin", "x").header("access-control-request-method", "GET"),
            "401 unauthorized",
        ),
    ] {
        assert_eq!(verdict(&ask.at(served.address).await), expected, "{ask:?}");
    }
}

/// A query that a proxy tells is the caller's; the guard's own is nobody's.
#[tokio::test]
async fn the_query_of_the_original_request_counts() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().token();
    let at = scene.doors.address(Door::Original);
    let ask = |uri: &str, own: &str| {
        let ask = Ask::get(&format!("/auth{own}")).bearer(&token);
        ask.header("x-original-method", "GET").header("x-original-uri", uri)
    };
    assert_eq!(verdict(&ask("/orders?access_token=x", "").at(at).await), "401 invalid_request");
    assert_eq!(verdict(&ask("/orders", "?access_token=x").at(at).await), "200 -");
}

/// Preflights pass by the option alone, judged by what the proxy tells.
#[tokio::test]
async fn preflights_pass_by_option() {
    let scene = Scene::new().await;
    let told = || (Family::Original, TrustedProxies::default());
    let service =
        || ForwardAuth::of_requests(scene.verifier.clone(), Certificates::default(), told(), rules());
    let (strict, allowing) = (Served::start(service()), Served::start(service().allow_preflight()));
    let ask = |method: &str| {
        let ask = Ask::get("/auth").header("origin", "https://app.example");
        let ask = ask.header("access-control-request-method", "POST");
        ask.header("x-original-method", method).header("x-original-uri", "/orders")
    };
    assert_eq!(verdict(&ask("OPTIONS").at(strict.address).await), "401 unauthorized");
    let answer = ask("OPTIONS").at(allowing.address).await;
    assert_eq!((verdict(&answer).as_str(), answer.header("x-auth-client")), ("200 -", Some("")));
    assert_eq!(verdict(&ask("GET").at(allowing.address).await), "401 unauthorized");
    let by_the_proxy = Ask { method: http::Method::OPTIONS, ..ask("GET") };
    assert_eq!(verdict(&by_the_proxy.at(allowing.address).await), "401 unauthorized");
}

/// A trusted proxy names its requests, and nobody else does; what was not named gets a name of its own.
#[tokio::test]
async fn requests_are_named() {
    let scene = Scene::new().await;
    let told = |networks: &[&str]| (Family::Original, TrustedProxies::parse(networks).unwrap());
    let served = |networks: &[&str]| {
        let certificates = Certificates::default();
        Served::start(ForwardAuth::of_requests(scene.verifier.clone(), certificates, told(networks), rules()))
    };
    let (trusting, strict) = (served(&["127.0.0.1"]), served(&["10.0.0.0/8"]));
    let name = |answer: &Answer| answer.header("x-request-id").unwrap_or_default().to_owned();
    for token in [scene.issuer.mint().token(), "x".to_owned()] {
        let ask = || original(Ask::get("/auth")).bearer(&token);
        let named = ask().header("x-request-id", "r-7");
        assert_eq!(name(&named.at(trusting.address).await), "r-7");
        for answer in [named.at(strict.address).await, ask().at(trusting.address).await] {
            let name = name(&answer);
            assert!(name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name:?}");
        }
    }
}
