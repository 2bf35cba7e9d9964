//! RFC 6750: how tokens are sent, and how a refusal is told.

use countersign_testkit::TestIssuer;
use serde_json::json;

use crate::harness::{Ask, DOORS, Door, Heard, Scene};

const REALM: &str = r#"realm="https://orders.example""#;
const METADATA: &str = r#"resource_metadata="https://orders.example/.well-known/oauth-protected-resource""#;
const DPOP: &str = r#"DPoP realm="https://orders.example", algs="ES256 ES384 PS256 EdDSA""#;

/// The status that a door makes of it: proxies that ask know 401 and 403 alone.
fn status(door: Door, of: u16) -> u16 {
    match (door, of) {
        (Door::Original | Door::Forwarded, 400) => 401,
        _ => of,
    }
}

#[track_caller]
fn assert_refused(heard: &Heard, of: u16, lines: &[&str], error: &str, description: &str) {
    let door = heard.door;
    assert_eq!(heard.status.as_u16(), status(door, of), "{door:?}: {}", heard.text());
    assert_eq!(heard.lines(), lines, "{door:?}");
    assert_eq!(heard.challenges().len(), lines.len(), "{door:?}");
    assert_eq!(heard.str("error"), error, "{door:?}");
    assert_eq!(heard.str("error_description"), description, "{door:?}");
    assert_eq!(heard.header("content-type"), Some("application/json"), "{door:?}");
    assert_eq!(heard.header("cache-control"), Some("no-store"), "{door:?}");
    assert!(!heard.is_let_in(), "{door:?}");
}

fn bearer(error: &str, description: &str) -> String {
    format!(r#"Bearer {REALM}, error="{error}", error_description="{description}", {METADATA}"#)
}

/// T-6750-01: the scheme is compared without regard to case.
#[tokio::test]
async fn any_case_of_the_scheme_is_taken() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().token();
    for door in DOORS {
        for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
            let ask = Ask::get("/orders").header("authorization", format!("{scheme} {token}"));
            let heard = scene.doors.ask(door, &ask).await;
            assert_eq!(heard.who(), ["svc", "svc", scene.issuer.issuer(), "orders:read"], "{scheme}");
        }
    }
}

/// T-6750-05, T-9728-02, T-9449-04: who sends no token is told what is wanted, each scheme in a line of its own, and not
/// that anything was wrong.
#[tokio::test]
async fn without_credentials_there_is_a_challenge_without_error() {
    let scene = Scene::new().await;
    let wanted = format!("Bearer {REALM}, {METADATA}");
    for door in DOORS {
        let asks = [
            Ask::get("/orders"),
            Ask::get("/orders").header("authorization", "Basic c3ZjOnNlY3JldA=="),
            Ask::get("/orders").header("authorization", "Digest x"),
            Ask::get("/orders").header("authorization", "Bearish x"),
            Ask::get("/orders").header("authorization", ""),
            Ask::get("/orders").header("x-api-key", "k").header("cookie", "access_token=x"),
            Ask::get("/orders/write"),
        ];
        for ask in asks {
            let heard = scene.doors.ask(door, &ask).await;
            let description = "send an access token in the Authorization header";
            assert_refused(&heard, 401, &[&wanted, DPOP], "unauthorized", description);
            assert_eq!(heard.json().as_object().unwrap().len(), 2);
        }
    }
}

/// T-6750-02, -03, -09: what stands in the query or in a form is not read, and no cache keeps the answer.
#[tokio::test]
async fn tokens_elsewhere_are_not_read() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().token();
    let wanted = format!("Bearer {REALM}, {METADATA}");
    for door in DOORS {
        let form = format!("access_token={token}");
        let query = format!("/orders?{form}");
        for ask in [
            Ask::get(&query),
            Ask::new("POST", "/orders").form(&form),
            Ask::new("PUT", "/orders").form(&format!("a=b&{form}")),
            Ask::new("PATCH", "/orders").form(&form),
            Ask::get("/orders").form(&form),
            Ask::new("POST", &query).form(&form),
        ] {
            let heard = scene.doors.ask(door, &ask).await;
            assert_eq!((heard.status.as_u16(), heard.lines()[0]), (401, &*wanted), "{door:?}");
            assert!(!heard.is_let_in());
            assert_eq!(heard.header("cache-control"), Some("no-store"));
        }
    }
}

/// T-6750-03: beside a token in the header a form is the API's own, whatever stands in it: the header decides, and the body
/// goes on as it came.
#[tokio::test]
async fn a_form_beside_the_header_is_only_passed_on() {
    let scene = Scene::new().await;
    let (token, other) = (scene.issuer.mint().token(), scene.issuer.mint().claim("sub", "other").token());
    for door in DOORS {
        for form in [format!("access_token={other}"), "access_token=bad".to_owned()] {
            let ask = Ask::new("POST", "/orders").form(&form);
            let heard = scene.doors.ask(door, &ask.clone().bearer(&token)).await;
            assert_eq!(heard.who()[1], "svc", "{door:?}");
            match door {
                Door::Layer | Door::Extractor => assert_eq!(heard.text(), form, "{door:?}"),
                Door::Proxy => assert_eq!(scene.doors.upstream.last().body, form),
                Door::Original | Door::Forwarded => {} // the body stays with the proxy that asks
            }
            let heard = scene.doors.ask(door, &ask.bearer("a.b.c")).await;
            assert_eq!(
                (heard.verdict().as_str(), heard.is_let_in()),
                ("401 invalid_token", false),
                "{door:?}"
            );
        }
    }
}

/// T-6750-04: a token in two places is refused, however good, and however the second is spelled.
#[tokio::test]
async fn two_transports_are_refused() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().token();
    let description = "a token in the Authorization header and one in the query";
    let line = bearer("invalid_request", description);
    for door in DOORS {
        for query in
            ["access_token=x", "access_token=", "access_token", "a=b&access%5Ftoken=x", "acces%73_token=x"]
        {
            let heard = scene.doors.ask(door, &Ask::get(&format!("/orders?{query}")).bearer(&token)).await;
            assert_refused(&heard, 400, &[&line], "invalid_request", description);
        }
        for query in ["my_access_token=x", "access_tokens=x", "q=access_token%3Dx", "q=a?access_token=x"] {
            let heard = scene.doors.ask(door, &Ask::get(&format!("/orders?{query}")).bearer(&token)).await;
            assert!(heard.is_let_in(), "{query}: {door:?}");
        }
    }
}

/// T-6750-04: two lines of `Authorization` are refused, whatever they say.
#[tokio::test]
async fn two_authorization_lines_are_refused() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().token();
    let description = "more than one Authorization header";
    let line = bearer("invalid_request", description);
    for door in DOORS {
        let other = scene.issuer.mint().token();
        for ask in [
            Ask::get("/orders").bearer(&token).bearer(&token),
            Ask::get("/orders").bearer(&token).bearer(&other),
            Ask::get("/orders").bearer(&token).header("authorization", "Basic c3ZjOnNlY3JldA=="),
            Ask::get("/orders").header("authorization", "Basic c3ZjOnNlY3JldA==").bearer(&token),
            Ask::get("/orders").header("authorization", "").bearer(&token),
        ] {
            let heard = scene.doors.ask(door, &ask).await;
            assert_refused(&heard, 400, &[&line], "invalid_request", description);
        }
    }
}

/// T-6750-08: what is no b64token, or too long for one, is refused before anything of it is looked at.
#[tokio::test]
async fn malformed_tokens_are_refused_as_requests() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().token();
    let malformed = "the Authorization header holds no well-formed token";
    let long = "the token is longer than 16 KiB";
    let cases = [
        ("Bearer".to_owned(), malformed),
        ("Bearer  x y".to_owned(), malformed),
        ("Bearer x y".to_owned(), malformed),
        (format!("Bearer {token},"), malformed),
        (format!("Bearer {token}, Bearer {token}"), malformed),
        (format!("Bearer \"{token}\""), malformed),
        (format!("Bearer\t{token}"), ""),
        ("Bearer =x".to_owned(), malformed),
        ("Bearer x\u{e9}".to_owned(), malformed),
        (format!("Bearer {}", "a".repeat(16 * 1024 + 1)), long),
    ];
    for door in DOORS {
        for (value, description) in &cases {
            let heard = scene.doors.ask(door, &Ask::get("/orders").header("authorization", value)).await;
            if description.is_empty() {
                assert_eq!(heard.verdict(), "401 -", "{door:?}: another scheme");
                continue;
            }
            let line = bearer("invalid_request", description);
            assert_refused(&heard, 400, &[&line], "invalid_request", description);
        }
    }
    assert_eq!(scene.issuer.count(countersign_testkit::issuer::Document::Jwks), 1, "nobody was asked");
}

/// T-6750-06: an expired token is told apart from one that was never good, and nothing of it is repeated.
#[tokio::test]
async fn expired_tokens_are_told_so() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().claim("jti", "secret-name").token();
    let good = scene.issuer.mint().token();
    for door in DOORS {
        assert!(scene.doors.ask(door, &Ask::get("/orders").bearer(&token)).await.is_let_in());
    }
    scene.clock.advance(TestIssuer::LIFETIME + 30);
    let description = "the access token expired";
    for door in DOORS {
        for token in [&token, &good] {
            let heard = scene.doors.ask(door, &Ask::get("/orders").bearer(token)).await;
            let line = bearer("invalid_token", description);
            assert_refused(&heard, 401, &[&line, DPOP], "invalid_token", description);
            assert!(!heard.text().contains("secret-name"));
        }
        let wrong = scene.doors.ask(door, &Ask::get("/orders").bearer("a.b.c")).await;
        let line = bearer("invalid_token", "the access token is not valid here");
        assert_refused(&wrong, 401, &[&line, DPOP], "invalid_token", "the access token is not valid here");
    }
}

/// T-6750-06: a token that is too narrow is told which scopes are needed, in one challenge of the scheme that was used.
#[tokio::test]
async fn too_little_scope_is_403_with_the_scope() {
    let scene = Scene::new().await;
    let description = "the access token lacks scope";
    for door in DOORS {
        for (target, scope) in
            [("/orders/write", "orders:write"), ("/orders/either", "orders:write orders:admin")]
        {
            for held in ["orders:read", "", "ORDERS:WRITE", "orders:write2", "orders", "orders:"] {
                let token = scene.issuer.mint().claim("scope", held).token();
                let heard = scene.doors.ask(door, &Ask::get(target).bearer(&token)).await;
                let line = format!(
                    r#"Bearer {REALM}, error="insufficient_scope", error_description="{description}", scope="{scope}", {METADATA}"#
                );
                assert_refused(&heard, 403, &[&line], "insufficient_scope", description);
                assert_eq!(heard.json()["scope"], json!(scope));
            }
            let token = scene.issuer.mint().claim("scope", "orders:read orders:write").token();
            let heard = scene.doors.ask(door, &Ask::get(target).bearer(&token)).await;
            assert_eq!(heard.who()[3], "orders:read orders:write");
        }
        let admin = scene.issuer.mint().claim("scope", "orders:admin").token();
        assert!(scene.doors.ask(door, &Ask::get("/orders/either").bearer(&admin)).await.is_let_in());
    }
}

/// What no rule speaks of is refused, however good the token, and no other token would help: there is no challenge.
#[tokio::test]
async fn without_a_rule_nobody_gets_in() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().claim("scope", "orders:write orders:admin").token();
    for door in [Door::Original, Door::Forwarded, Door::Proxy] {
        for ask in [Ask::get("/nowhere"), Ask::get("/"), Ask::get("/Orders"), Ask::get("/opened")] {
            for ask in [ask.clone(), ask.bearer(&token)] {
                let heard = scene.doors.ask(door, &ask).await;
                assert_refused(&heard, 403, &[], "access_denied", "no rule allows this request");
            }
        }
        for target in ["/open", "/open/x"] {
            let heard = scene.doors.ask(door, &Ask::get(target)).await;
            assert_eq!(heard.who()[0].trim_matches('-'), "", "nobody");
            let with_a_bad_one = scene.doors.ask(door, &Ask::get(target).bearer("bad")).await;
            assert_eq!(
                with_a_bad_one.who()[1].trim_matches('-'),
                "",
                "nobody: what it sent is not looked at"
            );
        }
    }
}

/// A path that could be read in two ways is refused before anything else.
#[tokio::test]
async fn ambiguous_paths_are_refused() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().claim("scope", "orders:write").token();
    for (door, status) in [(Door::Original, 403), (Door::Forwarded, 403), (Door::Proxy, 400)] {
        for target in [
            "/open/../orders",
            "/open/%2e%2e/orders",
            "/open%2f..%2forders",
            "/open//x",
            "/open/;/x",
            "/open/%252e",
            "/open/%5cx",
        ] {
            let heard = scene.doors.ask(door, &Ask::get(target).bearer(&token)).await;
            let found = (heard.status.as_u16(), heard.str("error"), heard.reached);
            assert_eq!(found, (status, "invalid_request".to_owned(), false), "{target} at {door:?}");
        }
    }
}

/// An optional token is none where none was sent, and not one that is refused.
#[tokio::test]
async fn an_optional_token_is_none_or_good() {
    let scene = Scene::new().await;
    let (door, token) = (Door::Extractor, scene.issuer.mint().token());
    for ask in [Ask::get("/maybe"), Ask::get("/maybe").header("authorization", "Basic x")] {
        assert_eq!(scene.doors.ask(door, &ask).await.who(), ["", "", "", ""]);
    }
    assert_eq!(scene.doors.ask(door, &Ask::get("/maybe").bearer(&token)).await.who()[0], "svc");
    let expired = scene.issuer.mint().claim("exp", 1).token();
    for (ask, verdict) in [
        (Ask::get("/maybe").bearer(&expired), "401 invalid_token"),
        (Ask::get("/maybe").bearer("a b"), "400 invalid_request"),
        (Ask::get("/maybe").bearer(&token).bearer(&token), "400 invalid_request"),
        (Ask::get("/maybe?access_token=x").bearer(&token), "400 invalid_request"),
    ] {
        assert_eq!(scene.doors.ask(door, &ask).await.verdict(), verdict);
    }
}

/// Each request is counted once, by reason, whichever door it comes to.
#[tokio::test]
async fn each_request_is_counted_once() {
    for door in DOORS {
        let scene = Scene::new().await;
        let token = scene.issuer.mint().token();
        for ask in [
            Ask::get("/orders").bearer(&token),
            Ask::get("/orders").bearer(&token),
            Ask::get("/orders"),
            Ask::get("/orders").bearer("a.b.c"),
            Ask::get("/orders/write").bearer(&token),
        ] {
            scene.doors.ask(door, &ask).await;
        }
        let refused: Vec<_> = scene.verifier.refused().filter(|(_, times)| *times > 0).collect();
        let refused: Vec<_> = refused.iter().map(|(reason, times)| (reason.as_str(), *times)).collect();
        assert_eq!(
            (scene.verifier.allowed(), refused),
            (2, vec![("no_credentials", 1), ("malformed_token", 1), ("insufficient_scope", 1)]),
            "{door:?}"
        );
    }
}
