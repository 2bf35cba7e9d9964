//! Several issuers side by side, each on its own terms (RFC 8725 §3.8, §3.9), and the tokens of other products.

use std::sync::Arc;

use countersign_guard::certificates::Certificates;
use countersign_guard::forward_auth::ForwardAuth;
use countersign_guard::forwarded::Family;
use countersign_guard::proxied::TrustedProxies;
use countersign_guard::proxy::{Proxy, ProxyParts};
use countersign_guard::{Gate, Methods, Pattern, Require, Rule, Rules, TrustedIssuer, Verifier};
use countersign_proto::jose::Algorithm;
use countersign_testkit::issuer::Document;
use countersign_testkit::{TestClock, TestIssuer};
use serde_json::json;

use crate::harness::{Ask, DOORS, Doors, Served, proxy_parts, ready};

const OTHER_AUDIENCE: &str = "https://billing.example";

/// Two issuers that are trusted, on different terms, and one that is not.
struct Side {
    ours: TestIssuer,
    theirs: TestIssuer,
    stranger: TestIssuer,
    verifier: Verifier,
}

async fn side_by_side() -> Side {
    let clock = Arc::new(TestClock::default());
    let issuer = |path| TestIssuer::with().clock(clock.clone()).path(path).start();
    let (ours, theirs, stranger) =
        (issuer("/realms/a").await, issuer("/realms/b").await, issuer("/realms/a").await);
    let first = TrustedIssuer::discover(ours.issuer(), TestIssuer::AUDIENCE).algorithms(&[Algorithm::ES256]);
    let second = TrustedIssuer::discover(theirs.issuer(), OTHER_AUDIENCE)
        .algorithms(&[Algorithm::RS256, Algorithm::ES256])
        .accept_typ_jwt()
        .leeway(0);
    let verifier = Verifier::builder(first).issuer(second).clock(clock).build().unwrap();
    ready(&verifier).await;
    Side { ours, theirs, stranger, verifier }
}

/// T-8725-05, threats 1 (iss): one issuer's key never vouches for another's token, though all name their keys alike;
/// audiences, algorithms, types and leeway are each issuer's own.
#[tokio::test]
async fn each_issuer_has_its_own_terms() {
    let Side { ours, theirs, stranger, verifier } = side_by_side().await;
    let doors = Doors::of(&verifier);
    let (es, rs) = (Algorithm::ES256, Algorithm::RS256);
    let now = ours.now().0;
    let good = [
        ours.mint(),
        theirs.mint().claim("aud", OTHER_AUDIENCE),
        theirs.mint().claim("aud", OTHER_AUDIENCE).key(&theirs.key(rs)),
        theirs.keycloak().claim("aud", OTHER_AUDIENCE),
        ours.mint().claim("exp", now - 29),
    ];
    let other_keys = |of: &TestIssuer, by: &TestIssuer, aud| of.mint().claim("aud", aud).key(&by.key(es));
    let bad = [
        // keys
        other_keys(&ours, &theirs, TestIssuer::AUDIENCE),
        other_keys(&theirs, &ours, OTHER_AUDIENCE),
        other_keys(&ours, &stranger, TestIssuer::AUDIENCE),
        other_keys(&theirs, &stranger, OTHER_AUDIENCE),
        // audiences
        ours.mint().claim("aud", OTHER_AUDIENCE),
        theirs.mint(),
        theirs.keycloak(),
        // algorithms
        ours.mint().key(&ours.key(rs)),
        theirs.mint().claim("aud", OTHER_AUDIENCE).key(&theirs.key(Algorithm::ES384)),
        // types
        ours.mint().header("typ", "JWT"),
        ours.mint().without_header("typ"),
        // leeway
        theirs.mint().claim("aud", OTHER_AUDIENCE).claim("exp", now),
        // issuers
        stranger.mint(),
        stranger.mint().claim("iss", format!("{}/", ours.issuer())),
        ours.mint().claim("iss", format!("{}/", ours.issuer())),
        ours.mint().claim("iss", ours.issuer().to_uppercase()),
        ours.mint().claim("iss", &ours.issuer()[..ours.issuer().len() - 1]),
        ours.mint().claim("iss", json!([ours.issuer(), theirs.issuer()])),
        ours.mint().without("iss"),
        ours.mint().without("iss").header("iss", ours.issuer()),
    ];
    for door in DOORS {
        for (number, draft) in good.iter().enumerate() {
            let heard = doors.ask(door, &Ask::get("/orders").bearer(&draft.token())).await;
            assert!(heard.is_let_in(), "good {number} at {door:?}: {}", heard.text());
            let from = if matches!(number, 0 | 4) { &ours } else { &theirs };
            assert_eq!(heard.who()[2], from.issuer());
        }
        for (number, draft) in bad.iter().enumerate() {
            let heard = doors.ask(door, &Ask::get("/orders").bearer(&draft.token())).await;
            let found = (heard.verdict(), heard.reached);
            assert_eq!(found, ("401 invalid_token".to_owned(), false), "bad {number} at {door:?}");
        }
    }
    for document in Document::ALL {
        assert_eq!(stranger.count(document), 0, "who is not trusted is not asked");
    }
}

/// A rule may name the one issuer whose tokens will do.
#[tokio::test]
async fn rules_may_name_the_issuer() {
    let Side { ours, theirs, verifier, .. } = side_by_side().await;
    let rules = || {
        let gate =
            |issuer: &TestIssuer, require| Gate::Needs { require, issuer: Some(issuer.issuer().into()) };
        let rule = |path: &str, gate| Rule::new(Pattern::parse(path).unwrap(), Methods::all(), gate);
        Rules::new([
            rule("/ours", gate(&ours, Require::token())),
            rule("/theirs", gate(&theirs, Require::token())),
            rule("/theirs/write", gate(&theirs, Require::scope("orders:write").unwrap())),
            rule("/any", Gate::token()),
        ])
        .unwrap()
    };
    assert!(rules().issuers().all(|issuer| verifier.trusts(issuer)));
    assert!(!verifier.trusts(&format!("{}/", ours.issuer())));
    let upstream = crate::harness::Upstream::start();
    let proxy = ProxyParts { rules: rules(), ..proxy_parts(&verifier, &upstream.url()) };
    let proxy = Served::start(Proxy::new(proxy));
    let told = (Family::Original, TrustedProxies::default());
    let auth =
        Served::start(ForwardAuth::of_requests(verifier.clone(), Certificates::default(), told, rules()));

    let (our, their) = (ours.mint().token(), theirs.mint().claim("aud", OTHER_AUDIENCE).token());
    for (token, path, expected) in [
        (&our, "/ours", 200),
        (&our, "/theirs", 401),
        (&our, "/theirs/write", 401),
        (&our, "/any", 200),
        (&their, "/ours", 401),
        (&their, "/theirs", 200),
        (&their, "/theirs/write", 403),
        (&their, "/any", 200),
    ] {
        let answer = Ask::get(path).bearer(token).at(proxy.address).await;
        assert_eq!(answer.status, expected, "{path}");
        let ask = Ask::get("/auth").bearer(token);
        let ask = ask.header("x-original-method", "GET").header("x-original-uri", path);
        let answer = ask.at(auth.address).await;
        assert_eq!(answer.status, expected, "{path}");
        if expected == 401 {
            assert_eq!(answer.str("error"), "invalid_token");
        }
    }
}

/// Tokens of other products, with the settings that the documentation gives, say who calls and what it may.
#[tokio::test]
async fn tokens_of_other_products_pass_with_the_documented_settings() {
    let clock = Arc::new(TestClock::default());
    let issuer = TestIssuer::with().clock(clock.clone()).start().await;
    let trusted = |audience: &str| TrustedIssuer::discover(issuer.issuer(), audience).jwks(issuer.key_set());
    let (api, it) = (TestIssuer::AUDIENCE, issuer.issuer());
    let service = "12e35a5e-fb4d-46a3-a0ab-59e2db097e28";
    let daemon = "6731de76-14a6-49ae-97bc-6eba6914391e";
    let cases = [
        ("rfc 9068", trusted(api), issuer.mint(), ["svc", "svc", it, "orders:read"]),
        (
            "keycloak",
            trusted(api).accept_typ_jwt(),
            issuer.keycloak(),
            ["svc", service, it, "orders:read email profile"],
        ),
        (
            "keycloak before 23",
            trusted(api).accept_typ_jwt(),
            issuer.keycloak().without("client_id"),
            ["svc", service, it, "orders:read email profile"],
        ),
        (
            "keycloak, typ at+jwt",
            trusted(api),
            issuer.keycloak().header("typ", "at+jwt"),
            ["svc", service, it, "orders:read email profile"],
        ),
        ("auth0", trusted(api).accept_typ_jwt(), issuer.auth0(), ["svc", "svc@clients", it, "orders:read"]),
        (
            "auth0 with permissions",
            trusted(api).accept_typ_jwt().scope_claim("permissions"),
            issuer.auth0().without("scope").claim("permissions", json!(["orders:read", "orders:write"])),
            ["svc", "svc@clients", it, "orders:read orders:write"],
        ),
        (
            "entra",
            trusted("api://orders").accept_typ_jwt().scope_claim("roles"),
            issuer.entra(),
            [daemon, service, it, "orders:read"],
        ),
        (
            "entra without roles",
            trusted("api://orders").accept_typ_jwt(),
            issuer.entra(),
            [daemon, service, it, ""],
        ),
        (
            "entra version 1",
            trusted("api://orders").accept_typ_jwt().scope_claim("roles"),
            issuer.entra().without("azp").claim("appid", "app"),
            ["app", service, it, "orders:read"],
        ),
        ("okta", trusted(api).accept_typ_jwt(), issuer.okta(), ["svc", "svc", it, "orders:read"]),
        (
            "no word of a client",
            trusted(api).accept_typ_jwt(),
            issuer.okta().without("cid"),
            ["", "svc", it, "orders:read"],
        ),
        (
            "scopes in odd shapes",
            trusted(api).accept_typ_jwt().scope_claim("roles"),
            issuer.okta().claim("scp", json!(["a", 7, null, ["b"], "c d"])).claim("roles", json!({ "e": 1 })),
            ["svc", "svc", it, "a c d"],
        ),
    ];
    for (name, trusted, draft, who) in cases {
        let verifier = Verifier::builder(trusted).clock(clock.clone()).build().unwrap();
        let doors = Doors::of(&verifier);
        for door in DOORS {
            let heard = doors.ask(door, &Ask::get("/orders").bearer(&draft.token())).await;
            let told = heard.who().map(|value| if value == "-" { "" } else { value });
            assert_eq!(told, who, "{name} at {door:?}");
        }
    }
}

/// T-9068-05: what marks another kind of token is refused where the type `JWT` is taken, at every door.
#[tokio::test]
async fn other_kinds_of_the_type_jwt_are_refused() {
    let clock = Arc::new(TestClock::default());
    let issuer = TestIssuer::with().clock(clock.clone()).start().await;
    let trusted = TrustedIssuer::discover(issuer.issuer(), TestIssuer::AUDIENCE).jwks(issuer.key_set());
    let verifier = Verifier::builder(trusted.accept_typ_jwt()).clock(clock).build().unwrap();
    let doors = Doors::of(&verifier);
    for door in DOORS {
        for (name, value) in [
            ("nonce", json!("n")),
            ("nonce", json!(null)),
            ("at_hash", json!("h")),
            ("events", json!({})),
            ("typ", json!("ID")),
            ("typ", json!("Refresh")),
            ("typ", json!("Logout")),
            ("typ", json!("bearer")),
            ("typ", json!(7)),
            ("typ", json!(null)),
        ] {
            for draft in [
                issuer.keycloak(),
                issuer.keycloak().without_header("typ"),
                issuer.keycloak().header("typ", "application/JWT"),
            ] {
                let draft = draft.claim(name, value.clone());
                let heard = doors.ask(door, &Ask::get("/orders").bearer(&draft.token())).await;
                assert_eq!(
                    (heard.verdict().as_str(), heard.reached),
                    ("401 invalid_token", false),
                    "{name} {value}"
                );
            }
        }
        for draft in [issuer.keycloak().claim("typ", "DPoP"), issuer.keycloak().without("typ")] {
            assert!(doors.ask(door, &Ask::get("/orders").bearer(&draft.token())).await.is_let_in());
        }
    }
}

/// Who cannot be named in a header is not let in where the identity is told in headers, and nowhere is it cut short.
#[tokio::test]
async fn identities_that_no_header_carries_are_refused() {
    let clock = Arc::new(TestClock::default());
    let issuer = TestIssuer::with().clock(clock.clone()).start().await;
    let trusted = TrustedIssuer::discover(issuer.issuer(), TestIssuer::AUDIENCE).jwks(issuer.key_set());
    let verifier = Verifier::builder(trusted).clock(clock).build().unwrap();
    let doors = Doors::of(&verifier);
    for subject in ["a\r\nX-Auth-Scope: admin", "m\u{fc}ller", "a\0b", " a", "a\u{2028}"] {
        let token = issuer.mint().claim("sub", subject).token();
        for door in
            [crate::harness::Door::Original, crate::harness::Door::Forwarded, crate::harness::Door::Proxy]
        {
            let heard = doors.ask(door, &Ask::get("/orders").bearer(&token)).await;
            assert_eq!(
                (heard.verdict().as_str(), heard.reached),
                ("401 invalid_token", false),
                "{subject:?}"
            );
        }
    }
}
